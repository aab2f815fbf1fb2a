"""What can be had for hours, and on what terms (clause E2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.errors import UsageError
from national_sync.exchange.calendar import midnight_after
from national_sync.exchange.limits import parse_limits
from national_sync.exchange.merchants import check_place
from national_sync.exchange.rows import insert, locked, show, update
from national_sync.exchange.typed import MOST_HOURS, check_name
from national_sync.i18n import N_
from national_sync.puer_time import midnight

MOST_STOCK: Final = 1_000_000_000


def add_offer(
    connection: Connection,
    *,
    merchant_id: int,
    name: str,
    price_seconds: int,
    first_day: date,
    last_day: date,
    stock: int | None = None,
    limits: str = "",
    minimum_star: int = 0,
    minimum_age: int = 0,
    outlets: Sequence[int] = (),
    collect_days: int = 30,
) -> int:
    """Raises UsageError."""
    show(connection, "merchant", merchant_id)
    check_name(name)
    _check(connection, merchant_id, price_seconds, stock, limits, outlets)
    if first_day > last_day:
        raise UsageError(N_("The first day {first} lies after the last day {last}."), first=first_day, last=last_day)
    return insert(
        connection,
        "offer",
        merchant_id=merchant_id,
        name=name,
        price_seconds=price_seconds,
        stock=stock,
        starts_at=midnight(first_day),
        ends_at=midnight_after(last_day),
        limits=limits,
        minimum_star=minimum_star,
        minimum_age=minimum_age,
        outlets=",".join(map(str, outlets)),
        collect_days=collect_days,
    )


def change_offer(connection: Connection, offer_id: int, **changes: Any) -> None:
    """New terms for what is held from now on; what is held keeps its price. A stock below what is taken closes it.

    Raises UsageError.
    """
    one = locked(connection, "offer", offer_id)
    if one["state"] == "ended":
        raise UsageError(N_("Offer {id} has ended; add a new one."), id=offer_id)
    after = one | changes
    if after["starts_at"] >= after["ends_at"]:
        raise UsageError(N_("The last day of offer {id} would lie before its first."), id=offer_id)
    outlets = [int(outlet) for outlet in after["outlets"].split(",") if outlet]
    _check(connection, one["merchant_id"], after["price_seconds"], after["stock"], after["limits"], outlets)
    update(connection, "offer", offer_id, **changes)


def _check(
    connection: Connection,
    merchant_id: int,
    price_seconds: int,
    stock: int | None,
    limits: str,
    outlets: Sequence[int],
) -> None:
    if not 0 < price_seconds <= MOST_HOURS * 3_600:
        raise UsageError(N_("A price lies above 0 and is at most {most} hours."), most=MOST_HOURS)
    if stock is not None and not 0 <= stock <= MOST_STOCK:
        raise UsageError(N_("A stock is 0 to {most}; leave it out where there is no limit."), most=MOST_STOCK)
    try:
        parse_limits(limits)
    except ValueError as error:
        words = N_("{limit} is no limit such as '2 per offer' or '1 per day'")
        raise UsageError(words, limit=error.args[0]) from error
    for outlet in outlets:
        check_place(connection, merchant_id, outlet)


def open_offers(
    connection: Connection, now: int, *, merchant_id: int | None = None, limit: int = 50, offset: int = 0
) -> list[dict[str, Any]]:
    """What can be had today, with what is left of it; at one merchant or all."""
    of_one = "" if merchant_id is None else " AND m.id = :merchant"
    rows = connection.execute(
        text(
            "SELECT o.id, o.name, o.price_seconds, o.stock - o.taken AS left_pieces, o.minimum_star, o.minimum_age,"
            " o.limits, m.id AS merchant_id, m.name AS merchant, m.category"
            " FROM offer o JOIN merchant m ON m.id = o.merchant_id JOIN agreement g ON g.merchant_id = m.id"
            " AND g.starts_at <= :now AND g.ends_at > :now AND g.state = 'active' AND g.scope <> 'benefits'"
            " WHERE o.state = 'active' AND m.state = 'active' AND o.starts_at <= :now AND o.ends_at > :now"
            f" AND (o.stock IS NULL OR o.stock > o.taken){of_one} ORDER BY m.id, o.id LIMIT :limit OFFSET :offset"
        ),
        {"now": now, "limit": limit, "offset": offset, **({} if merchant_id is None else {"merchant": merchant_id})},
    )
    return [dict(row) for row in rows.mappings()]
