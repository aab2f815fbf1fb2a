"""What happens to the lots of an account when hours come, go, return and expire. Pure.

A lot is hours that expire at one moment. The lots of an account add up to its balance, or are all empty when the balance
is below zero (a deficit). First to expire is first spent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Lot(NamedTuple):
    expires_at: int
    seconds: int


class Withdrawn(NamedTuple):
    """How hours that the national side took back are found again."""

    unexpired_seconds: int
    """Had expired anyway: their expiry is undone first, so that nothing is taken twice."""
    from_lots: list[Lot]
    """What the lots still had; the rest has been spent and becomes a deficit."""


def usable_seconds(balance: int, lots: Iterable[Lot], now: float) -> int:
    """What can be spent now: the lots that have not expired, or the deficit."""
    return balance if balance < 0 else sum([seconds for expires_at, seconds in lots if expires_at > now])


def take(lots: Sequence[Lot], seconds: int, now: float) -> list[Lot] | None:
    """From which lots so many seconds come, first to expire first; None when there are not enough."""
    taken = first_to_expire([lot for lot in lots if lot.expires_at > now], seconds)
    return taken if total(taken) == seconds else None


def total(lots: Iterable[Lot]) -> int:
    return sum([seconds for _expires_at, seconds in lots])


def first_to_expire(lots: Iterable[Lot], seconds: int) -> list[Lot]:
    """As much of `seconds` as the lots have."""
    taken = []
    for lot in sorted(lots):
        part = min(lot.seconds, seconds)
        if part <= 0:
            continue
        taken.append(Lot(lot.expires_at, part))
        seconds -= part
    return taken


def last_to_expire(lots: Iterable[Lot], seconds: int) -> list[Lot]:
    """The part of them, of so many seconds, that can be spent longest: what is given back first."""
    kept = first_to_expire(lots, max(0, total(lots) - seconds))
    return minus(lots, kept)


def minus(lots: Iterable[Lot], taken: Iterable[Lot]) -> list[Lot]:
    gone = {lot.expires_at: lot.seconds for lot in taken}
    rest = (Lot(lot.expires_at, lot.seconds - gone.get(lot.expires_at, 0)) for lot in lots)
    return [lot for lot in rest if lot.seconds]


def put(balance: int, coming: Iterable[Lot]) -> list[Lot]:
    """What of the coming hours lands in lots: a deficit is paid back first, with those that expire first."""
    owed = max(0, -balance)
    return minus(coming, first_to_expire(coming, owed))


def withdraw(lots: Sequence[Lot], expires_at: int, seconds: int, *, expired_seconds: int) -> Withdrawn:
    """Take back hours that were credited to the lot of `expires_at`, of which so many had expired unspent.

    They are looked for in their own lot, then among those that have expired, then in the other lots.
    """
    own = first_to_expire([lot for lot in lots if lot.expires_at == expires_at], seconds)
    left = seconds - total(own)
    unexpired = min(left, expired_seconds)
    others = first_to_expire([lot for lot in lots if lot.expires_at != expires_at], left - unexpired)
    return Withdrawn(unexpired, sorted([*own, *others]))


def expired(lots: Iterable[Lot], now: float) -> list[Lot]:
    """The lots whose time is over and that still hold something."""
    return [lot for lot in lots if lot.expires_at <= now and lot.seconds > 0]


def lots_to_text(lots: Iterable[Lot]) -> str:
    return ",".join(f"{lot.expires_at}:{lot.seconds}" for lot in lots)


def lots_from_text(text: str) -> list[Lot]:
    pairs = (part.split(":") for part in text.split(",") if part)
    return [Lot(int(expires_at), int(seconds)) for expires_at, seconds in pairs]
