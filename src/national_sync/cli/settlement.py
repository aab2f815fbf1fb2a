"""`national-sync settlement`: statements for merchants, and what they object to."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from national_sync.cli.choices import DAY, FILE, NUMBER, limit_option, offset_option
from national_sync.cli.command import Group, Option
from national_sync.cli.counter import looking, tell_rows
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.nouns import do_and_tell, first_day_option, last_day_option, number_argument, tell_listed
from national_sync.i18n import N_, _
from national_sync.prose.amounts import hours


@click.group(cls=Group, help=N_("Statements per merchant and period, and objections to them."))
def settlement() -> None:
    pass


@settlement.command(help=N_("Close the period of a merchant that a day lies in; it never changes afterwards."))
@click.argument("merchant", type=NUMBER)
@click.argument("day", type=DAY)
@pass_invocation
def close(invocation: Invocation, merchant: int, day: datetime) -> None:
    from national_sync.exchange.settlement import close_period

    do_and_tell(
        invocation,
        "settlement.closed",
        "settlement",
        N_("Settlement {id}, {period}: {redeemed_seconds} hours redeemed, {returned_seconds} given back."),
        lambda counter: close_period(counter.connection, counter.now, merchant, day.date(), actor=counter.actor),
        merchant=merchant,
        day=day.date().isoformat(),
    )


@settlement.command("list", help=N_("List settlements."))
@click.option("--merchant", cls=Option, type=NUMBER)
@limit_option
@offset_option
@pass_invocation
def list_(invocation: Invocation, merchant: int | None, limit: int, offset: int) -> None:
    columns = ("id", "merchant_id", "period", "redeemed_seconds", "returned_seconds", "closed_at")
    tell_listed(invocation, "settlement", columns, limit=limit, offset=offset, merchant_id=merchant)


@settlement.command(help=N_("Show a statement with its lines, or write it to a workbook or a PDF to be stamped."))
@number_argument
@click.option("--xlsx", cls=Option, type=FILE, help=N_("Write a workbook."))
@click.option("--pdf", cls=Option, type=FILE, help=N_("Write a PDF with room for the stamps."))
@pass_invocation
def show(invocation: Invocation, number: int, xlsx: Path | None, pdf: Path | None) -> None:
    from national_sync.exchange.settlement import statement_of

    with looking(invocation) as connection:
        facts = statement_of(connection, number)
    _write(facts, xlsx, pdf)
    invocation.answer({"settlement": facts}, lambda: _in_words(facts))


def _write(facts: dict[str, Any], xlsx: Path | None, pdf: Path | None) -> None:
    from national_sync.cli.files import written
    from national_sync.exchange.settlement_form import write_pdf, write_sheet

    for file, write in ((xlsx, write_sheet), (pdf, write_pdf)):
        if file is not None:
            with written(file):
                write(file, facts)


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
    headings = [_(N_("No.")), _(N_("When")), _(N_("Type")), _(N_("Offer")), _(N_("Hours"))]
    rows = [
        (line["version"], moment(line["at"])[:16], word(line["kind"]), line["offer"] or "-", hours(line["seconds"]))
        for line in facts["lines"]
    ]
    warning = "" if facts["is_unchanged"] else _(N_("The entries are not those that were settled."))
    return "\n".join(filter(None, [top, table(headings, rows) if rows else "", warning]))


@settlement.command(help=N_("What was redeemed in the whole city, by merchant."))
@first_day_option
@last_day_option
@pass_invocation
def totals(invocation: Invocation, first: datetime, last: datetime) -> None:
    from national_sync.errors import UsageError
    from national_sync.exchange.calendar import midnight_after
    from national_sync.exchange.settlement import city_totals
    from national_sync.puer_time import midnight

    if first > last:
        raise UsageError(
            N_("The first day {first} lies after the last day {last}."), first=first.date(), last=last.date()
        )
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
    from national_sync.exchange.settlement import open_dispute

    do_and_tell(
        invocation,
        "dispute.opened",
        "dispute",
        N_("Objection {id} is entered. Answer it: national-sync settlement answer {id} …"),
        lambda counter: open_dispute(
            counter.connection,
            counter.now,
            merchant_id=merchant,
            words=words,
            actor=counter.actor,
            redemption_id=redemption,
            settlement_id=settlement_id,
        ),
        merchant=merchant,
    )


@settlement.command(help=N_("List objections."))
@click.option("--state", cls=Option, type=click.Choice(["open", "granted", "rejected"]), default="open")
@limit_option
@offset_option
@pass_invocation
def disputes(invocation: Invocation, state: str, limit: int, offset: int) -> None:
    columns = ("id", "merchant_id", "words", "state", "opened_at")
    tell_listed(invocation, "dispute", columns, limit=limit, offset=offset, state=state)


@settlement.command(help=N_("Answer an objection; hours are given back by a refund only."))
@number_argument
@click.argument("verdict", type=click.Choice(["granted", "rejected"]))
@click.argument("words")
@pass_invocation
def answer(invocation: Invocation, number: int, verdict: str, words: str) -> None:
    from national_sync.exchange.settlement import answer_dispute

    do_and_tell(
        invocation,
        "dispute.answered",
        "dispute",
        N_("Objection {id}: {state}."),
        lambda counter: answer_dispute(
            counter.connection,
            counter.now,
            number,
            is_granted=verdict == "granted",
            answer=words,
            actor=counter.actor,
        ),
        number=number,
        verdict=verdict,
    )
