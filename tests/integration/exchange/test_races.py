"""Two transactions at once, on the store that lets them be: the second begins before the first has committed."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from tests.integration.exchange.town import Town, town_in

from national_sync.errors import DatabaseUnwritable, KeyReused
from national_sync.exchange.book import Book
from national_sync.exchange.outcomes import Outcome, Refusal
from national_sync.exchange.steps import HoldRequest
from national_sync.store.database import Database

_LONG_ENOUGH = 10.0
_WAITING = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
def busy(postgresql_database: Database) -> Iterator[Town]:
    with town_in(postgresql_database) as town:
        yield town
        assert town.faults() == []


def overlapping(town: Town, first: HoldRequest, second: Callable[[], Outcome]) -> list[Any]:
    """The second begins when the first has done its work, which commits once the second waits or is done; both answers."""
    answers: list[Any] = []

    def run_second() -> None:
        try:
            answers.append(second())
        except Exception as error:
            answers.append(error)

    thread = threading.Thread(target=run_second)

    def job(book: Book, now: float) -> Outcome:
        outcome = town.steps.hold(book, now, first)
        thread.start()
        until = time.monotonic() + _LONG_ENOUGH
        while thread.is_alive() and town.sql(_WAITING) == [(0,)] and time.monotonic() < until:
            thread.join(0.01)
        return outcome

    granted = town.ledger.run(job)
    thread.join()
    return [granted, *answers]


def test_two_persons_cannot_have_the_last_piece(busy: Town) -> None:
    one, other, offer = busy.volunteer(hours=2), busy.volunteer(hours=2), busy.offer(stock=1)
    first = HoldRequest("a", one, offer, 1, "kiosk-1")
    granted, refused = overlapping(busy, first, lambda: busy.hold(other, offer))
    assert granted.is_granted
    assert refused.refusal is Refusal.SOLD_OUT


def test_two_wishes_cannot_have_the_same_hours(busy: Town) -> None:
    volunteer, offer = busy.volunteer(hours=3), busy.offer()
    first = HoldRequest("a", volunteer, offer, 1, "kiosk-1")
    granted, refused = overlapping(busy, first, lambda: busy.hold(volunteer, offer))
    assert granted.is_granted
    assert refused.refusal is Refusal.NOT_ENOUGH_HOURS


def test_two_persons_cannot_use_one_key(busy: Town) -> None:
    one, other, offer = busy.volunteer(hours=3), busy.volunteer(hours=3), busy.offer()
    first = HoldRequest("same", one, offer, 1, "kiosk-1")
    granted, refused = overlapping(busy, first, lambda: busy.hold(other, offer, key="same"))
    assert granted.is_granted
    assert isinstance(refused, KeyReused)


def test_a_key_is_stored_once(town: Town) -> None:
    held = town.hold(town.volunteer(hours=3), town.offer(), key="same")
    with pytest.raises(IntegrityError), town.database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO redemption (id, key, volunteer_id, offer_id, device, held_quantity, quantity, state,"
                " created_at) VALUES (900, 'same', 1, 1, 'kiosk', 1, 1, 'refused', 0)"
            )
        )
    assert held.is_granted


def test_one_job_that_fails_does_not_spoil_the_others_of_its_group(sqlite_town: Town) -> None:
    """And leaves nothing behind itself."""
    volunteer, offer = sqlite_town.volunteer(hours=9), sqlite_town.offer()
    gate, answers = threading.Event(), []

    def blocking(_book: Book, _now: float) -> None:
        gate.wait(5)

    def failing(book: Book, now: float) -> None:
        sqlite_town.steps.hold(book, now, HoldRequest("lost", volunteer, offer, 1, "kiosk-1"))
        raise sqlite3.OperationalError("disk I/O error")

    def one(work: Callable[[], Any]) -> None:
        try:
            answers.append(work())
        except Exception as error:
            answers.append(error)

    works: list[Callable[[], Any]] = [
        lambda: sqlite_town.ledger.run(blocking),
        lambda: sqlite_town.ledger.run(failing),
        lambda: sqlite_town.hold(volunteer, offer),
    ]
    threads = [threading.Thread(target=one, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
        thread.join(0.05)
    gate.set()
    for thread in threads:
        thread.join()
    assert any(isinstance(answer, DatabaseUnwritable) for answer in answers)
    assert any(isinstance(answer, Outcome) and answer.is_granted for answer in answers)
    assert sqlite_town.held(volunteer) == 2
