"""What stands in the way of somebody who wants to join a team, by a transfer or by itself. Pure.

The rules are those that the national side enforces when somebody joins a team; the mirror tells what they ask.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from national_sync.records import AccountState, JoinRule, RealNameState, TeamState


class Obstacle(StrEnum):
    PERSON_WITHDRAWN = "person_withdrawn"
    PERSON_NOT_NATIONAL = "person_not_national"
    PERSON_MERGED = "person_merged"
    REAL_NAME = "real_name_not_passed"
    ACCOUNT = "account_not_enabled"
    TEAM_WITHDRAWN = "team_withdrawn"
    TEAM_NOT_NATIONAL = "team_not_national"
    TEAM_CLOSED = "team_not_approved"
    TEAM_TAKES_NOBODY = "team_takes_nobody"
    OTHER_PROVINCE = "other_province"
    OPEN_HOURS = "open_hours"
    NAMESAKE = "namesake"


@dataclass(frozen=True)
class Person:
    is_withdrawn: bool
    is_national: bool
    """Has a national record and a volunteer number."""
    is_merged: bool
    """Counts as another registration of the same person."""
    real_name_state: str
    account_state: str
    service_area: str
    """As it is to be when the person joins."""
    has_open_hours: bool
    """Applied for or not signed out in the old team: who checks them would be gone."""
    has_namesake: bool
    """The new team has a member of the same name and birth date: perhaps the same person, registered twice."""


@dataclass(frozen=True)
class Team:
    is_withdrawn: bool
    is_national: bool
    state: str
    join_rule: str
    area: str


def obstacles(person: Person, team: Team) -> tuple[Obstacle, ...]:
    """Everything that would make joining the team fail, or lose somebody's work."""
    return (*_of_person(person), *_of_team(team), *_between(person, team))


def needs_review(team: Team) -> bool:
    """Joining ends in an application that the new team decides about."""
    return team.join_rule == JoinRule.REVIEW


def province(area: str) -> str:
    return area[:2]


def _of_person(person: Person) -> Iterator[Obstacle]:
    if person.is_withdrawn:
        yield Obstacle.PERSON_WITHDRAWN
    elif not person.is_national:
        yield Obstacle.PERSON_NOT_NATIONAL
    if person.is_merged:
        yield Obstacle.PERSON_MERGED
    if person.real_name_state != RealNameState.PASSED:
        yield Obstacle.REAL_NAME
    if person.account_state != AccountState.ENABLED:
        yield Obstacle.ACCOUNT
    if person.has_open_hours:
        yield Obstacle.OPEN_HOURS


def _of_team(team: Team) -> Iterator[Obstacle]:
    if team.is_withdrawn:
        yield Obstacle.TEAM_WITHDRAWN
    elif not team.is_national:
        yield Obstacle.TEAM_NOT_NATIONAL
    elif team.state != TeamState.APPROVED:
        yield Obstacle.TEAM_CLOSED
    if team.join_rule in (JoinRule.NOBODY, JoinRule.PASSWORD):
        yield Obstacle.TEAM_TAKES_NOBODY


def _between(person: Person, team: Team) -> Iterator[Obstacle]:
    if province(person.service_area) != province(team.area):
        yield Obstacle.OTHER_PROVINCE
    if person.has_namesake:
        yield Obstacle.NAMESAKE
