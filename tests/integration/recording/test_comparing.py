"""S4: the record book of a team beside the national records; differences become mismatches."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.integration.recording.office import RecordingOffice, write_sheet

from national_sync.errors import NotFound
from national_sync.recording.comparing import Compared, compare


def book(office: RecordingOffice, file: Path, lines: list[list[Any]], team: int = 1) -> Compared:
    with office.city.database.write() as connection:
        path = write_sheet(file, lines)
        return compare(connection, path, team, date(2026, 3, 1), date(2026, 3, 31), office.act)


def open_mismatches(office: RecordingOffice) -> list[Any]:
    return office.city.rows(
        "SELECT row_id, field, ours, theirs, county FROM mismatch WHERE kind = 'book_differs' AND state = 'open'"
        " ORDER BY row_id, field"
    )


def test_every_difference_is_one_mismatch_until_both_agree(office: RecordingOffice, tmp_path: Path) -> None:
    city, file = office.city, tmp_path / "book.xlsx"
    city.serve(1, 7_200, "2026-03-05 08:00")
    late = city.serve(2, 3_600, "2026-03-05 08:30")
    alone = city.serve(2, 3_600, "2026-03-06 08:00")
    for state, day in (("rejected", "07"), ("applying", "08")):
        city.serve(2, 3_600, f"2026-03-{day} 08:00", state=state)
    city.serve(2, 3_600, "2026-04-01 08:00")
    lines = [office.row(1), office.row(2, "08:00", "09:30"), office.row(1, "19:00", "20:00", 服务日期="2026-03-09")]
    start = office.city.rows("SELECT started_at FROM hour_record WHERE id = :id", id=late)[0][0]
    compared = book(office, file, lines)
    assert (compared.lines, compared.alike, compared.differing, compared.not_in_book) == (3, 1, 1, 1)
    assert (compared.not_national, compared.opened, compared.closed) == ([4], 2, 0)
    expected = [
        (late, "started_at", str(start - 1_800), str(start), "530802"),
        (alone, "", None, None, "530802"),
    ]
    assert open_mismatches(office) == expected
    again = book(office, file, lines)
    assert (again.opened, again.closed) == (0, 0)
    city.change("hour_record", late, started_at=start - 1_800)
    healed = book(office, file, [*lines, office.row(2, "08:00", "09:00", 服务日期="2026-03-06")])
    assert (healed.alike, healed.opened, healed.closed, open_mismatches(office)) == (3, 0, 2, [])
    [(action, detail)] = city.rows("SELECT action, detail FROM audit_entry ORDER BY id DESC LIMIT 1")
    assert (action, detail) == ("hours.compared", '{"closed": 2, "lines": 4, "opened": 0}')


def test_a_difference_that_was_accepted_is_not_opened_again(office: RecordingOffice, tmp_path: Path) -> None:
    office.city.serve(1, 3_600, "2026-03-05 08:00")
    lines = [office.row(1)]
    assert book(office, tmp_path / "book.xlsx", lines).opened == 1
    with office.city.database.write() as connection:
        connection.exec_driver_sql("UPDATE mismatch SET state = 'closed', resolution = 'national'")
    assert book(office, tmp_path / "book.xlsx", lines).opened == 0
    assert book(office, tmp_path / "book.xlsx", [office.row(1, "08:00", "11:00")]).opened == 1


def test_hours_of_a_merged_registration_are_the_persons(office: RecordingOffice, tmp_path: Path) -> None:
    gone = office.city.volunteer()
    office.city.serve(gone, 7_200, "2026-03-05 08:00")
    office.city.merge(kept=1, gone=gone)
    assert book(office, tmp_path / "book.xlsx", [office.row(1)]).alike == 1


def test_nothing_is_compared_while_a_row_is_wrong(office: RecordingOffice, tmp_path: Path) -> None:
    city = office.city
    city.serve(1, 3_600, "2026-03-05 08:00")
    elsewhere = city.project(city.team("别的队"), day="2026-03-05", name="别处")
    lines = [
        office.row(1),
        office.row(1, 服务日期="2026-04-01"),
        office.row(1, 项目=str(elsewhere)),
        office.row(1, "八点"),
        office.row(1, 姓名="李四"),
    ]
    compared = book(office, tmp_path / "book.xlsx", lines)
    assert {row.row: str(row.reason) for row in compared.refused} == {
        3: "this day is not within the book",
        4: "this project is another team's",
        5: "开始时间: 八点 is no time of day such as 08:30",
        6: f"the volunteer {office.number(1)} has another name",
    }
    assert open_mismatches(office) == []
    with pytest.raises(NotFound):
        book(office, tmp_path / "other.xlsx", lines, team=99)
