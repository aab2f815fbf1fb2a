"""Days, months, quarters and years of Puer as moments. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final, assert_never

from national_sync.clock import local_date
from national_sync.puer_time import AHEAD_SECONDS, DAY_SECONDS, midnight

NEVER: Final = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())
"""When hours without an end expire."""


class Period(StrEnum):
    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


def midnight_after(day: date) -> int:
    return midnight(day + timedelta(days=1))


def first_day(period: Period, day: date) -> date:
    """The first day of the period that this day lies in."""
    match period:
        case Period.DAY:
            return day
        case Period.MONTH:
            return day.replace(day=1)
        case Period.QUARTER:
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case Period.YEAR:
            return day.replace(month=1, day=1)
        case _:
            assert_never(period)


def period_start(period: Period, now: float) -> int:
    """The moment at which the present period began."""
    return _start_of(period, int(now + AHEAD_SECONDS) // DAY_SECONDS)


@lru_cache(maxsize=100)
def _start_of(period: Period, day_number: int) -> int:
    """By the number of the day in Puer, so that it is worked out once a day."""
    return midnight(first_day(period, local_date(day_number * DAY_SECONDS - AHEAD_SECONDS)))


def next_period(period: Period, day: date) -> date:
    """The first day after the period that this day lies in."""
    start = first_day(period, day)
    longest = {Period.DAY: 1, Period.MONTH: 31, Period.QUARTER: 92, Period.YEAR: 366}[period]
    return first_day(period, start + timedelta(days=longest)) if period is not Period.DAY else start + timedelta(days=1)


def period_name(period: Period, day: date) -> str:
    """2026-03-09, 2026-03, 2026-Q1 or 2026."""
    match period:
        case Period.DAY:
            return day.isoformat()
        case Period.MONTH:
            return f"{day:%Y-%m}"
        case Period.QUARTER:
            return f"{day.year}-Q{(day.month + 2) // 3}"
        case Period.YEAR:
            return str(day.year)
        case _:
            assert_never(period)


def days_of(name: str) -> tuple[date, date]:
    """The first day of a period by its name, and the first day after it."""
    match name.split("-"):
        case [year]:
            period, day = Period.YEAR, date(int(year), 1, 1)
        case [year, quarter] if quarter.startswith("Q"):
            period, day = Period.QUARTER, date(int(year), int(quarter[1:]) * 3, 1)
        case [year, month]:
            period, day = Period.MONTH, date(int(year), int(month), 1)
        case _:
            period, day = Period.DAY, date.fromisoformat(name)
    return first_day(period, day), next_period(period, day)


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or the last of its month."""
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(count, 12)
    following = date(year + month // 11, (month + 1) % 12 + 1, 1)
    last = (following - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


def age_on(birth: date, day: date) -> int:
    """Completed years; somebody born on 29 February is a year older on 1 March."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
