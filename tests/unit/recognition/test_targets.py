"""What units are measured against: clauses R3 and S5."""

from __future__ import annotations

from dataclasses import replace

import pytest

from national_sync.policy import Assessment
from national_sync.recognition import targets
from national_sync.recognition.targets import Figures, Standing

POLICY = Assessment()
CITY, COUNTY = "530802", "530828"
UNIT = Figures("government", CITY, head_count=10, registered=10, seconds=10 * 100 * 3600, trained=10)


@pytest.mark.parametrize(
    ("kind", "quota"),
    [
        ("government", 100),
        ("institution", 100),
        ("college", 100),
        ("school", 100),
        ("company", 50),
        ("community", None),
    ],
)
def test_r3_each_kind_of_unit_has_its_quota(kind: str, quota: int | None) -> None:
    assert targets.registration_quota(replace(UNIT, kind=kind), POLICY) == quota


@pytest.mark.parametrize(
    ("kind", "county", "hours"),
    [
        ("government", CITY, 100),
        ("college", CITY, 100),
        ("company", CITY, 50),
        ("government", COUNTY, 50),
        ("company", COUNTY, 50),
        ("community", CITY, None),
    ],
)
def test_s5_the_hours_depend_on_place_and_kind(kind: str, county: str, hours: int | None) -> None:
    assert targets.hours_target(replace(UNIT, kind=kind, county=county), POLICY) == hours


@pytest.mark.parametrize(
    ("change", "standing"),
    [
        ({}, Standing.MET),
        ({"registered": 9}, Standing.MISSED),
        ({"registered": 11}, Standing.MET),
        ({"kind": "company", "registered": 5}, Standing.MET),
        ({"kind": "company", "registered": 4}, Standing.MISSED),
        ({"head_count": None}, Standing.UNKNOWN),
        ({"head_count": 0}, Standing.UNKNOWN),
        ({"kind": "community", "head_count": None}, Standing.NO_TARGET),
    ],
)
def test_r3_a_unit_without_a_head_count_is_unknown(change: dict[str, object], standing: Standing) -> None:
    assert targets.registration(replace(UNIT, **change), POLICY) is standing  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "standing"),
    [
        ({}, Standing.MET),
        ({"seconds": 10 * 100 * 3600 - 1}, Standing.MISSED),
        ({"registered": 0, "seconds": 0}, Standing.UNKNOWN),
        ({"kind": "community"}, Standing.NO_TARGET),
    ],
)
def test_s5_the_average_is_met_at_the_very_second(change: dict[str, object], standing: Standing) -> None:
    assert targets.yearly_hours(replace(UNIT, **change), POLICY) is standing  # type: ignore[arg-type]


def test_t1_training_is_for_everybody() -> None:
    assert targets.training(UNIT) is Standing.MET
    assert targets.training(replace(UNIT, trained=9)) is Standing.MISSED
    assert targets.training(replace(UNIT, registered=0, trained=0)) is Standing.UNKNOWN


def test_what_cannot_be_divided_is_not_a_rate() -> None:
    assert targets.percent(3, None) is None
    assert targets.percent(3, 0) is None
    assert targets.percent(3, 4) == 75.0
