"""What moves when two registrations become one, and what stays."""

from __future__ import annotations

from typing import Any

import pytest

from national_sync.reconcile.duplicates import Certainty, certainty_of
from national_sync.reconcile.merge_plan import Belonging, How, Keeper, Why, plan_steps
from national_sync.records import Entity


def keeper(**changed: Any) -> Keeper:
    facts: dict[str, Any] = {
        "real_name_state": "passed",
        "account_state": "enabled",
        "teams": {},
        "trainings": frozenset(),
        "hours": [],
    }
    return Keeper(**{**facts, **changed})


def membership(row_id: int = 1, **changed: Any) -> Belonging:
    facts = {"team_id": 7, "state": "member", "team_state": "approved", "join_rule": "review"}
    return belonging(Entity.MEMBERSHIP, row_id, {**facts, **changed})


def belonging(entity: Entity, row_id: int, facts: dict[str, Any], **state: bool) -> Belonging:
    told = {"is_new": False, "is_on_its_way": False, "has_edits": False, **state}
    return Belonging(entity, row_id, "", facts=facts, **told)


def told(keeping: Keeper, *belongings: Belonging) -> list[tuple[How, Why | None]]:
    return [(step.how, step.why) for step in plan_steps(keeping, belongings)]


def test_a_membership_moves_where_the_kept_one_may_join() -> None:
    assert told(keeper(), membership()) == [(How.MOVED, None)]
    assert told(keeper(), membership(state="applied")) == [(How.MOVED, None)]


@pytest.mark.parametrize(
    ("keeping", "changed", "why"),
    [
        (keeper(), {"state": "refused"}, Why.REFUSED),
        (keeper(), {"team_state": "disabled"}, Why.TEAM_CLOSED),
        (keeper(), {"join_rule": "password"}, Why.TEAM_CLOSED),
        (keeper(), {"join_rule": "nobody"}, Why.TEAM_CLOSED),
        (keeper(real_name_state="in_review"), {}, Why.MAY_NOT_JOIN),
        (keeper(account_state="disabled"), {}, Why.MAY_NOT_JOIN),
        (keeper(teams={7: "applied"}), {}, Why.APPLICATION_WAITS),
    ],
)
def test_a_membership_that_the_national_side_would_refuse_stays(
    keeping: Keeper, changed: dict[str, Any], why: Why
) -> None:
    assert told(keeping, membership(**changed)) == [(How.STAYS, why)]


def test_a_membership_ends_where_the_kept_one_is_a_member_already() -> None:
    assert told(keeper(teams={7: "member"}), membership()) == [(How.ENDED, None)]
    assert told(keeper(teams={7: "applied"}), membership(state="applied")) == [(How.ENDED, None)]


def test_two_memberships_in_one_team_become_one() -> None:
    assert told(keeper(), membership(1), membership(2)) == [(How.MOVED, None), (How.ENDED, None)]


def test_a_training_moves_unless_the_kept_one_has_the_same() -> None:
    training = belonging(Entity.TRAINING_RECORD, 1, {"topic": "急救", "training_date": "2026-01-02"})
    assert told(keeper(), training) == [(How.MOVED, None)]
    assert told(keeper(trainings=frozenset({("急救", "2026-01-02")})), training) == [(How.STAYS, Why.HAS_THE_SAME)]


def test_hours_that_were_never_sent_go_over_unless_they_overlap() -> None:
    hours = belonging(Entity.HOUR_RECORD, 1, {"started_at": 100, "ended_at": 200}, is_new=True)
    assert told(keeper(hours=[(0, 100), (200, 300)]), hours) == [(How.HANDED_OVER, None)]
    assert told(keeper(hours=[(199, 300)]), hours) == [(How.STAYS, Why.OVERLAPS)]


def test_what_is_being_sent_or_was_edited_stays() -> None:
    facts = {"team_id": 7, "state": "member", "team_state": "approved", "join_rule": "review"}
    sending = belonging(Entity.MEMBERSHIP, 1, facts, is_on_its_way=True)
    edited = belonging(Entity.MEMBERSHIP, 1, facts, has_edits=True)
    assert told(keeper(), sending) == [(How.STAYS, Why.ON_ITS_WAY)]
    assert told(keeper(), edited) == [(How.STAYS, Why.HAS_EDITS)]


def test_a_slip_of_the_pen_or_one_phone_makes_one_person_likely() -> None:
    one, slip, other = "530802199001010011", "530802199001010038", "530802199001017459"
    assert certainty_of([one, slip], [None, None]) is Certainty.LIKELY
    assert certainty_of([one, other], [b"1", b"1"]) is Certainty.LIKELY
    assert certainty_of([one, other], [b"1", b"2"]) is Certainty.POSSIBLE
    assert certainty_of([one, other], [None, None]) is Certainty.POSSIBLE
