"""Settling staged records one by one: those that somebody edited, deleted or created here, or an operation concerns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, assert_never

from national_sync.policy import Owner
from national_sync.records import (
    NATURAL_KEYS,
    REFERENCES,
    SEALED_FIELDS,
    Entity,
    Value,
    content_fields,
    mirror_columns,
)
from national_sync.sync.deletions import settle_deletion
from national_sync.sync.digest import NOT_COUNTED, adjust_digest, counted
from national_sync.sync.kinds import MismatchKind
from national_sync.sync.merge import Merge
from national_sync.sync.mirror import (
    drop_base,
    load_mirrored,
    old_row_of,
    opened,
    resolve_reference,
    sealed_row,
    write_base,
    write_row,
)
from national_sync.sync.mismatches import close_mismatches, open_mismatch
from national_sync.sync.plan import (
    Action,
    CreateRow,
    Mirrored,
    Observed,
    ReportMismatch,
    SettleDeletion,
    Skip,
    UpdateRow,
    Wait,
    WithdrawRow,
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
            if opened(tx.sealer, entity, name, sent[name]) == mirrored.values[column]:
                replaced[column] = opened(tx.sealer, entity, name, before)
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
            values[name] = opened(tx.sealer, entity, name, row[name])
            continue
        row_id = resolve_reference(tx.connection, reference.target, reference.target_field, row[name])
        values[reference.column] = row_id
        if row_id is None:
            unresolved.append(reference.column)
    observed = Observed(national_id, values, is_deleted=bool(row["is_deleted"]), unresolved=tuple(unresolved))
    return StagedRecord(observed, bytes(row["national_hash"]), row["updated_at_ms"], row["mirror_hash"])


def _national_hash(tx: Transaction, entity: Entity, mirrored: Mirrored) -> bytes | None:
    if mirrored.is_deleted_here:
        rows = tx.rows(
            "SELECT old_row FROM local_deletion WHERE entity = :entity AND row_id = :row_id ORDER BY id DESC",
            entity=entity.value,
            row_id=mirrored.row_id,
        )
        stored = old_row_of(rows[0])["national_hash"]
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


def _create_row(tx: Transaction, entity: Entity, staged: StagedRecord) -> None:
    row = {
        **sealed_row(tx.sealer, entity, staged.observed.values),
        "national_id": staged.observed.national_id,
        "national_hash": staged.national_hash,
        "national_updated_at_ms": staged.updated_at_ms,
        "sync_rev": tx.revision,
    }
    names = ", ".join(row)
    tx.execute(f"INSERT INTO {entity} ({names}) VALUES ({', '.join(f':{name}' for name in row)})", **row)
    row_id = resolve_reference(tx.connection, entity, "national_id", staged.observed.national_id)
    assert row_id is not None
    tx.note(entity, "create", f"{row_id} {tx.revision} {staged.national_hash.hex()}\n")
    adjust_digest(tx, entity, staged.observed.national_id, NOT_COUNTED, counted(tx, entity, row_id))


def _update_row(tx: Transaction, entity: Entity, mirrored: Mirrored, staged: StagedRecord, merge: Merge) -> None:
    before = counted(tx, entity, mirrored.row_id)
    row: dict[str, Any] = {
        **sealed_row(tx.sealer, entity, merge.take),
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
