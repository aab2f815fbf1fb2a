"""Whether a stretch of service can be entered, by the rules that the national side enforces: clause S2. Pure.

Everything is asked before anything is written, so that the national side has no reason left to refuse. The rules are those
of its own entry page (docs/national-api); what the city adds stands in `policy.toml` under `[recording]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from national_sync.i18n import N_
from national_sync.policy import Recording
from national_sync.puer_time import day_of, midnight
from national_sync.records import AccountState, HourState, ProjectState, RealNameState, TeamState

_GRID_SECONDS: Final = 36
"""Recorded hours lie on a grid of 0.01 hours."""
LONGEST_REMARK: Final = 500
COUNTING: Final = (HourState.APPLYING, HourState.NOT_SIGNED_OUT, HourState.EFFECTIVE)
"""Only records in these states stand in the way of another one."""
_CLOSED: Final = (
    ProjectState.CLOSED_BY_HAND,
    ProjectState.CLOSED_BY_SYSTEM,
    ProjectState.VOID,
    ProjectState.DISABLED,
)


class Refusal(StrEnum):
    """Why a stretch cannot be entered."""

    REAL_NAME = "hours_real_name"
    ACCOUNT = "hours_account_disabled"
    TEAM = "hours_team_closed"
    PROJECT_CLOSED = "hours_project_closed"
    NOT_MEMBER = "hours_not_member"
    NOT_SAME_DAY = "hours_not_same_day"
    END_BEFORE_START = "hours_end_before_start"
    ZERO = "hours_zero"
    FUTURE = "hours_future"
    OUTSIDE_PROJECT = "hours_outside_dates"
    TOO_SHORT = "hours_too_short"
    TOO_LONG = "hours_too_long"
    NOT_SIGNED_OUT = "hours_open_sign_in"
    OVERLAP = "hours_overlaps"
    TOO_MANY = "hours_too_many_periods"
    REMARK = "hours_remark_too_long"


WORDS: Final[Mapping[Refusal, str]] = {
    Refusal.REAL_NAME: N_("the person's real-name check has not passed"),
    Refusal.ACCOUNT: N_("the person's account is disabled"),
    Refusal.TEAM: N_("the project's team is not approved, or it is disabled"),
    Refusal.PROJECT_CLOSED: N_("the project is closed"),
    Refusal.NOT_MEMBER: N_("the person is no member of the project's team"),
    Refusal.NOT_SAME_DAY: N_("it goes on after midnight: enter a record for each day"),
    Refusal.END_BEFORE_START: N_("it ends before it begins"),
    Refusal.ZERO: N_("it is less than 0.01 hours"),
    Refusal.FUTURE: N_("it lies in the future"),
    Refusal.OUTSIDE_PROJECT: N_("it lies outside the project's dates"),
    Refusal.TOO_SHORT: N_("it is shorter than the city's policy allows"),
    Refusal.TOO_LONG: N_("it is longer than the city's policy allows"),
    Refusal.NOT_SIGNED_OUT: N_("the person is signed in somewhere and not signed out"),
    Refusal.OVERLAP: N_("it overlaps another record of this person"),
    Refusal.TOO_MANY: N_("the person has as many stretches of that day waiting to be sent as are allowed"),
    Refusal.REMARK: N_("the remark is longer than 500 characters"),
}


@dataclass(frozen=True)
class Stretch:
    """From when to when somebody served, UTC epoch seconds."""

    started_at: int
    ended_at: int
    remark: str | None = None


@dataclass(frozen=True)
class Taken:
    """Another record of the same person that counts."""

    started_at: int
    ended_at: int | None
    is_unsent: bool = False
    """It was made here and has not gone out."""


@dataclass(frozen=True)
class Surroundings:
    """What the mirror knows of the person, the project and its team."""

    real_name_state: str
    account_state: str
    team_state: str
    project_state: str
    project_started_at: int
    project_ended_at: int
    is_member: bool
    others: Sequence[Taken] = field(default_factory=tuple)


def refusals(stretch: Stretch, around: Surroundings, rules: Recording, now: int) -> list[Refusal]:
    """Everything that stands against it; nothing when it can be entered."""
    found = list(_about_person_and_project(around))
    of_times = list(_about_times(stretch, around, rules, now))
    found += of_times
    if not {Refusal.END_BEFORE_START, Refusal.ZERO, Refusal.NOT_SAME_DAY} & set(of_times):
        found += _about_others(stretch, around.others, rules)
    if stretch.remark and len(stretch.remark) > LONGEST_REMARK:
        found.append(Refusal.REMARK)
    return found


def _about_person_and_project(around: Surroundings) -> Iterator[Refusal]:
    if around.real_name_state != RealNameState.PASSED:
        yield Refusal.REAL_NAME
    if around.account_state != AccountState.ENABLED:
        yield Refusal.ACCOUNT
    if around.team_state != TeamState.APPROVED:
        yield Refusal.TEAM
    if around.project_state in _CLOSED:
        yield Refusal.PROJECT_CLOSED
    if not around.is_member:
        yield Refusal.NOT_MEMBER


def _about_times(stretch: Stretch, around: Surroundings, rules: Recording, now: int) -> Iterator[Refusal]:
    lasts = stretch.ended_at - stretch.started_at
    if lasts < 0:
        yield Refusal.END_BEFORE_START
        return
    if not recorded_seconds(stretch):
        yield Refusal.ZERO
        return
    if not _is_one_day(stretch):
        yield Refusal.NOT_SAME_DAY
    if stretch.ended_at > now:
        yield Refusal.FUTURE
    if not (around.project_started_at <= stretch.started_at and stretch.ended_at <= around.project_ended_at):
        yield Refusal.OUTSIDE_PROJECT
    if lasts < rules.shortest_minutes * 60:
        yield Refusal.TOO_SHORT
    if lasts > rules.longest_hours * 3600:
        yield Refusal.TOO_LONG


def _about_others(stretch: Stretch, others: Sequence[Taken], rules: Recording) -> Iterator[Refusal]:
    if any(other.ended_at is None for other in others):
        yield Refusal.NOT_SIGNED_OUT
    if any(overlaps(stretch, other) for other in others):
        yield Refusal.OVERLAP
    day = day_of(stretch.started_at)
    unsent = sum(other.is_unsent and day_of(other.started_at) == day for other in others)
    if unsent >= rules.most_periods:
        yield Refusal.TOO_MANY


def overlaps(stretch: Stretch, other: Taken | Stretch) -> bool:
    """Whether both hold a moment in common; one that ends where the other begins does not."""
    return other.ended_at is not None and other.started_at < stretch.ended_at and stretch.started_at < other.ended_at


def recorded_seconds(stretch: Stretch) -> int:
    """What the national side makes of a span: hours with two decimals, half up."""
    return (stretch.ended_at - stretch.started_at + _GRID_SECONDS // 2) // _GRID_SECONDS * _GRID_SECONDS


def _is_one_day(stretch: Stretch) -> bool:
    """The last moment of a day, written 24:00, still belongs to it nowhere: the national side wants 23:59."""
    return stretch.ended_at < midnight(day_of(stretch.started_at) + timedelta(days=1))
