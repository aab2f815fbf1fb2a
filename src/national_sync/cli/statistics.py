"""`national-sync statistics`: the yearly statistics form of units, counties and the city."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from national_sync.cli.acting import reading
from national_sync.cli.choices import FILE
from national_sync.cli.command import Group, Option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.i18n import N_, _
from national_sync.prose.amounts import hours
from national_sync.prose.layout import table

_YEAR: Final = click.IntRange(1990, 9999)
_MOST_YEARS: Final = 4


@click.group(cls=Group, help=N_("The yearly statistics form of units, counties and the city."))
def statistics() -> None:
    pass


def _year_option(command: Any) -> Any:
    option = click.option("--year", cls=Option, type=_YEAR, required=True)
    return option(command)


@statistics.command(help=N_("Make a unit's form from the mirror: to be completed, stamped and sent back in September."))
@click.argument("unit")
@click.argument("file", type=FILE)
@_year_option
@pass_invocation
def build(invocation: Invocation, unit: str, file: Path, year: int) -> None:
    from national_sync.clock import local_date
    from national_sync.recognition.assessing import Year, counted
    from national_sync.recognition.statistics import unit_form, write_form
    from national_sync.recognition.units import find_unit

    bootstrap = invocation.open()
    sealer = bootstrap.sealer()
    with bootstrap.database() as database, database.read() as connection:
        chosen = find_unit(connection, unit)
        reading(invocation, connection, chosen["county"])
        span = Year.of(year, local_date(invocation.now))
        with counted(connection, span):
            form = unit_form(connection, chosen, span)
    _as_workbook(file)
    write_form(file, form, sealer)
    invocation.answer(
        {"form": {"file": str(file), "unit": chosen["name"], "teams": len(form.lines)}},
        lambda: _(N_("The form of {unit} is in {file}."), unit=chosen["name"], file=file),
    )


@statistics.command(help=N_("Take a form that came back: every cell is checked against what was issued."))
@click.argument("files", type=FILE, nargs=-1, required=True)
@pass_invocation
def receive(invocation: Invocation, files: Sequence[Path]) -> None:
    from national_sync.acts import Act
    from national_sync.operators.rights import Right, require
    from national_sync.recognition.statistics import receive as receive_form

    bootstrap = invocation.open()
    sealer = bootstrap.sealer()
    received = []
    with bootstrap.database() as database, database.write(durable=True) as connection:
        by = invocation.operator(connection)
        for file in files:
            one = receive_form(connection, file, sealer, Act(by.actor, invocation.now))
            require(by, Right.DECIDE, county=one["county"])
            received.append({"file": str(file), **one})
    invocation.answer({"received": received}, lambda: "\n".join(_received(one) for one in received))


def _received(one: Mapping[str, Any]) -> str:
    late = N_("Late: the form of {name} for {year} is taken.")
    return _(
        late if one["is_late"] else N_("The form of {name} for {year} is taken."), name=one["name"], year=one["year"]
    )


@statistics.command(help=N_("Add up what came back: the county's form, or the city's without a county."))
@click.argument("file", type=FILE)
@click.option("--county", cls=Option, metavar="CODE", help=N_("Only this county."))
@_year_option
@pass_invocation
def collect(invocation: Invocation, file: Path, county: str | None, year: int) -> None:
    from national_sync.clock import local_date
    from national_sync.divisions import check_county
    from national_sync.recognition.statistics import collected, write_form

    chosen = None if county is None else check_county(county)
    _as_workbook(file)
    bootstrap = invocation.open()
    sealer = bootstrap.sealer()
    with bootstrap.database() as database, database.read() as connection:
        reading(invocation, connection, chosen)
        form = collected(connection, year, chosen, local_date(invocation.now))
    write_form(file, form, sealer)
    invocation.answer(
        {"form": {"file": str(file), "lines": len(form.lines)}},
        lambda: _(N_("{lines} lines are in {file}."), lines=len(form.lines), file=file),
    )


@statistics.command(help=N_("Which units have filed for a year, which were late, which have not."))
@_year_option
@pass_invocation
def status(invocation: Invocation, year: int) -> None:
    from national_sync.recognition.statistics import returns

    with invocation.open().database() as database, database.read() as connection:
        reading(invocation, connection)
        found = returns(connection, year)
    units = [{name: one[name] for name in ("id", "name", "county", "received_on", "is_late")} for one in found]
    invocation.answer({"units": units}, lambda: _status_in_words(units))


def _status_in_words(units: Sequence[Mapping[str, Any]]) -> str:
    if not units:
        return _(N_("No unit is known yet. Begin with: national-sync assessment template FILE.xlsx"))
    headings = [_(N_("No.")), _(N_("County")), _(N_("Unit")), _(N_("Received on")), _(N_("Late?"))]
    rows = [
        (one["id"], one["county"], one["name"], one["received_on"] or "-", _(N_("late")) if one["is_late"] else "")
        for one in units
    ]
    return table(headings, rows)


@statistics.command(help=N_("Compare years: volunteers, active ones, hours and stars, by county and month."))
@click.option("--from", "first", cls=Option, type=_YEAR, required=True, help=N_("The first year."))
@click.option("--until", "last", cls=Option, type=_YEAR, required=True, help=N_("The last year."))
@click.option("--output", "file", cls=Option, type=FILE, help=N_("Write it as one .html page with plots."))
@pass_invocation
def years(invocation: Invocation, first: int, last: int, file: Path | None) -> None:
    from datetime import timedelta

    from national_sync.clock import local_date
    from national_sync.errors import UsageError
    from national_sync.recognition.years import count, page

    bootstrap = invocation.open()
    yesterday = local_date(invocation.now) - timedelta(days=1)
    if not first <= last <= first + _MOST_YEARS or last > yesterday.year:
        raise UsageError(
            N_("From {first} to {last}: at most {most} years, none of them to come."),
            first=first,
            last=last,
            most=_MOST_YEARS + 1,
        )
    with bootstrap.database() as database, database.read() as connection:
        reading(invocation, connection)
        found = count(connection, first, last, yesterday)
    if file is not None:
        file.write_text(page(found), encoding="utf-8")
    facts = {**found.facts(), "file": None if file is None else str(file)}
    invocation.answer({"years": facts}, lambda: _years_in_words(facts))


def _years_in_words(facts: Mapping[str, Any]) -> str:
    headings = [_(N_("Year")), _(N_("Volunteers")), _(N_("Hours")), _(N_("Stars"))]
    rows = [_year_in_words(facts, year) for year in range(facts["first"], facts["last"] + 1)]
    written = [] if facts["file"] is None else [_(N_("Written: {file}"), file=facts["file"])]
    return "\n".join([table(headings, rows), *written])


def _year_in_words(facts: Mapping[str, Any], year: int) -> tuple[Any, ...]:
    months = [one for one in facts["months"] if one["month"].startswith(f"{year}-")]
    last = max(one["month"] for one in months)
    return (
        year,
        sum(one["volunteers"] for one in months if one["month"] == last),
        hours(sum(one["seconds"] for one in months)),
        sum(one["stars"] for one in facts["stars"] if one["year"] == year),
    )


def _as_workbook(file: Path) -> None:
    from national_sync.errors import UsageError

    if file.suffix.lower() != ".xlsx":
        raise UsageError(N_("A form is written as .xlsx; {file} is not."), file=file.name)
