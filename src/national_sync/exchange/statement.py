"""What is in an account, and each line of it in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Any, Final

from sqlalchemy import Connection

from national_sync.exchange.accounts import Kind, exchangeable, held, lots_of
from national_sync.exchange.balance import usable_seconds
from national_sync.exchange.book import Book, BulkBook
from national_sync.i18n import N_, _

_PAGE: Final = (
    "SELECT e.version, p.at, p.kind, e.seconds, e.balance_before, e.balance_after, e.record_id, p.redemption_id,"
    " p.actor, p.note, e.posting_id, o.name AS offer, m.name AS merchant"
    " FROM entry e JOIN posting p ON p.id = e.posting_id LEFT JOIN redemption r ON r.id = p.redemption_id"
    " LEFT JOIN offer o ON o.id = r.offer_id LEFT JOIN merchant m ON m.id = r.merchant_id"
    " WHERE e.account_id = ? AND e.version < ? ORDER BY e.version DESC"
)
_COLUMNS: Final = (
    "version", "at", "kind", "seconds", "balance_before", "balance_after", "record_id", "redemption_id", "actor", "note",
    "posting_id", "offer", "merchant",
)  # fmt: skip
_FACTS: Final = (
    "SELECT a.balance, a.version, a.state, a.closed_for, h.balance FROM (SELECT 1) AS one"
    " LEFT JOIN account a ON a.id = ? LEFT JOIN account h ON h.id = ?"
)

SENTENCES: Final[dict[Kind, str]] = {
    Kind.CREDITED: N_("Service counted: hour record {record_id}"),
    Kind.CORRECTED: N_("The national side corrected hour record {record_id}"),
    Kind.HELD: N_("Set aside for {offer} at {merchant} (redemption {redemption_id})"),
    Kind.RELEASED: N_("Given up: {offer} at {merchant} (redemption {redemption_id})"),
    Kind.HOLD_EXPIRED: N_("Not confirmed in time: {offer} at {merchant} (redemption {redemption_id})"),
    Kind.CONFIRMED: N_("Confirmed in part, the rest is back: {offer} at {merchant} (redemption {redemption_id})"),
    Kind.REFUNDED: N_("Refunded: {offer} at {merchant} (redemption {redemption_id}); reason: {note}"),
    Kind.NOT_FULFILLED: N_("Not delivered: {offer} at {merchant} (redemption {redemption_id}); reason: {note}"),
    Kind.RETURNED: N_("Voucher not collected, hours back: {offer} at {merchant} (redemption {redemption_id})"),
    Kind.FORFEITED: N_("Voucher not collected, hours lost: {offer} at {merchant} (redemption {redemption_id})"),
    Kind.EXPIRED: N_("Hours expired"),
    Kind.UNEXPIRED: N_("Expired hours of hour record {record_id} count as withdrawn instead"),
    Kind.MERGED: N_("Brought together with another registration of the same person"),
    Kind.MERGE_UNDONE: N_("Parted again from another registration"),
}

_PLACES: Final = {
    kind: tuple(name for _text, name, _form, _conversion in Formatter().parse(sentence) if name)
    for kind, sentence in SENTENCES.items()
}


def account_facts(connection: Connection, volunteer_id: int, now: int) -> dict[str, Any]:
    """The balance, what of it can be spent now, what is held, and what expires next."""
    return facts_in(BulkBook(connection), volunteer_id, now)


def facts_in(book: Book, volunteer_id: int, now: int) -> dict[str, Any]:
    """The same, through the driver."""
    account = exchangeable(volunteer_id)
    [(found, entries, state, closed_for, holding)] = book.rows(_FACTS, account, held(volunteer_id))
    balance, lots = found or 0, lots_of(book, account)
    return {
        "volunteer_id": volunteer_id,
        "state": state or "open",
        "closed_for": closed_for,
        "balance_seconds": balance,
        "usable_seconds": usable_seconds(balance, lots, now),
        "held_seconds": holding or 0,
        "deficit_seconds": max(0, -balance),
        "entries": entries or 0,
        "lots": [{"expires_at": lot.expires_at, "seconds": lot.seconds} for lot in lots if lot.expires_at > now],
    }


def page(connection: Connection, account: int, *, before: int | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """The newest entries, or those older than entry `before`."""
    return page_in(BulkBook(connection), account, before=before, limit=limit)


def page_in(book: Book, account: int, *, before: int | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """The same, through the driver."""
    # PostgreSQL plans a limit that it sees once, and one that it is told anew for each page.
    rows = book.rows(f"{_PAGE} LIMIT {int(limit)}", account, 2**62 if before is None else before)
    return [dict(zip(_COLUMNS, row, strict=True)) for row in rows]


def line_in_words(facts: Mapping[str, Any]) -> str:
    """Why this entry is there, in the language in use."""
    kind = Kind(facts["kind"])
    return _(SENTENCES[kind], **{name: facts[name] for name in _PLACES[kind]})
