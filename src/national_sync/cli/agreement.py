"""`national-sync agreement`: what was agreed with a partner, and the benefits that cost no hours."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from national_sync.cli.choices import NUMBER, limit_option, offset_option
from national_sync.cli.command import Group, Option
from national_sync.cli.counter import looking, tell_rows
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.nouns import (
    add_show,
    add_state,
    do_and_tell,
    first_day_option,
    last_day_option,
    number_argument,
    star_option,
    tell_listed,
)
from national_sync.i18n import N_


@click.group(cls=Group, help=N_("Agreements with partners, and benefits that cost no hours."))
def agreement() -> None:
    pass


@agreement.command(help=N_("Enter a signed agreement; two of one partner never cover the same day."))
@click.argument("merchant", type=NUMBER)
@click.argument("number")
@first_day_option
@last_day_option
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
def sign(invocation: Invocation, /, merchant: int, number: str, first: datetime, last: datetime, **terms: Any) -> None:
    from national_sync.exchange.calendar import Period
    from national_sync.exchange.merchants import AgreementScope, Refunds, Uncollected, sign_agreement

    do_and_tell(
        invocation,
        "agreement.signed",
        "agreement",
        N_("Agreement {id} with merchant {merchant_id} is entered."),
        lambda counter: sign_agreement(
            counter.connection,
            merchant_id=merchant,
            number=number,
            first_day=first.date(),
            last_day=last.date(),
            scope=AgreementScope(terms["scope"]),
            uncollected=Uncollected(terms["uncollected"]),
            refunds=Refunds(terms["refunds"]),
            settles=Period(terms["settles"]),
            created_by=counter.actor,
        ),
        merchant=merchant,
    )


@agreement.command("list", help=N_("List agreements."))
@click.option("--merchant", cls=Option, type=NUMBER)
@limit_option
@offset_option
@pass_invocation
def list_(invocation: Invocation, merchant: int | None, limit: int, offset: int) -> None:
    columns = ("id", "merchant_id", "number", "starts_at", "ends_at", "state")
    tell_listed(invocation, "agreement", columns, limit=limit, offset=offset, merchant_id=merchant)


add_show(agreement, "agreement", N_("Show an agreement."))


def _set_state(invocation: Invocation, number: int, state: str) -> None:
    from national_sync.exchange.merchants import set_agreement_state

    do_and_tell(
        invocation,
        f"agreement.{state}",
        "agreement",
        N_("Agreement {id}: {state}."),
        lambda counter: set_agreement_state(counter.connection, number, state),
        number=number,
    )


for verb, to, help_text in (
    ("suspend", "suspended", N_("Nothing can be redeemed under it until it is resumed.")),
    ("resume", "active", N_("End a suspension.")),
    ("end", "terminated", N_("End an agreement before its last day, for good.")),
):
    add_state(agreement, verb, help_text, state=to, change=_set_state)


@agreement.command(help=N_("Add something that volunteers get without hours."))
@number_argument
@click.argument("kind", type=click.Choice(["priority", "discount", "free_service"]))
@click.argument("description")
@star_option
@pass_invocation
def benefit(invocation: Invocation, number: int, kind: str, description: str, star: int) -> None:
    from national_sync.exchange.merchants import BenefitKind, add_benefit

    do_and_tell(
        invocation,
        "agreement.benefit_added",
        "benefit",
        N_("Benefit {id} is there: {description}"),
        lambda counter: add_benefit(
            counter.connection,
            agreement_id=number,
            kind=BenefitKind(kind),
            description=description,
            minimum_star=star,
        ),
        agreement=number,
        kind=kind,
    )


@agreement.command("end-benefit", help=N_("Volunteers get this benefit no more."))
@click.argument("number", type=NUMBER, metavar="BENEFIT")
@pass_invocation
def end_benefit_(invocation: Invocation, number: int) -> None:
    from national_sync.exchange.merchants import end_benefit

    do_and_tell(
        invocation,
        "benefit.ended",
        "benefit",
        N_("Benefit {id}: {state}."),
        lambda counter: end_benefit(counter.connection, number),
        number=number,
    )


@agreement.command(help=N_("What a volunteer of so many stars gets today without hours."))
@click.option("--star", cls=Option, type=click.IntRange(0, 5), default=5, show_default=True)
@pass_invocation
def benefits(invocation: Invocation, star: int) -> None:
    from national_sync.exchange.merchants import benefits_for

    with looking(invocation) as connection:
        rows = benefits_for(connection, star, invocation.now)
    tell_rows(invocation, "benefits", rows, ("id", "merchant", "category", "kind", "description", "minimum_star"))
