"""Workbooks, the same bytes for the same content; text stays text, whatever it begins with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

_SAFE: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_CREATED: Final = datetime(2020, 7, 15)
"""Workbooks tell when they were made; ours say the day of the Measures, so that a repeat gives the same bytes."""


class Book:
    """A workbook in the making, with the few formats that forms need."""

    def __init__(self, workbook: Workbook) -> None:
        self.workbook = workbook
        font = {"font_name": "Noto Sans SC", "font_size": 10, "valign": "vcenter"}
        self.title = workbook.add_format({**font, "bold": True, "font_size": 14})
        self.note = workbook.add_format({**font, "font_color": "#555555"})
        self.heading = workbook.add_format(
            {**font, "bold": True, "bg_color": "#E8EEF2", "border": 1, "text_wrap": True, "align": "center"}
        )
        self.text = workbook.add_format({**font, "border": 1, "num_format": "@"})
        self.number = workbook.add_format({**font, "border": 1, "num_format": "0"})
        self.hours = workbook.add_format({**font, "border": 1, "num_format": "0.00"})
        self.percent = workbook.add_format({**font, "border": 1, "num_format": "0.0%"})

    def sheet(self, name: str, columns: Sequence[tuple[str, int]], *, top: Sequence[str] = ()) -> Worksheet:
        """A sheet with lines on top, then a frozen row of headings `(text, width)`; `top_row` gives the first free row."""
        sheet = self.workbook.add_worksheet(name)
        for number, (_heading, width) in enumerate(columns):
            sheet.set_column(number, number, width)
        for number, line in enumerate(top):
            sheet.write_string(number, 0, line, self.title if number == 0 else self.note)
        for number, (heading, _width) in enumerate(columns):
            sheet.write_string(len(top), number, heading, self.heading)
        sheet.freeze_panes(len(top) + 1, 0)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        return sheet

    def row(self, sheet: Worksheet, number: int, values: Iterable[Any], formats: Sequence[Format] = ()) -> None:
        """Text as text, whole numbers as numbers, None as an empty cell."""
        for column, value in enumerate(values):
            chosen = formats[column] if column < len(formats) else None
            match value:
                case None:
                    sheet.write_blank(number, column, None, chosen or self.text)
                case int() | float():
                    sheet.write_number(number, column, value, chosen or self.number)
                case _:
                    sheet.write_string(number, column, str(value), chosen or self.text)


@contextmanager
def new_book(file: Path) -> Iterator[Book]:
    workbook = xlsxwriter.Workbook(str(file), _SAFE)
    workbook.set_properties({"created": _CREATED})
    try:
        yield Book(workbook)
    finally:
        workbook.close()
