"""Registrations by spreadsheet: streamed, all or nothing, every wrong row told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from tests.integration.registration.office import CITY, OF_MOJIANG, RegistrationOffice, form, id_number, write_sheet
from xlsxwriter import Workbook

from national_sync.errors import SheetRefused
from national_sync.operators.rights import Operator
from national_sync.registration.importing import Imported, take_sheet
from national_sync.registration.sheet import SHEET, headings, write_template
from national_sync.registration.stages import State, chosen


def take(office: RegistrationOffice, file: Path, operator: Operator = CITY, **how: bool) -> Imported:
    return take_sheet(office.database, office.desk(operator), file, **how)


def reasons(imported: Imported) -> dict[int, str]:
    return {row.row: str(row.reason) for row in imported.refused}


def registered(office: RegistrationOffice) -> int:
    return len(office.rows("SELECT id FROM registration"))


@pytest.fixture
def half_valid(tmp_path: Path) -> Path:
    people: Sequence[Mapping[str, Any]] = [
        form(2),
        form(4, phone="12"),
        form(6, id_number="530802199004120061"),
        {},
        form(2, name="李又秀"),
        form(8, birth_date="1990/4/12"),
    ]
    return write_sheet(tmp_path / "unit.xlsx", people)


def test_all_rows_are_taken_with_their_steps_and_can_be_approved_together(
    office: RegistrationOffice, tmp_path: Path
) -> None:
    office.person(id_number=id_number(12))
    file = write_sheet(tmp_path / "unit.xlsx", [form(serial) for serial in range(2, 32, 2)])
    imported = take(office, file)
    assert (imported.rows, imported.valid, imported.known, imported.taken) == (15, 15, 1, True)
    assert registered(office) == len(office.rows("SELECT id FROM registration_step")) == 15
    [entry] = office.rows("SELECT action, detail FROM audit_entry WHERE entity = 'registration'")
    assert entry["action"] == "registration.imported"
    assert '"count": 15' in entry["detail"]
    with office.at_work() as (connection, desk):
        assert len(chosen(connection, desk, State.APPROVED, sheet=imported.sheet)) == 15


def test_one_wrong_row_stops_all_and_every_wrong_row_is_told(office: RegistrationOffice, half_valid: Path) -> None:
    imported = take(office, half_valid)
    assert (imported.rows, imported.valid, imported.taken) == (5, 2, False)
    told = reasons(imported)
    assert list(told) == [3, 4, 6]
    assert "no mobile number" in told[3]
    assert "last digit" in told[4]
    assert told[6] == "row 2 of this file has the same ID number"
    assert registered(office) == 0
    assert office.rows("SELECT id FROM audit_entry") == []


def test_only_the_valid_rows_are_taken_when_asked_for(office: RegistrationOffice, half_valid: Path) -> None:
    imported = take(office, half_valid, only_valid=True)
    assert (imported.taken, imported.refused_count) == (True, 3)
    assert [row["sheet_row"] for row in office.rows("SELECT sheet_row FROM registration ORDER BY id")] == [2, 7]
    again = take(office, half_valid, only_valid=True)
    assert again.taken is False
    assert "registration 1 stands for this person already" in reasons(again)[2]
    assert registered(office) == 2


def test_a_trial_takes_nothing(sqlite_office: RegistrationOffice, tmp_path: Path) -> None:
    imported = take(sqlite_office, write_sheet(tmp_path / "unit.xlsx", [form()]), dry_run=True)
    assert (imported.valid, imported.taken, registered(sqlite_office)) == (1, False, 0)


def test_an_id_number_that_became_a_number_is_refused_with_how_to_export_it_again(
    sqlite_office: RegistrationOffice, tmp_path: Path
) -> None:
    file = write_sheet(tmp_path / "unit.xlsx", [{**form(), "id_number": float(id_number(3))}])
    [reason] = reasons(take(sqlite_office, file)).values()
    assert "export it again from its source as text" in reason


def test_phones_and_dates_that_a_program_turned_into_its_own_are_read(
    sqlite_office: RegistrationOffice, tmp_path: Path
) -> None:
    file = tmp_path / "unit.xlsx"
    with Workbook(file) as workbook:
        page = workbook.add_worksheet(SHEET)
        day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        for column, (name, text) in enumerate(headings().items()):
            page.write_string(0, column, text)
            if name == "phone":
                page.write_number(1, column, 13887901234)
            elif name == "fitness_stated_on":
                page.write_datetime(1, column, date(2026, 3, 1), day)
            elif form().get(name):
                page.write_string(1, column, str(form()[name]))
    assert take(sqlite_office, file).taken
    assert sqlite_office.rows("SELECT fitness_stated_on FROM registration") == [{"fitness_stated_on": "2026-03-01"}]


def test_rows_of_another_county_are_refused_to_a_county_office(
    sqlite_office: RegistrationOffice, tmp_path: Path
) -> None:
    people = [form(2), form(4, service_area_id="530822")]
    imported = take(sqlite_office, write_sheet(tmp_path / "unit.xlsx", people), OF_MOJIANG)
    assert list(reasons(imported)) == [2]


def test_missing_renamed_and_doubled_columns_are_named(sqlite_office: RegistrationOffice, tmp_path: Path) -> None:
    renamed = write_sheet(tmp_path / "renamed.xlsx", [form()], renamed={"phone": "手机"})
    with pytest.raises(SheetRefused, match="missing or were renamed"):
        take(sqlite_office, renamed)
    doubled = write_sheet(
        tmp_path / "doubled.xlsx", [form()], renamed={"skills": headings()["name"], "name": headings()["name"]}
    )
    with pytest.raises(SheetRefused):
        take(sqlite_office, doubled)
    with pytest.raises(SheetRefused, match="no row that is filled in"):
        take(sqlite_office, write_sheet(tmp_path / "empty.xlsx", []))


def test_a_sheet_with_a_formula_is_refused_whole(sqlite_office: RegistrationOffice, tmp_path: Path) -> None:
    file = tmp_path / "formula.xlsx"
    with Workbook(file) as workbook:
        page = workbook.add_worksheet(SHEET)
        for column, text in enumerate(headings().values()):
            page.write_string(0, column, text)
        page.write_formula(1, 0, '=HYPERLINK("http://x")')
    with pytest.raises(SheetRefused, match="formulas in A2"):
        take(sqlite_office, file)


def test_the_empty_sheet_has_every_heading_the_codes_and_the_guidance(tmp_path: Path) -> None:
    file = tmp_path / "template.xlsx"
    write_template(file)
    book = CalamineWorkbook.from_path(str(file))
    assert book.sheet_names == ["登记", "代码", "说明"]
    assert book.get_sheet_by_name(SHEET).to_python()[0] == list(headings().values())
    first = file.read_bytes()
    file.unlink()
    write_template(file)
    assert file.read_bytes() == first
