"""Whether the full screen can be shown on the terminal at hand, and what to do where it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TextIO

from national_sync import i18n
from national_sync.errors import UsageError
from national_sync.i18n import N_

_SHOWN: Final = "差异─│"
"""Something of all that the screen is made of."""


def check_terminal(stream: TextIO, environment: Mapping[str, str]) -> None:
    """Raises UsageError."""
    if not stream.isatty():
        raise UsageError(
            N_("The full screen needs a terminal."), hint=N_("Without one: national-sync mismatch list --json")
        )
    if environment.get("TERM") == "dumb":
        raise UsageError(
            N_("This terminal (TERM=dumb) knows no full screen."),
            hint=N_("Use another one, or without a full screen: national-sync mismatch list"),
        )
    if not _can_show(stream.encoding):
        # In a language that it can show.
        i18n.use("en")
        raise UsageError(
            N_("This terminal is set to {encoding}, in which no Chinese can be shown."),
            hint=N_(
                "Set it to UTF-8 or GBK: on Linux and over ssh with export LANG=C.UTF-8, on Windows with chcp 65001"
            ),
            encoding=stream.encoding,
        )


def _can_show(encoding: str) -> bool:
    try:
        _SHOWN.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
