"""`national-sync merchant`: the partners of the exchange and their outlets."""

from __future__ import annotations

import click

from national_sync.cli.choices import NUMBER, limit_option, offset_option
from national_sync.cli.command import Group, Option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.nouns import add_show, add_state, county_option, do_and_tell, number_argument, tell_listed
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
@county_option
@click.option("--volunteer", cls=Option, type=NUMBER, help=N_("The volunteer who runs it, for the review."))
@pass_invocation
def add(invocation: Invocation, name: str, category: str, code: str, county: str, volunteer: int | None) -> None:
    from national_sync.exchange.merchants import Category, add_merchant

    do_and_tell(
        invocation,
        "merchant.added",
        "merchant",
        N_("Merchant {id} is there. Next: national-sync agreement sign {id} NUMBER …"),
        lambda counter: add_merchant(
            counter.connection,
            counter.now,
            name=name,
            category=Category(category),
            credit_code=code,
            area_id=county,
            representative_id=volunteer,
        ),
        category=category,
    )


@merchant.command("list", help=N_("List the partners."))
@limit_option
@offset_option
@pass_invocation
def list_(invocation: Invocation, limit: int, offset: int) -> None:
    columns = ("id", "name", "category", "area_id", "state")
    tell_listed(invocation, "merchant", columns, limit=limit, offset=offset)


add_show(merchant, "merchant", N_("Show a partner."))


@merchant.command(help=N_("Add a place where the partner serves volunteers."))
@number_argument
@click.argument("name")
@county_option
@click.option("--address", cls=Option, default="")
@pass_invocation
def outlet(invocation: Invocation, number: int, name: str, county: str, address: str) -> None:
    from national_sync.exchange.merchants import add_outlet

    do_and_tell(
        invocation,
        "merchant.outlet_added",
        "outlet",
        N_("Outlet {id} of merchant {merchant_id} is there."),
        lambda counter: add_outlet(counter.connection, merchant_id=number, name=name, area_id=county, address=address),
        merchant=number,
    )


@merchant.command(help=N_("List the places where a partner serves volunteers."))
@number_argument
@limit_option
@offset_option
@pass_invocation
def outlets(invocation: Invocation, number: int, limit: int, offset: int) -> None:
    columns = ("id", "name", "area_id", "address", "state")
    tell_listed(invocation, "outlet", columns, limit=limit, offset=offset, merchant_id=number)


@merchant.command("close-outlet", help=N_("Nothing is redeemed at this outlet any more; vouchers stay good elsewhere."))
@click.argument("number", type=NUMBER, metavar="OUTLET")
@pass_invocation
def close_outlet_(invocation: Invocation, number: int) -> None:
    from national_sync.exchange.merchants import close_outlet

    words = N_("Outlet {id} of merchant {merchant_id}: {state}.")
    do_and_tell(
        invocation,
        "outlet.closed",
        "outlet",
        words,
        lambda counter: close_outlet(counter.connection, number),
        number=number,
    )


def _set_state(invocation: Invocation, number: int, state: str) -> None:
    from national_sync.exchange.merchants import set_merchant_state

    words = N_("Merchant {id}: {state}. What is held or confirmed stays good.")
    do_and_tell(
        invocation,
        f"merchant.{state}",
        "merchant",
        words,
        lambda counter: set_merchant_state(counter.connection, number, state),
        number=number,
    )


for verb, to, help_text in (
    ("suspend", "suspended", N_("Nothing can be redeemed there until it is resumed.")),
    ("resume", "active", N_("End a suspension.")),
    ("leave", "left", N_("The partner takes part no more; its account and its statements stay.")),
):
    add_state(merchant, verb, help_text, state=to, change=_set_state)
