"""`national-sync doctor`: is everything in place? It writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from national_sync.cli.command import Command
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.i18n import N_, Phrase, _, say

if TYPE_CHECKING:
    from national_sync.doctor import Check


@click.command(
    cls=Command,
    help=N_("Check whether everything is in place: settings, keys, database, clock, national system. Writes nothing."),
)
@pass_invocation
@click.pass_context
def doctor(ctx: click.Context, invocation: Invocation) -> None:
    from national_sync.doctor import examine, exit_code

    checks = examine(invocation.open)
    code = exit_code(checks)
    invocation.answer(
        {"ok": code == 0, "checks": [_facts(check) for check in checks]},
        lambda: "\n".join(_in_words(check) for check in checks),
    )
    ctx.exit(code)


def _facts(check: Check) -> dict[str, Any]:
    return {"name": check.name, "ok": check.is_fine, "detail": say(check.detail), "hint": say(check.hint)}


def _in_words(check: Check) -> str:
    label, detail = Phrase(check.label), say(check.detail)
    lines = _(N_("{label}: {detail}"), label=label, detail=detail) if detail else say(label)
    if check.hint and not check.is_fine:
        lines += "\n" + _(N_("What to do: {hint}"), hint=check.hint)
    return ("✓ " if check.is_fine else "✗ ") + lines.replace("\n", "\n  ")
