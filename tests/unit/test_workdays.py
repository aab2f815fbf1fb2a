"""How long a public notice lasts."""

from __future__ import annotations

from datetime import date

import pytest

from national_sync.policy import Calendar
from national_sync.workdays import LastDay, last_of_working_days


@pytest.mark.parametrize(
    ("first", "count", "last"),
    [
        (date(2026, 1, 12), 1, date(2026, 1, 12)),
        (date(2026, 1, 12), 5, date(2026, 1, 16)),
        (date(2026, 1, 17), 1, date(2026, 1, 19)),
        (date(2026, 9, 29), 3, date(2026, 10, 8)),
    ],
    ids=str,
)
def test_working_days_are_those_of_the_national_calendar(first: date, count: int, last: date) -> None:
    assert last_of_working_days(first, count, Calendar()) == LastDay(last, False)


def test_beyond_the_calendar_weekdays_count_and_it_is_said() -> None:
    assert last_of_working_days(date(2026, 12, 31), 2, Calendar()) == LastDay(date(2027, 1, 1), True)
    assert last_of_working_days(date(2099, 1, 3), 1, Calendar()) == LastDay(date(2099, 1, 5), True)


def test_the_city_may_say_better() -> None:
    days = [date(2027, 1, 1), date(2027, 1, 2), date(2027, 1, 3)]
    calendar = Calendar(holidays=tuple(days[:1]), workdays=tuple(days[1:]))
    assert last_of_working_days(date(2026, 12, 31), 3, calendar) == LastDay(days[2], False)
