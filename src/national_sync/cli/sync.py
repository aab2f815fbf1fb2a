"""`national-sync sync`: run, preview and look back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from national_sync.cli.choices import DAY, ENTITIES
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
    from sqlalchemy import Connection

    from national_sync.sync.run import RunRequest

_PLAN_HAS_CHANGES: Final = 3
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
            type=DAY,
            metavar="DATE",
            help=N_("Only service dates up to this day."),
        ),
        click.option(
            "--from",
            "date_from",
            cls=Option,
            type=DAY,
            metavar="DATE",
            help=N_("Only service dates from this day on, to fill in a gap."),
        ),
        click.option("--county", cls=Option, metavar="CODE", help=N_("Only this county, by its six digits.")),
        click.option(
            "--entity",
            "entities",
            cls=Option,
            multiple=True,
            type=click.Choice(ENTITIES),
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
    from national_sync.cli.running import run_now

    run_now(ctx, invocation, _request(**limits))


@sync.command(help=N_("Show what a run would do and its plan hash; nothing is written on either side."))
@_limits
@pass_invocation
@click.pass_context
def plan(ctx: click.Context, invocation: Invocation, /, **limits: Any) -> None:
    from national_sync.cli.running import say_stopping

    bootstrap = invocation.open()
    with bootstrap.database() as database, database.read() as connection:
        invocation.for_the_whole_city(connection)
    flag = StopFlag()
    with (
        stopping_on_signals(flag, notice=say_stopping),
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

    from national_sync.sync.lease import history, is_at_work
    from national_sync.sync.operations import count_open_operations

    bootstrap = invocation.open()
    with bootstrap.database() as database, database.read() as connection:
        county = invocation.county(connection)
        runs = [_run_facts(run, county) for run in history(connection, 2)]
        at_work = [run for run in runs if run["state"] == "running" and is_at_work(run, bootstrap.clock.now())]
        ended = [_as_the_next_run_finds_it(run) for run in runs if run not in at_work]
        facts = {
            "running": at_work[0] if at_work else None,
            "last_run": ended[0] if ended else None,
            "open": {
                name: connection.execute(text(f"SELECT COUNT(*) FROM {table_name} WHERE state = 'open'")).scalar_one()
                for name, table_name in _WAITING.items()
            }
            | {"operations": count_open_operations(connection)},
        }
        if county is not None:
            facts["open"] = _open_in(connection, county)
    invocation.answer(facts, lambda: _status_in_words(facts))


def _open_in(connection: Connection, county: str) -> dict[str, Any]:
    """What waits in one county; what is told of the whole city only is left out."""
    from sqlalchemy import text

    mismatches = "SELECT COUNT(*) FROM mismatch WHERE state = 'open' AND county = :county"
    found = connection.execute(text(mismatches), {"county": county}).scalar_one()
    return {"mismatches": found, "holds": None, "quarantine": None, "operations": None}


def _run_facts(run: Mapping[str, Any], county: str | None) -> dict[str, Any]:
    """Without the figures of the whole city for whoever is bound to a county."""
    facts = row_facts(run)
    return facts if county is None else {**facts, "report": None, "calls": None}


def _as_the_next_run_finds_it(run: dict[str, Any]) -> dict[str, Any]:
    """A run that still says running though its process is gone was cut off."""
    return {**run, "state": "interrupted"} if run["state"] == "running" else run


def _status_in_words(facts: dict[str, Any]) -> str:
    running, last = facts["running"], facts["last_run"]
    waiting = {name: count or 0 for name, count in facts["open"].items() if name != "operations"}
    operations = facts["open"]["operations"] or {}
    lines = [
        _(N_("Run {id} is at work since {moment}."), id=running["id"], moment=moment(running["started_at"]))
        if running
        else _(N_("No run is at work.")),
        _last_run_in_words(last) if last else _(N_("There has been no run yet. Begin with: national-sync sync plan")),
        *report.operations_in_words(operations, is_running=running is not None),
    ]
    lines += report.waiting_in_words(**waiting) or [_(N_("Nothing waits for a person."))]
    return "\n".join(lines)


def _last_run_in_words(last: dict[str, Any]) -> str:
    if last["state"] == "interrupted" and last["kind"] == "key_rotation":
        words = N_(
            "The last run, {id}, was cut off while it sealed everything with a new key. What it had stored is kept; go "
            "on from there: national-sync key rotate"
        )
        return _(words, id=last["id"])
    if last["state"] == "interrupted":
        words = N_(
            "The last run, {id}, was cut off: its process ended before its work. What it had stored is kept, and the "
            "next run goes on from there: national-sync sync run"
        )
        return _(words, id=last["id"])
    return _(
        N_("The last run, {id}, {state} at {moment} (exit code {exit_code})."),
        id=last["id"],
        state=word(last["state"]),
        moment=moment(last["ended_at"]),
        exit_code="-" if last["exit_code"] is None else last["exit_code"],
    )


@sync.command("history", help=N_("List the latest runs, newest first."))
@click.option("--limit", cls=Option, type=click.IntRange(1, 10_000), default=30, show_default=True)
@pass_invocation
def history_(invocation: Invocation, limit: int) -> None:
    from national_sync.sync.lease import history

    with invocation.open().database() as database, database.read() as connection:
        county = invocation.county(connection)
        runs = [_run_facts(run, county) for run in history(connection, limit)]
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
    from national_sync.divisions import check_county
    from national_sync.errors import UsageError
    from national_sync.national.port import Scope
    from national_sync.records import Entity
    from national_sync.sync.run import RunKind, RunRequest

    first, last = _day(date_from), _day(date_until)
    if first and last and first > last:
        raise UsageError(N_("The first day {first} lies after the last day {last}."), first=first, last=last)
    return RunRequest(
        kind=RunKind.MANUAL,
        full=full,
        entities=tuple(Entity(name) for name in entities) or tuple(Entity),
        scope=Scope(county=check_county(county) if county is not None else None, date_from=first, date_until=last),
    )


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
