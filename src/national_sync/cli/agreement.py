"""`national-sync agreement`: what was agreed with a partner, and the benefits that cost no hours."""

from __future__ import annotations

from datetime import datetime

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


@click.group(cls=Group, help=N_("Agreements with partners, and benefits that cost no hours."))
def agreement() -> None:
    pass


@agreement.command(help=N_("Enter a signed agreement; two of one partner never cover the same day."))
@click.argument("merchant", type=NUMBER)
@click.argument("number")
@click.option("--from", "first", cls=Option, type=DAY, required=True, help=N_("The first day."))
@click.option("--until", "last", cls=Option, type=DAY, required=True, help=N_("The last day."))
@click.option("--scope", cls=Option, type=click.Choice(["exchange", "benefits", "both"]), default="exchange")
@click.option(
    "--uncollected",
    cls=Option,
    type=click.Choice(["returned", "forfeited"]),
    default="returned",
    help=N_("What becomes of the hours when nobody collects."),
)
@click.option("--refunds", cls=Option, type=click.Choice(["allowed", "excluded"]), default="allowed")
@click.option("--settles", cls=Option, type=click.Choice(["month", "quarter", "year"]), default="month")
@pass_invocation
def sign(
    invocation: Invocation,
    merchant: int,
    number: str,
    first: datetime,
    last: datetime,
    scope: str,
    uncollected: str,
    refunds: str,
    settles: str,
) -> None:
    from national_sync.exchange.calendar import Period
    from national_sync.exchange.merchants import AgreementScope, Refunds, Uncollected, sign_agreement
    from national_sync.exchange.rows import show as row_of

    with at_counter(invocation, "agreement.signed", merchant=merchant) as counter:
        made = sign_agreement(
            counter.connection,
            merchant_id=merchant,
            number=number,
            first_day=first.date(),
            last_day=last.date(),
            scope=AgreementScope(scope),
            uncollected=Uncollected(uncollected),
            refunds=Refunds(refunds),
            settles=Period(settles),
            created_by=counter.actor,
        )
        row = row_of(counter.connection, "agreement", made)
    tell(invocation, "agreement", row, N_("Agreement {id} with merchant {merchant_id} is entered."))


@agreement.command("list", help=N_("List agreements."))
@click.option("--merchant", cls=Option, type=NUMBER)
@limit_option
@offset_option
@pass_invocation
def list_(invocation: Invocation, merchant: int | None, limit: int, offset: int) -> None:
    from national_sync.exchange.rows import listed

    with looking(invocation) as connection:
        rows = listed(connection, "agreement", limit=limit, offset=offset, merchant_id=merchant)
    columns = ("id", "merchant_id", "number", "starts_at", "ends_at", "state")
    tell_rows(invocation, "agreements", rows, columns, limit=limit)


@agreement.command(help=N_("Show an agreement."))
@click.argument("number", type=NUMBER, metavar="NO")
@pass_invocation
def show(invocation: Invocation, number: int) -> None:
    from national_sync.exchange.rows import show as row_of

    with looking(invocation) as connection:
        row = row_of(connection, "agreement", number)
    tell_one(invocation, "agreement", row)


def _set_state(invocation: Invocation, number: int, state: str) -> None:
    from national_sync.exchange.merchants import set_agreement_state
    from national_sync.exchange.rows import show as row_of

    with at_counter(invocation, f"agreement.{state}", id=number) as counter:
        set_agreement_state(counter.connection, number, state)
        row = row_of(counter.connection, "agreement", number)
    tell(invocation, "agreement", row, N_("Agreement {id}: {state}."))


@agreement.command(help=N_("Nothing can be redeemed under it until it is resumed."))
@click.argument("number", type=NUMBER, metavar="NO")
@pass_invocation
def suspend(invocation: Invocation, number: int) -> None:
    _set_state(invocation, number, "suspended")


@agreement.command(help=N_("End a suspension."))
@click.argument("number", type=NUMBER, metavar="NO")
@pass_invocation
def resume(invocation: Invocation, number: int) -> None:
    _set_state(invocation, number, "active")


@agreement.command(help=N_("End an agreement before its last day, for good."))
@click.argument("number", type=NUMBER, metavar="NO")
@pass_invocation
def end(invocation: Invocation, number: int) -> None:
    _set_state(invocation, number, "terminated")


@agreement.command(help=N_("Add something that volunteers get without hours."))
@click.argument("number", type=NUMBER, metavar="NO")
@click.argument("kind", type=click.Choice(["priority", "discount", "free_service"]))
@click.argument("description")
@click.option("--star", cls=Option, type=click.IntRange(0, 5), default=0, help=N_("For so many stars and more."))
@pass_invocation
def benefit(invocation: Invocation, number: int, kind: str, description: str, star: int) -> None:
    from national_sync.exchange.merchants import BenefitKind, add_benefit
    from national_sync.exchange.rows import show as row_of

    with at_counter(invocation, "agreement.benefit_added", id=number, kind=kind) as counter:
        made = add_benefit(
            counter.connection,
            agreement_id=number,
            kind=BenefitKind(kind),
            description=description,
            minimum_star=star,
        )
        row = row_of(counter.connection, "benefit", made)
    tell(invocation, "benefit", row, N_("Benefit {id} is there: {description}"))


@agreement.command(help=N_("What a volunteer of so many stars gets today without hours."))
@click.option("--star", cls=Option, type=click.IntRange(0, 5), default=5, show_default=True)
@pass_invocation
def benefits(invocation: Invocation, star: int) -> None:
    from national_sync.exchange.merchants import benefits_for

    with looking(invocation) as connection:
        rows = benefits_for(connection, star, invocation.now)
    tell_rows(invocation, "benefits", rows, ("merchant", "category", "kind", "description", "minimum_star"))
