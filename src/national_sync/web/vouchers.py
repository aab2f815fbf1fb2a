"""The vouchers that a person still has: shown again to whoever has lost the slip."""

from __future__ import annotations

from typing import Final

from national_sync.exchange.codes import VoucherCodes
from national_sync.web.desk import Desk, Voucher
from national_sync.web.sessions import Visit

MOST: Final = 10
_GOOD: Final = (
    "SELECT c.salt, r.quantity * r.price_seconds - r.refunded_seconds, c.expires_at, o.name, m.name"
    " FROM redemption r JOIN voucher c ON c.redemption_id = r.id JOIN offer o ON o.id = r.offer_id"
    " JOIN merchant m ON m.id = o.merchant_id WHERE r.volunteer_id = ? AND c.state = 'issued' AND c.expires_at > ?"
    " ORDER BY r.created_at DESC, r.id DESC LIMIT ?"
)


def good_vouchers(desk: Desk, visit: Visit) -> list[Voucher]:
    """Those that can be collected today, the latest first."""
    codes, now = VoucherCodes(desk.sealer), desk.now
    rows = desk.looks.look_here(lambda book: book.rows(_GOOD, visit.volunteer_id, now, MOST))
    return [Voucher(codes.again(bytes(salt)), *facts) for salt, *facts in rows]
