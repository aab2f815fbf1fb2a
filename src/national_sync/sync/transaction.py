"""One writing transaction of a run: its connection, and the revision number of the rows it writes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, text

from national_sync.sealing import Sealer
from national_sync.sync.lease import Lease

_statement = lru_cache(maxsize=1_000)(text)
"""Parsing a statement's parameters costs more than running most of them."""


@dataclass
class Transaction:
    connection: Connection
    sealer: Sealer
    run_id: int
    now: int
    """UTC epoch seconds."""
    may_write: bool = True
    _revision: int | None = field(default=None)

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
    def coming_revision(self) -> int:
        """What `revision` is or will be, without allocating it: for statements that may turn out to write nothing."""
        return self._revision if self._revision is not None else current_revision(self.connection) + 1

    @property
    def locking(self) -> str:
        """Ends a SELECT of rows about to be written: on PostgreSQL another program could edit them meanwhile."""
        return " FOR UPDATE" if self.may_write and self.connection.dialect.name != "sqlite" else ""

    def execute(self, sql: str, **parameters: Any) -> Any:
        return self.connection.execute(_statement(sql), parameters)

    def rows(self, sql: str, **parameters: Any) -> list[Mapping[str, Any]]:
        return [dict(row) for row in self.connection.execute(_statement(sql), parameters).mappings().fetchall()]


@dataclass(frozen=True)
class Transactions:
    """Opens the transactions of one run."""

    lease: Lease
    sealer: Sealer

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[Transaction]:
        with self.lease.write(durable=durable) as connection:
            yield Transaction(connection, self.sealer, self.lease.run_id, int(self.lease.clock.now()))

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        with self.lease.database.read() as connection:
            now = int(self.lease.clock.now())
            yield Transaction(connection, self.sealer, self.lease.run_id, now, may_write=False)


def current_revision(connection: Connection) -> int:
    """The highest `sync_rev` given out so far."""
    return int(read_mark(connection, "sync_rev") or 0)


def read_mark(connection: Connection, name: str) -> Any:
    value = connection.execute(text("SELECT value FROM mark WHERE name = :name"), {"name": name}).scalar_one_or_none()
    return None if value is None else json.loads(value)


def write_mark(connection: Connection, name: str, value: Any) -> None:
    connection.execute(
        text(
            "INSERT INTO mark (name, value) VALUES (:name, :value)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        ),
        {"name": name, "value": json.dumps(value)},
    )


def forget_mark(connection: Connection, name: str) -> None:
    connection.execute(text("DELETE FROM mark WHERE name = :name"), {"name": name})


class MarkNotebook:
    """What an adapter must remember beyond the process, kept among the marks."""

    def __init__(self, database: Any) -> None:
        self._database = database

    def read(self, name: str) -> dict[str, Any] | None:
        with self._database.read() as connection:
            value = read_mark(connection, f"adapter.{name}")
        return value if isinstance(value, dict) else None

    def write(self, name: str, value: Mapping[str, Any] | None) -> None:
        with self._database.write() as connection:
            if value is None:
                forget_mark(connection, f"adapter.{name}")
            else:
                write_mark(connection, f"adapter.{name}", dict(value))
