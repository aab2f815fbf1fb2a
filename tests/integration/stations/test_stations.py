"""Stations and their daily hours, on both stores (clause S6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from tests.integration.recognition.city import HOUR, City

from national_sync.errors import NotFound, StationRefused
from national_sync.policy import Stations
from national_sync.recognition.assessing import Year, stations
from national_sync.stations import office
from national_sync.store.database import Database

RULES = Stations()
OPENED = date(2026, 1, 5)


@pytest.fixture
def city(database: Database) -> City:
    city = City(database)
    city.join(city.volunteer(), city.team("白茶志愿服务队"))
    city.team("宁洱志愿服务队", county="530821")
    return city


def create(city: City, team: int | None = 1, opened: date = OPENED, **written: str | None) -> int:
    read = office.read_station(RULES, {"name": "倒生根公园站", "area_id": "530802", **written}, is_new=True)
    with city.database.write() as connection:
        return office.create(connection, RULES, read, team, opened, city.act)


def change(city: City, number: int, team: int | None = None, **written: str | None) -> list[str]:
    read = office.read_station(RULES, written, is_new=False)
    with city.database.write() as connection:
        return office.change(connection, number, read, team, city.act)


def close(city: City, number: int, day: date) -> None:
    with city.database.write() as connection:
        office.close(connection, number, day, city.act)


def hours(city: City, number: int, first: date, last: date) -> dict[str, Any]:
    with city.database.read() as connection:
        return office.station_hours(connection, number, first, last)


def test_s6_the_days_on_which_too_little_was_recorded_are_named(city: City) -> None:
    number = create(city)
    for day, seconds in (("05", 5 * HOUR), ("06", 5 * HOUR - 36), ("08", 9 * HOUR), ("02", 9 * HOUR)):
        city.serve(1, seconds, f"2026-01-{day} 08:00")
    found = hours(city, number, date(2026, 1, 1), date(2026, 1, 8))
    assert (found["days_open"], found["days_met"], found["recorded_seconds"]) == (4, 2, 19 * HOUR - 36)
    assert [day["day"][-2:] for day in found["days"] if not day["is_met"]] == ["06", "07"]
    with city.database.read() as connection:
        [assessed] = stations(connection, Year(date(2026, 1, 1), date(2026, 1, 8)))
    assert (assessed.days, assessed.days_met, assessed.seconds) == (4, 2, 19 * HOUR - 36)


def test_s6_after_its_last_day_a_station_owes_nothing(city: City) -> None:
    number = create(city)
    close(city, number, date(2026, 1, 6))
    assert hours(city, number, date(2026, 1, 1), date(2026, 1, 11))["days_open"] == 2
    with city.database.read() as connection:
        assert office.list_stations(connection, RULES) == []
        [listed] = office.list_stations(connection, RULES, county="530802", with_closed=True)
    assert (listed["closed_on"], listed["team"], listed["is_below"]) == ("2026-01-06", "白茶志愿服务队", False)


def test_a_change_is_kept_and_a_row_below_the_clause_is_marked(city: City) -> None:
    number = create(city, None)
    assert change(city, number, team=1, service_seconds_per_day="7.5", station_kind="scenic_spot") == [
        "service_seconds_per_day",
        "station_kind",
        "team_id",
    ]
    with city.database.write() as connection:
        connection.exec_driver_sql("UPDATE station SET service_seconds_per_day = 3600")
    with city.database.read() as connection:
        assert office.list_stations(connection, RULES)[0]["is_below"] is True


def test_what_cannot_be_is_refused_with_the_reason(city: City) -> None:
    number = create(city)
    city.team("停用队")
    city.change("team", 3, state="disabled")
    wrong: list[tuple[Callable[[], Any], str]] = [
        (lambda: create(city), f"station {number}"),
        (lambda: create(city, 2, name="二"), "another county"),
        (lambda: create(city, 3, name="三"), "disabled"),
        (lambda: create(city, opened=date(2026, 2, 1), name="四"), "future"),
        (lambda: create(city, name="五", service_seconds_per_day="4"), "below the 5 hours"),
        (lambda: change(city, number, name=""), "without it"),
        (lambda: change(city, number, name="倒生根公园站"), "already"),
        (lambda: close(city, number, date(2026, 1, 4)), "before the first"),
        (lambda: close(city, number, date(2026, 2, 1)), "future"),
        (lambda: hours(city, number, date(2026, 1, 9), date(2026, 1, 8)), "before the first"),
    ]
    for act, words in wrong:
        with pytest.raises(StationRefused, match=words):
            act()
    with pytest.raises(NotFound):
        change(city, 99, name="无")
    close(city, number, date(2026, 1, 10))
    with pytest.raises(StationRefused, match="was closed on 2026-01-10"):
        change(city, number, name="新名")
    assert create(city) != number
