"""Pages are made ahead by a thread, within a bound, and the thread ends with its pull."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from national_sync_adapters.nvsi.ahead import fetched_ahead


def page_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "national-pages"]


@pytest.mark.parametrize("count", [0, 1, 3, 50])
def test_elements_come_in_order_however_many_are_made_ahead(count: int) -> None:
    assert list(fetched_ahead(range(20), count)) == list(range(20))
    assert not page_threads()


def test_no_more_is_made_ahead_than_allowed() -> None:
    made: list[int] = []
    third = threading.Event()

    def source() -> Iterator[int]:
        for number in range(10):
            made.append(number)
            if number == 2:
                third.set()
            yield number

    elements = fetched_ahead(source(), 2)
    assert next(elements) == 0
    assert third.wait(5)
    assert len(made) <= 4
    elements.close()  # type: ignore[attr-defined]


def test_nothing_is_fetched_before_the_first_is_wanted() -> None:
    made: list[int] = []

    def source() -> Iterator[int]:
        made.append(1)
        yield 1

    fetched_ahead(source(), 2)
    assert made == []


def test_an_error_comes_where_its_element_would_have_been() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    elements = fetched_ahead(source(), 5)
    assert next(elements) == 1
    with pytest.raises(ValueError, match="broken"):
        next(elements)
    assert not page_threads()


def test_closing_ends_the_thread_and_the_source() -> None:
    closed = threading.Event()

    def source() -> Iterator[int]:
        try:
            yield from range(1000)
        finally:
            closed.set()

    elements = fetched_ahead(source(), 2)
    next(elements)
    elements.close()  # type: ignore[attr-defined]
    assert not page_threads()
    assert closed.wait(5)
