"""`national-sync team …`, as far as the people of a team go: joining, leaving, leading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from national_sync.cli.acting import deciding, reading
from national_sync.cli.choices import DAY, limit_option, offset_option
from national_sync.cli.command import Command, Group, Option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.rows import more_below
from national_sync.i18n import N_, _
from national_sync.prose.codes import code_word
from national_sync.prose.layout import table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from national_sync.acts import Act

_STATES: Final = ("member", "applied", "left", "removed", "refused")
_volunteer = click.argument("volunteer")
_team = click.argument("team", metavar="TEAM")


def _meant(invocation: Invocation, connection: Connection, team: str, volunteer: str) -> tuple[int, int, Act]:
    """Team, volunteer, and somebody who may decide about the team's county."""
    from national_sync.acts import county_of_team, find_team, find_volunteer

    team_id = find_team(connection, team)
    act = deciding(invocation, connection, county_of_team(connection, team_id))
    return team_id, find_volunteer(connection, volunteer.upper()), act


@click.command(cls=Command, help=N_("Let a volunteer join a team; the next run sends it."))
@_team
@_volunteer
@pass_invocation
def join(invocation: Invocation, team: str, volunteer: str) -> None:
    from national_sync.teams.members import join as let_join

    bootstrap = invocation.open()
    with bootstrap.database() as database, database.write(durable=True) as connection:
        team_id, volunteer_id, act = _meant(invocation, connection, team, volunteer)
        joined = let_join(connection, bootstrap.loaded.policy.teams, volunteer_id, team_id, act)
    facts = {
        "id": joined.membership_id,
        "volunteer_id": volunteer_id,
        "team_id": team_id,
        "needs_review": joined.needs_review,
    }
    words = (
        N_("Membership {id}: the next run sends the application; the team then decides in the national system.")
        if joined.needs_review
        else N_("Membership {id}: the next run sends it.")
    )
    invocation.answer({"membership": facts}, lambda: _(words, id=joined.membership_id))


@click.command(
    cls=Command, help=N_("Let a volunteer leave a team, or take an application back; hours and other teams stay.")
)
@_team
@_volunteer
@pass_invocation
def leave(invocation: Invocation, team: str, volunteer: str) -> None:
    from national_sync.teams.members import leave as let_leave

    with invocation.open().database() as database, database.write(durable=True) as connection:
        team_id, volunteer_id, act = _meant(invocation, connection, team, volunteer)
        membership_id = let_leave(connection, volunteer_id, team_id, act)
    facts = {"id": membership_id, "volunteer_id": volunteer_id, "team_id": team_id, "state": "left"}
    words = N_("Membership {id} is ended; the next run sends it. What was served in the team stays.")
    invocation.answer({"membership": facts}, lambda: _(words, id=membership_id))


@click.command(cls=Command, help=N_("List who is in a team, who has applied, and who was in it, with the days."))
@_team
@click.option("--state", "states", cls=Option, type=click.Choice(_STATES), multiple=True, help=N_("May be repeated."))
@limit_option
@offset_option
@pass_invocation
def members(invocation: Invocation, team: str, states: Sequence[str], limit: int, offset: int) -> None:
    from national_sync.acts import county_of_team, find_team
    from national_sync.teams.members import memberships as find

    with invocation.open().database() as database, database.read() as connection:
        team_id = find_team(connection, team)
        reading(invocation, connection, county_of_team(connection, team_id), named=True)
        found = find(connection, team_id=team_id, states=states, limit=limit, offset=offset)
    headings = [_(N_("No.")), _(N_("Volunteer")), _(N_("Name")), _(N_("State")), _(N_("Joined")), _(N_("Ended"))]
    invocation.answer({"memberships": found}, lambda: _listed(found, limit, headings, "volunteer_name"))


@click.command(cls=Command, help=N_("List the teams in which a volunteer is and was, with the days."))
@_volunteer
@limit_option
@offset_option
@pass_invocation
def memberships(invocation: Invocation, volunteer: str, limit: int, offset: int) -> None:
    from national_sync.acts import county_of, find_volunteer
    from national_sync.persons import rows_of_person
    from national_sync.teams.members import memberships as find

    with invocation.open().database() as database, database.read() as connection:
        volunteer_id = find_volunteer(connection, volunteer.upper())
        reading(invocation, connection, county_of(connection, volunteer_id), named=True)
        found = find(connection, volunteer_ids=rows_of_person(connection, volunteer_id), limit=limit, offset=offset)
    headings = [_(N_("No.")), _(N_("Volunteer")), _(N_("Team")), _(N_("State")), _(N_("Joined")), _(N_("Ended"))]
    invocation.answer({"memberships": found}, lambda: _listed(found, limit, headings, "team"))


def _listed(found: Sequence[Mapping[str, Any]], limit: int, headings: Sequence[str], named: str) -> str:
    if not found:
        return _(N_("No memberships."))
    rows = [
        (
            one["id"],
            one["volunteer_number"] or one["volunteer_id"],
            one[named] or "-",
            code_word("state", _state(one)),
            one["joined_on"] or "-",
            one["ended_on"] or "-",
        )
        for one in found
    ]
    return "\n".join(filter(None, [table(headings, rows), more_below(len(found), limit)]))


def _state(one: Mapping[str, Any]) -> str:
    """What has not been sent yet is no application."""
    return "open" if one["state"] == "applied" and not one["is_sent"] else str(one["state"])


# Leading


@click.group(cls=Group, help=N_("Who leads a team: more than one at a time, each with the days."))
def leader() -> None:
    pass


@leader.command("add", help=N_("A member leads the team from a day on; the national record names the first leader."))
@_team
@_volunteer
@click.option("--since", cls=Option, type=DAY, help=N_("The first day; else today."))
@click.option("--first", "is_first", cls=Option, is_flag=True, help=N_("The national record names this one."))
@pass_invocation
def add(invocation: Invocation, team: str, volunteer: str, since: datetime | None, is_first: bool) -> None:
    from national_sync.teams.leaders import add_leader

    with invocation.open().database() as database, database.write(durable=True) as connection:
        team_id, volunteer_id, act = _meant(invocation, connection, team, volunteer)
        day = _day_or(since, act)
        number = add_leader(connection, team_id, volunteer_id, day, act, is_first=is_first)
    facts = {"id": number, "team_id": team_id, "volunteer_id": volunteer_id, "since": day.isoformat()}
    invocation.answer({"leader": facts}, lambda: _(N_("Leads team {team_id} since {since}."), **facts))


@leader.command("end", help=N_("Somebody no longer leads the team; who has led longest is named nationally then."))
@_team
@_volunteer
@click.option("--until", cls=Option, type=DAY, help=N_("The last day; else today."))
@pass_invocation
def end(invocation: Invocation, team: str, volunteer: str, until: datetime | None) -> None:
    from national_sync.teams.leaders import end_leader

    with invocation.open().database() as database, database.write(durable=True) as connection:
        team_id, volunteer_id, act = _meant(invocation, connection, team, volunteer)
        day = _day_or(until, act)
        end_leader(connection, team_id, volunteer_id, day, act)
    facts = {"team_id": team_id, "volunteer_id": volunteer_id, "until": day.isoformat()}
    invocation.answer({"leader": facts}, lambda: _(N_("Led team {team_id} until {until}."), **facts))


def _day_or(given: datetime | None, act: Act) -> date:
    return act.today if given is None else given.date()


COMMANDS: Final = (join, leave, members, memberships)
