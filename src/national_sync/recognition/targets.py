"""What a unit is measured against, and how it stands: clauses R3 and S5. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from national_sync.policy import Assessment


class Standing(StrEnum):
    """A unit beside its target. What is not known is neither met nor missed."""

    MET = "met"
    MISSED = "missed"
    UNKNOWN = "not_known"
    NO_TARGET = "no_target"


@dataclass(frozen=True)
class Figures:
    """What was counted for a unit in a year."""

    kind: str
    county: str
    head_count: int | None
    registered: int
    seconds: int
    """Served in the year by its registered volunteers, wherever they served."""
    active: int = 0
    trained: int = 0
    projects: int = 0


def registration_quota(figures: Figures, policy: Assessment) -> int | None:
    """Percent of the head count that is to register; None where the clause asks for none."""
    percent: int | None = getattr(policy.registration_percent, figures.kind, None)
    return percent


def hours_target(figures: Figures, policy: Assessment) -> int | None:
    """Average hours a volunteer in a year; None for communities, of which the clause asks none."""
    if figures.kind == "community":
        return None
    if figures.county not in policy.city_counties:
        return policy.yearly_hours.other_county
    return policy.yearly_hours.city_company if figures.kind == "company" else policy.yearly_hours.city_unit


def registration(figures: Figures, policy: Assessment) -> Standing:
    quota = registration_quota(figures, policy)
    if quota is None:
        return Standing.NO_TARGET
    if not figures.head_count:
        return Standing.UNKNOWN
    return _standing(figures.registered * 100 >= quota * figures.head_count)


def yearly_hours(figures: Figures, policy: Assessment) -> Standing:
    target = hours_target(figures, policy)
    if target is None:
        return Standing.NO_TARGET
    if not figures.registered:
        return Standing.UNKNOWN
    return _standing(figures.seconds >= target * 3600 * figures.registered)


def training(figures: Figures) -> Standing:
    """Everybody is to be trained: clause T1."""
    if not figures.registered:
        return Standing.UNKNOWN
    return _standing(figures.trained >= figures.registered)


def percent(part: int, whole: int | None) -> float | None:
    """None where there is nothing to divide by: a unit without a head count has no rate, neither 0 nor 100 %."""
    return 100 * part / whole if whole else None


def _standing(is_met: bool) -> Standing:
    return Standing.MET if is_met else Standing.MISSED
