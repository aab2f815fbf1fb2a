"""`national-sync offer`: what can be had for hours."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from national_sync.cli.choices import DAY, NUMBER, limit_option, offset_option
from national_sync.cli.command import Group, Option
from national_sync.cli.counter import looking, tell_rows
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.nouns import (
    add_show,
    add_state,
    do_and_tell,
    first_day_option,
    last_day_option,
    limits_option,
    number_argument,
    star_option,
    tell_listed,
)
from national_sync.i18n import N_

_LIMITS = N_("For each person, such as '2 per offer'.")


@click.group(cls=Group, help=N_("What volunteers can have for their hours."))
def offer() -> None:
    pass


@offer.command(help=N_("Add an offer of a partner."))
@click.argument("merchant", type=NUMBER)
@click.argument("name")
@click.option("--hours", cls=Option, required=True, help=N_("The price of a piece, such as 2 or 0.5."))
@first_day_option
@last_day_option
@click.option("--stock", cls=Option, type=int, help=N_("How many there are; without it as many as are wanted."))
@limits_option(_LIMITS)
@star_option
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
    from national_sync.exchange.offers import add_offer
    from national_sync.exchange.typed import hours_in_seconds

    price = hours_in_seconds(hours)
    do_and_tell(
        invocation,
        "offer.added",
        "offer",
        N_("Offer {id} is open: {name}, {price_seconds} hours a piece."),
        lambda counter: add_offer(
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
        ),
        merchant=merchant,
        price_seconds=price,
    )


@offer.command("list", help=N_("List offers, or with --open what can be had today."))
@click.option("--merchant", cls=Option, type=NUMBER)
@click.option("--open", "is_open", cls=Option, is_flag=True, help=N_("Only what can be had today."))
@limit_option
@offset_option
@pass_invocation
def list_(invocation: Invocation, merchant: int | None, is_open: bool, limit: int, offset: int) -> None:
    from national_sync.exchange.offers import open_offers

    columns = ("id", "merchant_id", "name", "price_seconds")
    if not is_open:
        tell_listed(
            invocation,
            "offer",
            (*columns, "stock", "taken", "state"),
            limit=limit,
            offset=offset,
            merchant_id=merchant,
        )
        return
    with looking(invocation) as connection:
        rows = open_offers(connection, invocation.now, merchant_id=merchant, limit=limit, offset=offset)
    tell_rows(invocation, "offers", rows, columns, limit=limit)


add_show(offer, "offer", N_("Show an offer."))


@offer.command(help=N_("Change the terms for what is redeemed from now on; what is held keeps its price."))
@number_argument
@click.option("--hours", cls=Option, help=N_("The price of a piece, such as 2 or 0.5."))
@click.option("--stock", cls=Option, type=int, help=N_("How many there are in all, those taken included."))
@click.option("--until", cls=Option, type=DAY, help=N_("The last day."))
@limits_option(N_("For each person, such as '2 per offer'; '' takes the limits away."))
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
    from national_sync.exchange.typed import hours_in_seconds

    changes: dict[str, Any] = {
        "price_seconds": hours_in_seconds(hours) if hours else None,
        "stock": stock,
        "ends_at": midnight_after(until.date()) if until else None,
        "limits": ", ".join(filter(None, limits)) if limits else None,
    }
    _change(invocation, number, {name: value for name, value in changes.items() if value is not None})


def _change(invocation: Invocation, number: int, changes: dict[str, Any]) -> None:
    from national_sync.errors import UsageError
    from national_sync.exchange.offers import change_offer

    if not changes:
        raise UsageError(N_("Nothing is to be changed."))
    do_and_tell(
        invocation,
        "offer.changed",
        "offer",
        N_("Offer {id} ({state}): {name}, {price_seconds} hours a piece."),
        lambda counter: change_offer(counter.connection, number, **changes),
        number=number,
        **changes,
    )


def _set_state(invocation: Invocation, number: int, state: str) -> None:
    _change(invocation, number, {"state": state})


for verb, to, help_text in (
    ("pause", "paused", N_("Close an offer until it is resumed.")),
    ("resume", "active", N_("Open an offer again.")),
    ("end", "ended", N_("End an offer.")),
):
    add_state(offer, verb, help_text, state=to, change=_set_state)
