"""How often one person may redeem: `2 per offer`, `1 per day`, `3 per merchant per month`. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from national_sync.exchange.calendar import Period, period_start
from national_sync.policy import REDEMPTION_LIMIT


class Scope(StrEnum):
    """What is counted together."""

    OFFER = "offer"
    MERCHANT = "merchant"
    EVERYTHING = "everything"


class Limit(NamedTuple):
    """At most `pieces` for a person, of this scope, in one calendar period (or ever)."""

    pieces: int
    scope: Scope = Scope.EVERYTHING
    period: Period | None = None

    def __str__(self) -> str:
        scope = "" if self.scope is Scope.EVERYTHING else f" per {self.scope}"
        return f"{self.pieces}{scope}" + (f" per {self.period}" if self.period else "")


class Taken(NamedTuple):
    """What a person has redeemed before, given back or refused ones left out."""

    offer_id: int
    merchant_id: int
    quantity: int
    created_at: int


@lru_cache(maxsize=1_000)
def parse_limits(text: str) -> tuple[Limit, ...]:
    """Limits with commas between them. Raises ValueError."""
    return tuple(parse_limit(part.strip()) for part in text.split(",") if part.strip())


def parse_limit(text: str) -> Limit:
    """One limit; it needs a scope or a period. Raises ValueError."""
    match = REDEMPTION_LIMIT.fullmatch(text)
    if match is None:
        raise ValueError(text)
    period = Period(match["period"]) if match["period"] else None
    return Limit(int(match["pieces"]), Scope(match["scope"] or Scope.EVERYTHING), period)


def earliest_counted(limits: Iterable[Limit], now: float) -> int | None:
    """From which moment on redemptions count for any of them; None where there are no limits."""
    starts = [period_start(limit.period, now) if limit.period else 0 for limit in limits]
    return min(starts, default=None)


def broken_limit(
    limits: Iterable[Limit], taken: Sequence[Taken], *, offer_id: int, merchant_id: int, quantity: int, now: float
) -> Limit | None:
    """The first limit that so many more pieces would break."""
    for limit in limits:
        start = period_start(limit.period, now) if limit.period else 0
        counted = _counted(limit.scope, taken, offer_id=offer_id, merchant_id=merchant_id)
        if sum([one.quantity for one in counted if one.created_at >= start]) + quantity > limit.pieces:
            return limit
    return None


def _counted(scope: Scope, taken: Sequence[Taken], *, offer_id: int, merchant_id: int) -> Sequence[Taken]:
    match scope:
        case Scope.OFFER:
            return [one for one in taken if one.offer_id == offer_id]
        case Scope.MERCHANT:
            return [one for one in taken if one.merchant_id == merchant_id]
        case _:
            return taken
