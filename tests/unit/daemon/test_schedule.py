"""Slots: the moments that have passed, in Puer's time."""

from __future__ import annotations

from datetime import datetime, time

import pytest

from national_sync.clock import PUER_TIME
from national_sync.schedule import Schedule

SCHEDULE = Schedule(nightly=time(2, 30), light_minute=15)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=PUER_TIME).timestamp()


@pytest.mark.parametrize(
    ("now", "night"),
    [
        ("2026-11-24 02:29:59", "nightly 2026-11-23 02:30"),
        ("2026-11-24 02:30:00", "nightly 2026-11-24 02:30"),
        ("2026-11-24 23:59:59", "nightly 2026-11-24 02:30"),
        ("2027-01-01 00:00:00", "nightly 2026-12-31 02:30"),
    ],
)
def test_a_night_lasts_until_the_next_one(now: str, night: str) -> None:
    assert SCHEDULE.night_before(at(now)) == night


@pytest.mark.parametrize(
    ("now", "hour"),
    [
        ("2026-11-24 05:14:59", "light 2026-11-24 04:15"),
        ("2026-11-24 05:15:00", "light 2026-11-24 05:15"),
        ("2026-11-24 00:00:00", "light 2026-11-23 23:15"),
    ],
)
def test_an_hour_lasts_until_the_next_one(now: str, hour: str) -> None:
    assert SCHEDULE.light_before(at(now)) == hour
