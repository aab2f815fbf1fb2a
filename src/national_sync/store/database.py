"""One way to reach the database, SQLite or PostgreSQL: short transactions on a plain Core connection."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DatabaseError, OperationalError

from national_sync.errors import DatabaseUnreachable, DatabaseUnwritable
from national_sync.failpoint import failpoint
from national_sync.store.troubles import may_be_written, trouble_with

_BUSY_TIMEOUT_MS: Final = 30_000
_PAGE_CACHE_KIB: Final = 16_384
_CHECKPOINT_PAGES: Final = 16_000
"""A checkpoint every 64 MB: pages that several commits touch are copied back once."""


class Database:
    """Opens short transactions. `url` is an SQLAlchemy URL: `sqlite:///path` or `postgresql+psycopg://…`."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.engine = _sqlite_engine(url) if self.is_sqlite else _postgresql_engine(url)

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def place(self) -> str:
        """Where the database is, without a password."""
        return self.url.database or "" if self.is_sqlite else self.url.render_as_string(hide_password=True)

    @property
    def file(self) -> Path | None:
        """The file of an SQLite database."""
        return Path(self.place) if self.is_sqlite else None

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[Connection]:
        """A transaction that may write. `durable` waits for the disk: for what must survive a power cut."""
        with self._connect() as connection:
            with _translated(self.file):
                if self.is_sqlite:
                    connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection
                failpoint("before_commit")
                connection.commit()
            failpoint("after_commit")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads and sees one moment."""
        with self._connect() as connection:
            with _translated(self.file):
                if self.is_sqlite:
                    connection.exec_driver_sql("BEGIN")
                else:
                    connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                yield connection
            connection.rollback()

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        with _translated(self.file, DatabaseUnwritable if self.is_sqlite else DatabaseUnreachable):
            connection = self.engine.connect()
        try:
            yield connection
        finally:
            connection.close()

    def close(self) -> None:
        self.engine.dispose()


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(url)

    @event.listens_for(engine, "do_connect")
    def _choose_mode(_dialect: object, _record: object, arguments: list[Any], named: dict[str, Any]) -> None:
        file = Path(arguments[0])
        if file.is_file() and not may_be_written(file):
            arguments[0], named["uri"] = _read_only_uri(file), True

    @event.listens_for(engine, "connect")
    def _prepare(driver_connection: Any, _record: object) -> None:
        # The driver must not open transactions of its own: DDL would escape them.
        driver_connection.isolation_level = None
        # Another program may store text that is no text; it must not stop the reading of everything else.
        driver_connection.text_factory = partial(str, encoding="utf-8", errors="replace")
        cursor = driver_connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute(f"PRAGMA cache_size=-{_PAGE_CACHE_KIB}")
        cursor.execute("PRAGMA temp_store=FILE")
        cursor.close()

    return engine


def _postgresql_engine(url: str) -> Engine:
    engine = create_engine(url, pool_pre_ping=True)

    @event.listens_for(engine, "connect")
    def _prepare(driver_connection: Any, _record: object) -> None:
        # The server's own figure is that of a turning disk: with it ten thousand rows are looked up by reading all.
        driver_connection.execute("SET random_page_cost = 1.1")
        driver_connection.commit()

    return engine


def _read_only_uri(file: Path) -> str:
    """How SQLite opens what it cannot write. Beside a database in WAL mode it would make files, unless it is told that
    nobody else writes either: so it is where those files are missing, because the last writer closed it properly."""
    is_closed = not any(file.with_name(f"{file.name}{ending}").exists() for ending in ("-wal", "-shm"))
    is_immutable = is_closed and not os.access(file.absolute().parent, os.W_OK)
    return f"{file.absolute().as_uri()}?mode=ro{'&immutable=1' if is_immutable else ''}"


_ROWS_A_STATEMENT: Final = 100
"""Python hands the interpreter to other threads once a statement: they work on while these rows are written."""
_OUR_OWN_FAULT: Final = ("no such", "syntax", "ambiguous")
"""What SQLite says, as an operational error, of SQL that is wrong."""


@contextmanager
def _translated(file: Path | None, kind: type[DatabaseUnwritable] = DatabaseUnwritable) -> Iterator[None]:
    """Turn the driver's error into one of ours when the place is at fault and not we."""
    try:
        yield
    except DatabaseError as error:
        words = str(error.orig).strip()
        is_place_at_fault = isinstance(error, OperationalError) and not any(part in words for part in _OUR_OWN_FAULT)
        if is_place_at_fault or any(part in words for part in ("disk", "malformed", "not a database")):
            kind = DatabaseUnreachable if error.connection_invalidated else kind
            raise trouble_with(words, kind, file) from error
        raise


def write_many(connection: Connection, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run one driver-level statement for many rows: the bulk path, without SQLAlchemy's per-row cost.

    `sql` uses `?` for its parameters on both stores.
    """
    if rows:
        connection.exec_driver_sql(for_driver(connection, sql), list(rows))


def upsert_many(
    connection: Connection, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]], on_conflict: str
) -> None:
    """Insert many rows with one ON CONFLICT clause: executemany on SQLite, COPY and one INSERT on PostgreSQL."""
    names = ", ".join(columns)
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        one = f"({', '.join('?' * len(columns))})"
        whole = len(rows) - len(rows) % _ROWS_A_STATEMENT
        together = f"INSERT INTO {table} ({names}) VALUES {', '.join([one] * _ROWS_A_STATEMENT)} {on_conflict}"
        write_many(
            connection,
            together,
            [
                tuple(chain.from_iterable(rows[begin : begin + _ROWS_A_STATEMENT]))
                for begin in range(0, whole, _ROWS_A_STATEMENT)
            ],
        )
        write_many(connection, f"INSERT INTO {table} ({names}) VALUES {one} {on_conflict}", rows[whole:])
        return
    incoming = f"incoming_{table}"
    connection.exec_driver_sql(
        f"CREATE TEMP TABLE IF NOT EXISTS {incoming} ON COMMIT DELETE ROWS AS SELECT * FROM {table} WITH NO DATA"
    )
    driver_connection: Any = connection.connection.driver_connection
    with driver_connection.cursor() as cursor, cursor.copy(f"COPY {incoming} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    connection.exec_driver_sql(f"INSERT INTO {table} ({names}) SELECT {names} FROM {incoming} {on_conflict}")
    connection.exec_driver_sql(f"TRUNCATE {incoming}")


def for_driver(connection: Connection, sql: str) -> str:
    return sql if connection.dialect.name == "sqlite" else sql.replace("?", "%s")
