"""`national-sync volunteer template` and `import`: registering many people at once by spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from national_sync.cli.choices import FILE
from national_sync.cli.command import Command
from national_sync.cli.filled_sheets import (
    REFUSED_EXIT_CODE,
    nothing_taken,
    refused_facts,
    refused_in_words,
    taking_options,
    write_empty,
)
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.registering import desk_of
from national_sync.i18n import N_, _
from national_sync.prose.layout import SCREEN_WIDTH, wrapped

if TYPE_CHECKING:
    from national_sync.registration.importing import Imported


@click.command(cls=Command, help=N_("Write an empty sheet in which a unit registers many people at once."))
@click.argument("file", type=FILE)
@pass_invocation
def template(invocation: Invocation, file: Path) -> None:
    from national_sync.registration.sheet import write_template

    write_empty(file, write_template)
    invocation.answer(
        {"file": str(file)},
        lambda: _(N_("{file} is ready to be filled in. Then: national-sync volunteer import {file}"), file=file),
    )


@click.command(
    "import",
    cls=Command,
    help=N_("Take the registrations of a filled-in sheet: all of them, or none if a row is wrong."),
)
@click.argument("file", type=FILE)
@taking_options
@pass_invocation
@click.pass_context
def import_(ctx: click.Context, invocation: Invocation, file: Path, only_valid: bool, dry_run: bool) -> None:
    from national_sync.registration.importing import take_sheet

    bootstrap = invocation.open()
    with bootstrap.database() as database:
        with database.read() as connection:
            desk = desk_of(invocation, bootstrap, connection)
        imported = take_sheet(database, desk, file, only_valid=only_valid, dry_run=dry_run)
    facts = _import_facts(file, imported, dry_run=dry_run)
    invocation.answer(facts, lambda: _imported_in_words(facts, only_valid=only_valid))
    ctx.exit(REFUSED_EXIT_CODE if imported.refused_count and not imported.taken else 0)


def _import_facts(file: Path, imported: Imported, *, dry_run: bool) -> dict[str, Any]:
    return {
        "file": str(file),
        "dry_run": dry_run,
        "taken": imported.taken,
        "sheet": imported.sheet if imported.taken else None,
        "counts": {
            "rows": imported.rows,
            "valid": imported.valid,
            "known": imported.known,
            "refused": imported.refused_count,
        },
        "refused": refused_facts(imported.refused),
    }


def _imported_in_words(facts: Mapping[str, Any], *, only_valid: bool) -> str:
    counts = facts["counts"]
    lines = list(refused_in_words(facts["refused"], counts["refused"]))
    words = N_("Rows: {rows}; right: {valid}, of them volunteers already: {known}; refused: {refused}")
    lines += wrapped(_(words, **counts), SCREEN_WIDTH)
    if facts["taken"]:
        words = N_("Taken. Approve them: national-sync volunteer approve --sheet {sheet}")
        lines.append(_(words, sheet=facts["sheet"]))
    else:
        lines += nothing_taken(counts["refused"], only_valid=only_valid)
    return "\n".join(lines)


COMMANDS: Final = (template, import_)
