"""Whether a kiosk is open: its service says so in a mark, and a run gives way to it on a file that takes one writer."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from national_sync.store.database import Database
from national_sync.store.marks import read_mark, write_mark

OPEN_SECONDS: Final = 60
"""How long one sign of life counts: a service that was killed delays a night by no more than that."""
_MARK: Final = "kiosk.open_until"


def say_open(database: Database, now: float) -> None:
    """The service says every few seconds that it is there; what it said is renewed when half of its time is over."""
    with database.read() as connection:
        if _seconds_left(connection, now) > OPEN_SECONDS / 2:
            return
    with database.write() as connection:
        write_mark(connection, _MARK, int(now) + OPEN_SECONDS)


def is_open(connection: Connection, now: float) -> bool:
    return _seconds_left(connection, now) > 0


def _seconds_left(connection: Connection, now: float) -> float:
    """A mark from a clock that was ahead says nothing."""
    left: float = (read_mark(connection, _MARK) or 0) - now
    return left if left <= OPEN_SECONDS else 0
