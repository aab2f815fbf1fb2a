"""The decisions of the exchange: which hours count, who may have what. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from national_sync.clock import local_date
from national_sync.exchange.balance import Lot, take
from national_sync.exchange.calendar import NEVER, age_on, midnight_after, months_later
from national_sync.exchange.limits import Limit, Taken, broken_limit
from national_sync.exchange.outcomes import Refusal
from national_sync.policy import Exchange, Expiry
from national_sync.records import HourMethod, HourState

MOST_PIECES: Final = 1_000_000
_WAITING_METHODS: Final = frozenset({HourMethod.TEAM, HourMethod.APPLICATION})
"""Entered after the event, many at a time; the others come from the volunteer's own sign-in."""


# Which hours count


class RecordFacts(NamedTuple):
    """What the national side says of an hour record, and the categories of its project."""

    state: str
    is_withdrawn: bool
    method: str
    kind: str
    started_at: int
    service_seconds: int
    categories: str


def admitted_seconds(record: RecordFacts, policy: Exchange) -> int:
    """Exchangeable seconds of a record by itself: zero unless it is effective and of an admitted origin."""
    counts = (
        record.state == HourState.EFFECTIVE
        and not record.is_withdrawn
        and record.method in policy.admitted_methods
        and record.kind in policy.admitted_kinds
        and local_date(record.started_at) >= policy.counts_from
    )
    return record.service_seconds * _percent(record.categories, policy) // 100 if counts else 0


def _percent(categories: str, policy: Exchange) -> int:
    """The highest rate of the project's categories."""
    rates = policy.percent_by_category
    if not rates:
        return 100
    return max((rates.get(category.strip(), 100) for category in categories.split(",")), default=100)


def expiry_of(started_at: int, booked_at: float, policy: Exchange) -> int:
    """When hours of this service expire; late ones can be spent for some days all the same."""
    served = local_date(started_at)
    match policy.expiry:
        case Expiry.NONE:
            return NEVER
        case Expiry.MONTHS:
            last_day = months_later(served, policy.expiry_months)
        case Expiry.YEAR_END:
            last_day = date(served.year, 12, 31)
    return max(midnight_after(last_day), midnight_after(local_date(booked_at) + timedelta(days=policy.at_least_days)))


def waits_until(method: str, entered_at: int, policy: Exchange) -> int | None:
    """When a bulk entry may be booked; None for hours that need not wait."""
    if method not in _WAITING_METHODS or policy.waiting_days == 0:
        return None
    return midnight_after(local_date(entered_at) + timedelta(days=policy.waiting_days))


def shares(admitted: Iterable[tuple[int, int]], cap_seconds: int) -> dict[int, int]:
    """By record: what it counts for when all records of one activity count `cap_seconds` at most, first ids first."""
    room, found = cap_seconds, {}
    for record_id, seconds in sorted(admitted):
        found[record_id] = min(seconds, room)
        room -= found[record_id]
    return found


# Who may have what


class Person(NamedTuple):
    """A volunteer and the account, as they stand at the moment of asking."""

    is_known: bool
    is_active: bool
    is_account_open: bool
    star: int
    birth_date: str
    balance: int
    lots: Sequence[Lot]
    taken: Sequence[Taken]


class Terms(NamedTuple):
    """An offer, its merchant and the agreement in force."""

    merchant_id: int
    is_merchant_active: bool
    agreement: str | None
    """State and scope of the agreement in force today, or None."""
    is_open: bool
    starts_at: int
    ends_at: int
    price_seconds: int
    left_pieces: int | None
    minimum_star: int
    minimum_age: int
    limits: tuple[Limit, ...]
    has_outlet: bool
    """Whether the outlet asked at has this offer."""


AGREED: Final = frozenset({"active exchange", "active both"})


def decide_hold(
    person: Person, terms: Terms | None, *, offer_id: int, quantity: int, now: float, policy_limits: tuple[Limit, ...]
) -> Refusal | list[Lot]:
    """From which lots the hours come, or why there are none. The first reason in this order is told."""
    if not 1 <= quantity <= MOST_PIECES:
        return Refusal.BAD_QUANTITY
    if terms is None:
        return Refusal.UNKNOWN_OFFER
    return (
        _person_refusal(person)
        or _terms_refusal(terms, now)
        or _fit_refusal(person, terms, now)
        or _limit_refusal(person, terms, offer_id, quantity, now, policy_limits)
        or _taken_lots(person, quantity * terms.price_seconds, now)
    )


def _person_refusal(person: Person) -> Refusal | None:
    if not person.is_known:
        return Refusal.UNKNOWN_VOLUNTEER
    if not person.is_active:
        return Refusal.VOLUNTEER_INACTIVE
    return None if person.is_account_open else Refusal.ACCOUNT_CLOSED


def _terms_refusal(terms: Terms, now: float) -> Refusal | None:
    if not terms.is_merchant_active:
        return Refusal.MERCHANT_INACTIVE
    if terms.agreement not in AGREED:
        return Refusal.NO_AGREEMENT
    if not terms.is_open:
        return Refusal.OFFER_CLOSED
    if now < terms.starts_at:
        return Refusal.OFFER_NOT_YET_OPEN
    if now >= terms.ends_at:
        return Refusal.OFFER_OVER
    return None if terms.has_outlet else Refusal.WRONG_OUTLET


def _fit_refusal(person: Person, terms: Terms, now: float) -> Refusal | None:
    if person.star < terms.minimum_star:
        return Refusal.STAR_TOO_LOW
    if terms.minimum_age and not _is_old_enough(person.birth_date, terms.minimum_age, local_date(now)):
        return Refusal.TOO_YOUNG
    return None


def _is_old_enough(birth_date: str, minimum_age: int, today: date) -> bool:
    try:
        return age_on(date.fromisoformat(birth_date), today) >= minimum_age
    except ValueError:
        return False


def _limit_refusal(
    person: Person, terms: Terms, offer_id: int, quantity: int, now: float, policy_limits: tuple[Limit, ...]
) -> Refusal | None:
    limits = terms.limits + policy_limits
    if limits and broken_limit(
        limits, person.taken, offer_id=offer_id, merchant_id=terms.merchant_id, quantity=quantity, now=now
    ):
        return Refusal.LIMIT_REACHED
    return Refusal.SOLD_OUT if terms.left_pieces is not None and quantity > terms.left_pieces else None


def _taken_lots(person: Person, seconds: int, now: float) -> Refusal | list[Lot]:
    if person.balance < 0:
        return Refusal.DEFICIT
    return take(person.lots, seconds, now) or Refusal.NOT_ENOUGH_HOURS
