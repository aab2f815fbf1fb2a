"""The wish to stop: the first signal sets a flag that loops look at, the second one ends the process at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class StopFlag:
    """Called, it tells whether to stop."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def __call__(self) -> bool:
        return self._event.is_set()

    def set(self) -> None:
        self._event.set()

    def wait(self, timeout_seconds: float | None = None) -> bool:
        """Wait until somebody wishes to stop; whether that happened in time."""
        return self._event.wait(timeout_seconds)


@contextmanager
def stopping_on_signals(flag: StopFlag, *, notice: Callable[[], None] = lambda: None) -> Iterator[StopFlag]:
    """Set the flag on SIGINT or SIGTERM and say so once; what is stored is whole at any moment, so a second signal
    may end the process without further ado."""

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if flag():
            os._exit(128 + number)
        flag.set()
        notice()

    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield flag
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
