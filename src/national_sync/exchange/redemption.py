"""A redemption as the steps read it."""

from __future__ import annotations

from typing import Final, NamedTuple

from national_sync.exchange.accounts import Balance, exchangeable, held, spent
from national_sync.exchange.book import Book

FREE_PIECES: Final = "UPDATE offer SET taken = taken - ? WHERE id = ? AND taken >= ?"


class Redemption(NamedTuple):
    """A redemption with the accounts it moves and its voucher, as one statement reads them."""

    redemption_id: int
    volunteer_id: int
    offer_id: int
    merchant_id: int
    device: str
    held_quantity: int
    quantity: int
    price_seconds: int
    lots: str
    state: str
    refusal: str | None
    expires_at: int
    balance: int
    version: int
    held_balance: int
    held_version: int
    spent_balance: int
    spent_version: int
    collect_days: int
    salt: bytes | None
    voucher_expires_at: int | None
    voucher_state: str | None
    refunded_seconds: int
    created_at: int

    @property
    def rest_seconds(self) -> int:
        """Of what was confirmed: not given back yet."""
        return self.quantity * self.price_seconds - self.refunded_seconds

    @property
    def exchangeable(self) -> Balance:
        return Balance(exchangeable(self.volunteer_id), self.balance, self.version)

    @property
    def held(self) -> Balance:
        return Balance(held(self.volunteer_id), self.held_balance, self.held_version)

    @property
    def spent(self) -> Balance:
        return Balance(spent(self.merchant_id), self.spent_balance, self.spent_version)


_LOAD: Final = (
    "SELECT r.id, r.volunteer_id, r.offer_id, r.merchant_id, r.device, r.held_quantity, r.quantity, r.price_seconds,"
    " r.lots, r.state, r.refusal, r.expires_at, a.balance, a.version, h.balance, h.version, s.balance, s.version,"
    " o.collect_days, c.salt, c.expires_at, c.state, r.refunded_seconds, r.created_at"
    " FROM redemption r"
    " LEFT JOIN account a ON a.id = r.volunteer_id * 10 + 1 LEFT JOIN account h ON h.id = r.volunteer_id * 10 + 2"
    " LEFT JOIN account s ON s.id = r.merchant_id * 10 + 3 LEFT JOIN offer o ON o.id = r.offer_id"
    " LEFT JOIN voucher c ON c.redemption_id = r.id WHERE r.id = ?"
)


_LOCK: Final = (
    "SELECT id FROM account WHERE id IN (SELECT volunteer_id * 10 + 1 FROM redemption WHERE id = ? UNION ALL"
    " SELECT merchant_id * 10 + 3 FROM redemption WHERE id = ?) ORDER BY id FOR UPDATE"
)


def load(book: Book, redemption_id: int) -> Redemption | None:
    """A redemption, its accounts locked."""
    if book.must_lock:
        book.rows(_LOCK, redemption_id, redemption_id)
    row = book.one(_LOAD, redemption_id)
    return Redemption._make(row) if row else None
