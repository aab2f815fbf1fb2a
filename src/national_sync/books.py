"""Reading workbooks that people filled in: values, and the formulas behind them."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from python_calamine import CalamineError, CalamineWorkbook, ZipError

from national_sync.errors import SheetRefused
from national_sync.i18n import N_, Lines, Phrase

MOST_BYTES: Final = 20_000_000
_MOST_SHOWN: Final = 20
_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@dataclass
class Problems:
    """What is wrong with a file, all of it at once."""

    file: str
    found: list[Phrase] = field(default_factory=list)

    def add(self, cell: str, reason: str, /, **facts: object) -> None:
        self.found.append(Phrase(N_("{cell}: {reason}"), cell=cell, reason=Phrase(reason, **facts)))

    def raise_if_any(self) -> None:
        """Raises SheetRefused."""
        if not self.found:
            return
        shown = self.found[:_MOST_SHOWN]
        if len(self.found) > _MOST_SHOWN:
            shown.append(Phrase(N_("… and {count} more"), count=len(self.found) - _MOST_SHOWN))
        raise SheetRefused(file=self.file, problems=Lines(shown))


def refuse(file: Path, reason: str, **facts: object) -> SheetRefused:
    return SheetRefused(file=file.name, problems=Phrase(reason, **facts))


def open_book(file: Path) -> CalamineWorkbook:
    """Raises SheetRefused for anything but a workbook in the form .xlsx."""
    try:
        size = file.stat().st_size
    except OSError as error:
        raise refuse(file, N_("it cannot be read ({kind})"), kind=type(error).__name__) from error
    if size > MOST_BYTES:
        raise refuse(file, N_("it is larger than {megabytes} MB"), megabytes=MOST_BYTES // 1_000_000)
    if not zipfile.is_zipfile(file):
        raise refuse(file, N_("it is no workbook in the form .xlsx; save it as .xlsx from Excel or WPS"))
    try:
        return CalamineWorkbook.from_path(str(file))
    except (CalamineError, ZipError, OSError) as error:
        raise refuse(file, N_("it is no workbook in the form .xlsx; save it as .xlsx from Excel or WPS")) from error


def values(book: CalamineWorkbook, sheet: str) -> list[list[Any]]:
    """The cells of a sheet from A1 on."""
    return book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)


def formulas(file: Path, sheet_number: int) -> dict[str, str]:
    """By cell, such as `C7`: the formula, without blanks and in capitals; the first sheet has number 1."""
    with zipfile.ZipFile(file) as archive:
        try:
            content = archive.read(f"xl/worksheets/sheet{sheet_number}.xml")
        except KeyError:
            return {}
    found = {}
    for cell in ElementTree.fromstring(content).iter(f"{_MAIN}c"):
        formula = cell.find(f"{_MAIN}f")
        if formula is not None:
            found[cell.get("r", "")] = "".join((formula.text or "").split()).upper()
    return found


def text_of(value: Any) -> str:
    """A cell as text; a whole number without its `.0`."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def whole_number(value: Any) -> int | None:
    """A cell as a whole number not below zero; None where it is none."""
    text = text_of(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def cell_name(row: int, column: int) -> str:
    """`C7` for row 6, column 2, counted from zero."""
    return f"{chr(ord('A') + column)}{row + 1}"


def row_is_empty(row: Sequence[Any]) -> bool:
    return all(text_of(value) == "" for value in row)
