"""`national-sync training`: trainings, who attended them, and who has not been trained (clauses T1 and S3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from national_sync.cli.acting import deciding, reading
from national_sync.cli.choices import COUNTY, FILE, NUMBER, limit_option, offset_option, only_county_option
from national_sync.cli.command import Group, Option
from national_sync.cli.files import written
from national_sync.cli.filled_sheets import REFUSED_EXIT_CODE, refused_facts, refused_in_words, taking_options
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.rows import more_below
from national_sync.cli.training_coverage import coverage, group_of, team_option, uncovered, unit_option
from national_sync.i18n import N_, _
from national_sync.prose.amounts import hours
from national_sync.prose.codes import code_word
from national_sync.prose.layout import SCREEN_WIDTH, table, wrapped

if TYPE_CHECKING:
    from national_sync.training.attendance import Taken

FORMS: Final = ("lecture", "exchange", "case_study", "on_site")
ORGANISED_BY: Final = ("centre", "federation", "unit")
KINDS: Final = ("general", "post", "professional")
MODES: Final = ("face_to_face", "remote")
_SESSION: Final = click.argument("session", type=NUMBER, metavar="TRAINING")


@click.group(cls=Group, help=N_("Trainings, who attended them, and who has not been trained."))
def training() -> None:
    pass


training.add_command(coverage)
training.add_command(uncovered)

# Sessions


@training.group(cls=Group, help=N_("Trainings that were held."))
def session() -> None:
    pass


@session.command("add", help=N_("Write down a training that was held."))
@click.argument("topic")
@click.option("--on", "held_on", cls=Option, required=True, metavar="DATE", help=N_("The day."))
@click.option("--hours", "training_seconds", cls=Option, required=True, metavar="HOURS", help=N_("How long, as 1.5."))
@click.option("--form", cls=Option, type=click.Choice(FORMS), required=True, help=N_("How it was given."))
@click.option(
    "--by", "organised_by", cls=Option, type=click.Choice(ORGANISED_BY), required=True, help=N_("Who gave it.")
)
@click.option("--organiser", cls=Option, required=True, help=N_("The name of who gave it, for the record."))
@click.option("--place", cls=Option, help=N_("Where."))
@click.option("--content", cls=Option, help=N_("What was taught."))
@click.option("--kind", cls=Option, type=click.Choice(KINDS), default=KINDS[0], show_default=True)
@click.option("--mode", cls=Option, type=click.Choice(MODES), default=MODES[0], show_default=True)
@click.option("--county", cls=Option, type=COUNTY, metavar="CODE", help=N_("Whose it is; else the whole city's."))
@pass_invocation
def add(invocation: Invocation, /, county: str | None, **given: str | None) -> None:
    from national_sync.training.sessions import add_session, read_session

    read = read_session(given)
    with invocation.open().database() as database, database.write(durable=True) as connection:
        county = county or invocation.operator(connection).county
        act = deciding(invocation, connection, county)
        number = add_session(connection, read, county, act)
    words = N_("Training {id} is written down. Next:\n  national-sync training attendance export {id} FILE.xlsx")
    invocation.answer({"training": {"id": number, "county": county}}, lambda: _(words, id=number))


@session.command("list", help=N_("List the trainings, the newest first, and how many attended."))
@only_county_option
@limit_option
@offset_option
@pass_invocation
def list_(invocation: Invocation, county: str | None, limit: int, offset: int) -> None:
    from national_sync.training.sessions import list_sessions

    with invocation.open().database() as database, database.read() as connection:
        county = county or invocation.reader(connection).county
        reading(invocation, connection, county)
        found = list_sessions(connection, county=county, limit=limit, offset=offset)
    invocation.answer({"trainings": found}, lambda: _sessions(found, limit))


def _sessions(found: Sequence[Mapping[str, Any]], limit: int) -> str:
    if not found:
        return _(N_("No trainings."))
    headings = [_(N_("No.")), _(N_("Day")), _(N_("Topic")), _(N_("Form")), _(N_("Hours")), _(N_("Attended"))]
    headings.append(_(N_("Nationally")))
    rows = [
        (
            one["id"],
            one["held_on"],
            one["topic"],
            code_word("form", one["form"]),
            hours(one["training_seconds"]),
            one["attended"],
            one["agreed"],
        )
        for one in found
    ]
    return "\n".join(filter(None, [table(headings, rows), more_below(len(found), limit)]))


# Attendance


@training.group(cls=Group, help=N_("Who attended a training, by spreadsheet."))
def attendance() -> None:
    pass


@attendance.command("export", help=N_("Write a sheet of people in which to mark who attended."))
@_SESSION
@click.argument("file", type=FILE)
@team_option
@unit_option
@only_county_option
@pass_invocation
def export(
    invocation: Invocation, session: int, file: Path, team: str | None, unit: str | None, county: str | None
) -> None:
    from national_sync.errors import UsageError
    from national_sync.training.attendance import people_of, write_sheet
    from national_sync.training.sessions import session_by_id

    if file.exists():
        raise UsageError(N_("{file} is there already; nothing was written over it."), file=file)
    if sum(given is not None for given in (team, unit, county)) != 1:
        raise UsageError(N_("Say whose sheet it is: one of --team, --unit and --county."))
    with invocation.open().database() as database, database.read() as connection:
        session_by_id(connection, session)
        group, of_county = group_of(connection, team, unit)
        reading(invocation, connection, county or of_county, named=True)
        people = people_of(connection, county=county, **group)
        with written(file):
            count = write_sheet(connection, session, people, file)
    words = N_("{file}: {count} people. Then:\n  national-sync training attendance import {session} {file}")
    facts = {"file": str(file), "training": session, "count": count}
    invocation.answer({"attendance": facts}, lambda: _(words, file=file, count=count, session=session))


@attendance.command(
    "import", help=N_("Take a filled-in sheet: all rows, or none if one is wrong. The next run sends the records.")
)
@_SESSION
@click.argument("file", type=FILE)
@taking_options
@pass_invocation
@click.pass_context
def import_(
    ctx: click.Context, invocation: Invocation, session: int, file: Path, only_valid: bool, dry_run: bool
) -> None:
    from national_sync.training.attendance import take_sheet
    from national_sync.training.sessions import session_by_id

    with invocation.open().database() as database, database.write(durable=True) as connection:
        found = session_by_id(connection, session)
        operator = invocation.operator(connection)
        act = deciding(invocation, connection, operator.county)
        taken = take_sheet(connection, found, file, operator, act, only_valid=only_valid, dry_run=dry_run)
    facts = _taken_facts(session, file, taken, dry_run=dry_run)
    invocation.answer({"attendance": facts}, lambda: "\n".join(_taken_in_words(facts)))
    ctx.exit(REFUSED_EXIT_CODE if taken.refused and not taken.is_taken else 0)


def _taken_facts(session: int, file: Path, taken: Taken, *, dry_run: bool) -> dict[str, Any]:
    return {
        "training": session,
        "file": str(file),
        "dry_run": dry_run,
        "taken": taken.is_taken,
        "counts": {
            "rows": taken.rows,
            "attended": len(taken.present),
            "new": len(taken.new),
            "known": taken.known,
            "absent": taken.absent,
            "refused": len(taken.refused),
        },
        "refused": refused_facts(taken.refused),
    }


def _taken_in_words(facts: Mapping[str, Any]) -> Iterator[str]:
    counts = facts["counts"]
    yield from refused_in_words(facts["refused"], counts["refused"])
    words = N_("Attended: {attended} ({new} new records, {known} known before); absent: {absent}; refused: {refused}")
    yield from wrapped(_(words, **counts), SCREEN_WIDTH)
    if facts["taken"]:
        yield _(N_("Written down. The next run sends the new records."))
        return
    yield _(N_("Nothing was written down."))
    if counts["refused"]:
        yield from wrapped(
            _(N_("Correct these rows and give the file again, or take the others: --only-valid")), SCREEN_WIDTH
        )
