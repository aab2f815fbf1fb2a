"""What a transfer does next, decided from what the mirror and the operations show. Pure.

Nothing is remembered of the way so far but which rows the transfer made or ended: whatever happens to them, by its own
steps, by a person or by the national side, the next step follows from how things stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, assert_never

from national_sync.joining import Obstacle


class Goal(StrEnum):
    MOVE = "move"
    BACK = "back"
    """Called off on its way: put back what it did."""


class Place(StrEnum):
    """A person's place in a team."""

    NONE = "none"
    JOINING = "joining"
    """Made here and not accepted nationally yet."""
    TURNED_DOWN = "turned_down"
    """Made here, and the national side refused it."""
    APPLIED = "applied"
    MEMBER = "member"
    REJECTED = "rejected"
    """The team said no to the application that this transfer made."""
    LEAVING = "leaving"
    """Deleted here and not deleted nationally yet."""
    KEPT = "kept"
    """Deleted here, and the national side refused it."""
    DISPUTED = "disputed"
    """A mismatch about it waits for a person."""


class Areas(StrEnum):
    """The person's data that changes with the transfer (clause X3)."""

    AGREED = "agreed"
    DUE = "due"
    UNDER_WAY = "under_way"
    TURNED_DOWN = "turned_down"
    DISPUTED = "disputed"


class Step(StrEnum):
    WAIT = "waits"
    WRITE_AREAS = "areas"
    JOIN = "join"
    LEAVE = "leave"
    UNJOIN = "unjoin"
    REJOIN = "rejoin"
    RESTORE = "restore"
    """Take the deletion of the old membership back before it has gone out."""
    AREAS_BACK = "areas_back"
    TRY_AGAIN = "try_again"
    """Let the engine send once more what was refused."""
    STOP = "stop"
    """A person decides: go on, or put it back."""
    FINISH = "finish"
    CALL_OFF = "called_off"


class Why(StrEnum):
    """What a transfer waits for or is stuck at, beside the obstacles."""

    JOINING = "joining"
    TEAM_DECIDES = "team_decides"
    LEAVING = "leaving"
    AREAS = "areas_under_way"
    JOIN_REFUSED = "join_refused"
    LEAVE_REFUSED = "leave_refused"
    REJOIN_REFUSED = "rejoin_refused"
    AREAS_REFUSED = "areas_refused"
    REJECTED = "application_rejected"
    DISPUTED = "in_dispute"


class Next(NamedTuple):
    """A step and its reason."""

    step: Step
    why: str = ""


@dataclass(frozen=True)
class Known:
    """How things stand."""

    goal: Goal = Goal.MOVE
    old: Place = Place.MEMBER
    new: Place = Place.NONE
    areas: Areas = Areas.AGREED
    areas_first: bool = False
    """The new team lies in another province: the service area goes first."""
    obstacles: tuple[Obstacle, ...] = ()
    two_memberships: bool = True
    """The national side lets a person be in both teams meanwhile."""
    has_left: bool = False
    """This transfer ended the old membership."""
    has_joined: bool = False
    """This transfer made the new membership, and it is still here or on its way out."""
    is_under_way: bool = False
    """A write about one of the two memberships has been sent and not settled."""
    is_refused_now: bool = False
    """The last refusal came in the run that is at work."""
    tries: int = 0
    tries_allowed: int = 3
    stuck_at: str = ""
    """Why a person was asked to decide, who has not yet."""


def next_step(known: Known) -> Next:
    """The one thing to do now. What a person was asked about waits for the answer, or until its cause is gone."""
    following = _forward(known) if known.goal is Goal.MOVE else _backward(known)
    if known.stuck_at and (following.step is Step.STOP or following.why == known.stuck_at):
        return Next(Step.WAIT, known.stuck_at)
    return following


# Towards the new team


def _forward(known: Known) -> Next:
    match known.new:
        case Place.NONE:
            return _before_joining(known)
        case Place.JOINING:
            return Next(Step.WAIT, Why.JOINING)
        case Place.TURNED_DOWN:
            return _blocked(known) if known.obstacles else _refused(known, Why.JOIN_REFUSED)
        case Place.APPLIED:
            return Next(Step.WAIT, Why.TEAM_DECIDES)
        case Place.REJECTED:
            return Next(Step.STOP, Why.REJECTED)
        case Place.LEAVING | Place.KEPT | Place.DISPUTED:
            return Next(Step.STOP, Why.DISPUTED)
        case Place.MEMBER:
            return _out_of_old(known) or _areas(known) or Next(Step.FINISH)
        case _:
            assert_never(known.new)


def _before_joining(known: Known) -> Next:
    if known.obstacles:
        return _blocked(known)
    if known.areas_first and (waiting := _areas(known)):
        return waiting
    if not known.two_memberships and (waiting := _out_of_old(known)):
        return waiting
    return Next(Step.JOIN)


def _blocked(known: Known) -> Next:
    """Nothing was removed: wait. Somebody who is in no team any more is a person's business at once."""
    out = known.has_left and known.old in (Place.NONE, Place.LEAVING)
    return Next(Step.STOP if out else Step.WAIT, known.obstacles[0])


def _out_of_old(known: Known) -> Next | None:
    """None once the person is out of the old team."""
    match known.old:
        case Place.NONE | Place.REJECTED:
            return None
        case Place.MEMBER | Place.APPLIED | Place.TURNED_DOWN:
            return Next(Step.LEAVE)
        case Place.JOINING:
            return Next(Step.WAIT, Why.JOINING)
        case Place.LEAVING:
            return Next(Step.WAIT, Why.LEAVING)
        case Place.KEPT:
            return _refused(known, Why.LEAVE_REFUSED)
        case Place.DISPUTED:
            return Next(Step.STOP, Why.DISPUTED)
        case _:
            assert_never(known.old)


def _areas(known: Known) -> Next | None:
    """None once both sides have the areas that are wanted."""
    match known.areas:
        case Areas.AGREED:
            return None
        case Areas.DUE:
            return Next(Step.WRITE_AREAS if known.goal is Goal.MOVE else Step.AREAS_BACK)
        case Areas.UNDER_WAY:
            return Next(Step.WAIT, Why.AREAS)
        case Areas.TURNED_DOWN:
            return _refused(known, Why.AREAS_REFUSED)
        case Areas.DISPUTED:
            return Next(Step.STOP, Why.DISPUTED)
        case _:
            assert_never(known.areas)


def _refused(known: Known, why: Why) -> Next:
    """Once a run, and not for ever."""
    if known.tries + 1 >= known.tries_allowed:
        return Next(Step.STOP, why)
    return Next(Step.WAIT if known.is_refused_now else Step.TRY_AGAIN, why)


# Back to the old one


def _backward(known: Known) -> Next:
    first, second = (_into_old, _out_of_new) if known.two_memberships else (_out_of_new, _into_old)
    return first(known) or second(known) or _areas(known) or Next(Step.CALL_OFF)


def _into_old(known: Known) -> Next | None:
    """None once the person is in the old team as before; also where it was not this transfer that ended it."""
    if not known.has_left:
        return None
    match known.old:
        case Place.MEMBER:
            return None
        case Place.NONE:
            return Next(Step.REJOIN)
        case Place.LEAVING:
            return Next(Step.WAIT, Why.LEAVING) if known.is_under_way else Next(Step.RESTORE)
        case Place.KEPT:
            return Next(Step.RESTORE)
        case Place.JOINING:
            return Next(Step.WAIT, Why.JOINING)
        case Place.APPLIED:
            return Next(Step.WAIT, Why.TEAM_DECIDES)
        case Place.TURNED_DOWN:
            return _refused(known, Why.REJOIN_REFUSED)
        case Place.REJECTED:
            return Next(Step.STOP, Why.REJECTED)
        case Place.DISPUTED:
            return Next(Step.STOP, Why.DISPUTED)
        case _:
            assert_never(known.old)


def _out_of_new(known: Known) -> Next | None:
    """None once nothing is left of what this transfer did in the new team."""
    if not known.has_joined:
        return None
    match known.new:
        case Place.NONE | Place.REJECTED:
            return None
        case Place.JOINING if known.is_under_way:
            return Next(Step.WAIT, Why.JOINING)
        case Place.JOINING | Place.TURNED_DOWN | Place.APPLIED | Place.MEMBER:
            return Next(Step.UNJOIN)
        case Place.LEAVING:
            return Next(Step.WAIT, Why.LEAVING)
        case Place.KEPT:
            return _refused(known, Why.LEAVE_REFUSED)
        case Place.DISPUTED:
            return Next(Step.STOP, Why.DISPUTED)
        case _:
            assert_never(known.new)
