"""One open transaction of the ledger, spoken to through the driver: the hot path has no room for more.

SQL here and in the modules above is the same on both stores, with `?` for its parameters. A step reads what it needs,
decides, and hands all its writes over at once: on SQLite they run one after the other, on PostgreSQL they become one
statement, which saves a round trip each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection

from national_sync.store.database import upsert_many, write_many

Write: TypeAlias = tuple[str, tuple[Any, ...]]
"""A statement that must find what it is to change, and its parameters."""
Row: TypeAlias = tuple[Any, ...]

_IDS_AT_ONCE: Final = 50
"""PostgreSQL gives out ids in blocks, so that a step need not ask; a gap in them does no harm."""


class Stale(Exception):
    """A row was not as it had been read: the step begins anew. Never leaves this package."""


class Book:
    """`cursor` belongs to an open transaction, which the caller commits."""

    def __init__(self, cursor: Any, *, is_sqlite: bool) -> None:
        self._cursor = cursor
        self._is_sqlite = is_sqlite
        self.must_lock = not is_sqlite
        """Whether others can write meanwhile; SQLite lets in one writer at a time."""
        self.row_lock = "" if is_sqlite else " FOR UPDATE"
        self._ids: dict[str, list[int]] = {}

    def forget_ids(self) -> None:
        """A new transaction has begun: on SQLite the next id follows from the table."""
        if self._is_sqlite:
            self._ids.clear()

    def one(self, sql: str, *parameters: Any) -> Row | None:
        if self._is_sqlite:
            found: Row | None = self._cursor.execute(sql, parameters).fetchone()
        else:
            found = self._cursor.execute(for_postgres(sql), parameters).fetchone()
        return found

    def rows(self, sql: str, *parameters: Any) -> list[Row]:
        found: list[Row] = self._cursor.execute(sql if self._is_sqlite else for_postgres(sql), parameters).fetchall()
        return found

    def write(self, writes: Sequence[Write]) -> None:
        """Run them all; raises Stale, after which the transaction must be rolled back, if one touched no row."""
        if self._is_sqlite:
            cursor = self._cursor
            for sql, parameters in writes:
                cursor.execute(sql, parameters)
                if cursor.rowcount < 1:
                    raise Stale(sql)
            return
        parameters = tuple(value for _sql, values in writes for value in values)
        counts = self._cursor.execute(_at_once(tuple(sql for sql, _values in writes)), parameters).fetchone()
        if 0 in counts:
            raise Stale(writes[counts.index(0)][0])

    def run(self, sql: str, *parameters: Any) -> int:
        """One statement, outside the hot path; the number of rows it touched."""
        self._cursor.execute(sql if self._is_sqlite else for_postgres(sql), parameters)
        return int(self._cursor.rowcount)

    def lock(self, *accounts: int) -> None:
        """Keep others from these accounts until the transaction ends.

        Always before anything is read, for PostgreSQL reads each statement at its own moment; and in the order of the
        numbers, so that two transactions never wait for each other.
        """
        if self.must_lock:
            self.rows(f"SELECT id FROM account WHERE id IN ({marks(accounts)}) ORDER BY id FOR UPDATE", *accounts)

    def next_id(self, table: str) -> int:
        """A new id for a `posting` or a `redemption`."""
        ids = self._ids.get(table)
        if not ids:
            self._ids[table] = ids = self._fresh_ids(table)
        return ids.pop()

    def _fresh_ids(self, table: str) -> list[int]:
        if self._is_sqlite:
            highest = self._cursor.execute(f"SELECT COALESCE(MAX(id), 0) FROM {table}").fetchone()[0]
            return list(range(highest + _IDS_AT_ONCE, highest, -1))
        given = self.rows(f"SELECT nextval('{table}_id_seq') FROM generate_series(1, {_IDS_AT_ONCE})")
        return [row[0] for row in reversed(given)]


class BulkBook(Book):
    """A book on a connection of the store, with the ways of writing many rows."""

    def __init__(self, connection: Connection) -> None:
        driver_connection: Any = connection.connection.driver_connection
        super().__init__(driver_connection.cursor(), is_sqlite=connection.dialect.name == "sqlite")
        self.connection = connection

    def write(self, writes: Sequence[Write]) -> None:
        """Run them many at a time, those of one statement together and in their order."""
        by_sql: dict[str, list[Row]] = {}
        for sql, parameters in writes:
            by_sql.setdefault(sql, []).append(parameters)
        for sql, rows in by_sql.items():
            self._cursor.executemany(sql if self._is_sqlite else for_postgres(sql), rows)
            if self._cursor.rowcount < len(rows):
                raise Stale(sql)

    def write_many(self, sql: str, rows: Sequence[Row]) -> None:
        write_many(self.connection, sql, rows)

    def upsert_many(self, table: str, columns: Sequence[str], rows: Sequence[Row], on_conflict: str) -> None:
        upsert_many(self.connection, table, columns, rows, on_conflict)


def marks(values: Iterable[Any]) -> str:
    return ", ".join("?" for _value in values)


@lru_cache(maxsize=2_000)
def for_postgres(sql: str) -> str:
    return sql.replace("?", "%s")


@lru_cache(maxsize=1_000)
def _at_once(statements: tuple[str, ...]) -> str:
    """One statement of PostgreSQL that runs all of them and counts the rows that each touched."""
    parts = ", ".join(f"w{number} AS ({sql} RETURNING 1)" for number, sql in enumerate(statements))
    counts = ", ".join(f"(SELECT COUNT(*) FROM w{number})" for number in range(len(statements)))
    return for_postgres(f"WITH {parts} SELECT {counts}")
