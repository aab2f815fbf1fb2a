"""`national-sync station`: service stations and the hours recorded at them (clause S6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import click

from national_sync.cli.acting import deciding, reading
from national_sync.cli.choices import DAY, NUMBER, only_county_option
from national_sync.cli.command import Group, Option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.i18n import N_, _
from national_sync.prose.amounts import hours as hours_shown
from national_sync.prose.codes import code_word
from national_sync.prose.fields import field_name
from national_sync.prose.layout import SCREEN_WIDTH, table, wrapped

if TYPE_CHECKING:
    from sqlalchemy import Connection

_KINDS: Final = ("community", "public_place", "scenic_spot", "hospital", "transport", "shop", "bank", "other")
"""`stations.rules.KINDS`; a test holds the two equal."""
_LAST_DAYS: Final = 30
_NUMBER: Final = click.argument("number", type=NUMBER, metavar="NO")


@click.group(cls=Group, help=N_("Service stations and the hours recorded at them."))
def station() -> None:
    pass


_OPTIONS: Final = (
    click.option("--area", "area_id", cls=Option, metavar="CODE", help=N_("Its county, township or village.")),
    click.option("--kind", "station_kind", cls=Option, type=click.Choice(_KINDS), help=N_("Where it stands.")),
    click.option("--address", cls=Option, help=N_("Its address.")),
    click.option(
        "--team", cls=Option, metavar="TEAM", help=N_("The team that runs it: its hours count for the station.")
    ),
    click.option(
        "--hours-a-day",
        "service_seconds_per_day",
        cls=Option,
        metavar="HOURS",
        help=N_("Hours that are to be recorded a day; clause S6 asks for 5 or more."),
    ),
)


def _written(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say what a station is."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@station.command(help=N_("Write a station down."))
@click.argument("name")
@_written
@click.option("--opened", cls=Option, type=DAY, help=N_("Its first day; else today."))
@pass_invocation
def create(invocation: Invocation, /, team: str | None, opened: datetime | None, **given: str | None) -> None:
    from national_sync.stations.office import create as make
    from national_sync.stations.office import read_station

    bootstrap = invocation.open()
    rules = bootstrap.loaded.policy.stations
    read = read_station(rules, given, is_new=True)
    with bootstrap.database() as database, database.write(durable=True) as connection:
        act = deciding(invocation, connection, read.values["area_id"][:6])
        first_day = act.today if opened is None else opened.date()
        number = make(connection, rules, read, _team_id(connection, team), first_day, act)
    facts = {"id": number, "name": read.values["name"], "opened_on": first_day.isoformat()}
    told = N_("Station {id} is written down: {name}, open since {opened_on}.")
    invocation.answer({"station": facts}, lambda: _(told, **facts))


@station.command(help=N_("Change what is known of an open station; an empty text takes the address away."))
@_NUMBER
@click.option("--name", cls=Option, help=N_("Its new name."))
@_written
@pass_invocation
def change(invocation: Invocation, /, number: int, team: str | None, **given: str | None) -> None:
    from national_sync.errors import UsageError
    from national_sync.stations.office import change as write
    from national_sync.stations.office import county_of_station, read_station

    written = {name: value for name, value in given.items() if value is not None}
    if not written and team is None:
        raise UsageError(N_("Say what is to be changed; see: national-sync station change --help"))
    bootstrap = invocation.open()
    read = read_station(bootstrap.loaded.policy.stations, written, is_new=False)
    with bootstrap.database() as database, database.write(durable=True) as connection:
        act = deciding(invocation, connection, county_of_station(connection, number))
        if area := read.values.get("area_id"):
            deciding(invocation, connection, area[:6])
        changed = write(connection, number, read, _team_id(connection, team), act)
    told = "、".join(field_name(name) for name in changed)
    facts = {"id": number, "changed": changed}
    invocation.answer({"station": facts}, lambda: _(N_("Station {id} is changed: {fields}."), id=number, fields=told))


def _team_id(connection: Connection, given: str | None) -> int | None:
    from national_sync.acts import find_team

    return None if given is None else find_team(connection, given)


@station.command(help=N_("Close a station for good."))
@_NUMBER
@click.option("--on", "last_day", cls=Option, type=DAY, help=N_("Its last day; else today."))
@pass_invocation
def close(invocation: Invocation, number: int, last_day: datetime | None) -> None:
    from national_sync.stations.office import close as end
    from national_sync.stations.office import county_of_station

    with invocation.open().database() as database, database.write(durable=True) as connection:
        act = deciding(invocation, connection, county_of_station(connection, number))
        day = act.today if last_day is None else last_day.date()
        end(connection, number, day, act)
    facts = {"id": number, "closed_on": day.isoformat()}
    invocation.answer(
        {"station": facts}, lambda: _(N_("Station {id} is closed; {closed_on} is its last day."), **facts)
    )


# Looking


@station.command("list", help=N_("List the stations of a county or of the city."))
@only_county_option
@click.option("--all", "with_closed", cls=Option, is_flag=True, help=N_("Closed ones too."))
@pass_invocation
def list_(invocation: Invocation, county: str | None, with_closed: bool) -> None:
    from national_sync.stations.office import list_stations

    bootstrap = invocation.open()
    with bootstrap.database() as database, database.read() as connection:
        county = county or invocation.reader(connection).county
        reading(invocation, connection, county)
        rules = bootstrap.loaded.policy.stations
        found = list_stations(connection, rules, county=county, with_closed=with_closed)
    invocation.answer({"stations": found}, lambda: "\n".join(_listed(found)))


def _listed(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not found:
        yield _(N_("No stations."))
        return
    headings = [_(N_("No.")), _(N_("Name")), _(N_("Kind")), _(N_("County")), _(N_("Team")), _(N_("Hours a day"))]
    yield table(
        headings,
        [
            (
                one["id"],
                one["name"],
                code_word("station_kind", one["station_kind"]),
                one["county"],
                one["team"] or "-",
                hours_shown(one["service_seconds_per_day"]) + (" !" if one["is_below"] else ""),
            )
            for one in found
        ],
    )
    if any(one["is_below"] for one in found):
        yield _(N_("!: fewer hours a day than clause S6 asks."))


@station.command(help=N_("The hours recorded at a station day by day, and the days on which they were too few."))
@_NUMBER
@click.option("--from", "first", cls=Option, type=DAY, help=N_("The first day; else thirty days before the last."))
@click.option("--until", "last", cls=Option, type=DAY, help=N_("The last day; else yesterday."))
@click.option("--all", "every_day", cls=Option, is_flag=True, help=N_("Show the days with enough hours too."))
@pass_invocation
def hours(invocation: Invocation, number: int, first: datetime | None, last: datetime | None, every_day: bool) -> None:
    from national_sync.clock import local_date
    from national_sync.stations.office import county_of_station, station_hours

    with invocation.open().database() as database, database.read() as connection:
        reading(invocation, connection, county_of_station(connection, number))
        begin, end = _period(first, last, local_date(invocation.now))
        found = station_hours(connection, number, begin, end)
    invocation.answer({"station_hours": found}, lambda: "\n".join(_hours(found, every_day=every_day)))


def _period(first: datetime | None, last: datetime | None, today: date) -> tuple[date, date]:
    """What is not over yet cannot fall short."""
    end = today - timedelta(days=1) if last is None else min(last.date(), today - timedelta(days=1))
    return (end - timedelta(days=_LAST_DAYS - 1) if first is None else first.date()), end


def _hours(found: Mapping[str, Any], *, every_day: bool) -> Iterator[str]:
    words = N_("{name}, {from_day} to {until}: open on {days_open} days, enough hours on {days_met} ({hours} a day).")
    facts = {"from_day": found["from"], "hours": hours_shown(found["wanted_seconds"])}
    yield from wrapped(_(words, **{**{k: v for k, v in found.items() if k != "from"}, **facts}), SCREEN_WIDTH)
    if not found["has_team"]:
        yield _(N_("No team runs it, so nothing can be recorded at it: station change NO --team TEAM"))
    shown = [day for day in found["days"] if every_day or not day["is_met"]]
    if shown:
        missing = [max(0, found["wanted_seconds"] - day["seconds"]) for day in shown]
        rows = [
            (day["day"], hours_shown(day["seconds"]), hours_shown(short) if short else "-")
            for day, short in zip(shown, missing, strict=True)
        ]
        yield table([_(N_("Day")), _(N_("Recorded hours")), _(N_("Missing"))], rows)
