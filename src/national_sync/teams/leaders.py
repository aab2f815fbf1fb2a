"""Who leads a team, from when until when. A team may have several leaders; the national record names the first of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.acts import Act, row_by_id, rows
from national_sync.errors import TeamRefused
from national_sync.i18n import N_, Phrase
from national_sync.persons import person_of
from national_sync.teams.office import check_is_here

_LEADERS: Final = (
    "SELECT l.id, l.volunteer_id, v.number AS volunteer_number, v.name AS volunteer_name, l.is_first, l.since, l.until"
    " FROM team_leader l LEFT JOIN volunteer v ON v.id = l.volunteer_id WHERE l.team_id = :team"
)


def leaders_of(connection: Connection, team_id: int) -> list[dict[str, Any]]:
    """Those who lead it and those who did, by the day on which they began."""
    found = rows(connection, f"{_LEADERS} ORDER BY l.since, l.id", team=team_id)
    return [{**row, "is_first": bool(row["is_first"])} for row in found]


def add_leader(
    connection: Connection, team_id: int, volunteer_id: int, since: date, act: Act, *, is_first: bool = False
) -> int:
    """Who leads a team whose leaders are none yet is the first of them. Raises TeamRefused."""
    check_is_here(row_by_id(connection, "team", team_id))
    _check_may_lead(connection, team_id, volunteer_id, since, act.today)
    leads_alone = not rows(connection, f"{_LEADERS} AND l.until IS NULL LIMIT 1", team=team_id)
    leader_id = connection.execute(
        text(
            "INSERT INTO team_leader (team_id, volunteer_id, since) VALUES (:team, :volunteer, :since)"
            " ON CONFLICT DO NOTHING RETURNING id"
        ),
        {"team": team_id, "volunteer": volunteer_id, "since": since.isoformat()},
    ).scalar_one_or_none()
    if leader_id is None:
        raise TeamRefused(problems=Phrase(N_("the person leads this team already")))
    if is_first or leads_alone:
        _make_first(connection, team_id, int(leader_id))
    act.written_down(connection, "team.leader_named", "team", team_id, volunteer=volunteer_id, since=since.isoformat())
    return int(leader_id)


def end_leader(connection: Connection, team_id: int, volunteer_id: int, until: date, act: Act) -> None:
    """The first leader is followed by the one who has led longest. Raises TeamRefused."""
    found = rows(
        connection,
        f"{_LEADERS} AND l.until IS NULL AND l.volunteer_id = :volunteer",
        team=team_id,
        volunteer=volunteer_id,
    )
    if not found:
        raise TeamRefused(problems=Phrase(N_("the person does not lead this team")))
    leader = found[0]
    if until > act.today:
        raise TeamRefused(problems=Phrase(N_("the last day lies in the future")))
    if until.isoformat() < leader["since"]:
        raise TeamRefused(problems=Phrase(N_("the last day lies before the first one, {day}"), day=leader["since"]))
    connection.execute(
        text("UPDATE team_leader SET until = :until, is_first = 0 WHERE id = :id"),
        {"until": until.isoformat(), "id": leader["id"]},
    )
    if leader["is_first"]:
        following = rows(connection, f"{_LEADERS} AND l.until IS NULL ORDER BY l.since, l.id LIMIT 1", team=team_id)
        _make_first(connection, team_id, following[0]["id"] if following else None)
    act.written_down(connection, "team.leader_ended", "team", team_id, volunteer=volunteer_id, until=until.isoformat())


def _check_may_lead(connection: Connection, team_id: int, volunteer_id: int, since: date, today: date) -> None:
    if since > today:
        raise TeamRefused(problems=Phrase(N_("the first day lies in the future")))
    if person_of(connection, volunteer_id) != volunteer_id:
        words = N_("this registration was merged into another one of the same person; name that")
        raise TeamRefused(problems=Phrase(words))
    is_member = rows(
        connection,
        "SELECT id FROM membership WHERE volunteer_id = :volunteer AND team_id = :team AND state = 'member'"
        " AND withdrawn_at IS NULL LIMIT 1",
        volunteer=volunteer_id,
        team=team_id,
    )
    if not is_member:
        raise TeamRefused(problems=Phrase(N_("only a member can lead a team")))


def _make_first(connection: Connection, team_id: int, leader_id: int | None) -> None:
    """An edit of the team's row like any other; the next run sends it."""
    connection.execute(
        text("UPDATE team_leader SET is_first = CASE WHEN id = :id THEN 1 ELSE 0 END WHERE team_id = :team"),
        {"id": leader_id or 0, "team": team_id},
    )
    named: Mapping[str, Any] = {"volunteer_name": None, "volunteer_number": None}
    if leader_id is not None:
        [named] = rows(connection, f"{_LEADERS} AND l.id = :id", team=team_id, id=leader_id)
    connection.execute(
        text("UPDATE team SET leader_name = :name, leader_number = :number WHERE id = :id"),
        {"name": named["volunteer_name"], "number": named["volunteer_number"], "id": team_id},
    )
