"""`national-sync voucher`: what was redeemed and is still to be collected."""

from __future__ import annotations

import click

from national_sync.cli.choices import NUMBER, limit_option, offset_option
from national_sync.cli.command import Group, Option
from national_sync.cli.counter import at_counter, key_option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.nouns import tell_listed
from national_sync.cli.redemption import OFFICE, tell_outcome
from national_sync.i18n import N_


@click.group(cls=Group, help=N_("Vouchers: collect them, see which are open."))
def voucher() -> None:
    pass


@voucher.command(help=N_("Collect what a voucher is for: once, at its own partner."))
@click.argument("code")
@click.option("--merchant", cls=Option, type=NUMBER, required=True)
@click.option("--outlet", cls=Option, type=NUMBER)
@key_option
@pass_invocation
def collect(invocation: Invocation, code: str, merchant: int, outlet: int | None, key: str | None) -> None:
    from uuid import uuid4

    from national_sync.exchange.merchants import check_place

    with at_counter(invocation, "voucher.collect_wanted", merchant=merchant) as counter:
        check_place(counter.connection, merchant, outlet)
        outcome = counter.steps.collect(
            counter.book,
            counter.now,
            code,
            key=key if key is not None else str(uuid4()),
            merchant_id=merchant,
            outlet_id=outlet,
            device=OFFICE,
        )
    tell_outcome(invocation, outcome)


@voucher.command("list", help=N_("List vouchers, the newest first; codes are not kept."))
@click.option("--merchant", cls=Option, type=NUMBER)
@click.option("--state", cls=Option, type=click.Choice(["issued", "collected", "expired", "cancelled"]))
@limit_option
@offset_option
@pass_invocation
def list_(invocation: Invocation, merchant: int | None, state: str | None, limit: int, offset: int) -> None:
    columns = ("redemption_id", "merchant_id", "state", "expires_at", "collected_at")
    tell_listed(
        invocation,
        "voucher",
        columns,
        limit=limit,
        offset=offset,
        order="redemption_id",
        merchant_id=merchant,
        state=state,
    )
