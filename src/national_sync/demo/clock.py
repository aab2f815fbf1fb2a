"""The time of the story: it stands until the story moves it, and waiting takes none of the spectator's."""

from __future__ import annotations

import threading
import time
from datetime import datetime

from national_sync.clock import PUER_TIME


class StoryClock:
    """A `Clock` for the engine; the national side is set to the same moments."""

    def __init__(self, moment: str) -> None:
        self._lock = threading.Lock()
        self.set(moment)

    def set(self, moment: str) -> None:
        """Move to `YYYY-MM-DD HH:MM:SS` in Puer."""
        self._now = datetime.fromisoformat(moment).replace(tzinfo=PUER_TIME).timestamp()

    def now(self) -> float:
        return self._now

    def wait(self, seconds: float) -> None:
        with self._lock:
            self._now += seconds


class PassingClock:
    """The time of the story that goes on by itself, from a moment on."""

    def __init__(self, moment: str) -> None:
        self._ahead = datetime.fromisoformat(moment).replace(tzinfo=PUER_TIME).timestamp() - time.time()

    def now(self) -> float:
        return time.time() + self._ahead

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)
