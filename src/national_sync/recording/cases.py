"""Corrections of audited records as requests, and objections by volunteers: received, checked, and how they ended.

The national side takes no edit of a record that its audit has passed, and offers no call for asking for one: a correction is
a request on paper, which this program writes out and follows. Whether it was followed is read from the mirror itself.
A record that is not audited yet is simply changed here, and the next run sends that.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.acts import Act, row_by_id, rows
from national_sync.clock import local_date
from national_sync.errors import HourCaseRefused, NotFound
from national_sync.i18n import N_, Phrase
from national_sync.persons import rows_of_person
from national_sync.prose.words import word


class Kind(StrEnum):
    CORRECTION = "correction"
    OBJECTION = "objection"


class State(StrEnum):
    RECEIVED = "received"
    CHECKED = "checked"
    REJECTED = "rejected"
    SENT = "sent"
    """Of a correction: handed to the national side."""
    CORRECTED = "corrected"
    """Of an objection."""


BEFORE: Final[Mapping[State, frozenset[State]]] = {
    State.CHECKED: frozenset({State.RECEIVED}),
    State.REJECTED: frozenset({State.RECEIVED, State.CHECKED}),
    State.SENT: frozenset({State.CHECKED}),
    State.CORRECTED: frozenset({State.CHECKED}),
}
"""From what a person's decision leads to what."""
_ENDS: Final[Mapping[Kind, State]] = {Kind.CORRECTION: State.SENT, Kind.OBJECTION: State.CORRECTED}
OPEN: Final = (State.RECEIVED, State.CHECKED)

_INSERT: Final = (
    "INSERT INTO hour_case (kind, county, volunteer_id, hour_record_id, service_day, reason, started_at, ended_at,"
    " service_seconds, old_started_at, old_ended_at, old_service_seconds, objection_id, received_at)"
    " VALUES (:kind, :county, :volunteer_id, :hour_record_id, :service_day, :reason, :started_at, :ended_at,"
    " :service_seconds, :old_started_at, :old_ended_at, :old_service_seconds, :objection_id, :received_at) RETURNING id"
)
_NONE: Final[dict[str, Any]] = dict.fromkeys(
    (
        "hour_record_id",
        "started_at",
        "ended_at",
        "service_seconds",
        "old_started_at",
        "old_ended_at",
        "old_service_seconds",
        "objection_id",
    )
)


def receive(connection: Connection, kind: Kind, county: str, facts: Mapping[str, Any], act: Act) -> int:
    """Write a case down with its first step; its number."""
    values = {**_NONE, "kind": kind.value, "county": county, "received_at": act.now, **facts}
    case_id = int(connection.execute(text(_INSERT), values).scalar_one())
    add_step(connection, case_id, State.RECEIVED, act)
    act.written_down(connection, f"hours.{kind}_received", "hour_case", case_id, record=values["hour_record_id"])
    return case_id


def add_step(connection: Connection, case_id: int, state: State, act: Act, note: str | None = None) -> None:
    connection.execute(
        text(
            "INSERT INTO hour_case_step (case_id, state, at, actor, note) VALUES (:case, :state, :now, :actor, :note)"
        ),
        {"case": case_id, "state": state.value, "now": act.now, "actor": act.actor, "note": note},
    )


def decide(connection: Connection, case_id: int, to: State, act: Act, note: str | None = None) -> None:
    """Take a case one step on. Raises NotFound, HourCaseRefused."""
    case = row_by_id(connection, "hour_case", case_id)
    kind, state = Kind(case["kind"]), State(case["state"])
    if to in (State.SENT, State.CORRECTED) and to is not _ENDS[kind]:
        words = N_("case {id} is {kind}; it ends as {end} or rejected")
        raise HourCaseRefused(
            reason=Phrase(words, id=case_id, kind=word(f"case_{kind}"), end=word(f"case_{_ENDS[kind]}"))
        )
    if state not in BEFORE[to]:
        words = N_("case {id} is {state}; it cannot become {wanted} now")
        raise HourCaseRefused(reason=Phrase(words, id=case_id, state=word(f"case_{state}"), wanted=word(f"case_{to}")))
    if to is State.REJECTED and not note:
        raise HourCaseRefused(reason=N_("a rejection needs its reason, which the person is told: --note TEXT"))
    if to is State.CORRECTED and not was_answered(connection, case):
        words = _NO_RECORD_YET if case["hour_record_id"] is None else _NOTHING_DONE
        raise HourCaseRefused(reason=Phrase(words, id=case_id, record=case["hour_record_id"]))
    connection.execute(text("UPDATE hour_case SET state = :state WHERE id = :id"), {"state": to.value, "id": case_id})
    add_step(connection, case_id, to, act, note)
    act.written_down(connection, f"hours.{kind}_{to}", "hour_case", case_id, record=case["hour_record_id"])


_NOTHING_DONE: Final = N_(
    "nothing has been corrected yet; first: national-sync hours correct {record} --objection {id}, and hand that over"
)
_NO_RECORD_YET: Final = N_("there are no hours of that day yet; first: national-sync hours enter")


def was_answered(connection: Connection, objection: Mapping[str, Any]) -> bool:
    """Whether something was done about what a volunteer objects to, since the objection came in."""
    answers = "SELECT 1 FROM hour_case WHERE objection_id = :id AND state = 'sent' LIMIT 1"
    if rows(connection, answers, id=objection["id"]):
        return True
    if objection["hour_record_id"] is not None:
        [record] = rows(
            connection,
            "SELECT started_at, ended_at, service_seconds, state, withdrawn_at FROM hour_record WHERE id = :id",
            id=objection["hour_record_id"],
        ) or [{}]
        return any(
            record.get(name) != objection[f"old_{name}"] for name in ("started_at", "ended_at", "service_seconds")
        )
    return _has_hours_on(connection, objection["volunteer_id"], date.fromisoformat(objection["service_day"]))


def _has_hours_on(connection: Connection, volunteer_id: int, day: date) -> bool:
    everyone = ", ".join(str(one) for one in rows_of_person(connection, volunteer_id))
    found = rows(
        connection,
        f"SELECT started_at FROM hour_record WHERE volunteer_id IN ({everyone}) AND withdrawn_at IS NULL"
        " AND state IN ('applying', 'effective')",
    )
    return any(local_date(row["started_at"]) == day for row in found)


# Looking

_LISTED: Final = (
    "SELECT c.*, v.number AS volunteer_number, v.name AS volunteer_name, p.name AS project, t.name AS team,"
    " h.started_at AS now_started_at, h.ended_at AS now_ended_at, h.service_seconds AS now_service_seconds,"
    " h.national_id FROM hour_case c LEFT JOIN volunteer v ON v.id = c.volunteer_id"
    " LEFT JOIN hour_record h ON h.id = c.hour_record_id LEFT JOIN project p ON p.id = h.project_id"
    " LEFT JOIN team t ON t.id = h.team_id"
)


def list_cases(
    connection: Connection,
    kind: Kind,
    *,
    state: State | None = None,
    county: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[dict[str, Any]]:
    """The open ones, the oldest first; or those in one state, the newest first."""
    given: dict[str, Any] = {"kind": kind.value, "limit": limit, "offset": offset}
    condition = "c.state IN ('received', 'checked')" if state is None else "c.state = :state"
    given |= {} if state is None else {"state": state.value}
    if county is not None:
        condition += " AND c.county = :county"
        given["county"] = county
    order = "c.id" if state is None else "c.id DESC"
    found = rows(
        connection,
        f"{_LISTED} WHERE c.kind = :kind AND {condition} ORDER BY {order} LIMIT :limit OFFSET :offset",
        **given,
    )
    return [_with_outcome(row) for row in found]


def show_case(connection: Connection, case_id: int) -> dict[str, Any]:
    """One case with its steps. Raises NotFound."""
    found = rows(connection, f"{_LISTED} WHERE c.id = :id", id=case_id)
    if not found:
        raise NotFound(noun="hour_case", id=case_id)
    steps = rows(
        connection, "SELECT state, at, actor, note FROM hour_case_step WHERE case_id = :id ORDER BY id", id=case_id
    )
    return {**_with_outcome(found[0]), "steps": steps}


def _with_outcome(row: Mapping[str, Any]) -> dict[str, Any]:
    """`is_followed`: the mirror says what a correction asked for; null for an objection."""
    names = ("started_at", "ended_at", "service_seconds")
    is_followed = None
    if row["kind"] == Kind.CORRECTION:
        is_followed = all(row[f"now_{name}"] == row[name] for name in names)
    return {**row, "is_followed": is_followed}
