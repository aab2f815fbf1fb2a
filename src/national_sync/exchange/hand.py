"""Accounts taken in hand for bulk work: read once, moved many times, written back together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from national_sync.exchange.accounts import (
    OPEN_ACCOUNT,
    Balance,
    Kind,
    Movement,
    kind_of,
    owner_of,
    posting,
)
from national_sync.exchange.balance import Lot, expired, first_to_expire, put, withdraw
from national_sync.exchange.book import BulkBook, marks

_KEEP_LOT: Final = (
    "INSERT INTO lot (account_id, expires_at, left_seconds, expired_seconds) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (account_id, expires_at) DO UPDATE SET left_seconds = excluded.left_seconds,"
    " expired_seconds = excluded.expired_seconds"
)
_AT_ONCE: Final = 500


@dataclass
class _LotInHand:
    left: int = 0
    expired: int = 0


@dataclass
class _AccountInHand:
    balance: int = 0
    version: int = 0
    lots: dict[int, _LotInHand] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)
    """The lots to be written back, by expiry."""

    @property
    def filled(self) -> list[Lot]:
        return [Lot(expires_at, lot.left) for expires_at, lot in sorted(self.lots.items()) if lot.left]

    def change_lot(self, expires_at: int, *, left: int = 0, expired: int = 0) -> None:
        lot = self.lots.setdefault(expires_at, _LotInHand())
        lot.left += left
        lot.expired += expired
        self.touched.add(expires_at)


class Hand:
    """`write` books what was moved, as one posting for each kind."""

    def __init__(self, book: BulkBook, at: int) -> None:
        self._book = book
        self._at = at
        self._accounts: dict[int, _AccountInHand] = {}
        self._movements: dict[Kind, list[Movement]] = {}
        self._contra: dict[Kind, tuple[int, int]] = {}

    def take(self, accounts: Iterable[int]) -> None:
        """Open, lock and read these accounts; all that are moved must be taken first, in one call."""
        numbers = sorted(set(accounts))
        self._book.write_many(OPEN_ACCOUNT, [(one, kind_of(one).word, owner_of(one)) for one in numbers])
        for start in range(0, len(numbers), _AT_ONCE):
            part = numbers[start : start + _AT_ONCE]
            self._book.lock(*part)
            self._read(part)

    def _read(self, accounts: list[int]) -> None:
        places = marks(accounts)
        for account, balance, version in self._book.rows(
            f"SELECT id, balance, version FROM account WHERE id IN ({places})", *accounts
        ):
            self._accounts[account] = _AccountInHand(balance, version)
        for account, expires_at, left, gone in self._book.rows(
            f"SELECT account_id, expires_at, left_seconds, expired_seconds FROM lot WHERE account_id IN ({places})",
            *accounts,
        ):
            self._accounts[account].lots[expires_at] = _LotInHand(left, gone)

    def credit(self, kind: Kind, account: int, contra: int, lot: Lot, record_id: int | None) -> None:
        """Hours come in; a deficit is paid back first."""
        one = self._accounts[account]
        for landed in put(one.balance, [lot]):
            one.change_lot(landed.expires_at, left=landed.seconds)
        self._move(kind, account, contra, lot.seconds, record_id)

    def withdraw(self, account: int, contra: int, expired_account: int, lot: Lot, record_id: int) -> None:
        """Hours that were credited are taken back by the national side; what was spent of them becomes a deficit."""
        one = self._accounts[account]
        gone = one.lots.get(lot.expires_at, _LotInHand()).expired
        found = withdraw(one.filled, lot.expires_at, lot.seconds, expired_seconds=gone)
        if found.unexpired_seconds:
            one.change_lot(lot.expires_at, expired=-found.unexpired_seconds)
            self._move(Kind.UNEXPIRED, account, expired_account, found.unexpired_seconds, record_id)
        for part in found.from_lots:
            one.change_lot(part.expires_at, left=-part.seconds)
        self._move(Kind.CORRECTED, account, contra, -lot.seconds, record_id)

    def expire(self, account: int, expired_account: int) -> None:
        """Book the lots whose time is over."""
        one = self._accounts[account]
        for lot in expired(one.filled, self._at):
            one.change_lot(lot.expires_at, left=-lot.seconds, expired=lot.seconds)
            self._move(Kind.EXPIRED, account, expired_account, -lot.seconds, None)

    def shift(self, kind: Kind, source: int, target: int, seconds: int, lots: Iterable[Lot]) -> None:
        """Move hours, or a deficit if they are below zero, from one account to another; `lots` are where they land."""
        giving, taking = (source, target) if seconds > 0 else (target, source)
        for part in first_to_expire(self._accounts[giving].filled, abs(seconds)):
            self._accounts[giving].change_lot(part.expires_at, left=-part.seconds)
        for landed in put(self._accounts[taking].balance, lots):
            self._accounts[taking].change_lot(landed.expires_at, left=landed.seconds)
        movements = self._movements.setdefault(kind, [])
        movements.append(self._movement(source, -seconds, None))
        movements.append(self._movement(target, seconds, None))

    def shift_all(self, kind: Kind, source: int, target: int) -> int:
        """Everything an account has, what expired of its lots included; what it had."""
        one = self._accounts[source]
        balance, lots = one.balance, one.filled
        if balance:
            self.shift(kind, source, target, balance, lots)
        for expires_at, lot in list(one.lots.items()):
            if lot.expired:
                self._accounts[target].change_lot(expires_at, expired=lot.expired)
                one.change_lot(expires_at, expired=-lot.expired)
        return balance

    def _move(self, kind: Kind, account: int, contra: int, seconds: int, record_id: int | None) -> None:
        self._movements.setdefault(kind, []).append(self._movement(account, seconds, record_id))
        _contra, sum_so_far = self._contra.get(kind, (contra, 0))
        self._contra[kind] = (contra, sum_so_far - seconds)

    def _movement(self, account: int, seconds: int, record_id: int | None) -> Movement:
        one = self._accounts[account]
        movement = Movement(Balance(account, one.balance, one.version), seconds, record_id)
        one.balance += seconds
        one.version += 1
        return movement

    def write(self) -> None:
        writes = []
        for kind, movements in self._movements.items():
            if kind in self._contra:
                movements.append(self._movement(*self._contra[kind], None))
            writes += posting(self._book.next_id("posting"), self._at, kind, movements)
        self._book.write(writes)
        lots = [
            (account, expires_at, one.lots[expires_at].left, one.lots[expires_at].expired)
            for account, one in self._accounts.items()
            for expires_at in sorted(one.touched)
        ]
        self._book.write_many(_KEEP_LOT, lots)
