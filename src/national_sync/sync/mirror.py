"""Single rows of the mirror: reading them for a decision, writing them, sealing what others wrote plain.

The bulk of a run never comes here (`sync.bulk`). Values are plain while they are compared and sealed when written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from national_sync.errors import KeyUnusable
from national_sync.identity import mainland_number, normalised_number
from national_sync.records import (
    SEALED_FIELDS,
    Entity,
    Value,
    mirror_columns,
)
from national_sync.sealing import Sealer, is_sealed
from national_sync.store.tables import integer_columns
from national_sync.sync.plan import Mirrored
from national_sync.sync.sendable import UNREADABLE
from national_sync.sync.transaction import Transaction


def value_from_text(entity: Entity, column: str, stored: str | None) -> Value:
    """A base or decision as it stood in its column."""
    return int(stored) if stored is not None and column in integer_columns(entity) else stored


def old_row_of(deletion: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a locally deleted row; an infinite number, which JSON has no word for, counts as none."""
    stored = deletion["old_row"]
    try:
        row: dict[str, Any] = json.loads(stored)
    except json.JSONDecodeError:
        row = json.loads(re.sub(r"(?<=:)-?(Inf(inity)?|NaN|9\.0e\+999)\b", "null", stored))
    return row


def normalised_secret(column: str, plain: str) -> str:
    """ID numbers and phones as they are compared: half-width, without blanks, upper-case X, 18 characters for 15."""
    number = normalised_number(plain)
    return (mainland_number(number) or number) if column == "id_number" and len(number) == 15 else number


def resolve_reference(connection: Connection, target: Entity, target_field: str, value: str | None) -> int | None:
    """The row id of the record a national reference names."""
    return connection.execute(
        text(f"SELECT id FROM {target} WHERE {target_field} = :value ORDER BY id LIMIT 1"), {"value": value}
    ).scalar_one_or_none()


def load_mirrored(
    tx: Transaction, entity: Entity, *, national_id: str | None = None, row_id: int | None = None
) -> Mirrored | None:
    """What the mirror holds of a record, its own deletions included."""
    condition, key = ("national_id = :key", national_id) if row_id is None else ("id = :key", row_id)
    rows = tx.rows(f"SELECT * FROM {entity} WHERE {condition}{tx.locking}", key=key)
    if rows:
        row = rows[0]
        bases = tx.rows(
            "SELECT field, base FROM local_change WHERE entity = :entity AND row_id = :row_id",
            entity=entity.value,
            row_id=row["id"],
        )
        return Mirrored(
            row["id"],
            _plain_values(tx.sealer, entity, row),
            {
                change["field"]: opened(
                    tx.sealer,
                    entity,
                    change["field"],
                    value_from_text(entity, change["field"], change["base"]),
                )
                for change in bases
            },
            is_new=row["sync_rev"] is None,
            is_withdrawn=row["withdrawn_at"] is not None,
        )
    if national_id is None:
        return None
    deletion = load_deletion(tx, entity, national_id)
    if deletion is None:
        return None
    old_row = old_row_of(deletion)
    return Mirrored(deletion["row_id"], _plain_values(tx.sealer, entity, old_row), is_deleted_here=True)


def load_deletion(tx: Transaction, entity: Entity, national_id: str) -> Mapping[str, Any] | None:
    rows = tx.rows(
        "SELECT id, row_id, old_row FROM local_deletion WHERE entity = :entity AND national_id = :id ORDER BY id DESC",
        entity=entity.value,
        id=national_id,
    )
    return rows[0] if rows else None


def _plain_values(sealer: Sealer, entity: Entity, row: Mapping[str, Any]) -> dict[str, Value]:
    return {name: opened(sealer, entity, name, row[name]) for name in mirror_columns(entity)}


def opened(sealer: Sealer, entity: Entity, column: str, stored: Value) -> Value:
    """A value in plain. What does not open (the key itself was checked before) is unreadable, not a reason to stop."""
    if column not in SEALED_FIELDS[entity] or not isinstance(stored, str):
        return stored
    try:
        return normalised_secret(column, sealer.plain(stored) or "")
    except KeyUnusable:
        return UNREADABLE


def write_row(tx: Transaction, entity: Entity, row_id: int, row: Mapping[str, Any]) -> None:
    """Set columns under a revision of their own, so that the triggers know the engine."""
    revision = tx.next_revision()
    set_columns(tx, entity, row_id, {**row, "sync_rev": revision})
    action = "withdraw" if row.get("withdrawn_at") is not None else "update"
    tx.note(entity, action, f"{row_id} {revision} {(row.get('national_hash') or b'').hex()}\n")


def set_columns(tx: Transaction, entity: Entity, row_id: int, row: Mapping[str, Any]) -> None:
    assignments = ", ".join(f"{name} = :{name}" for name in row)
    tx.execute(f"UPDATE {entity} SET {assignments} WHERE id = :row_id", **row, row_id=row_id)


def write_base(tx: Transaction, entity: Entity, row_id: int, column: str, base: Value) -> None:
    stored = None if base is None else str(base)
    if stored is not None and column in SEALED_FIELDS[entity]:
        stored = tx.sealer.seal(stored)
    tx.execute(
        "INSERT INTO local_change (entity, row_id, field, base) VALUES (:entity, :row_id, :field, :base)"
        " ON CONFLICT (entity, row_id, field) DO UPDATE SET base = excluded.base",
        entity=entity.value,
        row_id=row_id,
        field=column,
        base=stored,
    )


def drop_base(tx: Transaction, entity: Entity, row_id: int, column: str) -> None:
    tx.execute(
        "DELETE FROM local_change WHERE entity = :entity AND row_id = :row_id AND field = :field",
        entity=entity.value,
        row_id=row_id,
        field=column,
    )


def sealed_row(sealer: Sealer, entity: Entity, values: Mapping[str, Value]) -> dict[str, Any]:
    row: dict[str, Any] = dict(values)
    for column in SEALED_FIELDS[entity]:
        if column in row:
            plain = row[column]
            row[column] = None if plain is None else sealer.seal(plain)
            row[f"{column}_hash"] = None if plain is None else sealer.match_hash(plain)
    return row


def seal_plain_values(tx: Transaction, entity: Entity) -> int:
    """Seal what other programs wrote plain; an edit back to the base's value is no edit any more.

    Returns the number of values sealed.
    """
    sealed = 0
    for column in SEALED_FIELDS[entity]:
        for row in plain_values(tx, entity, column):
            plain = normalised_secret(column, row["stored"])
            values: dict[str, Any] = {column: tx.sealer.seal(plain), f"{column}_hash": tx.sealer.match_hash(plain)}
            if row["sync_rev"] is None:
                set_columns(tx, entity, row["id"], values)
            else:
                _drop_base_if_equal(tx, entity, row["id"], column, plain)
                write_row(tx, entity, row["id"], values)
            sealed += 1
    return sealed


def plain_values(tx: Transaction, entity: Entity, column: str) -> list[Mapping[str, Any]]:
    """Plain values in a sealed column; only a row edited or created here can hold one, so nothing is scanned."""
    candidates = tx.rows(
        f"SELECT r.id, r.{column} AS stored, r.sync_rev FROM {entity} r WHERE r.sync_rev IS NULL"
        f" UNION SELECT r.id, r.{column}, r.sync_rev FROM local_change c JOIN {entity} r ON r.id = c.row_id"
        f" WHERE c.entity = :entity AND c.field = :field",
        entity=entity.value,
        field=column,
    )
    return [row for row in candidates if isinstance(row["stored"], str) and not is_sealed(row["stored"])]


def _drop_base_if_equal(tx: Transaction, entity: Entity, row_id: int, column: str, plain: str) -> None:
    base = tx.execute(
        "SELECT base FROM local_change WHERE entity = :entity AND row_id = :row_id AND field = :field",
        entity=entity.value,
        row_id=row_id,
        field=column,
    ).scalar_one_or_none()
    if base is not None and tx.sealer.plain(base) == plain:
        drop_base(tx, entity, row_id, column)
