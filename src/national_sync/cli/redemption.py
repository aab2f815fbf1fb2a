"""`national-sync redemption`: hours set aside, spent, given back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from national_sync.cli.choices import NUMBER, limit_option, offset_option
from national_sync.cli.command import Group, Option
from national_sync.cli.counter import at_counter, key_option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.nouns import add_show, do_and_tell, number_argument, tell_listed
from national_sync.clock import local_text
from national_sync.i18n import N_, _
from national_sync.prose.amounts import hours as hours_text

if TYPE_CHECKING:
    from national_sync.cli.counter import Counter
    from national_sync.exchange.outcomes import Outcome

OFFICE = "office"
"""The device of what is done at this keyboard."""
_STATES = ("refused", "held", "released", "expired", "confirmed", "refunded", "returned", "forfeited")


@click.group(cls=Group, help=N_("Redemptions: hours set aside, spent, given back."))
def redemption() -> None:
    pass


def tell_outcome(invocation: Invocation, outcome: Outcome) -> None:
    """What became of it, in a sentence; a refusal leaves with exit code 2."""
    from national_sync.exchange.outcomes import sentence

    facts = {**outcome._asdict(), "sentence": sentence(outcome.refusal) if outcome.refusal else ""}
    invocation.answer({"redemption": facts}, lambda: _in_words(outcome, facts["sentence"]))
    if outcome.refusal:
        click.get_current_context().exit(2)


def _in_words(outcome: Outcome, sentence: str) -> str:
    if outcome.refusal:
        return sentence
    facts = {
        "id": outcome.redemption_id,
        "hours": hours_text(outcome.seconds),
        "until": local_text(outcome.expires_at) if outcome.expires_at else "-",
    }
    match outcome.state:
        case "held":
            words = N_(
                "Redemption {id}: {hours} hours are held until {until}. Next: national-sync redemption confirm {id}"
            )
            return _(words, **facts)
        case "confirmed" if outcome.code:
            words = N_("Redemption {id}: {hours} hours are spent. Voucher {code}, good until {until}.")
            return _(words, **facts, code=outcome.code)
        case "confirmed":
            return _(N_("Redemption {id} is collected."), **facts)
        case _:
            return _(N_("Redemption {id}: {hours} hours are back in the account."), **facts)


@redemption.command(help=N_("Set hours of a volunteer aside for an offer."))
@click.argument("volunteer", type=NUMBER)
@click.argument("offer", type=NUMBER)
@click.option("--quantity", cls=Option, type=int, default=1, show_default=True)
@click.option("--outlet", cls=Option, type=NUMBER)
@key_option
@pass_invocation
def hold(
    invocation: Invocation, volunteer: int, offer: int, quantity: int, outlet: int | None, key: str | None
) -> None:
    from uuid import uuid4

    from national_sync.exchange.steps import HoldRequest

    request = HoldRequest(key if key is not None else str(uuid4()), volunteer, offer, quantity, OFFICE, outlet)
    with at_counter(invocation, "redemption.hold_wanted", volunteer=volunteer, offer=offer) as counter:
        outcome = counter.steps.hold(counter.book, counter.now, request)
    tell_outcome(invocation, outcome)


@redemption.command(help=N_("Spend what is held, or a part of it, and issue the voucher."))
@number_argument
@click.option("--quantity", cls=Option, type=int, help=N_("Only so many pieces; the rest goes back."))
@pass_invocation
def confirm(invocation: Invocation, number: int, quantity: int | None) -> None:
    with at_counter(invocation, "redemption.confirm_wanted", id=number) as counter:
        _check_device(counter, number)
        outcome = counter.steps.confirm(counter.book, counter.now, number, quantity, device=OFFICE)
    tell_outcome(invocation, outcome)


def _check_device(counter: Counter, number: int) -> None:
    """What was held at a kiosk is confirmed there, where the person is. Raises UsageError, NotFound."""
    from national_sync.errors import UsageError
    from national_sync.exchange.rows import show

    device = show(counter.connection, "redemption", number)["device"]
    if device != OFFICE:
        raise UsageError(
            N_("Redemption {id} was begun at {device} and can only be confirmed there."),
            hint=N_("To give it up: national-sync redemption release {id}"),
            id=number,
            device=device,
        )


@redemption.command(help=N_("Give a hold up; the hours go back."))
@number_argument
@pass_invocation
def release(invocation: Invocation, number: int) -> None:
    with at_counter(invocation, "redemption.release_wanted", id=number) as counter:
        outcome = counter.steps.release(counter.book, counter.now, number, device=None)
    tell_outcome(invocation, outcome)


@redemption.command("list", help=N_("List redemptions, the newest first."))
@click.option("--volunteer", cls=Option, type=NUMBER)
@click.option("--merchant", cls=Option, type=NUMBER)
@click.option("--state", cls=Option, type=click.Choice(_STATES))
@limit_option
@offset_option
@pass_invocation
def list_(
    invocation: Invocation, volunteer: int | None, merchant: int | None, state: str | None, limit: int, offset: int
) -> None:
    columns = ("id", "volunteer_id", "offer_id", "quantity", "state", "refusal", "created_at")
    tell_listed(
        invocation,
        "redemption",
        columns,
        limit=limit,
        offset=offset,
        volunteer_id=volunteer,
        merchant_id=merchant,
        state=state,
    )


add_show(redemption, "redemption", N_("Show a redemption."))


@redemption.command(help=N_("Ask for hours to be given back; another person approves it."))
@number_argument
@click.option("--hours", cls=Option, help=N_("So many; without it all that are left."))
@click.option("--reason", cls=Option, required=True)
@click.option("--cause", cls=Option, type=click.Choice(["refund", "not_fulfilled"]), default="refund")
@key_option
@pass_invocation
def refund(invocation: Invocation, number: int, hours: str | None, reason: str, cause: str, key: str | None) -> None:
    from uuid import uuid4

    from national_sync.exchange.aftermath import Cause, request_refund
    from national_sync.exchange.typed import hours_in_seconds

    do_and_tell(
        invocation,
        "redemption.refund_wanted",
        "refund",
        N_("Refund {id} of {seconds} hours waits for a second person: national-sync redemption approve {id}"),
        lambda counter: request_refund(
            counter.book,
            counter.now,
            key=key if key is not None else str(uuid4()),
            redemption_id=number,
            seconds=hours_in_seconds(hours) if hours else None,
            cause=Cause(cause),
            reason=reason,
            actor=counter.actor,
        ),
        redemption=number,
        cause=cause,
    )


@redemption.command(help=N_("List refunds that wait for a second person."))
@click.option("--state", cls=Option, type=click.Choice(["requested", "approved", "rejected"]), default="requested")
@limit_option
@offset_option
@pass_invocation
def refunds(invocation: Invocation, state: str, limit: int, offset: int) -> None:
    columns = ("id", "redemption_id", "seconds", "cause", "reason", "requested_by", "state")
    tell_listed(invocation, "refund", columns, limit=limit, offset=offset, state=state)


@redemption.command(help=N_("Approve a refund that somebody else has asked for."))
@number_argument
@pass_invocation
def approve(invocation: Invocation, number: int) -> None:
    from national_sync.exchange.aftermath import approve_refund

    def act(counter: Counter) -> None:
        approve_refund(counter.book, counter.now, number, actor=counter.actor)

    words = N_("{seconds} hours of redemption {redemption_id} are back in the account.")
    do_and_tell(invocation, "refund.approved", "refund", words, act, number=number)


@redemption.command(help=N_("Reject a refund."))
@number_argument
@pass_invocation
def reject(invocation: Invocation, number: int) -> None:
    from national_sync.exchange.aftermath import reject_refund

    def act(counter: Counter) -> None:
        reject_refund(counter.book, counter.now, number, actor=counter.actor)

    do_and_tell(invocation, "refund.rejected", "refund", N_("Refund {id} is rejected."), act, number=number)
