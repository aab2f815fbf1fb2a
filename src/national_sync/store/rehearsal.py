"""A database in which a run can be rehearsed: what it would write lands in temporary tables that vanish with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, MetaData, Table

import national_sync.store.office_tables  # noqa: F401
from national_sync.store.database import Database
from national_sync.store.tables import OBSERVED, metadata

_SHADOWED: Sequence[str] = (
    *(table.name for table in OBSERVED.values()),
    "pull",
    "quarantine",
    "mismatch",
    "hold",
    "mark",
)
"""What observing, planning and guarding write; the mirror itself is only read."""

_WRITTEN_ONLY: Sequence[str] = ("mismatch_event", "audit_entry")
"""Written and never read by a run: their shadows begin empty."""


class Rehearsal:
    """Looks like a `Database` to the engine. One connection, one thread; nothing reaches the real tables."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None

    @contextmanager
    def open(self) -> Iterator[Rehearsal]:
        """Temporary tables shadow the real ones on this connection: both stores look for a name there first."""
        with self._database.engine.connect() as connection:
            self._connection = connection
            try:
                schema = "main" if self._database.is_sqlite else _current_schema(connection)
                for name in (*_SHADOWED, *_WRITTEN_ONLY):
                    _shadow(connection, metadata.tables[name], schema, copied=name in _SHADOWED)
                connection.commit()
                yield self
            finally:
                connection.rollback()
                connection.invalidate()
                self._connection = None

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[Connection]:
        del durable
        with self.read() as connection:
            yield connection
            connection.commit()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        assert self._connection is not None
        if self._database.is_sqlite:
            self._connection.exec_driver_sql("BEGIN")
        try:
            yield self._connection
        finally:
            self._connection.rollback()


def _current_schema(connection: Connection) -> str:
    schema: str = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    return schema


def _shadow(connection: Connection, table: Table, schema: str, *, copied: bool) -> None:
    shadow = table.to_metadata(MetaData(), schema="temp" if connection.dialect.name == "sqlite" else "pg_temp")
    shadow.indexes -= {index for index in shadow.indexes if not index.unique}
    shadow.create(connection)
    if copied:
        columns = ", ".join(column.name for column in table.c)
        connection.exec_driver_sql(
            f"INSERT INTO {shadow.fullname} ({columns}) SELECT {columns} FROM {schema}.{table.name}"
        )
        if "id" in table.c and connection.dialect.name != "sqlite":
            # The shadow counts by a sequence of its own, which knows nothing of the rows that were copied.
            connection.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{shadow.fullname}', 'id'), MAX(id)) FROM {shadow.fullname}"
            )
