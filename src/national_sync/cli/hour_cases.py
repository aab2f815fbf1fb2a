"""`national-sync hours …`, as far as corrections of audited records and objections by volunteers go (clause S2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import click

from national_sync.cli.acting import deciding
from national_sync.cli.acting import reading as may_look
from national_sync.cli.choices import DAY, NUMBER, limit_option, offset_option, only_county_option
from national_sync.cli.command import Command, Option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.recording import recorder, time_of_day
from national_sync.cli.rows import masked, moment, more_below
from national_sync.i18n import N_, _
from national_sync.prose.layout import SCREEN_WIDTH, table, wrapped
from national_sync.prose.words import word

_DECISIONS: Final = ("checked", "sent", "corrected", "rejected")
STATES: Final = ("received", *_DECISIONS)
"""The values of `recording.cases.State`; a test holds the two equal."""


@click.command(
    cls=Command,
    help=N_("Correct a record: at once while it is not audited, as a request to the national side where it is."),
)
@click.argument("record", type=NUMBER, metavar="RECORD")
@click.option("--day", cls=Option, type=DAY, help=N_("The right day; else as it is."))
@click.option("--from", "begin", cls=Option, metavar="HH:MM", help=N_("The right beginning; else as it is."))
@click.option("--until", "end", cls=Option, metavar="HH:MM", help=N_("The right end; else as it is."))
@click.option("--reason", cls=Option, required=True, help=N_("Why, for the record."))
@click.option("--objection", cls=Option, type=NUMBER, help=N_("The objection that it answers, by its number."))
@pass_invocation
def correct(
    invocation: Invocation,
    record: int,
    day: datetime | None,
    begin: str | None,
    end: str | None,
    reason: str,
    objection: int | None,
) -> None:
    from national_sync.recording.correcting import correct as correct_one
    from national_sync.recording.correcting import moved, record_and_county

    bootstrap = invocation.open()
    with bootstrap.database() as database, database.write(durable=True) as connection:
        row, county = record_and_county(connection, record)
        deciding(invocation, connection, county)
        start, stop = (None if given is None else time_of_day(given) for given in (begin, end))
        facts = correct_one(
            connection,
            recorder(invocation, bootstrap, connection),
            record,
            **moved(row, None if day is None else day.date(), start, stop),
            reason=masked(reason),
            objection_id=objection,
        )
    invocation.answer({"correction": facts}, lambda: _corrected(facts))


def _corrected(facts: Mapping[str, Any]) -> str:
    if facts["case"] is None:
        return _(N_("Hour record {id} is changed; the next run sends it."), id=facts["id"])
    words = N_(
        "The record is audited: only the national side can change it. Request {case} is written down. When it has been "
        "checked: national-sync hours decide {case} checked"
    )
    return "\n".join(wrapped(_(words, case=facts["case"]), SCREEN_WIDTH))


@click.command(
    "object", cls=Command, help=N_("Write down that a volunteer objects to a record, or to a service not recorded.")
)
@click.argument("volunteer")
@click.option("--record", cls=Option, type=NUMBER, help=N_("The hour record, by its row number."))
@click.option("--day", cls=Option, type=DAY, help=N_("The day of a service that was not recorded."))
@click.option("--reason", cls=Option, required=True, help=N_("What the volunteer says."))
@pass_invocation
def object_(invocation: Invocation, volunteer: str, record: int | None, day: datetime | None, reason: str) -> None:
    from national_sync.acts import county_of, find_volunteer
    from national_sync.recording.correcting import object_to, record_and_county

    with invocation.open().database() as database, database.write(durable=True) as connection:
        if record is None:
            county = county_of(connection, find_volunteer(connection, volunteer.upper()))
        else:
            county = record_and_county(connection, record)[1]
        act = deciding(invocation, connection, county)
        asked_day = None if day is None else day.date()
        number = object_to(
            connection, volunteer.upper(), record_id=record, day=asked_day, reason=masked(reason), act=act
        )
    words = N_("Objection {id} is received. When it has been checked: national-sync hours decide {id} checked")
    invocation.answer({"objection": {"id": number, "state": "received"}}, lambda: _(words, id=number))


@click.command(cls=Command, help=N_("Take a correction or an objection one step on, with who and when."))
@click.argument("number", type=NUMBER, metavar="NO")
@click.argument("to", type=click.Choice(_DECISIONS))
@click.option("--note", cls=Option, help=N_("What was found; needed for a rejection."))
@pass_invocation
def decide(invocation: Invocation, number: int, to: str, note: str | None) -> None:
    from national_sync.acts import row_by_id
    from national_sync.recording.cases import State, show_case
    from national_sync.recording.cases import decide as take_on

    with invocation.open().database() as database, database.write(durable=True) as connection:
        county = row_by_id(connection, "hour_case", number)["county"]
        take_on(connection, number, State(to), deciding(invocation, connection, county), masked(note))
        shown = show_case(connection, number)
    invocation.answer({"case": shown}, lambda: _shown(shown))


@click.command(
    cls=Command, help=N_("Show a correction or an objection with its steps; a correction as it is handed over.")
)
@click.argument("number", type=NUMBER, metavar="NO")
@pass_invocation
def show(invocation: Invocation, number: int) -> None:
    from national_sync.recording.cases import show_case

    with invocation.open().database() as database, database.read() as connection:
        shown = show_case(connection, number)
        invocation.reader(connection)
        may_look(invocation, connection, shown["county"], named=True)
    invocation.answer({"case": shown}, lambda: _shown(shown))


def _shown(case: Mapping[str, Any]) -> str:
    from national_sync.recording.correcting import handover

    words = N_("{kind} {id}: {state}")
    lines = [_(words, kind=word(f"case_{case['kind']}"), id=case["id"], state=word(f"case_{case['state']}"))]
    if case["kind"] == "correction":
        lines += [
            line
            for name, value in handover(case)
            for line in wrapped(f"  {word(f'handover_{name}')}: {value}", SCREEN_WIDTH)
        ]
        lines += wrapped(_followed(case), SCREEN_WIDTH)
    else:
        about = case["hour_record_id"] or _(N_("not recorded"))
        lines.append(_(N_("  Service of {day}, record: {record}"), day=case["service_day"], record=about))
        lines += wrapped(_(N_("  The volunteer says: {words}"), words=case["reason"]), SCREEN_WIDTH)
    headings = [_(N_("When")), _(N_("Who")), _(N_("State")), _(N_("Note"))]
    steps = [
        (moment(step["at"])[:16], step["actor"], word(f"case_{step['state']}"), step["note"] or "-")
        for step in case["steps"]
    ]
    return "\n".join([*lines, "", table(headings, steps)])


def _followed(case: Mapping[str, Any]) -> str:
    if case["is_followed"]:
        return _(N_("The national side has corrected the record."))
    if case["state"] == "sent":
        return _(N_("Handed over; the national side has not corrected the record yet."))
    return _(
        N_("Only the national side can change an audited record: hand this request over, then say so with {command}"),
        command=f"national-sync hours decide {case['id']} sent",
    )


@click.command(cls=Command, help=N_("List corrections: the open ones, or those in one state."))
@click.option("--state", cls=Option, type=click.Choice(STATES), help=N_("Only those in this state."))
@only_county_option
@limit_option
@offset_option
@pass_invocation
def corrections(invocation: Invocation, /, **asked: Any) -> None:
    _list_cases(invocation, "correction", **asked)


@click.command(cls=Command, help=N_("List objections: the open ones, or those in one state."))
@click.option("--state", cls=Option, type=click.Choice(STATES), help=N_("Only those in this state."))
@only_county_option
@limit_option
@offset_option
@pass_invocation
def objections(invocation: Invocation, /, **asked: Any) -> None:
    _list_cases(invocation, "objection", **asked)


def _list_cases(
    invocation: Invocation, kind: str, *, state: str | None, county: str | None, limit: int, offset: int
) -> None:
    from national_sync.recording.cases import Kind, State, list_cases

    with invocation.open().database() as database, database.read() as connection:
        county = county or invocation.reader(connection).county
        may_look(invocation, connection, county, named=True)
        wanted = None if state is None else State(state)
        found = list_cases(connection, Kind(kind), state=wanted, county=county, limit=limit, offset=offset)
    invocation.answer({f"{kind}s": found}, lambda: _cases_in_words(found, limit))


def _cases_in_words(found: Sequence[Mapping[str, Any]], limit: int) -> str:
    if not found:
        return _(N_("Nothing is open."))
    headings = [_(N_("No.")), _(N_("Volunteer")), _(N_("Record")), _(N_("Day")), _(N_("Received")), _(N_("State"))]
    listed = [
        (
            one["id"],
            one["volunteer_number"] or one["volunteer_id"],
            one["hour_record_id"] or "-",
            one["service_day"],
            moment(one["received_at"])[:10],
            word(f"case_{one['state']}") + (f" ({word('case_followed')})" if one["is_followed"] else ""),
        )
        for one in found
    ]
    return "\n".join(filter(None, [table(headings, listed), more_below(len(found), limit)]))


COMMANDS: Final[tuple[click.Command, ...]] = (correct, object_, decide, show, corrections, objections)
