"""Accounts and the one way in which they change: postings whose entries add up to zero."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum, StrEnum
from typing import Final, NamedTuple

from sqlalchemy import Connection, text

from national_sync.errors import InvariantBroken
from national_sync.exchange.balance import Lot
from national_sync.exchange.book import Book, Write


class AccountKind(IntEnum):
    """The last digit of an account's number."""

    EXCHANGEABLE = 1
    HELD = 2
    SPENT = 3
    ISSUED = 4
    CORRECTED = 5
    EXPIRED = 6
    FORFEITED = 7

    @property
    def word(self) -> str:
        return self.name.lower()


class Kind(StrEnum):
    """What a posting does."""

    CREDITED = "credited"
    CORRECTED = "corrected"
    HELD = "held"
    RELEASED = "released"
    HOLD_EXPIRED = "hold_expired"
    CONFIRMED = "confirmed"
    REFUNDED = "refunded"
    NOT_FULFILLED = "not_fulfilled"
    RETURNED = "returned"
    FORFEITED = "forfeited"
    EXPIRED = "expired"
    UNEXPIRED = "unexpired"
    MERGED = "merged"
    MERGE_UNDONE = "merge_undone"


def exchangeable(volunteer_id: int) -> int:
    """The number of what a volunteer can spend."""
    return volunteer_id * 10 + AccountKind.EXCHANGEABLE


def exchangeable_seconds(connection: Connection, volunteer_id: int) -> int | None:
    """What a volunteer could spend now, for whoever only looks; None while there is no account."""
    found: int | None = connection.execute(
        text("SELECT balance FROM account WHERE id = :id"), {"id": exchangeable(volunteer_id)}
    ).scalar_one_or_none()
    return found


def held(volunteer_id: int) -> int:
    return volunteer_id * 10 + AccountKind.HELD


def spent(merchant_id: int) -> int:
    """The number of what was spent at a merchant."""
    return merchant_id * 10 + AccountKind.SPENT


def kind_of(account: int) -> AccountKind:
    return AccountKind(account % 10)


def owner_of(account: int) -> int:
    return account // 10


ISSUED: Final = int(AccountKind.ISSUED)
CORRECTED: Final = int(AccountKind.CORRECTED)
EXPIRED: Final = int(AccountKind.EXPIRED)
FORFEITED: Final = int(AccountKind.FORFEITED)
"""The city's own accounts."""


class Balance(NamedTuple):
    """An account as it stands before a posting."""

    account: int
    seconds: int
    version: int


class Movement(NamedTuple):
    before: Balance
    seconds: int
    record_id: int | None = None


OPEN_ACCOUNT: Final = "INSERT INTO account (id, kind, owner_id) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING"
POST: Final = "INSERT INTO posting (id, at, kind, redemption_id, actor, note) VALUES (?, ?, ?, ?, ?, ?)"
ENTER: Final = (
    "INSERT INTO entry (account_id, version, posting_id, seconds, balance_before, balance_after, record_id)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
ENTER_BOTH: Final = f"{ENTER}, (?, ?, ?, ?, ?, ?, ?)"
"""The two entries of most postings, in one statement."""
MOVE: Final = "UPDATE account SET balance = ?, version = version + 1 WHERE id = ? AND version = ?"
DRAW_LOT: Final = (
    "UPDATE lot SET left_seconds = left_seconds - ? WHERE account_id = ? AND expires_at = ? AND left_seconds >= ?"
)
FILL_LOT: Final = (
    "INSERT INTO lot (account_id, expires_at, left_seconds) VALUES (?, ?, ?)"
    " ON CONFLICT (account_id, expires_at) DO UPDATE SET left_seconds = lot.left_seconds + excluded.left_seconds"
)


def posting(
    posting_id: int,
    at: int,
    kind: Kind,
    movements: Sequence[Movement],
    *,
    redemption_id: int | None = None,
    actor: str = "",
    note: str = "",
) -> list[Write]:
    """The writes of one transaction of the ledger. Each account may move once in it."""
    if sum(movement.seconds for movement in movements):
        raise InvariantBroken(invariant="the entries of a posting add up to zero")
    entries = [
        (account, version + 1, posting_id, seconds, balance, balance + seconds, record_id)
        for (account, balance, version), seconds, record_id in movements
    ]
    enter = [(ENTER_BOTH, entries[0] + entries[1])] if len(entries) == 2 else [(ENTER, entry) for entry in entries]
    moves = [(MOVE, (entry[5], entry[0], entry[1] - 1)) for entry in entries]
    return [(POST, (posting_id, at, kind.value, redemption_id, actor, note)), *enter, *moves]


def draw(account: int, lots: Iterable[Lot]) -> list[Write]:
    """The writes that take hours out of lots."""
    return [(DRAW_LOT, (lot.seconds, account, lot.expires_at, lot.seconds)) for lot in lots]


def fill(account: int, lots: Iterable[Lot]) -> list[Write]:
    """The writes that put hours into lots."""
    return [(FILL_LOT, (account, lot.expires_at, lot.seconds)) for lot in lots]


def open_account(book: Book, account: int) -> None:
    """Make sure there is such an account."""
    book.run(OPEN_ACCOUNT, account, kind_of(account).word, owner_of(account))


def balance_of(book: Book, account: int) -> Balance:
    """An account that exists, for writing: the caller has locked it."""
    row = book.one("SELECT balance, version FROM account WHERE id = ?", account)
    return Balance(account, *row) if row else Balance(account, 0, 0)


def lots_of(book: Book, account: int) -> list[Lot]:
    """What an account holds, first to expire first."""
    rows = book.rows(
        "SELECT expires_at, left_seconds FROM lot WHERE account_id = ? AND left_seconds > 0 ORDER BY expires_at",
        account,
    )
    return [Lot(*row) for row in rows]
