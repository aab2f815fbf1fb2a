"""The rules of stars, to the second: clause A2."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.integration.recognition.city import moment

from national_sync.policy import Policy, StarBasis, StarRules
from national_sync.recognition.stars import Service, Verdict, period_of, star_of, verdict_of
from national_sync.records import HourKind

RULES = StarRules()
YEAR = period_of(StarBasis.CALENDAR_YEAR, date(2025, 12, 31))
EVER = period_of(StarBasis.ACCUMULATED, date(2025, 12, 31))
SERVICE = Service(1, 1, moment("2025-06-01 08:00"), moment("2025-06-01 09:00"), 3600, "effective", "credit")


def seconds(clock: str) -> int:
    hours, minutes, rest = map(int, clock.split(":"))
    return hours * 3600 + minutes * 60 + rest


@pytest.mark.parametrize(
    ("clock", "star"),
    [
        ("0:00:00", 0),
        ("99:59:59", 0),
        ("100:00:00", 1),
        ("299:59:59", 1),
        ("300:00:00", 2),
        ("599:59:59", 2),
        ("600:00:00", 3),
        ("999:59:59", 3),
        ("1000:00:00", 4),
        ("1499:59:59", 4),
        ("1500:00:00", 5),
        ("9000:00:00", 5),
    ],
)
def test_a2_a_star_is_reached_at_the_very_second(clock: str, star: int) -> None:
    assert star_of(seconds(clock), RULES) == star


@given(st.integers(0, 10_000_000), st.integers(0, 10_000_000))
def test_more_service_never_means_fewer_stars(less: int, more: int) -> None:
    assert star_of(less, RULES) <= star_of(less + more, RULES)


@pytest.mark.parametrize(
    ("begin", "in_year", "accumulated"),
    [
        ("2024-12-31 23:59:59", Verdict.BEFORE_PERIOD, Verdict.COUNTED),
        ("2025-01-01 00:00:00", Verdict.COUNTED, Verdict.COUNTED),
        ("2025-12-31 23:59:59", Verdict.COUNTED, Verdict.COUNTED),
        ("2026-01-01 00:00:00", Verdict.AFTER_CUT_OFF, Verdict.AFTER_CUT_OFF),
    ],
)
def test_new_year_is_midnight_in_puer(begin: str, in_year: Verdict, accumulated: Verdict) -> None:
    service = replace(SERVICE, started_at=moment(begin))
    assert verdict_of(service, RULES, YEAR) is in_year
    assert verdict_of(service, RULES, EVER) is accumulated


def test_hours_across_midnight_belong_to_the_day_on_which_they_began() -> None:
    service = replace(SERVICE, started_at=moment("2025-12-31 22:00"), ended_at=moment("2026-01-01 02:00"))
    assert verdict_of(service, RULES, YEAR) is Verdict.COUNTED
    next_year = period_of(StarBasis.CALENDAR_YEAR, date(2026, 12, 31))
    assert verdict_of(service, RULES, next_year) is Verdict.BEFORE_PERIOD


def test_the_29th_of_february_is_a_day_like_any_other() -> None:
    period = period_of(StarBasis.ACCUMULATED, date(2028, 2, 29))
    assert moment("2028-02-29 23:59:59") in period
    assert moment("2028-03-01 00:00:00") not in period


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"is_national": False}, Verdict.NOT_NATIONAL),
        ({"is_withdrawn": True}, Verdict.WITHDRAWN),
        ({"state": "applying"}, Verdict.STATE),
        ({"state": "deleted"}, Verdict.STATE),
        ({"kind": "honour"}, Verdict.COUNTED),
    ],
)
def test_a_record_that_does_not_count_says_why(change: dict[str, Any], verdict: Verdict) -> None:
    assert verdict_of(replace(SERVICE, **change), RULES, EVER) is verdict


def test_honour_hours_count_only_where_the_policy_says_so() -> None:
    credit_only = StarRules(kinds=(HourKind.CREDIT,))
    assert verdict_of(replace(SERVICE, kind="honour"), credit_only, EVER) is Verdict.KIND
    assert verdict_of(SERVICE, credit_only, EVER) is Verdict.COUNTED


# The policy


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"hours": [100, 300, 300, 1000, 1500]}, "must be positive and rise"),
        ({"hours": [0, 300, 600, 1000, 1500]}, "must be positive and rise"),
        ({"hours": [100, 300]}, "hours"),
        ({"states": ["deleted"]}, "only these states can count"),
        ({"states": []}, "only these states can count"),
        ({"kinds": []}, "at least one kind"),
        ({"basis": "monthly"}, "basis"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(table: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Policy.model_validate({"stars": {"rules": {"2020-07-15": table}}})


def test_spending_hours_never_lowers_a_star() -> None:
    with pytest.raises(ValidationError):
        Policy.model_validate({"stars": {"exchange_reduces_stars": True}})


def test_the_rules_in_force_are_the_newest_that_have_begun() -> None:
    stars = Policy.model_validate({"stars": {"rules": {"2020-07-15": {}, "2026-01-01": {"kinds": ["credit"]}}}}).stars
    assert stars.in_force(date(2020, 7, 14)) is None
    assert stars.in_force(date(2025, 12, 31)) == StarRules()
    assert stars.in_force(date(2026, 1, 1)) == StarRules(kinds=(HourKind.CREDIT,))
