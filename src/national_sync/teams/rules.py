"""What a team may be, and what stands against joining or leaving one, by the rules of the national side. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from national_sync.code_lists import BODY_TYPES, LISTS, code_in
from national_sync.divisions import COUNTIES
from national_sync.i18n import N_
from national_sync.joining import Obstacle, Person, Team, obstacles
from national_sync.records import JoinRule, TeamType
from national_sync.unfit import Reader, Unfit, area_in_puer, one_of, plain

_PHONE: Final = re.compile(r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}")
JOIN_RULES: Final = (JoinRule.REVIEW, JoinRule.ANYONE, JoinRule.NOBODY)
"""What can be chosen here: a password is known to the national side alone."""


def _phone(text: str) -> str:
    written = text.replace(" ", "")
    if not _PHONE.fullmatch(written):
        raise Unfit(N_("is no phone number, such as 13800000000 or 0879-2120000"))
    return written


def _listed_in(known: Mapping[str, str]) -> Reader:
    """Reads a code of a national list, or the words for it."""

    def read_code(text: str) -> str:
        code = code_in(known, text)
        if code is None:
            raise Unfit(N_("is not in the list: {known}"), known=", ".join(f"{k} {v}" for k, v in known.items()))
        return code

    return read_code


def _categories(text: str) -> str:
    one = _listed_in(LISTS["categories"])
    return ",".join(dict.fromkeys(one(part) for part in re.split(r"[,，、;；\s]+", text) if part))


READERS: Final[Mapping[str, Reader]] = {
    "name": plain(50),
    "team_type": one_of(TeamType),
    "body_type": _listed_in(BODY_TYPES),
    "area_id": lambda text: area_in_puer(text, COUNTIES),
    "categories": _categories,
    "contact_name": plain(50),
    "contact_phone": _phone,
    "contact_organisation": plain(200),
    "join_rule": one_of(JOIN_RULES),
}
"""What can be written about a team, as columns of the mirror."""
NEEDED: Final = ("name", "area_id")
KEPT: Final = ("name", "team_type", "body_type", "area_id", "categories", "join_rule")
"""What a team always has: it can be changed and not be emptied."""


# Joining and leaving


class Hindrance(StrEnum):
    """What stands against joining or leaving beside the obstacles that a transfer knows too."""

    MEMBER = "is_member"
    APPLIED = "has_applied"
    LEAVING = "is_leaving"
    TRANSFER = "transfer_under_way"
    TOO_MANY = "too_many_teams"
    NOT_IN = "is_not_in"
    LEADS = "leads"
    OPEN_HOURS = "hours_wait"


WORDS: Final[Mapping[str, str]] = {
    Obstacle.PERSON_WITHDRAWN: N_("the national side has withdrawn the volunteer"),
    Obstacle.PERSON_NOT_NATIONAL: N_("the volunteer is not registered nationally yet"),
    Obstacle.PERSON_MERGED: N_("this registration was merged into another one of the same person; name that"),
    Obstacle.REAL_NAME: N_("the person's real-name check has not passed"),
    Obstacle.ACCOUNT: N_("the person's account is disabled"),
    Obstacle.TEAM_WITHDRAWN: N_("the team is gone nationally"),
    Obstacle.TEAM_NOT_NATIONAL: N_("the team has not been sent to the national side yet"),
    Obstacle.TEAM_CLOSED: N_("the team is disabled, or not approved"),
    Obstacle.TEAM_TAKES_NOBODY: N_("the team takes nobody, or only with a password"),
    Obstacle.OTHER_PROVINCE: N_("the person's service area lies in another province"),
    Hindrance.MEMBER: N_("the person is in the team already"),
    Hindrance.APPLIED: N_("the person has applied already, and the team has to decide"),
    Hindrance.LEAVING: N_("that the person left this team has not been sent yet; run national-sync sync run first"),
    Hindrance.TRANSFER: N_("a transfer of this person between teams is under way; see national-sync transfer list"),
    Hindrance.TOO_MANY: N_("the person is in as many teams as the city's policy allows"),
    Hindrance.NOT_IN: N_("the person is not in this team"),
    Hindrance.LEADS: N_("the person leads this team; end that first: national-sync team leader end"),
    Hindrance.OPEN_HOURS: N_("hours of the person in this team still wait for their check"),
}


@dataclass(frozen=True)
class Place:
    """How somebody stands to one team."""

    is_member: bool = False
    has_applied: bool = False
    is_leaving: bool = False
    """Removed here, and the national side does not know it yet."""
    is_in_transfer: bool = False
    leads: bool = False
    has_open_hours: bool = False
    teams: int = 0
    """Teams the person is in or has applied to."""


def against_joining(person: Person, team: Team, place: Place, most_teams: int) -> list[str]:
    """Every reason, as a code of `WORDS`."""
    return [*map(str, obstacles(person, team)), *map(str, _against_joining(place, most_teams))]


def _against_joining(place: Place, most_teams: int) -> Iterator[Hindrance]:
    if place.is_member:
        yield Hindrance.MEMBER
    elif place.has_applied:
        yield Hindrance.APPLIED
    elif place.is_leaving:
        yield Hindrance.LEAVING
    elif place.teams >= most_teams:
        yield Hindrance.TOO_MANY
    if place.is_in_transfer:
        yield Hindrance.TRANSFER


def against_leaving(place: Place) -> list[str]:
    """Every reason, as a code of `WORDS`. An application can always be taken back."""
    if not place.is_member:
        return [] if place.has_applied else [Hindrance.NOT_IN.value]
    found = {
        Hindrance.TRANSFER: place.is_in_transfer,
        Hindrance.LEADS: place.leads,
        Hindrance.OPEN_HOURS: place.has_open_hours,
    }
    return [hindrance.value for hindrance, stands in found.items() if stands]
