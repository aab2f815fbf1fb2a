"""Asking for another time in a record: an edit where it is not audited yet, a request where it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from national_sync.acts import Act, county_of, find_volunteer, row_by_id, rows
from national_sync.clock import local_date, local_text
from national_sync.errors import HourCaseRefused, HoursRefused
from national_sync.i18n import N_, Lines, Phrase
from national_sync.persons import person_of
from national_sync.prose.amounts import hours
from national_sync.puer_time import midnight
from national_sync.recording.cases import Kind, receive
from national_sync.recording.entering import Recorder
from national_sync.recording.rules import COUNTING, WORDS, Refusal, Stretch, recorded_seconds, refusals
from national_sync.recording.standing import find_activities, find_people, standings_of
from national_sync.records import HourState


def record_and_county(connection: Connection, record_id: int) -> tuple[Mapping[str, Any], str]:
    """The record, and the six digits of its team's county. Raises NotFound."""
    record = row_by_id(connection, "hour_record", record_id)
    team = row_by_id(connection, "team", record["team_id"])
    return record, str(team["area_id"])[:6]


def correct(
    connection: Connection,
    recorder: Recorder,
    record_id: int,
    *,
    started_at: int | None,
    ended_at: int | None,
    reason: str,
    objection_id: int | None = None,
) -> dict[str, Any]:
    """What becomes of it: `case` is its number, or null where the record was changed at once.

    Raises NotFound, HoursRefused, HourCaseRefused.
    """
    record, county = record_and_county(connection, record_id)
    if record["withdrawn_at"] is not None or record["state"] not in COUNTING:
        raise HourCaseRefused(reason=N_("this record no longer counts; there is nothing to correct"))
    new = _new_times(record, started_at, ended_at)
    _check(connection, recorder, record, new)
    act = Act(recorder.operator.actor, recorder.now)
    wanted = {"started_at": new.started_at, "ended_at": new.ended_at, "service_seconds": recorded_seconds(new)}
    facts = {"id": record_id, "county": county, **wanted}
    if record["state"] != HourState.EFFECTIVE:
        _change(connection, record_id, wanted)
        act.written_down(connection, "hours.changed", "hour_record", record_id)
        return {**facts, "case": None}
    case_id = receive(
        connection, Kind.CORRECTION, county, _request(connection, record, wanted, reason, objection_id), act
    )
    return {**facts, "case": case_id}


def moved(record: Mapping[str, Any], day: date | None, begin: int | None, end: int | None) -> dict[str, int | None]:
    """Start and end of a record with another day or other times of day (seconds since midnight); None: as it is."""
    times = {}
    for name, seconds in (("started_at", begin), ("ended_at", end)):
        old = record[name]
        of_day = seconds if seconds is not None or old is None else old - midnight(local_date(old))
        on = day or local_date(record["started_at"])
        times[name] = None if of_day is None else midnight(on) + of_day
    return times


def object_to(
    connection: Connection, volunteer: str, *, record_id: int | None, day: date | None, reason: str, act: Act
) -> int:
    """Write down that a volunteer objects to a record, or to the lack of one on a day; the number of the case."""
    volunteer_id = find_volunteer(connection, volunteer)
    facts: dict[str, Any] = {"volunteer_id": volunteer_id, "reason": reason}
    if record_id is None:
        if day is None or day > act.today:
            raise HourCaseRefused(reason=N_("say which record, or on which past day a service was not recorded"))
        facts |= {"service_day": day.isoformat()}
        return receive(connection, Kind.OBJECTION, county_of(connection, volunteer_id), facts, act)
    record, county = record_and_county(connection, record_id)
    if person_of(connection, record["volunteer_id"]) != person_of(connection, volunteer_id):
        raise HourCaseRefused(reason=N_("this record is another person's"))
    facts |= {"hour_record_id": record_id, "service_day": local_date(record["started_at"]).isoformat(), **_old(record)}
    return receive(connection, Kind.OBJECTION, county, facts, act)


def handover(case: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The request as it is handed to the national side: what stands where, in the order of its page."""
    return [
        ("record", case["national_id"] or "-"),
        ("volunteer", case["volunteer_number"] or "-"),
        ("project", case["project"] or "-"),
        ("team", case["team"] or "-"),
        ("is", _span(case, "old_")),
        ("ought", _span(case, "")),
        ("reason", case["reason"]),
    ]


def _span(case: Mapping[str, Any], prefix: str) -> str:
    start, end = case[f"{prefix}started_at"], case[f"{prefix}ended_at"]
    until = "-" if end is None else local_text(end)[11:16]
    return f"{local_text(start)[:16]} - {until}, {hours(case[f'{prefix}service_seconds'])}"


def _new_times(record: Mapping[str, Any], started_at: int | None, ended_at: int | None) -> Stretch:
    start = record["started_at"] if started_at is None else started_at
    end = record["ended_at"] if ended_at is None else ended_at
    if end is None:
        raise HourCaseRefused(reason=N_("the volunteer has not signed out; give the end too"))
    new = Stretch(start, end, record["remark"])
    says = (record["started_at"], record["ended_at"], record["service_seconds"])
    if (start, end, recorded_seconds(new)) == says:
        raise HourCaseRefused(reason=N_("the record says so already"))
    return new


def _check(connection: Connection, recorder: Recorder, record: Mapping[str, Any], new: Stretch) -> None:
    """The rules for entering hold for what the record shall say too, but for who may enter now."""
    person_id = person_of(connection, record["volunteer_id"])
    people = find_people(connection, [str(person_id)])
    activities = find_activities(connection, [str(record["project_id"])])
    if not people or not activities:
        raise HourCaseRefused(reason=N_("the volunteer or the project is gone nationally"))
    standings = standings_of(connection, [person_id], new.started_at, new.ended_at, but=record["id"])
    around = standings.around(people[str(person_id)], activities[str(record["project_id"])][0])
    found = refusals(new, replace(around, is_member=True), recorder.rules, recorder.now)
    of_the_times = [one for one in found if one not in _OF_TODAY]
    if of_the_times:
        raise HoursRefused(problems=Lines(Phrase(WORDS[one]) for one in of_the_times))


_OF_TODAY = frozenset({Refusal.REAL_NAME, Refusal.ACCOUNT, Refusal.TEAM, Refusal.PROJECT_CLOSED, Refusal.TOO_MANY})
"""What may have changed since the service, and does not make a true record false."""


def _change(connection: Connection, record_id: int, wanted: Mapping[str, int]) -> None:
    """A local edit like any other: the next run sends it."""
    assignments = ", ".join(f"{name} = :{name}" for name in wanted)
    connection.execute(text(f"UPDATE hour_record SET {assignments} WHERE id = :id"), {"id": record_id, **wanted})


def _request(
    connection: Connection, record: Mapping[str, Any], wanted: Mapping[str, int], reason: str, objection_id: int | None
) -> dict[str, Any]:
    under_way = rows(
        connection,
        "SELECT id FROM hour_case WHERE kind = 'correction' AND hour_record_id = :id"
        " AND state IN ('received', 'checked') LIMIT 1",
        id=record["id"],
    )
    if under_way:
        words = N_("correction {id} of this record is under way")
        raise HourCaseRefused(reason=Phrase(words, id=under_way[0]["id"]))
    if objection_id is not None:
        objection = row_by_id(connection, "hour_case", objection_id)
        if objection["kind"] != Kind.OBJECTION or objection["hour_record_id"] != record["id"]:
            raise HourCaseRefused(reason=Phrase(N_("case {id} is no objection to this record"), id=objection_id))
    return {
        "volunteer_id": record["volunteer_id"],
        "hour_record_id": record["id"],
        "service_day": local_date(record["started_at"]).isoformat(),
        "reason": reason,
        "objection_id": objection_id,
        **_old(record),
        **wanted,
    }


def _old(record: Mapping[str, Any]) -> dict[str, Any]:
    return {f"old_{name}": record[name] for name in ("started_at", "ended_at", "service_seconds")}
