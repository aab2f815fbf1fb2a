"""One way to reach the database, SQLite or PostgreSQL: short transactions on a plain Core connection."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DatabaseError, OperationalError

from national_sync.errors import DatabaseUnreachable, DatabaseUnwritable
from national_sync.failpoint import failpoint

_BUSY_TIMEOUT_MS: Final = 30_000
_PAGE_CACHE_KIB: Final = 16_384
_CHECKPOINT_PAGES: Final = 16_000
"""A checkpoint every 64 MB: pages that several commits touch are copied back once."""


class Database:
    """Opens short transactions. `url` is an SQLAlchemy URL: `sqlite:///path` or `postgresql+psycopg://…`."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.engine = _sqlite_engine(url) if self.is_sqlite else create_engine(url, pool_pre_ping=True)

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def place(self) -> str:
        """Where the database is, without a password."""
        return self.url.database or "" if self.is_sqlite else self.url.render_as_string(hide_password=True)

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[Connection]:
        """A transaction that may write. `durable` waits for the disk: for what must survive a power cut."""
        with self._connect() as connection:
            with _translated():
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
            with _translated():
                if self.is_sqlite:
                    connection.exec_driver_sql("BEGIN")
                else:
                    connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                yield connection
            connection.rollback()

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        with _translated(DatabaseUnwritable if self.is_sqlite else DatabaseUnreachable):
            connection = self.engine.connect()
        try:
            yield connection
        finally:
            connection.close()

    def close(self) -> None:
        self.engine.dispose()


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(url)

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


_OUR_OWN_FAULT: Final = ("no such", "syntax", "ambiguous")
"""What SQLite says, as an operational error, of SQL that is wrong."""


_KNOWN_WORDS: Final = (
    "database or disk is full",
    "attempt to write a readonly database",
    "unable to open database file",
    "database is locked",
    "disk I/O error",
    "database disk image is malformed",
    "file is not a database",
    "server closed the connection",
)
_NAMES_ONLY: Final = re.compile(r"(table|index|trigger) \w+ already exists")


def _known_words(words: str) -> str:
    """What a driver says may quote a row, so only sentences known to hold no personal data are passed on."""
    first_line = words.splitlines()[0] if words else ""
    if first_line.startswith("connection ") or _NAMES_ONLY.fullmatch(first_line):
        return first_line
    return next((known for known in _KNOWN_WORDS if known in words), "the database refused the statement")


@contextmanager
def _translated(kind: type[DatabaseUnwritable] = DatabaseUnwritable) -> Iterator[None]:
    """Turn the driver's error into one of ours when the place is at fault and not we."""
    try:
        yield
    except DatabaseError as error:
        words = str(error.orig).strip()
        is_place_at_fault = isinstance(error, OperationalError) and not any(part in words for part in _OUR_OWN_FAULT)
        if is_place_at_fault or any(part in words for part in ("disk", "malformed", "not a database")):
            kind = DatabaseUnreachable if error.connection_invalidated else kind
            raise kind(reason=_known_words(words)) from error
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
        values = ", ".join("?" * len(columns))
        write_many(connection, f"INSERT INTO {table} ({names}) VALUES ({values}) {on_conflict}", rows)
        return
    incoming = f"incoming_{table}"
    connection.exec_driver_sql(f"CREATE TEMP TABLE IF NOT EXISTS {incoming} (LIKE {table}) ON COMMIT DELETE ROWS")
    driver_connection: Any = connection.connection.driver_connection
    with driver_connection.cursor() as cursor, cursor.copy(f"COPY {incoming} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    connection.exec_driver_sql(f"INSERT INTO {table} ({names}) SELECT {names} FROM {incoming} {on_conflict}")
    connection.exec_driver_sql(f"TRUNCATE {incoming}")


def for_driver(connection: Connection, sql: str) -> str:
    return sql if connection.dialect.name == "sqlite" else sql.replace("?", "%s")
