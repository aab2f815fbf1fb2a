"""Time is passed in: nothing below the faces asks the machine what time it is."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Protocol

PUER_TIME = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has had one time and no summer time since 1992; birth dates are kept as dates, so older rules do not matter."""


class Clock(Protocol):
    def now(self) -> float:
        """UTC epoch seconds."""

    def wait(self, seconds: float) -> None:
        """Let this much time pass."""


class SystemClock:
    def now(self) -> float:
        return time.time()

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)


def local_date(epoch_seconds: float) -> date:
    """The date in Puer at this moment: a service date is a local date."""
    return datetime.fromtimestamp(epoch_seconds, PUER_TIME).date()


def local_text(epoch_seconds: float) -> str:
    """`YYYY-MM-DD HH:MM:SS` in Puer."""
    return datetime.fromtimestamp(epoch_seconds, PUER_TIME).strftime("%Y-%m-%d %H:%M:%S")


def utc(epoch_seconds: float) -> datetime:
    return datetime.fromtimestamp(epoch_seconds, UTC)
