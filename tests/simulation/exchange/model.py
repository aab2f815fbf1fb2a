"""What the ledger ought to do, as naively as possible: an account is a heap of single hours, each with its expiry.

Nothing here is shared with the program: no lots, no postings, no SQL.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

NEVER: Final = 10**12


@dataclass
class Person:
    hours: list[int] = field(default_factory=list)
    """When each hour that can be spent expires."""
    debt: int = 0
    gone: list[int] = field(default_factory=list)
    """Hours that expired unspent."""

    @property
    def balance(self) -> int:
        return len(self.hours) - self.debt

    def come(self, hours: list[int]) -> None:
        for expires_at in sorted(hours):
            if self.debt:
                self.debt -= 1
            else:
                self.hours.append(expires_at)

    def withdraw(self, expires_at: int) -> None:
        """One hour that was credited with this expiry is taken back."""
        if expires_at in self.hours:
            self.hours.remove(expires_at)
        elif expires_at in self.gone:
            self.gone.remove(expires_at)
        elif self.hours:
            self.hours.remove(min(self.hours))
        else:
            self.debt += 1

    def expire(self, now: float) -> None:
        over = [hour for hour in self.hours if hour <= now]
        self.hours = [hour for hour in self.hours if hour > now]
        self.gone += over


@dataclass
class Redemption:
    person: int
    offer: int
    quantity: int
    price: int
    hours: list[int]
    expires_at: float
    state: str = "held"
    held_quantity: int = 0


@dataclass
class Model:
    """Answers are (state, refusal)."""

    prices: dict[int, int]
    stock: dict[int, int]
    hold_seconds: int = 600
    limit_per_offer: int = 0
    people: dict[int, Person] = field(default_factory=dict)
    records: dict[int, tuple[int, list[int]]] = field(default_factory=dict)
    redemptions: dict[int, Redemption] = field(default_factory=dict)
    answers: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    spent: int = 0

    def person(self, number: int) -> Person:
        return self.people.setdefault(number, Person())

    def record(self, number: int, person: int, hours: int, expires_at: int) -> None:
        """The mirror says that this record counts for so many hours."""
        booked = self.records.setdefault(number, (person, []))[1]
        while len(booked) < hours:
            kept_expiry = booked[0] if booked else expires_at
            booked.append(kept_expiry)
            self.person(person).come([kept_expiry])
        while len(booked) > hours:
            self.person(person).withdraw(booked.pop())

    def hold(self, key: str, number: int, person: int, offer: int, quantity: int, now: float) -> tuple[str, str | None]:
        """`number` is what the program has called the redemption."""
        if key not in self.answers:
            self.answers[key] = self._hold(number, person, offer, quantity, now)
        return self.answers[key]

    def _hold(self, number: int, person: int, offer: int, quantity: int, now: float) -> tuple[str, str | None]:
        refusal = self._refusal(person, offer, quantity, now)
        if refusal is not None:
            self._free_expired(person, offer, now)
            refusal = self._refusal(person, offer, quantity, now)
        if refusal is not None:
            return "refused", refusal
        one, price = self.person(person), self.prices[offer]
        taken = sorted(hour for hour in one.hours if hour > now)[: quantity * price]
        for hour in taken:
            one.hours.remove(hour)
        self.redemptions[number] = Redemption(
            person, offer, quantity, price, taken, int(now) + self.hold_seconds, held_quantity=quantity
        )
        return "held", None

    def _refusal(self, person: int, offer: int, quantity: int, now: float) -> str | None:
        if quantity < 1:
            return "bad_quantity"
        used = [r for r in self.redemptions.values() if r.person == person and r.offer == offer]
        pieces = sum(r.quantity for r in used if r.state == "confirmed" or (r.state == "held" and r.expires_at > now))
        if self.limit_per_offer and pieces + quantity > self.limit_per_offer:
            return "limit_reached"
        if quantity > self.stock[offer] - self._taken(offer):
            return "sold_out"
        one = self.person(person)
        if one.debt:
            return "deficit"
        if len([hour for hour in one.hours if hour > now]) < quantity * self.prices[offer]:
            return "not_enough_hours"
        return None

    def _taken(self, offer: int) -> int:
        return sum(
            r.quantity for r in self.redemptions.values() if r.offer == offer and r.state in ("held", "confirmed")
        )

    def _free_expired(self, person: int, offer: int, now: float) -> None:
        for number, one in self.redemptions.items():
            if person == one.person or offer == one.offer:
                self._expire(number, now)

    def _expire(self, number: int, now: float) -> None:
        one = self.redemptions[number]
        if one.state == "held" and one.expires_at <= now:
            one.state = "expired"
            self.person(one.person).come(one.hours)

    def confirm(self, number: int, quantity: int | None, now: float) -> tuple[str, str | None]:
        one = self.redemptions.get(number)
        if one is None:
            return "refused", "unknown_redemption"
        wanted = one.held_quantity if quantity is None else quantity
        if one.state == "confirmed" and wanted == one.quantity:
            return "confirmed", None
        self._expire(number, now)
        if one.state == "expired":
            return "refused", "hold_expired"
        if one.state != "held":
            return "refused", "already_resolved"
        if not 1 <= wanted <= one.quantity:
            return "refused", "bad_quantity"
        kept = sorted(one.hours)[: wanted * one.price]
        back = sorted(one.hours)[wanted * one.price :]
        one.quantity, one.hours, one.state = wanted, kept, "confirmed"
        self.person(one.person).come(back)
        self.spent += len(kept)
        return "confirmed", None

    def release(self, number: int, now: float) -> tuple[str, str | None]:
        one = self.redemptions.get(number)
        if one is None:
            return "refused", "unknown_redemption"
        self._expire(number, now)
        if one.state == "held":
            one.state = "released"
            self.person(one.person).come(one.hours)
        return (one.state, None) if one.state in ("released", "expired") else ("refused", "already_resolved")

    def sweep(self, now: float) -> None:
        for number in self.redemptions:
            self._expire(number, now)
        for one in self.people.values():
            one.expire(now)

    def picture(self) -> dict[str, Any]:
        """What both sides must agree on: hours that can be spent and hours held by person, hours spent in all."""
        held: dict[int, int] = {}
        for one in self.redemptions.values():
            if one.state == "held":
                held[one.person] = held.get(one.person, 0) + len(one.hours)
        return {
            "balances": {number: one.balance for number, one in self.people.items() if one.balance},
            "held": held,
            "spent": self.spent,
        }
