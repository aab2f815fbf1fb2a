"""One writing transaction of a run: its connection, and the revision number of the rows it writes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from time import perf_counter
from typing import Any

from sqlalchemy import Connection, NestedTransaction, text

from national_sync import audit
from national_sync.records import Entity
from national_sync.sealing import Sealer
from national_sync.store.marks import read_mark, write_mark
from national_sync.sync.lease import Lease
from national_sync.sync.pace import Pace

_statement = lru_cache(maxsize=1_000)(text)
"""Parsing a statement's parameters costs more than running most of them."""


@dataclass
class Applied:
    """What a transaction has done to rows, in counts and one digest."""

    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    """By entity: action to number."""
    digest: hashlib.blake2b = field(default_factory=lambda: hashlib.blake2b(digest_size=16))

    def add(self, entity: Entity, action: str, trace: bytes | str, rows: int) -> None:
        counts = self.rows.setdefault(entity.value, {})
        counts[action] = counts.get(action, 0) + rows
        self.digest.update(f"{entity} {action} ".encode())
        self.digest.update(trace.encode() if isinstance(trace, str) else trace)


@dataclass
class Transaction:
    connection: Connection
    sealer: Sealer
    run_id: int
    now: int
    """UTC epoch seconds."""
    may_write: bool = True
    _revision: int | None = field(default=None)
    _applied: Applied = field(default_factory=Applied)

    @property
    def revision(self) -> int:
        """The `sync_rev` of the rows this transaction writes once; allocated when first needed."""
        return self._revision if self._revision is not None else self.next_revision()

    def next_revision(self) -> int:
        """A `sync_rev` above all before: without it the second write to a row would pass for a local edit."""
        latest = self._revision if self._revision is not None else current_revision(self.connection)
        self._revision = latest + 1
        write_mark(self.connection, "sync_rev", self._revision)
        return self._revision

    @property
    def last_revision(self) -> int | None:
        """The latest that this transaction was given, if any."""
        return self._revision

    def take_back(self, attempt: NestedTransaction) -> None:
        """Undo what was written since a savepoint under this transaction's first revision, and forget the revision."""
        attempt.rollback()
        self._revision = None

    @property
    def locking(self) -> str:
        """Ends a SELECT of rows about to be written: on PostgreSQL another program could edit them meanwhile."""
        return " FOR UPDATE" if self.may_write and self.connection.dialect.name != "sqlite" else ""

    def note(self, entity: Entity, action: str, trace: bytes | str, *, rows: int = 1) -> None:
        """Say what this transaction does to a row, or to many at once; at its end it is one entry of the audit.

        `trace` is what tells these rows and their content from others: hashes, ids, revisions; nothing in plain.
        """
        self._applied.add(entity, action, trace, rows)

    def write_audit(self) -> None:
        """One entry for everything noted; none for nothing."""
        if not self._applied.rows:
            return
        revision = {} if self._revision is None else {"revision": self._revision}
        detail = {"rows": self._applied.rows, "digest": self._applied.digest.hexdigest(), **revision}
        actor = f"run:{self.run_id}"
        entry = audit.Entry(self.now, actor, "rows.applied", run_id=self.run_id, detail=detail)
        audit.append(self.connection, entry)

    def sort_in_memory(self) -> None:
        """For this transaction: PostgreSQL's usual 4 MB make it sort and join a large table on disk."""
        if self.connection.dialect.name != "sqlite":
            self.connection.exec_driver_sql("SET LOCAL work_mem = '128MB'")

    def look_up_by_index(self) -> None:
        """For this transaction: PostgreSQL reads a small table whole for each of thousands of look-ups."""
        if self.connection.dialect.name != "sqlite":
            self.connection.exec_driver_sql("SET LOCAL enable_seqscan = off")

    def execute(self, sql: str, **parameters: Any) -> Any:
        return self.connection.execute(_statement(sql), parameters)

    def rows(self, sql: str, **parameters: Any) -> list[Mapping[str, Any]]:
        return [dict(row) for row in self.connection.execute(_statement(sql), parameters).mappings().fetchall()]


@dataclass(frozen=True)
class Transactions:
    """Opens the transactions of one run."""

    lease: Lease
    sealer: Sealer
    pace: Pace = field(default_factory=Pace)

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[Transaction]:
        with self.lease.write(durable=durable) as connection:
            locked = perf_counter()
            now = int(self.lease.clock.now())
            self.pace.look(connection, now)
            tx = Transaction(connection, self.sealer, self.lease.run_id, now)
            yield tx
            tx.write_audit()
            # Committing waits for no disk here, and a checkpoint that SQLite may add keeps nobody else from writing.
            locked_seconds = perf_counter() - locked
        self.pace.rest(self.lease.clock, locked_seconds)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        with self.lease.database.read() as connection:
            now = int(self.lease.clock.now())
            self.pace.look(connection, now)
            yield Transaction(connection, self.sealer, self.lease.run_id, now, may_write=False)


def current_revision(connection: Connection) -> int:
    """The highest `sync_rev` given out so far."""
    return int(read_mark(connection, "sync_rev") or 0)
