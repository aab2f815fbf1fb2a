"""The pure parts: calendar, limits, lots, prices, credit codes."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from national_sync import i18n
from national_sync.errors import UsageError
from national_sync.exchange import balance
from national_sync.exchange.accounts import Kind
from national_sync.exchange.aftermath import Cause
from national_sync.exchange.balance import Lot
from national_sync.exchange.calendar import (
    NEVER,
    Period,
    age_on,
    days_of,
    first_day,
    midnight,
    midnight_after,
    months_later,
    next_period,
    period_name,
    period_start,
)
from national_sync.exchange.codes import VoucherCodes
from national_sync.exchange.limits import Limit, Scope, Taken, broken_limit, parse_limits
from national_sync.exchange.merchants import (
    AgreementScope,
    BenefitKind,
    Category,
    Refunds,
    Uncollected,
    is_credit_code,
)
from national_sync.exchange.outcomes import SENTENCES, Refusal, State, VoucherState
from national_sync.exchange.rules import expiry_of, shares, waits_until
from national_sync.exchange.suspicions import occurrence
from national_sync.exchange.typed import hours_in_seconds
from national_sync.policy import Exchange, Expiry
from national_sync.prose.words import word
from national_sync.sealing import Sealer, SealingKey

HOUR = 3600
days = st.dates(date(2000, 1, 1), date(2099, 12, 31))


@given(days, st.sampled_from(list(Period)))
def test_a_period_begins_on_its_first_day_and_the_next_one_follows(day: date, period: Period) -> None:
    start, following = first_day(period, day), next_period(period, day)
    assert start <= day < following
    assert first_day(period, following) == following
    assert period_start(period, midnight(following) - 1) == midnight(start)
    assert period_start(period, midnight(following)) == midnight(following)


@given(days, st.integers(0, 600))
def test_months_later_keeps_the_day_or_takes_the_last_one(day: date, months: int) -> None:
    later = months_later(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or midnight_after(later) == midnight(next_period(Period.MONTH, later))


def test_periods_have_names() -> None:
    names = [period_name(period, date(2026, 12, 31)) for period in Period]
    assert names == ["2026-12-31", "2026-12", "2026-Q4", "2026"]


def test_somebody_born_on_29_february_is_older_on_1_march() -> None:
    birth = date(2012, 2, 29)
    assert [age_on(birth, day) for day in (date(2026, 2, 28), date(2026, 3, 1))] == [13, 14]


def test_limits_are_read_as_they_are_written() -> None:
    text = "2 per offer, 1 per day, 3 per merchant per month"
    assert parse_limits(text) == (
        Limit(2, Scope.OFFER), Limit(1, period=Period.DAY), Limit(3, Scope.MERCHANT, Period.MONTH)
    )  # fmt: skip
    assert ", ".join(map(str, parse_limits(text))) == text


@pytest.mark.parametrize("text", ["2", "0 per day", "-1 per day", "1 per week", "1 per offer per offer", "one per day"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        parse_limits(text)


def test_a_limit_counts_its_own_scope_and_period() -> None:
    now = midnight(date(2026, 3, 10)) + 60
    taken = [Taken(1, 1, 1, now - 120), Taken(2, 1, 1, now), Taken(3, 2, 1, now)]

    def breaks(limit: str) -> bool:
        return broken_limit(parse_limits(limit), taken, offer_id=1, merchant_id=1, quantity=1, now=now) is not None

    assert [breaks(f"{n} per day") for n in (2, 3)] == [True, False]
    assert [breaks(f"{n} per offer") for n in (1, 2)] == [True, False]
    assert [breaks(f"{n} per merchant per day") for n in (1, 2)] == [True, False]
    assert [breaks(f"{n} per merchant") for n in (2, 3)] == [True, False]


lots = st.lists(st.builds(Lot, st.integers(1, 9), st.integers(1, 5)), max_size=5, unique_by=lambda lot: lot.expires_at)


@given(lots, st.integers(1, 30), st.integers(0, 9))
def test_what_is_taken_expires_first_and_never_has_expired(having: list[Lot], seconds: int, now: int) -> None:
    taken = balance.take(having, seconds, now)
    usable = balance.usable_seconds(balance.total(having), having, now)
    assert (taken is None) == (usable < seconds)
    if taken is not None:
        left = [lot for lot in balance.minus(having, taken) if lot.expires_at > now]
        assert balance.total(taken) == seconds
        assert max(lot.expires_at for lot in taken) <= min((lot.expires_at for lot in left), default=99)


@given(lots, st.integers(0, 30))
def test_a_part_goes_back_from_the_end(taken: list[Lot], seconds: int) -> None:
    back = balance.last_to_expire(taken, seconds)
    kept = balance.minus(taken, back)
    assert balance.total(back) == min(seconds, balance.total(taken))
    assert max((lot.expires_at for lot in kept), default=0) <= min((lot.expires_at for lot in back), default=99)


@given(lots, st.integers(-20, 0))
def test_what_comes_pays_a_deficit_first(coming: list[Lot], deficit: int) -> None:
    landed = balance.put(deficit, coming)
    assert balance.total(landed) == max(0, deficit + balance.total(coming))


@given(lots, st.integers(1, 9), st.integers(1, 20), st.integers(0, 20))
def test_what_is_withdrawn_is_found_somewhere_or_becomes_a_deficit(
    having: list[Lot], expires_at: int, seconds: int, expired: int
) -> None:
    found = balance.withdraw(having, expires_at, seconds, expired_seconds=expired)
    taken = balance.total(found.from_lots)
    assert seconds - taken - found.unexpired_seconds >= 0
    if seconds - taken - found.unexpired_seconds > 0:
        assert taken == balance.total(having)
    assert balance.minus(having, found.from_lots) == [
        lot for lot in balance.minus(having, found.from_lots) if lot.seconds > 0
    ]


def test_lots_are_written_and_read() -> None:
    having = [Lot(5, 3600), Lot(NEVER, 1)]
    assert balance.lots_from_text(balance.lots_to_text(having)) == having
    assert balance.lots_from_text("") == []


@settings(max_examples=30)
@given(st.lists(st.integers(0, 9000), max_size=6), st.integers(0, 20000))
def test_an_activity_counts_to_its_cap(seconds: list[int], cap: int) -> None:
    found = shares(enumerate(seconds), cap)
    assert sum(found.values()) == min(cap, sum(seconds))
    assert all(found[number] <= seconds[number] for number in found)


def test_expiry_by_policy() -> None:
    served, now = midnight(date(2026, 3, 5)) + HOUR, midnight(date(2026, 3, 6))

    def expires(**policy: object) -> date:
        from national_sync.clock import local_date

        return local_date(expiry_of(served, now, Exchange(**policy)) - 1)  # type: ignore[arg-type]

    assert expiry_of(served, now, Exchange()) == NEVER
    assert expires(expiry=Expiry.MONTHS, expiry_months=36) == date(2029, 3, 5)
    assert expires(expiry=Expiry.YEAR_END) == date(2026, 12, 31)
    assert expires(expiry=Expiry.MONTHS, expiry_months=1, at_least_days=60) == date(2026, 5, 5)


def test_only_what_was_entered_afterwards_waits() -> None:
    entered = midnight(date(2026, 3, 5)) + HOUR
    assert waits_until("check_in", entered, Exchange()) is None
    assert waits_until("team", entered, Exchange(waiting_days=7)) == midnight(date(2026, 3, 13))
    assert waits_until("team", entered, Exchange(waiting_days=0)) is None


def test_a_price_lies_on_the_grid_of_recorded_hours() -> None:
    assert [hours_in_seconds(hours) for hours in ("2", "0.5", "1.25", "0.01")] == [7200, 1800, 4500, 36]


@pytest.mark.parametrize(
    "hours", ["0", "-1", "10001", "1e9", "0.333", "1/3", "nan", "inf", "1e3", "1_000", "1e999999999", "", "两"]
)
def test_a_price_that_is_none_is_refused(hours: str) -> None:
    with pytest.raises(UsageError, match="is no number of hours"):
        hours_in_seconds(hours)


def test_a_credit_code_has_a_check_digit() -> None:
    assert is_credit_code("91530800MA6K000017")
    for wrong in ("91530800MA6K000018", "91530800MA6K00001", "91530800MAIK000017", ""):
        assert not is_credit_code(wrong)


def test_voucher_codes_differ_and_need_the_key() -> None:
    one, other = (VoucherCodes(Sealer([SealingKey("k1", bytes([number] * 32))])) for number in (1, 2))
    made = [one.new() for _ in range(100)]
    assert len({code.code for code in made}) == 100
    assert all(len(code.code) == 19 and len(code.salt) == 16 for code in made)
    assert one.again(made[0].salt) == made[0].code != other.again(made[0].salt)
    assert one.hash(made[0].code.lower().replace("-", "").replace("0", "o").replace("1", "l")) == made[0].code_hash


def test_every_refusal_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Refusal)


def test_every_code_of_the_exchange_has_words() -> None:
    codes = {
        *Refusal, *State, *VoucherState, *Kind, *Category, *AgreementScope, *Uncollected, *Refunds, *BenefitKind,
        *Cause, "far_apart", "own_merchant", "burst", "guessed_codes", "requested", "approved", "rejected", "granted",
        "cleared", "suspended", "terminated", "paused", "ended", "left", "died", "withdrawn", "merged",
    }  # fmt: skip
    i18n.use("zh")
    assert [code for code in codes if word(code).isascii()] == []
    i18n.use("en")


def test_what_a_suspicion_is_about_is_told_in_words() -> None:
    hour, ten_minutes = midnight(date(2026, 3, 4)) // 3600 + 10, midnight(date(2026, 3, 4)) // 600 + 61
    i18n.use("en")
    assert occurrence("redemptions:3-9") == "redemptions 3 and 9"
    assert occurrence("redemption:3") == "redemption 3"
    assert occurrence(f"volunteer:5@{hour}") == "from 2026-03-04 10:00 on, for an hour"
    assert occurrence(f"device:till-1@{ten_minutes}") == "till-1, 2026-03-04 10:10"


@given(days, st.sampled_from(list(Period)))
def test_the_name_of_a_period_tells_its_days(day: date, period: Period) -> None:
    assert days_of(period_name(period, day)) == (first_day(period, day), next_period(period, day))
