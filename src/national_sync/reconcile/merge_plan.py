"""What merging two registrations of one person moves, and what stays where it is. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from national_sync.records import AccountState, Entity, JoinRule, MembershipState, RealNameState, TeamState


class How(StrEnum):
    HANDED_OVER = "handed_over"
    """Not known nationally yet: it is the kept one's from now on, and goes out as that."""
    MOVED = "moved"
    """Entered anew for the kept one and deleted for the gone one; both go out."""
    ENDED = "ended"
    """The kept one has the same: deleted for the gone one."""
    STAYS = "stays"


class Why(StrEnum):
    """Why something stays with the gone one. The national side moves it when it merges the two itself."""

    ON_ITS_WAY = "on_its_way"
    HAS_EDITS = "has_edits"
    REFUSED = "membership_refused"
    APPLICATION_WAITS = "application_waits"
    TEAM_CLOSED = "team_closed"
    MAY_NOT_JOIN = "may_not_join"
    HAS_THE_SAME = "has_the_same"
    OVERLAPS = "overlaps"


@dataclass(frozen=True)
class Step:
    entity: Entity
    row_id: int
    how: How
    why: Why | None = None
    label: str = ""
    """The team, topic or project, for a person to read."""


@dataclass(frozen=True)
class Belonging:
    """A record of the gone registration, and what decides about it."""

    entity: Entity
    row_id: int
    label: str
    is_new: bool
    """Not known nationally."""
    is_on_its_way: bool
    """An operation about it has no outcome yet."""
    has_edits: bool
    facts: Mapping[str, Any]
    """Columns of the row, and of its team where it has one (`team_state`, `join_rule`)."""


@dataclass(frozen=True)
class Keeper:
    """What decides on the side of the kept registration."""

    real_name_state: str
    account_state: str
    teams: Mapping[int, str]
    """Team row to the state of the live membership there."""
    trainings: frozenset[tuple[str, str]]
    """Topic and date."""
    hours: Sequence[tuple[int, int]]
    """Start and end of the records that count, or may come to count."""


_IN_A_TEAM: Final = (MembershipState.MEMBER, MembershipState.APPLIED)
_CLOSED_RULES: Final = (JoinRule.NOBODY, JoinRule.PASSWORD)


def plan_steps(keeper: Keeper, belongings: Iterable[Belonging]) -> list[Step]:
    """One step for each membership, training and unsent hour record of the gone one, in the given order.

    Hour records that the national side has never move here: audited ones are frozen, and the others would lose how and
    when they were entered.
    """
    steps = []
    for one in belongings:
        step = _step(keeper, one)
        steps.append(step)
        if step.how in (How.MOVED, How.HANDED_OVER):
            keeper = _with(keeper, one)
    return steps


def _step(keeper: Keeper, one: Belonging) -> Step:
    if one.is_on_its_way:
        return _stays(one, Why.ON_ITS_WAY)
    if one.has_edits:
        return _stays(one, Why.HAS_EDITS)
    match one.entity:
        case Entity.MEMBERSHIP:
            return _membership(keeper, one)
        case Entity.TRAINING_RECORD:
            same = (one.facts["topic"], one.facts["training_date"]) in keeper.trainings
            return _stays(one, Why.HAS_THE_SAME) if same else _moves(one)
        case _:
            return _stays(one, Why.OVERLAPS) if _overlaps(keeper, one) else _moves(one)


def _membership(keeper: Keeper, one: Belonging) -> Step:
    theirs, ours = one.facts["state"], keeper.teams.get(one.facts["team_id"])
    if theirs not in _IN_A_TEAM:
        return _stays(one, Why.REFUSED)
    if ours in (MembershipState.MEMBER, theirs):
        return Step(one.entity, one.row_id, How.ENDED, label=one.label)
    if ours == MembershipState.APPLIED:
        return _stays(one, Why.APPLICATION_WAITS)
    if one.facts["team_state"] != TeamState.APPROVED or one.facts["join_rule"] in _CLOSED_RULES:
        return _stays(one, Why.TEAM_CLOSED)
    if keeper.real_name_state != RealNameState.PASSED or keeper.account_state != AccountState.ENABLED:
        return _stays(one, Why.MAY_NOT_JOIN)
    return _moves(one)


def _overlaps(keeper: Keeper, one: Belonging) -> bool:
    start, end = one.facts["started_at"], one.facts["ended_at"]
    return end is not None and any(start < other_end and other_start < end for other_start, other_end in keeper.hours)


def _moves(one: Belonging) -> Step:
    return Step(one.entity, one.row_id, How.HANDED_OVER if one.is_new else How.MOVED, label=one.label)


def _stays(one: Belonging, why: Why) -> Step:
    return Step(one.entity, one.row_id, How.STAYS, why, one.label)


def _with(keeper: Keeper, one: Belonging) -> Keeper:
    """The kept one with what comes over: a second one of the same does not come over too."""
    match one.entity:
        case Entity.MEMBERSHIP:
            return replace(keeper, teams={**keeper.teams, one.facts["team_id"]: one.facts["state"]})
        case Entity.TRAINING_RECORD:
            return replace(keeper, trainings=keeper.trainings | {(one.facts["topic"], one.facts["training_date"])})
        case _:
            return keeper
