"""Taking one registration, as it was written on a form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, text

from national_sync.errors import RegistrationRefused
from national_sync.i18n import N_, Phrase
from national_sync.prose.words import word
from national_sync.registration.desk import KNOWN_AS, Desk, add_step, in_lines
from national_sync.registration.routing import approver
from national_sync.registration.validation import FIELDS, Checked
from national_sync.store.database import for_driver, upsert_many

STANDS: Final = "state NOT IN ('rejected', 'refused')"
_SEALED_PLACES: Final = tuple(map(FIELDS.index, ("id_number", "phone", "guardian_phone")))
_COLUMNS: Final = (*FIELDS, "county", "approver", "id_number_hash", "phone_hash", "sheet", "sheet_row", "submitted_at")
_INSERT: Final = (
    f"INSERT INTO registration ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))}) ON CONFLICT DO NOTHING"
)

Row: TypeAlias = tuple[Any, ...]
"""Values of `_COLUMNS`."""


@dataclass(frozen=True)
class Submitted:
    id: int
    approver: str
    volunteer_id: int | None
    """The person is a volunteer already: this row will be taken and no other made."""


def submit(connection: Connection, desk: Desk, written: Mapping[str, str | None]) -> Submitted:
    """Raises RegistrationRefused with everything that stands against it."""
    checked = desk.judge(written)
    if checked.faults:
        raise RegistrationRefused(problems=in_lines(checked.faults))
    row = row_of(desk, checked)
    number_hash = hash_in(row)
    made = connection.exec_driver_sql(for_driver(connection, f"{_INSERT} RETURNING id"), row).scalar_one_or_none()
    if made is None:
        raise RegistrationRefused(problems=stands_already(standing(connection, number_hash)))
    add_step(connection, desk, "submitted", "id = :id", id=made)
    desk.write_down(connection, "submitted", [made], county=checked.county)
    known = connection.execute(text(f"SELECT {KNOWN_AS.format(hash=':hash')}"), {"hash": number_hash}).scalar_one()
    return Submitted(made, row[_COLUMNS.index("approver")], known)


def row_of(desk: Desk, checked: Checked, *, sheet: str | None = None, sheet_row: int | None = None) -> Row:
    """A checked form as a row to insert, personal data sealed."""
    values = checked.values
    stored: list[str | None] = [values[name] for name in FIELDS]
    for place in _SEALED_PLACES:
        plain = stored[place]
        if plain is not None:
            stored[place] = desk.sealer.seal(plain)
    return (
        *stored,
        checked.county,
        approver(str(values["unit_level"]), checked.county, desk.rules).value,
        desk.sealer.match_hash(str(values["id_number"])),
        desk.sealer.match_hash(str(values["phone"])),
        sheet,
        sheet_row,
        desk.now,
    )


def hash_in(row: Row) -> bytes:
    """The hash of the ID number in a row."""
    found: bytes = row[_COLUMNS.index("id_number_hash")]
    return found


def row_number_in(row: Row) -> int:
    """Where in its sheet a row stands."""
    found: int = row[_COLUMNS.index("sheet_row")]
    return found


def insert(connection: Connection, rows: Sequence[Row]) -> None:
    """Insert rows; one whose person has a registration that stands is left out."""
    upsert_many(connection, "registration", _COLUMNS, rows, "ON CONFLICT DO NOTHING")


@dataclass(frozen=True)
class Standing:
    """The registration that stands for a person."""

    id: int
    state: str
    sheet: str | None
    sheet_row: int | None


def standing(connection: Connection, number_hash: bytes) -> Standing:
    """The one that kept another from being inserted."""
    found = connection.execute(
        text(f"SELECT id, state, sheet, sheet_row FROM registration WHERE id_number_hash = :hash AND {STANDS}"),
        {"hash": number_hash},
    )
    return Standing(*found.one())


def stands_already(found: Standing) -> Phrase:
    words = N_("registration {id} stands for this person already ({state})")
    return Phrase(words, id=found.id, state=word(found.state))
