"""The next step of a transfer, decided from how things stand (clauses X2 and X3)."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from national_sync.joining import Obstacle
from national_sync.transfer.steps import Areas, Goal, Known, Next, Place, Step, Why, next_step


def step(**known: Any) -> Step:
    return next_step(Known(**known)).step


def test_x2_the_new_team_comes_first_where_both_are_allowed() -> None:
    assert step() is Step.JOIN
    assert step(new=Place.MEMBER) is Step.LEAVE
    assert step(new=Place.MEMBER, old=Place.NONE) is Step.FINISH


def test_x2_the_old_team_is_left_first_where_only_one_is_allowed() -> None:
    assert step(two_memberships=False) is Step.LEAVE
    assert step(two_memberships=False, old=Place.LEAVING) is Step.WAIT
    assert step(two_memberships=False, old=Place.NONE) is Step.JOIN


def test_x3_the_areas_follow_once_the_person_has_moved() -> None:
    moved = {"new": Place.MEMBER, "old": Place.NONE}
    assert step(**moved, areas=Areas.DUE) is Step.WRITE_AREAS
    assert next_step(Known(**moved, areas=Areas.UNDER_WAY)) == Next(Step.WAIT, Why.AREAS)


def test_the_area_goes_first_into_another_province() -> None:
    assert step(areas_first=True, areas=Areas.DUE) is Step.WRITE_AREAS
    assert step(areas_first=True, areas=Areas.UNDER_WAY) is Step.WAIT
    assert step(areas_first=True) is Step.JOIN


@pytest.mark.parametrize("two_memberships", [True, False])
def test_nothing_is_removed_while_something_stands_in_the_way(two_memberships: bool) -> None:
    known = Known(obstacles=(Obstacle.TEAM_CLOSED, Obstacle.REAL_NAME), two_memberships=two_memberships)
    assert next_step(known) == Next(Step.WAIT, Obstacle.TEAM_CLOSED)


def test_an_obstacle_for_somebody_who_is_out_of_both_teams_is_a_persons_business() -> None:
    known = Known(old=Place.NONE, has_left=True, two_memberships=False, obstacles=(Obstacle.TEAM_CLOSED,))
    assert next_step(known) == Next(Step.STOP, Obstacle.TEAM_CLOSED)


def test_a_review_is_waited_for() -> None:
    assert next_step(Known(new=Place.APPLIED)) == Next(Step.WAIT, Why.TEAM_DECIDES)
    assert next_step(Known(new=Place.REJECTED)) == Next(Step.STOP, Why.REJECTED)


def test_what_is_refused_is_tried_once_a_run_and_not_for_ever() -> None:
    refused = Known(new=Place.TURNED_DOWN)
    assert next_step(replace(refused, is_refused_now=True)).step is Step.WAIT
    assert next_step(refused).step is Step.TRY_AGAIN
    assert next_step(replace(refused, tries=1)).step is Step.TRY_AGAIN
    assert next_step(replace(refused, tries=2, is_refused_now=True)) == Next(Step.STOP, Why.JOIN_REFUSED)


def test_a_refusal_whose_cause_the_mirror_shows_is_not_tried_again() -> None:
    assert step(new=Place.TURNED_DOWN, obstacles=(Obstacle.TEAM_CLOSED,)) is Step.WAIT


def test_what_a_person_was_asked_about_waits_until_its_cause_is_gone() -> None:
    stuck = Known(new=Place.REJECTED, stuck_at=Why.REJECTED)
    assert next_step(stuck) == Next(Step.WAIT, Why.REJECTED)
    assert next_step(replace(stuck, new=Place.MEMBER)).step is Step.LEAVE
    assert next_step(replace(stuck, new=Place.MEMBER, old=Place.NONE)).step is Step.FINISH


def test_called_off_goes_back_into_the_old_team_before_it_leaves_the_new_one() -> None:
    back = Known(goal=Goal.BACK, old=Place.NONE, new=Place.MEMBER, has_left=True, has_joined=True)
    assert next_step(back).step is Step.REJOIN
    assert next_step(replace(back, old=Place.MEMBER)).step is Step.UNJOIN
    assert next_step(replace(back, two_memberships=False)).step is Step.UNJOIN
    assert next_step(replace(back, old=Place.MEMBER, new=Place.NONE, areas=Areas.DUE)).step is Step.AREAS_BACK
    assert next_step(replace(back, old=Place.MEMBER, new=Place.NONE)).step is Step.CALL_OFF


def test_a_deletion_that_has_not_gone_out_is_taken_back() -> None:
    back = Known(goal=Goal.BACK, old=Place.LEAVING, has_left=True)
    assert next_step(back).step is Step.RESTORE
    assert next_step(replace(back, is_under_way=True)).step is Step.WAIT
    assert next_step(replace(back, old=Place.KEPT)).step is Step.RESTORE


def test_what_others_did_is_not_put_back() -> None:
    assert step(goal=Goal.BACK, old=Place.NONE, new=Place.MEMBER) is Step.CALL_OFF


EVERYTHING = [
    Known(goal=goal, old=old, new=new, areas=areas, has_left=has_left, has_joined=has_joined, two_memberships=two)
    for goal, old, new, areas, has_left, has_joined, two in product(
        Goal, Place, Place, Areas, (False, True), (False, True), (False, True)
    )
]


def test_every_situation_has_a_step() -> None:
    assert {next_step(known).step for known in EVERYTHING} == set(Step)


def test_nobody_is_taken_out_of_a_team_without_a_place_in_another_where_both_are_allowed() -> None:
    for known in EVERYTHING:
        following = next_step(known).step
        if known.two_memberships and following is Step.LEAVE:
            assert known.new is Place.MEMBER
        if known.two_memberships and following is Step.UNJOIN and known.has_left:
            assert known.old is Place.MEMBER


def test_it_ends_only_where_nothing_is_left_half_done() -> None:
    for known in EVERYTHING:
        following = next_step(known).step
        if following is Step.FINISH:
            assert (known.new, known.areas) == (Place.MEMBER, Areas.AGREED)
            assert known.old in (Place.NONE, Place.REJECTED)
        if following is Step.CALL_OFF:
            assert known.old is Place.MEMBER or not known.has_left
            assert known.new in (Place.NONE, Place.REJECTED) or not known.has_joined
