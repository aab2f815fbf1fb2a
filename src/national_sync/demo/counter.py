"""Where volunteers of the demo redeem: the ledger's own steps, as a kiosk, a till and the office take them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from national_sync.clock import Clock
from national_sync.demo.partners import CHEN, LI, Market
from national_sync.exchange.aftermath import Cause, approve_refund, reject_refund, request_refund
from national_sync.exchange.keeping_up import keep_up
from national_sync.exchange.ledger import Ledger
from national_sync.exchange.outcomes import Outcome
from national_sync.exchange.steps import HoldRequest, Steps
from national_sync.store.database import Database

SCREEN: Final = "demo-screen"
TILL: Final = "demo-till"


@dataclass
class Counter:
    database: Database
    ledger: Ledger
    steps: Steps
    clock: Clock
    market: Market
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def wish(self, volunteer: int, offer: str, quantity: int = 1, *, at: str | None = None) -> HoldRequest:
        """What somebody asks the screen for, at a merchant's outlet if one is named."""
        outlet = self.market.outlets[at] if at else None
        return HoldRequest(self._key(), volunteer, self.market.offers[offer], quantity, SCREEN, outlet)

    def ask(self, request: HoldRequest) -> Outcome:
        return self.ledger.run(lambda book, now: self.steps.hold(book, now, request))

    def hold(self, volunteer: int, offer: str, quantity: int = 1, *, at: str | None = None) -> int:
        """The number of the redemption, granted or refused."""
        return number_of(self.ask(self.wish(volunteer, offer, quantity, at=at)))

    def confirm(self, redemption: int, quantity: int | None = None) -> Outcome:
        return self.ledger.run(lambda book, now: self.steps.confirm(book, now, redemption, quantity, device=SCREEN))

    def redeem(self, volunteer: int, offer: str, quantity: int = 1, *, at: str | None = None) -> Outcome:
        return self.confirm(self.hold(volunteer, offer, quantity, at=at))

    def release(self, redemption: int) -> None:
        self.ledger.run(lambda book, now: self.steps.release(book, now, redemption, device=SCREEN))

    def collect(self, code: str | None, merchant: str, *, device: str = TILL) -> Outcome:
        key, outlet = self._key(), self.market.outlets.get(merchant)
        return self.ledger.run(
            lambda book, now: self.steps.collect(
                book,
                now,
                code or "",
                key=key,
                merchant_id=self.market.merchants[merchant],
                outlet_id=outlet,
                device=device,
            )
        )

    def ask_refund(self, redemption: int, cause: Cause, reason: str, seconds: int | None = None) -> int:
        key = self._key()
        return self.ledger.run(
            lambda book, now: request_refund(
                book,
                now,
                key=key,
                redemption_id=redemption,
                seconds=seconds,
                cause=cause,
                reason=reason,
                actor=LI,
            )
        )

    def refund(self, redemption: int, cause: Cause, reason: str, seconds: int | None = None) -> None:
        """One asks, another one approves."""
        asked = self.ask_refund(redemption, cause, reason, seconds)
        self.ledger.run(lambda book, now: approve_refund(book, now, asked, actor=CHEN))

    def reject(self, refund: int) -> None:
        self.ledger.run(lambda book, now: reject_refund(book, now, refund, actor=CHEN))

    def keep_up(self) -> None:
        """As it happens after every run."""
        keep_up(self.database, self.ledger, self.steps, self.clock)

    def _key(self) -> str:
        return f"demo-{next(self._numbers)}"


def number_of(outcome: Outcome) -> int:
    assert outcome.redemption_id is not None
    return outcome.redemption_id
