"""Who writes to the ledger: one thread with group commit on SQLite, a few connections on PostgreSQL.

A job is a function of an open book and the moment. It may run again, so whatever it does must be in the book. Its
result is handed out only after the commit has reached the disk. A job that fails leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, LifoQueue, SimpleQueue
from typing import Any, Final, NamedTuple, Protocol, TypeAlias, TypeVar, cast

from sqlalchemy import PoolProxiedConnection

from national_sync.clock import Clock
from national_sync.errors import (
    DatabaseUnreachable,
    DatabaseUnwritable,
    KeyMissing,
    KeyReused,
    StillRunning,
)
from national_sync.exchange.book import Book, Stale
from national_sync.failpoint import failpoint
from national_sync.i18n import N_
from national_sync.store.database import Database
from national_sync.store.troubles import trouble_with

Answer = TypeVar("Answer")
Job: TypeAlias = Callable[[Book, float], Answer]

_GROUP: Final = 64
"""Jobs in one commit: some milliseconds of work, well below the 20 that others may have to wait."""
_TRIES: Final = 5
_LOCK_SECONDS: Final = 30.0
_LOCK_POLL_SECONDS: Final = 0.001
"""SQLite's own waiting sleeps up to 0.1 s while the lock is free again long since."""
_BEFORE_ANY_WRITE: Final = (KeyMissing, KeyReused)
"""What steps raise while they have only read: the other jobs of the group are not concerned."""
_POSTGRES_CONNECTIONS: Final = 8


class Ledger(Protocol):
    def run(self, job: Job[Answer]) -> Answer:
        """Do the job in a transaction that is on the disk when this returns."""

    async def arun(self, job: Job[Answer]) -> Answer:
        """The same for asynchronous callers."""


@contextmanager
def open_ledger(database: Database, clock: Clock) -> Iterator[Ledger]:
    ledger = SqliteLedger(database, clock) if database.is_sqlite else PostgresLedger(database, clock)
    try:
        yield ledger
    finally:
        ledger.close()


class _Wanted(NamedTuple):
    job: Job[Any]
    deliver: Callable[[Any], None]
    """Takes the result, or the exception."""
    loop: asyncio.AbstractEventLoop | None = None
    future: asyncio.Future[Any] | None = None


class SqliteLedger:
    """One thread owns the writing connection; whoever wants something written queues up."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._clock = clock
        self._file = Path(database.place)
        self._connection = _writing_connection(database)
        self._queue: SimpleQueue[_Wanted | None] = SimpleQueue()
        self._writer = threading.Thread(target=self._write, name="ledger", daemon=True)
        self._writer.start()

    def close(self) -> None:
        """What is queued is still done."""
        self._queue.put(None)
        self._writer.join()
        self._connection.close()

    def run(self, job: Job[Answer]) -> Answer:
        answers: SimpleQueue[Any] = SimpleQueue()
        self._submit(_Wanted(job, answers.put))
        answer = answers.get()
        if isinstance(answer, BaseException):
            raise answer
        return cast("Answer", answer)

    async def arun(self, job: Job[Answer]) -> Answer:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._submit(_Wanted(job, _nobody, loop, future))
        return await future

    def _submit(self, wanted: _Wanted) -> None:
        if not self._writer.is_alive():
            raise DatabaseUnwritable(reason=N_("the ledger is closed"))
        self._queue.put(wanted)

    # The writer's side

    def _write(self) -> None:
        cursor: sqlite3.Cursor = cast("Any", self._connection.dbapi_connection).cursor()
        book = Book(cursor, is_sqlite=True)
        is_open = True
        while is_open:
            group, is_open = self._next_group()
            if group:
                self._do(cursor, book, group)

    def _next_group(self) -> tuple[list[_Wanted], bool]:
        wanted = self._queue.get()
        group: list[_Wanted] = []
        with suppress(Empty):
            while wanted is not None:
                group.append(wanted)
                if len(group) == _GROUP:
                    return group, True
                wanted = self._queue.get_nowait()
            return group, False
        return group, True

    def _do(self, cursor: sqlite3.Cursor, book: Book, group: list[_Wanted]) -> None:
        try:
            answers = self._together(cursor, book, group)
        except Exception:
            # One job has spoilt the transaction of all: nothing of it is kept, and each gets one of its own.
            _roll_back(cursor)
            answers = [self._alone(cursor, book, wanted) for wanted in group]
        _deliver(group, answers)

    def _together(self, cursor: sqlite3.Cursor, book: Book, group: Sequence[_Wanted]) -> list[Any]:
        _begin(cursor)
        book.forget_ids()
        answers: list[Any] = []
        for wanted in group:
            try:
                answers.append(wanted.job(book, self._clock.now()))
            except _BEFORE_ANY_WRITE as error:
                answers.append(error)
        failpoint("before_ledger_commit")
        cursor.execute("COMMIT")
        failpoint("after_ledger_commit")
        return answers

    def _alone(self, cursor: sqlite3.Cursor, book: Book, wanted: _Wanted) -> Any:
        try:
            for _try in range(_TRIES):
                try:
                    return self._together(cursor, book, [wanted])[0]
                except Stale:
                    _roll_back(cursor)
            return StillRunning()
        except Exception as error:
            _roll_back(cursor)
            return _own_error(error, self._file)


def _nobody(_answer: Any) -> None:
    """Answers of asynchronous callers are handed to their event loop."""


def _writing_connection(database: Database) -> PoolProxiedConnection:
    """A connection of our own that waits for the disk with every commit."""
    connection = database.engine.raw_connection()
    connection.detach()
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA busy_timeout=0")
    cursor.close()
    return connection


def _begin(cursor: sqlite3.Cursor) -> None:
    """Take the write lock as soon as it is free."""
    until = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            cursor.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(_LOCK_POLL_SECONDS)


def _roll_back(cursor: sqlite3.Cursor) -> None:
    if cursor.connection.in_transaction:
        cursor.execute("ROLLBACK")


def _own_error(error: Exception, file: Path) -> Exception:
    """What the caller is told: an error of ours where the place of the database is at fault."""
    if isinstance(error, sqlite3.DatabaseError):
        trouble = trouble_with(str(error), DatabaseUnwritable, file)
        trouble.__cause__ = error
        return trouble
    return error


def _deliver(group: Sequence[_Wanted], answers: Sequence[Any]) -> None:
    """Hand the answers out: to each thread its own, to each event loop all of them with one call."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
    for wanted, answer in zip(group, answers, strict=True):
        if wanted.loop is None or wanted.future is None:
            wanted.deliver(answer)
        else:
            by_loop.setdefault(wanted.loop, []).append((wanted.future, answer))
    for loop, pairs in by_loop.items():
        with suppress(RuntimeError):  # The loop was closed meanwhile: nobody waits there any more.
            loop.call_soon_threadsafe(_resolve, pairs)


def _resolve(pairs: Sequence[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, answer in pairs:
        if future.done():
            continue
        if isinstance(answer, BaseException):
            future.set_exception(answer)
        else:
            future.set_result(answer)


class PostgresLedger:
    """Each job has a transaction of its own on one of a few connections; the server orders them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._free: LifoQueue[Any] = LifoQueue()
        self._threads = ThreadPoolExecutor(_POSTGRES_CONNECTIONS, thread_name_prefix="ledger")
        for _ in range(_POSTGRES_CONNECTIONS):
            self._free.put(None)

    def close(self) -> None:
        self._threads.shutdown()
        while not self._free.empty():
            seat = self._free.get()
            if seat is not None:
                seat.connection.close()

    async def arun(self, job: Job[Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.run, job)

    def run(self, job: Job[Answer]) -> Answer:
        seat = self._free.get()
        try:
            seat = seat or _Seat(self._database)
            return seat.run(job, self._clock)
        finally:
            self._free.put(seat if seat is not None and not seat.connection.closed else None)


class _Seat:
    """A connection with its book."""

    def __init__(self, database: Database) -> None:
        self.connection = _connected(database)
        self.book = Book(self.connection.cursor(), is_sqlite=False)

    def run(self, job: Job[Answer], clock: Clock) -> Answer:
        from psycopg import errors

        again = (Stale, errors.SerializationFailure, errors.DeadlockDetected, errors.UniqueViolation)
        for _try in range(_TRIES):
            try:
                answer = job(self.book, clock.now())
                failpoint("before_ledger_commit")
                self.connection.commit()
                failpoint("after_ledger_commit")
                return answer
            except again:
                self.connection.rollback()
            except errors.LockNotAvailable as error:
                self.connection.rollback()
                raise StillRunning() from error
            except errors.OperationalError as error:
                self.connection.close()
                raise trouble_with(str(error), DatabaseUnreachable, None) from error
            except BaseException:
                if not self.connection.closed:
                    self.connection.rollback()
                raise
        raise StillRunning()


def _connected(database: Database) -> Any:
    import psycopg
    from psycopg.types.numeric import Int8Dumper

    url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        connection = psycopg.connect(url)
    except psycopg.OperationalError as error:
        raise trouble_with(str(error), DatabaseUnreachable, None) from error
    # One type for all whole numbers: a statement is then prepared once, whatever their size.
    connection.adapters.register_dumper(int, Int8Dumper)
    connection.execute("SET lock_timeout = '5s'")
    connection.commit()
    return connection
