"""A workbook that people filled in, row by row. Every file that is none is refused with what to do about it.

Nothing in the file is carried out. Cells come as the spreadsheet stored them; `as_text` says which of them have lost
something there.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, WorksheetNotFound

from national_sync.errors import SheetRefused, UsageError
from national_sync.i18n import N_, Lines, Phrase
from national_sync.sheet_stream import Scan, UnusualSheet, part_of, scan, stream

_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0"
_ZIP: Final = b"PK\x03\x04"
_MOST_BYTES: Final = 400_000_000
"""Unpacked. A full sheet of ours takes a quarter of it."""
_MOST_NAMED: Final = 10
_EXACT: Final = 10**15
"""Up to here a spreadsheet's number holds every digit."""


@dataclass(frozen=True)
class RefusedRow:
    """A row that was not taken."""

    row: int
    """As the spreadsheet counts."""
    reason: Phrase | Lines


def rows_under(path: Path, sheet: str, headings: Sequence[str]) -> Iterator[tuple[int, list[Any]]]:
    """Each row's number, as the spreadsheet counts, and its cells under these headings; other columns do not matter.

    Raises SheetRefused, UsageError.
    """
    scans = _check_file(path)
    try:
        yield from _usual_rows(path, sheet, headings, scans)
    except UnusualSheet:
        yield from _any_rows(path, sheet, headings)
    except KeyError as error:
        words = N_("it has no sheet named {sheet}; give back the file that was exported")
        raise refused(path, Phrase(words, sheet=sheet)) from error
    except (ElementTree.ParseError, ValueError, IndexError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise refused(path, Phrase(N_("it is damaged; export anew"))) from error


def _usual_rows(
    path: Path, sheet: str, headings: Sequence[str], scans: Mapping[str, Scan]
) -> Iterator[tuple[int, list[Any]]]:
    """In memory that does not grow with the sheet."""
    with zipfile.ZipFile(path) as archive:
        part = part_of(archive, sheet)
        if part not in scans or not scans[part].is_usual:
            raise UnusualSheet(part)
        _refuse_merged(path, scans[part].merged)

        def choose(first: Mapping[str, Any]) -> Mapping[str, int]:
            letters = list(first)
            found = _places(path, list(first.values()), headings)
            return {letters[column]: place for place, column in enumerate(found)}

        yield from stream(archive, part, choose)


def _any_rows(path: Path, sheet: str, headings: Sequence[str]) -> Iterator[tuple[int, list[Any]]]:
    """By the reader that knows every form of workbook, and holds the whole sheet."""
    try:
        with CalamineWorkbook.from_path(path) as workbook:
            opened = workbook.get_sheet_by_name(sheet)
            _check_merged(path, opened)
            yield from _rows(path, opened, headings)
    except WorksheetNotFound as error:
        words = N_("it has no sheet named {sheet}; give back the file that was exported")
        raise refused(path, Phrase(words, sheet=sheet)) from error
    except CalamineError as error:
        raise refused(path, Phrase(N_("it is damaged; export anew"))) from error


def filled_rows(path: Path, sheet: str, headings: Sequence[str], most: int) -> Iterator[tuple[int, list[Any]]]:
    """The rows that hold anything. Raises SheetRefused for more of them than `most`."""
    count = 0
    for number, cells in rows_under(path, sheet, headings):
        if all(cell == "" for cell in cells):
            continue
        count += 1
        if count > most:
            raise refused(path, Phrase(N_("it has more than {most} rows; give it in parts"), most=most))
        yield number, cells


def refused(path: Path, *problems: Phrase) -> SheetRefused:
    return SheetRefused(file=path.name, problems=Lines(problems))


def as_text(value: Any) -> str | None:
    """A cell as text; None for what has lost something in the spreadsheet."""
    match value:
        case str():
            return value
        case bool():
            return None
        case int() | float():
            return str(int(value)) if abs(value) < _EXACT and value == int(value) else None
        case datetime():
            return value.isoformat(" ", "minutes")
        case date():
            return value.isoformat()
        case _:
            return None


# The file


def _check_file(path: Path) -> Mapping[str, Scan]:
    """The worksheets. Raises SheetRefused, UsageError."""
    try:
        with path.open("rb") as file:
            beginning = file.read(8)
    except OSError as error:
        raise UsageError(N_("{file}: it cannot be read ({reason})"), file=path, reason=error.strerror or "") from error
    if beginning.startswith(_OLD_OFFICE):
        raise refused(path, Phrase(N_("it is an old .xls workbook, or one with a password; {advice}"), advice=_ADVICE))
    if not beginning.startswith(_ZIP):
        raise refused(path, Phrase(N_("it is text such as .csv, and no workbook; {advice}"), advice=_ADVICE))
    return _check_parts(path)


_ADVICE: Final = Phrase(
    N_("open it in Excel or WPS, choose Save as, and there Excel workbook (.xlsx), without a password")
)


def _check_parts(path: Path) -> Mapping[str, Scan]:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if "xl/workbook.xml" not in archive.namelist():
                raise refused(path, Phrase(N_("it is no .xlsx workbook; {advice}"), advice=_ADVICE))
            if sum(part.file_size for part in parts) > _MOST_BYTES:
                raise refused(path, Phrase(N_("unpacked it is larger than any sheet that was exported")))
            scans = {
                part.filename: scan(archive, part.filename)
                for part in parts
                if part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml")
            }
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise refused(path, Phrase(N_("it is damaged; export anew"))) from error
    formulas = [cell for one in scans.values() for cell in one.formulas]
    if formulas:
        words = N_("there are formulas in {cells}; write the values themselves")
        raise refused(path, Phrase(words, cells=_named(formulas)))
    return scans


def _named(cells: Sequence[str]) -> str:
    return ", ".join(cells[:_MOST_NAMED]) + (" …" if len(cells) > _MOST_NAMED else "")


def _check_merged(path: Path, sheet: CalamineSheet) -> None:
    merged = sheet.merged_cell_ranges or []
    cells = [f"{_letters(start[1])}{start[0] + 1}:{_letters(end[1])}{end[0] + 1}" for start, end in merged]
    _refuse_merged(path, cells)


def _refuse_merged(path: Path, cells: Sequence[str]) -> None:
    if cells:
        words = N_("there are merged cells, {cells}; separate them again")
        raise refused(path, Phrase(words, cells=_named(cells)))


def _letters(column: int) -> str:
    """0 is A, 26 is AA."""
    before, last = divmod(column, 26)
    return (_letters(before - 1) if before else "") + chr(ord("A") + last)


# The rows


def _rows(path: Path, sheet: CalamineSheet, headings: Sequence[str]) -> Iterator[tuple[int, list[Any]]]:
    first = sheet.start[0] if sheet.start else 0
    rows = enumerate(sheet.iter_rows(), first + 1)
    places = _places(path, next(rows, (0, []))[1], headings)
    for number, values in rows:
        yield number, [values[place] if place < len(values) else "" for place in places]


def _places(path: Path, found: Sequence[Any], wanted: Sequence[str]) -> list[int]:
    """Where each column stands."""
    written = [" ".join(str(cell).split()) for cell in found]
    missing = [text for text in wanted if text not in written]
    if missing:
        words = N_("these headings are missing or were renamed: {headings}")
        raise refused(path, Phrase(words, headings=", ".join(missing)))
    doubled = [text for text in wanted if written.count(text) > 1]
    if doubled:
        raise refused(path, Phrase(N_("these headings stand there twice: {headings}"), headings=", ".join(doubled)))
    return [written.index(text) for text in wanted]
