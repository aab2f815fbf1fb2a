"""What was recorded too late, and what has not been recorded at all: clause S2, order 67, articles 11-13.

Ids, codes and names of projects and teams; no person.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.acts import rows
from national_sync.clock import local_date
from national_sync.policy import Calendar, Recording
from national_sync.puer_time import DAY_SECONDS, day_number_sql, midnight
from national_sync.recording.due import due_day, last_day_past_due
from national_sync.recording.rules import COUNTING

DAYS_BACK: Final = 92
"""How far back is looked, if nothing else is said: what is older has been asked about before."""
_COUNTING: Final = ", ".join(f"'{state}'" for state in COUNTING)
_NO_SERVICE: Final = "'void', 'disabled', 'waiting'"
"""States in which a project that is over was never carried out."""
_MISSING: Final = (
    " FROM project p JOIN team t ON t.id = p.team_id WHERE p.withdrawn_at IS NULL AND p.ended_at >= :first"
    f" AND p.ended_at < :beyond AND p.state NOT IN ({_NO_SERVICE}) AND p.id NOT IN"
    " (SELECT h.project_id FROM hour_record h WHERE h.withdrawn_at IS NULL AND h.started_at >= :reach"
    f" AND h.state IN ({_COUNTING}))"
)
"""One pass over the hour records, whatever the number of projects."""
_EPOCH: Final = date(1970, 1, 1)
_DAY_OF: Final = day_number_sql("h.started_at")
"""The service day of a record."""
_LONGEST_PROJECT_DAYS: Final = 3_660


def missing(
    connection: Connection,
    *,
    today: date,
    rules: Recording,
    calendar: Calendar,
    since: date | None = None,
    county: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[dict[str, Any]]:
    """Activities past their due day for which nothing is recorded, the oldest first."""
    given = {**_window(today, rules, calendar, since), "limit": limit, "offset": offset}
    condition = _in_county(county, given)
    found = rows(
        connection,
        "SELECT p.id, p.name, p.ended_at, t.id AS team_id, t.name AS team, substr(t.area_id, 1, 6) AS county"
        f"{_MISSING}{condition} ORDER BY p.ended_at, p.id LIMIT :limit OFFSET :offset",
        **given,
    )
    return [_with_due_day(row, row["ended_at"], today, rules, calendar) for row in found]


def count_missing(
    connection: Connection, *, today: date, rules: Recording, calendar: Calendar, county: str | None = None
) -> int:
    """How many such activities there are, for the morning report."""
    given = _window(today, rules, calendar, None)
    condition = _in_county(county, given)
    return int(connection.execute(text(f"SELECT COUNT(*){_MISSING}{condition}"), given).scalar_one())


def late(
    connection: Connection,
    *,
    today: date,
    rules: Recording,
    calendar: Calendar,
    since: date | None = None,
    county: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[dict[str, Any]]:
    """Records that were entered after their due day, day of service by day of service, team by team."""
    first = since or today - timedelta(days=DAYS_BACK)
    days = [first + timedelta(days=number) for number in range(max(0, (today - first).days))]
    if not days:
        return []
    beyond = [midnight(due_day(day, rules, calendar).day + timedelta(days=1)) for day in days]
    listed = ", ".join(f"({_number_of(day)}, {until})" for day, until in zip(days, beyond, strict=True))
    given: dict[str, Any] = {"first": midnight(first), "limit": limit, "offset": offset}
    given["least"] = rules.due_working_days * DAY_SECONDS
    condition = _in_county(county, given)
    found = rows(
        connection,
        f"WITH service_day (number, beyond) AS (VALUES {listed})"
        " SELECT d.number, t.id AS team_id, t.name AS team, substr(t.area_id, 1, 6) AS county, p.id AS project_id,"
        " p.name AS project, COUNT(*) AS records, MAX(h.entered_at) AS last_entered_at"
        # In this order: SQLite would read all records once for each day.
        " FROM hour_record h CROSS JOIN service_day d"
        " JOIN team t ON t.id = h.team_id JOIN project p ON p.id = h.project_id"
        f" WHERE d.number = {_DAY_OF} AND h.started_at >= :first AND h.entered_at >= d.beyond"
        # Ten working days are ten days at least; by that most records are out before a day is looked for.
        " AND h.entered_at >= h.started_at + :least"
        f" AND h.withdrawn_at IS NULL AND h.state IN ({_COUNTING}){condition}"
        " GROUP BY d.number, t.id, t.name, t.area_id, p.id, p.name ORDER BY d.number, t.id, p.id"
        " LIMIT :limit OFFSET :offset",
        **given,
    )
    return [
        _with_due_day(row, midnight(_EPOCH + timedelta(days=row["number"])), today, rules, calendar) for row in found
    ]


def _number_of(day: date) -> int:
    return (day - _EPOCH).days


def _window(today: date, rules: Recording, calendar: Calendar, since: date | None) -> dict[str, Any]:
    first = midnight(since or today - timedelta(days=DAYS_BACK))
    beyond = midnight(last_day_past_due(today, rules, calendar) + timedelta(days=1))
    return {"first": first, "beyond": beyond, "reach": first - _LONGEST_PROJECT_DAYS * DAY_SECONDS}


def _in_county(county: str | None, given: dict[str, Any]) -> str:
    if county is None:
        return ""
    given["county"] = county
    return " AND substr(t.area_id, 1, 6) = :county"


def _with_due_day(
    row: Mapping[str, Any], served_at: int, today: date, rules: Recording, calendar: Calendar
) -> dict[str, Any]:
    served_on = local_date(served_at)
    due = due_day(served_on, rules, calendar)
    facts = {name: value for name, value in row.items() if name not in ("number", "ended_at")}
    late_until = local_date(row["last_entered_at"]) if "last_entered_at" in row else today
    return {
        **facts,
        "served_on": served_on.isoformat(),
        "due_on": due.day.isoformat(),
        "is_guessed": due.is_guessed,
        "days_overdue": (late_until - due.day).days,
    }
