"""Mismatches into a spreadsheet: one row each, with a drop-down list of what can be chosen."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Final

from sqlalchemy import Connection, text
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from national_sync import audit
from national_sync.clock import local_text
from national_sync.divisions import COUNTIES
from national_sync.errors import UsageError
from national_sync.i18n import N_, _, say, say_numbered
from national_sync.operators.rights import Operator, Right, require
from national_sync.prose.causes import cause
from national_sync.prose.codes import code_word
from national_sync.prose.fields import field_name
from national_sync.prose.words import word
from national_sync.reconcile.briefs import Brief, briefs_of
from national_sync.reconcile.coded import with_words
from national_sync.reconcile.kinds import way
from national_sync.reconcile.search import Filter, where, within
from national_sync.reconcile.sheets import (
    COLUMNS,
    GUIDE,
    LOCKED,
    MOST_ROWS,
    OPEN,
    SHEET,
    Name,
    checksum,
    choices_in_sheet,
    heading,
    label,
    neutral,
    tidy,
)
from national_sync.reconcile.showing import without_numbers
from national_sync.sealing import Sealer
from national_sync.store.database import Database
from national_sync.sync.kinds import DECISIONS, MismatchKind
from national_sync.sync.slices import slices

_ORDER: Final = list(Name)
_DECISION: Final = _ORDER.index(Name.DECISION)
_READ_TOGETHER: Final = 1_000
"""Mismatches whose facts are in memory at a time."""


@dataclass
class Exported:
    """What was written."""

    export: str
    """Names this export; it stands in each row and in the audit."""
    county: str | None
    left_out: int
    """Open ones about which nothing can be chosen."""
    rows: int = 0
    spans: dict[tuple[MismatchKind, bool], tuple[int, int]] = field(default_factory=dict)
    """By kind and whether it is about a field: the first and the last row."""


def export_to(
    database: Database, sealer: Sealer, operator: Operator, wanted: Filter, path: Path, *, now: int
) -> Exported:
    """Write every open mismatch that fits and has no decision yet. Raises UsageError, NotAllowed.

    The file is its owner's alone, and none is left when something fails.
    """
    require(operator, Right.DECIDE, county=operator.county)
    if path.suffix.lower() != ".xlsx":
        raise UsageError(N_("The sheet is an Excel workbook; name it {file}.xlsx"), file=path.stem)
    wanted = replace(within(wanted, operator), state="open", decided=False)
    with _new_file(path) as file:
        with database.read() as connection:
            exported = _write(connection, sealer, wanted, file, now)
        detail = {"export": exported.export, "count": exported.rows, "county": exported.county}
        with database.write(durable=True) as connection:
            audit.append(connection, audit.Entry(now, operator.actor, "mismatch.exported", detail=detail))
    return exported


def _write(connection: Connection, sealer: Sealer, wanted: Filter, file: BinaryIO, now: int) -> Exported:
    ids, left_out = _wanted_ids(connection, wanted, now)
    exported = Exported(secrets.token_hex(6), wanted.county, left_out)
    workbook = Workbook(file, {"constant_memory": True})
    _write_mismatches(workbook, _facts_of(connection, sealer, ids), sealer, exported)
    _write_guide(workbook, exported, now)
    workbook.close()
    return exported


def _facts_of(connection: Connection, sealer: Sealer, ids: list[int]) -> Iterator[Brief]:
    for some in slices(ids, _READ_TOGETHER):
        yield from briefs_of(connection, sealer, some)


def _wanted_ids(connection: Connection, wanted: Filter, now: int) -> tuple[list[int], int]:
    """The ids in the order of the rows, and how many leave nothing to choose."""
    condition, parameters = where(wanted, now=now)
    decidable = ", ".join(f"'{kind}'" for kind in DECISIONS)
    found = connection.execute(
        text(f"SELECT id FROM mismatch WHERE {condition} AND kind IN ({decidable}) ORDER BY kind, field = '', id"),
        parameters,
    )
    ids = list(found.scalars())
    if len(ids) > MOST_ROWS:
        raise UsageError(
            N_("{count} mismatches are too many for one sheet; it holds {most}."),
            hint=N_("Export county by county: --county CODE"),
            count=len(ids),
            most=MOST_ROWS,
        )
    everything = connection.execute(text(f"SELECT COUNT(*) FROM mismatch WHERE {condition}"), parameters)
    return ids, everything.scalar_one() - len(ids)


@contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that was not there before, readable for its owner only, and gone again when something fails."""
    try:
        file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600), "wb")
    except FileExistsError as error:
        raise UsageError(N_("{file} is there already; nothing was written over it."), file=path) from error
    except OSError as error:
        raise UsageError(N_("{file} cannot be written: {reason}"), file=path, reason=error.strerror or "") from error
    try:
        with file:
            yield file
    except BaseException:
        path.unlink()
        raise


_BINARY: Final = getattr(os, "O_BINARY", 0)
"""Only Windows has it, and turns line ends without it."""


# The sheet of mismatches


def _write_mismatches(workbook: Workbook, every: Iterable[Brief], sealer: Sealer, exported: Exported) -> None:
    sheet = workbook.add_worksheet(SHEET)
    formats = _formats(workbook)
    _lay_out(sheet, formats)
    for facts in every:
        exported.rows += 1
        _note_span(exported, facts)
        for position, cell in enumerate(_cells(facts, sealer, exported.export)):
            sheet.write_string(exported.rows, position, neutral(cell), formats[_ORDER[position]])
    for (kind, has_field), (first, last) in exported.spans.items():
        sheet.data_validation(first, _DECISION, last, _DECISION, _drop_down(kind, has_field))
    sheet.autofilter(0, 0, exported.rows, len(_ORDER) - 1)
    sheet.ignore_errors({"number_stored_as_text": f"A1:{xl_col_to_name(len(_ORDER) - 1)}{exported.rows + 1}"})


def _formats(workbook: Workbook) -> dict[Name | str, Format]:
    usual = {"valign": "top", "text_wrap": True, "font_size": 10, "num_format": "@"}
    locked = workbook.add_format({**usual, "font_color": "#333333", "bg_color": "#F4F6F9", "border": 1})
    inner = workbook.add_format({**usual, "font_color": "#8A929E", "bg_color": "#F4F6F9", "text_wrap": False})
    open_cell = workbook.add_format({**usual, "locked": False, "bg_color": "#FFFBE6", "border": 1})
    heading_ = workbook.add_format({"bold": True, "font_color": "#FFFFFF", "bg_color": "#1D5F9E", "text_wrap": True})
    by_column: dict[Name | str, Format] = {name: open_cell if name in OPEN else locked for name in Name}
    return {**by_column, Name.FACTS: inner, Name.CHECKSUM: inner, "heading": heading_}


def _lay_out(sheet: Worksheet, formats: Mapping[Name | str, Format]) -> None:
    """Headings that stay in sight, widths, paper; everything locked but what is to be filled in."""
    for position, (name, column) in enumerate(COLUMNS.items()):
        sheet.set_column(position, position, column.width)
        sheet.write_string(0, position, heading(name), formats["heading"])
    sheet.freeze_panes(1, 1)
    sheet.protect("", {"autofilter": True, "format_columns": True, "format_rows": True})
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _note_span(exported: Exported, facts: Brief) -> None:
    """Rows of one kind stand together, so that a few lists serve many rows."""
    span = (facts.kind, bool(facts.field))
    first, _last = exported.spans.get(span, (exported.rows, exported.rows))
    exported.spans[span] = (first, exported.rows)


def _drop_down(kind: MismatchKind, has_field: bool) -> dict[str, Any]:
    return {
        "validate": "list",
        "source": [label(kind, choice) for choice in choices_in_sheet(kind, "field" if has_field else "")],
        "error_title": _(N_("Decision")),
        "error_message": _(N_("Choose from the list, or leave the cell empty.")),
    }


def _cells(facts: Brief, sealer: Sealer, export: str) -> list[str]:
    cells = {
        Name.ID: str(facts.id),
        Name.COUNTY: COUNTIES.get(facts.county or "", facts.county or ""),
        Name.KIND: word(facts.kind),
        Name.RECORD: f"{word(facts.entity)} {_brief(facts.record)}",
        Name.FIELD: field_name(facts.field),
        Name.BASE: with_words(facts.field, facts.base or ""),
        Name.OURS: with_words(facts.field, facts.ours or ""),
        Name.THEIRS: with_words(facts.field, facts.theirs or ""),
        Name.CONTEXT: "; ".join(_context(facts)),
        Name.PROPOSAL: _proposal(facts),
        Name.FACTS: facts.digest,
    }
    tidied = {name: tidy(cell) for name, cell in cells.items()}
    tidied[Name.CHECKSUM] = checksum(sealer, export, (tidied[name] for name in LOCKED))
    return [tidied.get(name, "") for name in _ORDER]


def _brief(record: Mapping[str, str | None]) -> str:
    """The values tell by themselves what they are; the division stands in a column of its own."""
    told = ((name, value) for name, value in record.items() if value and not name.endswith(_NOT_TOLD))
    return ", ".join(code_word(name, value) for name, value in told)


_NOT_TOLD: Final = ("area_id", "national_id", "row_id")


def _context(facts: Brief) -> Iterator[str]:
    """What the page of a mismatch tells besides: the other records, what was said there, what it is held against."""
    for other in facts.others:
        yield _(N_("together with {record}"), record=_brief(other))
    for name in ("words", "fault"):
        if facts.detail.get(name):
            yield say_numbered(word(without_numbers(str(facts.detail[name]))))
    for name, value in facts.limits.items():
        if value:
            yield f"{field_name(name)} {value}"


_FOR_OFFICE: Final[Mapping[MismatchKind, str]] = {
    MismatchKind.SAME_PERSON_TWICE: N_("The city office has the two merged. Accept only if it has to wait."),
    MismatchKind.STAR_DIFFERS: N_(
        "The city office applies nationally for the star certified here; it closes when both agree."
    ),
}
"""Instead of the reasons that name commands, which an office with a sheet does not have."""


def _proposal(facts: Brief) -> str:
    reason = say(_FOR_OFFICE.get(facts.kind, facts.proposal.reason))
    if facts.proposal.choice not in choices_in_sheet(facts.kind, facts.field):
        return reason
    return f"{label(facts.kind, facts.proposal.choice)}: {reason}"


# The sheet that explains


def _write_guide(workbook: Workbook, exported: Exported, now: int) -> None:
    sheet = workbook.add_worksheet(GUIDE)
    sheet.set_column(0, 0, 110)
    plain = workbook.add_format({"text_wrap": True, "valign": "top"})
    bold = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    for row, (line, is_heading) in enumerate(_guide(exported, now)):
        sheet.write_string(row, 0, neutral(line), bold if is_heading else plain)


def _guide(exported: Exported, now: int) -> Iterator[tuple[str, bool]]:
    yield _(N_("How to fill in the sheet of mismatches")), True
    for text_ in _HOW_TO:
        yield _(text_), False
    yield (
        _(
            N_("Export {export}, {moment}: {count} rows"),
            export=exported.export,
            moment=local_text(now),
            count=exported.rows,
        ),
        False,
    )
    for kind, has_field in exported.spans:
        yield word(kind), True
        yield cause(kind), False
        for choice in choices_in_sheet(kind, "field" if has_field else ""):
            yield f"{label(kind, choice)}: {way(kind, choice)}", False


_HOW_TO: Final = (
    N_("Choose in the yellow column Decision from the list; leave it empty for what shall stay open."),
    N_("Other value: choose it where it is offered, and write the value into New value."),
    N_("A remark is kept with the mismatch. Please write no ID numbers or phone numbers into it."),
    N_("Change nothing else: rows may be left out, but the grey cells are checked when the file comes back."),
    N_("Save as an Excel workbook (.xlsx) and send it back; no .xls, .csv or .et file, no formulas, no merged cells."),
)
