"""Applying for certified stars nationally, and what is made of the answers."""

from __future__ import annotations

from typing import Any

import pytest
from tests.integration.recognition.city import HOUR, City
from tests.integration.recognition.stars_side import Stars

from national_sync.national.port import NotSent, RefusalKind, Refused, StarApplication, StarState, Unknown
from national_sync.policy import StarRules
from national_sync.recognition import applying, national_stars
from national_sync.recognition.applying import Candidate, candidates, obstacle_of


@pytest.fixture
def three(city: City) -> list[str]:
    """Three certified members with one star each, by their numbers."""
    team = city.team()
    people = [city.volunteer(hours=100 + more, total_seconds=(100 + more) * HOUR) for more in (0, 1, 2)]
    for person in people:
        city.join(person, team)
    city.certified()
    return [number for (number,) in city.rows("SELECT number FROM volunteer ORDER BY id")]


def chosen(city: City, *, again: bool = False) -> list[Candidate]:
    with city.database.read() as connection:
        return candidates(connection, StarRules(), again=again)


def apply(city: City, national: Any, *, again: bool = False) -> dict[str, str]:
    standing = applying.apply(city.database, national, chosen(city, again=again), city.act)
    return {one["volunteer_number"]: one["state"] for one in standing}


def compare(city: City, national: Any) -> set[tuple[str, str | None, str | None]]:
    with city.database.read() as connection:
        people = applying.followed(connection)
    applying.follow(city.database, national, people, city.act)
    with city.database.write() as connection:
        national_stars.compare(connection, city.act)
    found = city.rows("SELECT field, ours, theirs FROM mismatch WHERE state = 'open' AND kind = 'star_differs'")
    return {tuple(one) for one in found if one[0] != "star"}


@pytest.mark.parametrize(
    ("change", "obstacle"),
    [
        ({}, None),
        ({"total_seconds": 299 * HOUR + 3599}, None),
        ({"total_seconds": 300 * HOUR}, "not_exact_band"),
        ({"total_seconds": 100 * HOUR - 1}, "not_exact_band"),
        ({"team": None}, "no_team"),
        ({"application": "pending"}, "already_applied"),
        ({"application": "passed"}, "already_applied"),
        ({"application": "failed"}, "was_refused"),
        ({"application": "unknown"}, None),
    ],
)
def test_only_the_exact_band_of_the_hours_shown_is_applied_for(change: dict[str, Any], obstacle: str | None) -> None:
    person = {"total_seconds": 100 * HOUR, "star": 1, "team": "t", "application": None, **change}
    assert obstacle_of(person, StarRules(), again=False) == obstacle
    if obstacle == "was_refused":
        assert obstacle_of(person, StarRules(), again=True) is None


def test_each_is_applied_for_once_in_batches_and_the_audit_says_so(city: City, three: list[str]) -> None:
    national = Stars()
    assert apply(city, national) == dict.fromkeys(three, "pending")
    assert (national.batches, [one.volunteer_number for one in national.asked]) == (2, three)
    assert {one.star for one in national.asked} == {1}
    assert apply(city, national) == dict.fromkeys(three, "pending")
    assert len(national.asked) == 3
    assert city.rows("SELECT COUNT(*) FROM audit_entry WHERE action = 'star.applied'") == [(3,)]


def test_what_was_applied_for_by_hand_is_not_sent_again(city: City, three: list[str]) -> None:
    national = Stars()
    national.show(three[0], 1, StarState.PENDING)
    assert apply(city, national) == dict.fromkeys(three, "pending")
    assert [one.volunteer_number for one in national.asked] == three[1:]


def test_an_answer_that_cannot_be_trusted_is_asked_for_before_anything_is_sent_again(
    city: City, three: list[str]
) -> None:
    national = Stars(answers=[Unknown("silence"), Unknown("silence"), NotSent("quota", stops_the_run=True)])
    assert apply(city, national) == {three[0]: "unknown", three[1]: "unknown"}
    national.show(three[0], 1, StarState.PENDING)  # That one had arrived.
    assert apply(city, national) == dict.fromkeys(three, "pending")
    assert [one.volunteer_number for one in national.asked[3:]] == three[1:]


def test_nothing_more_is_sent_when_the_day_is_spent(city: City, three: list[str]) -> None:
    national = Stars(answers=[NotSent("quota", stops_the_run=True)] * 2)
    assert apply(city, national) == {}
    assert (national.batches, city.rows("SELECT * FROM star_application")) == (1, [])


def test_a_refusal_keeps_its_words_and_is_tried_again_only_when_asked_for(city: City, three: list[str]) -> None:
    national = Stars(answers=[Refused(RefusalKind.INVALID, "40003", "star 与累计时长不符")])
    standing = applying.apply(city.database, national, chosen(city), city.act)  # type: ignore[arg-type]
    assert (standing[0]["state"], standing[0]["words"]) == ("refused", "star 与累计时长不符")
    assert {one.obstacle for one in chosen(city)} == {"was_refused", "already_applied"}
    assert apply(city, national)[three[0]] == "refused"
    assert apply(city, national, again=True)[three[0]] == "pending"


def test_the_state_of_an_application_that_speaks_against_the_certified_star_is_a_mismatch(
    city: City, three: list[str]
) -> None:
    national = Stars()
    apply(city, national)
    assert compare(city, national) == set()
    national.decide(StarState.FAILED)
    assert compare(city, national) == {("star_application_state", "certified", "failed")}
    assert city.rows("SELECT COUNT(*) FROM mismatch WHERE field = 'star_application_state'") == [(3,)]
    national.shown = []
    assert compare(city, national) == {("star_application_state", "certified", "missing")}
    national.shown = [StarApplication("9" * 32, number, "t", 1, StarState.PASSED, 9) for number in three]
    assert compare(city, national) == set()
    national.show(three[0], 4, StarState.PENDING)
    assert compare(city, national) == {("star_application_state", "not_certified", "pending")}
