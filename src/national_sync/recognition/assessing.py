"""Counting what units and stations did in a year, by set-based SQL: clauses R3, S5, S6, S7 and T1.

What is counted rests on agreed records like the stars: sums over the rows, put right for those volunteers whose rows
were edited here or who are registered twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, text

from national_sync.acts import rows
from national_sync.coverage import TRAINED, UNIT_MEMBERS
from national_sync.policy import StarBasis, StarRules
from national_sync.puer_time import midnight
from national_sync.recognition.tally import Recipe, special, totals
from national_sync.recognition.targets import Figures
from national_sync.station_days import days_open, station_days
from national_sync.store.database import write_many


@dataclass(frozen=True)
class Year:
    """A calendar year, or as much of it as is over."""

    first: date
    last: date

    @classmethod
    def of(cls, year: int, today: date) -> Year:
        return cls(date(year, 1, 1), min(date(year, 12, 31), today - timedelta(days=1)))

    @property
    def recipe(self) -> Recipe:
        return Recipe(StarRules(basis=StarBasis.CALENDAR_YEAR), self.last)


@dataclass(frozen=True)
class UnitFigures:
    unit_id: int
    name: str
    figures: Figures


@dataclass(frozen=True)
class StationFigures:
    station_id: int
    name: str
    county: str
    days: int | None
    """Days in the year on which it was open; None without a team, for nothing can be recorded at it then."""
    days_met: int
    seconds: int


@contextmanager
def counted(connection: Connection, year: Year) -> Iterator[None]:
    """Two temporary tables for the statements below: `year_hours` by volunteer, `unit_member` by unit and volunteer."""
    connection.execute(
        text("CREATE TEMPORARY TABLE year_hours (volunteer_id BIGINT PRIMARY KEY, seconds BIGINT, records BIGINT)")
    )
    connection.execute(text("CREATE TEMPORARY TABLE unit_member (unit_id BIGINT, volunteer_id BIGINT)"))
    try:
        _sum_hours(connection, year.recipe)
        connection.execute(text(f"INSERT INTO unit_member (unit_id, volunteer_id) {UNIT_MEMBERS}"))
        yield
    finally:
        connection.execute(text("DROP TABLE unit_member"))
        connection.execute(text("DROP TABLE year_hours"))


def _sum_hours(connection: Connection, recipe: Recipe) -> None:
    connection.execute(
        text(
            "INSERT INTO year_hours (volunteer_id, seconds, records) SELECT h.volunteer_id, SUM(h.service_seconds),"
            f" COUNT(*) FROM hour_record h WHERE {recipe.condition('h')} GROUP BY h.volunteer_id"
        )
    )
    found = special(connection, recipe)
    exact = totals(connection, recipe, sorted(found.volunteers), found)
    write_many(
        connection,
        "INSERT INTO year_hours (volunteer_id, seconds, records) VALUES (?, ?, ?) ON CONFLICT (volunteer_id)"
        " DO UPDATE SET seconds = excluded.seconds, records = excluded.records",
        [(volunteer, total.seconds, total.records) for volunteer, total in exact.items()],
    )


def units(connection: Connection, year: Year) -> list[UnitFigures]:
    """Every unit's figures, by county and name; inside `counted`."""
    served = _by_unit(
        connection,
        "SELECT m.unit_id, COUNT(*) AS registered, COALESCE(SUM(y.seconds), 0) AS seconds,"
        " SUM(CASE WHEN y.seconds > 0 THEN 1 ELSE 0 END) AS active FROM unit_member m"
        " LEFT JOIN year_hours y ON y.volunteer_id = m.volunteer_id GROUP BY m.unit_id",
    )
    days = {"first": year.first.isoformat(), "last": year.last.isoformat()}
    trained = _by_unit(
        connection,
        f"SELECT m.unit_id, COUNT(*) AS trained FROM unit_member m WHERE m.volunteer_id IN ({TRAINED}) GROUP BY m.unit_id",
        **days,
    )
    projects = _by_unit(
        connection,
        "SELECT u.unit_id, COUNT(*) AS projects FROM unit_team u JOIN project p ON p.team_id = u.team_id"
        " WHERE p.withdrawn_at IS NULL AND p.national_id IS NOT NULL AND p.state NOT IN ('void', 'disabled')"
        " AND p.started_at >= :begin AND p.started_at < :end GROUP BY u.unit_id",
        begin=midnight(year.first),
        end=midnight(year.last + timedelta(days=1)),
    )
    return [
        UnitFigures(unit["id"], unit["name"], _figures(unit, served, trained, projects))
        for unit in rows(connection, "SELECT * FROM unit ORDER BY county, name, id")
    ]


def _by_unit(connection: Connection, sql: str, **parameters: Any) -> dict[int, Mapping[str, Any]]:
    return {row["unit_id"]: row for row in rows(connection, sql, **parameters)}


def _figures(unit: Mapping[str, Any], *counts: dict[int, Mapping[str, Any]]) -> Figures:
    found = {name: value for each in counts for name, value in each.get(unit["id"], {}).items()}
    return Figures(
        kind=unit["kind"],
        county=unit["county"],
        head_count=unit["head_count"],
        registered=int(found.get("registered", 0)),
        seconds=int(found.get("seconds", 0)),
        active=int(found.get("active", 0)),
        trained=int(found.get("trained", 0)),
        projects=int(found.get("projects", 0)),
    )


# Stations


def stations(connection: Connection, year: Year) -> list[StationFigures]:
    """Every station that was open in the year, with the days on which enough was recorded: clause S6."""
    found = rows(
        connection,
        "SELECT * FROM station WHERE (opened_on IS NULL OR opened_on <= :last)"
        " AND (closed_on IS NULL OR closed_on >= :first) ORDER BY area_id, name, id",
        first=year.first.isoformat(),
        last=year.last.isoformat(),
    )
    seconds, days_met = Counter[int](), Counter[int]()
    for day in station_days(connection, year.first, year.last):
        seconds[day["station_id"]] += day["seconds"]
        days_met[day["station_id"]] += day["is_met"]
    return [
        StationFigures(
            station_id=row["id"],
            name=row["name"],
            county=row["area_id"][:6],
            days=None if row["team_id"] is None else days_open(row, year.first, year.last)[1],
            days_met=days_met[row["id"]],
            seconds=seconds[row["id"]],
        )
        for row in found
    ]


# Evidence


def member_rows(connection: Connection, year: Year) -> Iterator[Mapping[str, Any]]:
    """The evidence: a row a unit and registered volunteer; inside `counted`."""
    found = connection.execute(
        text(
            "SELECT m.unit_id, v.number, v.name, COALESCE(y.seconds, 0) AS seconds, COALESCE(y.records, 0) AS records,"
            " (SELECT COUNT(*) FROM training_record t WHERE (t.volunteer_id = v.id OR t.volunteer_id IN"
            " (SELECT g.gone_id FROM volunteer_merge g WHERE g.kept_id = v.id AND g.state = 'merged'))"
            " AND t.withdrawn_at IS NULL"
            " AND t.national_id IS NOT NULL AND t.training_date BETWEEN :first AND :last) AS trainings"
            " FROM unit_member m JOIN volunteer v ON v.id = m.volunteer_id"
            " LEFT JOIN year_hours y ON y.volunteer_id = v.id ORDER BY m.unit_id, v.number, v.id"
        ).execution_options(yield_per=1_000),
        {"first": year.first.isoformat(), "last": year.last.isoformat()},
    )
    return (dict(row) for row in found.mappings())


def project_rows(connection: Connection, year: Year) -> Iterator[Mapping[str, Any]]:
    """The evidence: a row a unit and project begun in the year."""
    found = connection.execute(
        text(
            "SELECT u.unit_id, p.number, p.name, p.started_at FROM unit_team u JOIN project p ON p.team_id = u.team_id"
            " WHERE p.withdrawn_at IS NULL AND p.national_id IS NOT NULL AND p.state NOT IN ('void', 'disabled')"
            " AND p.started_at >= :begin AND p.started_at < :end ORDER BY u.unit_id, p.started_at, p.id"
        ).execution_options(yield_per=1_000),
        {"begin": midnight(year.first), "end": midnight(year.last + timedelta(days=1))},
    )
    return (dict(row) for row in found.mappings())
