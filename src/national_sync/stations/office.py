"""Service stations (学雷锋志愿服务站点): made, changed and closed here, for the national side has no such record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.acts import Act, row_by_id, rows
from national_sync.errors import StationRefused
from national_sync.i18n import N_, Phrase
from national_sync.policy import Stations
from national_sync.station_days import days_open, station_days
from national_sync.stations.rules import readers
from national_sync.unfit import Read, read

_NEEDED: Final = ("name", "area_id")
_KEPT: Final = ("name", "station_kind", "area_id", "service_seconds_per_day")


def read_station(rules: Stations, written: Mapping[str, str | None], *, is_new: bool) -> Read:
    """What was written about a station. Raises StationRefused with everything that is wrong with it."""
    found = read(readers(rules.hours_a_day), written, needed=_NEEDED if is_new else ())
    if found.faults:
        raise StationRefused(problems=found.in_lines())
    return found


def create(
    connection: Connection, rules: Stations, station: Read, team_id: int | None, opened_on: date, act: Act
) -> int:
    """Raises StationRefused."""
    given = {name: value for name, value in station.values.items() if value is not None}
    row = {"service_seconds_per_day": rules.hours_a_day * 3600, **given, "opened_on": opened_on.isoformat()}
    if opened_on > act.today:
        raise StationRefused(problems=Phrase(N_("the first day lies in the future")))
    _check_name(connection, row["name"], row["area_id"])
    if team_id is not None:
        row["team_id"] = _checked_team(connection, team_id, row["area_id"])
    names, places = ", ".join(row), ", ".join(f":{name}" for name in row)
    station_id: int = connection.execute(
        text(f"INSERT INTO station ({names}) VALUES ({places}) RETURNING id"), row
    ).scalar_one()
    act.written_down(connection, "station.created", "station", station_id, fields=sorted(row))
    return station_id


def change(connection: Connection, station_id: int, station: Read, team_id: int | None, act: Act) -> list[str]:
    """The columns that changed. Raises StationRefused."""
    row = _open_station(connection, station_id)
    wanted = dict(station.values) if team_id is None else {**station.values, "team_id": team_id}
    changed = {name: value for name, value in wanted.items() if row[name] != value}
    if any(name in _KEPT and value is None for name, value in changed.items()):
        raise StationRefused(problems=Phrase(N_("a station cannot be without it")))
    if not changed:
        raise StationRefused(problems=Phrase(N_("it has these values already")))
    now = {**row, **changed}
    if {"name", "area_id"} & set(changed):
        _check_name(connection, now["name"], now["area_id"], but=station_id)
    if {"team_id", "area_id"} & set(changed) and now["team_id"] is not None:
        _checked_team(connection, now["team_id"], now["area_id"])
    assignments = ", ".join(f"{name} = :{name}" for name in changed)
    connection.execute(text(f"UPDATE station SET {assignments} WHERE id = :row_id"), {**changed, "row_id": station_id})
    act.written_down(connection, "station.changed", "station", station_id, fields=sorted(changed))
    return sorted(changed)


def close(connection: Connection, station_id: int, last_day: date, act: Act) -> None:
    """Raises StationRefused."""
    row = _open_station(connection, station_id)
    if last_day > act.today:
        raise StationRefused(problems=Phrase(N_("the last day lies in the future")))
    if row["opened_on"] and last_day.isoformat() < row["opened_on"]:
        raise StationRefused(problems=Phrase(N_("the last day lies before the first one, {day}"), day=row["opened_on"]))
    connection.execute(
        text("UPDATE station SET closed_on = :day WHERE id = :id"), {"day": last_day.isoformat(), "id": station_id}
    )
    act.written_down(connection, "station.closed", "station", station_id, day=last_day.isoformat())


def county_of_station(connection: Connection, station_id: int) -> str:
    """Raises NotFound."""
    return str(row_by_id(connection, "station", station_id)["area_id"][:6])


def _open_station(connection: Connection, station_id: int) -> Mapping[str, Any]:
    row = row_by_id(connection, "station", station_id)
    if row["closed_on"] is not None:
        raise StationRefused(problems=Phrase(N_("it was closed on {day}"), day=row["closed_on"]))
    return row


def _check_name(connection: Connection, name: str, area: str, *, but: int = 0) -> None:
    found = rows(
        connection,
        "SELECT id FROM station WHERE name = :name AND substr(area_id, 1, 6) = :county AND closed_on IS NULL"
        " AND id <> :but ORDER BY id LIMIT 1",
        name=name,
        county=area[:6],
        but=but,
    )
    if found:
        words = N_("the county has an open station of this name already: station {id}")
        raise StationRefused(problems=Phrase(words, id=found[0]["id"]))


def _checked_team(connection: Connection, team_id: int, area: str) -> int:
    """A station is run by a team of its county: what the team records there counts for it."""
    team = row_by_id(connection, "team", team_id)
    if team["withdrawn_at"] is not None or team["state"] in ("deleted", "disabled"):
        raise StationRefused(problems=Phrase(N_("the team is disabled or gone")))
    if team["area_id"][:6] != area[:6]:
        raise StationRefused(problems=Phrase(N_("the team lies in another county")))
    return team_id


# Looking


def list_stations(
    connection: Connection, rules: Stations, *, county: str | None = None, with_closed: bool = False
) -> list[dict[str, Any]]:
    """By county and name, with their team; `is_below`: it is meant to record fewer hours a day than the clause asks."""
    conditions = ["true"] if with_closed else ["s.closed_on IS NULL"]
    if county is not None:
        conditions.append("substr(s.area_id, 1, 6) = :county")
    found = rows(
        connection,
        "SELECT s.*, substr(s.area_id, 1, 6) AS county, t.name AS team FROM station s"
        f" LEFT JOIN team t ON t.id = s.team_id WHERE {' AND '.join(conditions)} ORDER BY s.area_id, s.name, s.id",
        **({} if county is None else {"county": county}),
    )
    least = rules.hours_a_day * 3600
    return [{**row, "is_below": row["service_seconds_per_day"] < least} for row in found]


def station_hours(connection: Connection, station_id: int, first: date, last: date) -> dict[str, Any]:
    """Clause S6 day by day: what was recorded, and on which open days it was too little. Raises StationRefused."""
    station = row_by_id(connection, "station", station_id)
    if last < first:
        raise StationRefused(problems=Phrase(N_("the last day lies before the first one, {day}"), day=first))
    begin, count = days_open(station, first, last)
    recorded = {row["day"]: row["seconds"] for row in station_days(connection, first, last, station_id)}
    wanted = station["service_seconds_per_day"]
    days = [_day(begin + timedelta(days=number), recorded, wanted) for number in range(count)]
    return {
        "id": station_id,
        "name": station["name"],
        "has_team": station["team_id"] is not None,
        "from": first.isoformat(),
        "until": last.isoformat(),
        "wanted_seconds": wanted,
        "days_open": len(days),
        "days_met": sum(day["is_met"] for day in days),
        "recorded_seconds": sum(day["seconds"] for day in days),
        "days": days,
    }


def _day(day: date, recorded: Mapping[str, int], wanted: int) -> dict[str, Any]:
    seconds = recorded.get(day.isoformat(), 0)
    return {"day": day.isoformat(), "seconds": seconds, "is_met": seconds >= wanted}
