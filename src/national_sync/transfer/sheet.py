"""Transfers of many at once by spreadsheet, as when two schools become one: each person on its own, one report."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from national_sync.acts import Act, rows
from national_sync.books import cell_name, formulas, open_book, refuse, row_is_empty, text_of, values
from national_sync.errors import NotFound, TeamUnclear, TransferRefused
from national_sync.i18n import N_, Phrase
from national_sync.policy import Policy
from national_sync.sheets import new_book
from national_sync.transfer.requests import Reason, Wanted, request
from national_sync.unfit import Unfit

REASON_WORDS: Final = {
    Reason.HOUSEHOLD: "户籍变动",
    Reason.ADDRESS: "住址变动",
    Reason.EMPLOYER: "工作单位变动",
}
_SHEET: Final = "转队"
_NOTES: Final = (
    "志愿者转队申请",
    "队伍填编号、全国标识或名称；区划填 6、9、12 或 18 位代码，不变的留空；日期如 2026-03-05。",
)
_COLUMNS: Final = (
    ("志愿者编号", 24),
    ("姓名", 14),
    ("原队伍", 28),
    ("新队伍", 28),
    ("转队原因", 16),
    ("申请日期", 14),
    ("新服务区域", 22),
    ("新居住区域", 22),
)
_FIELDS: Final = ("volunteer", "name", "from_team", "to_team", "reason", "requested_on", "service_area", "living_area")
_EXACT: Final = 10**15
"""Up to here a spreadsheet's number holds every digit."""
_DAY: Final = re.compile(r"(\d{4})(?:[-/.](\d{1,2})[-/.](\d{1,2})|年(\d{1,2})月(\d{1,2})日|(\d{2})(\d{2}))")


@dataclass(frozen=True)
class Taken:
    """What became of one row: the transfer, or the reason against it."""

    row: int
    volunteer: str
    transfer: int | None = None
    due_on: str | None = None
    problem: Phrase | None = None


def write_template(file: Path) -> None:
    with new_book(file) as book:
        sheet = book.sheet(_SHEET, _COLUMNS, top=_NOTES)
        choice = {"validate": "list", "source": list(REASON_WORDS.values())}
        sheet.data_validation(len(_NOTES) + 1, 4, len(_NOTES) + 5_000, 4, choice)
        for column in range(len(_COLUMNS)):
            sheet.set_column(column, column, _COLUMNS[column][1], book.text)


def take(connection: Connection, policy: Policy, file: Path, act: Act) -> Iterator[Taken]:
    """Request a transfer for each row, in the caller's transaction, and say of each what became of it.

    Raises SheetRefused for a file that is no such sheet. Who wants all or nothing rolls back at the first problem.
    """
    for number, cells in _rows(file):
        raw = {name: _text(value) for name, value in cells.items()}
        try:
            wanted = _wanted(connection, raw, cells)
            requested = request(connection, policy, wanted, act)
        except Unfit as unfit:
            yield Taken(number, raw["volunteer"], problem=unfit.reason)
        except TeamUnclear as error:
            yield Taken(number, raw["volunteer"], problem=Phrase(error.template, **error.facts))
        except NotFound as error:
            yield Taken(number, raw["volunteer"], problem=Phrase(N_("there is no {noun} {id}"), **error.facts))
        except TransferRefused as error:
            reason = error.facts["reason"]
            yield Taken(number, raw["volunteer"], problem=reason if isinstance(reason, Phrase) else Phrase(str(reason)))
        else:
            yield Taken(number, raw["volunteer"], requested.id, requested.due.day.isoformat())


def _rows(file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    book = open_book(file)
    if _SHEET not in book.sheet_names:
        raise refuse(file, N_("it has no sheet {sheet}; fill in: national-sync transfer template FILE"), sheet=_SHEET)
    found = formulas(file, book.sheet_names.index(_SHEET) + 1)
    if found:
        words = N_("there are formulas in {cells}; write the values themselves")
        raise refuse(file, words, cells=", ".join(sorted(found)[:10]))
    cells = values(book, _SHEET)
    top = len(_NOTES)
    wanted = [heading for heading, _width in _COLUMNS]
    if len(cells) <= top or [text_of(value) for value in cells[top]] != wanted:
        raise refuse(file, N_("row {row} must hold the headings: {headings}"), row=top + 1, headings=", ".join(wanted))
    for number, row in enumerate(cells[top + 1 :], start=top + 2):
        if not row_is_empty(row):
            yield number, dict(zip(_FIELDS, row, strict=True))


def _text(value: Any) -> str:
    return value.date().isoformat() if isinstance(value, datetime) else text_of(value)


def _wanted(connection: Connection, raw: Mapping[str, str], cells: Mapping[str, Any]) -> Wanted:
    for column, name in enumerate(_FIELDS):
        value = cells[name]
        if isinstance(value, int | float) and value >= _EXACT:
            cell = cell_name(0, column)[:1]
            raise Unfit(N_("column {column}: Excel has rounded the number; format the column as text"), column=cell)
    _check_name(connection, raw["volunteer"], raw["name"])
    reason = next((key for key, words in REASON_WORDS.items() if raw["reason"] in (key.value, words)), None)
    if reason is None:
        raise Unfit(N_("the reason must be one of: {known}"), known="、".join(REASON_WORDS.values()))
    return Wanted(
        raw["volunteer"],
        raw["from_team"],
        raw["to_team"],
        reason,
        _day(raw["requested_on"]),
        raw["service_area"] or None,
        raw["living_area"] or None,
    )


def _check_name(connection: Connection, number: str, name: str) -> None:
    """A slip in a number must not move somebody else."""
    found = rows(
        connection, "SELECT name FROM volunteer WHERE number = :number AND withdrawn_at IS NULL", number=number
    )
    if not found:
        raise Unfit(N_("there is no volunteer {number}"), number=number)
    if found[0]["name"] != name:
        raise Unfit(N_("the volunteer {number} has another name"), number=number)


def _day(written: str) -> date | None:
    """2026-03-05, 2026/3/5, 2026.3.5, 2026年3月5日 or 20260305."""
    if not written:
        return None
    found = _DAY.fullmatch(written)
    try:
        year, month, day = (int(part) for part in found.groups() if part) if found else (0, 0, 0)
        return date(year, month, day)
    except ValueError as error:
        raise Unfit(N_("{day} is no date such as 2026-03-05"), day=written) from error
