"""The county office: opens the sheet it was sent, fills it in and saves it, in its own program and in its own way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from national_sync.reconcile.sheets import GUIDE, SHEET, Name

COLUMN = {name: position for position, name in enumerate(Name)}


def read(path: Path, sheet: str = SHEET) -> list[list[Any]]:
    with CalamineWorkbook.from_path(path) as workbook:
        return workbook.get_sheet_by_name(sheet).to_python()


def guide(path: Path) -> str:
    return "\n".join(str(row[0]) for row in read(path, GUIDE))


def save(path: Path, rows: list[list[Any]], also: Callable[[Worksheet], object] = lambda _sheet: None) -> Path:
    """As a program saves it that knows nothing of ours: locks and lists are gone, numbers are numbers."""
    with Workbook(path, {"strings_to_formulas": False}) as workbook:
        sheet = workbook.add_worksheet(SHEET)
        for number, row in enumerate(rows):
            for position, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(number, position, cell)
                else:
                    sheet.write(number, position, cell)
        also(sheet)
    return path


def fill_in(path: Path, decisions: dict[int, dict[Name, Any]], *, saved_as: str = "filled.xlsx") -> Path:
    """Write into the rows of these mismatches."""
    rows = read(path)
    for row in rows[1:]:
        for name, written in decisions.get(int(row[0]), {}).items():
            row[COLUMN[name]] = written
    return save(path.with_name(saved_as), rows)
