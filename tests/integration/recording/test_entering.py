"""Hours that are entered here: one, and many by spreadsheet (clauses S2 and S4)."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from tests.integration.recognition.city import moment
from tests.integration.recording.office import HEADINGS, OF_MOJIANG, RecordingOffice, write_sheet
from xlsxwriter import Workbook

from national_sync.errors import HoursRefused, SheetRefused
from national_sync.recording.sheet import SHEET, Imported, write_template

MORNING = moment("2026-03-05 08:00")


def reasons(imported: Imported) -> dict[int, str]:
    return {row.row: str(row.reason) for row in imported.refused}


def test_one_entry_is_a_local_row_that_the_engine_sends(office: RecordingOffice) -> None:
    entered = office.enter("08:00", "10:30", remark="清扫")
    assert (entered["service_seconds"], entered["is_late"], entered["due_on"]) == (9_000, False, "2026-03-19")
    assert office.records() == [(1, 1, 1, MORNING, MORNING + 9_000, 9_000, "清扫", None)]
    [(actor, detail)] = office.city.rows("SELECT actor, detail FROM audit_entry WHERE action = 'hours.entered'")
    assert (actor, "V5308" in detail) == ("operator:chen", False)


def test_a_late_entry_is_taken_and_said_to_be_late(office: RecordingOffice) -> None:
    office.now = moment("2026-03-19 23:59")
    assert not office.enter("08:00", "09:00")["is_late"]
    office.now += 60
    assert office.enter("09:00", "10:00")["is_late"]


def test_what_the_national_side_would_refuse_is_refused_before_anything_is_written(office: RecordingOffice) -> None:
    """Each reason of the pure rules has its own unit test; here is what they are asked about."""
    office.enter("08:00", "10:00")
    city, later = office.city, "2026-03-18 21:00"
    city.serve(2, 3600, "2026-03-05 08:00", state="rejected")
    gone = city.volunteer()
    city.merge(kept=1, gone=gone)
    city.project(1, day="2026-03-05", state="closed_by_hand", name="已关闭")
    unchecked = city.volunteer(real_name_state="in_review")
    city.join(unchecked, 1)
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("it overlaps another record", {"begin": "09:59", "end": "11:00"}),
        ("there is no volunteer V1", {"volunteer": "V1"}),
        ("there is no project 没有", {"project": "没有"}),
        ("several projects are called 清洁家园", {"project": "清洁家园", "twin": True}),
        ("was merged into another one", {"volunteer": str(gone)}),
        ("the project is closed", {"project": "已关闭"}),
        ("real-name check has not passed", {"volunteer": str(unchecked)}),
        ("has another name", {"name": "李四"}),
        ("it lies in the future", {"day": date(2026, 3, 18), "begin": "20:00", "end": later[11:]}),
        ("county is not for this account", {"operator": OF_MOJIANG}),
    ]
    before = office.records()
    for reason, given in wrong:
        if given.pop("twin", False):
            city.project(1, day="2026-03-06")
        with pytest.raises(HoursRefused) as refusal:
            office.enter(**{"begin": "12:00", "end": "13:00", **given})
        assert reason in str(refusal.value)
    assert office.records() == before
    office.enter("08:00", "09:00", volunteer="2")


def test_hours_of_both_registrations_of_a_merged_person_are_looked_at(office: RecordingOffice) -> None:
    gone = office.city.volunteer()
    office.city.serve(gone, 3600, "2026-03-05 09:00")
    office.city.merge(kept=1, gone=gone)
    with pytest.raises(HoursRefused, match="overlaps another record"):
        office.enter("08:00", "10:00")


def test_all_rows_of_a_sheet_are_taken_or_none(office: RecordingOffice, tmp_path: Path) -> None:
    file = write_sheet(
        tmp_path / "march.xlsx",
        [
            office.row(1),
            [None] * 7,
            office.row(1, "09:00", "11:00"),
            office.row(2, "25:00", "八点"),
            office.row(2, "08:00", "07:00", 姓名="李四"),
            office.row(2),
            office.row(2, 备注="=1+1", 志愿者编号=530802199004120000.0),
            office.row(2, "12:00", "13:00", 服务日期=None),
        ],
    )
    imported = office.take(file)
    assert (imported.rows, imported.valid, imported.taken, office.records()) == (7, 2, False, [])
    told = reasons(imported)
    assert list(told) == [4, 5, 6, 8, 9]
    assert told[4] == "it overlaps row 2 of this file"
    assert told[5].splitlines() == [
        "开始时间: 25:00 is no time of day such as 08:30",
        "结束时间: 八点 is no time of day such as 08:30",
    ]
    assert "has another name" in told[6]
    assert "format the cell as text" in told[8]
    assert "begins like a formula" in told[8]
    assert told[9] == "服务日期: is missing"
    assert office.take(file, only_valid=True, dry_run=True).taken is False
    assert office.take(file, only_valid=True).taken
    assert [record[:3] for record in office.records()] == [(1, 1, 1), (2, 1, 1)]
    again = office.take(file, only_valid=True)
    assert (again.valid, again.taken) == (0, False)
    assert "it overlaps another record of this person" in reasons(again)[2]


def test_a_sheet_longer_than_one_step_is_taken_whole_and_counted_once(office: RecordingOffice, tmp_path: Path) -> None:
    lines = [
        office.row(2, f"{minute // 60:02}:{minute % 60:02}", f"{minute // 60:02}:{minute % 60 + 1:02}", 服务日期=day)
        for day in (f"2026-03-{number:02}" for number in range(6, 18))
        for minute in range(0, 600, 60)
    ]
    imported = office.take(write_sheet(tmp_path / "many.xlsx", [*lines, office.row(1)]))
    assert (imported.taken, imported.valid, imported.late) == (True, 121, 0)
    eleventh = office.row(2, "23:00", "23:30", 服务日期="2026-03-06")
    refused = office.take(write_sheet(tmp_path / "more.xlsx", [eleventh]))
    assert "as many stretches of that day" in reasons(refused)[2]


def test_cells_that_a_program_turned_into_dates_and_times_are_read(office: RecordingOffice, tmp_path: Path) -> None:
    file = tmp_path / "dates.xlsx"
    with Workbook(file) as workbook:
        page = workbook.add_worksheet(SHEET)
        day, hour = (workbook.add_format({"num_format": form}) for form in ("yyyy-mm-dd", "hh:mm"))
        page.write_row(0, 0, HEADINGS)
        page.write_row(1, 0, office.row(1))
        page.write_number(1, 2, 1)
        page.write_datetime(1, 3, date(2026, 3, 5), day)
        page.write_datetime(1, 4, time(8, 30), hour)
        page.write_datetime(1, 5, time(10, 0), hour)
    assert office.take(file).taken
    assert office.records()[0][3:5] == (MORNING + 1_800, MORNING + 7_200)


@pytest.mark.parametrize(
    ("headings", "problem"),
    [(HEADINGS[1:], "missing or were renamed: 志愿者编号"), ([*HEADINGS, "姓名"], "stand there twice: 姓名")],
)
def test_a_sheet_with_other_headings_is_refused(
    office: RecordingOffice, tmp_path: Path, headings: list[str], problem: str
) -> None:
    with pytest.raises(SheetRefused, match=problem):
        office.take(write_sheet(tmp_path / "other.xlsx", [office.row()], headings))


def test_the_template_is_a_sheet_without_rows(office: RecordingOffice, tmp_path: Path) -> None:
    write_template(tmp_path / "empty.xlsx")
    with pytest.raises(SheetRefused, match="no row that is filled in"):
        office.take(tmp_path / "empty.xlsx")
