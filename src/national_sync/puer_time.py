"""The time of Puer, for rules that know days and no clock."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Final

DAY_SECONDS: Final = 86_400
AHEAD_SECONDS: Final = 8 * 3_600
"""Puer is this far ahead of UTC."""
PUER_TIME = timezone(timedelta(seconds=AHEAD_SECONDS), "Asia/Shanghai")
"""China has had one time and no summer time since 1992; birth dates are kept as dates, so older rules do not matter."""


def midnight(day: date) -> int:
    """When a day begins in Puer, UTC epoch seconds."""
    return int(datetime(day.year, day.month, day.day, tzinfo=PUER_TIME).timestamp())


def day_of(epoch_seconds: int) -> date:
    """The day in Puer to which a moment belongs."""
    return datetime.fromtimestamp(epoch_seconds, PUER_TIME).date()


def day_number_sql(moment: str) -> str:
    """SQL for the day in Puer to which a moment in epoch seconds belongs: days since 1 January 1970."""
    return f"(({moment} + {AHEAD_SECONDS}) / {DAY_SECONDS})"
