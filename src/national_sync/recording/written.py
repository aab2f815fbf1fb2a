"""Days and times as people and spreadsheets write them. Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from national_sync.i18n import N_
from national_sync.puer_time import midnight
from national_sync.unfit import Unfit

_DAY: Final = re.compile(
    r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?(?: 00:00(?::00)?)?|(\d{4})(\d{2})(\d{2})"
)
_TIME: Final = re.compile(r"(\d{1,2})(?::|时|点)(\d{2})分?(?::(\d{2}))?")
_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 2999
"""Whoever types the year 9999 means something else, and no day comes after its last."""


def read_day(given: Any) -> date:
    """A cell, or a text such as `2026-03-05`, `2026/3/5`, `2026.3.5`, `20260305` or `2026年3月5日`. Raises Unfit."""
    if isinstance(given, datetime):
        given = given.date()
    day = given if isinstance(given, date) else _day_in(_half_width(given))
    if day is None or not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise Unfit(N_("{given} is no day such as 2026-03-05"), given=_half_width(given))
    return day


def _day_in(written: str) -> date | None:
    found = _DAY.fullmatch(written)
    try:
        year, month, day = (int(part) for part in (found.groups() if found else ()) if part)
        return date(year, month, day)
    except ValueError:
        return None


def read_time(given: Any) -> int:
    """Seconds since midnight, of a cell or of a text such as `08:30`. Raises Unfit."""
    if isinstance(given, datetime):
        given = given.time()
    if isinstance(given, timedelta):
        given = _time_of(given)
    if isinstance(given, time):
        return given.hour * 3600 + given.minute * 60 + given.second
    written = _half_width(given)
    found = _TIME.fullmatch(written)
    if found is None:
        raise Unfit(N_("{given} is no time of day such as 08:30"), given=written)
    hour, minute, second = (int(part or 0) for part in found.groups())
    if hour == 24 and not minute and not second:
        raise Unfit(N_("a day ends at 23:59; what goes on after midnight is a record of the next day"))
    if hour > 23 or minute > 59 or second > 59:
        raise Unfit(N_("{given} is no time of day such as 08:30"), given=written)
    return hour * 3600 + minute * 60 + second


def moment(day: date, seconds: int) -> int:
    """UTC epoch seconds."""
    return midnight(day) + seconds


def _half_width(given: Any) -> str:
    return unicodedata.normalize("NFKC", str(given)).strip()


def _time_of(given: timedelta) -> time | str:
    seconds = round(given.total_seconds())
    return time(seconds // 3600, seconds // 60 % 60, seconds % 60) if 0 <= seconds < 86_400 else str(given)
