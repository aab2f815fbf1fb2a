"""Operations: outgoing writes, committed before they are sent, and what their outcomes do to the mirror."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

import msgspec
from sqlalchemy import Connection, text

from national_sync.national.port import (
    Done,
    NotSent,
    Operation,
    Outcome,
    Pending,
    RefusalKind,
    Refused,
    Unknown,
    Verb,
)
from national_sync.policy import Owner
from national_sync.records import (
    RECORD_TYPES,
    REFERENCES,
    SEALED_FIELDS,
    Entity,
    Record,
    Reference,
    Value,
    content_fields,
    mirror_columns,
)
from national_sync.sealing import Sealer
from national_sync.store.database import upsert_many
from national_sync.sync.deletions import link_deletion, settle_deletion
from national_sync.sync.digest import NOT_COUNTED, adjust_digest, counted
from national_sync.sync.kinds import MismatchKind
from national_sync.sync.mirror import drop_base, load_mirrored, resolve_reference, write_base, write_row
from national_sync.sync.mismatches import close_mismatches, open_mismatch
from national_sync.sync.settle import settle_staged
from national_sync.sync.stage import stage_records
from national_sync.sync.transaction import Transaction

UNSETTLED = "('planned', 'in_flight', 'unknown', 'pending')"


@dataclass(frozen=True)
class StoredOperation:
    """An operation row, its personal data opened for sending."""

    id: int
    row_id: int
    operation: Operation
    attempts: int
    sent_at: int | None
    ticket: str | None


def field_of(entity: Entity, column: str) -> str:
    """The content field a mirror column holds."""
    return content_fields(entity)[mirror_columns(entity).index(column)]


def column_of(entity: Entity, field: str) -> str:
    return mirror_columns(entity)[content_fields(entity).index(field)]


def plan_operation(
    tx: Transaction,
    entity: Entity,
    row_id: int,
    verb: Verb,
    record: Record,
    fields: Mapping[str, Value],
    before: Mapping[str, Value] | None = None,
) -> None:
    """Commit to an outgoing write (invariant I3). `before`: what an update replaces, by content field."""
    insert_operations(tx, [operation_row(tx, entity, row_id, verb, record, fields, before or {})])


def operation_row(
    tx: Transaction,
    entity: Entity,
    row_id: int,
    verb: Verb,
    record: Record,
    fields: Mapping[str, Value],
    before: Mapping[str, Value],
) -> dict[str, Any]:
    """An operation as it is stored, personal data sealed."""
    return {
        "reference": uuid.uuid4().hex,
        "entity": entity.value,
        "row_id": row_id,
        "national_id": record.national_id or None,
        "verb": verb.value,
        "fields": json.dumps(_sealed_fields(tx.sealer, entity, fields), ensure_ascii=False, sort_keys=True),
        "before": json.dumps(_sealed_fields(tx.sealer, entity, before), ensure_ascii=False, sort_keys=True),
        "record": _sealed_record(tx.sealer, entity, record),
        "state": "planned",
        "attempts": 0,
        "run_id": tx.run_id,
    }


def insert_operations(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        upsert_many(tx.connection, "operation", tuple(rows[0]), [tuple(row.values()) for row in rows], "")


def load_operations(tx: Transaction, condition: str, **parameters: Any) -> list[StoredOperation]:
    return [
        _stored_operation(tx.sealer, row)
        for row in tx.rows(f"SELECT * FROM operation WHERE {condition} ORDER BY id", **parameters)
    ]


def record_of_row(
    tx: Transaction,
    entity: Entity,
    values: Mapping[str, Value],
    identity: Mapping[str, Any],
    *,
    is_leaving: bool = False,
) -> Record | None:
    """The national record a mirror row stands for; None while something it names is not known nationally.

    `values` are plain, by mirror column. What is deleted may name what is deleted with it (`is_leaving`).
    """
    fields: dict[str, Any] = {}
    references = {reference.column: reference for reference in REFERENCES[entity]}
    for field, column in zip(content_fields(entity), mirror_columns(entity), strict=True):
        reference = references.get(column)
        if reference is None:
            fields[field] = values[column]
            continue
        named = tx.execute(
            f"SELECT {reference.target_field} FROM {reference.target}"
            " WHERE id = :id AND national_id IS NOT NULL AND withdrawn_at IS NULL",
            id=values[column],
        ).scalar_one_or_none()
        if named is None and is_leaving:
            named = _named_until_deleted(tx, reference, values[column])
        if named is None:
            return None
        fields[field] = named
    return RECORD_TYPES[entity](
        **fields,
        national_id=identity["national_id"] or "",
        updated_at_ms=identity["national_updated_at_ms"] or 0,
    )


def _named_until_deleted(tx: Transaction, reference: Reference, row_id: Value) -> str | None:
    """What names a row nationally that is deleted or withdrawn here."""
    old_row = tx.execute(
        "SELECT old_row FROM local_deletion WHERE entity = :entity AND row_id = :row_id ORDER BY id DESC LIMIT 1",
        entity=reference.target.value,
        row_id=row_id,
    ).scalar_one_or_none()
    if old_row is not None:
        deleted: str | None = json.loads(old_row)[reference.target_field]
        return deleted
    withdrawn: str | None = tx.execute(
        f"SELECT {reference.target_field} FROM {reference.target} WHERE id = :id", id=row_id
    ).scalar_one_or_none()
    return withdrawn


def mark_in_flight(tx: Transaction, operations: Sequence[StoredOperation]) -> None:
    tx.execute(
        "UPDATE operation SET state = 'in_flight', attempts = attempts + 1, sent_at = :now, run_id = :run"
        f" WHERE id IN ({', '.join(str(stored.id) for stored in operations)})",
        now=tx.now,
        run=tx.run_id,
    )


def record_outcome(
    tx: Transaction, owners: Mapping[Entity, Mapping[str, Owner]], stored: StoredOperation, outcome: Outcome
) -> None:
    """Book what became of an operation; the server's echo becomes the new base."""
    operation = stored.operation
    entity = operation.entity
    match outcome:
        case Done(national_id, record):
            _set_state(tx, stored, "done", national_id=national_id)
            tx.note(entity, f"send_{operation.verb}", f"{stored.row_id} {national_id} {operation.reference}\n")
            match operation.verb:
                case Verb.CREATE:
                    _link_creation(tx, owners[entity], stored, national_id, record)
                case Verb.UPDATE:
                    _rebase(tx, entity, owners[entity], stored)
                case Verb.DELETE:
                    settle_deletion(tx, entity, national_id)
                case _:
                    assert_never(operation.verb)
            if record is not None and operation.verb is not Verb.DELETE:
                absorb(tx, entity, owners[entity], [record])
            close_mismatches(
                tx,
                entity,
                stored.row_id,
                kinds=[MismatchKind.REFUSED_BY_REVIEW, MismatchKind.MISSING_NATIONALLY],
            )
        case Pending(ticket):
            _set_state(tx, stored, "pending", ticket=ticket)
        case Unknown(reason):
            _set_state(tx, stored, "unknown", outcome=reason)
        case NotSent(reason):
            tx.execute(
                "UPDATE operation SET state = 'planned', attempts = attempts - 1, outcome = :reason WHERE id = :id",
                reason=reason,
                id=stored.id,
            )
        case Refused(kind, code, words):
            _set_state(tx, stored, "refused", outcome=words)
            if kind is RefusalKind.NOT_FOUND and operation.verb is Verb.DELETE:
                settle_deletion(tx, entity, operation.record.national_id)
            elif kind is not RefusalKind.CHANGED_MEANWHILE:
                _report_refusal(tx, stored, code, words)
        case _:
            assert_never(outcome)


def absorb(tx: Transaction, entity: Entity, owners: Mapping[str, Owner], records: Sequence[Record]) -> None:
    """Take up records the national side has just shown, by the same rules as those of a pull."""
    stage_records(tx, entity, records, keep_unchanged=False)
    settle_staged(tx, entity, owners, [record.national_id for record in records])


def supersede(tx: Transaction, stored: StoredOperation, reason: str) -> None:
    """This write is not wanted any more in this form; what is still to be sent is planned anew."""
    _set_state(tx, stored, "failed", outcome=reason)


def plan_again(tx: Transaction, stored: StoredOperation) -> None:
    """Certainly without effect: it may go out once more under its own reference."""
    _set_state(tx, stored, "planned")


def _set_state(tx: Transaction, stored: StoredOperation, state: str, **values: Any) -> None:
    assignments = "".join(f", {name} = :{name}" for name in values)
    tx.execute(
        f"UPDATE operation SET state = :state{assignments} WHERE id = :id",
        state=state,
        id=stored.id,
        **values,
    )


def _link_creation(
    tx: Transaction, owners: Mapping[str, Owner], stored: StoredOperation, national_id: str, record: Record | None
) -> None:
    entity = stored.operation.entity
    linked_row = resolve_reference(tx.connection, entity, "national_id", national_id)
    if linked_row is not None:
        if linked_row != stored.row_id:
            _report_refusal(tx, stored, "linked", f"row {linked_row} already stands for this national record")
        return
    mirrored = load_mirrored(tx, entity, row_id=stored.row_id)
    if mirrored is None:
        link_deletion(tx, entity, stored.row_id, national_id, record)
        return
    write_row(tx, entity, stored.row_id, {"national_id": national_id})
    sent = _values_by_column(tx, entity, stored.operation.record)
    for column, value in mirrored.values.items():
        if owners[column] is not Owner.NATIONAL and value != sent[column]:
            write_base(tx, entity, stored.row_id, column, sent[column])
    adjust_digest(tx, entity, national_id, NOT_COUNTED, counted(tx, entity, stored.row_id))


def _rebase(tx: Transaction, entity: Entity, owners: Mapping[str, Owner], stored: StoredOperation) -> None:
    """What was sent and accepted is what both sides agree on now. What is the national side's own it tells itself."""
    mirrored = load_mirrored(tx, entity, row_id=stored.row_id)
    if mirrored is None:
        return
    sent = _values_by_column(tx, entity, stored.operation.record)
    for field in stored.operation.fields:
        column = column_of(entity, field)
        if owners[column] is Owner.NATIONAL:
            continue
        if mirrored.values[column] == sent[column]:
            drop_base(tx, entity, stored.row_id, column)
        else:
            write_base(tx, entity, stored.row_id, column, sent[column])


def _values_by_column(tx: Transaction, entity: Entity, record: Record) -> dict[str, Value]:
    references = {reference.field: reference for reference in REFERENCES[entity]}
    values: dict[str, Value] = {}
    for field, column in zip(content_fields(entity), mirror_columns(entity), strict=True):
        value = getattr(record, field)
        if field in references:
            reference = references[field]
            value = resolve_reference(tx.connection, reference.target, reference.target_field, value)
        values[column] = value
    return values


def _report_refusal(tx: Transaction, stored: StoredOperation, code: str, words: str) -> None:
    operation = stored.operation
    open_mismatch(
        tx,
        MismatchKind.REFUSED_BY_REVIEW,
        operation.entity,
        row_id=stored.row_id,
        national_id=operation.record.national_id or None,
        detail={
            "verb": operation.verb.value,
            "fields": sorted(operation.fields),
            "code": code,
            "words": words,
        },
    )


def _sealed_fields(sealer: Sealer, entity: Entity, fields: Mapping[str, Value]) -> dict[str, Value]:
    return {
        name: sealer.seal(str(value)) if name in SEALED_FIELDS[entity] and value is not None else value
        for name, value in fields.items()
    }


def _sealed_record(sealer: Sealer, entity: Entity, record: Record) -> str:
    values = _sealed_fields(sealer, entity, {name: getattr(record, name) for name in content_fields(entity)})
    return json.dumps([*values.values(), record.national_id, record.updated_at_ms, False], ensure_ascii=False)


def _stored_operation(sealer: Sealer, row: Mapping[str, Any]) -> StoredOperation:
    entity = Entity(row["entity"])
    record = msgspec.json.decode(row["record"], type=RECORD_TYPES[entity])
    opened: dict[str, Any] = {name: sealer.plain(getattr(record, name)) for name in SEALED_FIELDS[entity]}
    record = msgspec.structs.replace(record, **opened)
    fields = _opened_fields(sealer, entity, row["fields"])
    return StoredOperation(
        row["id"],
        row["row_id"],
        Operation(row["reference"], entity, Verb(row["verb"]), record, fields),
        row["attempts"],
        row["sent_at"],
        row["ticket"],
    )


def rows_with_open_operation(tx: Transaction, entity: Entity) -> set[int]:
    rows = tx.execute(
        f"SELECT row_id FROM operation WHERE entity = :entity AND state IN {UNSETTLED}", entity=entity.value
    )
    return set(rows.scalars())


def count_open_operations(connection: Connection) -> dict[str, int]:
    """How many writes are planned, in flight, without a trusted answer or under review; states without any left out."""
    rows = connection.execute(
        text(
            f"SELECT state, COUNT(*) AS writes FROM operation WHERE state IN {UNSETTLED} GROUP BY state ORDER BY state"
        )
    )
    return {row.state: row.writes for row in rows}


def refused_before(tx: Transaction, entity: Entity, row_id: int, verb: Verb, fields: Mapping[str, Value]) -> bool:
    """Whether the national side has refused just this, so that only a change or a decision may send it again."""
    refusals = tx.rows(
        "SELECT o.fields FROM operation o JOIN mismatch m ON m.entity = o.entity AND m.row_id = o.row_id"
        " WHERE o.entity = :entity AND o.row_id = :row_id AND o.verb = :verb AND o.state = 'refused'"
        " AND m.kind = :kind AND m.state = 'open' ORDER BY o.id DESC LIMIT 1",
        entity=entity.value,
        row_id=row_id,
        verb=verb.value,
        kind=MismatchKind.REFUSED_BY_REVIEW.value,
    )
    return bool(refusals) and _opened_fields(tx.sealer, entity, refusals[0]["fields"]) == dict(fields)


def _opened_fields(sealer: Sealer, entity: Entity, stored: str) -> dict[str, Value]:
    return {
        name: sealer.plain(value) if name in SEALED_FIELDS[entity] else value
        for name, value in json.loads(stored).items()
    }
