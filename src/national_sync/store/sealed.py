"""What waits to be sealed: plain values that other programs wrote into sealed columns."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from national_sync.records import SEALED_FIELDS, Entity
from national_sync.store.tables import MIRROR


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
