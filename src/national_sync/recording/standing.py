"""What the mirror knows of the people and projects whose hours are to be entered, for many at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from national_sync.acts import is_row_number, rows_among
from national_sync.puer_time import DAY_SECONDS
from national_sync.recording.rules import COUNTING, Surroundings, Taken

_COUNTING: Final = ", ".join(f"'{state}'" for state in COUNTING)


@dataclass(frozen=True)
class Person:
    id: int
    number: str | None
    name: str
    real_name_state: str
    account_state: str
    merged_into: int | None


@dataclass(frozen=True)
class Activity:
    """A project with its team, which is the one that records."""

    id: int
    name: str
    team_id: int
    state: str
    started_at: int
    ended_at: int
    team_state: str
    county: str


def find_people(connection: Connection, given: Iterable[str]) -> dict[str, Person]:
    """By what was written: a volunteer number, or a row number as lists show it. They stay locked until the end of the
    transaction, so that nobody else enters hours of theirs meanwhile."""
    wanted = set(given)
    found: dict[str, Person] = {}
    for column, values in (("number", _texts(wanted)), ("id", _numbers(wanted))):
        locked = "" if connection.dialect.name == "sqlite" else " FOR UPDATE OF v"
        for row in rows_among(connection, _PEOPLE.format(column=column) + locked, values):
            found[str(row[column])] = Person(**{name: row[name] for name in Person.__dataclass_fields__})
    return found


_PEOPLE: Final = (
    "SELECT v.id, v.number, v.name, v.real_name_state, v.account_state, g.kept_id AS merged_into FROM volunteer v"
    " LEFT JOIN volunteer_merge g ON g.gone_id = v.id AND g.state = 'merged'"
    " WHERE v.withdrawn_at IS NULL AND v.{column} IN :values ORDER BY v.id"
)


def find_activities(connection: Connection, given: Iterable[str]) -> dict[str, list[Activity]]:
    """By what was written: a row number, a national id, a project number or a name, of which several may have the same."""
    wanted = set(given)
    found: dict[str, list[Activity]] = defaultdict(list)
    texts = _texts(wanted)
    for column, values in (("id", _numbers(wanted)), ("national_id", texts), ("number", texts), ("name", texts)):
        open_yet = [value for value in values if str(value) not in found]
        for row in rows_among(connection, _ACTIVITIES.format(column=column), open_yet):
            activity = Activity(**{name: row[name] for name in Activity.__dataclass_fields__})
            found[str(row["given"])].append(activity)
    return dict(found)


_ACTIVITIES: Final = (
    "SELECT p.{column} AS given, p.id, p.name, p.team_id, p.state, p.started_at, p.ended_at, t.state AS team_state,"
    " substr(t.area_id, 1, 6) AS county FROM project p JOIN team t ON t.id = p.team_id"
    " WHERE p.withdrawn_at IS NULL AND p.{column} IN :values ORDER BY p.id"
)


@dataclass(frozen=True)
class Standings:
    """Memberships and other records of some people, under whichever of their registrations they stand."""

    members: frozenset[tuple[int, int]]
    """Person and team."""
    others: Mapping[int, Sequence[Taken]]

    def around(self, person: Person, activity: Activity) -> Surroundings:
        return Surroundings(
            real_name_state=person.real_name_state,
            account_state=person.account_state,
            team_state=activity.team_state,
            project_state=activity.state,
            project_started_at=activity.started_at,
            project_ended_at=activity.ended_at,
            is_member=(person.id, activity.team_id) in self.members,
            others=self.others.get(person.id, ()),
        )


def standings_of(
    connection: Connection, person_ids: Iterable[int], first: int, last: int, *, but: int | None = None
) -> Standings:
    """What stands between `first` and `last`, UTC epoch seconds; leaves the hour record `but` out."""
    kept = sorted(set(person_ids))
    person_of = {one: one for one in kept}
    merged = "SELECT gone_id, kept_id FROM volunteer_merge WHERE state = 'merged' AND kept_id IN :values"
    person_of |= {row["gone_id"]: row["kept_id"] for row in rows_among(connection, merged, kept)}
    every = sorted(person_of)
    members = {(person_of[row["volunteer_id"]], row["team_id"]) for row in rows_among(connection, _MEMBERS, every)}
    others: dict[int, list[Taken]] = defaultdict(list)
    for row in rows_among(connection, _OTHERS, every, first=first - DAY_SECONDS, last=last + DAY_SECONDS):
        if row["id"] != but:
            taken = Taken(row["started_at"], row["ended_at"], row["national_id"] is None)
            others[person_of[row["volunteer_id"]]].append(taken)
    return Standings(frozenset(members), others)


_MEMBERS: Final = (
    "SELECT volunteer_id, team_id FROM membership WHERE state = 'member' AND withdrawn_at IS NULL"
    " AND volunteer_id IN :values"
)
_OTHERS: Final = (
    "SELECT id, volunteer_id, started_at, ended_at, national_id FROM hour_record WHERE volunteer_id IN :values"
    f" AND state IN ({_COUNTING}) AND withdrawn_at IS NULL"
    " AND ((started_at >= :first AND started_at <= :last) OR ended_at IS NULL)"
)


def _texts(given: Iterable[str]) -> list[str]:
    return sorted(one for one in given if not is_row_number(one))


def _numbers(given: Iterable[str]) -> list[int]:
    return sorted(int(one) for one in given if is_row_number(one))
