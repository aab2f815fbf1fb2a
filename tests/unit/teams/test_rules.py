"""What a team may be, and who may join or leave one: the national rules, asked before anything is written (X2)."""

from __future__ import annotations

from typing import Any

import pytest

from national_sync.joining import Obstacle, Person, Team
from national_sync.stations.rules import readers
from national_sync.teams.rules import NEEDED, READERS, WORDS, Hindrance, Place, against_joining, against_leaving
from national_sync.training.rules import READERS as TRAINING
from national_sync.unfit import read

PERSON = Person(False, True, False, "passed", "enabled", "530802000000000000", False, False)
TEAM = Team(False, True, "approved", "anyone", "530821000000000000")


def values(**written: str | None) -> Any:
    found = read(READERS, {"name": "白茶队", "area_id": "530802", **written}, needed=NEEDED)
    assert found.faults == ()
    return found.values


def faults(**written: str | None) -> list[str]:
    return [
        name
        for name, _reason in read(READERS, {"name": "白茶队", "area_id": "530802", **written}, needed=NEEDED).faults
    ]


def test_what_is_written_about_a_team_is_brought_into_the_national_form() -> None:
    found = values(
        name="  白茶　志愿服务队 ",
        area_id="思茅区",
        body_type="教育事业单位",
        categories="0001、0017，社区服务",
        contact_phone="０８７９-２１２００００",
    )
    assert found == {
        "name": "白茶 志愿服务队",
        "area_id": "530802000000000000",
        "body_type": "02",
        "categories": "0001,0017",
        "contact_phone": "0879-2120000",
    }


@pytest.mark.parametrize(
    ("field", "written"),
    [
        ("name", ""),
        ("name", "队" * 51),
        ("name", '=HYPERLINK("x")'),
        ("area_id", "530100"),
        ("area_id", "5308"),
        ("area_id", "53080200000000000X"),
        ("body_type", "19"),
        ("categories", "0001,7777"),
        ("contact_phone", "12345"),
        ("join_rule", "password"),
        ("team_type", "club"),
    ],
)
def test_what_the_national_side_would_refuse_is_refused_first(field: str, written: str) -> None:
    assert faults(**{field: written}) == [field]


@pytest.mark.parametrize("written", ["4.9", "0", "25", "-5", "five", "5.125"])
def test_s6_a_station_has_at_least_five_hours_a_day(written: str) -> None:
    assert read(readers(5), {"service_seconds_per_day": written}).faults


def test_s6_hours_of_a_station_are_kept_as_seconds() -> None:
    assert read(readers(5), {"service_seconds_per_day": "7.5"}).values == {"service_seconds_per_day": 27_000}


@pytest.mark.parametrize(
    ("field", "written"),
    [
        ("training_seconds", "0"),
        ("training_seconds", "1.255"),
        ("training_seconds", "-2"),
        ("training_seconds", "201"),
        ("held_on", "2026-02-30"),
        ("form", "film"),
        ("topic", "急" * 201),
        ("kind", "other"),
    ],
)
def test_t1_a_training_that_the_national_side_would_refuse_is_refused_first(field: str, written: str) -> None:
    assert [name for name, _reason in read(TRAINING, {field: written}).faults] == [field]


def test_t1_hours_of_training_lie_on_the_national_grid() -> None:
    assert read(TRAINING, {"training_seconds": "1.26"}).values == {"training_seconds": 126 * 36}


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ({"is_member": True, "teams": 9}, Hindrance.MEMBER),
        ({"has_applied": True}, Hindrance.APPLIED),
        ({"is_leaving": True}, Hindrance.LEAVING),
        ({"is_in_transfer": True}, Hindrance.TRANSFER),
        ({"teams": 5}, Hindrance.TOO_MANY),
    ],
)
def test_x2_joining_is_refused_for_what_the_person_is_already(place: dict[str, Any], reason: str) -> None:
    assert against_joining(PERSON, TEAM, Place(**place), 5) == [reason]


def test_x2_somebody_in_four_of_five_teams_joins_another() -> None:
    assert against_joining(PERSON, TEAM, Place(teams=4), 5) == []


@pytest.mark.parametrize(
    ("place", "reasons"),
    [
        ({}, ["is_not_in"]),
        ({"is_member": True}, []),
        ({"has_applied": True, "has_open_hours": True, "is_in_transfer": True}, []),
        ({"is_member": True, "leads": True, "has_open_hours": True}, ["leads", "hours_wait"]),
        ({"is_member": True, "is_in_transfer": True}, ["transfer_under_way"]),
    ],
)
def test_x2_nobody_leaves_whose_work_would_be_lost(place: dict[str, Any], reasons: list[str]) -> None:
    assert against_leaving(Place(**place)) == reasons


def test_every_reason_against_joining_and_leaving_has_words() -> None:
    of_transfers_only = {Obstacle.OPEN_HOURS, Obstacle.NAMESAKE}
    assert set(WORDS) == {*Hindrance, *Obstacle} - of_transfers_only
