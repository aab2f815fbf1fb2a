"""Who may register on a day, and who approves it: clauses R2 and R5."""

from __future__ import annotations

from datetime import date

import pytest

from national_sync.policy import RegistrationRules
from national_sync.registration.eligibility import Eligibility, birthday, eligibility, what_is_lacking
from national_sync.registration.routing import Approver, approver

RULES = RegistrationRules()
DAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("born", "verdict"),
    [
        (date(2012, 3, 1), Eligibility.ELIGIBLE),
        (date(2012, 3, 2), Eligibility.NEEDS_GUARDIAN),
        (date(1956, 3, 1), Eligibility.ELIGIBLE),
        (date(1956, 2, 29), Eligibility.NEEDS_FITNESS_STATEMENT),
        (date(1956, 2, 28), Eligibility.NEEDS_FITNESS_STATEMENT),
        (date(1990, 1, 1), Eligibility.ELIGIBLE),
    ],
)
def test_r2_fourteen_and_seventy_count_to_the_day(born: date, verdict: Eligibility) -> None:
    assert eligibility(born, DAY, RULES) is verdict


def test_r2_the_ages_are_the_policys() -> None:
    assert eligibility(date(2010, 3, 2), DAY, RegistrationRules(youngest=16)) is Eligibility.NEEDS_GUARDIAN


def test_whoever_was_born_on_29_february_has_the_birthday_on_the_28th() -> None:
    assert birthday(date(2012, 2, 29), 14) == date(2026, 2, 28)
    assert birthday(date(2012, 2, 29), 16) == date(2028, 2, 29)


def form(born: str, **given: str) -> dict[str, str | None]:
    names = ("guardian_name", "guardian_phone", "guardian_consented_on", "fitness_stated_on")
    return {"birth_date": born, **dict.fromkeys(names), **given}


def test_r2_a_child_needs_a_guardian_with_name_phone_and_the_day_of_consent() -> None:
    lacking = what_is_lacking(form("2015-01-01"), DAY, RULES)
    assert [fault.field for fault in lacking] == ["guardian_name", "guardian_phone", "guardian_consented_on"]
    assert "under 14 on 2026-03-01" in str(lacking[0].reason)
    guarded = form(
        "2015-01-01", guardian_name="王大山", guardian_phone="13887901234", guardian_consented_on="2026-03-01"
    )
    assert what_is_lacking(guarded, DAY, RULES) == []
    early = what_is_lacking({**guarded, "guardian_consented_on": "2026-03-02"}, DAY, RULES)
    assert [fault.field for fault in early] == ["guardian_consented_on"]


def test_r2_whoever_is_over_seventy_states_to_be_fit() -> None:
    assert [fault.field for fault in what_is_lacking(form("1950-01-01"), DAY, RULES)] == ["fitness_stated_on"]
    assert what_is_lacking(form("1950-01-01", fitness_stated_on="2026-02-01"), DAY, RULES) == []


@pytest.mark.parametrize(
    ("level", "county", "who"),
    [
        ("city", "530822", Approver.FEDERATION),
        ("county", "530802", Approver.FEDERATION),
        ("county", "530822", Approver.COUNTY_OFFICE),
    ],
)
def test_r5_city_bodies_and_simao_go_to_the_federation_other_counties_to_their_office(
    level: str, county: str, who: Approver
) -> None:
    assert approver(level, county, RULES) is who
