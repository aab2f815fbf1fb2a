"""`national-sync mismatch export` and `import`: mismatches decided in a spreadsheet by a county office."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from national_sync.cli.choices import FILE
from national_sync.cli.command import Command, Option
from national_sync.cli.filled_sheets import MOST_SHOWN, REFUSED_EXIT_CODE
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.mismatch_filters import filter_of, filters
from national_sync.i18n import N_, _, say
from national_sync.prose.layout import SCREEN_WIDTH, wrapped
from national_sync.prose.words import word

if TYPE_CHECKING:
    from national_sync.reconcile.sheet_taking import Judged


@click.command(
    cls=Command, help=N_("Write open mismatches into a spreadsheet, to be decided there and imported again.")
)
@click.argument("file", type=FILE, metavar="FILE")
@filters
@pass_invocation
def export(invocation: Invocation, /, file: Path, **chosen: Any) -> None:
    from national_sync.reconcile.sheet_writing import export_to

    wanted = filter_of(**chosen)
    bootstrap = invocation.open()
    with bootstrap.database() as database:
        with database.read() as connection:
            operator = invocation.operator(connection)
        exported = export_to(database, bootstrap.sealer(), operator, wanted, file, now=invocation.now)
    facts = {"file": str(file), "export": exported.export, "rows": exported.rows, "left_out": exported.left_out}
    invocation.answer(facts, lambda: _exported_in_words(facts))


def _exported_in_words(facts: Mapping[str, Any]) -> str:
    lines = [_(N_("{rows} mismatches are written to {file}."), rows=facts["rows"], file=facts["file"])]
    if facts["left_out"]:
        lines.append(_(N_("Not in it, because they close by themselves: {count}"), count=facts["left_out"]))
    lines.append(_(N_("When it comes back: national-sync mismatch import {file}"), file=facts["file"]))
    return "\n".join(lines)


@click.command(
    "import",
    cls=Command,
    help=N_("Take the decisions of a filled-in spreadsheet: all of them, or none if a row is wrong."),
)
@click.argument("file", type=FILE, metavar="FILE")
@click.option("--dry-run", cls=Option, is_flag=True, help=N_("Only check every row."))
@pass_invocation
@click.pass_context
def import_(ctx: click.Context, invocation: Invocation, file: Path, dry_run: bool) -> None:
    from national_sync.reconcile.sheet_taking import apply, judge

    bootstrap = invocation.open()
    owners, sealer = bootstrap.loaded.policy.owners, bootstrap.sealer()
    with bootstrap.database() as database:
        with database.read() as connection:
            judged = judge(connection, sealer, invocation.operator(connection), file, owners=owners)
        is_taken = not (judged.is_refused or dry_run)
        if is_taken:
            with database.write(durable=True) as connection:
                operator = invocation.operator(connection)
                apply(connection, sealer, operator, judged, now=invocation.now, owners=owners)
    facts = _facts(file, judged, dry_run=dry_run, is_taken=is_taken)
    invocation.answer(facts, lambda: _taken_in_words(facts))
    ctx.exit(REFUSED_EXIT_CODE if judged.is_refused else 0)


def _facts(file: Path, judged: Judged, *, dry_run: bool, is_taken: bool) -> dict[str, Any]:
    rows = [
        {
            "row": verdict.row,
            "id": verdict.id,
            "outcome": verdict.outcome.value,
            "choice": verdict.choice,
            "reason": say(verdict.reason) if verdict.reason else None,
        }
        for verdict in judged.verdicts
    ]
    return {"file": str(file), "dry_run": dry_run, "taken": is_taken, "counts": judged.counts, "rows": rows}


def _taken_in_words(facts: Mapping[str, Any]) -> str:
    """Each row that was not simply decided, the wrong ones first; then the sum of it."""
    told = [row for row in facts["rows"] if row["outcome"] == "refused"] or [
        row for row in facts["rows"] if row["reason"]
    ]
    lines = [line for row in told[:MOST_SHOWN] for line in wrapped(_row_in_words(row), SCREEN_WIDTH)]
    if len(told) > MOST_SHOWN:
        lines.append(_(N_("… and {count} more"), count=len(told) - MOST_SHOWN))
    lines += [f"{count:>6}  {word(f'row_{outcome}')}" for outcome, count in facts["counts"].items() if count]
    return "\n".join([*lines, _conclusion(facts)])


def _row_in_words(row: Mapping[str, Any]) -> str:
    if row["id"] is None:
        return _(N_("Row {row}: {reason}"), row=row["row"], reason=row["reason"])
    return _(N_("Row {row}, mismatch {id}: {reason}"), row=row["row"], id=row["id"], reason=row["reason"])


def _conclusion(facts: Mapping[str, Any]) -> str:
    if facts["counts"]["refused"]:
        return _(N_("Nothing was taken. Correct these rows, or empty their decision, and give the file again."))
    if facts["dry_run"]:
        return _(N_("Every row can be taken; nothing was, for this was a trial."))
    if not facts["counts"]["decided"]:
        return _(N_("There was nothing new to decide."))
    return _(N_("Taken. The next run carries it out: national-sync sync run"))
