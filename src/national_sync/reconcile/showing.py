"""Values as they are shown to whoever decides: personal data masked, records by their names, moments and hours in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.acts import is_row_number
from national_sync.clock import local_text
from national_sync.records import REFERENCES, SEALED_FIELDS, Entity
from national_sync.sealing import Sealer
from national_sync.store.tables import integer_columns
from national_sync.sync.grounds import Row, as_text
from national_sync.sync.mirror import opened
from national_sync.sync.mismatches import among

SEEN_OF_SECRET: Final = (3, 2)
"""So many characters of a masked value stay readable at its beginning and at its end."""


@dataclass(frozen=True)
class Shown:
    """One side's value as shown."""

    shown: str | None
    marks: tuple[tuple[int, int], ...] = ()
    """Where it differs from the other side: stretches of characters, from and up to."""


def masked(plain: str) -> str:
    """Enough of an ID number or a phone to recognise it, and no more."""
    first, last = SEEN_OF_SECRET
    hidden = len(plain) - first - last
    return plain[:first] + "*" * hidden + plain[-last:] if hidden > 0 else "*" * len(plain)


def without_numbers(plain: str) -> str:
    """Free text without the long numbers in it: somebody may have written an ID number or a phone into a remark."""
    return re.sub(r"\d{11,}", lambda number: masked(number.group()), plain)


def differing(own: str, other: str) -> tuple[tuple[int, int], ...]:
    """The stretches of `own` that `other` does not have."""
    blocks = SequenceMatcher(None, own, other, autojunk=False).get_opcodes()
    return tuple((start, end) for tag, start, end, _from, _until in blocks if tag != "equal" and end > start)


class Names:
    """What records that others refer to go by: read together where it is known which are wanted, else one by one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[Entity, str], str] = {}

    def read(self, entity: Entity, row_ids: Iterable[str]) -> None:
        wanted = {row_id for row_id in row_ids if is_row_number(row_id) and (entity, row_id) not in self._known}
        columns = "name, number" if entity is Entity.VOLUNTEER else "name"
        found = self._connection.execute(
            text(f"SELECT id, {columns} FROM {entity} WHERE {among(self._connection, map(int, wanted))}")
        )
        for row_id, *named in found:
            self._known[entity, str(row_id)] = " ".join(filter(None, named))

    def of(self, entity: Entity, row_id: str) -> str:
        if (entity, row_id) not in self._known:
            self.read(entity, [row_id])
        named = self._known.setdefault((entity, row_id), "")
        return f"{named} (row:{row_id})" if named else f"row:{row_id}"


def shown(names: Names, entity: Entity, column: str, plain: str | None) -> str | None:
    if plain is None or not column:
        return None
    if column in SEALED_FIELDS[entity]:
        return masked(plain)
    for reference in REFERENCES[entity]:
        if reference.column == column:
            return names.of(reference.target, plain)
    if column in integer_columns(entity):
        return number_shown(column, plain)
    # Volunteer numbers stay whole here: who may not decide gets them masked where the answer is printed.
    return plain if column.endswith(("area_id", "number")) else without_numbers(plain)


def number_shown(column: str, plain: str) -> str:
    if not plain.lstrip("-").isdigit():
        return plain
    if column.endswith("_at") or column.startswith("recruit_"):
        return local_text(int(plain))
    return f"{int(plain) / 3600:.2f} h" if column.endswith("_seconds") else plain


def marked(names: Names, entity: Entity, column: str, own: str | None, other: str | None) -> Shown:
    """One side's value, and where it differs from the other side's."""
    told = shown(names, entity, column, own)
    if told is None or own is None:
        return Shown(told)
    if column in SEALED_FIELDS[entity]:
        return Shown(told, differing(own, other or ""))
    return Shown(told, differing(told, shown(names, entity, column, other) or ""))


# A record in brief

_BRIEF: Final[Mapping[Entity, tuple[str, ...]]] = {
    Entity.TEAM: ("name", "area_id", "state"),
    Entity.VOLUNTEER: ("name", "number", "id_number", "birth_date", "service_area_id", "total_seconds"),
    Entity.MEMBERSHIP: ("volunteer_id", "team_id", "state"),
    Entity.PROJECT: ("name", "team_id", "started_at", "ended_at", "state"),
    Entity.HOUR_RECORD: ("volunteer_id", "project_id", "started_at", "ended_at", "service_seconds", "state"),
    Entity.TRAINING_RECORD: ("volunteer_id", "topic", "training_date", "training_seconds"),
}


def record_in_brief(names: Names, sealer: Sealer, entity: Entity, row: Row | None) -> dict[str, str | None]:
    """What tells a record from others, by column, as shown."""
    if row is None:
        return {}
    brief = {name: as_text(opened(sealer, entity, name, row[name])) for name in _BRIEF[entity]}
    told = {name: shown(names, entity, name, plain) for name, plain in brief.items()}
    if row.get("national_id"):
        told["national_id"] = row["national_id"]
    return told


def read_names(names: Names, entity: Entity, rows: Iterable[Row]) -> None:
    """Read together what `record_in_brief` will ask for one by one."""
    known = list(rows)
    for reference in REFERENCES[entity]:
        if reference.column in _BRIEF[entity]:
            names.read(reference.target, {str(row[reference.column]) for row in known})


def limits_shown(limits: Mapping[str, Any] | None) -> dict[str, str | None]:
    """What a record is held against."""
    return {name: None if value is None else number_shown(name, str(value)) for name, value in (limits or {}).items()}
