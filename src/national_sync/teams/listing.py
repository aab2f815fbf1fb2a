"""Looking at teams: lists, and one with its leaders, its numbers and what was ordered about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from national_sync.acts import row_by_id, rows
from national_sync.teams.closing import consequences, orders_of
from national_sync.teams.leaders import leaders_of

_COLUMNS = (
    "t.id, t.name, substr(t.area_id, 1, 6) AS county, t.team_type, t.body_type, t.state, t.join_rule, t.member_count,"
    " t.total_seconds, t.leader_name, t.national_id, t.withdrawn_at,"
    " (SELECT o.wanted FROM team_order o WHERE o.team_id = t.id AND o.state = 'open') AS ordered"
)


def list_teams(
    connection: Connection,
    *,
    county: str | None = None,
    state: str | None = None,
    named: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[dict[str, Any]]:
    """By county and name; those that are gone only when asked for by their state."""
    conditions = {
        "substr(t.area_id, 1, 6) = :county": county,
        "t.state = :state": state,
        "t.name LIKE :named": None if named is None else f"%{named}%",
    }
    given: dict[str, str | None] = {condition: value for condition, value in conditions.items() if value is not None}
    if state is None:
        given["t.withdrawn_at IS NULL"] = None
    parameters = {condition.rpartition(":")[2]: value for condition, value in given.items() if value is not None}
    return [
        dict(row)
        for row in rows(
            connection,
            f"SELECT {_COLUMNS} FROM team t WHERE {' AND '.join(given) or 'true'}"
            " ORDER BY substr(t.area_id, 1, 6), t.name, t.id LIMIT :limit OFFSET :offset",
            **parameters,
            limit=limit,
            offset=offset,
        )
    ]


def show_team(connection: Connection, team_id: int, now: int) -> dict[str, Any]:
    """Raises NotFound. The contact's phone stays sealed."""
    row = row_by_id(connection, "team", team_id)
    shown: Mapping[str, Any] = {
        name: value
        for name, value in row.items()
        if name not in ("contact_phone", "contact_phone_hash", "national_hash", "national_updated_at_ms", "sync_rev")
    }
    return {
        **shown,
        "county": row["area_id"][:6],
        "has_phone": row["contact_phone"] is not None,
        "leaders": leaders_of(connection, team_id),
        "orders": orders_of(connection, team_id),
        "numbers": consequences(connection, team_id, now).facts(),
    }
