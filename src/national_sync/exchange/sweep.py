"""What time brings about by itself: holds, vouchers and hours whose time is over are booked as such.

Nothing depends on when this runs, for the steps judge by the clock themselves. It keeps the books short of things that
are over, and gives hours back to people who do not come again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text

from national_sync.clock import Clock
from national_sync.exchange.accounts import EXPIRED
from national_sync.exchange.aftermath import expire_voucher
from national_sync.exchange.book import BulkBook
from national_sync.exchange.hand import Hand
from national_sync.exchange.ledger import Ledger
from national_sync.exchange.steps import Steps
from national_sync.store.database import Database

_AT_ONCE: Final = 200
_MOST_ONE_BY_ONE: Final = 10_000
"""Holds and vouchers in one pass; the next one goes on."""


@dataclass
class Swept:
    holds: int = 0
    vouchers: int = 0
    accounts: int = 0
    """Of which hours expired."""


def sweep(database: Database, ledger: Ledger, steps: Steps, clock: Clock) -> Swept:
    done = Swept()
    for redemption_id in _due(database, "redemption", "id", "held", clock):
        done.holds += ledger.run(lambda book, now, one=redemption_id: steps.expire_hold(book, now, one))  # type: ignore[misc]
    for redemption_id in _due(database, "voucher", "redemption_id", "issued", clock):
        done.vouchers += ledger.run(lambda book, now, one=redemption_id: expire_voucher(book, now, one))  # type: ignore[misc]
    while expired := _expire_lots(database, int(clock.now())):
        done.accounts += expired
    return done


def _due(database: Database, table: str, key: str, state: str, clock: Clock) -> list[int]:
    with database.read() as connection:
        found = connection.execute(
            text(
                f"SELECT {key} FROM {table} WHERE state = '{state}' AND expires_at <= :now"
                " ORDER BY expires_at LIMIT :most"
            ),
            {"now": int(clock.now()), "most": _MOST_ONE_BY_ONE},
        )
        return list(found.scalars())


def _expire_lots(database: Database, now: int) -> int:
    """One chunk; the number of accounts."""
    with database.write() as connection:
        accounts = _accounts_due(connection, now)
        if accounts:
            hand = Hand(BulkBook(connection), now)
            hand.take([EXPIRED, *accounts])
            for account in accounts:
                hand.expire(account, EXPIRED)
            hand.write()
        return len(accounts)


def _accounts_due(connection: Connection, now: int) -> list[int]:
    found = connection.execute(
        text(
            "SELECT DISTINCT account_id FROM lot WHERE left_seconds > 0 AND expires_at <= :now"
            " ORDER BY account_id LIMIT :most"
        ),
        {"now": now, "most": _AT_ONCE},
    )
    return list(found.scalars())
