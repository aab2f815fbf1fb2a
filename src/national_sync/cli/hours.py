"""`national-sync hours`: entering service hours, what is overdue, corrections and objections (clauses S2 and S4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from national_sync.cli.acting import deciding
from national_sync.cli.acting import reading as may_look
from national_sync.cli.choices import COUNTY
from national_sync.cli.command import Group, Option
from national_sync.cli.hour_cases import COMMANDS
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.nouns import DAY
from national_sync.cli.recording import recorder, time_of_day
from national_sync.cli.rows import more_below
from national_sync.i18n import N_, _, say
from national_sync.prose.amounts import hours as hours_shown
from national_sync.prose.layout import SCREEN_WIDTH, table, wrapped

if TYPE_CHECKING:
    from national_sync.recording.sheet import Imported

_REFUSED_EXIT_CODE: Final = 2
_MOST_SHOWN: Final = 50
_NUMBER: Final = click.IntRange(1, 2**62)
_FILE: Final = click.Path(dir_okay=False, path_type=Path)
_county = click.option(
    "--county", cls=Option, type=COUNTY, metavar="CODE", help=N_("Only this county, by its six digits.")
)
_limit = click.option("--limit", cls=Option, type=click.IntRange(1, 1_000), default=50, show_default=True)
_offset = click.option("--offset", cls=Option, type=click.IntRange(0), default=0)


@click.group(cls=Group, help=N_("Service hours: enter them, see what is overdue, corrections and objections."))
def hours() -> None:
    pass


for _command in COMMANDS:
    hours.add_command(_command)


# Entering


@hours.command(help=N_("Enter the hours of one volunteer on one day; the next run sends them."))
@click.argument("volunteer")
@click.argument("project")
@click.option("--day", cls=Option, type=DAY, required=True, help=N_("The day of service."))
@click.option("--from", "begin", cls=Option, required=True, metavar="HH:MM", help=N_("When it began."))
@click.option("--until", "end", cls=Option, required=True, metavar="HH:MM", help=N_("When it ended."))
@click.option("--remark", cls=Option, help=N_("What was done, for the record."))
@pass_invocation
def enter(
    invocation: Invocation, volunteer: str, project: str, day: datetime, begin: str, end: str, remark: str | None
) -> None:
    from national_sync.recording.entering import Line, enter_one

    line = Line(1, volunteer.upper(), project, day.date(), time_of_day(begin), time_of_day(end), remark=remark)
    bootstrap = invocation.open()
    with bootstrap.database() as database, database.write(durable=True) as connection:
        entered = enter_one(connection, recorder(invocation, bootstrap, connection), line)
    invocation.answer({"hours": entered}, lambda: "\n".join(_entered(entered)))


def _entered(entered: Mapping[str, Any]) -> Iterator[str]:
    words = N_("Hour record {id}: {hours} hours. The next run sends it.")
    yield _(words, id=entered["id"], hours=hours_shown(entered["service_seconds"]))
    if entered["is_late"]:
        yield _(N_("It is late: it was due by {day}."), day=entered["due_on"])
    if entered["is_guessed"]:
        yield _(N_("The holidays of that time are not known; Monday to Friday were counted."))


@hours.command(help=N_("Write an empty sheet in which the hours of many are entered."))
@click.argument("file", type=_FILE)
@pass_invocation
def template(invocation: Invocation, file: Path) -> None:
    from national_sync.errors import UsageError
    from national_sync.recording.sheet import write_template

    if file.exists():
        raise UsageError(N_("{file} is there already; nothing was written over it."), file=file)
    write_template(file)
    told = N_("{file} is ready to be filled in. Then: national-sync hours import {file}")
    invocation.answer({"file": str(file)}, lambda: _(told, file=file))


@hours.command("import", help=N_("Enter the hours of a filled-in sheet: all of them, or none if a row is wrong."))
@click.argument("file", type=_FILE)
@click.option("--only-valid", cls=Option, is_flag=True, help=N_("Take the rows that are right; the others are told."))
@click.option("--dry-run", cls=Option, is_flag=True, help=N_("Only check every row."))
@pass_invocation
@click.pass_context
def import_(ctx: click.Context, invocation: Invocation, file: Path, only_valid: bool, dry_run: bool) -> None:
    from national_sync.recording.sheet import take_sheet

    bootstrap = invocation.open()
    with bootstrap.database() as database:
        with database.read() as connection:
            who = recorder(invocation, bootstrap, connection)
        imported = take_sheet(database, who, file, only_valid=only_valid, dry_run=dry_run)
    facts = _import_facts(file, imported, dry_run=dry_run)
    invocation.answer(facts, lambda: _imported_in_words(facts, only_valid=only_valid))
    ctx.exit(_REFUSED_EXIT_CODE if imported.refused_count and not imported.taken else 0)


def _import_facts(file: Path, imported: Imported, *, dry_run: bool) -> dict[str, Any]:
    return {
        "file": str(file),
        "dry_run": dry_run,
        "taken": imported.taken,
        "counts": {
            "rows": imported.rows,
            "valid": imported.valid,
            "late": imported.late,
            "refused": imported.refused_count,
        },
        "refused": [{"row": one.row, "reason": say(one.reason)} for one in imported.refused],
    }


def _imported_in_words(facts: Mapping[str, Any], *, only_valid: bool) -> str:
    counts, told = facts["counts"], facts["refused"][:_MOST_SHOWN]
    lines = [line for row in told for line in _refused_row(row)]
    if counts["refused"] > len(told):
        lines.append(_(N_("… and {count} more"), count=counts["refused"] - len(told)))
    words = N_("Rows: {rows}; right: {valid}, of them late: {late}; refused: {refused}")
    lines += wrapped(_(words, **counts), SCREEN_WIDTH)
    if facts["taken"]:
        lines.append(_(N_("Entered. The next run sends them.")))
    elif counts["refused"] and not only_valid:
        told_next = N_(
            "Nothing was taken. Correct these rows and give the file again, or take the others: --only-valid"
        )
        lines += wrapped(_(told_next), SCREEN_WIDTH)
    else:
        lines.append(_(N_("Nothing was taken.")))
    return "\n".join(lines)


def _refused_row(row: Mapping[str, Any]) -> Iterator[str]:
    for reason in row["reason"].splitlines():
        yield from wrapped(_(N_("Row {row}: {reason}"), row=row["row"], reason=reason), SCREEN_WIDTH)


# Overdue


@hours.command(
    help=N_(
        "List activities for which nothing is recorded although ten working days are over; or, with --late, what was "
        "recorded after that."
    )
)
@click.option("--late", "is_late", cls=Option, is_flag=True, help=N_("What was recorded, but too late."))
@click.option("--since", cls=Option, type=DAY, help=N_("From this day of service on; else the last three months."))
@_county
@_limit
@_offset
@pass_invocation
def overdue(
    invocation: Invocation, is_late: bool, since: datetime | None, county: str | None, limit: int, offset: int
) -> None:
    from national_sync.clock import local_date
    from national_sync.recording import overdue as lists

    bootstrap = invocation.open()
    with bootstrap.database() as database, database.read() as connection:
        county = county or invocation.reader(connection).county
        may_look(invocation, connection, county)
        policy = bootstrap.loaded.policy
        find = lists.late if is_late else lists.missing
        found = find(
            connection,
            today=local_date(invocation.now),
            rules=policy.recording,
            calendar=policy.calendar,
            since=None if since is None else since.date(),
            county=county,
            limit=limit,
            offset=offset,
        )
    key = "late" if is_late else "missing"
    invocation.answer({key: found}, lambda: (_late_in_words if is_late else _missing_in_words)(found, limit))


def _missing_in_words(found: Sequence[Mapping[str, Any]], limit: int) -> str:
    if not found:
        return _(N_("Every activity past its due day has hours recorded."))
    headings = [_(N_("No.")), _(N_("Project")), _(N_("Team")), _(N_("County")), _(N_("Ended")), _(N_("Due"))]
    listed = [
        (one["id"], one["name"], one["team"], one["county"], one["served_on"], one["due_on"] + _guess(one))
        for one in found
    ]
    return "\n".join(filter(None, [table(headings, listed), *_guess_told(found), more_below(len(found), limit)]))


def _late_in_words(found: Sequence[Mapping[str, Any]], limit: int) -> str:
    if not found:
        return _(N_("Nothing was recorded too late."))
    headings = [_(N_("Day")), _(N_("Project")), _(N_("Team")), _(N_("Records")), _(N_("Due")), _(N_("Days late"))]
    listed = [
        (
            one["served_on"],
            one["project"],
            one["team"],
            one["records"],
            one["due_on"] + _guess(one),
            one["days_overdue"],
        )
        for one in found
    ]
    return "\n".join(filter(None, [table(headings, listed), *_guess_told(found), more_below(len(found), limit)]))


def _guess(one: Mapping[str, Any]) -> str:
    return " ?" if one["is_guessed"] else ""


def _guess_told(found: Sequence[Mapping[str, Any]]) -> list[str]:
    if not any(one["is_guessed"] for one in found):
        return []
    return [_(N_("?: the holidays of that time are not known; Monday to Friday were counted."))]


# The record book


@hours.command(help=N_("Compare the record book of a team, filled into the sheet, with the national records."))
@click.argument("file", type=_FILE)
@click.option(
    "--team", cls=Option, type=click.IntRange(1, 2**62), required=True, help=N_("The team, by its row number.")
)
@click.option("--from", "first", cls=Option, type=DAY, required=True, help=N_("The first service day."))
@click.option("--until", "last", cls=Option, type=DAY, required=True, help=N_("The last service day."))
@pass_invocation
@click.pass_context
def compare(ctx: click.Context, invocation: Invocation, file: Path, team: int, first: datetime, last: datetime) -> None:
    from national_sync.acts import row_by_id
    from national_sync.recording.comparing import compare as compare_book

    with invocation.open().database() as database, database.write(durable=True) as connection:
        act = deciding(invocation, connection, row_by_id(connection, "team", team)["area_id"][:6])
        compared = compare_book(connection, file, team, first.date(), last.date(), act)
    facts = {
        **{name: value for name, value in vars(compared).items() if name != "refused"},
        "refused": [{"row": one.row, "reason": say(one.reason)} for one in compared.refused],
    }
    invocation.answer({"compared": facts}, lambda: _compared_in_words(facts))
    ctx.exit(_REFUSED_EXIT_CODE if compared.refused else 0)


def _compared_in_words(facts: Mapping[str, Any]) -> str:
    if facts["refused"]:
        lines = [line for row in facts["refused"][:_MOST_SHOWN] for line in _refused_row(row)]
        return "\n".join([*lines, _(N_("Nothing was compared. Correct these rows and give the file again."))])
    words = N_("Alike: {alike}; other times: {differing}; not in the book: {not_in_book}")
    lines = [_(words, **facts)]
    if facts["not_national"]:
        listed = ", ".join(map(str, facts["not_national"][:_MOST_SHOWN]))
        words = N_("Not in the national system, {count} rows: {rows}. Enter them with national-sync hours import")
        lines += wrapped(_(words, count=len(facts["not_national"]), rows=listed), SCREEN_WIDTH)
    words = N_("Mismatches opened: {opened}, closed: {closed}. See: national-sync mismatch list --kind book_differs")
    return "\n".join([*lines, *wrapped(_(words, **facts), SCREEN_WIDTH)])
