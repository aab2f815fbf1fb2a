"""What can become of a request: success, or a refusal with a stable name and a sentence for the person. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from national_sync.i18n import N_, _


class State(StrEnum):
    """Of a redemption."""

    REFUSED = "refused"
    HELD = "held"
    RELEASED = "released"
    EXPIRED = "expired"
    CONFIRMED = "confirmed"
    REFUNDED = "refunded"
    RETURNED = "returned"
    FORFEITED = "forfeited"


class VoucherState(StrEnum):
    ISSUED = "issued"
    COLLECTED = "collected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Refusal(StrEnum):
    """Why something was not done. The names are stable: clients and the review of refusals rely on them."""

    UNKNOWN_VOLUNTEER = "unknown_volunteer"
    VOLUNTEER_INACTIVE = "volunteer_inactive"
    ACCOUNT_CLOSED = "account_closed"
    UNKNOWN_OFFER = "unknown_offer"
    OFFER_CLOSED = "offer_closed"
    OFFER_NOT_YET_OPEN = "offer_not_yet_open"
    OFFER_OVER = "offer_over"
    MERCHANT_INACTIVE = "merchant_inactive"
    NO_AGREEMENT = "no_agreement"
    WRONG_OUTLET = "wrong_outlet"
    BAD_QUANTITY = "bad_quantity"
    STAR_TOO_LOW = "star_too_low"
    TOO_YOUNG = "too_young"
    LIMIT_REACHED = "limit_reached"
    SOLD_OUT = "sold_out"
    DEFICIT = "deficit"
    NOT_ENOUGH_HOURS = "not_enough_hours"
    UNKNOWN_REDEMPTION = "unknown_redemption"
    HOLD_EXPIRED = "hold_expired"
    ALREADY_RESOLVED = "already_resolved"
    WRONG_CODE = "wrong_code"
    TOO_MANY_WRONG_CODES = "too_many_wrong_codes"
    ALREADY_COLLECTED = "already_collected"
    VOUCHER_EXPIRED = "voucher_expired"
    VOUCHER_CANCELLED = "voucher_cancelled"


SENTENCES: Final[dict[Refusal, str]] = {
    Refusal.UNKNOWN_VOLUNTEER: N_("This volunteer is not known here."),
    Refusal.VOLUNTEER_INACTIVE: N_("This registration is not active at present; the office can tell why."),
    Refusal.ACCOUNT_CLOSED: N_("This account of hours is closed; the office can tell why."),
    Refusal.UNKNOWN_OFFER: N_("This offer does not exist."),
    Refusal.OFFER_CLOSED: N_("This offer is not open at present."),
    Refusal.OFFER_NOT_YET_OPEN: N_("This offer has not begun yet."),
    Refusal.OFFER_OVER: N_("This offer is over."),
    Refusal.MERCHANT_INACTIVE: N_("This merchant does not take part at present."),
    Refusal.NO_AGREEMENT: N_("There is no agreement in force with this merchant."),
    Refusal.WRONG_OUTLET: N_("This outlet does not have this offer."),
    Refusal.BAD_QUANTITY: N_("The quantity must be a whole number from 1 on, and not above what is held."),
    Refusal.STAR_TOO_LOW: N_("This offer is for volunteers with more stars."),
    Refusal.TOO_YOUNG: N_("This offer has a minimum age that is not reached yet."),
    Refusal.LIMIT_REACHED: N_("The limit for each person has been reached."),
    Refusal.SOLD_OUT: N_("This offer is sold out."),
    Refusal.DEFICIT: N_("Hours that were spent have been withdrawn; new hours make up for them first."),
    Refusal.NOT_ENOUGH_HOURS: N_("There are not enough hours in the account."),
    Refusal.UNKNOWN_REDEMPTION: N_("This redemption does not exist."),
    Refusal.HOLD_EXPIRED: N_("The time to confirm is over; the hours are back in the account."),
    Refusal.ALREADY_RESOLVED: N_("This redemption has already been settled in another way."),
    Refusal.WRONG_CODE: N_("This code is not valid here."),
    Refusal.TOO_MANY_WRONG_CODES: N_("Too many wrong codes were tried here; try again later."),
    Refusal.ALREADY_COLLECTED: N_("This voucher has been collected already."),
    Refusal.VOUCHER_EXPIRED: N_("This voucher has expired."),
    Refusal.VOUCHER_CANCELLED: N_("This voucher has been cancelled."),
}


class Outcome(NamedTuple):
    """The answer to a request about one redemption. Exactly one of `refusal` and success."""

    redemption_id: int | None
    state: State
    refusal: Refusal | None = None
    seconds: int = 0
    """Held, confirmed or given back."""
    expires_at: int | None = None
    """Of the hold, or of the voucher."""
    code: str | None = None
    """Of the voucher, in the answer to a confirmation only."""

    @property
    def is_granted(self) -> bool:
        return self.refusal is None


def refused(refusal: Refusal, redemption_id: int | None = None) -> Outcome:
    return Outcome(redemption_id, State.REFUSED, refusal)


def sentence(refusal: Refusal) -> str:
    """For the person, in the language in use."""
    return _(SENTENCES[refusal])
