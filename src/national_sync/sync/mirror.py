"""Single records of the mirror: loading them for a decision, and carrying the decision out.

The bulk of a run never comes here (`sync.bulk`); this is for records that somebody edited here, deleted, created, or
that an operation concerns. Values are plain while they are compared and sealed again when written.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final, assert_never

from sqlalchemy import BigInteger, Connection, LargeBinary, text

from national_sync.national.port import bucket_of
from national_sync.policy import Owner
from national_sync.records import (
    NATURAL_KEYS,
    REFERENCES,
    SEALED_FIELDS,
    Entity,
    Record,
    Value,
    content_fields,
    mirror_columns,
)
from national_sync.sealing import Sealer
from national_sync.store.tables import MIRROR
from national_sync.sync.merge import Merge
from national_sync.sync.mismatches import close_mismatches, open_mismatch
from national_sync.sync.plan import (
    Action,
    CreateRow,
    Mirrored,
    MismatchKind,
    Observed,
    ReportMismatch,
    SettleDeletion,
    Skip,
    UpdateRow,
    Wait,
    WithdrawRow,
    counts_as_service,
    plan_record,
)
from national_sync.sync.stage import close_unknown_reference
from national_sync.sync.transaction import Transaction

UNDOING_SHOWS_WITHIN_SECONDS: Final = 14 * 86_400
"""A write that is undone in silence shows when the record is read again, which takes `windows.reread_nights`. After
that, the old value there is somebody's edit."""


@dataclass(frozen=True)
class StagedRecord:
    """One staged record, its references resolved, and what is needed to write it."""

    observed: Observed
    national_hash: bytes
    updated_at_ms: int
    mirror_hash: bytes | None


@cache
def integer_columns(entity: Entity) -> frozenset[str]:
    table = MIRROR[entity]
    return frozenset(name for name in mirror_columns(entity) if isinstance(table.c[name].type, BigInteger))


def value_from_text(entity: Entity, column: str, stored: str | None) -> Value:
    """A base or decision as it stood in its column."""
    return int(stored) if stored is not None and column in integer_columns(entity) else stored


def normalised_secret(plain: str) -> str:
    """ID numbers and phones as they are compared: half-width, without blanks, upper-case X."""
    return unicodedata.normalize("NFKC", plain).strip().upper()


def settle_staged(
    tx: Transaction, entity: Entity, owners: Mapping[str, Owner], national_ids: Iterable[str]
) -> dict[str, list[Action]]:
    """Plan and carry out these staged records one by one; what must wait stays staged.

    Returns the actions by national id.
    """
    taken: dict[str, list[Action]] = {}
    for national_id in national_ids:
        staged = load_staged(tx, entity, national_id)
        if staged is None:
            continue
        mirrored, actions = _planned(tx, entity, owners, staged)
        for action in actions:
            _carry_out(tx, entity, mirrored, staged, action)
        taken[national_id] = actions
        if not any(isinstance(action, Wait) for action in actions):
            tx.execute(f"DELETE FROM observed_{entity} WHERE national_id = :id", id=national_id)
            close_unknown_reference(tx, entity, national_id)
    return taken


def preview_staged(tx: Transaction, entity: Entity, owners: Mapping[str, Owner], national_id: str) -> list[Action]:
    """What `settle_staged` would do with one record."""
    staged = load_staged(tx, entity, national_id)
    if staged is None:
        return []
    return _planned(tx, entity, owners, staged)[1]


def _planned(
    tx: Transaction, entity: Entity, owners: Mapping[str, Owner], staged: StagedRecord
) -> tuple[Mirrored | None, list[Action]]:
    """The row that a staged record concerns, and what is to be done."""
    observed = staged.observed
    mirrored = load_mirrored(tx, entity, national_id=observed.national_id)
    if mirrored is None and not observed.is_deleted and not observed.unresolved:
        mirrored = _find_twin(tx, entity, observed)
    if mirrored is not None:
        mirrored = replace(mirrored, replaced=_replaced_by_us(tx, entity, mirrored))
    moved = mirrored is None or _national_hash(tx, entity, mirrored) != staged.national_hash
    return mirrored, plan_record(entity, owners, mirrored, observed, version_moved=moved)


def _replaced_by_us(tx: Transaction, entity: Entity, mirrored: Mirrored) -> dict[str, Value]:
    """By column: what our last accepted write of the value that the row still has replaced there."""
    columns = dict(zip(content_fields(entity), mirror_columns(entity), strict=True))
    done = tx.rows(
        "SELECT fields, before FROM operation WHERE entity = :entity AND row_id = :row_id AND verb = 'update'"
        " AND state = 'done' AND sent_at >= :since ORDER BY id",
        entity=entity.value,
        row_id=mirrored.row_id,
        since=tx.now - UNDOING_SHOWS_WITHIN_SECONDS,
    )
    replaced: dict[str, Value] = {}
    for operation in done:
        sent = json.loads(operation["fields"])
        for name, before in json.loads(operation["before"]).items():
            column = columns[name]
            if _opened(tx.sealer, entity, name, sent[name]) == mirrored.values[column]:
                replaced[column] = _opened(tx.sealer, entity, name, before)
    return replaced


def load_staged(tx: Transaction, entity: Entity, national_id: str) -> StagedRecord | None:
    rows = tx.rows(f"SELECT o.* FROM observed_{entity} o WHERE o.national_id = :id", id=national_id)
    if not rows:
        return None
    row = rows[0]
    references = {reference.field: reference for reference in REFERENCES[entity]}
    values: dict[str, Value] = {}
    unresolved: list[str] = []
    for name in content_fields(entity):
        reference = references.get(name)
        if reference is None:
            values[name] = _opened(tx.sealer, entity, name, row[name])
            continue
        row_id = resolve_reference(tx.connection, reference.target, reference.target_field, row[name])
        values[reference.column] = row_id
        if row_id is None:
            unresolved.append(reference.column)
    observed = Observed(national_id, values, is_deleted=bool(row["is_deleted"]), unresolved=tuple(unresolved))
    return StagedRecord(observed, bytes(row["national_hash"]), row["updated_at_ms"], row["mirror_hash"])


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
                change["field"]: _opened(
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
    old_row = json.loads(deletion["old_row"])
    return Mirrored(deletion["row_id"], _plain_values(tx.sealer, entity, old_row), is_deleted_here=True)


def load_deletion(tx: Transaction, entity: Entity, national_id: str) -> Mapping[str, Any] | None:
    rows = tx.rows(
        "SELECT id, row_id, old_row FROM local_deletion WHERE entity = :entity AND national_id = :id ORDER BY id DESC",
        entity=entity.value,
        id=national_id,
    )
    return rows[0] if rows else None


def _plain_values(sealer: Sealer, entity: Entity, row: Mapping[str, Any]) -> dict[str, Value]:
    return {name: _opened(sealer, entity, name, row[name]) for name in mirror_columns(entity)}


def _opened(sealer: Sealer, entity: Entity, column: str, stored: Value) -> Value:
    if column not in SEALED_FIELDS[entity] or not isinstance(stored, str):
        return stored
    return normalised_secret(sealer.plain(stored) or "")


def _national_hash(tx: Transaction, entity: Entity, mirrored: Mirrored) -> bytes | None:
    if mirrored.is_deleted_here:
        rows = tx.rows(
            "SELECT old_row FROM local_deletion WHERE entity = :entity AND row_id = :row_id ORDER BY id DESC",
            entity=entity.value,
            row_id=mirrored.row_id,
        )
        stored = json.loads(rows[0]["old_row"])["national_hash"]
        return bytes.fromhex(stored) if stored else None
    digest = tx.execute(f"SELECT national_hash FROM {entity} WHERE id = :id", id=mirrored.row_id).scalar_one()
    return None if digest is None else bytes(digest)


def _find_twin(tx: Transaction, entity: Entity, observed: Observed) -> Mirrored | None:
    """A local creation that is the same thing as a record the national side already has."""
    columns = {reference.field: reference.column for reference in REFERENCES[entity]}
    conditions = []
    parameters: dict[str, Any] = {}
    for name in NATURAL_KEYS[entity]:
        column = columns.get(name, name)
        value = observed.values[column]
        if column in SEALED_FIELDS[entity]:
            conditions.append(f"{column}_hash = :{column}")
            parameters[column] = tx.sealer.match_hash(str(value))
        else:
            conditions.append(f"{column} = :{column}")
            parameters[column] = value
    row_id = tx.execute(
        f"SELECT id FROM {entity} WHERE sync_rev IS NULL AND national_id IS NULL AND {' AND '.join(conditions)}"
        " ORDER BY id LIMIT 1",
        **parameters,
    ).scalar_one_or_none()
    return None if row_id is None else load_mirrored(tx, entity, row_id=row_id)


def _carry_out(
    tx: Transaction, entity: Entity, mirrored: Mirrored | None, staged: StagedRecord, action: Action
) -> None:
    national_id = staged.observed.national_id
    row_id = mirrored.row_id if mirrored else None
    match action:
        case CreateRow():
            _create_row(tx, entity, staged)
        case UpdateRow(merge, adopts):
            assert mirrored is not None
            _update_row(tx, entity, mirrored, staged, merge)
            if adopts:
                _finish_creation(tx, entity, mirrored.row_id, national_id)
        case WithdrawRow():
            assert mirrored is not None
            withdraw_row(tx, entity, mirrored, national_hash=staged.national_hash, updated_at_ms=staged.updated_at_ms)
        case SettleDeletion():
            settle_deletion(tx, entity, national_id)
        case ReportMismatch(kind, conflict, is_settled):
            open_mismatch(
                tx,
                kind,
                entity,
                row_id=row_id,
                national_id=national_id,
                conflict=conflict,
                detail=_detail(kind, staged),
                resolution="restored" if is_settled else None,
            )
        case Wait() | Skip():
            pass
        case _:
            assert_never(action)


def _detail(kind: MismatchKind, staged: StagedRecord) -> dict[str, Any] | None:
    if kind is MismatchKind.UNKNOWN_REFERENCE:
        return {"waits_for": list(staged.observed.unresolved)}
    if kind is MismatchKind.DELETED_HERE_EDITED_THERE:
        # The version the person decides about; a later one is a new question.
        return {"national_hash": staged.national_hash.hex(), "national_updated_at_ms": staged.updated_at_ms}
    return None


def restore_deleted(tx: Transaction, entity: Entity, deletion: Mapping[str, Any]) -> int:
    """Bring a locally deleted row back as it stood, under its old row id, which is returned."""
    row = json.loads(deletion["old_row"])
    for name, column in MIRROR[entity].c.items():
        if isinstance(column.type, LargeBinary) and row[name] is not None:
            row[name] = bytes.fromhex(row[name])
    row["sync_rev"] = tx.next_revision()
    names = ", ".join(row)
    tx.execute(f"INSERT INTO {entity} ({names}) VALUES ({', '.join(f':{name}' for name in row)})", **row)
    tx.execute("DELETE FROM local_deletion WHERE id = :id", id=deletion["id"])
    return int(row["id"])


def _create_row(tx: Transaction, entity: Entity, staged: StagedRecord) -> None:
    row = {
        **_sealed(tx.sealer, entity, staged.observed.values),
        "national_id": staged.observed.national_id,
        "national_hash": staged.national_hash,
        "national_updated_at_ms": staged.updated_at_ms,
        "sync_rev": tx.revision,
    }
    names = ", ".join(row)
    tx.execute(f"INSERT INTO {entity} ({names}) VALUES ({', '.join(f':{name}' for name in row)})", **row)
    row_id = resolve_reference(tx.connection, entity, "national_id", staged.observed.national_id)
    assert row_id is not None
    adjust_digest(tx, entity, staged.observed.national_id, NOT_COUNTED, counted(tx, entity, row_id))


def _update_row(tx: Transaction, entity: Entity, mirrored: Mirrored, staged: StagedRecord, merge: Merge) -> None:
    before = counted(tx, entity, mirrored.row_id)
    row: dict[str, Any] = {
        **_sealed(tx.sealer, entity, merge.take),
        "national_id": staged.observed.national_id,
        "national_hash": staged.national_hash,
        "national_updated_at_ms": staged.updated_at_ms,
        "withdrawn_at": None,
    }
    write_row(tx, entity, mirrored.row_id, row)
    for column, base in merge.rebase.items():
        write_base(tx, entity, mirrored.row_id, column, base)
    for conflict in merge.conflicts if mirrored.is_new else ():
        # Two records that have become one never had a common past: what stands there now is what our value departs from.
        write_base(tx, entity, mirrored.row_id, conflict.column, conflict.theirs)
    for column in merge.settled:
        drop_base(tx, entity, mirrored.row_id, column)
    if merge.settled:
        close_mismatches(tx, entity, mirrored.row_id, kinds=[MismatchKind.BOTH_EDITED], fields=merge.settled)
    adjust_digest(tx, entity, staged.observed.national_id, before, counted(tx, entity, mirrored.row_id))


def withdraw_row(
    tx: Transaction,
    entity: Entity,
    mirrored: Mirrored,
    *,
    national_hash: bytes | None,
    updated_at_ms: int | None,
) -> None:
    """The national side no longer has it: the row stays, marked, and no longer counts."""
    before = counted(tx, entity, mirrored.row_id)
    row: dict[str, Any] = {"withdrawn_at": tx.now}
    if national_hash is not None:
        row |= {"national_hash": national_hash, "national_updated_at_ms": updated_at_ms}
    if entity in (Entity.HOUR_RECORD, Entity.TEAM):
        row["state"] = "deleted"
    write_row(tx, entity, mirrored.row_id, row)
    national_id = tx.execute(f"SELECT national_id FROM {entity} WHERE id = :id", id=mirrored.row_id).scalar_one()
    adjust_digest(tx, entity, national_id, before, NOT_COUNTED)


def settle_deletion(tx: Transaction, entity: Entity, national_id: str) -> None:
    """Our deletion and theirs agree; nothing is left to send."""
    deletion = load_deletion(tx, entity, national_id)
    if deletion is None:
        return
    old_row = json.loads(deletion["old_row"])
    tx.execute(
        "DELETE FROM local_deletion WHERE entity = :entity AND national_id = :id",
        entity=entity.value,
        id=national_id,
    )
    adjust_digest(tx, entity, national_id, _counted(tx, entity, old_row), NOT_COUNTED)
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
    old_row = {**json.loads(deletions[0]["old_row"]), "national_id": national_id}
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
    adjust_digest(tx, entity, national_id, NOT_COUNTED, _counted(tx, entity, old_row))


def write_row(tx: Transaction, entity: Entity, row_id: int, row: Mapping[str, Any]) -> None:
    """Set columns under a revision of their own, so that the triggers know the engine."""
    _set_columns(tx, entity, row_id, {**row, "sync_rev": tx.next_revision()})


def _set_columns(tx: Transaction, entity: Entity, row_id: int, row: Mapping[str, Any]) -> None:
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


def seal_plain_values(tx: Transaction, entity: Entity) -> int:
    """Seal what other programs wrote plain; an edit back to the base's value is no edit any more.

    Returns the number of values sealed.
    """
    sealed = 0
    for column in SEALED_FIELDS[entity]:
        for row in plain_values(tx, entity, column):
            plain = normalised_secret(row["stored"])
            values: dict[str, Any] = {column: tx.sealer.seal(plain), f"{column}_hash": tx.sealer.match_hash(plain)}
            if row["sync_rev"] is None:
                _set_columns(tx, entity, row["id"], values)
            else:
                _drop_base_if_equal(tx, entity, row["id"], column, plain)
                write_row(tx, entity, row["id"], values)
            sealed += 1
    return sealed


def plain_values(tx: Transaction, entity: Entity, column: str) -> list[Mapping[str, Any]]:
    """Plain values in a sealed column; only a row edited or created here can hold one, so nothing is scanned."""
    plain = f"r.{column} IS NOT NULL AND r.{column} NOT LIKE '%:%'"
    return tx.rows(
        f"SELECT r.id, r.{column} AS stored, r.sync_rev FROM {entity} r WHERE r.sync_rev IS NULL AND {plain}"
        f" UNION SELECT r.id, r.{column}, r.sync_rev FROM local_change c JOIN {entity} r ON r.id = c.row_id"
        f" WHERE c.entity = :entity AND c.field = :field AND {plain}",
        entity=entity.value,
        field=column,
    )


def _drop_base_if_equal(tx: Transaction, entity: Entity, row_id: int, column: str, plain: str) -> None:
    base = tx.execute(
        "SELECT base FROM local_change WHERE entity = :entity AND row_id = :row_id AND field = :field",
        entity=entity.value,
        row_id=row_id,
        field=column,
    ).scalar_one_or_none()
    if base is not None and tx.sealer.plain(base) == plain:
        drop_base(tx, entity, row_id, column)


def _sealed(sealer: Sealer, entity: Entity, values: Mapping[str, Value]) -> dict[str, Any]:
    row: dict[str, Any] = dict(values)
    for column in SEALED_FIELDS[entity]:
        if column in row:
            plain = row[column]
            row[column] = None if plain is None else sealer.seal(plain)
            row[f"{column}_hash"] = None if plain is None else sealer.match_hash(plain)
    return row


def _finish_creation(tx: Transaction, entity: Entity, row_id: int, national_id: str) -> None:
    tx.execute(
        "UPDATE operation SET state = 'done', national_id = :national_id, outcome = 'adopted'"
        " WHERE entity = :entity AND row_id = :row_id AND verb = 'create'"
        " AND state IN ('planned', 'in_flight', 'unknown', 'pending', 'refused')",
        national_id=national_id,
        entity=entity.value,
        row_id=row_id,
    )
    close_mismatches(tx, entity, row_id, kinds=[MismatchKind.REFUSED_BY_REVIEW])


Counted = tuple[int, int, int]
"""What one row adds to its bucket's digest: records, version sum, effective seconds, by its agreed values."""

NOT_COUNTED: Counted = (0, 0, 0)


def counted(tx: Transaction, entity: Entity, row_id: int) -> Counted:
    return _counted(tx, entity, tx.rows(f"SELECT * FROM {entity} WHERE id = :id", id=row_id)[0])


def _counted(tx: Transaction, entity: Entity, row: Mapping[str, Any]) -> Counted:
    if row["national_id"] is None or row["withdrawn_at"] is not None:
        return NOT_COUNTED
    agreed = dict(row)
    if entity is Entity.HOUR_RECORD:
        changes = tx.rows(
            "SELECT field, base FROM local_change WHERE entity = :entity AND row_id = :row_id",
            entity=entity.value,
            row_id=row["id"],
        )
        agreed |= {change["field"]: value_from_text(entity, change["field"], change["base"]) for change in changes}
    seconds = agreed["service_seconds"] if counts_as_service(entity, agreed) else 0
    return (1, row["national_updated_at_ms"] or 0, seconds)


def adjust_digest(tx: Transaction, entity: Entity, national_id: str | None, before: Counted, after: Counted) -> None:
    if national_id is None or before == after:
        return
    tx.execute(
        "INSERT INTO bucket_digest (entity, bucket, records, version_sum, effective_seconds)"
        " VALUES (:entity, :bucket, :records, :versions, :seconds) ON CONFLICT (entity, bucket) DO UPDATE SET"
        " records = bucket_digest.records + excluded.records,"
        " version_sum = bucket_digest.version_sum + excluded.version_sum,"
        " effective_seconds = bucket_digest.effective_seconds + excluded.effective_seconds",
        entity=entity.value,
        bucket=bucket_of(national_id),
        records=after[0] - before[0],
        versions=after[1] - before[1],
        seconds=after[2] - before[2],
    )
