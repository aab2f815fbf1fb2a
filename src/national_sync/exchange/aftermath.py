"""What may happen after a redemption was confirmed: its voucher expires, hours are refunded, delivery fails."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from national_sync.errors import AlreadySettled, KeyMissing, KeyReused, NotFound, SecondPersonNeeded, UsageError
from national_sync.exchange.accounts import (
    FORFEITED,
    Kind,
    Movement,
    balance_of,
    fill,
    open_account,
    posting,
)
from national_sync.exchange.balance import last_to_expire, lots_from_text, lots_to_text, minus, put
from national_sync.exchange.book import Book, Write
from national_sync.exchange.outcomes import State, VoucherState
from national_sync.exchange.redemption import FREE_PIECES, Redemption, load
from national_sync.exchange.typed import check_words
from national_sync.i18n import N_
from national_sync.prose.amounts import hours

_SETTLE: Final = "UPDATE redemption SET state = ?, refunded_seconds = ?, lots = ? WHERE id = ? AND state = 'confirmed'"
_END_VOUCHER: Final = "UPDATE voucher SET state = ? WHERE redemption_id = ? AND state = 'issued'"


class Cause(StrEnum):
    """Why hours are given back after the fact."""

    REFUND = "refund"
    NOT_FULFILLED = "not_fulfilled"


class Refund(NamedTuple):
    """A row of `refund`."""

    id: int
    redemption_id: int
    seconds: int
    cause: Cause
    state: str
    requested_by: str
    reason: str


# Vouchers that nobody collected


def expire_voucher(book: Book, now: float, redemption_id: int) -> bool:
    """Hours back or lost, by the agreement of the day on which they were held; false if it is not time yet."""
    one = load(book, redemption_id)
    if one is None or one.state != State.CONFIRMED or one.voucher_state != VoucherState.ISSUED:
        return False
    if one.voucher_expires_at is None or one.voucher_expires_at > now:
        return False
    uncollected, _refunds = _agreed(book, one)
    book.write(_forfeited(book, now, one) if uncollected == "forfeited" else _returned(book, now, one))
    return True


def _agreed(book: Book, one: Redemption) -> tuple[str, str]:
    """What the agreement of the day on which it was held says of uncollected vouchers and of refunds."""
    row = book.one(
        "SELECT uncollected, refunds FROM agreement WHERE merchant_id = ? AND starts_at <= ? AND ends_at > ?"
        " ORDER BY CASE state WHEN 'terminated' THEN 1 ELSE 0 END, id DESC LIMIT 1",
        one.merchant_id,
        one.created_at,
        one.created_at,
    )
    return (row[0], row[1]) if row else ("returned", "allowed")


def _returned(book: Book, now: float, one: Redemption) -> list[Write]:
    return [
        *_give_back(book, now, one, one.rest_seconds, Kind.RETURNED, State.RETURNED),
        (_END_VOUCHER, (VoucherState.EXPIRED.value, one.redemption_id)),
        (FREE_PIECES, (one.quantity, one.offer_id, one.quantity)),
    ]


def _forfeited(book: Book, now: float, one: Redemption) -> list[Write]:
    open_account(book, FORFEITED)
    book.lock(FORFEITED)
    movements = [Movement(one.spent, -one.rest_seconds), Movement(balance_of(book, FORFEITED), one.rest_seconds)]
    return [
        *posting(book.next_id("posting"), int(now), Kind.FORFEITED, movements, redemption_id=one.redemption_id),
        (_SETTLE, (State.FORFEITED.value, one.refunded_seconds, one.lots, one.redemption_id)),
        (_END_VOUCHER, (VoucherState.EXPIRED.value, one.redemption_id)),
        (FREE_PIECES, (one.quantity, one.offer_id, one.quantity)),
    ]


def _give_back(
    book: Book,
    now: float,
    one: Redemption,
    seconds: int,
    kind: Kind,
    state: State,
    *,
    actor: str = "",
    note: str = "",
) -> list[Write]:
    """From the merchant to the volunteer, into the lots that can be spent longest."""
    lots = lots_from_text(one.lots)
    back = last_to_expire(lots, seconds)
    movements = [Movement(one.spent, -seconds), Movement(one.exchangeable, seconds)]
    return [
        *posting(
            book.next_id("posting"),
            int(now),
            kind,
            movements,
            redemption_id=one.redemption_id,
            actor=actor,
            note=note,
        ),
        *fill(one.exchangeable.account, put(one.balance, back)),
        (
            _SETTLE,
            (state.value, one.refunded_seconds + seconds, lots_to_text(minus(lots, back)), one.redemption_id),
        ),
    ]


# Refunds: one person asks, another one approves


def request_refund(
    book: Book,
    now: float,
    *,
    key: str,
    redemption_id: int,
    seconds: int | None,
    cause: Cause,
    reason: str,
    actor: str,
) -> int:
    """Ask for hours to be given back, all that is left of them if no number is given; the number of the request.

    Repeated under its key it is the same request. Raises UsageError, KeyMissing, KeyReused, NotFound.
    """
    if not key.strip():
        raise KeyMissing()
    check_words(reason)
    one = load(book, redemption_id)
    if one is None:
        raise NotFound(noun="redemption", id=redemption_id)
    known = book.one("SELECT id, redemption_id, seconds, cause FROM refund WHERE key = ?", key)
    if known is not None:
        if known[1] != redemption_id or known[3] != cause or seconds not in (None, known[2]):
            raise KeyReused()
        return int(known[0])
    wanted = one.rest_seconds if seconds is None else seconds
    _check_refund(book, one, wanted, cause)
    row = book.one(
        "INSERT INTO refund (key, redemption_id, seconds, cause, reason, requested_by, requested_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        key,
        redemption_id,
        wanted,
        cause.value,
        reason,
        actor,
        int(now),
    )
    assert row is not None
    return int(row[0])


def _check_refund(book: Book, one: Redemption, seconds: int, cause: Cause) -> None:
    if one.state != State.CONFIRMED:
        raise UsageError(
            N_("Redemption {id} is {state}: nothing is left to give back."), id=one.redemption_id, state=one.state
        )
    row = book.one(
        "SELECT COALESCE(SUM(CASE WHEN state = 'requested' THEN seconds ELSE 0 END), 0),"
        " COALESCE(SUM(CASE WHEN cause = 'not_fulfilled' THEN 1 ELSE 0 END), 0)"
        " FROM refund WHERE redemption_id = ? AND state <> 'rejected'",
        one.redemption_id,
    )
    asked, failures = map(int, row or (0, 0))
    if not 0 < seconds <= one.rest_seconds - asked:
        raise UsageError(
            N_("At most {most} hours are left to give back of redemption {id}."),
            most=hours(one.rest_seconds - asked),
            id=one.redemption_id,
        )
    if cause is Cause.NOT_FULFILLED and failures:
        raise UsageError(N_("The failure of redemption {id} has been made good before."), id=one.redemption_id)
    if cause is Cause.REFUND and _agreed(book, one)[1] == "excluded":
        raise UsageError(
            N_("The agreement of that day excludes refunds."),
            hint=N_("If the merchant could not deliver: --cause not_fulfilled"),
        )


def approve_refund(book: Book, now: float, refund_id: int, *, actor: str) -> int:
    """Give the hours back; the seconds. Raises SecondPersonNeeded, AlreadySettled, NotFound, UsageError."""
    refund = _open_refund(book, refund_id)
    if refund.requested_by == actor:
        raise SecondPersonNeeded(name=actor, id=refund_id)
    one = load(book, refund.redemption_id)
    refund = _open_refund(book, refund_id)
    if one is None or one.state != State.CONFIRMED or refund.seconds > one.rest_seconds:
        raise UsageError(
            N_("Redemption {id} is {state}: nothing is left to give back."),
            id=refund.redemption_id,
            state=one.state if one else "-",
        )
    kind = Kind.REFUNDED if refund.cause == Cause.REFUND else Kind.NOT_FULFILLED
    is_whole = refund.seconds == one.rest_seconds
    state = State.REFUNDED if is_whole else State.CONFIRMED
    writes = _give_back(book, now, one, refund.seconds, kind, state, actor=actor, note=refund.reason)
    if is_whole and one.voucher_state == VoucherState.ISSUED:
        writes.append((_END_VOUCHER, (VoucherState.CANCELLED.value, one.redemption_id)))
        writes.append((FREE_PIECES, (one.quantity, one.offer_id, one.quantity)))
    book.write([*writes, _decided(refund_id, "approved", actor, now)])
    return refund.seconds


def reject_refund(book: Book, now: float, refund_id: int, *, actor: str) -> None:
    """Raises AlreadySettled, NotFound."""
    _open_refund(book, refund_id)
    book.write([_decided(refund_id, "rejected", actor, now)])


def _decided(refund_id: int, state: str, actor: str, now: float) -> Write:
    return (
        "UPDATE refund SET state = ?, decided_by = ?, decided_at = ? WHERE id = ? AND state = 'requested'",
        (state, actor, int(now), refund_id),
    )


def _open_refund(book: Book, refund_id: int) -> Refund:
    row = book.one(
        "SELECT id, redemption_id, seconds, cause, state, requested_by, reason FROM refund WHERE id = ?", refund_id
    )
    if row is None:
        raise NotFound(noun="refund", id=refund_id)
    refund = Refund._make(row)
    if refund.state != "requested":
        raise AlreadySettled(noun="refund", id=refund_id, state=refund.state)
    return refund
