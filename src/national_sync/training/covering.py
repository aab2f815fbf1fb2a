"""Clause T1: how many are trained, per unit, team and county, and who is not. What counts is what the assessment counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection

from national_sync.acts import rows
from national_sync.coverage import COUNTY_PEOPLE, RECORDED_HERE, TEAM_MEMBERS, TRAINED, UNIT_MEMBERS


class By(StrEnum):
    UNIT = "unit"
    TEAM = "team"
    COUNTY = "county"


_GROUPS: Final[Mapping[By, tuple[str, str, str]]] = {
    By.UNIT: (UNIT_MEMBERS, "p.unit_id", "SELECT u.id, u.name, u.county FROM unit u"),
    By.TEAM: (
        TEAM_MEMBERS,
        "p.team_id",
        "SELECT t.id, t.name, substr(t.area_id, 1, 6) AS county FROM team t WHERE t.withdrawn_at IS NULL",
    ),
}
_LEADERS: Final = (
    "SELECT l.volunteer_id FROM team_leader l WHERE l.until IS NULL UNION SELECT v.id FROM team t"
    " JOIN volunteer v ON v.number = t.leader_number WHERE t.withdrawn_at IS NULL"
)
_COUNTS: Final = (
    "COUNT(*) AS people, SUM(CASE WHEN p.volunteer_id IN (SELECT volunteer_id FROM trained) THEN 1 ELSE 0 END)"
    " AS trained, SUM(CASE WHEN p.volunteer_id NOT IN (SELECT volunteer_id FROM trained)"
    " AND p.volunteer_id IN (SELECT volunteer_id FROM recorded_here) THEN 1 ELSE 0 END) AS waiting"
)
_WITH: Final = f"WITH trained AS ({TRAINED}), recorded_here AS ({RECORDED_HERE})"


@dataclass(frozen=True)
class Window:
    """The days whose trainings count."""

    first: date
    last: date
    leaders_only: bool = False
    """Only those who lead a team."""

    @property
    def days(self) -> dict[str, str]:
        return {"first": self.first.isoformat(), "last": self.last.isoformat()}

    @property
    def people(self) -> str:
        return f"p.volunteer_id IN ({_LEADERS})" if self.leaders_only else "true"


def coverage(connection: Connection, by: By, window: Window, county: str | None = None) -> list[dict[str, Any]]:
    """People, trained ones, and those whose training the national side does not have yet; groups without people left
    out."""
    if by is By.COUNTY:
        sql = (
            f"{_WITH} SELECT p.county AS id, NULL AS name, p.county, {_COUNTS} FROM ({COUNTY_PEOPLE}) p"
            f" WHERE {window.people} GROUP BY p.county"
        )
        order = "counted.county"
    else:
        people, key, groups = _GROUPS[by]
        sql = (
            f"{_WITH} SELECT g.id, g.name, g.county, {_COUNTS} FROM ({people}) p JOIN ({groups}) g ON g.id = {key}"
            f" WHERE {window.people} GROUP BY g.id, g.name, g.county"
        )
        order = "counted.county, counted.name, counted.id"
    limited, given = ("", {}) if county is None else (" WHERE counted.county = :county", {"county": county})
    found = rows(connection, f"SELECT * FROM ({sql}) counted{limited} ORDER BY {order}", **window.days, **given)
    return [{**row, "percent": round(100 * row["trained"] / row["people"], 1)} for row in found]


def uncovered(
    connection: Connection,
    window: Window,
    *,
    team_id: int | None = None,
    unit_id: int | None = None,
    county: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[dict[str, Any]]:
    """Who has no training in these days, not even one that has still to be sent, with the day of the last before."""
    conditions = [window.people]
    given: dict[str, Any] = {**window.days, "limit": limit, "offset": offset}
    for source, key, value in ((TEAM_MEMBERS, "team_id", team_id), (UNIT_MEMBERS, "unit_id", unit_id)):
        if value is not None:
            conditions.append(f"p.volunteer_id IN (SELECT x.volunteer_id FROM ({source}) x WHERE x.{key} = :{key})")
            given[key] = value
    if county is not None:
        conditions.append("p.county = :county")
        given["county"] = county
    found = rows(
        connection,
        f"{_WITH} SELECT v.id, v.number, v.name, p.county, (SELECT MAX(t.training_date) FROM training_record t"
        " WHERE t.volunteer_id = v.id AND t.withdrawn_at IS NULL AND t.training_date < :first) AS last_trained_on"
        f" FROM ({COUNTY_PEOPLE}) p JOIN volunteer v ON v.id = p.volunteer_id WHERE {' AND '.join(conditions)}"
        " AND p.volunteer_id NOT IN (SELECT volunteer_id FROM trained)"
        " AND p.volunteer_id NOT IN (SELECT volunteer_id FROM recorded_here)"
        " ORDER BY p.county, v.name, v.id LIMIT :limit OFFSET :offset",
        **given,
    )
    return [dict(row) for row in found]
