"""What is in an account, and each line of it in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.exchange.accounts import Kind, exchangeable, held, lots_of
from national_sync.exchange.balance import usable_seconds
from national_sync.exchange.book import BulkBook
from national_sync.i18n import N_, _

_PAGE: Final = (
    "SELECT e.version, p.at, p.kind, e.seconds, e.balance_before, e.balance_after, e.record_id, p.redemption_id,"
    " p.actor, p.note, e.posting_id, o.name AS offer, m.name AS merchant"
    " FROM entry e JOIN posting p ON p.id = e.posting_id LEFT JOIN redemption r ON r.id = p.redemption_id"
    " LEFT JOIN offer o ON o.id = r.offer_id LEFT JOIN merchant m ON m.id = r.merchant_id"
    " WHERE e.account_id = :account AND e.version < :before ORDER BY e.version DESC LIMIT :limit"
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


def account_facts(connection: Connection, volunteer_id: int, now: int) -> dict[str, Any]:
    """The balance, what of it can be spent now, what is held, and what expires next."""
    account = exchangeable(volunteer_id)
    row = connection.execute(
        text("SELECT balance, version, state, closed_for FROM account WHERE id = :account"), {"account": account}
    ).first()
    balance, entries, state, closed_for = row if row else (0, 0, "open", None)
    holding = connection.execute(
        text("SELECT balance FROM account WHERE id = :account"), {"account": held(volunteer_id)}
    ).scalar()
    lots = lots_of(BulkBook(connection), account)
    return {
        "volunteer_id": volunteer_id,
        "state": state,
        "closed_for": closed_for,
        "balance_seconds": balance,
        "usable_seconds": usable_seconds(balance, lots, now),
        "held_seconds": holding or 0,
        "deficit_seconds": max(0, -balance),
        "entries": entries,
        "lots": [{"expires_at": lot.expires_at, "seconds": lot.seconds} for lot in lots if lot.expires_at > now],
    }


def page(connection: Connection, account: int, *, before: int | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """The newest entries, or those older than entry `before`."""
    rows = connection.execute(
        text(_PAGE), {"account": account, "before": 2**62 if before is None else before, "limit": limit}
    )
    return [dict(row) for row in rows.mappings()]


def line_in_words(facts: Mapping[str, Any]) -> str:
    """Why this entry is there, in the language in use."""
    return _(SENTENCES[Kind(facts["kind"])], **{name: value for name, value in facts.items() if name != "kind"})
