"""`national-sync report`: what happened, for those who were not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from national_sync.cli.choices import FILE, NUMBER
from national_sync.cli.command import Group, Option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.i18n import N_, _


@click.group(cls=Group, help=N_("Reports for the office."))
def report() -> None:
    pass


@report.command(help=N_("Write the morning report, one HTML page that can be mailed, and print it in words."))
@click.option("--run", "run_id", cls=Option, type=NUMBER, metavar="NO", help=N_("Of this run, not the last."))
@click.option(
    "--output",
    cls=Option,
    type=FILE,
    metavar="FILE",
    help=N_("Where to put the page; else into the folder [paths] reports."),
)
@pass_invocation
def morning(invocation: Invocation, run_id: int | None, output: Path | None) -> None:
    from national_sync.clock import local_date
    from national_sync.errors import UsageError
    from national_sync.recording.overdue import count_missing
    from national_sync.reports.morning import morning_facts
    from national_sync.reports.page import morning_page
    from national_sync.reports.words import morning_in_words
    from national_sync.run_files import write_file
    from national_sync.transfer.listing import overdue

    bootstrap = invocation.open()
    quota, policy = bootstrap.loaded.national.calls_per_day, bootstrap.loaded.policy
    with bootstrap.database() as database, database.read() as connection:
        today, county = local_date(invocation.now), invocation.county(connection)
        late = overdue(connection, today)["by_county"]
        missing = count_missing(
            connection, today=today, rules=policy.recording, calendar=policy.calendar, county=county
        )
        facts = morning_facts(
            connection,
            run_id=run_id,
            calls_per_day=quota,
            now=invocation.now,
            overdue_transfers=sum(row["transfers"] for row in late if county in (None, row["county"])),
            missing_hours=missing,
            county=county,
        )
    file = output or bootstrap.reports_directory / _file_name(facts)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_file(file, morning_page(facts))
    except OSError as error:
        raise UsageError(N_("{file} cannot be written: {reason}"), file=file, reason=error.strerror or "") from error
    invocation.answer(
        {**facts, "file": str(file)},
        lambda: morning_in_words(facts) + "\n\n" + _(N_("The page: {file}"), file=file),
    )


def _file_name(facts: dict[str, Any]) -> str:
    of_county = f"-{facts['county']}" if facts["county"] else ""
    return f"morning-{facts['run']['id']:06}{of_county}.html" if facts["run"] else f"morning{of_county}.html"
