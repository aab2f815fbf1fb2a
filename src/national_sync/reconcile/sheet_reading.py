"""A filled-in sheet of mismatches as rows of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from national_sync.i18n import N_, Phrase
from national_sync.reconcile.sheets import COLUMNS, MOST_ROWS, OPEN, SHEET, Name, heading, restored
from national_sync.sheet_files import as_text, refused, rows_under


@dataclass(frozen=True)
class SheetRow:
    number: int
    """As the spreadsheet counts, from 1."""
    cells: Mapping[Name, str]
    fault: Phrase | None = None
    """A cell that could not be read as text."""


def rows_of(path: Path) -> Iterator[SheetRow]:
    """The rows that hold anything. Raises SheetRefused, UsageError."""
    count = 0
    for number, values in rows_under(path, SHEET, [heading(name) for name in COLUMNS]):
        row = _row(number, values)
        if row.fault is None and not any(row.cells.values()):
            continue
        count += 1
        if count > MOST_ROWS:
            raise refused(path, Phrase(N_("it has more than {most} rows; give it in parts"), most=MOST_ROWS))
        yield row


def _row(number: int, values: Sequence[Any]) -> SheetRow:
    cells: dict[Name, str] = {}
    for name, value in zip(COLUMNS, values, strict=True):
        text = as_text(value)
        if text is None:
            words = N_("the cell under {heading} holds {what}; format it as text and type it again")
            return SheetRow(number, cells, Phrase(words, heading=heading(name), what=_what(value)))
        cells[name] = restored(text.strip() if name in OPEN else text)
    return SheetRow(number, cells)


def _what(value: Any) -> Phrase:
    return Phrase(N_("a truth value")) if isinstance(value, bool) else Phrase(N_("a number that may have lost digits"))
