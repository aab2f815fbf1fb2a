"""`national-sync offer`: what can be had for hours."""

from __future__ import annotations

from datetime import datetime
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
    tell_one,
    tell_rows,
)
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.i18n import N_

DAY = click.DateTime(["%Y-%m-%d"])


@click.group(cls=Group, help=N_("What volunteers can have for their hours."))
def offer() -> None:
    pass


@offer.command(help=N_("Add an offer of a partner."))
@click.argument("merchant", type=NUMBER)
@click.argument("name")
@click.option("--hours", cls=Option, required=True, help=N_("The price of a piece, such as 2 or 0.5."))
@click.option("--from", "first", cls=Option, type=DAY, required=True, help=N_("The first day."))
@click.option("--until", "last", cls=Option, type=DAY, required=True, help=N_("The last day."))
@click.option("--stock", cls=Option, type=int, help=N_("How many there are; without it as many as are wanted."))
@click.option("--limit", "limits", cls=Option, multiple=True, help=N_("For each person, such as '2 per offer'."))
@click.option("--star", cls=Option, type=click.IntRange(0, 5), default=0, help=N_("For so many stars and more."))
@click.option("--age", cls=Option, type=click.IntRange(0, 120), default=0, help=N_("From this age on."))
@click.option("--outlet", "outlets", cls=Option, type=NUMBER, multiple=True, help=N_("Only at this outlet."))
@click.option("--collect-days", cls=Option, type=click.IntRange(1, 3_660), default=30, show_default=True)
@pass_invocation
def add(
    invocation: Invocation,
    /,
    merchant: int,
    name: str,
    hours: str,
    first: datetime,
    last: datetime,
    limits: tuple[str, ...],
    star: int,
    age: int,
    **terms: Any,
) -> None:
    from national_sync.exchange.offers import add_offer, price_in_seconds
    from national_sync.exchange.rows import show as row_of

    price = price_in_seconds(hours)
    with at_counter(invocation, "offer.added", merchant=merchant, price_seconds=price) as counter:
        number = add_offer(
            counter.connection,
            merchant_id=merchant,
            name=name,
            price_seconds=price,
            first_day=first.date(),
            last_day=last.date(),
            limits=", ".join(limits),
            minimum_star=star,
            minimum_age=age,
            **terms,
        )
        row = row_of(counter.connection, "offer", number)
    tell(invocation, "offer", row, N_("Offer {id} is open: {name}, {price_seconds} hours a piece."))


@offer.command("list", help=N_("List offers, or with --open what can be had today."))
@click.option("--merchant", cls=Option, type=NUMBER)
@click.option("--open", "is_open", cls=Option, is_flag=True, help=N_("Only what can be had today."))
@limit_option
@offset_option
@pass_invocation
def list_(invocation: Invocation, merchant: int | None, is_open: bool, limit: int, offset: int) -> None:
    from national_sync.exchange.offers import open_offers
    from national_sync.exchange.rows import listed

    with looking(invocation) as connection:
        if is_open:
            rows = open_offers(connection, invocation.now, limit=limit)
        else:
            rows = listed(connection, "offer", limit=limit, offset=offset, merchant_id=merchant)
    columns = ("id", "merchant_id", "name", "price_seconds", *(() if is_open else ("stock", "taken", "state")))
    tell_rows(invocation, "offers", rows, columns, limit=limit)


@offer.command(help=N_("Show an offer."))
@click.argument("number", type=NUMBER, metavar="NO")
@pass_invocation
def show(invocation: Invocation, number: int) -> None:
    from national_sync.exchange.rows import show as row_of

    with looking(invocation) as connection:
        row = row_of(connection, "offer", number)
    tell_one(invocation, "offer", row)


@offer.command(help=N_("Change the terms for what is redeemed from now on; what is held keeps its price."))
@click.argument("number", type=NUMBER, metavar="NO")
@click.option("--hours", cls=Option, help=N_("The price of a piece, such as 2 or 0.5."))
@click.option("--stock", cls=Option, type=int, help=N_("How many there are in all, those taken included."))
@click.option("--until", cls=Option, type=DAY, help=N_("The last day."))
@click.option("--limit", "limits", cls=Option, multiple=True, help=N_("For each person, such as '2 per offer'."))
@pass_invocation
def change(
    invocation: Invocation,
    number: int,
    hours: str | None,
    stock: int | None,
    until: datetime | None,
    limits: tuple[str, ...],
) -> None:
    from national_sync.exchange.calendar import midnight_after
    from national_sync.exchange.offers import price_in_seconds

    changes: dict[str, Any] = {
        "price_seconds": price_in_seconds(hours) if hours else None,
        "stock": stock,
        "ends_at": midnight_after(until.date()) if until else None,
        "limits": ", ".join(limits) or None,
    }
    _change(invocation, number, {name: value for name, value in changes.items() if value is not None})


def _change(invocation: Invocation, number: int, changes: dict[str, Any]) -> None:
    from national_sync.errors import UsageError
    from national_sync.exchange.offers import change_offer
    from national_sync.exchange.rows import show as row_of

    if not changes:
        raise UsageError(N_("Nothing is to be changed."))
    with at_counter(invocation, "offer.changed", id=number, **changes) as counter:
        change_offer(counter.connection, number, **changes)
        row = row_of(counter.connection, "offer", number)
    tell(invocation, "offer", row, N_("Offer {id} ({state}): {name}, {price_seconds} hours a piece."))


@offer.command(help=N_("Close an offer until it is resumed."))
@click.argument("number", type=NUMBER, metavar="NO")
@pass_invocation
def pause(invocation: Invocation, number: int) -> None:
    _change(invocation, number, {"state": "paused"})


@offer.command(help=N_("Open an offer again."))
@click.argument("number", type=NUMBER, metavar="NO")
@pass_invocation
def resume(invocation: Invocation, number: int) -> None:
    _change(invocation, number, {"state": "active"})


@offer.command(help=N_("End an offer."))
@click.argument("number", type=NUMBER, metavar="NO")
@pass_invocation
def end(invocation: Invocation, number: int) -> None:
    _change(invocation, number, {"state": "ended"})
