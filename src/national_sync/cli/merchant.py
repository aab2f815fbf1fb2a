"""`national-sync merchant`: the partners of the exchange and their outlets."""

from __future__ import annotations

import click

from national_sync.cli.choices import COUNTY
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

CATEGORIES = (
    "law_firm", "hospital", "shop", "restaurant", "hotel", "homestay", "scenic_spot", "cinema", "station",
    "public_culture", "service",
)  # fmt: skip


@click.group(cls=Group, help=N_("Partners at which volunteers spend hours or get benefits."))
def merchant() -> None:
    pass


@merchant.command(help=N_("Add a partner; what volunteers spend there has an account of its own."))
@click.argument("name")
@click.option("--category", cls=Option, type=click.Choice(CATEGORIES), required=True)
@click.option("--code", cls=Option, required=True, help=N_("The credit code of the organisation, 18 characters."))
@click.option(
    "--county", cls=Option, type=COUNTY, required=True, metavar="CODE", help=N_("Its county, such as 530802.")
)
@click.option("--volunteer", cls=Option, type=NUMBER, help=N_("The volunteer who runs it, for the review."))
@pass_invocation
def add(invocation: Invocation, name: str, category: str, code: str, county: str, volunteer: int | None) -> None:
    from national_sync.exchange.merchants import Category, add_merchant
    from national_sync.exchange.rows import show as row_of

    with at_counter(invocation, "merchant.added", category=category) as counter:
        number = add_merchant(
            counter.connection,
            counter.now,
            name=name,
            category=Category(category),
            credit_code=code,
            area_id=county,
            representative_id=volunteer,
        )
        row = row_of(counter.connection, "merchant", number)
    tell(invocation, "merchant", row, N_("Merchant {id} is there. Next: national-sync agreement sign {id} NUMBER …"))


@merchant.command("list", help=N_("List the partners."))
@limit_option
@offset_option
@pass_invocation
def list_(invocation: Invocation, limit: int, offset: int) -> None:
    from national_sync.exchange.rows import listed

    with looking(invocation) as connection:
        rows = listed(connection, "merchant", limit=limit, offset=offset)
    tell_rows(invocation, "merchants", rows, ("id", "name", "category", "area_id", "state"), limit=limit)


@merchant.command(help=N_("Show a partner."))
@click.argument("number", type=NUMBER, metavar="NO")
@pass_invocation
def show(invocation: Invocation, number: int) -> None:
    from national_sync.exchange.rows import show as row_of

    with looking(invocation) as connection:
        row = row_of(connection, "merchant", number)
    tell_one(invocation, "merchant", row)


@merchant.command(help=N_("Add a place where the partner serves volunteers."))
@click.argument("number", type=NUMBER, metavar="NO")
@click.argument("name")
@click.option(
    "--county", cls=Option, type=COUNTY, required=True, metavar="CODE", help=N_("Its county, such as 530802.")
)
@click.option("--address", cls=Option, default="")
@pass_invocation
def outlet(invocation: Invocation, number: int, name: str, county: str, address: str) -> None:
    from national_sync.exchange.merchants import add_outlet
    from national_sync.exchange.rows import show as row_of

    with at_counter(invocation, "merchant.outlet_added", id=number) as counter:
        made = add_outlet(counter.connection, merchant_id=number, name=name, area_id=county, address=address)
        row = row_of(counter.connection, "outlet", made)
    tell(invocation, "outlet", row, N_("Outlet {id} of merchant {merchant_id} is there."))


def _set_state(invocation: Invocation, number: int, state: str) -> None:
    from national_sync.exchange.merchants import set_merchant_state
    from national_sync.exchange.rows import show as row_of

    with at_counter(invocation, f"merchant.{state}", id=number) as counter:
        set_merchant_state(counter.connection, number, state)
        row = row_of(counter.connection, "merchant", number)
    tell(invocation, "merchant", row, N_("Merchant {id}: {state}. What is held or confirmed stays good."))


@merchant.command(help=N_("Nothing can be redeemed there until it is resumed."))
@click.argument("number", type=NUMBER, metavar="NO")
@pass_invocation
def suspend(invocation: Invocation, number: int) -> None:
    _set_state(invocation, number, "suspended")


@merchant.command(help=N_("End a suspension."))
@click.argument("number", type=NUMBER, metavar="NO")
@pass_invocation
def resume(invocation: Invocation, number: int) -> None:
    _set_state(invocation, number, "active")


@merchant.command(help=N_("The partner takes part no more; its account and its statements stay."))
@click.argument("number", type=NUMBER, metavar="NO")
@pass_invocation
def leave(invocation: Invocation, number: int) -> None:
    _set_state(invocation, number, "left")
