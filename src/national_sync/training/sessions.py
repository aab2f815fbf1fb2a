"""Trainings that were held: clause T1. Who attended goes to the national side as a training record each (clause S3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.acts import Act, row_by_id, rows
from national_sync.errors import TrainingRefused
from national_sync.i18n import N_, Phrase
from national_sync.training.rules import NEEDED, READERS
from national_sync.unfit import Read, read

_ATTENDED: Final = (
    "(SELECT COUNT(*) FROM training_attendance a WHERE a.session_id = s.id) AS attended,"
    " (SELECT COUNT(*) FROM training_attendance a JOIN training_record t ON t.id = a.training_record_id"
    " WHERE a.session_id = s.id AND t.national_id IS NOT NULL AND t.withdrawn_at IS NULL) AS agreed"
)


def read_session(written: Mapping[str, str | None]) -> Read:
    """What was written about a training. Raises TrainingRefused with everything that is wrong with it."""
    found = read(READERS, written, needed=NEEDED)
    if found.faults:
        raise TrainingRefused(problems=found.in_lines())
    return found


def add_session(connection: Connection, session: Read, county: str | None, act: Act) -> int:
    """Write a training down; `county` is None for one of the whole city. Raises TrainingRefused."""
    row = {**session.values, "county": county}
    if row["held_on"] > act.today.isoformat():
        raise TrainingRefused(problems=Phrase(N_("the day lies in the future; write it down when it has been held")))
    twin = rows(
        connection,
        "SELECT id FROM training_session WHERE topic = :topic AND held_on = :held_on"
        " AND COALESCE(county, '') = COALESCE(CAST(:county AS TEXT), '') LIMIT 1",
        topic=row["topic"],
        held_on=row["held_on"],
        county=county,
    )
    if twin:
        words = N_("a training on this topic and day is written down already: training {id}")
        raise TrainingRefused(problems=Phrase(words, id=twin[0]["id"]))
    names, places = ", ".join(row), ", ".join(f":{name}" for name in row)
    session_id: int = connection.execute(
        text(f"INSERT INTO training_session ({names}) VALUES ({places}) RETURNING id"), row
    ).scalar_one()
    act.written_down(connection, "training.added", "training_session", session_id, day=row["held_on"])
    return session_id


def list_sessions(
    connection: Connection, *, county: str | None = None, limit: int = 50, offset: int = 0
) -> list[dict[str, Any]]:
    """The newest first, with how many attended and how many of these records the national side has. `county`: its own
    and those of the whole city."""
    condition, given = "true", {}
    if county is not None:
        condition, given = "(s.county = :county OR s.county IS NULL)", {"county": county}
    found = rows(
        connection,
        f"SELECT s.*, {_ATTENDED} FROM training_session s WHERE {condition}"
        " ORDER BY s.held_on DESC, s.id DESC LIMIT :limit OFFSET :offset",
        **given,
        limit=limit,
        offset=offset,
    )
    return [dict(row) for row in found]


def session_by_id(connection: Connection, session_id: int) -> Mapping[str, Any]:
    """Raises NotFound."""
    return row_by_id(connection, "training_session", session_id)
