"""What clerks get wrong and others try on purpose: refused with a sentence, and the books stay right."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import text
from tests.integration.exchange.town import FIRST_DAY, LAST_DAY, NOON, TODAY, Town

from national_sync.errors import AlreadySettled, NotFound, UsageError
from national_sync.exchange.book import BulkBook
from national_sync.exchange.calendar import midnight_after
from national_sync.exchange.lives import close_by_hand, follow_volunteers, reopen_by_hand
from national_sync.exchange.merchants import close_outlet
from national_sync.exchange.offers import change_offer
from national_sync.exchange.outcomes import Refusal
from national_sync.exchange.settlement import close_period, lines_of
from national_sync.exchange.suspicions import look_for_suspicions
from national_sync.puer_time import midnight


def test_an_agreement_of_another_time_is_none(town: Town) -> None:
    """Future and expired ones, to the second."""
    volunteer, offer = town.volunteer(hours=9), town.offer()
    for moment, refusal in (
        (midnight(FIRST_DAY) - 1, Refusal.NO_AGREEMENT),
        (midnight(FIRST_DAY), None),
        (midnight_after(LAST_DAY) - 1, None),
        (midnight_after(LAST_DAY), Refusal.NO_AGREEMENT),
    ):
        town.clock.time = moment
        assert town.hold(volunteer, offer).refusal is refusal


def test_limits_that_change_under_way_bind_what_is_held_from_then_on(town: Town) -> None:
    volunteer, offer = town.volunteer(hours=9), town.offer(limits="3 per offer")
    held = [town.hold(volunteer, offer).redemption_id for _ in range(2)]
    with town.database.write() as connection:
        change_offer(connection, offer, limits="1 per offer")
    assert town.hold(volunteer, offer).refusal is Refusal.LIMIT_REACHED
    assert all(town.confirm(one).is_granted for one in held)
    with town.database.write() as connection:
        change_offer(connection, offer, limits="")
    assert town.hold(volunteer, offer).is_granted


def test_ten_thousand_guessed_codes_find_nothing_and_are_noted_once(sqlite_town: Town) -> None:
    town, cinema = sqlite_town, sqlite_town.cinema()
    code = town.redeemed(town.volunteer(hours=2), town.offer(cinema)).code
    answers = [town.collect(f"{guess:016X}", cinema).refusal for guess in range(10_000)]
    assert answers.count(Refusal.WRONG_CODE) == town.policy.wrong_codes
    assert answers.count(Refusal.TOO_MANY_WRONG_CODES) == 10_000 - town.policy.wrong_codes
    assert look_for_suspicions(town.database, town.policy, 0, NOON) == 1
    assert town.collect(code, cinema, device="till-2").is_granted


def test_an_offer_that_has_ended_stays_so(sqlite_town: Town) -> None:
    offer = sqlite_town.offer()
    with sqlite_town.database.write() as connection:
        change_offer(connection, offer, state="ended")
        with pytest.raises(UsageError, match="has ended"):
            change_offer(connection, offer, state="active")


def test_a_closed_outlet_has_no_offers(sqlite_town: Town) -> None:
    town, cinema = sqlite_town, sqlite_town.cinema()
    volunteer, open_one, closed = town.volunteer(hours=9), town.outlet(cinema), town.outlet(cinema)
    offer = town.offer(cinema, outlets=(open_one, closed))
    with town.database.write() as connection:
        close_outlet(connection, closed)
    assert town.hold(volunteer, offer, outlet_id=closed).refusal is Refusal.WRONG_OUTLET
    assert town.hold(volunteer, offer, outlet_id=open_one).is_granted


# Settling out of order


def test_periods_are_closed_one_after_the_other(town: Town) -> None:
    """No entry stands in the statement of another month, and none in two."""
    cinema = town.cinema()
    volunteer, offer = town.volunteer(hours=9), town.offer(cinema)
    for month in (3, 5):
        town.clock.time = midnight(date(2026, month, 9))
        town.redeemed(volunteer, offer)
    town.clock.time = midnight(date(2026, 7, 1))
    with town.database.write() as connection:
        with pytest.raises(UsageError, match="redemptions of 2026-03-09"):
            close_period(connection, int(town.clock.now()), cinema, date(2026, 5, 1), actor="operator:chen")
        made = [
            close_period(connection, int(town.clock.now()), cinema, date(2026, month, 1), actor="operator:chen")
            for month in (3, 5)  # Nothing was redeemed in April.
        ]
        assert [len(list(lines_of(connection, one))) for one in made] == [1, 1]
        with pytest.raises(UsageError, match="2026-05 is closed already"):
            close_period(connection, int(town.clock.now()), cinema, date(2026, 4, 1), actor="operator:chen")


def test_what_a_clock_that_stepped_back_books_into_a_closed_month_lands_in_the_open_one(sqlite_town: Town) -> None:
    town, cinema = sqlite_town, sqlite_town.cinema()
    volunteer, offer = town.volunteer(hours=9), town.offer(cinema)
    town.clock.time = midnight(date(2026, 4, 1)) + 60
    with town.database.write() as connection:
        march = close_period(connection, int(town.clock.now()), cinema, TODAY, actor="operator:chen")
    town.clock.time -= 3_600
    town.redeemed(volunteer, offer)
    town.clock.time = midnight(date(2026, 5, 1))
    with town.database.write() as connection:
        april = close_period(connection, int(town.clock.now()), cinema, date(2026, 4, 1), actor="operator:chen")
        assert [len(list(lines_of(connection, one))) for one in (march, april)] == [0, 1]


# Accounts closed and opened by hand


def test_an_account_is_opened_by_whoever_has_closed_it(town: Town) -> None:
    gone, kept, left = town.volunteer(hours=2), town.volunteer(hours=2), town.volunteer(hours=2)
    town.nationally("volunteer", gone, withdrawn_at=1)
    follow_volunteers(town.database, town.steps, town.clock)
    with town.database.write() as connection:
        book = BulkBook(connection)
        close_by_hand(book, town.steps, NOON, left, "left")
        with pytest.raises(AlreadySettled):
            close_by_hand(book, town.steps, NOON, left, "died")
        reopen_by_hand(book, left)
        with pytest.raises(AlreadySettled):
            reopen_by_hand(book, kept)
        with pytest.raises(UsageError, match="has withdrawn this volunteer"):
            reopen_by_hand(book, gone)
        for act in (lambda: reopen_by_hand(book, 99), lambda: close_by_hand(book, town.steps, NOON, 99, "left")):
            with pytest.raises(NotFound):
                act()
        connection.execute(
            text("UPDATE account SET state = 'closed', closed_for = 'merged' WHERE id = :id"), {"id": kept * 10 + 1}
        )
        with pytest.raises(UsageError, match="merged with another one"):
            reopen_by_hand(book, kept)
    assert town.hold(left, town.offer()).is_granted
    assert town.hold(gone, town.offer(last_day=TODAY + timedelta(days=1))).refusal is Refusal.VOLUNTEER_INACTIVE
