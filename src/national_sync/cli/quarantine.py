"""`national-sync quarantine`: records of the national side that could not be understood."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import click

from national_sync.cli.choices import NUMBER, limit_option
from national_sync.cli.command import Group, Option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.rows import row_facts
from national_sync.i18n import N_, _, say_numbered
from national_sync.prose.layout import table
from national_sync.prose.words import word

_STATES: Final = ("open", "replay", "dropped", "solved", "all")


@click.group(cls=Group, help=N_("Records of the national side that could not be understood."))
def quarantine() -> None:
    pass


@quarantine.command("list", help=N_("List the records in quarantine."))
@limit_option
@click.option(
    "--state",
    cls=Option,
    type=click.Choice(_STATES),
    default="open",
    show_default=True,
)
@pass_invocation
def list_(invocation: Invocation, limit: int, state: str) -> None:
    from national_sync.sync.quarantines import list_quarantine

    with invocation.open().database() as database, database.read() as connection:
        invocation.for_the_whole_city(connection)
        records = [
            row_facts(row) for row in list_quarantine(connection, state=None if state == "all" else state, limit=limit)
        ]
    invocation.answer({"quarantine": records}, lambda: _list_in_words(records, limit))


def _list_in_words(records: list[dict[str, Any]], limit: int) -> str:
    if not records:
        return _(N_("The quarantine is empty."))
    headings = [_(N_("No.")), _(N_("About")), _(N_("Why")), _(N_("Field")), _(N_("Detail")), _(N_("Times"))]
    rows = [
        (
            facts["id"],
            word(facts["entity"]),
            word(facts["reason"]),
            facts["field"] or "-",
            say_numbered(facts["detail"] or "-"),
            facts["times"],
        )
        for facts in records
    ]
    more = _(N_("There may be more: use --limit.")) if len(rows) == limit else ""
    hint = _(N_("Look at one: national-sync quarantine show NO."))
    return "\n".join(filter(None, [table(headings, rows), more, hint]))


@quarantine.command(help=N_("Show why a record is in quarantine."))
@click.argument("number", type=NUMBER, metavar="NO")
@click.option(
    "--payload", "with_payload", cls=Option, is_flag=True, help=N_("Also what was received; it may hold personal data.")
)
@pass_invocation
def show(invocation: Invocation, number: int, with_payload: bool) -> None:
    from national_sync.operators.rights import NOBODY, Right, require
    from national_sync.sync.quarantines import show_quarantine

    bootstrap = invocation.open()
    with bootstrap.database() as database, database.read() as connection:
        invocation.for_the_whole_city(connection)
        if with_payload and (reader := invocation.reader(connection)) is not NOBODY:
            require(reader, Right.READ_PERSONAL)
        row = show_quarantine(connection, bootstrap.sealer(), number)
    facts = row_facts({name: value for name, value in row.items() if name != "payload"})
    if with_payload:
        facts["payload"] = row["payload"]
    invocation.answer({"quarantine": facts}, lambda: _in_words(facts))


def _in_words(facts: Mapping[str, Any]) -> str:
    lines = [
        _(
            N_("Quarantine {id}: {entity} {subject} {reason}"),
            id=facts["id"],
            entity=word(facts["entity"]),
            subject=facts["national_id"] or "-",
            reason=word(facts["reason"]),
        ),
        _(N_("Field: {field}"), field=facts["field"]) if facts["field"] else "",
        _(N_("Detail: {detail}"), detail=say_numbered(facts["detail"])) if facts["detail"] else "",
        _(N_("State: {state}"), state=word(facts["state"])),
        facts.get("payload") or "",
        _(N_("Try it again: {command}"), command=f"national-sync quarantine replay {facts['id']}"),
        _(N_("Or give it up: {command}"), command=f"national-sync quarantine drop {facts['id']}"),
    ]
    return "\n".join(filter(None, lines))


@quarantine.command(help=N_("Let the next run fetch the record afresh and try again."))
@click.argument("number", type=NUMBER, metavar="NO")
@pass_invocation
def replay(invocation: Invocation, number: int) -> None:
    from national_sync.operators.answers import answer_quarantine

    with invocation.open().database() as database, database.write(durable=True) as connection:
        answer_quarantine(connection, invocation.operator(connection), number, "replay", now=invocation.now)
    invocation.answer(
        {"quarantine": {"id": number, "state": "replay"}},
        lambda: _(N_("The next run tries record {id} again: national-sync sync run"), id=number),
    )


@quarantine.command(help=N_("Give a record up: it is not asked about again until it changes."))
@click.argument("number", type=NUMBER, metavar="NO")
@pass_invocation
def drop(invocation: Invocation, number: int) -> None:
    from national_sync.operators.answers import answer_quarantine

    with invocation.open().database() as database, database.write(durable=True) as connection:
        answer_quarantine(connection, invocation.operator(connection), number, "drop", now=invocation.now)
    invocation.answer(
        {"quarantine": {"id": number, "state": "dropped"}}, lambda: _(N_("Record {id} is dropped."), id=number)
    )
