"""`national-sync hold`: plans that a guard stopped until a person approves them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from national_sync.cli.choices import NUMBER
from national_sync.cli.command import Group, Option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.rows import row_facts
from national_sync.i18n import N_, _, joined
from national_sync.prose.layout import SCREEN_WIDTH, table, wrapped
from national_sync.prose.words import word


@click.group(cls=Group, help=N_("Changes that were stopped because they are unusually many."))
def hold() -> None:
    pass


@hold.command("list", help=N_("List what waits for approval."))
@pass_invocation
def list_(invocation: Invocation) -> None:
    from national_sync.reconcile.held import of_county
    from national_sync.sync.holds import list_holds

    with invocation.open().database() as database, database.read() as connection:
        county = invocation.county(connection)
        every = [row_facts(row) for row in list_holds(connection)]
        holds = every if county is None else of_county(connection, every, county)
    invocation.answer({"holds": holds}, lambda: _list_in_words(holds))


def _list_in_words(holds: list[dict[str, Any]]) -> str:
    if not holds:
        return _(N_("Nothing is held."))
    headings = [_(N_("No.")), _(N_("About")), _(N_("Action")), _(N_("Records")), _(N_("Why")), _(N_("State"))]
    rows = [
        (
            facts["id"],
            word(facts["entity"]),
            word(facts["action"]),
            facts["records"],
            word(facts["reason"]),
            word(facts["state"]),
        )
        for facts in holds
    ]
    return table(headings, rows) + "\n" + _(N_("Look at one: national-sync hold show NO."))


@hold.command(help=N_("Show one hold and its plan hash."))
@click.argument("number", type=NUMBER, metavar="NO")
@pass_invocation
def show(invocation: Invocation, number: int) -> None:
    from national_sync.reconcile.held import held_records
    from national_sync.sync.holds import show_hold

    with invocation.open().database() as database, database.read() as connection:
        reader = invocation.reader(connection)
        facts = row_facts(show_hold(connection, number))
        found = held_records(connection, reader, facts)
        if reader.county is not None:
            facts["records"] = found.by_county[reader.county]
        held = found.to_json(only=reader.county)
    invocation.answer({"hold": facts, **held}, lambda: _in_words(facts, held, may_answer=reader.county is None))


def _in_words(facts: Mapping[str, Any], held: Mapping[str, Any], *, may_answer: bool) -> str:
    lines = [
        _(
            N_("Hold {id}: {action}, {records} x {entity}"),
            id=facts["id"],
            action=word(facts["action"]),
            records=facts["records"],
            entity=word(facts["entity"]),
        ),
        _(N_("Why: {reason}"), reason=word(facts["reason"])),
        _(N_("State: {state}"), state=word(facts["state"])),
        _(N_("Plan: {plan}"), plan=facts["plan_hash"]),
    ]
    lines += _records_in_words(held)
    if facts["state"] == "open" and may_answer:
        approve = f"national-sync hold approve {facts['id']} --plan {facts['plan_hash']}"
        lines.append(_(N_("Approve exactly this plan: {command}"), command=approve))
        lines.append(_(N_("Or refuse it: {command}"), command=approve.replace("approve", "reject")))
    return "\n".join(lines)


def _records_in_words(held: Mapping[str, Any]) -> list[str]:
    if not held["by_county"]:
        return []
    counts = joined(f"{_county(each['county'])} {each['records']}" for each in held["by_county"])
    lines = wrapped(_(N_("Records by county, as they stand now: {counts}"), counts=counts), SCREEN_WIDTH)
    if held["records"]:
        headings = [_(N_("No.")), _(N_("Name")), _(N_("County")), _(N_("National id"))]
        rows = [
            (one["row_id"], one["name"] or "***", _county(one["county"]), one["national_id"] or "-")
            for one in held["records"]
        ]
        lines.append(table(headings, rows))
    if sum(each["records"] for each in held["by_county"]) > len(held["records"]) > 0:
        lines.append(_(N_("These are the first {count}."), count=len(held["records"])))
    return lines


def _county(code: str | None) -> str:
    from national_sync.divisions import COUNTIES

    return COUNTIES.get(code or "", code or "-")


@hold.command(help=N_("Approve exactly the plan you looked at; the next run carries it out."))
@click.argument("number", type=NUMBER, metavar="NO")
@click.option("--plan", "plan_hash", cls=Option, required=True, help=N_("The plan hash that hold show prints."))
@pass_invocation
def approve(invocation: Invocation, number: int, plan_hash: str) -> None:
    from national_sync.operators.answers import answer_hold
    from national_sync.sync.holds import show_hold

    with invocation.open().database() as database, database.write(durable=True) as connection:
        by = invocation.operator(connection)
        answer_hold(connection, by, number, plan_hash, "approve", now=invocation.now)
        facts = row_facts(show_hold(connection, number))
    invocation.answer(
        {"hold": facts},
        lambda: _(N_("Hold {id} is approved. The next run carries it out: national-sync sync run"), id=number),
    )


@hold.command(help=N_("Refuse a held plan; nothing of it is carried out."))
@click.argument("number", type=NUMBER, metavar="NO")
@click.option("--plan", "plan_hash", cls=Option, required=True, help=N_("The plan hash that hold show prints."))
@pass_invocation
def reject(invocation: Invocation, number: int, plan_hash: str) -> None:
    from national_sync.operators.answers import answer_hold
    from national_sync.sync.holds import show_hold

    with invocation.open().database() as database, database.write(durable=True) as connection:
        by = invocation.operator(connection)
        answer_hold(connection, by, number, plan_hash, "reject", now=invocation.now)
        facts = row_facts(show_hold(connection, number))
    invocation.answer({"hold": facts}, lambda: _(N_("Hold {id} is rejected."), id=number))
