"""Who is in a team: joining, leaving, and the memberships that there were.

To join is to make a row of the mirror, to leave is to delete one; the next run sends both. What a person did in a team
stays when the person leaves.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.acts import Act, rows
from national_sync.clock import local_date
from national_sync.errors import TeamRefused
from national_sync.i18n import Lines, Phrase
from national_sync.joining import Person, Team, needs_review
from national_sync.persons import person_of, rows_of_person
from national_sync.policy import Teams
from national_sync.provenance import deleted_rows
from national_sync.records import Entity
from national_sync.teams.rules import WORDS, Place, against_joining, against_leaving

ENDED: Final = ("left", "removed", "refused")


@dataclass(frozen=True)
class Joined:
    membership_id: int
    needs_review: bool
    """The team has to decide first."""


def join(connection: Connection, rules: Teams, volunteer_id: int, team_id: int, act: Act) -> Joined:
    """Raises TeamRefused with everything that stands against it."""
    person, team = _person(connection, volunteer_id), _team(connection, team_id)
    place = _place(connection, volunteer_id, team_id)
    _refuse(against_joining(person, team, place, rules.most_per_person))
    membership_id: int = connection.execute(
        text("INSERT INTO membership (volunteer_id, team_id) VALUES (:volunteer, :team) RETURNING id"),
        {"volunteer": volunteer_id, "team": team_id},
    ).scalar_one()
    act.written_down(connection, "team.joined", "volunteer", volunteer_id, team=team_id)
    return Joined(membership_id, needs_review(team))


def leave(connection: Connection, volunteer_id: int, team_id: int, act: Act) -> int:
    """End the membership, or take the application back; its row. Raises TeamRefused."""
    _refuse(against_leaving(_place(connection, volunteer_id, team_id)))
    present = [one for one in _live_rows(connection, volunteer_id) if one["team_id"] == team_id]
    for one in present:
        connection.execute(text("DELETE FROM membership WHERE id = :id"), {"id": one["id"]})
    act.written_down(connection, "team.left", "volunteer", volunteer_id, team=team_id)
    return int(present[0]["id"])


def _refuse(reasons: Iterable[str]) -> None:
    problems = [Phrase(WORDS[reason]) for reason in reasons]
    if problems:
        raise TeamRefused(problems=Lines(problems))


def _person(connection: Connection, volunteer_id: int) -> Person:
    locked = "" if connection.dialect.name == "sqlite" else " FOR UPDATE"
    [row] = rows(
        connection,
        "SELECT withdrawn_at, national_id, number, real_name_state, account_state, service_area_id FROM volunteer"
        f" WHERE id = :id{locked}",
        id=volunteer_id,
    )
    return Person(
        is_withdrawn=row["withdrawn_at"] is not None,
        is_national=row["national_id"] is not None and row["number"] is not None,
        is_merged=person_of(connection, volunteer_id) != volunteer_id,
        real_name_state=row["real_name_state"],
        account_state=row["account_state"],
        service_area=row["service_area_id"],
        has_open_hours=False,
        has_namesake=False,
    )


def _team(connection: Connection, team_id: int) -> Team:
    [row] = rows(
        connection, "SELECT withdrawn_at, national_id, state, join_rule, area_id FROM team WHERE id = :id", id=team_id
    )
    return Team(
        is_withdrawn=row["withdrawn_at"] is not None,
        is_national=row["national_id"] is not None,
        state=row["state"],
        join_rule=row["join_rule"],
        area=row["area_id"],
    )


def _place(connection: Connection, volunteer_id: int, team_id: int) -> Place:
    """How the person stands to the team, under whichever registration."""
    registrations = rows_of_person(connection, volunteer_id)
    listed = ", ".join(map(str, registrations))
    live = [one for row in registrations for one in _live_rows(connection, row)]
    here = {one["state"] for one in live if one["team_id"] == team_id}
    [found] = rows(
        connection,
        f"SELECT EXISTS (SELECT 1 FROM transfer WHERE volunteer_id IN ({listed}) AND"
        " state IN ('requested', 'approved', 'stuck')) AS is_in_transfer,"
        f" EXISTS (SELECT 1 FROM team_leader WHERE volunteer_id IN ({listed}) AND team_id = :team AND until IS NULL)"
        f" AS leads, EXISTS (SELECT 1 FROM hour_record WHERE volunteer_id IN ({listed}) AND team_id = :team"
        " AND withdrawn_at IS NULL AND state IN ('applying', 'not_signed_out')) AS has_open_hours",
        team=team_id,
    )
    return Place(
        is_member="member" in here,
        has_applied="applied" in here,
        is_leaving=_is_leaving(connection, registrations, team_id),
        teams=len({one["team_id"] for one in live}),
        **{name: bool(value) for name, value in found.items()},
    )


def _live_rows(connection: Connection, volunteer_id: int) -> list[Mapping[str, Any]]:
    return rows(
        connection,
        "SELECT id, team_id, state FROM membership WHERE volunteer_id = :volunteer AND withdrawn_at IS NULL"
        " AND state <> 'refused' ORDER BY id",
        volunteer=volunteer_id,
    )


def _is_leaving(connection: Connection, registrations: Sequence[int], team_id: int) -> bool:
    deletions = connection.execute(text("SELECT old_row FROM local_deletion WHERE entity = 'membership'")).scalars()
    gone = [json.loads(old_row) for old_row in deletions]
    return any(int(row["volunteer_id"]) in registrations and int(row["team_id"]) == team_id for row in gone)


# Looking


def memberships(
    connection: Connection,
    *,
    team_id: int | None = None,
    volunteer_ids: Sequence[int] = (),
    states: Sequence[str] = (),
    limit: int = 50,
    offset: int = 0,
) -> list[dict[str, Any]]:
    """Of a team or of a person: those that are, and those that were, with the days on which they began and ended."""
    column = "team_id" if team_id is not None else "volunteer_id"
    values = [team_id] if team_id is not None else list(volunteer_ids)
    present = _present(connection, column, values)
    gone = _deleted(connection, column, values) if not states or "left" in states else []
    found = [one for one in (*present, *gone) if not states or one["state"] in states]
    found.sort(key=lambda one: (one["joined_on"] is None, one["joined_on"] or "", one["id"]))
    named = _with_names(connection, found[offset : offset + limit])
    return [dict(one) for one in named]


def _present(connection: Connection, column: str, values: Sequence[Any]) -> list[dict[str, Any]]:
    listed = ", ".join(str(int(value)) for value in values)
    found = rows(
        connection,
        "SELECT id, volunteer_id, team_id, state, joined_at, withdrawn_at, national_id FROM membership"
        f" WHERE {column} IN ({listed}) ORDER BY id",
    )
    return [
        _told(row, "removed" if row["withdrawn_at"] is not None else row["state"], row["withdrawn_at"]) for row in found
    ]


def _deleted(connection: Connection, column: str, values: Sequence[Any]) -> list[dict[str, Any]]:
    found = [gone for value in values for gone in deleted_rows(connection, Entity.MEMBERSHIP, column, int(value))]
    return [
        _told({"id": gone.row_id, **gone.stored}, "left", gone.at)
        for gone in found
        if gone.stored["state"] == "member" and gone.stored["withdrawn_at"] is None
    ]


def _told(row: Mapping[str, Any], state: str, ended_at: int | None) -> dict[str, Any]:
    joined_at = row["joined_at"]
    return {
        "id": int(row["id"]),
        "volunteer_id": int(row["volunteer_id"]),
        "team_id": int(row["team_id"]),
        "state": state,
        "joined_on": None if joined_at is None else local_date(int(joined_at)).isoformat(),
        "ended_on": None if ended_at is None else local_date(ended_at).isoformat(),
        "is_sent": row["national_id"] is not None,
    }


def _with_names(connection: Connection, found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    people = _named(connection, "volunteer", "number, name", {one["volunteer_id"] for one in found})
    teams = _named(connection, "team", "name, substr(area_id, 1, 6) AS county", {one["team_id"] for one in found})
    nobody, nowhere = {"number": None, "name": None}, {"name": None, "county": None}
    return [
        {
            **one,
            "volunteer_number": people.get(one["volunteer_id"], nobody)["number"],
            "volunteer_name": people.get(one["volunteer_id"], nobody)["name"],
            "team": teams.get(one["team_id"], nowhere)["name"],
            "county": teams.get(one["team_id"], nowhere)["county"],
        }
        for one in found
    ]


def _named(connection: Connection, table: str, columns: str, ids: Iterable[int]) -> dict[int, Mapping[str, Any]]:
    listed = ", ".join(map(str, sorted(ids))) or "NULL"
    return {row["id"]: row for row in rows(connection, f"SELECT id, {columns} FROM {table} WHERE id IN ({listed})")}
