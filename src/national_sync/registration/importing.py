"""Taking the registrations of a spreadsheet: all of them or none, unless only the valid ones are wanted.

Rows stream through in steps. First each is checked by itself, and those that are fit wait, sealed, in a file without a
name; the database is free meanwhile. Then one transaction inserts them, and the table's own index says who has a
registration already, be it in this sheet or before it. What is not taken in the end is rolled back.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final

import msgspec
from sqlalchemy import Connection, text

from national_sync.i18n import N_, Lines, Phrase
from national_sync.registration.desk import KNOWN_AS, Desk, add_step, in_lines
from national_sync.registration.sheet import MOST_ROWS, SHEET, headings
from national_sync.registration.submitting import (
    Row,
    hash_in,
    insert,
    row_number_in,
    row_of,
    standing,
    stands_already,
)
from national_sync.registration.validation import FIELDS, Fault
from national_sync.sheet_files import RefusedRow, as_text, filled_rows, refused
from national_sync.store.database import Database

_AT_A_TIME: Final = 1_000
_LENGTH_BYTES: Final = 8
_MOST_KEPT: Final = 10_000
"""Refused rows that are told one by one; beyond them only their number."""


@dataclass
class Imported:
    sheet: str
    """Names this import; its registrations carry it."""
    rows: int = 0
    valid: int = 0
    known: int = 0
    """Of the valid ones: volunteers already, who will be adopted."""
    taken: bool = False
    refused: list[RefusedRow] = field(default_factory=list)

    @property
    def refused_count(self) -> int:
        return self.rows - self.valid

    def refuse(self, row: int, reason: Phrase | Lines) -> None:
        if len(self.refused) < _MOST_KEPT:
            self.refused.append(RefusedRow(row, reason))


def take_sheet(
    database: Database, desk: Desk, path: Path, *, only_valid: bool = False, dry_run: bool = False
) -> Imported:
    """Check every row, and take them or not. Raises SheetRefused for a file that is no such sheet, UsageError."""
    imported = Imported(secrets.token_hex(6))
    with TemporaryFile() as waiting:
        _check_rows(desk, path, imported, waiting)
        if not imported.rows:
            raise refused(path, Phrase(N_("it holds no row that is filled in")))
        waiting.seek(0)
        with database.write(durable=True) as connection:
            attempt = connection.begin_nested()
            for rows in _read_back(waiting):
                _insert_some(connection, imported, rows)
            imported.known = _count_known(connection, imported.sheet)
            imported.taken = not dry_run and bool(imported.valid) and (only_valid or not imported.refused_count)
            if imported.taken:
                _write_down(connection, desk, imported)
                attempt.commit()
            else:
                attempt.rollback()
    imported.refused.sort(key=lambda row: row.row)
    return imported


def _check_rows(desk: Desk, path: Path, imported: Imported, waiting: IO[bytes]) -> None:
    rows = filled_rows(path, SHEET, list(headings().values()), MOST_ROWS)
    while some := list(islice(rows, _AT_A_TIME)):
        imported.rows += len(some)
        fit = [row for number, values in some if (row := _judged(desk, imported, number, values)) is not None]
        _put_aside(waiting, fit)


def _judged(desk: Desk, imported: Imported, number: int, values: Sequence[Any]) -> Row | None:
    """The row to insert; None for a row that is refused, which is noted."""
    written, faults = _written(values)
    if not faults:
        checked = desk.judge(written)
        if not checked.faults:
            return row_of(desk, checked, sheet=imported.sheet, sheet_row=number)
        faults = list(checked.faults)
    imported.refuse(number, in_lines(faults))
    return None


def _put_aside(waiting: IO[bytes], rows: Sequence[Row]) -> None:
    packed = msgspec.msgpack.encode(rows)
    waiting.write(len(packed).to_bytes(_LENGTH_BYTES, "big"))
    waiting.write(packed)


def _read_back(waiting: IO[bytes]) -> Iterator[list[Row]]:
    while length := waiting.read(_LENGTH_BYTES):
        yield msgspec.msgpack.decode(waiting.read(int.from_bytes(length, "big")), type=list[Row])


def _insert_some(connection: Connection, imported: Imported, rows: Sequence[Row]) -> None:
    insert(connection, rows)
    by_number = {row_number_in(row): row for row in rows}
    left_out = set(by_number) - _inserted(connection, imported.sheet, by_number)
    imported.valid += len(rows) - len(left_out)
    for number in sorted(left_out):
        imported.refuse(number, _taken_by(connection, imported.sheet, hash_in(by_number[number])))


def _write_down(connection: Connection, desk: Desk, imported: Imported) -> None:
    ids = connection.execute(
        text("SELECT id FROM registration WHERE sheet = :sheet ORDER BY id"), {"sheet": imported.sheet}
    )
    add_step(connection, desk, "submitted", "sheet = :sheet", sheet=imported.sheet)
    desk.write_down(connection, "imported", ids.scalars(), sheet=imported.sheet, refused=imported.refused_count)


def _inserted(connection: Connection, sheet: str, rows: Mapping[int, Any]) -> set[int]:
    if not rows:
        return set()
    found = connection.execute(
        text("SELECT sheet_row FROM registration WHERE sheet = :sheet AND sheet_row BETWEEN :first AND :last"),
        {"sheet": sheet, "first": min(rows), "last": max(rows)},
    )
    return set(found.scalars())


def _taken_by(connection: Connection, sheet: str, number_hash: bytes) -> Phrase:
    found = standing(connection, number_hash)
    if found.sheet == sheet:
        return Phrase(N_("row {row} of this file has the same ID number"), row=found.sheet_row)
    return stands_already(found)


def _count_known(connection: Connection, sheet: str) -> int:
    known = KNOWN_AS.format(hash="registration.id_number_hash")
    found = connection.execute(
        text(f"SELECT COUNT(*) FROM registration WHERE sheet = :sheet AND {known} IS NOT NULL"), {"sheet": sheet}
    )
    return int(found.scalar_one())


# Cells


def _written(values: Sequence[Any]) -> tuple[dict[str, str | None], list[Fault]]:
    """The cells as texts, and those that have lost something."""
    written: dict[str, str | None] = {}
    faults = []
    for name, value in zip(FIELDS, values, strict=True):
        if value == "":
            continue
        if isinstance(value, str):
            written[name] = value
        elif name == "id_number":
            faults.append(Fault(name, Phrase(_NUMERIC)))
        elif (text_of_cell := as_text(value)) is None:
            faults.append(Fault(name, Phrase(N_("is no text: format the cell as text and type it again"))))
        else:
            written[name] = text_of_cell
    return written, faults


_NUMERIC: Final = N_(
    "is a number here and has lost its last digits: export it again from its source as text (in Excel: Data, From "
    "Text/CSV, column type Text), and paste it into cells that are formatted as text"
)
