"""How a request looks at the database without waiting for a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from starlette.concurrency import run_in_threadpool

from national_sync.exchange.book import Book, BulkBook
from national_sync.store.database import Database

Answer = TypeVar("Answer")
_MAPPED_BYTES: Final = 2_000_000_000
"""What the system has in memory anyway is read without asking it: an account's latest lines lie on a dozen pages."""


class Looks:
    """Short looks. On SQLite they are taken where somebody asks, on one connection that stays open: the way through a
    thread costs more than the look itself, and in WAL mode a writer never keeps a reader waiting. PostgreSQL, which may
    be slow to answer, is asked from a thread.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        """Its holder is the only one; tests have several event loops."""
        self._connection = _own_connection(database) if database.is_sqlite else None
        self._book = Book(self._connection.cursor(), is_sqlite=True) if self._connection else None

    def close(self) -> None:
        if self._connection:
            self._connection.close()

    async def look(self, question: Callable[[Book], Answer]) -> Answer:
        """The answer to a question that only reads; it sees one moment."""
        if self._book is None:
            return await run_in_threadpool(self.look_here, question)
        with self._lock:
            self._book.run("BEGIN")
            try:
                return question(self._book)
            finally:
                self._book.run("ROLLBACK")

    async def glance(self, question: Callable[[Book], Answer]) -> Answer:
        """The answer to a question of one statement, which needs no transaction."""
        if self._book is None:
            return await run_in_threadpool(self.look_here, question)
        with self._lock:
            return question(self._book)

    def look_here(self, question: Callable[[Book], Answer]) -> Answer:
        """The same for a thread that may wait."""
        with self._database.read() as connection:
            return question(BulkBook(connection))


def _own_connection(database: Database) -> Any:
    connection = database.engine.raw_connection()
    connection.detach()
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA mmap_size={_MAPPED_BYTES}")
    cursor.close()
    return cast("Any", connection)
