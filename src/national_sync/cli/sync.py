"""`national-sync sync`: run, preview and look back."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from national_sync.cli.command import Group, Option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.progress import shown_progress
from national_sync.cli.rows import moment, row_facts
from national_sync.i18n import N_, _
from national_sync.prose import report
from national_sync.prose.layout import table
from national_sync.prose.words import word
from national_sync.stopping import StopFlag, stopping_on_signals

if TYPE_CHECKING:
    from national_sync.sync.run import RunRequest

_PLAN_HAS_CHANGES: Final = 3
_ENTITIES: Final = ("team", "volunteer", "membership", "project", "hour_record", "training_record")
"""The values of `records.Entity`, which is too heavy to import for a help page; a test holds the two equal."""
_WAITING: Final = {"mismatches": "mismatch", "holds": "hold", "quarantine": "quarantine"}
"""What waits for a person, and the table it waits in."""


@click.group(cls=Group, help=N_("Bring both sides into agreement, or look at what happened."))
def sync() -> None:
    pass


def _limits(command: Any) -> Any:
    """The options that say what a run covers."""
    for option in (
        click.option(
            "--until",
            "date_until",
            cls=Option,
            type=click.DateTime(["%Y-%m-%d"]),
            metavar="DATE",
            help=N_("Only service dates up to this day."),
        ),
        click.option(
            "--from",
            "date_from",
            cls=Option,
            type=click.DateTime(["%Y-%m-%d"]),
            metavar="DATE",
            help=N_("Only service dates from this day on, to fill in a gap."),
        ),
        click.option("--county", cls=Option, metavar="CODE", help=N_("Only this county, by its six digits.")),
        click.option(
            "--entity",
            "entities",
            cls=Option,
            multiple=True,
            type=click.Choice(_ENTITIES),
            help=N_("Only this kind of record; may be repeated."),
        ),
        click.option("--full", cls=Option, is_flag=True, help=N_("Read everything again, not only what changed.")),
    ):
        command = option(command)
    return command


@sync.command(help=N_("Read, compare, write and send, as in the night."))
@_limits
@click.option("--dry-run", cls=Option, is_flag=True, help=N_("Only show what would happen, like sync plan."))
@pass_invocation
@click.pass_context
def run(ctx: click.Context, invocation: Invocation, /, dry_run: bool, **limits: Any) -> None:
    if dry_run:
        ctx.invoke(plan, **limits)
    from national_sync.run_files import keep_report

    bootstrap = invocation.open()
    flag = StopFlag()
    with (
        stopping_on_signals(flag, notice=_say_stopping),
        shown_progress() as progress,
        bootstrap.engine(stop=flag, progress=progress) as engine,
    ):
        result = engine.run(_request(**limits))
    facts = result.to_json()
    keep_report(bootstrap.reports_directory, facts)
    invocation.answer(facts, lambda: report.run_in_words(facts))
    ctx.exit(result.exit_code)


@sync.command(help=N_("Show what a run would do and its plan hash; nothing is written on either side."))
@_limits
@pass_invocation
@click.pass_context
def plan(ctx: click.Context, invocation: Invocation, /, **limits: Any) -> None:
    bootstrap = invocation.open()
    flag = StopFlag()
    with (
        stopping_on_signals(flag, notice=_say_stopping),
        shown_progress() as progress,
        bootstrap.engine(stop=flag, progress=progress) as engine,
    ):
        preview = engine.plan(_request(**limits))
    facts = preview.to_json()
    invocation.answer(facts, lambda: report.plan_in_words(facts))
    ctx.exit(_PLAN_HAS_CHANGES if preview.has_changes else 0)


@sync.command(help=N_("Show whether a run is at work, how the last one ended and what waits for a person."))
@pass_invocation
def status(invocation: Invocation) -> None:
    from sqlalchemy import text

    from national_sync.sync.lease import history, run_at_work

    with invocation.open().database() as database, database.read() as connection:
        at_work = run_at_work(connection)
        ended = [run for run in history(connection, 2) if run["state"] != "running"]
        facts = {
            "running": row_facts(at_work) if at_work else None,
            "last_run": row_facts(ended[0]) if ended else None,
            "open": {
                name: connection.execute(text(f"SELECT COUNT(*) FROM {table_name} WHERE state = 'open'")).scalar_one()
                for name, table_name in _WAITING.items()
            },
        }
    invocation.answer(facts, lambda: _status_in_words(facts))


def _status_in_words(facts: dict[str, Any]) -> str:
    running, last, waiting = facts["running"], facts["last_run"], facts["open"]
    lines = [
        _(N_("Run {id} is at work since {moment}."), id=running["id"], moment=moment(running["started_at"]))
        if running
        else _(N_("No run is at work.")),
        _(
            N_("The last run, {id}, {state} at {moment} (exit code {exit_code})."),
            id=last["id"],
            state=word(last["state"]),
            moment=moment(last["ended_at"]),
            exit_code="-" if last["exit_code"] is None else last["exit_code"],
        )
        if last
        else _(N_("There has been no run yet. Begin with: national-sync sync plan")),
    ]
    lines += report.waiting_in_words(**waiting) or [_(N_("Nothing waits for a person."))]
    return "\n".join(lines)


@sync.command("history", help=N_("List the latest runs, newest first."))
@click.option("--limit", cls=Option, type=click.IntRange(1, 10_000), default=30, show_default=True)
@pass_invocation
def history_(invocation: Invocation, limit: int) -> None:
    from national_sync.sync.lease import history

    with invocation.open().database() as database, database.read() as connection:
        runs = [row_facts(run) for run in history(connection, limit)]
    invocation.answer({"runs": runs}, lambda: _history_in_words(runs))


def _history_in_words(runs: list[dict[str, Any]]) -> str:
    if not runs:
        return _(N_("There has been no run yet. Begin with: national-sync sync plan"))
    headings = [_(N_("No.")), _(N_("Kind")), _(N_("Began")), _(N_("Ended")), _(N_("State")), _(N_("Exit"))]
    rows = [
        (
            run["id"],
            word(run["kind"]),
            moment(run["started_at"]),
            moment(run["ended_at"]),
            word(run["state"]),
            "-" if run["exit_code"] is None else run["exit_code"],
        )
        for run in runs
    ]
    return table(headings, rows)


def _request(
    *,
    full: bool,
    entities: tuple[str, ...],
    county: str | None,
    date_from: datetime | None,
    date_until: datetime | None,
) -> RunRequest:
    from national_sync.errors import UsageError
    from national_sync.national.port import Scope
    from national_sync.records import Entity
    from national_sync.sync.run import RunKind, RunRequest

    if county is not None and not (county.isdigit() and len(county) == 6):
        raise UsageError(N_("A county code has six digits, such as 530802; {county} is none."), county=county)
    first, last = _day(date_from), _day(date_until)
    if first and last and first > last:
        raise UsageError(N_("The first day {first} lies after the last day {last}."), first=first, last=last)
    return RunRequest(
        kind=RunKind.MANUAL,
        full=full,
        entities=tuple(Entity(name) for name in entities) or tuple(Entity),
        scope=Scope(county=county, date_from=first, date_until=last),
    )


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _say_stopping() -> None:
    click.echo(_(N_("Stopping between two steps; once more stops at once.")), err=True)
