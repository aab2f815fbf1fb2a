"""The rules for entering hours, each at its edge: clause S2 and section 3 of the national API document."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from national_sync.policy import Calendar, Recording
from national_sync.puer_time import midnight
from national_sync.recording.due import due_day, last_day_past_due
from national_sync.recording.rules import (
    WORDS,
    Refusal,
    Stretch,
    Surroundings,
    Taken,
    overlaps,
    recorded_seconds,
    refusals,
)
from national_sync.recording.written import read_day, read_time
from national_sync.unfit import Unfit

DAY = midnight(date(2026, 3, 5))
HOUR = 3600
NOW = DAY + 20 * HOUR
AROUND = Surroundings("passed", "enabled", "approved", "running", DAY, DAY + 86_399, is_member=True)


def found(start: float = 8, end: float = 10, now: int = NOW, rules: Recording | None = None, **around: Any) -> set[str]:
    stretch = Stretch(DAY + round(start * HOUR), DAY + round(end * HOUR), around.pop("remark", None))
    return set(refusals(stretch, replace(AROUND, **around), rules or Recording(), now))


def test_a_stretch_against_which_nothing_stands_can_be_entered() -> None:
    assert found() == set()


@pytest.mark.parametrize(
    ("around", "refusal"),
    [
        ({"real_name_state": "in_review"}, Refusal.REAL_NAME),
        ({"real_name_state": "failed"}, Refusal.REAL_NAME),
        ({"account_state": "disabled"}, Refusal.ACCOUNT),
        ({"team_state": "disabled"}, Refusal.TEAM),
        ({"project_state": "closed_by_system"}, Refusal.PROJECT_CLOSED),
        ({"project_state": "closed_by_hand"}, Refusal.PROJECT_CLOSED),
        ({"project_state": "void"}, Refusal.PROJECT_CLOSED),
        ({"is_member": False}, Refusal.NOT_MEMBER),
        ({"start": 10, "end": 8}, Refusal.END_BEFORE_START),
        ({"start": 8, "end": 8}, Refusal.ZERO),
        ({"start": 8, "end": 8 + 17 / HOUR}, Refusal.ZERO),
        ({"start": 8, "end": 8 + 59 / HOUR}, Refusal.TOO_SHORT),
        ({"end": 20 + 1 / HOUR}, Refusal.FUTURE),
        ({"project_started_at": DAY + 8 * HOUR + 1}, Refusal.OUTSIDE_PROJECT),
        ({"project_ended_at": DAY + 10 * HOUR - 1}, Refusal.OUTSIDE_PROJECT),
        ({"rules": Recording(longest_hours=1)}, Refusal.TOO_LONG),
        ({"others": [Taken(DAY + 7 * HOUR, DAY + 8 * HOUR + 1)]}, Refusal.OVERLAP),
        ({"others": [Taken(DAY - 9 * 86_400, None)]}, Refusal.NOT_SIGNED_OUT),
        ({"others": [Taken(DAY, DAY + 60, is_unsent=True)], "rules": Recording(most_periods=1)}, Refusal.TOO_MANY),
        ({"remark": "茶" * 501}, Refusal.REMARK),
    ],
    ids=lambda given: given.value if isinstance(given, Refusal) else "",
)
def test_each_rule_refuses_with_its_own_word(around: dict[str, Any], refusal: Refusal) -> None:
    assert found(**around) == {refusal}


def test_a_stretch_over_midnight_belongs_to_no_day() -> None:
    project = {"project_started_at": DAY - 86_400, "project_ended_at": DAY + 2 * 86_400}
    assert found(22, 24, DAY + 2 * 86_400, **project) == {Refusal.NOT_SAME_DAY}
    assert found(22, 24 - 1 / HOUR, DAY + 2 * 86_400, **project) == set()


@pytest.mark.parametrize(
    "around",
    [
        {"end": 20},
        {"project_started_at": DAY + 8 * HOUR, "project_ended_at": DAY + 10 * HOUR},
        {"others": [Taken(DAY + 7 * HOUR, DAY + 8 * HOUR), Taken(DAY + 10 * HOUR, DAY + 11 * HOUR)]},
        {"others": [Taken(DAY, DAY + 60, is_unsent=True)] * 9},
        {"others": [Taken(DAY - 60, DAY - 1, is_unsent=True)] * 10},
        {"project_state": "back_fill"},
        {"remark": "茶" * 500},
    ],
    ids=["ends now", "the project's own dates", "side by side", "nine today", "ten yesterday", "back-fill", "500"],
)
def test_what_lies_just_inside_is_taken(around: dict[str, Any]) -> None:
    assert found(**around) == set()


def test_everything_that_stands_against_it_is_told_at_once() -> None:
    assert found(end=21, is_member=False, real_name_state="failed") == {
        Refusal.FUTURE,
        Refusal.NOT_MEMBER,
        Refusal.REAL_NAME,
    }


def test_every_refusal_has_words() -> None:
    assert set(WORDS) == set(Refusal)
    assert len(set(WORDS.values())) == len(Refusal)


@pytest.mark.parametrize(("seconds", "recorded"), [(17, 0), (18, 36), (53, 36), (54, 72), (7_200, 7_200)])
def test_recorded_hours_are_the_span_on_the_national_grid(seconds: int, recorded: int) -> None:
    assert recorded_seconds(Stretch(0, seconds)) == recorded


def test_records_that_touch_do_not_overlap() -> None:
    assert not overlaps(Stretch(10, 20), Stretch(20, 30))
    assert overlaps(Stretch(10, 21), Stretch(20, 30))
    assert not overlaps(Stretch(10, 20), Taken(15, None))


# Due


def test_s2_ten_working_days_with_the_holidays_of_china() -> None:
    assert due_day(date(2026, 3, 5), Recording(), Calendar()).day == date(2026, 3, 19)
    # The spring festival, with its working weekends before and after it.
    assert due_day(date(2026, 2, 10), Recording(), Calendar()).day == date(2026, 3, 2)


def test_the_citys_own_calendar_goes_before_the_national_one() -> None:
    closed = Calendar(holidays=(date(2026, 3, 6),), workdays=(date(2026, 3, 7), date(2026, 3, 8)))
    assert due_day(date(2026, 3, 5), Recording(), closed).day == date(2026, 3, 18)
    assert due_day(date(2027, 3, 5), Recording(), Calendar()).is_guessed


def test_a_service_is_overdue_the_day_after_its_due_day() -> None:
    assert last_day_past_due(date(2026, 3, 19), Recording(), Calendar()) == date(2026, 3, 4)
    assert last_day_past_due(date(2026, 3, 20), Recording(), Calendar()) == date(2026, 3, 5)


# As it is written


@pytest.mark.parametrize(
    "given",
    [
        "2026-03-05",
        "2026/3/5",
        "2026.3.5",
        "20260305",
        "2026年3月5日",
        "２０２６-03-05",
        datetime(2026, 3, 5),
        date(2026, 3, 5),
    ],
)
def test_days_come_in_many_forms(given: Any) -> None:
    assert read_day(given) == date(2026, 3, 5)


@pytest.mark.parametrize(
    "given",
    [
        "08:30",
        "8:30",
        "8：30",
        "08:30:00",
        "8时30分",
        time(8, 30),
        timedelta(hours=8, minutes=30),
        datetime(1899, 12, 30, 8, 30),
    ],
)
def test_times_come_in_many_forms(given: Any) -> None:
    assert read_time(given) == 30_600


@pytest.mark.parametrize("given", ["24:00", "25:10", "8", "8:60", "", 0.354, timedelta(days=1)])
def test_what_is_no_time_of_day_is_refused(given: Any) -> None:
    with pytest.raises(Unfit):
        read_time(given)


@pytest.mark.parametrize("given", ["2026-02-30", "5.3.2026", "", 46_086.0, "9999-12-31", date(9999, 12, 31)])
def test_what_is_no_day_is_refused(given: Any) -> None:
    with pytest.raises(Unfit):
        read_day(given)
