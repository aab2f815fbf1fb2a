"""A merchant's statement as a workbook: the same bytes for the same statement."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from national_sync.clock import local_text
from national_sync.i18n import N_, _
from national_sync.prose.words import word

_SAFE: Final = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_CREATED: Final = datetime(2020, 7, 15)
"""Workbooks tell when they were made; a repeat shall give the same bytes."""
_WIDTHS: Final = (8, 20, 16, 30, 8, 12, 12)


def write_statement(file: Path, statement: Mapping[str, Any]) -> None:
    """`statement` is a settlement with its merchant's name and its lines."""
    with xlsxwriter.Workbook(str(file), _SAFE) as workbook:
        workbook.set_properties({"created": _CREATED})
        hours = workbook.add_format({"num_format": "0.00"})
        sheet = workbook.add_worksheet(_(N_("Statement")))
        for column, width in enumerate(_WIDTHS):
            sheet.set_column(column, column, width)
        sheet.write_string(0, 0, f"{statement['merchant']}  {statement['period']}")
        sums = {
            N_("Hours before"): "opening_seconds",
            N_("Redeemed"): "redeemed_seconds",
            N_("Given back"): "returned_seconds",
            N_("Hours after"): "closing_seconds",
        }
        for row, (label, name) in enumerate(sums.items(), 1):
            sheet.write_string(row, 0, _(label))
            sheet.write_number(row, 1, statement[name] / 3600, hours)
        sheet.write_string(5, 0, _(N_("Digest")))
        sheet.write_string(5, 1, statement["digest"])
        headings = (
            N_("No."), N_("When"), N_("What"), N_("Offer"), N_("Pieces"), N_("Hours"), N_("Balance"),
        )  # fmt: skip
        for column, heading in enumerate(headings):
            sheet.write_string(7, column, _(heading))
        for row, line in enumerate(statement["lines"], 8):
            sheet.write_number(row, 0, line["version"])
            sheet.write_string(row, 1, local_text(line["at"]))
            sheet.write_string(row, 2, word(line["kind"]))
            sheet.write_string(row, 3, line["offer"] or "")
            sheet.write_number(row, 4, line["quantity"] or 0)
            sheet.write_number(row, 5, line["seconds"] / 3600, hours)
            sheet.write_number(row, 6, line["balance_after"] / 3600, hours)
