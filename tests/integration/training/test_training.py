"""Trainings: sessions, attendance by spreadsheet, who is covered and who is not, on both stores (clauses T1 and S3)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.integration.recognition.city import City

from national_sync.errors import SheetRefused, TrainingRefused
from national_sync.operators.rights import Operator, Role
from national_sync.sheets import new_book
from national_sync.store.database import Database
from national_sync.training.attendance import COLUMNS, SHEET, Taken, people_of, take_sheet, write_sheet
from national_sync.training.covering import By, Window, coverage, uncovered
from national_sync.training.sessions import add_session, list_sessions, read_session, session_by_id

YEAR = Window(date(2026, 1, 1), date(2026, 1, 12))
WRITTEN: dict[str, str | None] = {
    "topic": "急救",
    "form": "lecture",
    "organised_by": "centre",
    "organiser": "普洱市志愿服务发展指导中心",
    "kind": "general",
    "mode": "face_to_face",
    "held_on": "2026-01-05",
    "training_seconds": "2",
}
CHEN = Operator(1, "chen", Role.CITY_OPERATOR)
LI = Operator(2, "li", Role.COUNTY_OPERATOR, "530821")


@pytest.fixture
def city(database: Database) -> City:
    """Volunteers 1 to 3 in team 1, which is unit 1's; volunteer 4 in the next county; one training on 5 January."""
    city = City(database)
    city.team("白茶志愿服务队")
    for _ in range(3):
        city.join(city.volunteer(), 1)
    city.volunteer(county="530821")
    with database.write() as connection:
        connection.exec_driver_sql("INSERT INTO unit (name, kind, county) VALUES ('实验中学', 'school', '530802')")
        connection.exec_driver_sql("INSERT INTO unit_team (unit_id, team_id) VALUES (1, 1)")
        add_session(connection, read_session(WRITTEN), None, city.act)
    return city


def person(city: City, volunteer: int) -> list[Any]:
    return list(city.rows("SELECT number, name FROM volunteer WHERE id = :id", id=volunteer)[0])


def sheet(file: Path, *cells: list[Any]) -> Path:
    with new_book(file) as book:
        page = book.sheet(SHEET, COLUMNS)
        for number, row in enumerate(cells, 1):
            book.row(page, number, row)
    return file


def take(city: City, file: Path, operator: Operator = CHEN, **more: Any) -> Taken:
    with city.database.write() as connection:
        return take_sheet(connection, session_by_id(connection, 1), file, operator, city.act, **more)


def counted(city: City, by: By, window: Window = YEAR) -> list[tuple[Any, ...]]:
    with city.database.read() as connection:
        return [(one["id"], one["people"], one["trained"], one["waiting"]) for one in coverage(connection, by, window)]


def missing(city: City, window: Window = YEAR, **group: Any) -> list[int]:
    with city.database.read() as connection:
        return sorted(one["id"] for one in uncovered(connection, window, **group))


def test_t1_who_attended_gets_a_record_that_goes_out_and_no_second_one(city: City, tmp_path: Path) -> None:
    known = city.train(2, "2026-01-05")
    file = sheet(
        tmp_path / "a.xlsx",
        ["1", *person(city, 1), "是", "1.5"],
        ["", *person(city, 2), "是"],
        ["1", *person(city, 3), "否"],
    )
    taken = take(city, file)
    assert (taken.rows, len(taken.new), taken.known, taken.absent, taken.is_taken) == (3, 1, 1, 1, True)
    made = city.rows(
        "SELECT volunteer_id, topic, organiser, training_date, training_seconds, sync_rev, national_id"
        " FROM training_record WHERE id <> :id",
        id=known,
    )
    assert made == [(1, "急救", "普洱市志愿服务发展指导中心", "2026-01-05", 5400, None, None)]
    assert take(city, file).known == 2
    with city.database.read() as connection:
        [listed] = list_sessions(connection)
    assert (listed["attended"], listed["agreed"]) == (2, 1)


def test_t1_coverage_counts_what_is_agreed_and_names_what_has_still_to_be_sent(city: City, tmp_path: Path) -> None:
    take(city, sheet(tmp_path / "a.xlsx", ["1", *person(city, 1), "是"]))
    city.train(2, "2026-01-02")
    city.train(3, "2025-06-01")
    assert counted(city, By.UNIT) == counted(city, By.TEAM) == [(1, 3, 1, 1)]
    assert counted(city, By.COUNTY) == [("530802", 3, 1, 1), ("530821", 1, 0, 0)]
    assert missing(city) == [3, 4]
    assert missing(city, unit_id=1) == missing(city, team_id=1) == missing(city, county="530802") == [3]
    with city.database.read() as connection:
        assert uncovered(connection, YEAR, limit=1)[0]["last_trained_on"] == "2025-06-01"


def test_t1_leaders_are_counted_by_themselves_and_a_person_registered_twice_once(city: City) -> None:
    with city.database.write() as connection:
        connection.execute(text("INSERT INTO team_leader (team_id, volunteer_id, since) VALUES (1, 3, '2025-01-01')"))
    leading = Window(YEAR.first, YEAR.last, leaders_only=True)
    assert counted(city, By.TEAM, leading) == [(1, 1, 0, 0)]
    assert missing(city, leading) == [3]
    twin = city.volunteer()
    city.train(twin, "2026-01-03")
    city.merge(3, twin)
    assert missing(city, leading) == []
    assert counted(city, By.COUNTY)[0] == ("530802", 3, 1, 0)


def test_t1_a_sheet_is_taken_whole_or_not_at_all_and_every_wrong_row_is_told(city: City, tmp_path: Path) -> None:
    number, name = person(city, 1)
    file = sheet(
        tmp_path / "a.xlsx",
        ["1", number, name, "是"],
        ["1", number, "别人", "是"],
        ["1", "V530802200001000000V", "某人", "是"],
        ["7", number, name, "是"],
        ["1", number, name, "来了"],
        ["1", *person(city, 2), "是", "0"],
        ["1", *person(city, 2), "是", "=1+1"],
        ["1", 5.3080224120000e19, name, "是"],
        ["1", "", name, "是"],
        ["1", number, name, "是"],
    )
    taken = take(city, file)
    assert taken.is_taken is False
    assert city.rows("SELECT COUNT(*) FROM training_record") == [(0,)]
    told = {wrong.row: str(wrong.reason) for wrong in taken.refused}
    expected = {
        3: "another name",
        4: "no volunteer",
        5: "belongs to training 7",
        6: "attendance must be",
        7: "more than zero",
        8: "formula",
        9: "changed this value",
        10: "both needed",
        11: "twice",
    }
    assert set(told) == set(expected)
    assert [row for row, words in expected.items() if words not in told[row]] == []
    assert take(city, file, only_valid=True, dry_run=True).is_taken is False
    assert take(city, file, only_valid=True).is_taken is True
    assert city.rows("SELECT volunteer_id FROM training_record") == [(1,)]


def test_a_county_takes_only_its_own_people(city: City, tmp_path: Path) -> None:
    file = sheet(tmp_path / "a.xlsx", ["1", *person(city, 1), "是"], ["1", *person(city, 4), "是"])
    taken = take(city, file, LI, only_valid=True)
    assert ([wrong.row for wrong in taken.refused], taken.present) == ([2], [4])


def test_the_exported_sheet_is_taken_back_and_marks_who_attended(city: City, tmp_path: Path) -> None:
    take(city, sheet(tmp_path / "a.xlsx", ["1", *person(city, 1), "是"]))
    with city.database.read() as connection:
        people = people_of(connection, unit_id=1)
        assert write_sheet(connection, 1, people, tmp_path / "b.xlsx") == 3
        with pytest.raises(TrainingRefused):
            write_sheet(connection, 1, people_of(connection, team_id=99), tmp_path / "c.xlsx")
    taken = take(city, tmp_path / "b.xlsx")
    assert (taken.rows, taken.known, taken.absent) == (3, 1, 2)


def test_what_is_no_such_sheet_or_no_such_training_is_refused(city: City, tmp_path: Path) -> None:
    with new_book(tmp_path / "a.xlsx") as book:
        book.sheet(SHEET, [("姓名", 10)])
    for file in (tmp_path / "a.xlsx", sheet(tmp_path / "empty.xlsx")):
        with pytest.raises(SheetRefused):
            take(city, file)
    for wrong, words in (
        ({"held_on": "2026-01-13"}, "future"),
        ({}, "training 1"),
        ({"topic": "", "form": "film"}, "missing"),
    ):
        with pytest.raises(TrainingRefused, match=words), city.database.write() as connection:
            add_session(connection, read_session({**WRITTEN, **wrong}), None, city.act)
