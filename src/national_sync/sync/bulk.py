"""The bulk of a run in set-based SQL: records that nobody edited here are created and updated in chunks.

The same rules as `sync.plan.plan_record`, for the cases in which they come down to "create it" and "take theirs".
Everything else is *thoughtful*: settled record by record (`sync.settle`). Statements run on SQLite and
PostgreSQL alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from itertools import repeat
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.errors import StopRequested
from national_sync.policy import Owner
from national_sync.records import (
    NATURAL_KEYS,
    REFERENCES,
    SEALED_FIELDS,
    Entity,
    Reference,
    content_fields,
    mirror_columns,
)
from national_sync.store.marks import forget_mark, read_mark, write_mark
from national_sync.store.schema import create_missing_indexes, drop_secondary_indexes
from national_sync.store.triggers import suspended
from national_sync.sync.digest import digest_statement
from national_sync.sync.kinds import MismatchKind
from national_sync.sync.mismatches import staged_county_sql
from national_sync.sync.transaction import Transaction, Transactions

CHUNK_ROWS: Final = 2_000
"""Rows of one transaction: small enough that other programs on the same SQLite file wait for milliseconds only."""
FIRST_LOAD_ROWS: Final = 10_000
"""From here on building the indexes afterwards pays."""
FIRST_LOAD_CHUNK_ROWS: Final = 50_000

_CHANGED: Final = "(o.mirror_hash IS NULL OR o.mirror_hash <> o.national_hash)"


@dataclass(frozen=True)
class StagedCounts:
    """What is staged of one entity, by what it would do."""

    records: int
    """All of them, the unchanged ones of a listing included."""
    creates: int
    updates: int
    tombstones: int
    """Of records that stand in the mirror."""
    changed: int
    """All that are not as the mirror has them."""


def count_staged(connection: Connection, entity: Entity) -> StagedCounts:
    row = connection.execute(
        text(
            "SELECT COUNT(*), SUM(CASE WHEN c.changed AND NOT c.is_deleted AND c.row_id IS NULL THEN 1 ELSE 0 END),"
            " SUM(CASE WHEN c.changed AND NOT c.is_deleted AND c.row_id IS NOT NULL THEN 1 ELSE 0 END),"
            " SUM(CASE WHEN c.changed AND c.is_deleted AND c.row_id IS NOT NULL THEN 1 ELSE 0 END),"
            " SUM(CASE WHEN c.changed THEN 1 ELSE 0 END)"
            f" FROM (SELECT o.is_deleted, o.row_id, {_CHANGED} AS changed FROM observed_{entity} o) c"
        )
    ).one()
    return StagedCounts(*(int(number or 0) for number in row))


def refresh_staged(tx: Transaction, entity: Entity) -> None:
    """Look again at what the mirror holds of the records staged by an earlier run."""
    tx.execute(
        f"UPDATE observed_{entity} SET row_id = (SELECT m.id FROM {entity} m"
        f" WHERE m.national_id = observed_{entity}.national_id), mirror_hash = (SELECT m.national_hash FROM {entity} m"
        f" WHERE m.national_id = observed_{entity}.national_id)"
    )


def refresh_leftovers(transactions: Transactions, entity: Entity) -> None:
    """Bring what an earlier run left staged up to date with the mirror."""
    with transactions.read() as tx:
        stale = tx.execute(
            f"SELECT 1 FROM observed_{entity} o LEFT JOIN {entity} m ON m.national_id = o.national_id"
            " WHERE (o.row_id IS NULL AND m.id IS NOT NULL) OR (o.row_id IS NOT NULL AND m.id IS NULL)"
            " OR (o.row_id IS NOT NULL AND (m.national_hash <> o.mirror_hash"
            " OR (m.national_hash IS NULL) <> (o.mirror_hash IS NULL))) LIMIT 1"
        ).first()
    if stale:
        with transactions.write() as tx:
            refresh_staged(tx, entity)


def thoughtful_ids(connection: Connection, entity: Entity, owners: Mapping[str, Owner]) -> list[str]:
    """National ids of the staged records that need a decision of their own; `owners` by mirror column."""
    conditions = [
        "o.is_deleted",
        f"o.row_id IN (SELECT row_id FROM local_change WHERE entity = '{entity}')",
        f"o.national_id IN (SELECT national_id FROM local_deletion WHERE entity = '{entity}')",
        "m.withdrawn_at IS NOT NULL",
        f"o.row_id IN (SELECT row_id FROM operation WHERE entity = '{entity}' AND verb = 'update' AND state = 'done')",
        *(_differs(entity, column) for column, owner in owners.items() if owner is Owner.LOCAL),
    ]
    if entity is Entity.HOUR_RECORD:
        conditions.append("(m.state = 'effective' AND o.state <> 'effective')")
    sql = (
        f"SELECT o.national_id FROM observed_{entity} o LEFT JOIN {entity} m ON m.id = o.row_id"
        f" WHERE {_CHANGED} AND ({' OR '.join(conditions)})"
    )
    return sorted(twin_ids(connection, entity).union(connection.execute(text(sql)).scalars()))


def twin_ids(connection: Connection, entity: Entity) -> set[str]:
    """National ids of the staged records that are the same thing as a local creation."""
    if not _has_new_rows(connection, entity):
        return set()
    return set(connection.execute(text(_twins_query(entity))).scalars())


def _differs(entity: Entity, column: str) -> str:
    """Staged record `o` says something else than row `m` in this column."""
    name = f"{column}_hash" if column in SEALED_FIELDS[entity] else column
    theirs = f"o.{name}"
    for reference in REFERENCES[entity]:
        if reference.column == column:
            theirs = _resolved_id(reference)
    return f"(m.id IS NOT NULL AND (m.{name} <> {theirs} OR (m.{name} IS NULL) <> ({theirs} IS NULL)))"


def _has_new_rows(connection: Connection, entity: Entity) -> bool:
    return connection.execute(text(f"SELECT 1 FROM {entity} WHERE sync_rev IS NULL LIMIT 1")).first() is not None


def _twins_query(entity: Entity) -> str:
    """Staged records that are the same thing as a local creation, by natural key."""
    references = {reference.field: reference for reference in REFERENCES[entity]}
    selected, joins, matches = [], [], []
    for number, name in enumerate(NATURAL_KEYS[entity]):
        if name in references:
            reference = references[name]
            joins.append(f"JOIN {reference.target} r{number} ON r{number}.id = n.{reference.column}")
            selected.append(f"r{number}.{reference.target_field} AS key{number}")
            matches.append(f"o.{name} = k.key{number}")
        else:
            column = f"{name}_hash" if name in SEALED_FIELDS[entity] else name
            selected.append(f"n.{column} AS key{number}")
            matches.append(f"o.{column} = k.key{number}")
    new_keys = (
        f"SELECT {', '.join(selected)} FROM {entity} n {' '.join(joins)}"
        " WHERE n.sync_rev IS NULL AND n.national_id IS NULL"
    )
    return (
        f"SELECT o.national_id FROM ({new_keys}) k JOIN observed_{entity} o ON {' AND '.join(matches)}"
        f" WHERE o.row_id IS NULL AND {_CHANGED}"
    )


def report_unresolved(tx: Transaction, entity: Entity) -> int:
    """One mismatch for each staged record that names something the mirror does not have. It stays staged."""
    if not REFERENCES[entity]:
        return 0
    missing = " OR ".join(f"{reference.column} IS NULL" for reference in REFERENCES[entity])
    result = tx.execute(
        "INSERT INTO mismatch (kind, entity, subject, national_id, field, detail, county, state, first_run_id,"
        f" last_run_id, first_seen_at, last_seen_at, times) WITH staged AS ({_staged_query(entity)})"
        f" SELECT :kind, :entity, s.national_id, s.national_id, '', '{{}}', {staged_county_sql(entity, 'o')}, 'open',"
        " :run, :run, :now, :now, 1"
        f" FROM staged s JOIN observed_{entity} o ON o.national_id = s.national_id WHERE ({missing})"
        " ON CONFLICT DO NOTHING",
        kind=MismatchKind.UNKNOWN_REFERENCE.value,
        entity=entity.value,
        run=tx.run_id,
        now=tx.now,
        lo=0,
        hi=_LAST,
    )
    return int(result.rowcount)


def report_missing_here(tx: Transaction, entity: Entity, covered_ms: int) -> None:
    """One mismatch for each staged record that had been read long ago and is not in the mirror any more.

    It is taken up like a new one; the mismatch closes by itself when it is here.
    """
    tx.execute(
        "INSERT INTO mismatch (kind, entity, subject, national_id, field, detail, county, state, first_run_id,"
        " last_run_id, first_seen_at, last_seen_at, times)"
        f" SELECT :kind, :entity, o.national_id, o.national_id, '', '{{}}', {staged_county_sql(entity, 'o')}, 'open',"
        f" :run, :run, :now, :now, 1 FROM observed_{entity} o"
        " WHERE o.row_id IS NULL AND NOT o.is_deleted AND o.updated_at_ms < :covered"
        " AND NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.entity = :entity AND q.national_id = o.national_id)"
        " AND NOT EXISTS (SELECT 1 FROM local_deletion d WHERE d.entity = :entity AND d.national_id = o.national_id)"
        " ON CONFLICT DO NOTHING",
        kind=MismatchKind.MISSING_LOCALLY.value,
        entity=entity.value,
        run=tx.run_id,
        now=tx.now,
        covered=covered_ms,
    )


_LAST: Final = 2**62
"""Above every id of a staged record."""


@dataclass(frozen=True)
class Applied:
    created: int = 0
    updated: int = 0


def apply_staged(
    transactions: Transactions,
    entity: Entity,
    staged: StagedCounts,
    *,
    may_update: bool,
    stop: Callable[[], bool],
    advance: Callable[[int], None] = lambda _rows: None,
) -> Applied:
    """Carry out the bulk actions chunk by chunk, each with its precondition, each its own transaction."""
    if not staged.changed:
        return Applied()
    first_load = _begin_first_load(transactions, entity, staged)
    sizes = repeat(FIRST_LOAD_CHUNK_ROWS) if first_load else transactions.pace.sizes(CHUNK_ROWS)
    created = updated = 0
    for lo, hi in _chunks(transactions, entity, sizes):
        if stop():
            raise StopRequested()
        with transactions.write() as tx:
            triggers_off = suspended(tx.connection, entity) if first_load else nullcontext()
            with triggers_off:
                chunk = _apply_chunk(tx, entity, lo, hi, may_update=may_update and staged.updates > 0)
        created += chunk.created
        updated += chunk.updated
        advance(created + updated)
    rebuild_indexes(transactions, entity)
    return Applied(created, updated)


def _chunks(transactions: Transactions, entity: Entity, sizes: Iterator[int]) -> Iterator[tuple[int, int]]:
    """Ids of staged records, from above the first to the second: in the order in which they came, as they lie."""
    lo = 0
    for rows in sizes:
        with transactions.read() as tx:
            hi = tx.execute(
                f"SELECT o.id FROM observed_{entity} o WHERE o.id > :lo AND {_CHANGED}"
                " ORDER BY o.id LIMIT 1 OFFSET :skip",
                lo=lo,
                skip=rows - 1,
            ).scalar_one_or_none()
            some_left = (
                hi is not None
                or tx.execute(
                    f"SELECT 1 FROM observed_{entity} o WHERE o.id > :lo AND {_CHANGED} LIMIT 1",
                    lo=lo,
                ).first()
            )
        if some_left:
            yield lo, hi or _LAST
        if hi is None:
            return
        lo = hi


def _apply_chunk(tx: Transaction, entity: Entity, lo: int, hi: int, *, may_update: bool) -> Applied:
    """What is staged may turn out to be for others to settle: then nothing is written, not even a revision given out."""
    with tx.connection.begin_nested() as attempt:
        applied = _write_chunk(tx, entity, lo, hi, may_update=may_update)
        if applied == Applied():
            tx.take_back(attempt)
    return applied


def _write_chunk(tx: Transaction, entity: Entity, lo: int, hi: int, *, may_update: bool) -> Applied:
    parameters: dict[str, Any] = {"lo": lo, "hi": hi, "rev": tx.revision}
    last_id = int(tx.execute(f"SELECT COALESCE(MAX(id), 0) FROM {entity}").scalar_one())
    tx.sort_in_memory()
    tx.look_up_by_index()
    created = tx.execute(_create_statement(entity), **parameters).rowcount
    if created:
        rows = f"{entity} m WHERE m.id > {last_id}"
        tx.execute(digest_statement(entity, rows, sign=1))
        tx.note(entity, "create", _hashes(tx, rows), rows=created)
    updated = 0
    if may_update:
        if tx.locking:
            # An edit committed after this finds its row taken; one before it is seen as a local change below.
            tx.execute(
                f"SELECT m.id FROM observed_{entity} o JOIN {entity} m ON m.id = o.row_id WHERE {_in_chunk()}"
                f" AND {_CHANGED} ORDER BY m.id FOR UPDATE OF m",
                lo=lo,
                hi=hi,
            )
        touched = f"observed_{entity} o JOIN {entity} m ON m.id = o.row_id WHERE {_in_chunk()} AND {_CHANGED}"
        touched += " AND m.withdrawn_at IS NULL AND m.national_id IS NOT NULL"
        tx.execute(digest_statement(entity, touched, sign=-1), lo=lo, hi=hi)
        updated = tx.execute(_update_statement(entity), **parameters).rowcount
        tx.execute(digest_statement(entity, touched, sign=1), lo=lo, hi=hi)
        if updated:
            rows = f"{entity} m WHERE m.sync_rev = {parameters['rev']} AND m.id <= {last_id}"
            tx.note(entity, "update", _hashes(tx, rows), rows=updated)
    return Applied(created, updated)


def _hashes(tx: Transaction, rows: str) -> str:
    """The national hashes of mirror rows `m` in the order of their ids: joined by the database, for it costs a quarter
    of a microsecond a row and 0.4 more to fetch them one by one."""
    joined, one = ("group_concat", "hex(m.national_hash)")
    if tx.connection.dialect.name != "sqlite":
        joined, one = ("string_agg", "upper(encode(m.national_hash, 'hex'))")
    ordered = f"SELECT {one} AS hash FROM {rows} ORDER BY m.id"
    return str(tx.execute(f"SELECT {joined}(hash, '') FROM ({ordered}) AS hashes").scalar_one())


def _in_chunk() -> str:
    return "o.id > :lo AND o.id <= :hi"


@cache
def _staged_query(entity: Entity) -> str:
    """Staged records of a chunk that were changed there and are alive, with their references resolved."""
    references = {reference.field: reference for reference in REFERENCES[entity]}
    selected = []
    for name in content_fields(entity):
        if name in references:
            reference = references[name]
            selected.append(f"{_resolved_id(reference)} AS {reference.column}")
        else:
            selected.append(f"o.{name}")
    hashes = [f"o.{name}_hash" for name in SEALED_FIELDS[entity]]
    identity = ["o.national_id", "o.national_hash", "o.updated_at_ms", "o.mirror_hash", "o.row_id"]
    return (
        f"SELECT {', '.join([*selected, *hashes, *identity])} FROM observed_{entity} o"
        f" WHERE {_in_chunk()} AND {_CHANGED} AND NOT o.is_deleted"
    )


def _resolved_id(reference: Reference) -> str:
    """The row that a staged record `o` names.

    `+ 0` keeps PostgreSQL from walking the whole primary key in search of the least id.
    """
    return f"(SELECT MIN(r.id + 0) FROM {reference.target} r WHERE r.{reference.target_field} = o.{reference.field})"


def _resolved(entity: Entity) -> str:
    return " AND ".join(["1 = 1", *(f"staged.{reference.column} IS NOT NULL" for reference in REFERENCES[entity])])


def _written_columns(entity: Entity) -> tuple[str, ...]:
    return (*mirror_columns(entity), *(f"{name}_hash" for name in SEALED_FIELDS[entity]))


@cache
def _create_statement(entity: Entity) -> str:
    columns = ", ".join(_written_columns(entity))
    return (
        f"INSERT INTO {entity} ({columns}, national_id, national_hash, national_updated_at_ms, sync_rev)"
        f" WITH staged AS MATERIALIZED ({_staged_query(entity)} AND o.row_id IS NULL)"
        f" SELECT {columns}, national_id, national_hash, updated_at_ms, :rev FROM staged WHERE {_resolved(entity)}"
        " ON CONFLICT DO NOTHING"
    )


@cache
def _update_statement(entity: Entity) -> str:
    assignments = ", ".join(f"{name} = staged.{name}" for name in _written_columns(entity))
    staged = (
        f"WITH chunk AS MATERIALIZED ({_staged_query(entity)} AND o.row_id IS NOT NULL AND NOT EXISTS"
        f" (SELECT 1 FROM local_change c WHERE c.entity = '{entity}' AND c.row_id = o.row_id)) SELECT * FROM chunk"
    )
    return (
        f"UPDATE {entity} SET {assignments}, national_hash = staged.national_hash,"
        f" national_updated_at_ms = staged.updated_at_ms, sync_rev = :rev FROM ({staged}) AS staged"
        f" WHERE {entity}.id = staged.row_id AND {_resolved(entity)} AND {entity}.withdrawn_at IS NULL"
        f" AND ({entity}.national_hash = staged.mirror_hash"
        f" OR ({entity}.national_hash IS NULL AND staged.mirror_hash IS NULL))"
    )


def _begin_first_load(transactions: Transactions, entity: Entity, staged: StagedCounts) -> bool:
    """Drop the secondary indexes of an empty table: building them afterwards is several times cheaper."""
    with transactions.read() as tx:
        is_empty = tx.execute(f"SELECT 1 FROM {entity} LIMIT 1").first() is None
    if not is_empty or staged.creates < FIRST_LOAD_ROWS or transactions.pace.is_kiosk_open:
        return False
    with transactions.write() as tx:
        write_mark(tx.connection, f"indexes_dropped.{entity}", True)
        drop_secondary_indexes(tx.connection, entity)
    return True


def rebuild_indexes(transactions: Transactions, entity: Entity) -> None:
    """Build again what a first load dropped, also one that was killed in the middle."""
    with transactions.read() as tx:
        is_due = read_mark(tx.connection, f"indexes_dropped.{entity}")
    if is_due:
        with transactions.write() as tx:
            create_missing_indexes(tx.connection, entity)
            if tx.connection.dialect.name != "sqlite":
                tx.execute(f"ANALYZE {entity}")
            forget_mark(tx.connection, f"indexes_dropped.{entity}")


def clear_staged(transactions: Transactions, entity: Entity, *, everything: bool) -> int:
    """Remove what has been taken over or was unchanged; returns how many records stay staged.

    `everything`: each staged change is known to have been taken over.
    """
    with transactions.read() as tx:
        left = 0 if everything else int(tx.execute(_left_query(entity)).scalar_one())
    with transactions.write() as tx:
        if left == 0:
            tx.execute(f"DELETE FROM observed_{entity}")
        else:
            tx.execute(
                f"DELETE FROM observed_{entity} WHERE mirror_hash = national_hash OR EXISTS (SELECT 1 FROM {entity} m"
                f" WHERE m.national_id = observed_{entity}.national_id"
                f" AND m.national_hash = observed_{entity}.national_hash)"
            )
    return left


def _left_query(entity: Entity) -> str:
    return (
        f"SELECT COUNT(*) FROM observed_{entity} o WHERE {_CHANGED} AND NOT EXISTS (SELECT 1 FROM {entity} m"
        " WHERE m.national_id = o.national_id AND m.national_hash = o.national_hash)"
    )


def absent_rows(connection: Connection, entity: Entity) -> list[int]:
    """Row ids of live mirror rows that the staged complete listing does not show."""
    staged = connection.execute(
        text(f"SELECT COUNT(*) FROM observed_{entity} WHERE row_id IS NOT NULL AND NOT is_deleted")
    ).scalar_one()
    live = connection.execute(
        text("SELECT COALESCE(SUM(records), 0) FROM bucket_digest WHERE entity = :entity"),
        {"entity": entity.value},
    ).scalar_one()
    if staged == live:
        return []
    rows = connection.execute(
        text(
            f"SELECT m.id FROM {entity} m WHERE m.national_id IS NOT NULL AND m.withdrawn_at IS NULL"
            f" AND NOT EXISTS (SELECT 1 FROM observed_{entity} o WHERE o.national_id = m.national_id)"
        )
    )
    return list(rows.scalars())
