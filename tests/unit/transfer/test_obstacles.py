"""What is asked before anything is removed (clause X2)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from national_sync.joining import Obstacle, Person, Team, needs_review, obstacles

PERSON = Person(
    is_withdrawn=False,
    is_national=True,
    is_merged=False,
    real_name_state="passed",
    account_state="enabled",
    service_area="530802000000000000",
    has_open_hours=False,
    has_namesake=False,
)
TEAM = Team(is_withdrawn=False, is_national=True, state="approved", join_rule="anyone", area="530821000000000000")


def test_x2_nothing_stands_in_the_way_of_a_registered_person_and_an_open_team() -> None:
    assert obstacles(PERSON, TEAM) == ()
    assert needs_review(replace(TEAM, join_rule="review"))


@pytest.mark.parametrize(
    ("person", "team", "expected"),
    [
        ({"is_withdrawn": True}, {}, Obstacle.PERSON_WITHDRAWN),
        ({"is_national": False}, {}, Obstacle.PERSON_NOT_NATIONAL),
        ({"is_merged": True}, {}, Obstacle.PERSON_MERGED),
        ({"real_name_state": "in_review"}, {}, Obstacle.REAL_NAME),
        ({"real_name_state": "failed"}, {}, Obstacle.REAL_NAME),
        ({"account_state": "disabled"}, {}, Obstacle.ACCOUNT),
        ({"has_open_hours": True}, {}, Obstacle.OPEN_HOURS),
        ({"has_namesake": True}, {}, Obstacle.NAMESAKE),
        ({"service_area": "510104000000000000"}, {}, Obstacle.OTHER_PROVINCE),
        ({}, {"is_withdrawn": True}, Obstacle.TEAM_WITHDRAWN),
        ({}, {"is_national": False}, Obstacle.TEAM_NOT_NATIONAL),
        ({}, {"state": "disabled"}, Obstacle.TEAM_CLOSED),
        ({}, {"join_rule": "nobody"}, Obstacle.TEAM_TAKES_NOBODY),
        ({}, {"join_rule": "password"}, Obstacle.TEAM_TAKES_NOBODY),
    ],
)
def test_x2_each_thing_that_would_be_refused_is_named(
    person: dict[str, Any], team: dict[str, Any], expected: Obstacle
) -> None:
    assert obstacles(replace(PERSON, **person), replace(TEAM, **team)) == (expected,)


def test_everything_is_named_at_once() -> None:
    found = obstacles(replace(PERSON, has_open_hours=True, real_name_state="failed"), replace(TEAM, state="locked"))
    assert found == (Obstacle.REAL_NAME, Obstacle.OPEN_HOURS, Obstacle.TEAM_CLOSED)
