"""`national-sync settlement`: statements for merchants, and what they object to."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from national_sync.cli.command import Group, Option
from national_sync.cli.counter import (
    NUMBER,
    at_counter,
    limit_option,
    looking,
    offset_option,
    tell,
    tell_rows,
)
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.i18n import N_, _
from national_sync.prose.amounts import hours

DAY = click.DateTime(["%Y-%m-%d"])


@click.group(cls=Group, help=N_("Statements per merchant and period, and objections to them."))
def settlement() -> None:
    pass


@settlement.command(help=N_("Close the period of a merchant that a day lies in; it never changes afterwards."))
@click.argument("merchant", type=NUMBER)
@click.argument("day", type=DAY)
@pass_invocation
def close(invocation: Invocation, merchant: int, day: datetime) -> None:
    from national_sync.exchange.rows import show as row_of
    from national_sync.exchange.settlement import close_period

    with at_counter(invocation, "settlement.closed", merchant=merchant, day=day.date().isoformat()) as counter:
        made = close_period(counter.connection, counter.now, merchant, day.date(), actor=counter.actor)
        row = row_of(counter.connection, "settlement", made)
    words = N_("Settlement {id}, {period}: {redeemed_seconds} hours redeemed, {returned_seconds} given back.")
    tell(invocation, "settlement", row, words)


@settlement.command("list", help=N_("List settlements."))
@click.option("--merchant", cls=Option, type=NUMBER)
@limit_option
@offset_option
@pass_invocation
def list_(invocation: Invocation, merchant: int | None, limit: int, offset: int) -> None:
    from national_sync.exchange.rows import listed

    with looking(invocation) as connection:
        rows = listed(connection, "settlement", limit=limit, offset=offset, merchant_id=merchant)
    columns = ("id", "merchant_id", "period", "redeemed_seconds", "returned_seconds", "closed_at")
    tell_rows(invocation, "settlements", rows, columns, limit=limit)


@settlement.command(help=N_("Show a statement with its lines, or write it to a workbook."))
@click.argument("number", type=NUMBER, metavar="NO")
@click.option("--xlsx", cls=Option, type=click.Path(dir_okay=False, path_type=Path), help=N_("Write a workbook."))
@pass_invocation
def show(invocation: Invocation, number: int, xlsx: Path | None) -> None:
    from national_sync.exchange.rows import show as row_of
    from national_sync.exchange.settlement import is_unchanged, lines_of
    from national_sync.exchange.settlement_sheet import write_statement

    with looking(invocation) as connection:
        row = row_of(connection, "settlement", number)
        merchant = row_of(connection, "merchant", row["merchant_id"])
        facts: dict[str, Any] = {
            **row,
            "merchant": merchant["name"],
            "is_unchanged": is_unchanged(connection, number),
            "lines": list(lines_of(connection, number)),
        }
    if xlsx is not None:
        write_statement(xlsx, facts)
    invocation.answer({"settlement": facts}, lambda: _in_words(facts))


def _in_words(facts: dict[str, Any]) -> str:
    from national_sync.cli.rows import moment
    from national_sync.prose.layout import table
    from national_sync.prose.words import word

    top = _(
        N_("{merchant}, {period}: {redeemed} hours redeemed, {returned} given back."),
        merchant=facts["merchant"],
        period=facts["period"],
        redeemed=hours(facts["redeemed_seconds"]),
        returned=hours(facts["returned_seconds"]),
    )
    headings = [_(N_("No.")), _(N_("When")), _(N_("What")), _(N_("Offer")), _(N_("Hours"))]
    rows = [
        (line["version"], moment(line["at"])[:16], word(line["kind"]), line["offer"] or "-", hours(line["seconds"]))
        for line in facts["lines"]
    ]
    warning = "" if facts["is_unchanged"] else _(N_("The entries are not those that were settled."))
    return "\n".join(filter(None, [top, table(headings, rows) if rows else "", warning]))


@settlement.command(help=N_("What was redeemed in the whole city, by merchant."))
@click.option("--from", "first", cls=Option, type=DAY, required=True, help=N_("The first day."))
@click.option("--until", "last", cls=Option, type=DAY, required=True, help=N_("The last day."))
@pass_invocation
def totals(invocation: Invocation, first: datetime, last: datetime) -> None:
    from national_sync.exchange.calendar import midnight, midnight_after
    from national_sync.exchange.settlement import city_totals

    with looking(invocation) as connection:
        rows = city_totals(connection, midnight(first.date()), midnight_after(last.date()))
    columns = ("merchant_id", "merchant", "category", "redemptions", "redeemed_seconds", "returned_seconds")
    tell_rows(invocation, "totals", rows, columns)


@settlement.command(help=N_("Enter what a merchant objects to."))
@click.argument("merchant", type=NUMBER)
@click.argument("words")
@click.option("--redemption", cls=Option, type=NUMBER)
@click.option("--settlement", "settlement_id", cls=Option, type=NUMBER)
@pass_invocation
def dispute(
    invocation: Invocation, merchant: int, words: str, redemption: int | None, settlement_id: int | None
) -> None:
    from national_sync.exchange.rows import show as row_of
    from national_sync.exchange.settlement import open_dispute

    with at_counter(invocation, "dispute.opened", merchant=merchant) as counter:
        made = open_dispute(
            counter.connection,
            counter.now,
            merchant_id=merchant,
            words=words,
            actor=counter.actor,
            redemption_id=redemption,
            settlement_id=settlement_id,
        )
        row = row_of(counter.connection, "dispute", made)
    tell(invocation, "dispute", row, N_("Objection {id} is entered. Answer it: national-sync settlement answer {id} …"))


@settlement.command(help=N_("List objections."))
@click.option("--state", cls=Option, type=click.Choice(["open", "granted", "rejected"]), default="open")
@limit_option
@offset_option
@pass_invocation
def disputes(invocation: Invocation, state: str, limit: int, offset: int) -> None:
    from national_sync.exchange.rows import listed

    with looking(invocation) as connection:
        rows = listed(connection, "dispute", limit=limit, offset=offset, state=state)
    tell_rows(invocation, "disputes", rows, ("id", "merchant_id", "words", "state", "opened_at"), limit=limit)


@settlement.command(help=N_("Answer an objection; hours are given back by a refund only."))
@click.argument("number", type=NUMBER, metavar="NO")
@click.argument("verdict", type=click.Choice(["granted", "rejected"]))
@click.argument("words")
@pass_invocation
def answer(invocation: Invocation, number: int, verdict: str, words: str) -> None:
    from national_sync.exchange.rows import show as row_of
    from national_sync.exchange.settlement import answer_dispute

    with at_counter(invocation, "dispute.answered", id=number, verdict=verdict) as counter:
        answer_dispute(
            counter.connection,
            counter.now,
            number,
            is_granted=verdict == "granted",
            answer=words,
            actor=counter.actor,
        )
        row = row_of(counter.connection, "dispute", number)
    tell(invocation, "dispute", row, N_("Objection {id}: {state}."))
