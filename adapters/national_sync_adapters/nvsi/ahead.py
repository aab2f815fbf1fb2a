"""Fetching ahead: a thread works on the next pages while earlier ones are stored."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from typing import Final, Generic, TypeVar

T = TypeVar("T")

LONGEST_FAREWELL_SECONDS: Final = 5.0
"""How long an abandoned pull is waited for; its thread ends by itself after the call under way."""


def fetched_ahead(source: Iterable[T], count: int) -> Generator[T, None, None]:
    """The elements of `source` in order, up to `count` of them made ahead by a thread. Zero makes no thread.

    Errors of the source are raised where its next element would have been. Closing the iterator stops the thread.
    """
    if count == 0:
        yield from source
        return
    ahead = _Ahead(source, count)
    try:
        yield from ahead.elements()
    finally:
        ahead.stop()


class _Ahead(Generic[T]):
    def __init__(self, source: Iterable[T], count: int) -> None:
        self._source = source
        self._count = count
        self._ready: deque[T] = deque()
        self._changed = threading.Condition()
        self._is_over = False
        self._is_stopped = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="national-pages", daemon=True)

    def elements(self) -> Iterator[T]:
        self._thread.start()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ready or self._is_over)
                if not self._ready:
                    break
                element = self._ready.popleft()
                self._changed.notify_all()
            yield element
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join(LONGEST_FAREWELL_SECONDS)

    def _work(self) -> None:
        try:
            for element in self._source:
                if not self._is_taken(element):
                    return
        except BaseException as error:  # the consumer's thread raises it
            self._error = error
        finally:
            with self._changed:
                self._is_over = True
                self._changed.notify_all()

    def _is_taken(self, element: T) -> bool:
        """Wait for room before the next element is made; False when nobody wants it any more."""
        with self._changed:
            self._ready.append(element)
            self._changed.notify_all()
            self._changed.wait_for(lambda: len(self._ready) < self._count or self._is_stopped)
            return not self._is_stopped
