"""`national-sync mismatch`: look at differences and decide them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from national_sync.cli.command import Group, Option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.rows import mismatch_facts, more_below
from national_sync.i18n import N_, _
from national_sync.prose.layout import table
from national_sync.prose.words import word


@click.group(cls=Group, help=N_("Differences that a person has to decide."))
def mismatch() -> None:
    pass


@mismatch.command("list", help=N_("List mismatches, the open ones if not told otherwise."))
@click.option("--kind", cls=Option, help=N_("Only this kind, by its code."))
@click.option("--entity", cls=Option, help=N_("Only this entity, such as volunteer."))
@click.option("--state", cls=Option, type=click.Choice(["open", "closed", "all"]), default="open", show_default=True)
@click.option("--limit", cls=Option, type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--offset", cls=Option, type=click.IntRange(0), default=0)
@pass_invocation
def list_(invocation: Invocation, /, state: str, **chosen: Any) -> None:
    from national_sync.sync.mismatches import list_mismatches

    with invocation.open().database() as database, database.read() as connection:
        rows = list_mismatches(connection, state=None if state == "all" else state, **chosen)
    mismatches = [mismatch_facts(row) for row in rows]
    invocation.answer({"mismatches": mismatches}, lambda: _list_in_words(mismatches, chosen["limit"]))


def _list_in_words(mismatches: list[dict[str, Any]], limit: int) -> str:
    if not mismatches:
        return _(N_("No mismatches."))
    headings = [_(N_("No.")), _(N_("About")), _(N_("What")), _(N_("Field")), _(N_("Ours")), _(N_("National"))]
    rows = [
        (
            facts["id"],
            word(facts["entity"]),
            word(facts["kind"]),
            facts["field"] or "-",
            facts["ours"] or "-",
            facts["theirs"] or "-",
        )
        for facts in mismatches
    ]
    hint = _(N_("Look at one: national-sync mismatch show NO."))
    return "\n".join(filter(None, [table(headings, rows), more_below(len(rows), limit), hint]))


@mismatch.command(help=N_("Show one mismatch with all its facts."))
@click.argument("number", type=click.IntRange(1, 2**62), metavar="NO")
@pass_invocation
def show(invocation: Invocation, number: int) -> None:
    from national_sync.sync.mismatches import show_mismatch

    with invocation.open().database() as database, database.read() as connection:
        facts = mismatch_facts(show_mismatch(connection, number))
    invocation.answer({"mismatch": facts}, lambda: _in_words(facts))


def _in_words(facts: Mapping[str, Any]) -> str:
    ended = facts["resolution"] or facts["decision"]
    lines = [
        _(N_("Mismatch {id}: {kind}"), id=facts["id"], kind=word(facts["kind"])),
        _(N_("About: {entity} {subject}"), entity=word(facts["entity"]), subject=facts["subject"]),
        _(N_("Field: {field}"), field=facts["field"]) if facts["field"] else "",
        _(N_("Agreed before: {value}"), value=_shown(facts["base"])) if facts["field"] else "",
        _(N_("Ours: {value}"), value=_shown(facts["ours"])) if facts["field"] else "",
        _(N_("National: {value}"), value=_shown(facts["theirs"])) if facts["field"] else "",
        *(f"{name}: {value}" for name, value in dict(facts["detail"] or {}).items()),
        _(N_("State: {state}"), state=word(facts["state"])) + (f" ({word(ended)})" if ended else ""),
    ]
    if facts["state"] == "open" and facts["choices"]:
        choices = "|".join(facts["choices"])
        lines.append(
            _(N_("Decide: national-sync mismatch resolve {id} --keep {choices}"), id=facts["id"], choices=choices)
        )
    return "\n".join(filter(None, lines))


def _shown(value: object) -> str:
    return _(N_("(empty)")) if value is None else str(value)


@mismatch.command(help=N_("Decide which side's value stays; the next run carries it out."))
@click.argument("number", type=click.IntRange(1, 2**62), metavar="NO")
@click.option(
    "--keep",
    cls=Option,
    type=click.Choice(["local", "national"]),
    required=True,
    help=N_("Keep our value or the national one."),
)
@pass_invocation
def resolve(invocation: Invocation, number: int, keep: str) -> None:
    from national_sync.sync.mismatches import decide_mismatch, show_mismatch

    with invocation.open().database() as database, database.write(durable=True) as connection:
        decide_mismatch(connection, number, keep)
        facts = mismatch_facts(show_mismatch(connection, number))
    invocation.answer(
        {"mismatch": facts},
        lambda: _(
            N_("Mismatch {id}: {decision}. The next run carries it out: national-sync sync run"),
            id=number,
            decision=word(keep),
        ),
    )
