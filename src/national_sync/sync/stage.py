"""Staging: what the national side said, stored page by page before anything is decided."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterable, Sequence
from functools import cache
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, text

from national_sync.national.port import Reject, RejectReason
from national_sync.records import SEALED_FIELDS, Entity, Record, content_fields
from national_sync.sealing import Sealer
from national_sync.store.database import upsert_many
from national_sync.store.tables import OBSERVED
from national_sync.sync.mismatches import close_where
from national_sync.sync.transaction import Transaction

MirrorVersion = tuple[int, bytes | None]
"""Row id and `national_hash` of the mirror's row of a national id."""


def stage_records(
    tx: Transaction,
    entity: Entity,
    records: Sequence[Record],
    *,
    keep_unchanged: bool,
    mirror_is_empty: bool = False,
) -> int:
    """Store observed records beside what the mirror has of them; returns how many differ from the mirror.

    An unchanged record leaves only its id (`keep_unchanged`, for a listing that must know whom it saw) or nothing.
    """
    records = _without_strangers_tombstones(tx, entity, _newest_of_each(tx, entity, records))
    known = {} if mirror_is_empty else _mirror_versions(tx.connection, entity, [r.national_id for r in records])
    record_hash = tx.sealer.record_hash
    seal = _sealing_of(entity, tx.sealer)
    changed: list[tuple[Any, ...]] = []
    unchanged: list[tuple[Any, ...]] = []
    astuple = msgspec.structs.astuple
    for record in records:
        digest = record_hash(record)
        row_id, mirror_hash = known.get(record.national_id, (None, None))
        if digest == mirror_hash:
            unchanged.append((record.national_id, record.updated_at_ms, False, digest, digest, row_id))
        elif seal is None:
            changed.append((*astuple(record), digest, mirror_hash, row_id))
        else:
            changed.append((*seal(astuple(record)), digest, mirror_hash, row_id))
    _store(tx, entity, observed_columns(entity), changed)
    if keep_unchanged:
        _store(tx, entity, _UNCHANGED_COLUMNS, unchanged)
    return len(changed)


def _without_strangers_tombstones(tx: Transaction, entity: Entity, records: Sequence[Record]) -> Sequence[Record]:
    """Leave out deletions of what this side never had or no longer has: nothing is left to do about them."""
    deleted = [record.national_id for record in records if record.is_deleted]
    if not deleted:
        return records
    ours = set(_mirror_versions(tx.connection, entity, deleted))
    ours.update(
        tx.execute(
            "SELECT national_id FROM local_deletion WHERE entity = :entity AND national_id IS NOT NULL",
            entity=entity.value,
        ).scalars()
    )
    strangers = {national_id for national_id in deleted if national_id not in ours}
    for national_id in strangers:
        # It may still be staged as alive, waiting for something it names.
        tx.execute(f"DELETE FROM observed_{entity} WHERE national_id = :id", id=national_id)
        close_unknown_reference(tx, entity, national_id)
    return [record for record in records if record.national_id not in strangers]


def close_unknown_reference(tx: Transaction, entity: Entity, national_id: str) -> None:
    """What a staged record waited for has come, or the record is gone."""
    condition = "kind = 'unknown_reference' AND entity = :entity AND subject = :subject"
    close_where(tx, condition, entity=entity.value, subject=national_id)


def _newest_of_each(tx: Transaction, entity: Entity, records: Sequence[Record]) -> Sequence[Record]:
    """One record for each id; two of one version with different content are nobody's truth and go to quarantine."""
    by_id: dict[str, Record] = {}
    contested: dict[str, Record] = {}
    for record in records:
        other = by_id.get(record.national_id)
        if other is None or record.updated_at_ms > other.updated_at_ms:
            by_id[record.national_id] = record
            contested.pop(record.national_id, None)
        elif record.updated_at_ms == other.updated_at_ms and record != other:
            contested[record.national_id] = record
    if len(by_id) == len(records):
        return records
    for national_id, record in contested.items():
        both = msgspec.json.encode([by_id.pop(national_id), record])
        reject = Reject(national_id, RejectReason.TWO_RECORDS_ONE_ID, "id", "two different records carry one id", both)
        quarantine(tx, entity, [reject])
    return list(by_id.values())


def quarantine(tx: Transaction, entity: Entity, rejects: Iterable[Reject]) -> None:
    """Keep what could not be understood, sealed, with its reason. Seen again unchanged, nothing is written."""
    for reject in rejects:
        payload_hash = _payload_hash(tx.sealer, reject)
        tx.execute(
            "INSERT INTO quarantine (entity, identity, national_id, reason, field, detail, payload, payload_hash,"
            " state, first_run_id, last_run_id, times) VALUES (:entity, :identity, :national_id, :reason, :field,"
            " :detail, :payload, :payload_hash, 'open', :run, :run, 1)"
            " ON CONFLICT (entity, identity) DO UPDATE SET reason = excluded.reason, field = excluded.field,"
            " detail = excluded.detail, payload = excluded.payload, payload_hash = excluded.payload_hash,"
            " state = 'open', last_run_id = excluded.last_run_id, times = quarantine.times + 1"
            " WHERE quarantine.payload_hash <> excluded.payload_hash OR quarantine.state IN ('solved', 'replay')",
            entity=entity.value,
            identity=quarantine_identity(tx.sealer, reject),
            national_id=reject.national_id,
            reason=reject.reason.value,
            field=reject.field,
            detail=reject.detail,
            payload=tx.sealer.seal_bytes(reject.raw),
            payload_hash=payload_hash,
            run=tx.run_id,
        )


def quarantine_identity(sealer: Sealer, reject: Reject) -> str:
    """What a quarantined record is known by: its id, or a keyed hash of what came where it has none."""
    return reject.national_id or _payload_hash(sealer, reject).hex()


def _payload_hash(sealer: Sealer, reject: Reject) -> bytes:
    return sealer.match_hash(reject.raw.decode("utf-8", "surrogatepass"))


def solve_nameless_quarantine(tx: Transaction, entity: Entity, seen: Container[str]) -> None:
    """Close what has no id and is not among the identities that a complete listing has `seen`: nobody sends it now."""
    gone = [
        row["id"]
        for row in tx.rows(
            "SELECT id, identity FROM quarantine WHERE entity = :entity AND national_id IS NULL AND state <> 'solved'",
            entity=entity.value,
        )
        if row["identity"] not in seen
    ]
    for quarantine_id in gone:
        tx.execute(
            "UPDATE quarantine SET state = 'solved', last_run_id = :run WHERE id = :id",
            run=tx.run_id,
            id=quarantine_id,
        )


def open_quarantine_ids(connection: Connection, entity: Entity) -> set[str]:
    rows = connection.execute(
        text(
            "SELECT national_id FROM quarantine WHERE entity = :entity AND state <> 'solved' AND national_id IS NOT NULL"
        ),
        {"entity": entity.value},
    )
    return set(rows.scalars())


def solve_quarantine(tx: Transaction, entity: Entity, national_ids: Iterable[str]) -> None:
    """A good record has come for these ids."""
    for national_id in national_ids:
        tx.execute(
            "UPDATE quarantine SET state = 'solved', last_run_id = :run"
            " WHERE entity = :entity AND national_id = :national_id AND state <> 'solved'",
            run=tx.run_id,
            entity=entity.value,
            national_id=national_id,
        )


def _mirror_versions(connection: Connection, entity: Entity, national_ids: Sequence[str]) -> dict[str, MirrorVersion]:
    if connection.dialect.name == "sqlite":
        sql = (
            f"SELECT national_id, id, national_hash FROM {entity} WHERE national_id IN (SELECT value FROM json_each(?))"
        )
        parameter: Any = json.dumps(national_ids)
    else:
        sql = f"SELECT national_id, id, national_hash FROM {entity} WHERE national_id = ANY(%s)"
        parameter = list(national_ids)
    rows = connection.exec_driver_sql(sql, (parameter,))
    return {national_id: (row_id, digest) for national_id, row_id, digest in rows.fetchall()}


def _sealing_of(entity: Entity, sealer: Sealer) -> Callable[[tuple[Any, ...]], tuple[Any, ...]] | None:
    """Seals the personal fields of a record's tuple and appends their match hashes."""
    fields = content_fields(entity)
    positions = [fields.index(name) for name in SEALED_FIELDS[entity]]
    if not positions:
        return None

    def seal(values: tuple[Any, ...]) -> tuple[Any, ...]:
        sealed = list(values)
        for position in positions:
            plain = sealed[position]
            sealed[position] = None if plain is None else sealer.seal(plain)
            sealed.append(None if plain is None else sealer.match_hash(plain))
        return tuple(sealed)

    return seal


@cache
def observed_columns(entity: Entity) -> tuple[str, ...]:
    """The staging columns in the order in which staged tuples carry them."""
    hashes = tuple(f"{name}_hash" for name in SEALED_FIELDS[entity])
    identity = ("national_id", "updated_at_ms", "is_deleted")
    return (*content_fields(entity), *identity, *hashes, "national_hash", "mirror_hash", "row_id")


_UNCHANGED_COLUMNS: Final = ("national_id", "updated_at_ms", "is_deleted", "national_hash", "mirror_hash", "row_id")


def _store(tx: Transaction, entity: Entity, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    table = OBSERVED[entity].name
    updates = ", ".join(f"{name} = excluded.{name}" for name in columns if name != "national_id")
    moved = " OR ".join(_is_other(name, table) for name in ("national_hash", "mirror_hash", "row_id"))
    newer_wins = (
        f"ON CONFLICT (national_id) DO UPDATE SET {updates}"
        f" WHERE excluded.updated_at_ms >= {table}.updated_at_ms AND ({moved})"
    )
    upsert_many(tx.connection, table, columns, rows, newer_wins)


def _is_other(column: str, table: str) -> str:
    """Whether what is staged already is something else: the same seen again is not written again."""
    known, seen = f"{table}.{column}", f"excluded.{column}"
    return f"({known} <> {seen} OR ({known} IS NULL) <> ({seen} IS NULL))"
