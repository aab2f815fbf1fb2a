"""`national-sync assessment`: units and stations measured against their targets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from national_sync.cli.acting import deciding, reading
from national_sync.cli.choices import FILE
from national_sync.cli.command import Group, Option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.i18n import N_, _
from national_sync.prose.amounts import hours
from national_sync.prose.layout import table
from national_sync.prose.words import word


@click.group(cls=Group, help=N_("Units and stations measured against their targets."))
def assessment() -> None:
    pass


@assessment.command(help=N_("Write the workbook in which units and their head counts are filled in."))
@click.argument("file", type=FILE)
@pass_invocation
def template(invocation: Invocation, file: Path) -> None:
    from national_sync.recognition.units import write_template

    with invocation.open().database() as database, database.read() as connection:
        reading(invocation, connection)
        count = write_template(file, connection)
    invocation.answer(
        {"units": {"file": str(file), "count": count}},
        lambda: _(
            N_("{file}: {count} known units. Fill it in, then: national-sync assessment units {file}"),
            file=file,
            count=count,
        ),
    )


@assessment.command(help=N_("Take over units and head counts from the filled workbook, or from JSON."))
@click.argument("file", type=FILE)
@pass_invocation
def units(invocation: Invocation, file: Path) -> None:
    from national_sync.recognition.units import import_units

    with invocation.open().database() as database, database.write(durable=True) as connection:
        counts = import_units(connection, file, deciding(invocation, connection))
    invocation.answer(
        {"units": counts}, lambda: _(N_("Units taken over: {added} new, {changed} known before."), **counts)
    )


@assessment.command(help=N_("Assess a year: on the screen, or written as .xlsx or as one .html page."))
@click.option("--year", cls=Option, type=click.IntRange(1990, 9999), required=True)
@click.option("--output", "files", cls=Option, type=FILE, multiple=True, help=N_("Where to; may be repeated."))
@click.option(
    "--evidence", is_flag=True, cls=Option, help=N_("With the rows that every figure was counted from (.xlsx).")
)
@pass_invocation
def run(invocation: Invocation, year: int, files: tuple[Path, ...], evidence: bool) -> None:
    from national_sync.clock import local_date
    from national_sync.errors import UsageError
    from national_sync.recognition import assessment_forms
    from national_sync.recognition.assessing import Year, counted

    bootstrap = invocation.open()
    for file in files:
        if file.suffix.lower() not in (".xlsx", ".html"):
            raise UsageError(N_("An assessment is written as .xlsx or .html; {file} is neither."), file=file.name)
    with bootstrap.database() as database, database.read() as connection:
        reading(invocation, connection, named=evidence)
        span = Year.of(year, local_date(invocation.now))
        if span.last < span.first:
            raise UsageError(N_("Of {year} no day is over yet."), year=year)
        with counted(connection, span):
            result = assessment_forms.assess(connection, bootstrap.loaded.policy.assessment, span)
            for file in files:
                if file.suffix.lower() == ".xlsx":
                    assessment_forms.write_book(file, connection, result, with_evidence=evidence)
                else:
                    file.write_text(assessment_forms.page(result), encoding="utf-8")
    facts = {**result.facts(), "files": [str(file) for file in files]}
    invocation.answer({"assessment": facts}, lambda: _in_words(facts))


def _in_words(facts: Mapping[str, Any]) -> str:
    if not facts["units"]:
        return _(N_("No unit is known yet. Begin with: national-sync assessment template FILE.xlsx"))
    headings = [_(N_("No.")), _(N_("Unit")), _(N_("Registered")), "%", _(N_("State")), _(N_("Hours")), _(N_("State"))]
    rows = [
        (
            one["unit_id"],
            one["name"],
            one["registered"],
            _(N_("not known")) if one["registration_percent"] is None else f"{one['registration_percent']:.1f}",
            word(one["registration"]),
            "-" if one["average_seconds"] is None else hours(one["average_seconds"]),
            word(one["yearly_hours"]),
        )
        for one in facts["units"]
    ]
    written = [_(N_("Written: {file}"), file=file) for file in facts["files"]]
    return "\n".join([table(headings, rows), *written])
