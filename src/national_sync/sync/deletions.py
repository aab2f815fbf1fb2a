"""Rows that were deleted here: settling the deletion, linking it, taking it back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, LargeBinary, text

from national_sync.records import Entity, Record
from national_sync.store import history_triggers
from national_sync.store.tables import MIRROR
from national_sync.sync.digest import NOT_COUNTED, adjust_digest, counted_of_row
from national_sync.sync.kinds import MismatchKind
from national_sync.sync.mirror import load_deletion, old_row_of
from national_sync.sync.mismatches import close_mismatches
from national_sync.sync.transaction import Transaction


def restore_deleted(tx: Transaction, entity: Entity, deletion: Mapping[str, Any]) -> int:
    """Bring a locally deleted row back as it stood, under its old row id, which is returned."""
    row = {**deleted_row(entity, deletion), "sync_rev": tx.next_revision()}
    insert_deleted(tx.connection, entity, row, sync_rev=row["sync_rev"], run_id=tx.run_id)
    tx.execute("DELETE FROM local_deletion WHERE id = :id", id=deletion["id"])
    tx.note(entity, "create", f"{row['id']} {row['sync_rev']}\n")
    return int(row["id"])


def deleted_row(entity: Entity, deletion: Mapping[str, Any]) -> dict[str, Any]:
    """Every column of a locally deleted row, as it was stored."""
    row = old_row_of(deletion)
    for name, column in MIRROR[entity].c.items():
        if isinstance(column.type, LargeBinary) and row[name] is not None:
            row[name] = bytes.fromhex(row[name])
    return row


def insert_deleted(
    connection: Connection,
    entity: Entity,
    row: Mapping[str, Any],
    *,
    sync_rev: int | None = None,
    run_id: int | None = None,
) -> None:
    """Insert such a row under its old id; `sync_rev` and `run_id` say that the engine does it."""
    names = ", ".join(row)
    places = ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO {entity} ({names}) VALUES ({places})"), dict(row))
    # An insert leaves no history by itself; this row has one, in which it is deleted.
    at = history_triggers.NOW[connection.dialect.name]
    connection.execute(
        text(
            "INSERT INTO row_history (entity, row_id, at, sync_rev, run_id, before)"
            f" VALUES (:entity, :row_id, {at}, :revision, :run, :nothing)"
        ),
        {
            "entity": entity.value,
            "row_id": row["id"],
            "revision": sync_rev,
            "run": run_id,
            "nothing": history_triggers.NOTHING,
        },
    )


def settle_deletion(tx: Transaction, entity: Entity, national_id: str) -> None:
    """Our deletion and theirs agree; nothing is left to send."""
    deletion = load_deletion(tx, entity, national_id)
    if deletion is None:
        return
    old_row = old_row_of(deletion)
    tx.execute(
        "DELETE FROM local_deletion WHERE entity = :entity AND national_id = :id",
        entity=entity.value,
        id=national_id,
    )
    adjust_digest(tx, entity, national_id, counted_of_row(tx, entity, old_row), NOT_COUNTED)
    tx.execute(
        "DELETE FROM local_change WHERE entity = :entity AND row_id = :row_id",
        entity=entity.value,
        row_id=deletion["row_id"],
    )
    close_mismatches(tx, entity, deletion["row_id"], kinds=[MismatchKind.DELETED_HERE_EDITED_THERE])


def link_deletion(tx: Transaction, entity: Entity, row_id: int, national_id: str, record: Record | None) -> None:
    """A row was deleted while its creation was on its way: now there is a national record for the deletion to concern.

    `record` is what came into being, so that it does not pass for an edit made there.
    """
    deletions = tx.rows(
        "SELECT id, old_row FROM local_deletion WHERE entity = :entity AND row_id = :row_id ORDER BY id DESC",
        entity=entity.value,
        row_id=row_id,
    )
    if not deletions:
        return
    old_row = {**old_row_of(deletions[0]), "national_id": national_id}
    if record is not None:
        old_row |= {
            "national_hash": tx.sealer.record_hash(record).hex(),
            "national_updated_at_ms": record.updated_at_ms,
        }
    tx.execute(
        "UPDATE local_deletion SET national_id = :national_id, old_row = :old_row WHERE id = :id",
        national_id=national_id,
        old_row=json.dumps(old_row, ensure_ascii=False),
        id=deletions[0]["id"],
    )
    adjust_digest(tx, entity, national_id, NOT_COUNTED, counted_of_row(tx, entity, old_row))
