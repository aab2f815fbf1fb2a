"""The two stores under test, as places where databases are made, copied and dropped."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Protocol

from tests.postgres import PostgresServer


class Store(Protocol):
    name: str

    def create(self) -> str:
        """The URL of a new, empty database."""

    def copy(self, url: str) -> str: ...

    def drop(self, url: str) -> None: ...


class SqliteStore:
    name = "sqlite"

    def __init__(self, directory: Path) -> None:
        self._paths = (directory / f"mirror-{number}.db" for number in count(1))

    def create(self) -> str:
        return f"sqlite:///{next(self._paths)}"

    def copy(self, url: str) -> str:
        copied = self.create()
        shutil.copyfile(driver_address(url), driver_address(copied))
        return copied

    def drop(self, url: str) -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(driver_address(url) + suffix).unlink(missing_ok=True)


class PostgresStore:
    name = "postgresql"

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._names = (f"mirror_{number}" for number in count(1))

    def create(self) -> str:
        return self._server.create(next(self._names))

    def copy(self, url: str) -> str:
        return self._server.create(next(self._names), template=_database_name(url))

    def drop(self, url: str) -> None:
        self._server.drop(_database_name(url))


def driver_address(url: str) -> str:
    """What `sqlite3.connect` or `psycopg.connect` takes in place of an SQLAlchemy URL."""
    return url.removeprefix("sqlite:///").replace("postgresql+psycopg://", "postgresql://")


def _database_name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


@contextmanager
def open_stores(directory: Path, names: list[str]) -> Iterator[list[Store]]:
    stores: list[Store] = [SqliteStore(directory)] if SqliteStore.name in names else []
    if PostgresStore.name not in names:
        yield stores
        return
    with PostgresServer() as server:
        yield [*stores, PostgresStore(server)]
