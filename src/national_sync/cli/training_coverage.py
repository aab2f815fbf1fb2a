"""`national-sync training coverage` and `uncovered`: how many are trained, and who is not (clause T1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from national_sync.cli.acting import reading
from national_sync.cli.choices import DAY, limit_option, offset_option, only_county_option
from national_sync.cli.command import Command, Option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.rows import more_below
from national_sync.i18n import N_, _
from national_sync.prose.layout import table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from national_sync.training.covering import Window

_BY: Final = ("unit", "team", "county")
team_option = click.option("--team", cls=Option, metavar="TEAM", help=N_("The members of this team."))
unit_option = click.option("--unit", cls=Option, metavar="UNIT", help=N_("The people of this unit."))


def group_of(connection: Connection, team: str | None, unit: str | None) -> tuple[dict[str, int], str | None]:
    """The team or unit that is meant, as it is asked for, and its county."""
    from national_sync.acts import county_of_team, find_team
    from national_sync.recognition.units import find_unit

    if unit is not None:
        found = find_unit(connection, unit)
        return {"unit_id": found["id"]}, found["county"]
    if team is None:
        return {}, None
    team_id = find_team(connection, team)
    return {"team_id": team_id}, county_of_team(connection, team_id)


def _window(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--leaders", "leaders_only", cls=Option, is_flag=True, help=N_("Only people who lead a team.")),
        click.option("--until", "last", cls=Option, type=DAY, help=N_("The last day; else today.")),
        click.option("--since", "first", cls=Option, type=DAY, help=N_("The first day; else 1 January of that year.")),
    ):
        command = option(command)
    return command


def _days(invocation: Invocation, first: datetime | None, last: datetime | None, leaders_only: bool) -> Window:
    from national_sync.clock import local_date
    from national_sync.errors import UsageError
    from national_sync.training.covering import Window

    end = local_date(invocation.now) if last is None else last.date()
    begin = date(end.year, 1, 1) if first is None else first.date()
    if end < begin:
        raise UsageError(N_("The last day lies before the first one."))
    return Window(begin, end, leaders_only)


@click.command(cls=Command, help=N_("How many are trained, per unit, team or county."))
@click.option("--by", cls=Option, type=click.Choice(_BY), default="unit", show_default=True)
@_window
@only_county_option
@pass_invocation
def coverage(
    invocation: Invocation,
    by: str,
    first: datetime | None,
    last: datetime | None,
    leaders_only: bool,
    county: str | None,
) -> None:
    from national_sync.training.covering import By
    from national_sync.training.covering import coverage as count

    with invocation.open().database() as database, database.read() as connection:
        county = county or invocation.reader(connection).county
        reading(invocation, connection, county)
        window = _days(invocation, first, last, leaders_only)
        found = count(connection, By(by), window, county)
    facts = {"by": by, "since": window.days["first"], "until": window.days["last"], "groups": found}
    invocation.answer({"coverage": facts}, lambda: "\n".join(_coverage(facts)))


def _coverage(facts: Mapping[str, Any]) -> Iterator[str]:
    from national_sync.divisions import COUNTIES

    yield _(N_("Trained from {since} to {until}:"), since=facts["since"], until=facts["until"])
    if not facts["groups"]:
        yield _(N_("Nobody is in such a group."))
        return
    headings = [_(N_("No.")), _(N_("Name")), _(N_("People")), _(N_("Trained")), "%", _(N_("To be sent"))]
    yield table(
        headings,
        [
            (
                one["id"],
                one["name"] or COUNTIES.get(one["county"], one["county"]),
                one["people"],
                one["trained"],
                f"{one['percent']:.1f}",
                one["waiting"],
            )
            for one in facts["groups"]
        ],
    )


@click.command(cls=Command, help=N_("List who has not been trained."))
@team_option
@unit_option
@only_county_option
@_window
@limit_option
@offset_option
@pass_invocation
def uncovered(
    invocation: Invocation,
    team: str | None,
    unit: str | None,
    county: str | None,
    first: datetime | None,
    last: datetime | None,
    leaders_only: bool,
    limit: int,
    offset: int,
) -> None:
    from national_sync.training.covering import uncovered as find

    with invocation.open().database() as database, database.read() as connection:
        group, of_county = group_of(connection, team, unit)
        own = invocation.reader(connection).county
        reading(invocation, connection, county or of_county or own, named=True)
        window = _days(invocation, first, last, leaders_only)
        found = find(connection, window, county=county or own, limit=limit, offset=offset, **group)
    facts = {"since": window.days["first"], "until": window.days["last"], "people": found}
    invocation.answer({"uncovered": facts}, lambda: "\n".join(_uncovered(facts, limit)))


def _uncovered(facts: Mapping[str, Any], limit: int) -> Iterator[str]:
    yield _(N_("Not trained from {since} to {until}:"), since=facts["since"], until=facts["until"])
    if not facts["people"]:
        yield _(N_("Nobody: everybody is trained."))
        return
    headings = [_(N_("No.")), _(N_("Volunteer")), _(N_("Name")), _(N_("County")), _(N_("Last training before"))]
    rows = [
        (one["id"], one["number"] or "-", one["name"], one["county"], one["last_trained_on"] or "-")
        for one in facts["people"]
    ]
    yield table(headings, rows)
    if more := more_below(len(facts["people"]), limit):
        yield more
