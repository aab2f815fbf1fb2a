"""`national-sync demo`: two nights against a mock national system, on this machine alone."""

from __future__ import annotations

import sys
from typing import Final

import click

from national_sync.cli.command import Command, Option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.i18n import N_, _

_PARTS: Final = {
    "set_up": N_("Setting up: settings, key, database, a mock national system with a year of service"),
    "night_one": N_("The first night: everything is mirrored"),
    "day": N_("The day: people edit on both sides, a light run every few hours"),
    "night_two": N_("The second night: both sides are brought into agreement"),
    "again": N_("The same night once more: nothing may be written"),
    "exchange": N_("A month at the partners: volunteers spend hours, in every way that it may end"),
}
_PROMISE_BROKEN: Final = 7


@click.command(cls=Command, help=N_("Show two nights against a mock national system. Nothing outside is called."))
@click.option(
    "--directory",
    cls=Option,
    type=click.Path(file_okay=False),
    default="demo",
    show_default=True,
    help=N_("Where the database and the report are put."),
)
@click.option(
    "--seed", cls=Option, type=int, default=1, show_default=True, help=N_("The same seed gives the same story.")
)
@pass_invocation
@click.pass_context
def demo(ctx: click.Context, invocation: Invocation, directory: str, seed: int) -> None:
    from pathlib import Path

    from national_sync.demo import is_well, run_demo
    from national_sync.prose.demo import demo_in_words

    facts = run_demo(Path(directory), seed=seed, tell=_tell)
    invocation.answer(facts, lambda: demo_in_words(facts, _program()))
    ctx.exit(0 if is_well(facts) else _PROMISE_BROKEN)


def _program() -> str:
    """What to type to call this very program again."""
    import os
    import shutil

    found = shutil.which("national-sync")
    is_this = found is not None and os.path.exists(sys.argv[0]) and os.path.samefile(found, sys.argv[0])
    return "national-sync" if is_this else sys.argv[0]


def _tell(part: str) -> None:
    print(_(_PARTS.get(part, part)) + " …", file=sys.stderr, flush=True)
