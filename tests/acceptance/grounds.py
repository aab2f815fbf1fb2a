"""Where the mirror of the scenarios lives, and how a copy of it is kept and brought back in milliseconds."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Protocol

from tests.postgres import PostgresServer

_WAL_FILES = ("", "-wal", "-shm")


class Ground(Protocol):
    """One database under one fixed URL."""

    url: str

    def keep(self, name: str) -> None:
        """Copy the database as it is; nobody has it open."""

    def bring_back(self, name: str) -> None: ...


class SqliteGround:
    def __init__(self, folder: Path) -> None:
        self._path = folder / "mirror.sqlite"
        self._kept = folder / "kept"
        self._kept.mkdir()
        self.url = f"sqlite:///{self._path}"

    def keep(self, name: str) -> None:
        for ending in _WAL_FILES[:2]:
            self._copy(Path(f"{self._path}{ending}"), self._kept / f"{name}{ending}")

    def bring_back(self, name: str) -> None:
        for ending in _WAL_FILES:
            self._copy(self._kept / f"{name}{ending}", Path(f"{self._path}{ending}"))

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        target.unlink(missing_ok=True)
        if source.exists():
            shutil.copyfile(source, target)


class PostgresGround:
    def __init__(self, server: PostgresServer, name: str) -> None:
        self._server = server
        self._name = name
        self._kept: set[str] = set()
        self.url = server.create(name)

    def keep(self, name: str) -> None:
        kept = f"{self._name}_{name}"
        if kept in self._kept:
            self._server.drop(kept)
        self._server.create(kept, template=self._name)
        self._kept.add(kept)

    def bring_back(self, name: str) -> None:
        self._server.drop(self._name)
        self._server.create(self._name, template=f"{self._name}_{name}")
