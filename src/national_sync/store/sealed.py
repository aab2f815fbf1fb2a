"""Where sealed values are: in the mirror, in staging, and in what the engine keeps of edits, writes and mismatches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, func, select, text

from national_sync.records import SEALED_FIELDS, Entity
from national_sync.store.tables import MIRROR


@dataclass(frozen=True)
class SealedPlace:
    """A column that holds sealed values, by themselves or within JSON."""

    table: str
    column: str
    key: tuple[str, ...] = ("id",)
    is_mirror: bool = False
    """Rows of the mirror are written unseen by the triggers, or these take it for an edit."""
    is_bytes: bool = False


SEALED_PLACES: Final[tuple[SealedPlace, ...]] = (
    *(SealedPlace(entity, name, is_mirror=True) for entity in Entity for name in SEALED_FIELDS[entity]),
    *(
        SealedPlace(f"observed_{entity}", name, key=("national_id",))
        for entity in Entity
        for name in SEALED_FIELDS[entity]
    ),
    SealedPlace("local_change", "base", key=("entity", "row_id", "field")),
    SealedPlace("local_deletion", "old_row"),
    SealedPlace("operation", "fields"),
    SealedPlace("operation", "before"),
    SealedPlace("operation", "record"),
    SealedPlace("quarantine", "payload", is_bytes=True),
    SealedPlace("mismatch", "base"),
    SealedPlace("mismatch", "ours"),
    SealedPlace("mismatch", "theirs"),
    SealedPlace("mismatch", "decided_value"),
    SealedPlace("row_history", "before"),
    SealedPlace("registration", "id_number"),
    SealedPlace("registration", "phone"),
    SealedPlace("registration", "guardian_phone"),
)
"""Every one of them."""

FIXED_PLACES: Final = (SealedPlace("mismatch_event", "detail"),)
"""Those that are only ever added to: what an old key has sealed there needs that key for ever."""


def count_sealed_with(
    connection: Connection, key_ids: Sequence[str], places: Sequence[SealedPlace] = SEALED_PLACES
) -> int:
    """How many rows of these places hold a value sealed with one of these keys."""
    if not key_ids:
        return 0
    return sum(_count(connection, place, key_ids) for place in places)


def _count(connection: Connection, place: SealedPlace, key_ids: Sequence[str]) -> int:
    condition, parameters = holds_key(place, key_ids)
    return int(
        connection.execute(text(f"SELECT COUNT(*) FROM {place.table} WHERE {condition}"), parameters).scalar_one()
    )


def rows_sealed_with(
    connection: Connection, place: SealedPlace, key_ids: Sequence[str], *, after: Sequence[Any], limit: int
) -> list[tuple[tuple[Any, ...], Any]]:
    """Keys and values of such rows behind the key `after`, in order."""
    condition, parameters = holds_key(place, key_ids)
    names = ", ".join(place.key)
    if after:
        places = ", ".join(f":after{number}" for number in range(len(place.key)))
        condition = f"({condition}) AND ({names}) > ({places})"
        parameters |= {f"after{number}": value for number, value in enumerate(after)}
    rows = connection.execute(
        text(f"SELECT {names}, {place.column} FROM {place.table} WHERE {condition} ORDER BY {names} LIMIT :limit"),
        {**parameters, "limit": limit},
    )
    return [(tuple(row[:-1]), row[-1]) for row in rows]


def holds_key(place: SealedPlace, key_ids: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """A condition that is true of every value sealed with one of the keys, and perhaps of a few others."""
    conditions = dict(_conditions(place, key_ids))
    parameters = {f"key{number}": pattern for number, pattern in enumerate(conditions.values())}
    return " OR ".join(conditions), parameters


def _conditions(place: SealedPlace, key_ids: Sequence[str]) -> Iterator[tuple[str, Any]]:
    for number, key_id in enumerate(key_ids):
        if place.is_bytes:
            prefix = f"{key_id}:".encode()
            yield f"SUBSTR({place.column}, 1, {len(prefix)}) = :key{number}", prefix
        elif place.is_mirror or place.table.startswith("observed_"):
            yield f"{place.column} LIKE :key{number}", f"{key_id}:%"
        else:
            yield f"{place.column} LIKE :key{number}", f"%{key_id}:%"


def count_plain_values(connection: Connection) -> dict[str, int]:
    """How many plain values each sealed column holds, as `volunteer.phone` to number; columns without any left out."""
    counts = {
        f"{entity}.{name}": _plain_values(connection, entity, name)
        for entity in Entity
        for name in SEALED_FIELDS[entity]
    }
    return {column: count for column, count in counts.items() if count}


def _plain_values(connection: Connection, entity: Entity, name: str) -> int:
    table = MIRROR[entity]
    plain = table.c[name].notlike("k%:%")
    return connection.execute(select(func.count()).select_from(table).where(plain)).scalar_one()
