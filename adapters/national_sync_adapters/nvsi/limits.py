"""How fast and how often the national side may be called: calls under way, calls a second, calls a day."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pyrate_limiter import InMemoryBucket, Rate, RateItem

from national_sync.clock import Clock
from national_sync.errors import NationalBusy, QuotaSpent
from national_sync.national.port import CallMeter
from national_sync_adapters.nvsi.deadline import Deadline, Stopwatch

SHORTEST_WAIT_SECONDS: Final = 0.001


class RateLimit:
    """At most so many calls a second, over all threads."""

    def __init__(self, per_second: float, clock: Clock) -> None:
        self.per_second = per_second
        self._clock = clock
        self._watch = Stopwatch(clock)
        self._lock = threading.Lock()
        self._bucket = InMemoryBucket([_rate(per_second)])

    def wait(self, deadline: Deadline) -> None:
        """Let time pass until a call is free. `NationalBusy` when the deadline comes first."""
        while (seconds := self._taken_or_wait()) > 0:
            if seconds > deadline.remaining():
                raise NationalBusy(retry_after_seconds=round(seconds, 1))
            self._clock.wait(seconds)

    def _taken_or_wait(self) -> float:
        with self._lock:
            now_ms = int(self._watch.passed() * 1000)
            self._bucket.leak(now_ms)
            item = RateItem("call", now_ms)
            if self._bucket.put(item):
                return 0
            milliseconds = self._bucket.waiting(item)
            assert isinstance(milliseconds, int)
            return max(milliseconds / 1000, SHORTEST_WAIT_SECONDS)


def _rate(per_second: float) -> Rate:
    if per_second >= 1:
        return Rate(int(per_second), 1000)
    return Rate(1, int(1000 / per_second))


class DailyQuota:
    """Takes calls from the shared meter in blocks, so that the database is not asked before each call."""

    def __init__(self, meter: CallMeter, *, block: int, calls_per_day: int) -> None:
        self._meter = meter
        self._block = block
        self._calls_per_day = calls_per_day
        self._lock = threading.Lock()
        self._left = 0

    def take(self) -> None:
        with self._lock:
            if self._left == 0:
                self._left = self._meter.reserve(self._block)
            if self._left <= 0:
                self._left = 0
                raise QuotaSpent(quota=self._calls_per_day)
            self._left -= 1

    def give_back(self) -> None:
        with self._lock:
            left, self._left = self._left, 0
        if left:
            self._meter.give_back(left)


class Limits:
    """All three together, around each call."""

    def __init__(self, quota: DailyQuota, clock: Clock, *, per_second: float | None, concurrency: int) -> None:
        self.quota = quota
        self._clock = clock
        self._rate = RateLimit(per_second, clock) if per_second else None
        self._free = threading.BoundedSemaphore(concurrency)

    def narrowed(self, *, per_second: float | None, concurrency: int) -> Limits:
        """The same quota with the limits that the national side has declared."""
        return Limits(self.quota, self._clock, per_second=per_second, concurrency=concurrency)

    @contextmanager
    def one_call(self, deadline: Deadline, *, is_metered: bool) -> Iterator[None]:
        """Hold one of the concurrent calls, and spend one of the day's where it is metered.

        `NationalBusy` or `QuotaSpent` when there is none to be had.
        """
        if not self._free.acquire(timeout=max(deadline.remaining(), 0)):
            raise NationalBusy(retry_after_seconds=1)
        try:
            if self._rate is not None:
                self._rate.wait(deadline)
            if is_metered:
                self.quota.take()
            yield
        finally:
            self._free.release()
