"""Assessment of units and stations, each figure beside the rows it was counted from: clauses R3, S5-S7, T1."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook
from sqlalchemy import Connection, text
from tests.integration.recognition.city import HOUR, City

from national_sync.errors import NotFound, SheetRefused
from national_sync.policy import Assessment
from national_sync.recognition import assessing, assessment_forms
from national_sync.recognition.assessing import Year
from national_sync.recognition.assessment_forms import Result
from national_sync.recognition.units import find_unit, import_units, list_units, write_template

YEAR = Year(date(2025, 1, 1), date(2025, 12, 31))


def units_file(folder: Path, *units: dict[str, Any]) -> Path:
    file = folder / "units.json"
    usual = {"kind": "government", "county": "思茅区", "head_count": None, "teams": []}
    file.write_text(json.dumps([{**usual, **unit} for unit in units], ensure_ascii=False), encoding="utf-8")
    return file


def take_over(city: City, file: Path) -> dict[str, int]:
    with city.database.write() as connection:
        return import_units(connection, file, city.act)


@contextmanager
def counted(city: City, year: Year = YEAR) -> Iterator[Connection]:
    with city.database.read() as connection, assessing.counted(connection, year):
        yield connection


def assessed(city: City) -> Result:
    with counted(city) as connection:
        return assessment_forms.assess(connection, Assessment(), YEAR)


@pytest.fixture
def office(city: City, tmp_path: Path) -> City:
    """A government unit of four heads with two teams, of which three people are members, one of them of both."""
    teams = [city.team("一队"), city.team("二队")]
    busy, trained, idle = (city.volunteer() for _ in range(3))
    for volunteer, team in ((busy, teams[0]), (busy, teams[1]), (trained, teams[0]), (idle, teams[1])):
        city.join(volunteer, team)
    city.join(city.volunteer(hours=900), teams[0], state="applied")
    city.serve(busy, 200 * HOUR, "2025-01-01 00:00:00")
    city.serve(busy, HOUR, "2024-12-31 23:59:59")
    city.serve(trained, 100 * HOUR, "2025-12-31 23:59:59")
    city.serve(trained, 50 * HOUR, "2026-01-01 00:00:00")
    city.train(trained)
    city.train(trained, "2025-05-01")
    city.train(idle, "2024-12-31")
    city.project(teams[0], day="2025-03-05")
    city.project(teams[0], day="2026-03-05")
    city.project(teams[1], day="2025-03-06", state="void")
    take_over(city, units_file(tmp_path, {"name": "市文明办", "head_count": 4, "teams": ["一队", "二队"]}))
    return city


def test_r3_s5_t1_s7_a_unit_is_counted_by_its_members(office: City) -> None:
    [facts] = assessed(office).facts()["units"]
    assert {name: facts[name] for name in ("registered", "registration_percent", "registration")} == {
        "registered": 3, "registration_percent": 75.0, "registration": "missed",
    }  # fmt: skip
    assert (facts["average_seconds"], facts["yearly_hours"], facts["active"]) == (100 * HOUR, "met", 2)
    assert (facts["trained"], facts["training_percent"], facts["training"]) == (1, 33.3, "missed")
    assert facts["projects"] == 1


def test_a_person_registered_twice_is_one_member(office: City) -> None:
    [(first,), (second,), *_rest] = office.rows("SELECT id FROM volunteer ORDER BY id")
    office.merge(first, second)
    [facts] = assessed(office).facts()["units"]
    assert (facts["registered"], facts["average_seconds"], facts["trained"]) == (2, 150 * HOUR, 1)
    with counted(office) as connection:
        evidence = list(assessing.member_rows(connection, YEAR))
    assert sum(one["trainings"] > 0 for one in evidence) == facts["trained"]


def test_every_figure_is_the_sum_of_its_evidence(office: City, tmp_path: Path) -> None:
    file = tmp_path / "assessment.xlsx"
    with counted(office) as connection:
        result = assessment_forms.assess(connection, Assessment(), YEAR)
        assessment_forms.write_book(file, connection, result, with_evidence=True)
    [one] = result.units
    book = CalamineWorkbook.from_path(str(file))
    people = book.get_sheet_by_name("依据-人员").to_python()[1:]
    assert len(people) == one.figures.registered
    assert sum(row[3] for row in people) * HOUR == one.figures.seconds
    assert sum(row[5] > 0 for row in people) == one.figures.trained
    assert len(book.get_sheet_by_name("依据-项目").to_python()[1:]) == one.figures.projects
    assert book.get_sheet_by_name("单位").to_python()[3][:11] == [
        1.0, "市文明办", "党政机关、人民团体", "思茅区", 4.0, 3.0, 75.0, 100.0, "未达标", 100.0, 100.0,
    ]  # fmt: skip


def test_a_unit_without_a_head_count_is_unknown_and_no_part_of_any_rate(city: City, tmp_path: Path) -> None:
    team = city.team()
    city.join(city.volunteer(), team)
    take_over(city, units_file(tmp_path, {"name": "甲", "teams": ["白茶志愿服务队"]}, {"name": "乙", "head_count": 5}))
    facts = assessed(city).facts()
    assert [(one["name"], one["registration"], one["registration_percent"]) for one in facts["units"]] == [
        ("乙", "missed", 0.0),
        ("甲", "not_known", None),
    ]
    simao, *others = facts["counties"]
    assert (simao["registration_percent"], simao["units_without_head_count"]) == (0.0, 1)
    assert {one["registration_percent"] for one in others} == {None}


def test_s6_a_station_is_met_on_the_days_with_enough_hours(city: City) -> None:
    team = city.team()
    one = city.volunteer()
    with city.database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO station (name, area_id, team_id, opened_on, closed_on) VALUES"
                f" ('车站', '530802000000000000', {team}, '2025-12-01', '2025-12-03'),"
                " ('公园', '530802000000000000', NULL, NULL, NULL),"
                f" ('旧站', '530802000000000000', {team}, NULL, '2024-12-31')"
            )
        )
    for begin, seconds in [
        ("2025-11-30 08:00", 6 * HOUR),
        ("2025-12-01 23:59:59", 5 * HOUR),
        ("2025-12-02 00:00:00", 5 * HOUR - 1),
        ("2025-12-03 08:00", 2 * HOUR),
        ("2025-12-03 12:00", 3 * HOUR),
    ]:
        city.serve(one, seconds, begin, team_id=team)
    stations = {one["name"]: one for one in assessed(city).facts()["stations"]}
    assert (stations["车站"]["days"], stations["车站"]["days_met"], stations["车站"]["standing"]) == (3, 2, "missed")
    assert (stations["公园"]["days"], stations["公园"]["standing"]) == (None, "not_known")
    assert "旧站" not in stations


def test_the_page_needs_nothing_else_and_says_what_the_figures_say(office: City, tmp_path: Path) -> None:
    take_over(office, units_file(tmp_path, {"name": "<b>\"'&茶厂", "kind": "company", "county": "530828"}))
    result = assessed(office)
    page = assessment_forms.page(result)
    root = ElementTree.fromstring(page.removeprefix("<!DOCTYPE html>\n"))
    words = "".join(root.itertext())
    assert "<b>\"'&茶厂" in words
    assert "思茅" in words
    assert "75%" in words
    assert words.count("未知") >= 10
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page
    assert assessment_forms.page(result) == page


def test_a_year_that_is_not_over_is_assessed_to_yesterday() -> None:
    assert Year.of(2026, date(2026, 3, 5)) == Year(date(2026, 1, 1), date(2026, 3, 4))
    assert Year.of(2025, date(2026, 3, 5)) == YEAR


# Units


def test_units_are_taken_over_from_the_filled_workbook(sqlite_city: City, tmp_path: Path) -> None:
    city = sqlite_city
    city.team("一队")
    file = tmp_path / "units.xlsx"
    take_over(city, units_file(tmp_path, {"name": "市文明办", "head_count": 4, "teams": ["一队"]}))
    with city.database.read() as connection:
        assert write_template(file, connection) == 1
    assert take_over(city, file) == {"added": 0, "changed": 1}
    with city.database.read() as connection:
        [unit] = list_units(connection)
        assert (unit["name"], unit["head_count"], unit["teams"]) == ("市文明办", 4, ["一队"])
        assert find_unit(connection, "市文明办")["id"] == find_unit(connection, "1")["id"] == 1
        with pytest.raises(NotFound):
            find_unit(connection, "没有")


def test_everything_wrong_with_units_is_told_at_once_and_nothing_is_taken(sqlite_city: City, tmp_path: Path) -> None:
    city = sqlite_city
    city.team("重名队")
    city.team("重名队", "530828")
    file = tmp_path / "units.xlsx"
    book = xlsxwriter.Workbook(str(file))
    sheet = book.add_worksheet("单位")
    with city.database.read() as connection:
        write_template(tmp_path / "empty.xlsx", connection)
    headings = CalamineWorkbook.from_path(str(tmp_path / "empty.xlsx")).get_sheet_by_name("单位").to_python()[2]
    sheet.write_row(2, 0, headings)
    sheet.write_row(3, 0, ["好单位", "公司企业", "思茅区", 10, ""])
    sheet.write_row(4, 0, ["", "公司", "昆明", "十人", "没有的队；重名队"])
    sheet.write_row(5, 0, ["好单位", "公司企业", "思茅区", -1.5, ""])
    book.close()
    with pytest.raises(SheetRefused) as caught:
        take_over(city, file)
    told = str(caught.value)
    for cell in ("A5", "B5", "C5", "D5", "E5", "A6", "D6"):
        assert f"{cell}: " in told
    assert "there is no team 没有的队" in told
    assert "several teams 重名队" in told
    assert city.rows("SELECT COUNT(*) FROM unit") == [(0,)]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("units.xlsx", b"no workbook", "no workbook in the form .xlsx"),
        ("units.xls", b"\xd0\xcf\x11\xe0", "save it as .xlsx"),
        ("units.json", b"{}", "must be a list"),
        ("units.json", b"[", "no JSON"),
        ("units.json", b'[{"nam": 1}]', "unknown key"),
    ],
)
def test_a_file_of_another_kind_is_refused(
    sqlite_city: City, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SheetRefused, match=words):
        take_over(sqlite_city, tmp_path / name)
