"""`national-sync audit`: what was done, when and by whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from national_sync.cli.choices import limit_option, offset_option
from national_sync.cli.command import Group, Option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.rows import moment, more_below, row_facts
from national_sync.i18n import N_, _, joined
from national_sync.prose.layout import table
from national_sync.prose.words import word

if TYPE_CHECKING:
    from national_sync.audit import Head, Verdict


@click.group(cls=Group, help=N_("What was done, when and by whom: look, check, export."))
def audit() -> None:
    pass


@audit.command("list", help=N_("List what was done, the newest first."))
@click.option("--actor", cls=Option, help=N_("Only what this one did, such as operator:chen, run:7 or rule:3."))
@click.option("--action", cls=Option, help=N_("Only this action, or with a noun such as login all of that noun."))
@click.option(
    "--since",
    cls=Option,
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%d %H:%M:%S"]),
    metavar="DATE",
    help=N_("Only from this moment on, in the time of Puer."),
)
@click.option("--record", cls=Option, metavar="ENTITY:NO", help=N_("Only about this record, such as volunteer:42."))
@limit_option
@offset_option
@pass_invocation
def list_(invocation: Invocation, /, since: datetime | None, record: str | None, **chosen: Any) -> None:
    from national_sync.audit import list_entries
    from national_sync.clock import PUER_TIME
    from national_sync.operators.rights import Right, require

    moment_since = None if since is None else int(since.replace(tzinfo=PUER_TIME).timestamp())
    with invocation.open().database() as database, database.read() as connection:
        require(invocation.reader(connection), Right.READ)
        rows = list_entries(connection, since=moment_since, record=_record(record), **chosen)
    entries = [row_facts(row) for row in rows]
    invocation.answer({"entries": entries}, lambda: _list_in_words(entries, chosen["limit"]))


def _record(written: str | None) -> tuple[str, int] | None:
    if written is None:
        return None
    entity, _colon, number = written.partition(":")
    if not entity or not number.isdecimal():
        raise click.UsageError(_(N_("A record is named as in volunteer:42; {given} is none."), given=written))
    return entity, int(number)


def _list_in_words(entries: list[dict[str, Any]], limit: int) -> str:
    if not entries:
        return _(N_("No entries."))
    headings = [_(N_("No.")), _(N_("When")), _(N_("Who")), _(N_("Did what")), _(N_("About")), _(N_("Details"))]
    rows = [
        (
            entry["id"],
            moment(entry["at"])[:16],
            _actor(entry["actor"]),
            word(entry["action"]),
            f"{word(entry['entity'])} {entry['row_id'] or ''}".strip() if entry["entity"] else "-",
            _facts(entry["detail"]),
        )
        for entry in entries
    ]
    return "\n".join(filter(None, [table(headings, rows), more_below(len(rows), limit)]))


def _actor(code: str) -> str:
    kind, _colon, name = code.partition(":")
    return f"{word(kind)} {name}"


def _facts(detail: Any) -> str:
    facts = detail if isinstance(detail, Mapping) else {}
    return joined(_fact(name, value) for name, value in facts.items() if value is not None) or "-"


def _fact(name: str, value: Any) -> str:
    if name == "rows" and isinstance(value, Mapping):
        return joined(
            f"{word(entity)} {word(action)} {count}"
            for entity, counts in value.items()
            for action, count in counts.items()
        )
    return f"{word(name)} {word(str(value))}"


@audit.command(help=N_("Check that no entry was changed, removed, added or moved; name the first bad one."))
@click.option(
    "--head",
    cls=Option,
    metavar="NO:HASH",
    help=N_("A head noted earlier, from a run's report: it must be on the way."),
)
@click.option("--file", cls=Option, type=click.Path(dir_okay=False), metavar="FILE", help=N_("Check an exported file."))
@pass_invocation
@click.pass_context
def verify(ctx: click.Context, invocation: Invocation, head: str | None, file: str | None) -> None:
    from national_sync.audit import verify as verify_chain
    from national_sync.audit_file import verify_file

    also = [] if head is None else [_head(head)]
    if file is not None:
        verdict = verify_file(file, also=also)
    else:
        with invocation.open().database() as database, database.read() as connection:
            verdict = verify_chain(connection, also=also)
    facts = {
        "ok": verdict.fault is None,
        "entries": verdict.head.number,
        "head": str(verdict.head),
        "fault": verdict.fault and verdict.fault.value,
        "entry": verdict.entry,
    }
    invocation.answer(facts, lambda: _verdict_in_words(verdict))
    ctx.exit(0 if verdict.fault is None else 1)


def _head(written: str) -> Head:
    from national_sync.audit import parsed_head

    try:
        return parsed_head(written)
    except ValueError:
        words = _(N_("A head is written as NUMBER:HASH, as in a run's report; {given} is none."), given=written)
        raise click.UsageError(words) from None


def _verdict_in_words(verdict: Verdict) -> str:
    if verdict.fault is None:
        return _(
            N_("The audit is whole. Entries: {entries}, head {head}"), entries=verdict.head.number, head=verdict.head
        )
    if verdict.entry is None:
        wrong = _(N_("The audit is not whole. A line of the file is no entry at all."))
    else:
        wrong = _(N_("The audit is not whole. Entry {entry}: {fault}."), entry=verdict.entry, fault=word(verdict.fault))
    return "\n".join(
        [
            wrong,
            _(N_("Whole up to entry {number}, head {head}"), number=verdict.head.number, head=verdict.head),
            _(N_("Keep a copy of the database and find out who could write to it.")),
        ]
    )


@audit.command(help=N_("Write all entries to a file, one JSON object a line; it can be checked without the database."))
@click.argument("file", type=click.Path(dir_okay=False))
@pass_invocation
def export(invocation: Invocation, file: str) -> None:
    from national_sync.audit_file import export_to
    from national_sync.operators.rights import Right, require

    with invocation.open().database() as database, database.read() as connection:
        require(invocation.reader(connection), Right.READ)
        head = export_to(connection, file)
    invocation.answer(
        {"file": file, "entries": head.number, "head": str(head)},
        lambda: _(
            N_("Entries written to {file}: {entries}. Check them with: national-sync audit verify --file {file}"),
            entries=head.number,
            file=file,
        ),
    )
