"""`national-sync transfer`: volunteers who go from one team to another (clauses X1-X3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from national_sync.cli.acting import deciding
from national_sync.cli.choices import DAY, FILE, NUMBER, limit_option, offset_option
from national_sync.cli.command import Group, Option
from national_sync.cli.filled_sheets import REFUSED_EXIT_CODE, write_empty
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.rows import moment, more_below
from national_sync.i18n import N_, _, say
from national_sync.prose.layout import table
from national_sync.prose.words import word

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from national_sync.acts import Act
    from national_sync.transfer.requests import Requested
    from national_sync.transfer.sheet import Taken

_NUMBER: Final = click.argument("number", type=NUMBER, metavar="NO")
_REASONS: Final = ("household", "address", "employer")
_STATES: Final = ("requested", "approved", "stuck", "done", "called_off")


@click.group(cls=Group, help=N_("Volunteers who go from one team to another."))
def transfer() -> None:
    pass


@transfer.command(help=N_("Write down that a volunteer asks to go to another team."))
@click.argument("volunteer")
@click.option("--from", "from_team", cls=Option, required=True, metavar="TEAM", help=N_("The old team."))
@click.option("--to", "to_team", cls=Option, required=True, metavar="TEAM", help=N_("The new team."))
@click.option("--reason", cls=Option, type=click.Choice(_REASONS), required=True, help=N_("What has changed."))
@click.option("--on", "asked_on", cls=Option, type=DAY, help=N_("The day of the request; else today."))
@click.option("--area", "service_area", cls=Option, metavar="CODE", help=N_("The new service area."))
@click.option("--living-area", cls=Option, metavar="CODE", help=N_("The new living area."))
@pass_invocation
def request(invocation: Invocation, /, reason: str, asked_on: datetime | None, **given: Any) -> None:
    from national_sync.acts import find_team
    from national_sync.transfer.listing import show_transfer
    from national_sync.transfer.requests import Reason, Wanted, county_of
    from national_sync.transfer.requests import request as write_down

    bootstrap = invocation.open()
    asked = None if asked_on is None else asked_on.date()
    wanted = Wanted(reason=Reason(reason), requested_on=asked, **given)
    with bootstrap.database() as database, database.write(durable=True) as connection:
        teams = find_team(connection, wanted.from_team), find_team(connection, wanted.to_team)
        act = deciding(invocation, connection, county_of(connection, teams))
        requested = write_down(connection, bootstrap.loaded.policy, wanted, act)
        shown = show_transfer(connection, requested.id, today=act.today)
    facts = {**shown, "is_guessed": requested.due.is_guessed}
    invocation.answer({"transfer": facts}, lambda: _requested(requested, shown))


def _requested(requested: Requested, shown: Mapping[str, Any]) -> str:
    lines = [_shown(shown)]
    if requested.due.is_guessed:
        lines.append(_(N_("The holidays of that time are not known; Monday to Friday were counted.")))
    lines.append(_(N_("Approve it: national-sync transfer approve {id}"), id=requested.id))
    return "\n".join(lines)


@transfer.command(help=N_("Approve requests: the next run begins to carry them out."))
@click.argument("numbers", type=NUMBER, nargs=-1, required=True, metavar="NO...")
@pass_invocation
def approve(invocation: Invocation, numbers: Sequence[int]) -> None:
    from national_sync.transfer.requests import approve as approve_one

    with invocation.open().database() as database, database.write(durable=True) as connection:
        for number in sorted(set(numbers)):
            approve_one(connection, number, _acting(invocation, connection, number))
    words = N_("Approved: {count}. The next run begins, or at once: national-sync transfer run")
    invocation.answer({"approved": sorted(set(numbers))}, lambda: _(words, count=len(set(numbers))))


def _acting(invocation: Invocation, connection: Connection, number: int) -> Act:
    """Somebody who may decide about this transfer: one between two counties is the city's business."""
    from national_sync.acts import row_by_id
    from national_sync.transfer.requests import county_of

    row = row_by_id(connection, "transfer", number)
    return deciding(invocation, connection, county_of(connection, (row["from_team_id"], row["to_team_id"])))


@transfer.command(help=N_("Let a transfer that is stuck go on."))
@_NUMBER
@pass_invocation
def resume(invocation: Invocation, number: int) -> None:
    from national_sync.transfer.requests import resume as let_go_on

    with invocation.open().database() as database, database.write(durable=True) as connection:
        let_go_on(connection, number, _acting(invocation, connection, number))
    facts = {"id": number, "state": "approved", "goal": "move"}
    invocation.answer({"transfer": facts}, lambda: _(N_("Transfer {id} goes on with the next run."), id=number))


@transfer.command(help=N_("Call a transfer off; what was done already is put back by the next runs."))
@_NUMBER
@pass_invocation
def cancel(invocation: Invocation, number: int) -> None:
    from national_sync.transfer.requests import cancel as call_off

    with invocation.open().database() as database, database.write(durable=True) as connection:
        at_once = call_off(connection, number, _acting(invocation, connection, number))
    facts = {"id": number, "state": "called_off" if at_once else "approved", "goal": "move" if at_once else "back"}
    words = N_("Transfer {id} is called off.") if at_once else N_("Transfer {id} is put back by the next runs.")
    invocation.answer({"transfer": facts}, lambda: _(words, id=number))


# Looking


@transfer.command("list", help=N_("List the transfers under way, by the day on which they are due."))
@click.option("--state", cls=Option, type=click.Choice(_STATES), help=N_("Only those in this state."))
@click.option("--overdue", cls=Option, is_flag=True, help=N_("Only those past their day."))
@limit_option
@offset_option
@pass_invocation
def list_(invocation: Invocation, state: str | None, overdue: bool, limit: int, offset: int) -> None:
    from national_sync.clock import local_date
    from national_sync.transfer.listing import list_transfers

    with invocation.open().database() as database, database.read() as connection:
        county = invocation.reader(connection).county
        today = local_date(invocation.now)
        found = list_transfers(
            connection, today=today, state=state, overdue=overdue, county=county, limit=limit, offset=offset
        )
    invocation.answer({"transfers": found}, lambda: _list_in_words(found, limit))


def _list_in_words(found: Sequence[Mapping[str, Any]], limit: int) -> str:
    if not found:
        return _(N_("No transfers."))
    headings = [_(N_("No.")), _(N_("Volunteer")), _(N_("To team")), _(N_("State")), _(N_("Due"))]
    rows = [
        (
            one["id"],
            one["volunteer_number"] or one["volunteer_id"],
            one["to_team"],
            _state(one),
            one["due_on"] + (" !" if one["days_overdue"] else ""),
        )
        for one in found
    ]
    return "\n".join(filter(None, [table(headings, rows), more_below(len(found), limit)]))


def _state(one: Mapping[str, Any]) -> str:
    state = word(f"transfer_{one['state']}")
    if one["state"] == "approved" and one["goal"] == "back":
        state = word("transfer_back")
    return state + (f": {word(one['waits_for'])}" if one["waits_for"] else "")


@transfer.command(help=N_("Show one transfer and every step of it."))
@_NUMBER
@pass_invocation
def show(invocation: Invocation, number: int) -> None:
    from national_sync.clock import local_date
    from national_sync.errors import NotFound
    from national_sync.transfer.listing import show_transfer

    with invocation.open().database() as database, database.read() as connection:
        county = invocation.reader(connection).county
        found = show_transfer(connection, number, today=local_date(invocation.now))
    if county not in (None, found["from_county"], found["to_county"]):
        raise NotFound(noun="transfer", id=number)
    invocation.answer({"transfer": found}, lambda: _shown(found))


def _shown(found: Mapping[str, Any]) -> str:
    lines = [
        _(
            N_("Transfer {id} of {volunteer}: {old} -> {new}"),
            id=found["id"],
            volunteer=found["volunteer_number"] or found["volunteer_id"],
            old=found["from_team"],
            new=found["to_team"],
        ),
        _(N_("State: {state}"), state=_state(found)),
        _(
            N_("Asked on {day} ({reason}), due by {due}"),
            day=found["requested_on"],
            reason=word(f"reason_{found['reason']}"),
            due=found["due_on"],
        ),
    ]
    if found["state"] == "requested":
        lines += [_(N_("In the way now: {what}"), what=word(one)) for one in found["in_the_way"]]
        lines += [_(N_("The new team decides about applications itself."))] if found["needs_review"] else []
    if found["days_overdue"]:
        lines.append(_(N_("Overdue by {days} days"), days=found["days_overdue"]))
    if found["state"] == "stuck":
        words = N_("Go on: national-sync transfer resume {id}; put it back: national-sync transfer cancel {id}")
        lines.append(_(words, id=found["id"]))
    lines += [
        f"{moment(event['at'])}  {word('transfer.' + event['event'])}"
        + (f": {word(event['detail']['why'])}" if event["detail"].get("why") else "")
        + f"  ({event['actor']})"
        for event in found["events"]
    ]
    return "\n".join(lines)


# At once, and many


@transfer.command(help=N_("Take the steps that are due now, without waiting for the night."))
@pass_invocation
@click.pass_context
def run(ctx: click.Context, invocation: Invocation) -> None:
    from national_sync.cli.running import run_now
    from national_sync.sync.run import RunKind, RunRequest

    run_now(ctx, invocation, RunRequest(kind=RunKind.LIGHT))


@transfer.command(help=N_("Write a workbook to fill in, a row for each person."))
@click.argument("file", type=FILE)
@pass_invocation
def template(invocation: Invocation, file: Path) -> None:
    from national_sync.transfer.sheet import write_template

    write_empty(file, write_template)
    invocation.answer({"template": {"file": str(file)}}, lambda: _(N_("{file} is written."), file=file))


@transfer.command("import", help=N_("Request a transfer for every row of a workbook, as when a whole unit moves."))
@click.argument("file", type=FILE)
@click.option(
    "--only-valid", cls=Option, is_flag=True, help=N_("Take the rows that are right; otherwise all or nothing.")
)
@click.option("--approve", "approves", cls=Option, is_flag=True, help=N_("Approve them at once."))
@click.option("--dry-run", cls=Option, is_flag=True, help=N_("Only check the rows."))
@pass_invocation
@click.pass_context
def import_(
    ctx: click.Context, invocation: Invocation, file: Path, only_valid: bool, approves: bool, dry_run: bool
) -> None:
    from national_sync.acts import Act
    from national_sync.transfer.requests import approve as approve_one
    from national_sync.transfer.sheet import take

    bootstrap = invocation.open()
    with bootstrap.database() as database, database.write(durable=True) as connection:
        act = Act(invocation.operator(connection).actor, invocation.now)
        attempt = connection.begin_nested()
        taken = list(take(connection, bootstrap.loaded.policy, file, act))
        numbers = [one.transfer for one in taken if one.transfer is not None]
        for number in numbers:
            _acting(invocation, connection, number)
            if approves:
                approve_one(connection, number, act)
        is_kept = not dry_run and bool(numbers) and (only_valid or len(numbers) == len(taken))
        (attempt.commit if is_kept else attempt.rollback)()
    rows = [_row_facts(one, is_kept) for one in taken]
    invocation.answer({"rows": rows, "is_kept": is_kept}, lambda: _imported(taken, is_kept))
    ctx.exit(0 if len(numbers) == len(taken) else REFUSED_EXIT_CODE)


def _row_facts(one: Taken, is_kept: bool) -> dict[str, Any]:
    return {
        "row": one.row,
        "volunteer": one.volunteer,
        "transfer": one.transfer if is_kept else None,
        "due_on": one.due_on,
        "problem": None if one.problem is None else say(one.problem),
    }


def _imported(taken: Sequence[Taken], is_kept: bool) -> str:
    wrong = [one for one in taken if one.problem is not None]
    lines = [_(N_("Row {row}: {reason}"), row=one.row, reason=say(one.problem)) for one in wrong if one.problem]
    lines.append(_(N_("Rows right: {right}, wrong: {wrong}."), right=len(taken) - len(wrong), wrong=len(wrong)))
    lines.append(_(N_("The requests are written down.")) if is_kept else _(N_("Nothing was written down.")))
    return "\n".join(lines)
