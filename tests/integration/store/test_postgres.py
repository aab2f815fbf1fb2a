"""The PostgreSQL of the tests themselves: for root and for others, and gone with its starter."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from tests.postgres import PostgresServer

_ROOT = Path(__file__).parents[3]
_NOBODY = 65534

_AS_AN_ORDINARY_USER = f"""
import os, sys
sys.path.insert(0, {str(_ROOT)!r})
import psycopg
from tests.postgres import PostgresServer
if os.geteuid() == 0:
    os.setgroups([]); os.setgid({_NOBODY}); os.setuid({_NOBODY})
with PostgresServer() as server:
    name = server.create("trial")
    with psycopg.connect(name.replace("+psycopg", "")) as connection:
        print(connection.execute("SELECT current_database()").fetchone()[0])
"""

_UNTIL_KILLED = f"""
import sys
sys.path.insert(0, {str(_ROOT)!r})
from tests.postgres import PostgresServer
with PostgresServer() as server:
    print(server.url("postgres"), flush=True)
    sys.stdin.read()
"""


def test_server_runs_for_an_ordinary_user() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _AS_AN_ORDINARY_USER], check=False, capture_output=True, text=True, cwd="/"
    )

    assert (done.stdout, done.stderr) == ("trial\n", "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives the server to somebody else")
def test_server_runs_where_nobody_may_read_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a checkout in root's home: the binaries are copied."""
    first_use = iter([True])

    def refuse_once(*arguments: object, **options: object) -> object:
        if next(first_use, False):
            raise PermissionError
        return run(*arguments, **options)  # type: ignore[call-overload]

    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", refuse_once)
    with PostgresServer() as server:
        home = Path(server.url("").split("host=")[1])
        assert (home / "copy").exists()

    assert not home.exists()


def test_server_is_gone_with_a_killed_starter() -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", _UNTIL_KILLED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout
    assert starter.stdin
    url = starter.stdout.readline().strip()
    home = Path(url.split("host=")[1])
    psycopg.connect(url.replace("+psycopg", "")).close()

    starter.send_signal(signal.SIGKILL)
    starter.communicate()

    deadline = time.monotonic() + 20
    while home.exists():
        assert time.monotonic() < deadline, "the server outlived its starter"
        time.sleep(0.02)
