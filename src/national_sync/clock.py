"""Time is passed in: nothing below the faces asks the machine what time it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Final, Protocol

from national_sync.errors import StopRequested
from national_sync.puer_time import PUER_TIME

__all__ = ["PUER_TIME", "Clock", "InterruptibleClock", "SystemClock", "local_date", "local_text", "utc"]


class Clock(Protocol):
    def now(self) -> float:
        """UTC epoch seconds."""

    def wait(self, seconds: float) -> None:
        """Let this much time pass. May raise `StopRequested` when somebody wishes to stop meanwhile."""


class SystemClock:
    def now(self) -> float:
        return time.time()

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)


_LOOK_EVERY_SECONDS: Final = 0.2


class InterruptibleClock:
    """Another clock whose waits end with `StopRequested` when somebody wishes to stop."""

    def __init__(self, clock: Clock, stop: Callable[[], bool]) -> None:
        self._clock = clock
        self._stop = stop

    def now(self) -> float:
        return self._clock.now()

    def wait(self, seconds: float) -> None:
        while seconds > 0:
            if self._stop():
                raise StopRequested()
            self._clock.wait(min(seconds, _LOOK_EVERY_SECONDS))
            seconds -= _LOOK_EVERY_SECONDS


def local_date(epoch_seconds: float) -> date:
    """The date in Puer at this moment: a service date is a local date."""
    return datetime.fromtimestamp(epoch_seconds, PUER_TIME).date()


def local_text(epoch_seconds: float) -> str:
    """`YYYY-MM-DD HH:MM:SS` in Puer."""
    return datetime.fromtimestamp(epoch_seconds, PUER_TIME).strftime("%Y-%m-%d %H:%M:%S")


def utc(epoch_seconds: float) -> datetime:
    return datetime.fromtimestamp(epoch_seconds, UTC)
