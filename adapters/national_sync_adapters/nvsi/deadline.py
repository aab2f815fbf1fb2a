"""Time that passes within one process: for the deadline of a call and for the rate of all calls."""

from __future__ import annotations

import time

from national_sync.clock import Clock


class Stopwatch:
    """Counts by the injected clock and by the machine's steady one, whichever has moved further, and never back:
    sockets wait in real time, and the wall clock may be set."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._started = clock.now()
        self._started_steadily = time.monotonic()
        self._most = 0.0

    def passed(self) -> float:
        """Seconds since the start."""
        steadily = time.monotonic() - self._started_steadily
        self._most = max(self._most, steadily, self._clock.now() - self._started)
        return self._most


class Deadline:
    """The total time one call may take, its retries and waits included."""

    def __init__(self, seconds: float, clock: Clock) -> None:
        self._seconds = seconds
        self._watch = Stopwatch(clock)

    def remaining(self) -> float:
        return self._seconds - self._watch.passed()

    @property
    def is_over(self) -> bool:
        return self.remaining() <= 0
