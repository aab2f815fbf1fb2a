"""A month at the partners: redemptions that end in every way, a settlement and what is objected to it, and one told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.bootstrap import Bootstrap
from national_sync.demo.clock import StoryClock
from national_sync.demo.counter import Counter, number_of
from national_sync.demo.partners import CHEN, LI, open_market
from national_sync.demo.telling import tell
from national_sync.exchange.aftermath import Cause
from national_sync.exchange.book import BulkBook
from national_sync.exchange.codes import VoucherCodes
from national_sync.exchange.ledger import open_ledger
from national_sync.exchange.lives import close_account
from national_sync.exchange.settlement import answer_dispute, close_period, open_dispute
from national_sync.exchange.steps import Steps

_GUESSING_TILL: Final = "demo-till-2"
_PEOPLE: Final = 13
_BY_BALANCE: Final = (
    "SELECT a.owner_id FROM account a JOIN volunteer v ON v.id = a.owner_id WHERE a.kind = 'exchangeable'"
    " AND a.state = 'open' AND a.balance > 0 AND v.withdrawn_at IS NULL AND v.is_valid = 1"
    " AND v.account_state = 'enabled' AND v.birth_date < '2005' ORDER BY a.balance {order}, a.owner_id LIMIT {count}"
)


def play_exchange(bootstrap: Bootstrap, clock: StoryClock) -> list[dict[str, Any]]:
    """Play March; the steps of the redemption that is told."""
    steps = Steps(bootstrap.loaded.policy.exchange, VoucherCodes(bootstrap.sealer()))
    clock.set("2026-03-03 09:00:00")
    with bootstrap.database() as database, open_ledger(database, clock) as ledger:
        with database.write() as connection:
            market = open_market(connection, int(clock.now()), date(2026, 3, 3))
            rich = connection.execute(text(_BY_BALANCE.format(order="DESC", count=_PEOPLE))).scalars().all()
            [poor] = connection.execute(text(_BY_BALANCE.format(order="ASC", count=1))).scalars()
        return _Month(Counter(database, ledger, steps, clock, market), clock).play(rich, poor)


@dataclass
class _Month:
    counter: Counter
    clock: StoryClock

    def play(self, people: Sequence[int], poor: int) -> list[dict[str, Any]]:
        teller, viewer, guest, drinker, doubter, late, thrifty, visitor, unlucky, hiker, leaver, waiting, holding = (
            people
        )
        self._first_morning(viewer, doubter, late, thrifty)
        self._what_nobody_collects(guest, drinker)
        self._refused(viewer, doubter, poor)
        visits = self._two_places_at_once(visitor)
        self._given_back(unlucky, hiker, visits)
        self._gone(leaver)
        self._settled(visits)
        self.clock.set("2026-04-02 09:30:00")
        self.counter.redeem(waiting, "cake")
        self.clock.set("2026-04-02 10:00:00")
        told = tell(self.counter, teller)
        self.counter.hold(holding, "ticket")
        return told

    def _first_morning(self, viewer: int, doubter: int, late: int, thrifty: int) -> None:
        counter = self.counter
        self.clock.set("2026-03-03 10:00:00")
        tickets = counter.redeem(viewer, "ticket", 2, at="cinema")
        counter.release(counter.hold(doubter, "ticket"))
        counter.hold(late, "ticket")
        counter.confirm(counter.hold(thrifty, "cake", 3), 2)
        self.clock.set("2026-03-03 10:15:00")
        counter.keep_up()  # Who came late finds the hold expired.
        counter.collect(tickets.code, "cinema")

    def _what_nobody_collects(self, guest: int, drinker: int) -> None:
        """The hotel's agreement says that the hours are lost then, the tea house's that they go back."""
        self.counter.redeem(guest, "room")
        self.counter.redeem(drinker, "cake")

    def _refused(self, viewer: int, doubter: int, poor: int) -> None:
        """More than two of an offer, an agreement that is suspended, too few hours, guessed codes."""
        self.counter.hold(viewer, "ticket")
        self.counter.hold(doubter, "portrait")
        self.counter.hold(poor, "room", 5)
        for guess in range(self.counter.steps.policy.wrong_codes + 1):
            self.counter.collect(f"0000-0000-0000-{guess:04d}", "cinema", device=_GUESSING_TILL)

    def _two_places_at_once(self, visitor: int) -> int:
        """A card that is used in the city and, minutes later, a day's journey away; the later redemption."""
        counter = self.counter
        self.clock.set("2026-03-04 10:00:00")
        ticket = counter.redeem(visitor, "ticket", at="cinema")
        self.clock.set("2026-03-04 10:20:00")
        visits = counter.redeem(visitor, "visit", 2, at="mountain")
        counter.collect(ticket.code, "cinema")
        counter.collect(visits.code, "mountain")
        return number_of(visits)

    def _given_back(self, unlucky: int, hiker: int, visits: int) -> None:
        counter = self.counter
        self.clock.set("2026-03-05 15:00:00")
        dark, closed = counter.redeem(unlucky, "ticket"), counter.redeem(hiker, "visit")
        self.clock.set("2026-03-06 09:00:00")
        counter.refund(number_of(dark), Cause.REFUND, "影院停电")
        counter.refund(number_of(closed), Cause.NOT_FULFILLED, "景区因大雨关闭")
        counter.reject(counter.ask_refund(visits, Cause.REFUND, "改变主意"))

    def _gone(self, leaver: int) -> None:
        counter = self.counter
        counter.hold(leaver, "ticket")
        with counter.database.write() as connection:
            close_account(BulkBook(connection), counter.steps, self.clock.now(), leaver, "left")
        counter.hold(leaver, "ticket")

    def _settled(self, visits: int) -> None:
        """March is closed; what is given back afterwards lands in April."""
        counter, month = self.counter, date(2026, 3, 1)
        self.clock.set("2026-04-01 09:00:00")
        counter.keep_up()
        now = int(self.clock.now())
        with counter.database.write() as connection:
            cinema, mountain = (
                close_period(connection, now, counter.market.merchants[word], month, actor=CHEN)
                for word in ("cinema", "mountain")
            )
            self._disputed(connection, now, cinema, mountain)
        counter.refund(visits, Cause.REFUND, "一人未能成行", seconds=5_400)
        counter.ask_refund(visits, Cause.REFUND, "另一人也未能成行", seconds=5_400)

    def _disputed(self, connection: Connection, now: int, cinema: int, mountain: int) -> None:
        merchants = self.counter.market.merchants
        open_dispute(
            connection,
            now,
            merchant_id=merchants["cinema"],
            settlement_id=cinema,
            words="三月少算一张票",
            actor=LI,
        )
        other = open_dispute(
            connection,
            now,
            merchant_id=merchants["mountain"],
            settlement_id=mountain,
            words="大雨当日的门票不应退还",
            actor=LI,
        )
        answer_dispute(connection, now, other, is_granted=False, answer="景区当日关闭，已核实", actor=CHEN)
