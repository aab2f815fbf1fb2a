"""One run at a time: the row of the run at work is the lease, and its id the fencing number.

Every write of the engine checks, in its own transaction, that its run is still the one at work. A run whose process is
dead, or whose lease ran out, is marked interrupted by the next one, which goes on from what it stored.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from national_sync.clock import Clock, local_date
from national_sync.errors import LeaseLost, RunInProgress, SlotTaken
from national_sync.puer_time import midnight
from national_sync.store.database import Database
from national_sync.store.rehearsal import Rehearsal

LEASE_SECONDS: Final = 180
"""Longer than the longest single call, so that a live run never loses it; short enough to take over in the same night."""


def holder_name() -> str:
    """This process, recognisable from another one on the same machine."""
    return f"{socket.gethostname()}:{os.getpid()}"


@dataclass
class Lease:
    database: Database
    run_id: int
    clock: Clock
    until: float

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[Connection]:
        """A writing transaction that fails with `LeaseLost` when another run has taken over."""
        with self.database.write(durable=durable) as connection:
            self._check(connection)
            yield connection

    def check(self) -> None:
        """Make sure the lease is live before a call goes out (invariant I3)."""
        if self.clock.now() > self.until - LEASE_SECONDS / 2:
            with self.database.write() as connection:
                self._check(connection)

    def _check(self, connection: Connection) -> None:
        # The row stays locked until we commit, so nobody takes over in the middle; SQLite has one writer anyway.
        locked = "" if connection.dialect.name == "sqlite" else " FOR UPDATE"
        state = connection.execute(
            text(f"SELECT state FROM run WHERE id = :run{locked}"), {"run": self.run_id}
        ).scalar_one_or_none()
        if state != "running":
            raise LeaseLost()
        now = self.clock.now()
        if now > self.until - LEASE_SECONDS / 2:
            self.until = now + LEASE_SECONDS
            connection.execute(
                text("UPDATE run SET lease_until = :until WHERE id = :run"),
                {"until": int(self.until), "run": self.run_id},
            )


def acquire(
    database: Database, clock: Clock, *, holder: str, kind: str, scope: str = "{}", slot: str | None = None
) -> Lease:
    """Begin a run.

    Raises `RunInProgress` while another one is alive, `SlotTaken` when this scheduled moment has had its run.
    """
    now = clock.now()
    try:
        with database.write() as connection:
            _clear_the_way(connection, now)
            run_id = _begin(connection, now, holder=holder, kind=kind, scope=scope, slot=slot)
    except IntegrityError as error:
        with database.read() as connection:
            at_work = run_at_work(connection)
        if at_work is not None and at_work["slot"] != slot:
            raise RunInProgress(run=at_work["id"], holder=at_work["holder"]) from error
        raise SlotTaken(slot=slot) from error
    return Lease(database, run_id, clock, int(now + LEASE_SECONDS))


def _clear_the_way(connection: Connection, now: float) -> None:
    """Mark a dead run interrupted. Raises `RunInProgress` when it is alive."""
    at_work = run_at_work(connection)
    if at_work is None:
        return
    if is_at_work(at_work, now):
        raise RunInProgress(run=at_work["id"], holder=at_work["holder"])
    connection.execute(
        text("UPDATE run SET state = 'interrupted', slot = NULL, ended_at = :now WHERE id = :run"),
        {"now": int(now), "run": at_work["id"]},
    )


def _begin(connection: Connection, now: float, **facts: str | None) -> int:
    run_id: int = connection.execute(
        text(
            "INSERT INTO run (kind, state, slot, scope, holder, lease_until, started_at, calls)"
            " VALUES (:kind, 'running', :slot, :scope, :holder, :until, :now, 0) RETURNING id"
        ),
        {**facts, "until": int(now + LEASE_SECONDS), "now": int(now)},
    ).scalar_one()
    return run_id


def finish(lease: Lease, *, state: str, exit_code: int, report: str) -> None:
    """End the run; its slot stays taken only if it finished."""
    with lease.write() as connection:
        connection.execute(
            text(
                "UPDATE run SET state = :state, exit_code = :exit_code, report = :report, ended_at = :now,"
                " slot = CASE WHEN :state = 'finished' THEN slot END WHERE id = :run"
            ),
            {
                "state": state,
                "exit_code": exit_code,
                "report": report,
                "now": int(lease.clock.now()),
                "run": lease.run_id,
            },
        )


def run_at_work(connection: Connection) -> dict[str, Any] | None:
    row = connection.execute(text("SELECT * FROM run WHERE state = 'running'")).mappings().first()
    return None if row is None else dict(row)


def history(connection: Connection, limit: int = 30) -> list[dict[str, Any]]:
    """The latest runs, newest first."""
    rows = connection.execute(text("SELECT * FROM run ORDER BY id DESC LIMIT :limit"), {"limit": limit})
    return [dict(row) for row in rows.mappings()]


def is_at_work(run: Mapping[str, Any], now: float) -> bool:
    """Whether a run that says running is so: its lease is live, and so is its process as far as can be seen."""
    return bool(run["lease_until"] >= now) and _is_alive(run["holder"])


def _is_alive(holder: str) -> bool:
    """Whether the holder may still be at work. Another machine's process is believed until its lease runs out."""
    host, _, pid = holder.rpartition(":")
    if host != socket.gethostname() or not pid.isdigit() or os.name == "nt":
        # Windows has no signal that only asks.
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class RunMeter:
    """The daily quota of calls, counted on the rows of the runs so that all processes share it.

    Calls are reserved before they are made: a killed run counts at most one block too many, never too few.
    """

    def __init__(self, database: Database, clock: Clock, calls_per_day: int) -> None:
        self._database = database
        self._clock = clock
        self._calls_per_day = calls_per_day
        self.run_id: int | None = None

    def reserve(self, calls: int) -> int:
        if self.run_id is None:
            with self._database.read() as connection:
                return max(0, min(calls, self._left(connection)))
        with self._database.write() as connection:
            granted = max(0, min(calls, self._left(connection)))
            self._add(connection, granted)
        return granted

    def give_back(self, calls: int) -> None:
        if self.run_id is not None and calls:
            with self._database.write() as connection:
                self._add(connection, -calls)

    def _left(self, connection: Connection) -> int:
        used: int = connection.execute(
            text("SELECT COALESCE(SUM(calls), 0) FROM run WHERE started_at >= :midnight"),
            {"midnight": midnight(local_date(self._clock.now()))},
        ).scalar_one()
        return self._calls_per_day - used

    def _add(self, connection: Connection, calls: int) -> None:
        connection.execute(
            text("UPDATE run SET calls = calls + :calls WHERE id = :run"),
            {"calls": calls, "run": self.run_id},
        )


class RehearsalLease(Lease):
    """The lease of a run that is only rehearsed: it holds nothing, because nothing is written."""

    def __init__(self, rehearsal: Rehearsal, clock: Clock) -> None:
        super().__init__(cast(Database, rehearsal), 0, clock, 0)

    def check(self) -> None:
        pass

    def _check(self, connection: Connection) -> None:
        pass
