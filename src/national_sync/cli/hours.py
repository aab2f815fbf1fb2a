"""`national-sync hours`: entering service hours, what is overdue, corrections and objections (clauses S2 and S4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from national_sync.cli.acting import deciding
from national_sync.cli.acting import reading as may_look
from national_sync.cli.choices import DAY, FILE, NUMBER, limit_option, offset_option, only_county_option
from national_sync.cli.command import Group, Option
from national_sync.cli.filled_sheets import (
    MOST_SHOWN,
    REFUSED_EXIT_CODE,
    nothing_taken,
    refused_facts,
    refused_in_words,
    taking_options,
    write_empty,
)
from national_sync.cli.hour_cases import COMMANDS
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.recording import recorder, time_of_day
from national_sync.cli.rows import more_below
from national_sync.i18n import N_, _
from national_sync.prose.amounts import hours as hours_shown
from national_sync.prose.layout import SCREEN_WIDTH, table, wrapped

if TYPE_CHECKING:
    from national_sync.recording.sheet import Imported


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
@click.argument("file", type=FILE)
@pass_invocation
def template(invocation: Invocation, file: Path) -> None:
    from national_sync.recording.sheet import write_template

    write_empty(file, write_template)
    told = N_("{file} is ready to be filled in. Then: national-sync hours import {file}")
    invocation.answer({"file": str(file)}, lambda: _(told, file=file))


@hours.command("import", help=N_("Enter the hours of a filled-in sheet: all of them, or none if a row is wrong."))
@click.argument("file", type=FILE)
@taking_options
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
    ctx.exit(REFUSED_EXIT_CODE if imported.refused_count and not imported.taken else 0)


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
        "refused": refused_facts(imported.refused),
    }


def _imported_in_words(facts: Mapping[str, Any], *, only_valid: bool) -> str:
    counts = facts["counts"]
    lines = list(refused_in_words(facts["refused"], counts["refused"]))
    words = N_("Rows: {rows}; right: {valid}, of them late: {late}; refused: {refused}")
    lines += wrapped(_(words, **counts), SCREEN_WIDTH)
    if facts["taken"]:
        lines.append(_(N_("Entered. The next run sends them.")))
    else:
        lines += nothing_taken(counts["refused"], only_valid=only_valid)
    return "\n".join(lines)


# Overdue


@hours.command(
    help=N_(
        "List activities for which nothing is recorded although ten working days are over; or, with --late, what was "
        "recorded after that."
    )
)
@click.option("--late", "is_late", cls=Option, is_flag=True, help=N_("What was recorded, but too late."))
@click.option("--since", cls=Option, type=DAY, help=N_("From this day of service on; else the last three months."))
@only_county_option
@limit_option
@offset_option
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
@click.argument("file", type=FILE)
@click.option("--team", cls=Option, type=NUMBER, required=True, help=N_("The team, by its row number."))
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
        "refused": refused_facts(compared.refused),
    }
    invocation.answer({"compared": facts}, lambda: _compared_in_words(facts))
    ctx.exit(REFUSED_EXIT_CODE if compared.refused else 0)


def _compared_in_words(facts: Mapping[str, Any]) -> str:
    if facts["refused"]:
        refused = refused_in_words(facts["refused"], len(facts["refused"]))
        return "\n".join([*refused, _(N_("Nothing was compared. Correct these rows and give the file again."))])
    words = N_("Alike: {alike}; other times: {differing}; not in the book: {not_in_book}")
    lines = [_(words, **facts)]
    if facts["not_national"]:
        listed = ", ".join(map(str, facts["not_national"][:MOST_SHOWN]))
        words = N_("Not in the national system, {count} rows: {rows}. Enter them with national-sync hours import")
        lines += wrapped(_(words, count=len(facts["not_national"]), rows=listed), SCREEN_WIDTH)
    words = N_("Mismatches opened: {opened}, closed: {closed}. See: national-sync mismatch list --kind book_differs")
    return "\n".join([*lines, *wrapped(_(words, **facts), SCREEN_WIDTH)])
