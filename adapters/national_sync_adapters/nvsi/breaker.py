"""The circuit breaker: after repeated failures the national side is left alone for a while.

Its state survives the process in the core's notebook, which is written only when the breaker opens or closes.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from national_sync.clock import Clock, local_text
from national_sync.errors import CircuitOpen, NationalUnavailable
from national_sync.national.port import Notebook

NAME: Final = "nvsi.breaker"


@dataclass(frozen=True)
class Open:
    until: float
    pause_seconds: float


class Breaker:
    """Closed: calls pass. Open: none do. After the pause one call may try; its fate closes or reopens."""

    def __init__(
        self, notebook: Notebook, clock: Clock, *, failures: int, pause_seconds: float, longest_pause_seconds: float
    ) -> None:
        self._notebook = notebook
        self._clock = clock
        self._failures_allowed = failures
        self._pause_seconds = pause_seconds
        self._longest_pause_seconds = longest_pause_seconds
        self._lock = threading.Lock()
        self._failures = 0
        self._is_trying = False
        self._open = self._remembered()

    @contextmanager
    def one_call(self) -> Iterator[None]:
        """Watch one call: `NationalUnavailable` is a failure, a normal end an answer, any other error neither.

        Raises `CircuitOpen` instead of letting the call through.
        """
        is_trial = self._admitted()
        try:
            yield
        except NationalUnavailable:
            self._failed(is_trial)
            raise
        except BaseException:
            self._undecided(is_trial)
            raise
        else:
            self._answered(is_trial)

    def _admitted(self) -> bool:
        with self._lock:
            if self._open is None:
                return False
            if self._is_trying or self._is_pausing(self._open):
                raise CircuitOpen(until=local_text(self._open.until))
            self._is_trying = True
            return True

    def _is_pausing(self, state: Open) -> bool:
        """A pause that seems longer than any can be was noted by a clock that was wrong."""
        return 0 < state.until - self._clock.now() <= self._longest_pause_seconds

    def _failed(self, is_trial: bool) -> None:
        with self._lock:
            self._failures += 1
            if is_trial and self._open is not None:
                self._is_trying = False
                self._open_for(min(self._open.pause_seconds * 2, self._longest_pause_seconds))
            elif self._open is None and self._failures >= self._failures_allowed:
                self._open_for(self._pause_seconds)

    def _answered(self, is_trial: bool) -> None:
        with self._lock:
            self._failures = 0
            if is_trial:
                self._is_trying = False
                self._open = None
                self._notebook.write(NAME, None)

    def _undecided(self, is_trial: bool) -> None:
        if is_trial:
            with self._lock:
                self._is_trying = False

    def _open_for(self, pause_seconds: float) -> None:
        self._failures = 0
        self._open = Open(self._clock.now() + pause_seconds, pause_seconds)
        self._notebook.write(NAME, {"until": self._open.until, "pause_seconds": pause_seconds})

    def _remembered(self) -> Open | None:
        noted = self._notebook.read(NAME)
        try:
            return None if noted is None else Open(float(noted["until"]), float(noted["pause_seconds"]))
        except (KeyError, TypeError, ValueError):
            return None
