"""How a run gives way to an open kiosk.

On SQLite whoever writes keeps everybody else from writing. While a kiosk is open, work on many rows is cut so that each
transaction keeps its lock below 20 ms, and after every one the file is left to the others for twice the time it was taken.
PostgreSQL locks rows and needs none of this.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeVar

from sqlalchemy import Connection

from national_sync.clock import Clock
from national_sync.errors import StopRequested
from national_sync.store.open_kiosk import is_open

T = TypeVar("T")

LOCK_SECONDS: Final = 0.02
_AIM_SECONDS: Final = LOCK_SECONDS / 3
"""Chunks of the same number of rows differ, and so do the days of a machine."""
_REST: Final = 2.0
_FIRST_ROWS: Final = 20
_FEWEST_ROWS: Final = 4
_MOST_GROWTH: Final = 1.5


@dataclass
class Pace:
    """Of one run."""

    is_kiosk_open: bool = False
    last_lock_seconds: float = 0.0
    longest_lock_seconds: float = 0.0
    """While a kiosk was open."""

    def look(self, connection: Connection, now: float) -> None:
        self.is_kiosk_open = connection.dialect.name == "sqlite" and is_open(connection, now)

    def rest(self, clock: Clock, locked_seconds: float) -> None:
        """After a transaction that had the lock for so long."""
        self.last_lock_seconds = locked_seconds
        if self.is_kiosk_open:
            self.longest_lock_seconds = max(self.longest_lock_seconds, locked_seconds)
            # A wish to stop ends the rest and nothing else: a call may have to follow what was just written.
            with suppress(StopRequested):
                clock.wait(_REST * locked_seconds)

    def sizes(self, most: int) -> Iterator[int]:
        """Rows for each of many like transactions; one is asked for when the one before is over."""
        rows = min(_FIRST_ROWS, most)
        while True:
            yield rows if self.is_kiosk_open else most
            growth = _AIM_SECONDS / max(self.last_lock_seconds, 1e-6)
            rows = min(most, max(_FEWEST_ROWS, int(rows * min(_MOST_GROWTH, growth))))

    def slices(self, items: Sequence[T], most: int) -> Iterator[Sequence[T]]:
        """The items in their order, in pieces of such sizes."""
        start = 0
        for size in self.sizes(most):
            if start >= len(items):
                return
            yield items[start : start + size]
            start += size
