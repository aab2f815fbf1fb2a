"""By when hours are to be recorded: ten working days after the service, with the holidays of China (clause S2).

The days off and the working weekends are those of the national calendar; `[calendar]` of `policy.toml` says where the
city knows better. Order 67 of the Ministry of Civil Affairs, articles 11-13.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

from national_sync.policy import Calendar, Recording
from national_sync.workdays import LastDay, last_of_working_days


def due_day(served_on: date, rules: Recording, calendar: Calendar) -> LastDay:
    """The last day on which a service of this day is recorded in time."""
    return _due_day(served_on, rules.due_working_days, calendar)


@cache
def _due_day(served_on: date, working_days: int, calendar: Calendar) -> LastDay:
    return last_of_working_days(served_on + timedelta(days=1), working_days, calendar)


def last_day_past_due(today: date, rules: Recording, calendar: Calendar) -> date:
    """The latest day of service whose due day is over today."""
    day = today - timedelta(days=rules.due_working_days)
    while due_day(day, rules, calendar).day >= today:
        day -= timedelta(days=1)
    return day
