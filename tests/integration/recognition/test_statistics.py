"""The statistics form (普洱市志愿者统计表): issued, completed, sent back, checked, added up. Clause R7."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from tests.integration.recognition.city import HOUR, City

from national_sync.books import formulas
from national_sync.errors import NotFound, SheetRefused, UsageError
from national_sync.recognition import assessing
from national_sync.recognition.assessing import Year
from national_sync.recognition.statistics import collected, receive, returns, unit_form, write_form
from national_sync.recognition.statistics_form import SHEET, Form
from national_sync.recognition.units import find_unit, import_units
from national_sync.sealing import Sealer, SealingKey

SHEET_FILE = "xl/worksheets/sheet1.xml"


@pytest.fixture
def office(city: City, tmp_path: Path) -> City:
    """A unit with two teams and three people, one of whom is in both; another unit without a head count."""
    city.today = date(2025, 9, 15)
    teams = [city.team("一队"), city.team("二队")]
    people = [
        city.volunteer(sex="male", politics="01"),
        city.volunteer(sex="female", politics="13"),
        city.volunteer(sex="female", politics="02"),
    ]
    for person, team in [(0, 0), (0, 1), (1, 0), (2, 1)]:
        city.join(people[person], teams[team])
    city.serve(people[0], 10 * HOUR, "2025-03-01 08:00")
    city.serve(people[2], 2 * HOUR + 36, "2025-03-01 08:00")
    city.serve(people[2], 99 * HOUR, "2025-09-15 08:00")
    usual = {"kind": "government", "county": "530802"}
    units = [
        {**usual, "name": "市文明办", "head_count": 4, "teams": ["一队", "二队"]},
        {**usual, "name": "市档案馆"},
        {**usual, "name": "澜沧县文明办", "county": "530828", "head_count": 7},
    ]
    (tmp_path / "units.json").write_text(json.dumps(units), encoding="utf-8")
    with city.database.write() as connection:
        import_units(connection, tmp_path / "units.json", city.act)
    return city


def form_of(city: City, unit: str = "市文明办") -> Form:
    year = Year.of(2025, city.today)
    with city.database.read() as connection, assessing.counted(connection, year):
        return unit_form(connection, find_unit(connection, unit), year)


@pytest.fixture
def issued(office: City, tmp_path: Path, sealer: Sealer) -> Path:
    file = tmp_path / "form.xlsx"
    write_form(file, form_of(office), sealer)
    return file


def take(city: City, file: Path, sealer: Sealer) -> dict[str, Any]:
    with city.database.write() as connection:
        return receive(connection, file, sealer, city.act)


def edited(file: Path, change: Callable[[str], str], *, part: str = SHEET_FILE) -> Path:
    """A copy of a workbook, one part of it changed as a person or another program would."""
    copy = file.with_name(f"edited-{file.name}")
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(copy, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == part:
                changed = change(content.decode())
                assert changed != content.decode()
                content = changed.encode()
            target.writestr(name, content)
    return copy


def heads(value: str, kind: str = "") -> Callable[[str], str]:
    """What a unit writes into the cell of its head count."""
    return lambda content: re.sub(r'(<c r="B3" s="\d+")><v>4</v>', rf"\1{kind}>{value}", content)


def replaced(old: str, new: str) -> Callable[[str], str]:
    return lambda content: content.replace(old, new, 1)


def test_r7_a_form_counts_each_person_once_and_totals_by_formula_and_by_value(office: City, issued: Path) -> None:
    first, second = form_of(office).lines
    assert vars(first) | {} == {
        "name": "一队", "registered": 2, "male": 1, "female": 1, "party": 1, "hundredths": 1000, "stars": 0,
        "head_count": None, "remark": "",
    }  # fmt: skip
    assert (second.registered, second.hundredths) == (1, 201)
    cells = CalamineWorkbook.from_path(str(issued)).get_sheet_by_name(SHEET).to_python(skip_empty_area=False)
    assert cells[2][:4] == ["应注册人数", 4.0, "注册率", 0.75]
    assert cells[6][1:9] == ["合计", "", 3.0, 1.0, 2.0, 2.0, 12.01, 0.0]
    assert cells[7][2:9] == cells[6][2:9]
    assert cells[8][2] == "一致"
    assert formulas(issued, 1)["D7"] == "ROUND(SUM(D5:D6),2)"


def test_a_form_that_came_back_is_taken_with_the_head_count_that_the_unit_wrote(
    office: City, issued: Path, sealer: Sealer
) -> None:
    completed = edited(issued, heads("<v>6</v>"))
    taken = take(office, completed, sealer)
    assert taken == {"unit_id": 1, "name": "市文明办", "county": "530802", "year": 2025, "is_late": False}
    with office.database.read() as connection:
        filed = {one["name"]: one for one in returns(connection, 2025)}
        assert find_unit(connection, "市文明办")["head_count"] == 6
    assert filed["市文明办"]["figures"]["registered"] == 3
    assert filed["市文明办"]["received_on"] == "2025-09-15"
    assert filed["市档案馆"]["figures"] is None


@pytest.mark.parametrize(
    ("today", "is_late"),
    [(date(2025, 9, 1), False), (date(2025, 9, 30), False), (date(2025, 10, 1), True), (date(2026, 1, 5), True)],
    ids=str,
)
def test_r7_the_window_is_september_and_late_forms_are_flagged(
    office: City, issued: Path, sealer: Sealer, today: date, is_late: bool
) -> None:
    office.today = today
    assert take(office, issued, sealer)["is_late"] is is_late


def test_r7_before_september_no_form_is_taken(office: City, issued: Path, sealer: Sealer) -> None:
    office.today = date(2025, 8, 31)
    with pytest.raises(UsageError, match="too early"):
        take(office, issued, sealer)


@pytest.mark.parametrize(
    ("old", "new", "cell", "words"),
    [
        ("<f>ROUND(SUM(D5:D6),2)</f>", "<f>ROUND(SUM(D5:D6),2)+1</f>", "D7", "formula was changed"),
        ("<f>ROUND(SUM(D5:D6),2)</f>", "", "D7", "formula was changed"),
        ("<v>10</v>", "<v>11</v>", "H5", "changed or moved"),
        ("<v>10</v>", "<f>5+5</f><v>10</v>", "H5", "formula stands where a value"),
        ("<v>3</v></c>", "<v>4</v></c>", "D8", "changed or moved"),
    ],
    ids=["another formula", "a value for a formula", "another value", "a formula for a value", "another checked value"],
)
def test_a_form_with_a_changed_cell_is_refused_and_the_cell_is_named(
    office: City, issued: Path, sealer: Sealer, old: str, new: str, cell: str, words: str
) -> None:
    def change(content: str) -> str:
        if cell == "D8":
            head, row, rest = content.partition('<row r="8"')
            return head + row + rest.replace(old, new, 1)
        return content.replace(old, new, 1)

    with pytest.raises(SheetRefused, match=rf"{cell}: .*{words}"):
        take(office, edited(issued, change), sealer)
    assert office.rows("SELECT COUNT(*) FROM statistics_return") == [(0,)]


def test_a_form_with_moved_rows_is_refused(office: City, issued: Path, sealer: Sealer) -> None:
    def swapped(content: str) -> str:
        fifth, sixth = (re.search(rf'<row r="{row}".*?</row>', content).group() for row in (5, 6))  # type: ignore[union-attr]
        exchanged = _numbered(sixth, "6", "5") + _numbered(fifth, "5", "6")
        return content.replace(fifth + sixth, exchanged)

    with pytest.raises(SheetRefused, match=r"B5: .*changed or moved; it held: 一队"):
        take(office, edited(issued, swapped), sealer)


def _numbered(row: str, old: str, new: str) -> str:
    return re.sub(rf'r="([A-J]?){old}"', rf'r="\g<1>{new}"', row)


def test_a_form_with_another_hidden_sheet_or_none_or_from_elsewhere_is_refused(
    office: City, issued: Path, sealer: Sealer, tmp_path: Path
) -> None:
    with pytest.raises(SheetRefused, match="hidden sheet was changed"):
        take(office, edited(issued, replaced("市文明办", "市文联"), part="xl/worksheets/sheet2.xml"), sealer)
    elsewhere = tmp_path / "elsewhere.xlsx"
    write_form(elsewhere, form_of(office), Sealer([SealingKey("k1", bytes(32))]))
    with pytest.raises(SheetRefused, match="issued elsewhere"):
        take(office, elsewhere, sealer)
    (tmp_path / "form.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(SheetRefused, match="no workbook in the form"):
        take(office, tmp_path / "form.xls", sealer)
    with pytest.raises(SheetRefused, match="cannot be read"):
        take(office, tmp_path / "none.xlsx", sealer)


def test_a_head_count_that_is_no_number_is_refused(office: City, issued: Path, sealer: Sealer) -> None:
    wrong = edited(issued, heads("<v>四</v>", ' t="str"'))
    with pytest.raises(SheetRefused, match=r"B3: .*whole number"):
        take(office, wrong, sealer)


def test_a_unit_that_is_not_known_any_more_is_told(office: City, issued: Path, sealer: Sealer) -> None:
    with office.database.write() as connection:
        connection.exec_driver_sql("UPDATE unit SET name = '已改名' WHERE id = 1")
    with pytest.raises(NotFound):
        take(office, issued, sealer)


def test_r7_the_county_adds_up_what_came_back_and_the_city_the_counties(
    office: City, issued: Path, sealer: Sealer, tmp_path: Path
) -> None:
    office.today = date(2025, 10, 2)
    take(office, issued, sealer)
    with office.database.read() as connection:
        county = collected(connection, 2025, "530802", office.today)
        whole_city = collected(connection, 2025, None, office.today)
    assert [(one.name, one.head_count, one.registered, one.hundredths, one.remark) for one in county.lines] == [
        ("市文明办", 4, 3, 1201, "逾期"),
        ("市档案馆", None, None, None, "未报"),
    ]
    simao = whole_city.lines[0]
    assert (simao.registered, simao.head_count, simao.remark) == (3, 4, "2 个单位，已报 1，逾期 1")
    assert len(whole_city.lines) == 10
    for form in (county, whole_city):
        write_form(tmp_path / "sum.xlsx", form, sealer)
        cells = CalamineWorkbook.from_path(str(tmp_path / "sum.xlsx")).get_sheet_by_name(SHEET).to_python()
        row = next(one for one in cells if one[1] == "合计")
        assert row[2:9] == [4.0, 3.0, 1.0, 2.0, 2.0, 12.01, 0.0]


def test_head_counts_that_nobody_told_are_unknown_and_not_zero(office: City, sealer: Sealer, tmp_path: Path) -> None:
    with office.database.read() as connection:
        form = collected(connection, 2025, "530802", office.today)
    write_form(tmp_path / "none.xlsx", form, sealer)
    cells = CalamineWorkbook.from_path(str(tmp_path / "none.xlsx")).get_sheet_by_name(SHEET).to_python()
    row = next(one for one in cells if one[1] == "合计")
    assert row[2:4] == ["未知", 0.0]
    assert cells[2][1:4] == ["未知", "注册率", "未知"]


def test_the_same_form_is_the_same_file(office: City, issued: Path, tmp_path: Path, sealer: Sealer) -> None:
    write_form(tmp_path / "again.xlsx", form_of(office), sealer)
    assert (tmp_path / "again.xlsx").read_bytes() == issued.read_bytes()
    shutil.copy(issued, tmp_path / "twice.xlsx")
    assert take(office, issued, sealer)["unit_id"] == take(office, tmp_path / "twice.xlsx", sealer)["unit_id"]
    assert office.rows("SELECT COUNT(*) FROM statistics_return") == [(1,)]
