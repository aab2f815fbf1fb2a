"""A run at the keyboard, and what follows from it: its report as files, the accounts of hours, the words, the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import click

from national_sync.cli import failure
from national_sync.cli.invocation import Invocation
from national_sync.cli.progress import shown_progress
from national_sync.i18n import N_, _
from national_sync.prose import report
from national_sync.prose.exchange import followed_in_words
from national_sync.stopping import StopFlag, stopping_on_signals

if TYPE_CHECKING:
    from national_sync.bootstrap import Bootstrap
    from national_sync.sync.run import RunRequest


def run_now(ctx: click.Context, invocation: Invocation, request: RunRequest) -> NoReturn:
    """Ctrl-C stops it between two steps."""
    from national_sync.run_files import keep_report

    bootstrap = invocation.open()
    flag = StopFlag()
    with (
        stopping_on_signals(flag, notice=say_stopping),
        shown_progress() as progress,
        bootstrap.engine(stop=flag, progress=progress) as engine,
    ):
        result = engine.run(request)
    facts = result.to_json()
    keep_report(bootstrap.reports_directory, facts)
    followed, exit_code = _follow_exchange(bootstrap)
    invocation.answer({**facts, "exchange": followed}, lambda: _in_words(facts, followed))
    ctx.exit(result.exit_code or exit_code)


def say_stopping() -> None:
    click.echo(_(N_("Stopping between two steps; once more stops at once.")), err=True)


def _follow_exchange(bootstrap: Bootstrap) -> tuple[dict[str, Any] | None, int]:
    """What the accounts of hours have taken up of the run, and an exit code."""
    from national_sync.bootstrap import follow_exchange

    try:
        return follow_exchange(bootstrap).to_json(), 0
    except Exception as error:  # The border of the run: it is done, whatever becomes of this.
        click.echo(_(N_("The run is done, but the accounts of hours could not follow it.")), err=True)
        exit_code = failure.report(error, as_json=False, is_debugging=False)
        click.echo(_(N_("The next run makes up for that; at once: national-sync ledger follow")), err=True)
        return None, exit_code


def _in_words(facts: dict[str, Any], followed: dict[str, Any] | None) -> str:
    lines = [f"  {line}" for line in followed_in_words(followed or {})]
    ledger = [_(N_("Accounts of hours:")), *lines] if lines else []
    return "\n".join([report.run_in_words(facts), *ledger])
