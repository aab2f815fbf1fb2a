"""Looking at transfers: lists, one with its log, and those that are overdue."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection

from national_sync.acts import row_by_id, rows
from national_sync.joining import needs_review
from national_sync.transfer.standing import obstacles_of, team_of, with_surroundings

_LISTED: Final = (
    "SELECT x.id, x.volunteer_id, v.number AS volunteer_number, v.name AS volunteer_name, x.from_team_id,"
    " o.name AS from_team, x.to_team_id, n.name AS to_team, x.reason, x.state, x.goal, x.waits_for, x.tries,"
    " x.requested_on, x.due_on, x.requested_by, x.approved_by, x.requested_at, x.approved_at, x.ended_at,"
    " substr(o.area_id, 1, 6) AS from_county, substr(n.area_id, 1, 6) AS to_county"
    " FROM transfer x LEFT JOIN volunteer v ON v.id = x.volunteer_id"
    " LEFT JOIN team o ON o.id = x.from_team_id LEFT JOIN team n ON n.id = x.to_team_id"
)
_ACTIVE: Final = "x.state IN ('requested', 'approved', 'stuck')"
_OVERDUE: Final = f"{_ACTIVE} AND x.due_on < :today"


def list_transfers(
    connection: Connection,
    *,
    today: date,
    state: str | None = None,
    overdue: bool = False,
    county: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[dict[str, Any]]:
    """Those under way by their due day, or those in one state, the newest first. `county`: either team lies there."""
    conditions = [_OVERDUE if overdue else "x.state = :state" if state else _ACTIVE]
    if county is not None:
        conditions.append("(substr(o.area_id, 1, 6) = :county OR substr(n.area_id, 1, 6) = :county)")
    order = "x.id DESC" if state else "x.due_on, x.id"
    given = {"today": today.isoformat(), "state": state, "county": county, "limit": limit, "offset": offset}
    query = f"{_LISTED} WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT :limit OFFSET :offset"
    found = rows(connection, query, **{name: value for name, value in given.items() if f":{name}" in query})
    return [with_lateness(row, today) for row in found]


def show_transfer(connection: Connection, transfer_id: int, *, today: date) -> dict[str, Any]:
    """One transfer with its log, and what would stand in its way if it began now. Raises NotFound."""
    row_by_id(connection, "transfer", transfer_id)
    [row] = rows(connection, f"{_LISTED} WHERE x.id = :id", id=transfer_id)
    [more] = rows(connection, "SELECT areas, areas_before FROM transfer WHERE id = :id", id=transfer_id)
    events = rows(
        connection,
        "SELECT at, event, actor, run_id, detail FROM transfer_event WHERE transfer_id = :id ORDER BY id",
        id=transfer_id,
    )
    surroundings = next(iter(with_surroundings(connection, [transfer_id])), None)
    return {
        **with_lateness(row, today),
        "in_the_way": [] if surroundings is None else [one.value for one in obstacles_of(surroundings)],
        "needs_review": surroundings is not None and needs_review(team_of(surroundings)),
        "areas": json.loads(more["areas"]),
        "areas_before": json.loads(more["areas_before"] or "null"),
        "events": [{**event, "detail": json.loads(event["detail"])} for event in events],
    }


def overdue(connection: Connection, today: date) -> dict[str, Any]:
    """For the morning report: how many transfers are past their due day, by county of the new team, and the oldest.

    Ids and codes, no person.
    """
    found = rows(
        connection,
        "SELECT substr(n.area_id, 1, 6) AS county, COUNT(*) AS transfers, MIN(x.due_on) AS oldest_due"
        f" FROM transfer x LEFT JOIN team n ON n.id = x.to_team_id WHERE {_OVERDUE}"
        " GROUP BY 1 ORDER BY MIN(x.due_on), 1",
        today=today.isoformat(),
    )
    return {"count": sum(row["transfers"] for row in found), "by_county": found}


def with_lateness(row: Mapping[str, Any], today: date) -> dict[str, Any]:
    is_active = row["state"] in ("requested", "approved", "stuck")
    late = (today - date.fromisoformat(row["due_on"])).days if is_active else 0
    return {**row, "days_overdue": max(0, late)}
