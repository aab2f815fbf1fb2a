"""`national-sync verify`: compare both sides without changing either."""

from __future__ import annotations

import click

from national_sync.cli.command import Command
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.progress import shown_progress
from national_sync.i18n import N_
from national_sync.prose import report
from national_sync.stopping import StopFlag, stopping_on_signals


@click.command(cls=Command, help=N_("Compare both sides; tell which differences nothing explains."))
@pass_invocation
@click.pass_context
def verify(ctx: click.Context, invocation: Invocation) -> None:
    bootstrap = invocation.open()
    with bootstrap.database() as database, database.read() as connection:
        invocation.for_the_whole_city(connection)
    flag = StopFlag()
    with (
        stopping_on_signals(flag),
        shown_progress() as progress,
        bootstrap.engine(stop=flag, progress=progress) as engine,
    ):
        result = engine.verify()
    facts = result.to_json()
    invocation.answer(facts, lambda: report.verify_in_words(facts))
    ctx.exit(0 if result.sides_agree else 1)
