"""Asking for a password: at the terminal without showing it, or from a file for scripts. Never on the command line."""

from __future__ import annotations

from typing import Any

import click

from national_sync.cli.command import Option
from national_sync.i18n import N_, _


def password_file_option(command: Any) -> Any:
    option = click.option(
        "--password-file",
        cls=Option,
        metavar="FILE",
        help=N_("Read the password from the first line of this file, or of standard input with -."),
    )
    return option(command)


def asked(file: str | None) -> str:
    """A password for logging in."""
    return _read(file) if file else _prompt(_(N_("Password")))


def asked_twice(file: str | None) -> str:
    """A new password, typed twice where it is typed."""
    if file:
        return _read(file)
    first = _prompt(_(N_("New password")))
    if first != _prompt(_(N_("Once more"))):
        from national_sync.errors import UsageError

        raise UsageError(N_("The two passwords differ; nothing was changed."))
    return first


def _prompt(label: str) -> str:
    typed: str = click.prompt(label, hide_input=True, err=True)
    return typed


def _read(file: str) -> str:
    from national_sync.errors import UsageError

    try:
        with click.open_file(file, encoding="utf-8-sig") as opened:
            line: str = opened.readline(1_000)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else N_("it is not UTF-8 text")
        raise UsageError(N_("{file}: it cannot be read ({reason})"), file=file, reason=reason) from error
    return line.rstrip("\r\n")
