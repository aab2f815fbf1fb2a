"""The one place where an error becomes words, a hint and an exit code."""

from __future__ import annotations

from typing import Final, NamedTuple

import click

from national_sync.errors import NationalSyncError, UsageError
from national_sync.i18n import N_, _
from national_sync.prose.layout import readable
from national_sync.prose.words import word

_INTERRUPTED_EXIT_CODE: Final = 130
_CODES: Final = ("noun", "state", "kind")
"""The facts of errors that are the engine's codes."""
_NUMBERS: Final = {
    "integer": N_("whole number"),
    "integer range": N_("whole number"),
    "float": N_("decimal number"),
    "float range": N_("decimal number"),
}
"""click's types by name."""


class Failure(NamedTuple):
    code: str
    message: str
    hint: str
    exit_code: int


def failure_of(error: BaseException) -> Failure:
    match error:
        case NationalSyncError():
            facts = {name: word(str(fact)) if name in _CODES else fact for name, fact in error.facts.items()}
            return Failure(error.code, _(error.template, **facts), _(error.hint_template, **facts), error.exit_code)
        case click.UsageError():
            return Failure(UsageError.code, _usage_words(error), _usage_hint(error), UsageError.exit_code)
        case click.ClickException():
            return Failure(UsageError.code, error.format_message(), "", UsageError.exit_code)
        case KeyboardInterrupt() | click.Abort():
            return Failure(
                "interrupted", _(N_("Stopped at once; what was stored is kept.")), "", _INTERRUPTED_EXIT_CODE
            )
        case _:
            # The text of a foreign error may quote a person's data; its kind does not.
            return Failure(
                NationalSyncError.code,
                _(N_("Something unexpected happened inside national-sync ({kind})."), kind=type(error).__name__),
                _(N_("What was stored is kept. Run the same command with --debug and pass its output on.")),
                NationalSyncError.exit_code,
            )


def report(error: BaseException, *, as_json: bool, is_debugging: bool) -> int:
    """Tell the user and return the exit code."""
    failure = failure_of(error)
    if is_debugging:
        import traceback

        click.echo("".join(traceback.format_exception(error)), err=True)
    if as_json:
        import json

        facts = {"code": failure.code, "message": failure.message, "hint": failure.hint}
        click.echo(json.dumps({"error": facts}, ensure_ascii=False))
    else:
        click.echo(readable(_(N_("Error: {message}"), message=failure.message)), err=True)
        if failure.hint:
            click.echo(readable(_(N_("What to do: {hint}"), hint=failure.hint)), err=True)
    return failure.exit_code


def _usage_words(error: click.UsageError) -> str:
    """click translates its sentences, but not the names of its number types in them."""
    words = error.format_message()
    kind = error.param.type.name if isinstance(error, click.BadParameter) and error.param is not None else ""
    return words.replace(kind, _(_NUMBERS[kind])) if kind in _NUMBERS else words


def _usage_hint(error: click.UsageError) -> str:
    if error.ctx is None:
        return ""
    return _(N_("See: {command} --help"), command=error.ctx.command_path)
