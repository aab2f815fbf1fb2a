"""`national-sync volunteer form` and `record-book`: what is printed about volunteers, beside cards and certificates."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from national_sync.cli.choices import DAY, FILE, NUMBER
from national_sync.cli.command import Command, Option
from national_sync.cli.files import written
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.i18n import N_, _


@click.command(
    cls=Command, help=N_("Print registration forms, in two copies each: for the record office and for the unit.")
)
@click.argument("numbers", type=NUMBER, nargs=-1, required=True, metavar="NO...")
@click.argument("file", type=FILE)
@pass_invocation
def form(invocation: Invocation, numbers: Sequence[int], file: Path) -> None:
    from national_sync.operators.rights import Right, require
    from national_sync.registration.forms import registration_form
    from national_sync.registration.stages import load

    bootstrap = invocation.open()
    with bootstrap.database() as database, database.read() as connection:
        operator = invocation.operator(connection)
        rows = [load(connection, number) for number in numbers]
        for row in rows:
            require(operator, Right.READ_PERSONAL, county=row["county"])
        document = registration_form(rows, bootstrap.sealer())
    with written(file):
        _write_private(file, document)
    invocation.answer(
        {"forms": {"file": str(file), "count": len(rows)}},
        lambda: _(N_("Forms in {file}, two copies each: {count}"), file=file, count=len(rows)),
    )


def _write_private(file: Path, document: bytes) -> None:
    """A form shows whole ID numbers: it is its owner's alone."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
        opened.write(document)


@click.command(
    "record-book", cls=Command, help=N_("Print the service record book of a team: its effective hours in some time.")
)
@click.argument("file", type=FILE)
@click.option("--team", cls=Option, type=NUMBER, required=True, help=N_("The team, by its row number."))
@click.option("--from", "first", cls=Option, type=DAY, required=True, help=N_("The first service day."))
@click.option("--until", "last", cls=Option, type=DAY, required=True, help=N_("The last service day."))
@pass_invocation
def record_book(invocation: Invocation, file: Path, team: int, first: datetime, last: datetime) -> None:
    from national_sync.acts import row_by_id
    from national_sync.operators.rights import Right, require
    from national_sync.registration.record_book import record_book as book_of
    from national_sync.registration.record_book import record_book_pdf

    with invocation.open().database() as database, database.read() as connection:
        county = row_by_id(connection, "team", team)["area_id"][:6]
        require(invocation.operator(connection), Right.READ_PERSONAL, county=county)
        book = book_of(connection, team, first.date(), last.date())
    with written(file):
        file.write_bytes(record_book_pdf(book))
    facts = {"file": str(file), "people": len(book["people"]), "records": book["count"], "hours": book["hours"]}
    invocation.answer(
        {"record_book": facts},
        lambda: _(N_("{people} people with {records} records, {hours} hours, are in {file}."), **facts),
    )


COMMANDS: Final = (form, record_book)
