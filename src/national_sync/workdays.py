"""Working days of China, for the length of a public notice. Pure but for the national calendar's own table.

The package `chinesecalendar` knows the years that the State Council has announced. Beyond them, and wherever the city
says otherwise in `[calendar]` of its policy, Monday to Friday count, and the caller is told that it is a guess.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

import chinese_calendar

from national_sync.policy import Calendar


class LastDay(NamedTuple):
    day: date
    is_guessed: bool
    """True where a day on the way lies beyond what the calendar knows and the policy does not speak of it."""


def last_of_working_days(first: date, count: int, calendar: Calendar) -> LastDay:
    """The day on which the `count`-th working day ends, `first` being counted if it is one."""
    day, left, is_guessed = first, count, False
    while True:
        works, guessed = _works(day, calendar)
        left -= works
        is_guessed |= guessed
        if not left:
            return LastDay(day, is_guessed)
        day += timedelta(days=1)


def _works(day: date, calendar: Calendar) -> tuple[bool, bool]:
    """Whether the office works on this day, and whether that is a guess."""
    if day in calendar.holidays:
        return False, False
    if day in calendar.workdays:
        return True, False
    try:
        return chinese_calendar.is_workday(day), False
    except NotImplementedError:
        return day.weekday() < 5, True
