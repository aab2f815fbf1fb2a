"""The steps of a redemption, each within one transaction: hold, then confirm or release; then collect.

A hold is resolved once. Whether it has expired is judged when it is read, by the server's clock, and what was judged is
written down, so that a clock that steps back changes nothing. Every step may be repeated: the same request gets the same
answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import Final, NamedTuple

from national_sync.errors import KeyMissing, KeyReused
from national_sync.exchange import rules
from national_sync.exchange.accounts import (
    Balance,
    Kind,
    Movement,
    draw,
    exchangeable,
    fill,
    held,
    posting,
)
from national_sync.exchange.balance import Lot, last_to_expire, lots_from_text, lots_to_text, minus, put
from national_sync.exchange.book import Book, Write
from national_sync.exchange.codes import VoucherCodes
from national_sync.exchange.limits import Limit, Taken, earliest_counted, parse_limits
from national_sync.exchange.outcomes import Outcome, Refusal, State, VoucherState, refused
from national_sync.exchange.redemption import FREE_PIECES, Redemption, load
from national_sync.policy import Exchange

_DAY_SECONDS: Final = 86_400
_WRONG_CODE_PERIOD_SECONDS: Final = 600
_MOST_STORED: Final = 2**31

_HOLD_PIECES: Final = "UPDATE offer SET taken = taken + ? WHERE id = ? AND (stock IS NULL OR taken + ? <= stock)"
_BEGIN: Final = (
    "INSERT INTO redemption (id, key, body_hash, volunteer_id, offer_id, merchant_id, outlet_id, device,"
    " held_quantity, quantity, price_seconds, lots, state, refusal, created_at, expires_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_RESOLVE: Final = (
    "UPDATE redemption SET state = ?, quantity = ?, lots = ?, resolved_at = ? WHERE id = ? AND state = 'held'"
)
_ISSUE: Final = (
    "INSERT INTO voucher (redemption_id, merchant_id, code_hash, salt, state, expires_at)"
    " VALUES (?, ?, ?, ?, 'issued', ?)"
)


class HoldRequest(NamedTuple):
    """A volunteer's wish. `key` is made by the client, once for each wish."""

    key: str
    volunteer_id: int
    offer_id: int
    quantity: int
    device: str
    outlet_id: int | None = None

    @property
    def body_hash(self) -> bytes:
        body = f"{self.volunteer_id} {self.offer_id} {self.quantity} {self.outlet_id} {self.device}"
        return hashlib.blake2b(body.encode(), digest_size=16).digest()


class _Facts(NamedTuple):
    """What a row of `_FACTS` begins with; it ends with a lot, and there is a row for each."""

    balance: int | None
    version: int | None
    account_state: str | None
    closed_for: str | None
    held_balance: int | None
    held_version: int | None
    volunteer_id: int | None
    star: int | None
    birth_date: str | None
    withdrawn_at: int | None
    is_valid: int | None
    volunteer_state: str | None
    merchant_id: int | None
    price_seconds: int | None
    stock: int | None
    taken: int | None
    starts_at: int | None
    ends_at: int | None
    limits: str | None
    minimum_star: int | None
    minimum_age: int | None
    outlets: str | None
    offer_state: str | None
    merchant_state: str | None
    agreement: str | None
    outlet_merchant: int | None
    outlet_state: str | None
    known_id: int | None
    """Of the redemption that was made under this key before."""
    known_hash: bytes | None
    known_state: str | None
    known_refusal: str | None
    known_seconds: int | None
    known_expires_at: int | None


_FACTS: Final = (
    "SELECT a.balance, a.version, a.state, a.closed_for, h.balance, h.version,"
    " v.id, v.star, v.birth_date, v.withdrawn_at, v.is_valid, v.account_state,"
    " o.merchant_id, o.price_seconds, o.stock, o.taken, o.starts_at, o.ends_at, o.limits, o.minimum_star,"
    " o.minimum_age, o.outlets, o.state, m.state, g.state || ' ' || g.scope, u.merchant_id, u.state,"
    " k.id, k.body_hash, k.state, k.refusal, k.held_quantity * k.price_seconds, k.expires_at,"
    " l.expires_at, l.left_seconds"
    " FROM (SELECT 1) AS one LEFT JOIN redemption k ON k.key = ?"
    " LEFT JOIN account a ON a.id = ? LEFT JOIN account h ON h.id = ? LEFT JOIN volunteer v ON v.id = ?"
    " LEFT JOIN offer o ON o.id = ? LEFT JOIN merchant m ON m.id = o.merchant_id"
    " LEFT JOIN agreement g ON g.merchant_id = o.merchant_id AND g.starts_at <= ? AND g.ends_at > ?"
    " AND g.state <> 'terminated' LEFT JOIN outlet u ON u.id = ?"
    " LEFT JOIN lot l ON l.account_id = a.id AND l.left_seconds > 0"
)


class _Part(NamedTuple):
    """What a confirmation moves: all that is held, or a part of it while the rest goes back."""

    movements: list[Movement]
    lots: str
    back: list[Write]

    @classmethod
    def of(cls, one: Redemption, quantity: int) -> _Part:
        price, rest = one.price_seconds, one.quantity - quantity
        movements = [Movement(one.held, -one.quantity * price), Movement(one.spent, quantity * price)]
        if not rest:
            return cls(movements, one.lots, [])
        lots = lots_from_text(one.lots)
        back = last_to_expire(lots, rest * price)
        account = one.exchangeable
        return cls(
            [*movements, Movement(account, rest * price)],
            lots_to_text(minus(lots, back)),
            [*fill(account.account, put(account.seconds, back)), (FREE_PIECES, (rest, one.offer_id, rest))],
        )


class Steps:
    """The steps under one policy. Each takes an open book and the moment by the server's clock."""

    def __init__(self, policy: Exchange, codes: VoucherCodes) -> None:
        self.policy = policy
        self._codes = codes

    @cached_property
    def _limits(self) -> tuple[Limit, ...]:
        return parse_limits(",".join(self.policy.limits))

    # Hold

    def hold(self, book: Book, now: float, request: HoldRequest) -> Outcome:
        """Set hours aside for an offer. Raises KeyMissing, KeyReused."""
        if not request.key.strip():
            raise KeyMissing()
        book.lock(exchangeable(request.volunteer_id))
        facts, lots = self._facts(book, now, request, request.volunteer_id)
        if facts.known_id is not None:
            return _replayed(facts, request)
        return self._hold_for(book, now, request, request.volunteer_id, facts, lots)

    def judge(self, book: Book, now: float, request: HoldRequest) -> Refusal | None:
        """What stands against a hold at this moment; reads only, so that it can be asked for every offer in turn."""
        facts, lots = self._facts(book, now, request, request.volunteer_id)
        decision = self._decide(book, now, request, request.volunteer_id, facts, lots)
        return decision if isinstance(decision, Refusal) else None

    def _hold_for(
        self, book: Book, now: float, request: HoldRequest, volunteer_id: int, facts: _Facts, lots: list[Lot]
    ) -> Outcome:
        decision = self._decide(book, now, request, volunteer_id, facts, lots)
        if decision is Refusal.ACCOUNT_CLOSED and facts.closed_for == "merged":
            kept_id = _kept_registration(book, volunteer_id)
            if kept_id is not None:
                book.lock(exchangeable(kept_id))
                return self._hold_for(book, now, request, kept_id, *self._facts(book, now, request, kept_id))
        if isinstance(decision, Refusal) and self._free_what_expired(book, now, request, volunteer_id):
            facts, lots = self._facts(book, now, request, volunteer_id)
            decision = self._decide(book, now, request, volunteer_id, facts, lots)
        if isinstance(decision, Refusal):
            return self._refuse(book, now, request, volunteer_id, facts.merchant_id, decision)
        return self._grant(book, now, request, volunteer_id, facts, decision)

    def _facts(self, book: Book, now: float, request: HoldRequest, volunteer_id: int) -> tuple[_Facts, list[Lot]]:
        """All that a hold hangs on, the limits aside."""
        account, at = exchangeable(volunteer_id), int(now)
        rows = book.rows(
            _FACTS, request.key, account, account + 1, volunteer_id, request.offer_id, at, at, request.outlet_id
        )
        return _Facts._make(rows[0][:-2]), [Lot(*row[-2:]) for row in rows if row[-1] is not None]

    def _decide(
        self, book: Book, now: float, request: HoldRequest, volunteer_id: int, facts: _Facts, lots: list[Lot]
    ) -> Refusal | list[Lot]:
        terms = _terms(facts, request)
        person = rules.Person(
            facts.volunteer_id is not None,
            facts.withdrawn_at is None and facts.is_valid == 1 and facts.volunteer_state == "enabled",
            facts.account_state != "closed",
            facts.star or 0,
            facts.birth_date or "",
            facts.balance or 0,
            lots,
            self._taken(book, volunteer_id, terms.limits if terms else (), now),
        )
        return rules.decide_hold(
            person, terms, offer_id=request.offer_id, quantity=request.quantity, now=now, policy_limits=self._limits
        )

    def _taken(self, book: Book, volunteer_id: int, limits: tuple[Limit, ...], now: float) -> Sequence[Taken]:
        since = earliest_counted(limits + self._limits, now)
        if since is None:
            return ()
        rows = book.rows(
            "SELECT offer_id, merchant_id, quantity, created_at FROM redemption WHERE volunteer_id = ?"
            " AND created_at >= ? AND (state IN ('confirmed', 'forfeited') OR state = 'held' AND expires_at > ?)",
            volunteer_id,
            since,
            int(now),
        )
        return list(map(Taken._make, rows))

    def _free_what_expired(self, book: Book, now: float, request: HoldRequest, volunteer_id: int) -> bool:
        """Give back expired holds that stand in the way: of this person, and of this offer."""
        rows = book.rows(
            "SELECT id FROM redemption WHERE state = 'held' AND expires_at <= ? AND (volunteer_id = ? OR offer_id = ?)",
            int(now),
            volunteer_id,
            request.offer_id,
        )
        return sum(self.expire_hold(book, now, redemption_id) for (redemption_id,) in rows) > 0

    def _refuse(
        self, book: Book, now: float, request: HoldRequest, volunteer_id: int, merchant_id: int | None, refusal: Refusal
    ) -> Outcome:
        redemption_id = book.next_id("redemption")
        quantity = request.quantity if abs(request.quantity) < _MOST_STORED else 0
        book.write(
            [_begin(redemption_id, request, volunteer_id, merchant_id, quantity, 0, "", refusal, int(now), None)]
        )
        return refused(refusal, redemption_id)

    def _grant(
        self, book: Book, now: float, request: HoldRequest, volunteer_id: int, facts: _Facts, lots: list[Lot]
    ) -> Outcome:
        redemption_id, at = book.next_id("redemption"), int(now)
        expires_at = at + self.policy.hold_seconds
        price, quantity = facts.price_seconds or 0, request.quantity
        seconds, account = price * quantity, exchangeable(volunteer_id)
        movements = [
            Movement(Balance(account, facts.balance or 0, facts.version or 0), -seconds),
            Movement(Balance(held(volunteer_id), facts.held_balance or 0, facts.held_version or 0), seconds),
        ]
        book.write(
            [
                _begin(
                    redemption_id, request, volunteer_id, facts.merchant_id, quantity, price, lots_to_text(lots), None,
                    at, expires_at,
                ),
                *draw(account, lots),
                *posting(book.next_id("posting"), at, Kind.HELD, movements, redemption_id=redemption_id),
                (_HOLD_PIECES, (quantity, request.offer_id, quantity)),
            ]
        )  # fmt: skip
        return Outcome(redemption_id, State.HELD, None, seconds, expires_at)

    # Confirm, release, expire

    def confirm(
        self, book: Book, now: float, redemption_id: int, quantity: int | None = None, *, device: str
    ) -> Outcome:
        """Spend what is held, or a part of it; the rest goes back. The answer carries the voucher's code."""
        one = self._held(book, redemption_id, device)
        if one is None:
            return refused(Refusal.UNKNOWN_REDEMPTION)
        wanted = one.held_quantity if quantity is None else quantity
        if one.state == State.CONFIRMED and one.quantity == wanted:
            code = self._codes.again(one.salt or b"")
            return Outcome(
                redemption_id, State.CONFIRMED, None, wanted * one.price_seconds, one.voucher_expires_at, code
            )
        refusal = self._unless_held(book, now, one)
        if refusal is None and not 1 <= wanted <= one.quantity:
            refusal = Refusal.BAD_QUANTITY
        return refused(refusal, redemption_id) if refusal else self._confirm(book, now, one, wanted)

    def _confirm(self, book: Book, now: float, one: Redemption, quantity: int) -> Outcome:
        at, redemption_id = int(now), one.redemption_id
        part = _Part.of(one, quantity)
        new = self._codes.new()
        expires_at = at + one.collect_days * _DAY_SECONDS
        book.write(
            [
                (_RESOLVE, ("confirmed", quantity, part.lots, at, redemption_id)),
                *posting(book.next_id("posting"), at, Kind.CONFIRMED, part.movements, redemption_id=redemption_id),
                *part.back,
                (_ISSUE, (redemption_id, one.merchant_id, new.code_hash, new.salt, expires_at)),
            ]
        )
        return Outcome(redemption_id, State.CONFIRMED, None, quantity * one.price_seconds, expires_at, new.code)

    def release(self, book: Book, now: float, redemption_id: int, *, device: str | None) -> Outcome:
        """Give up a hold; `device` is None for what the office itself releases."""
        one = self._held(book, redemption_id, device)
        if one is None:
            return refused(Refusal.UNKNOWN_REDEMPTION)
        if one.state in (State.RELEASED, State.EXPIRED):
            return Outcome(redemption_id, State(one.state), None, one.held_quantity * one.price_seconds)
        refusal = self._unless_held(book, now, one)
        if refusal is Refusal.HOLD_EXPIRED:
            return Outcome(redemption_id, State.EXPIRED, None, one.held_quantity * one.price_seconds)
        if refusal:
            return refused(refusal, redemption_id)
        self._give_back(book, now, one, Kind.RELEASED, State.RELEASED)
        return Outcome(redemption_id, State.RELEASED, None, one.quantity * one.price_seconds)

    def expire_hold(self, book: Book, now: float, redemption_id: int) -> bool:
        """Give a hold back if its time is over; whether that was so."""
        one = self._held(book, redemption_id, None)
        return one is not None and self._unless_held(book, now, one) is Refusal.HOLD_EXPIRED and one.state == State.HELD

    def _unless_held(self, book: Book, now: float, one: Redemption) -> Refusal | None:
        """Why this hold cannot be resolved any more. One whose time is over is given back here and now."""
        match one.state:
            case State.HELD if one.expires_at > now:
                return None
            case State.HELD:
                self._give_back(book, now, one, Kind.HOLD_EXPIRED, State.EXPIRED)
                return Refusal.HOLD_EXPIRED
            case State.EXPIRED:
                return Refusal.HOLD_EXPIRED
            case State.REFUSED:
                return Refusal(str(one.refusal))
            case _:
                return Refusal.ALREADY_RESOLVED

    def _give_back(self, book: Book, now: float, one: Redemption, kind: Kind, state: State) -> None:
        seconds, account = one.quantity * one.price_seconds, exchangeable(one.volunteer_id)
        movements = [Movement(one.held, -seconds), Movement(one.exchangeable, seconds)]
        book.write(
            [
                (_RESOLVE, (state.value, one.quantity, one.lots, int(now), one.redemption_id)),
                *posting(book.next_id("posting"), int(now), kind, movements, redemption_id=one.redemption_id),
                *fill(account, put(one.balance, lots_from_text(one.lots))),
                (FREE_PIECES, (one.quantity, one.offer_id, one.quantity)),
            ]
        )

    def _held(self, book: Book, redemption_id: int, device: str | None) -> Redemption | None:
        """A redemption of this device, its accounts locked."""
        one = load(book, redemption_id)
        return one if one is not None and device in (None, one.device) else None

    # Collect

    def collect(
        self, book: Book, now: float, code: str, *, key: str, merchant_id: int, outlet_id: int | None, device: str
    ) -> Outcome:
        """Hand over what a voucher is for: once, at its own merchant. Raises KeyMissing."""
        if not key.strip():
            raise KeyMissing()
        found = self._shown(book, now, code, merchant_id, device)
        if isinstance(found, Refusal):
            return refused(found)
        if found.state == VoucherState.COLLECTED and found.collect_key == key:
            return found.outcome
        refusal = _not_collectable(VoucherState(found.state), found.expires_at, now)
        if refusal:
            return refused(refusal, found.redemption_id)
        book.write([(_COLLECT, (int(now), key, outlet_id, found.redemption_id))])
        return found.outcome

    def look(self, book: Book, now: float, code: str, *, merchant_id: int, device: str) -> tuple[Outcome, int]:
        """What would be handed over for a voucher, and how many pieces. Nothing changes; a wrong code counts as it does
        at collecting.
        """
        found = self._shown(book, now, code, merchant_id, device)
        if isinstance(found, Refusal):
            return refused(found), 0
        refusal = _not_collectable(VoucherState(found.state), found.expires_at, now)
        return refused(refusal, found.redemption_id) if refusal else found.outcome, found.pieces

    def _shown(self, book: Book, now: float, code: str, merchant_id: int, device: str) -> _Voucher | Refusal:
        period = int(now) // _WRONG_CODE_PERIOD_SECONDS
        if self._wrong_codes(book, device, period) >= self.policy.wrong_codes:
            return Refusal.TOO_MANY_WRONG_CODES
        row = book.one(_VOUCHER + book.row_lock, self._codes.hash(code), merchant_id)
        if row is None:
            book.run(_COUNT_WRONG, device, period)
            return Refusal.WRONG_CODE
        return _Voucher._make(row)

    def _wrong_codes(self, book: Book, device: str, period: int) -> int:
        row = book.one("SELECT tries FROM wrong_code WHERE device = ? AND period = ?", device, period)
        return int(row[0]) if row else 0


class _Voucher(NamedTuple):
    """As it stands in the books."""

    redemption_id: int
    state: str
    expires_at: int
    collect_key: str | None
    seconds: int
    pieces: int

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.redemption_id, State.CONFIRMED, None, self.seconds, self.expires_at)


_VOUCHER: Final = (
    "SELECT c.redemption_id, c.state, c.expires_at, c.collect_key, r.quantity * r.price_seconds - r.refunded_seconds,"
    " r.quantity"
    " FROM voucher c JOIN redemption r ON r.id = c.redemption_id WHERE c.code_hash = ? AND c.merchant_id = ?"
)
_COUNT_WRONG: Final = (
    "INSERT INTO wrong_code (device, period, tries) VALUES (?, ?, 1)"
    " ON CONFLICT (device, period) DO UPDATE SET tries = wrong_code.tries + 1"
)
_COLLECT: Final = (
    "UPDATE voucher SET state = 'collected', collected_at = ?, collect_key = ?, outlet_id = ?"
    " WHERE redemption_id = ? AND state = 'issued'"
)


def _not_collectable(state: VoucherState, expires_at: int, now: float) -> Refusal | None:
    match state:
        case VoucherState.COLLECTED:
            return Refusal.ALREADY_COLLECTED
        case VoucherState.CANCELLED:
            return Refusal.VOUCHER_CANCELLED
        case VoucherState.EXPIRED:
            return Refusal.VOUCHER_EXPIRED
        case VoucherState.ISSUED:
            return None if expires_at > now else Refusal.VOUCHER_EXPIRED


def _replayed(facts: _Facts, request: HoldRequest) -> Outcome:
    """What was answered under this key before. Raises KeyReused if it was asked for something else."""
    if bytes(facts.known_hash or b"") != request.body_hash:
        raise KeyReused()
    if facts.known_state == State.REFUSED:
        return refused(Refusal(str(facts.known_refusal)), facts.known_id)
    return Outcome(facts.known_id, State.HELD, None, facts.known_seconds or 0, facts.known_expires_at)


def _terms(facts: _Facts, request: HoldRequest) -> rules.Terms | None:
    if facts.merchant_id is None:
        return None
    return rules.Terms(
        merchant_id=facts.merchant_id,
        is_merchant_active=facts.merchant_state == "active",
        agreement=facts.agreement,
        is_open=facts.offer_state == "active",
        starts_at=facts.starts_at or 0,
        ends_at=facts.ends_at or 0,
        price_seconds=facts.price_seconds or 0,
        left_pieces=None if facts.stock is None else facts.stock - (facts.taken or 0),
        minimum_star=facts.minimum_star or 0,
        minimum_age=facts.minimum_age or 0,
        limits=parse_limits(facts.limits or ""),
        has_outlet=_has_outlet(facts, request.outlet_id),
    )


def _has_outlet(facts: _Facts, outlet_id: int | None) -> bool:
    if outlet_id is None:
        return not facts.outlets
    if facts.outlet_state != "active" or facts.outlet_merchant != facts.merchant_id:
        return False
    return not facts.outlets or str(outlet_id) in facts.outlets.split(",")


def _kept_registration(book: Book, volunteer_id: int) -> int | None:
    """The registration into which this one was merged, while that stands."""
    row = book.one("SELECT kept_id FROM volunteer_merge WHERE gone_id = ? AND state = 'merged'", volunteer_id)
    return int(row[0]) if row else None


def _begin(
    redemption_id: int,
    request: HoldRequest,
    volunteer_id: int,
    merchant_id: int | None,
    quantity: int,
    price: int,
    lots: str,
    refusal: Refusal | None,
    at: int,
    expires_at: int | None,
) -> Write:
    return (
        _BEGIN,
        (
            redemption_id, request.key, request.body_hash, volunteer_id, request.offer_id, merchant_id,
            request.outlet_id, request.device, quantity, quantity, price, lots,
            "refused" if refusal else "held", refusal, at, expires_at,
        ),
    )  # fmt: skip
