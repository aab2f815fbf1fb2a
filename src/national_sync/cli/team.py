"""`national-sync team`: teams, who is in them, and who leads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from national_sync.cli.acting import deciding, reading
from national_sync.cli.choices import limit_option, offset_option, only_county_option
from national_sync.cli.command import Group, Option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.rows import moment, more_below
from national_sync.cli.team_people import COMMANDS, leader
from national_sync.i18n import N_, _, say
from national_sync.prose.amounts import hours
from national_sync.prose.codes import code_word
from national_sync.prose.fields import field_name
from national_sync.prose.layout import SCREEN_WIDTH, table, wrapped
from national_sync.prose.words import word

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from national_sync.acts import Act

_TYPES: Final = ("group", "organisation", "other")
_RULES: Final = ("review", "anyone", "nobody")
_STATES: Final = ("approved", "pending", "rejected", "disabled", "deleted", "locked")


@click.group(cls=Group, help=N_("Teams, who is in them, and who leads them."))
def team() -> None:
    pass


for _command in COMMANDS:
    team.add_command(_command)
team.add_command(leader)

_OPTIONS: Final = (
    click.option("--area", "area_id", cls=Option, metavar="CODE", help=N_("Its county, township or village.")),
    click.option("--type", "team_type", cls=Option, type=click.Choice(_TYPES), help=N_("What kind of team it is.")),
    click.option(
        "--body", "body_type", cls=Option, metavar="CODE", help=N_("The kind of body behind it: a code, or its words.")
    ),
    click.option("--categories", cls=Option, metavar="CODES", help=N_("What it does: codes or words, with commas.")),
    click.option("--contact", "contact_name", cls=Option, metavar="NAME", help=N_("Whom to ask.")),
    click.option("--phone", "contact_phone", cls=Option, metavar="PHONE", help=N_("The contact's phone.")),
    click.option("--organisation", "contact_organisation", cls=Option, metavar="NAME", help=N_("Where to ask.")),
    click.option(
        "--joining",
        "join_rule",
        cls=Option,
        type=click.Choice(_RULES),
        help=N_("Who can join: after review by default."),
    ),
)


def _written(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say what a team is."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@team.command(help=N_("Make a team; the next run sends it."))
@click.argument("name")
@_written
@pass_invocation
def create(invocation: Invocation, /, **given: str | None) -> None:
    from national_sync.teams.office import create as make
    from national_sync.teams.office import read_team

    read = read_team(given)
    bootstrap = invocation.open()
    with bootstrap.database() as database, database.write(durable=True) as connection:
        act = deciding(invocation, connection, read.values["area_id"][:6])
        team_id = make(connection, bootstrap.sealer(), read, act)
    facts = {"id": team_id, "name": read.values["name"]}
    words = N_("Team {id} is made: {name}. The next run sends it.")
    invocation.answer({"team": facts}, lambda: _(words, **facts))


@team.command(help=N_("Change what is known of a team; an empty text takes a contact away. The next run sends it."))
@click.argument("team", metavar="TEAM")
@click.option("--name", cls=Option, help=N_("Its new name."))
@_written
@pass_invocation
def change(invocation: Invocation, /, team: str, **given: str | None) -> None:
    from national_sync.errors import UsageError
    from national_sync.teams.office import change as write
    from national_sync.teams.office import read_team

    written = {name: value for name, value in given.items() if value is not None}
    if not written:
        raise UsageError(N_("Say what is to be changed; see: national-sync team change --help"))
    read = read_team(written, needed=())
    bootstrap = invocation.open()
    with bootstrap.database() as database, database.write(durable=True) as connection:
        team_id, act = _acting(invocation, connection, team)
        if area := read.values.get("area_id"):
            deciding(invocation, connection, area[:6])
        changed = write(connection, bootstrap.sealer(), team_id, read, act)
    words = N_("Team {id} is changed: {fields}. The next run sends it.")
    told = "、".join(field_name(name) for name in changed)
    invocation.answer({"team": {"id": team_id, "changed": changed}}, lambda: _(words, id=team_id, fields=told))


def _acting(invocation: Invocation, connection: Connection, given: str) -> tuple[int, Act]:
    """The team that is meant, and somebody who may decide about its county."""
    from national_sync.acts import county_of_team, find_team

    team_id = find_team(connection, given)
    return team_id, deciding(invocation, connection, county_of_team(connection, team_id))


@team.command(help=N_("Have a team disabled nationally: it takes nobody any more, and its members and hours stay."))
@click.argument("team", metavar="TEAM")
@click.option("--reason", cls=Option, required=True, help=N_("Why, for the record."))
@click.option("--dry-run", cls=Option, is_flag=True, help=N_("Only say what it would mean."))
@pass_invocation
def disable(invocation: Invocation, team: str, reason: str, dry_run: bool) -> None:
    from national_sync.teams.closing import disable as order

    with invocation.open().database() as database, database.write(durable=True) as connection:
        team_id, act = _acting(invocation, connection, team)
        attempt = connection.begin_nested()
        number, found = order(connection, team_id, reason, act)
        (attempt.rollback if dry_run else attempt.commit)()
    facts = {"team_id": team_id, "order": None if dry_run else number, "numbers": found.facts(), "dry_run": dry_run}
    invocation.answer({"disable": facts}, lambda: "\n".join(_disabled(facts)))


def _disabled(facts: Mapping[str, Any]) -> Iterator[str]:
    numbers = facts["numbers"]
    for words in (
        N_("Members, who stay members: {members}; of them in no other team: {only_here}."),
        N_("Applications that can no longer be accepted: {applications}."),
        N_("Projects that are not over: {open_projects}. They stay, but no hours can be entered for them any more."),
    ):
        yield from wrapped(_(words, **numbers), SCREEN_WIDTH)
    if facts["dry_run"]:
        yield _(N_("Nothing was ordered."))
    else:
        yield _(N_("The next run has team {id} disabled nationally."), id=facts["team_id"])


@team.command(help=N_("Have a disabled team admitted again nationally."))
@click.argument("team", metavar="TEAM")
@click.option("--reason", cls=Option, required=True, help=N_("Why, for the record."))
@pass_invocation
def enable(invocation: Invocation, team: str, reason: str) -> None:
    from national_sync.teams.closing import enable as order

    with invocation.open().database() as database, database.write(durable=True) as connection:
        team_id, act = _acting(invocation, connection, team)
        number = order(connection, team_id, reason, act)
    words = N_("The next run has team {id} admitted again nationally.")
    invocation.answer({"enable": {"team_id": team_id, "order": number}}, lambda: _(words, id=team_id))


# Looking


@team.command("list", help=N_("List the teams of a county or of the city."))
@only_county_option
@click.option("--state", cls=Option, type=click.Choice(_STATES), help=N_("Only those in this state."))
@click.option("--named", cls=Option, metavar="TEXT", help=N_("Only those with this in their name."))
@limit_option
@offset_option
@pass_invocation
def list_(invocation: Invocation, /, county: str | None, limit: int, **chosen: Any) -> None:
    from national_sync.teams.listing import list_teams

    with invocation.open().database() as database, database.read() as connection:
        county = county or invocation.reader(connection).county
        reading(invocation, connection, county)
        found = list_teams(connection, county=county, limit=limit, **chosen)
    invocation.answer({"teams": found}, lambda: _listed(found, limit))


def _listed(found: Sequence[Mapping[str, Any]], limit: int) -> str:
    if not found:
        return _(N_("No teams."))
    headings = [_(N_("No.")), _(N_("Name")), _(N_("County")), _(N_("State")), _(N_("Joining")), _(N_("Members"))]
    rows = [
        (
            one["id"],
            one["name"],
            one["county"],
            _state(one),
            code_word("join_rule", one["join_rule"]),
            one["member_count"],
        )
        for one in found
    ]
    return "\n".join(filter(None, [table(headings, rows), more_below(len(found), limit)]))


def _state(one: Mapping[str, Any]) -> str:
    state = code_word("state", one["state"])
    return f"{state} → {code_word('state', one['ordered'])}" if one["ordered"] else state


@team.command(help=N_("Show one team: its facts, leaders, numbers and what was ordered about it."))
@click.argument("team", metavar="TEAM")
@pass_invocation
def show(invocation: Invocation, team: str) -> None:
    from national_sync.acts import county_of_team, find_team
    from national_sync.teams.listing import show_team

    bootstrap = invocation.open()
    with bootstrap.database() as database, database.read() as connection:
        team_id = find_team(connection, team)
        reading(invocation, connection, county_of_team(connection, team_id))
        found = show_team(connection, team_id, invocation.now)
    invocation.answer({"team": found}, lambda: "\n".join(_shown(found)))


def _shown(found: Mapping[str, Any]) -> Iterator[str]:
    from national_sync.code_lists import BODY_TYPES, LISTS

    categories = "、".join(LISTS["categories"].get(code, code) for code in found["categories"].split(","))
    told = {
        "name": found["name"],
        "state": code_word("state", found["state"]),
        "area_id": found["area_id"],
        "team_type": code_word("team_type", found["team_type"]),
        "body_type": BODY_TYPES.get(found["body_type"], found["body_type"]),
        "categories": categories,
        "join_rule": code_word("join_rule", found["join_rule"]),
        "contact_name": found["contact_name"],
        "contact_organisation": found["contact_organisation"],
        "leader_name": found["leader_name"],
        "total_seconds": hours(found["total_seconds"]),
        "national_id": found["national_id"] or _(N_("not sent yet")),
    }
    yield _(N_("Team {id}"), id=found["id"])
    for name, value in told.items():
        if value:
            yield from wrapped(f"  {field_name(name)}: {value}", SCREEN_WIDTH)
    numbers = found["numbers"]
    words = N_("Members: {members}; applications: {applications}; projects not over: {open_projects}")
    yield from wrapped(_(words, **numbers), SCREEN_WIDTH)
    yield from _leaders(found["leaders"])
    yield from _orders(found["orders"])


def _leaders(leaders: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if leaders:
        headings = [
            _(N_("Leader")),
            _(N_("Volunteer")),
            _(N_("First day")),
            _(N_("Last day")),
            _(N_("Nationally named")),
        ]
        yield table(
            headings,
            [
                (
                    one["volunteer_name"] or "-",
                    one["volunteer_number"] or one["volunteer_id"],
                    one["since"],
                    one["until"] or "-",
                    "✓" if one["is_first"] else "",
                )
                for one in leaders
            ],
        )


def _orders(orders: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in orders:
        words = N_("{at} ordered by {by}: {wanted} ({reason}) - {state}")
        told = _(
            words,
            at=moment(one["ordered_at"]),
            by=one["ordered_by"],
            wanted=code_word("state", one["wanted"]),
            reason=one["reason"],
            state=code_word("state", one["state"]),
        )
        yield from wrapped(told + (f": {say(word(one['outcome']))}" if one["outcome"] else ""), SCREEN_WIDTH)
