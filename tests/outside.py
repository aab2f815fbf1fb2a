"""Another program of the platform: plain SQL through the driver, each statement its own transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import psycopg

from national_sync.store.database import Database

Refused = (sqlite3.DatabaseError, psycopg.DatabaseError)
"""What a driver raises when the database refuses a statement."""

DriverConnection: TypeAlias = "sqlite3.Connection | psycopg.Connection[Any]"


class Outside:
    """`sql` runs a statement, with `?` for its parameters on both stores, and gives its rows."""

    def __init__(self, connection: DriverConnection) -> None:
        self._connection = connection

    @property
    def is_sqlite(self) -> bool:
        return isinstance(self._connection, sqlite3.Connection)

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        if isinstance(self._connection, sqlite3.Connection):
            return self._connection.execute(statement, values).fetchall()
        cursor = self._connection.execute(statement.replace("?", "%s").encode(), values or None)
        return cursor.fetchall() if cursor.description else []

    def one(self, statement: str, *values: Any) -> Any:
        """The single value of a query."""
        [[value]] = self.sql(statement, *values)
        return value

    def give_out(self, revision: int) -> int:
        """What the engine does before it writes: the `sync_rev` under which it does."""
        self.sql(
            "INSERT INTO mark (name, value) VALUES ('sync_rev', ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            str(revision),
        )
        return revision

    def insert(self, table: str, **columns: Any) -> int:
        """Insert a row; its id. With a `sync_rev` it is the engine's."""
        if columns.get("sync_rev") is not None:
            self.give_out(columns["sync_rev"])
        return self._insert("INSERT", table, columns)

    def insert_or_replace(self, table: str, **columns: Any) -> int:
        """Insert a row in the place of those it collides with (SQLite)."""
        return self._insert("INSERT OR REPLACE", table, columns)

    def _insert(self, verb: str, table: str, columns: dict[str, Any]) -> int:
        places = ", ".join("?" * len(columns))
        statement = f"{verb} INTO {table} ({', '.join(columns)}) VALUES ({places}) RETURNING id"
        [[row_id]] = self.sql(statement, *columns.values())
        return int(row_id)


@contextmanager
def outside_program(database: Database) -> Iterator[Outside]:
    connection: DriverConnection
    if database.is_sqlite:
        connection = sqlite3.connect(database.place, isolation_level=None)
    else:
        host = str(database.url.query["host"])
        connection = psycopg.connect(
            host=host, user=database.url.username, dbname=database.url.database, autocommit=True
        )
    try:
        yield Outside(connection)
    finally:
        connection.close()
