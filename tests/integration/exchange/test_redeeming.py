"""From an hour in the mirror to a collected voucher, and every way in which it may not come to that: clause E2."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from tests.integration.exchange.town import CODES, HOUR, TODAY, Town

from national_sync.errors import KeyMissing, KeyReused
from national_sync.exchange.accounts import spent
from national_sync.exchange.merchants import set_agreement_state, set_merchant_state
from national_sync.exchange.offers import change_offer
from national_sync.exchange.outcomes import Refusal, State
from national_sync.puer_time import midnight
from national_sync.store.database import Database

YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


def test_hours_of_the_mirror_are_held_then_spent_then_collected(town: Town) -> None:
    """E2."""
    volunteer, cinema = town.volunteer(hours=5), town.cinema()
    held = town.hold(volunteer, town.offer(cinema, hours=2))
    assert (held.state, held.seconds) == (State.HELD, 2 * HOUR)
    assert (town.balance(volunteer), town.held(volunteer), town.account(spent(cinema))) == (3, 2, 0)
    confirmed = town.confirm(held.redemption_id)
    assert confirmed.state is State.CONFIRMED
    assert (town.balance(volunteer), town.held(volunteer), town.account(spent(cinema))) == (3, 0, 2)
    assert town.collect(confirmed.code, cinema).is_granted
    assert town.collect(confirmed.code, cinema).refusal is Refusal.ALREADY_COLLECTED


def test_a_part_is_confirmed_and_the_rest_is_back(town: Town) -> None:
    volunteer, offer = town.volunteer(hours=9), town.offer(hours=2, stock=4)
    held = town.hold(volunteer, offer, 4)
    assert town.confirm(held.redemption_id, 1).seconds == 2 * HOUR
    assert (town.balance(volunteer), town.held(volunteer)) == (7, 0)
    assert town.hold(volunteer, offer, 3).is_granted
    assert town.confirm(held.redemption_id, 4).refusal is Refusal.ALREADY_RESOLVED


def test_a_hold_is_resolved_once(town: Town) -> None:
    volunteer, offer = town.volunteer(hours=9), town.offer()
    released, confirmed = town.hold(volunteer, offer).redemption_id, town.hold(volunteer, offer).redemption_id
    assert town.release(released) == town.release(released)
    assert town.confirm(released).refusal is Refusal.ALREADY_RESOLVED
    assert town.confirm(confirmed) == town.confirm(confirmed)
    assert town.release(confirmed).refusal is Refusal.ALREADY_RESOLVED
    assert town.balance(volunteer) == 7


def test_expiry_is_judged_when_read_and_stays_judged(town: Town) -> None:
    """The clock steps back: what was over stays over."""
    volunteer, offer = town.volunteer(hours=2), town.offer(stock=1)
    held = town.hold(volunteer, offer)
    town.clock.time += town.policy.hold_seconds
    assert town.confirm(held.redemption_id).refusal is Refusal.HOLD_EXPIRED
    assert town.balance(volunteer) == 2
    town.clock.time -= 3600
    assert town.confirm(held.redemption_id).refusal is Refusal.HOLD_EXPIRED
    assert town.release(held.redemption_id).state is State.EXPIRED


def test_an_expired_hold_stands_in_nobodys_way(town: Town) -> None:
    first, second, offer = town.volunteer(hours=2), town.volunteer(hours=2), town.offer(stock=1)
    town.hold(first, offer)
    assert town.hold(second, offer).refusal is Refusal.SOLD_OUT
    town.clock.time += town.policy.hold_seconds
    assert town.hold(second, offer).is_granted
    assert town.balance(first) == 2


# Keys


def test_the_same_key_and_body_get_the_same_answer(town: Town) -> None:
    volunteer, offer = town.volunteer(hours=2), town.offer()
    first = town.hold(volunteer, offer, key="wish")
    assert town.hold(volunteer, offer, key="wish") == first
    assert town.held(volunteer) == 2


@pytest.mark.parametrize("other", [{"quantity": 2}, {"device": "kiosk-2"}, {"outlet_id": 7}])
def test_the_same_key_for_another_request_is_an_error(town: Town, other: dict[str, Any]) -> None:
    volunteer, offer = town.volunteer(hours=9), town.offer()
    town.hold(volunteer, offer, key="wish")
    with pytest.raises(KeyReused):
        town.hold(volunteer, offer, **{"key": "wish"} | other)


def test_a_request_needs_a_key(town: Town) -> None:
    with pytest.raises(KeyMissing):
        town.hold(town.volunteer(), town.offer(), key=" ")


def test_a_refusal_stays_refused_under_its_key(town: Town) -> None:
    volunteer, offer = town.volunteer(), town.offer()
    refused = town.hold(volunteer, offer, key="wish")
    assert refused.refusal is Refusal.NOT_ENOUGH_HOURS
    town.record(volunteer, 5)
    town.follow()
    assert town.hold(volunteer, offer, key="wish") == refused
    assert town.hold(volunteer, offer).is_granted


def test_a_redemption_is_another_devices_secret(town: Town) -> None:
    held = town.hold(town.volunteer(hours=2), town.offer())
    assert town.confirm(held.redemption_id, device="kiosk-2").refusal is Refusal.UNKNOWN_REDEMPTION


def test_a_lost_answer_is_given_again_with_the_code(town: Town) -> None:
    cinema = town.cinema()
    held = town.hold(town.volunteer(hours=2), town.offer(cinema))
    town.confirm(held.redemption_id)
    assert town.collect(town.confirm(held.redemption_id).code, cinema).is_granted


# Refusals


def _withdrawn(town: Town, volunteer: int, offer: int, cinema: int) -> None:
    town.nationally("volunteer", volunteer, withdrawn_at=1)


def _disabled(town: Town, volunteer: int, offer: int, cinema: int) -> None:
    town.nationally("volunteer", volunteer, account_state="disabled")


def _merchant(state: str) -> Callable[..., None]:
    def change(town: Town, volunteer: int, offer: int, cinema: int) -> None:
        with town.database.write() as connection:
            set_merchant_state(connection, cinema, state)

    return change


def _agreement(state: str) -> Callable[..., None]:
    def change(town: Town, volunteer: int, offer: int, cinema: int) -> None:
        [[agreement]] = town.sql("SELECT id FROM agreement WHERE merchant_id = :m", m=cinema)
        with town.database.write() as connection:
            set_agreement_state(connection, agreement, state)

    return change


def _offer(**changes: Any) -> Callable[..., None]:
    def change(town: Town, volunteer: int, offer: int, cinema: int) -> None:
        with town.database.write() as connection:
            change_offer(connection, offer, **changes)

    return change


CHANGES: dict[Refusal, Callable[..., None]] = {
    Refusal.VOLUNTEER_INACTIVE: _withdrawn,
    Refusal.MERCHANT_INACTIVE: _merchant("suspended"),
    Refusal.NO_AGREEMENT: _agreement("suspended"),
    Refusal.OFFER_CLOSED: _offer(state="paused"),
    Refusal.OFFER_NOT_YET_OPEN: _offer(starts_at=midnight(TOMORROW)),
    Refusal.OFFER_OVER: _offer(ends_at=midnight(TODAY)),
    Refusal.STAR_TOO_LOW: _offer(minimum_star=2),
    Refusal.TOO_YOUNG: _offer(minimum_age=31),
    Refusal.SOLD_OUT: _offer(stock=0),
    Refusal.NOT_ENOUGH_HOURS: _offer(price_seconds=6 * HOUR),
}


def test_what_stands_in_the_way_is_told_by_its_name(town: Town) -> None:
    """E1 and E2: nothing is held, and each reason has its stable name."""
    for refusal, change in (*CHANGES.items(), (Refusal.NO_AGREEMENT, _agreement("terminated"))):
        volunteer, cinema = town.volunteer(hours=5), town.cinema()
        offer = town.offer(cinema)
        change(town, volunteer, offer, cinema)
        assert town.hold(volunteer, offer).refusal is refusal
        assert (town.balance(volunteer), town.held(volunteer)) == (5, 0)


@pytest.mark.parametrize("quantity", [0, -1, 10**30])
def test_a_quantity_is_a_number_from_one_on(town: Town, quantity: int) -> None:
    assert town.hold(town.volunteer(hours=5), town.offer(), quantity).refusal is Refusal.BAD_QUANTITY


def test_the_unknown_is_refused(town: Town) -> None:
    assert town.hold(town.volunteer(hours=5), 99).refusal is Refusal.UNKNOWN_OFFER
    assert town.hold(99, town.offer()).refusal is Refusal.UNKNOWN_VOLUNTEER
    assert town.confirm(99).refusal is Refusal.UNKNOWN_REDEMPTION


def test_an_outlet_must_have_the_offer(town: Town) -> None:
    volunteer, cinema = town.volunteer(hours=9), town.cinema()
    has, has_not = town.outlet(cinema), town.outlet(cinema)
    offer = town.offer(cinema, outlets=(has,))
    assert town.hold(volunteer, offer, outlet_id=has_not).refusal is Refusal.WRONG_OUTLET
    assert town.hold(volunteer, offer).refusal is Refusal.WRONG_OUTLET
    assert town.hold(volunteer, offer, outlet_id=has).is_granted


# Terms that change


def test_the_price_at_the_time_of_holding_counts(town: Town) -> None:
    volunteer, offer = town.volunteer(hours=5), town.offer(hours=2)
    held = town.hold(volunteer, offer)
    with town.database.write() as connection:
        change_offer(connection, offer, price_seconds=9 * HOUR)
    assert town.confirm(held.redemption_id).seconds == 2 * HOUR


def test_a_stock_below_the_open_holds_closes_the_offer_and_keeps_the_holds(town: Town) -> None:
    volunteer, offer = town.volunteer(hours=9), town.offer(hours=2, stock=3)
    held = [town.hold(volunteer, offer).redemption_id for _ in range(2)]
    with town.database.write() as connection:
        change_offer(connection, offer, stock=1)
    assert town.hold(volunteer, offer).refusal is Refusal.SOLD_OUT
    assert town.confirm(held[0]).is_granted
    assert town.confirm(held[1]).is_granted


@pytest.mark.parametrize(
    ("limits", "later", "refusal"),
    [
        ("2 per offer", 400, Refusal.LIMIT_REACHED),
        ("2 per day", 0, Refusal.LIMIT_REACHED),
        ("2 per day", 1, None),
        ("2 per merchant per month", 21, Refusal.LIMIT_REACHED),
        ("2 per merchant per month", 22, None),
        ("2 per quarter", 21, Refusal.LIMIT_REACHED),
        ("2 per quarter", 22, None),
        ("2 per year", 296, Refusal.LIMIT_REACHED),
        ("2 per year", 297, None),
    ],
)
def test_limits_hold_until_the_local_midnight_that_ends_them(
    sqlite_town: Town, limits: str, later: int, refusal: Refusal | None
) -> None:
    """From 10 March: the month and the quarter end on the 31st, the year on 31 December."""
    volunteer, offer = sqlite_town.volunteer(hours=99), sqlite_town.offer(limits=limits)
    sqlite_town.redeemed(volunteer, offer, 2)
    sqlite_town.clock.time = midnight(TODAY + timedelta(days=later)) + 1
    assert sqlite_town.hold(volunteer, offer).refusal is refusal


def test_what_was_given_up_does_not_count_for_a_limit(town: Town) -> None:
    volunteer, offer = town.volunteer(hours=9), town.offer(limits="1 per day")
    town.release(town.hold(volunteer, offer).redemption_id)
    assert town.hold(volunteer, offer).is_granted


# Vouchers


def test_a_code_is_good_at_its_own_merchant_only(town: Town) -> None:
    cinema, other = town.cinema(), town.cinema()
    code = town.redeemed(town.volunteer(hours=2), town.offer(cinema)).code
    assert town.collect(code, other).refusal is Refusal.WRONG_CODE
    assert town.collect(str(code).lower().replace("-", " "), cinema).is_granted


def test_a_repeated_collection_is_known_by_its_key(town: Town) -> None:
    cinema = town.cinema()
    code = town.redeemed(town.volunteer(hours=2), town.offer(cinema)).code
    assert town.collect(code, cinema, key="once") == town.collect(code, cinema, key="once")


def test_guessing_codes_closes_the_device_for_a_while(town: Town) -> None:
    cinema = town.cinema()
    code = town.redeemed(town.volunteer(hours=2), town.offer(cinema)).code
    for _ in range(town.policy.wrong_codes):
        assert town.collect("0000-0000-0000-0000", cinema).refusal is Refusal.WRONG_CODE
    assert town.collect(code, cinema).refusal is Refusal.TOO_MANY_WRONG_CODES
    assert town.collect(code, cinema, device="till-2").is_granted
    town.clock.time += 600
    assert town.collect(code, cinema).refusal is Refusal.ALREADY_COLLECTED


def test_no_code_lies_in_the_database(sqlite_town: Town) -> None:
    code = sqlite_town.redeemed(sqlite_town.volunteer(hours=2), sqlite_town.offer()).code
    assert code is not None
    [[stored, salt]] = sqlite_town.sql("SELECT code_hash, salt FROM voucher")
    assert (stored, CODES.again(salt)) == (CODES.hash(code), code)
    dumped = str(sqlite_town.sql("SELECT * FROM voucher")) + str(sqlite_town.sql("SELECT * FROM redemption"))
    assert code not in dumped
    assert code.replace("-", "") not in dumped


def test_entries_and_postings_are_never_changed(database: Database, town: Town) -> None:
    town.volunteer(hours=2)
    for table in ("entry", "posting"):
        for statement in (f"UPDATE {table} SET posting_id = 9", f"DELETE FROM {table}"):
            with pytest.raises(Exception, match="only grows"), database.write() as connection:
                connection.execute(text(statement.replace("posting_id", "at" if table == "posting" else "posting_id")))
