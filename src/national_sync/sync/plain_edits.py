"""Plain edits, many at a time: rows whose edits nothing stands against are planned and booked in a few statements.

The same rules as `sync.outbox` and `sync.operations` for the case in which they come down to "send it" and "both sides
now have it". Whatever a person, a refusal or an earlier write has to do with is left to the single path.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from national_sync.national.port import Done, Outcome, Verb, bucket_of
from national_sync.policy import Owner
from national_sync.records import RECORD_TYPES, REFERENCES, SEALED_FIELDS, Entity, Value, content_fields, mirror_columns
from national_sync.store.database import write_many
from national_sync.sync.digest import adjust_digest
from national_sync.sync.mirror import opened, value_from_text
from national_sync.sync.operations import StoredOperation, insert_operations, operation_row
from national_sync.sync.plan import is_frozen
from national_sync.sync.sendable import fault_of
from national_sync.sync.transaction import Transaction

_COUNTED_FIELDS = frozenset({"state", "service_seconds"})
"""What the sums of an hour record depend on."""


def plan_plain_edits(tx: Transaction, entity: Entity, owners: Mapping[str, Owner], row_ids: Sequence[int]) -> set[int]:
    """Plan the updates of the rows that have nothing but plain edits; returns those rows."""
    rows = _rows(tx, entity, row_ids)
    bases = _bases(tx, entity, row_ids)
    busy = _rows_with_a_past(tx, entity, row_ids)
    names = _names_of_references(tx, entity, rows.values())
    planned = []
    for row_id, row in rows.items():
        edits = bases.get(row_id, {})
        if row_id in busy or not _are_plain(entity, owners, row, edits):
            continue
        values = {column: opened(tx.sealer, entity, column, row[column]) for column in mirror_columns(entity)}
        fields = _national_fields(entity, values, names)
        if fields is None:
            continue
        record = RECORD_TYPES[entity](
            **fields, national_id=row["national_id"], updated_at_ms=row["national_updated_at_ms"] or 0
        )
        by_column = dict(zip(mirror_columns(entity), content_fields(entity), strict=True))
        sent = {by_column[column]: fields[by_column[column]] for column in sorted(edits)}
        before: dict[str, Value] = {by_column[column]: base for column, base in edits.items()}
        planned.append(operation_row(tx, entity, row_id, Verb.UPDATE, record, sent, before))
    insert_operations(tx, planned)
    return {row["row_id"] for row in planned}


def _rows(tx: Transaction, entity: Entity, row_ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    found = tx.rows(f"SELECT * FROM {entity} WHERE id IN ({_listed(row_ids)}) ORDER BY id{tx.locking}")
    return {row["id"]: row for row in found}


def _bases(tx: Transaction, entity: Entity, row_ids: Sequence[int]) -> dict[int, dict[str, Value]]:
    bases: dict[int, dict[str, Value]] = defaultdict(dict)
    for change in tx.rows(
        f"SELECT row_id, field, base FROM local_change WHERE entity = :entity AND row_id IN ({_listed(row_ids)})",
        entity=entity.value,
    ):
        bases[change["row_id"]][change["field"]] = value_from_text(entity, change["field"], change["base"])
    return bases


def _rows_with_a_past(tx: Transaction, entity: Entity, row_ids: Sequence[int]) -> set[int]:
    """Rows that an open mismatch or an earlier operation has to do with."""
    listed = _listed(row_ids)
    found = tx.execute(
        f"SELECT row_id FROM mismatch WHERE state = 'open' AND entity = :entity AND row_id IN ({listed})"
        f" UNION SELECT row_id FROM operation WHERE entity = :entity AND row_id IN ({listed})",
        entity=entity.value,
    )
    return set(found.scalars())


def _names_of_references(
    tx: Transaction, entity: Entity, rows: Iterable[Mapping[str, Any]]
) -> dict[str, dict[int, str]]:
    """By column: how the national side names the rows that these rows refer to."""
    rows = list(rows)
    names: dict[str, dict[int, str]] = {}
    for reference in REFERENCES[entity]:
        wanted = {row[reference.column] for row in rows if row[reference.column] is not None}
        named = tx.rows(
            f"SELECT id, {reference.target_field} AS name FROM {reference.target} WHERE id IN ({_listed(wanted)})"
            " AND national_id IS NOT NULL AND withdrawn_at IS NULL"
        )
        names[reference.column] = {row["id"]: row["name"] for row in named if row["name"] is not None}
    return names


def _are_plain(entity: Entity, owners: Mapping[str, Owner], row: Mapping[str, Any], edits: Mapping[str, Value]) -> bool:
    if not edits or row["national_id"] is None or row["withdrawn_at"] is not None:
        return False
    if is_frozen(entity, {**row, **edits}):
        return False
    return all(
        owners[column] is not Owner.NATIONAL
        and fault_of(entity, column, row[column]) is None
        and column not in SEALED_FIELDS[entity]
        and row[column] != base
        for column, base in edits.items()
    )


def _national_fields(
    entity: Entity, values: Mapping[str, Value], names: Mapping[str, Mapping[int, str]]
) -> dict[str, Any] | None:
    fields: dict[str, Any] = {}
    for field, column in zip(content_fields(entity), mirror_columns(entity), strict=True):
        fields[field] = values[column]
        if column in names:
            fields[field] = names[column].get(int(values[column] or 0))
            if fields[field] is None:
                return None
    return fields


def book_plain_edits(tx: Transaction, entity: Entity, answered: Sequence[tuple[StoredOperation, Outcome]]) -> set[int]:
    """Book the updates that took effect as sent on rows that are still as sent; returns those operations' ids."""
    candidates = [
        (stored, outcome)
        for stored, outcome in answered
        if isinstance(outcome, Done) and _is_as_sent(entity, stored, outcome)
    ]
    if not candidates:
        return set()
    row_ids = [stored.row_id for stored, _outcome in candidates]
    rows = _rows(tx, entity, row_ids)
    disputed = _rows_in_dispute(tx, entity, row_ids)
    booked = []
    for stored, outcome in candidates:
        row = rows.get(stored.row_id)
        if row is not None and stored.row_id not in disputed and _stands_as_sent(tx, entity, row, stored):
            booked.append((stored, outcome, row))
    _write_booked(tx, entity, booked)
    return {stored.id for stored, _outcome, _row in booked}


def _is_as_sent(entity: Entity, stored: StoredOperation, outcome: Done) -> bool:
    operation = stored.operation
    referring = {reference.field for reference in REFERENCES[entity]}
    sealed = set(SEALED_FIELDS[entity])
    if operation.verb is not Verb.UPDATE or outcome.record is None or outcome.record.is_deleted:
        return False
    if set(operation.fields) & (referring | sealed | _COUNTED_FIELDS):
        return False
    echo = msgspec.structs.replace(outcome.record, updated_at_ms=operation.record.updated_at_ms)
    return echo == operation.record


def _rows_in_dispute(tx: Transaction, entity: Entity, row_ids: Sequence[int]) -> set[int]:
    listed = _listed(row_ids)
    found = tx.execute(
        f"SELECT row_id FROM mismatch WHERE state = 'open' AND entity = :entity AND row_id IN ({listed})"
        f" UNION SELECT m.id FROM observed_{entity} o JOIN {entity} m ON m.national_id = o.national_id"
        f" WHERE m.id IN ({listed})",
        entity=entity.value,
    )
    return set(found.scalars())


def _stands_as_sent(tx: Transaction, entity: Entity, row: Mapping[str, Any], stored: StoredOperation) -> bool:
    columns = dict(zip(content_fields(entity), mirror_columns(entity), strict=True))
    return row["withdrawn_at"] is None and all(
        opened(tx.sealer, entity, columns[field], row[columns[field]]) == value
        for field, value in stored.operation.fields.items()
    )


def _write_booked(
    tx: Transaction, entity: Entity, booked: Sequence[tuple[StoredOperation, Done, Mapping[str, Any]]]
) -> None:
    if not booked:
        return
    columns = dict(zip(content_fields(entity), mirror_columns(entity), strict=True))
    rows: list[tuple[bytes, int, int]] = []
    sent_rows: dict[str, list[int]] = defaultdict(list)
    versions: dict[str, int] = defaultdict(int)
    for stored, outcome, row in booked:
        record = outcome.record
        assert record is not None
        rows.append((tx.sealer.record_hash(record), record.updated_at_ms, stored.row_id))
        for field in stored.operation.fields:
            sent_rows[columns[field]].append(stored.row_id)
        versions[bucket_of(record.national_id)] += record.updated_at_ms - (row["national_updated_at_ms"] or 0)
    done = _listed(stored.id for stored, _outcome, _row in booked)
    tx.execute(f"UPDATE operation SET state = 'done' WHERE id IN ({done})")
    _write_versions(tx, entity, rows)
    for column, row_ids in sent_rows.items():
        tx.execute(
            f"DELETE FROM local_change WHERE entity = :entity AND field = :field AND row_id IN ({_listed(row_ids)})",
            entity=entity.value,
            field=column,
        )
    sent = b"".join(b"%d %b\n" % (row_id, national_hash) for national_hash, _updated_at, row_id in rows)
    tx.note(entity, "send_update", sent, rows=len(rows))
    for bucket, moved in versions.items():
        adjust_digest(tx, entity, bucket, (0, 0, 0), (0, moved, 0))


def _write_versions(tx: Transaction, entity: Entity, rows: Sequence[tuple[bytes, int, int]]) -> None:
    """National hash, moment and row id of each. One statement on PostgreSQL, whose triggers cost by the statement."""
    sql = f"UPDATE {entity} SET national_hash = ?, national_updated_at_ms = ?, sync_rev = {tx.revision} WHERE id = ?"
    if tx.connection.dialect.name == "sqlite":
        write_many(tx.connection, sql, rows)
        return
    tx.connection.exec_driver_sql(
        f"UPDATE {entity} SET national_hash = booked.hash, national_updated_at_ms = booked.at, sync_rev = {tx.revision}"
        " FROM unnest(%s::bytea[], %s::bigint[], %s::bigint[]) AS booked(hash, at, id) WHERE"
        f" {entity}.id = booked.id",
        tuple(list(column) for column in zip(*rows, strict=True)),
    )


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(str(number) for number in numbers) or "NULL"
