"""`national-sync volunteer search`: by name, initials, number, team, or an ID number that nobody else sees."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from national_sync.cli.choices import NUMBER, limit_option, offset_option, only_county_option
from national_sync.cli.command import Command, Option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.rows import more_below
from national_sync.i18n import N_, _
from national_sync.prose.codes import code_word
from national_sync.prose.layout import table
from national_sync.prose.words import word

if TYPE_CHECKING:
    from national_sync.registration.search import By


@click.command(
    cls=Command,
    help=N_(
        "Find volunteers by name, by the initials of the name in pinyin (lwx), by volunteer number or row, by team, or by "
        "ID number, which is asked for."
    ),
)
@click.argument("wanted", metavar="TEXT", required=False)
@click.option("--team", cls=Option, type=NUMBER, help=N_("The members of this team, by its row number."))
@click.option("--id-number", cls=Option, is_flag=True, help=N_("Ask for an ID number, or read it from standard input."))
@only_county_option
@limit_option
@offset_option
@pass_invocation
def search(
    invocation: Invocation,
    wanted: str | None,
    team: int | None,
    id_number: bool,
    county: str | None,
    limit: int,
    offset: int,
) -> None:
    from national_sync.operators.rights import Right, require
    from national_sync.registration.search import By, hash_of_number, keep_initials
    from national_sync.registration.search import search as find

    _check_one_way(wanted, team, id_number)
    bootstrap = invocation.open()
    value: Any
    with bootstrap.database() as database:
        if id_number:
            by, value = By.ID_NUMBER, hash_of_number(bootstrap.sealer(), _asked_number())
        elif team is not None:
            by, value = By.TEAM, team
        else:
            by, value = _way(wanted or "")
        if by is By.INITIALS:
            with database.write() as connection:
                keep_initials(connection)
        with database.read() as connection:
            reader = invocation.reader(connection)
            county = county or reader.county
            require(reader, Right.READ, county=county)
            found = [dict(row) for row in find(connection, by, value, county=county, limit=limit, offset=offset)]
    invocation.answer({"by": by.value, "volunteers": found}, lambda: _found_in_words(found, limit))


def _check_one_way(wanted: str | None, team: int | None, id_number: bool) -> None:
    from national_sync.errors import UsageError

    if sum((wanted is not None, team is not None, id_number)) != 1:
        raise UsageError(N_("Say one thing to look for: a text, --team NO or --id-number."))


def _way(wanted: str) -> tuple[By, Any]:
    from national_sync.errors import UsageError
    from national_sync.registration.initials import as_initials
    from national_sync.registration.search import By

    text = wanted.strip()
    if sum(map(str.isdigit, text)) >= 15 and not text.upper().startswith("V"):
        raise UsageError(
            N_("An ID number does not belong on the command line, where others can read it."),
            hint=N_("Have it asked for: national-sync volunteer search --id-number"),
        )
    initials = as_initials(text)
    if initials is not None:
        return By.INITIALS, initials
    if text[:1].upper() == "V" and any(map(str.isdigit, text)):
        return By.NUMBER, text.upper()
    return By.NAME, text


def _asked_number() -> str:
    if sys.stdin.isatty():
        return str(click.prompt(_(N_("ID number")), err=True))
    return sys.stdin.readline().strip()


def _found_in_words(found: Sequence[Mapping[str, Any]], limit: int) -> str:
    if not found:
        return _(N_("Nobody was found."))
    headings = [
        _(N_("No.")),
        _(N_("Volunteer")),
        _(N_("Name")),
        _(N_("Sex")),
        _(N_("Born")),
        _(N_("County")),
        _(N_("Real name")),
    ]
    rows = [
        (
            one["id"],
            one["number"] or "-",
            one["name"],
            code_word("sex", one["sex"]),
            one["birth_date"],
            one["county"],
            code_word("real_name_state", one["real_name_state"])
            if one["withdrawn_at"] is None
            else word("record_withdrawn"),
        )
        for one in found
    ]
    return "\n".join(filter(None, [table(headings, rows), more_below(len(rows), limit)]))
