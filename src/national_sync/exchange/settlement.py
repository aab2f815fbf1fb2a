"""Statements per merchant and period: a closed period never changes, later corrections land in the open one.

A settlement covers a stretch of the merchant's account by its entries' versions, not by their times: whatever the clock
does, each entry is in exactly one statement.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, text

from national_sync.clock import local_date
from national_sync.errors import AlreadySettled, UsageError
from national_sync.exchange.accounts import spent
from national_sync.exchange.calendar import Period, days_of, first_day, next_period, period_name
from national_sync.exchange.merchants import agreement_in_force
from national_sync.exchange.rows import insert, locked, show, update
from national_sync.exchange.typed import check_words
from national_sync.i18n import N_
from national_sync.puer_time import midnight

_COVERED: Final = "account_id = :account AND version >= :first AND version <= :last"


class Stretch(NamedTuple):
    """Entries of a merchant's account, and what they come to."""

    first_version: int
    last_version: int
    opening_seconds: int
    redeemed_seconds: int
    returned_seconds: int

    @property
    def closing_seconds(self) -> int:
        return self.opening_seconds + self.redeemed_seconds - self.returned_seconds


def close_period(connection: Connection, now: int, merchant_id: int, day: date, *, actor: str) -> int:
    """Settle the merchant's period that this day lies in, by the rhythm of the agreement; the settlement's number.

    Raises UsageError while it lasts, AlreadySettled, NotFound.
    """
    locked(connection, "merchant", merchant_id)
    period = _rhythm(connection, merchant_id, day)
    name, following = period_name(period, day), next_period(period, day)
    if following > local_date(now):
        raise UsageError(N_("The period {period} ends on {day}; it can be settled after that."), period=name,
                         day=following - timedelta(days=1))  # fmt: skip
    known = connection.execute(
        text("SELECT id FROM settlement WHERE merchant_id = :merchant AND period = :period"),
        {"merchant": merchant_id, "period": name},
    ).scalar()
    if known is not None:
        raise AlreadySettled(noun="settlement", id=known, state="closed")
    _check_order(connection, merchant_id, name)
    stretch = _stretch(connection, merchant_id, midnight(following))
    return insert(
        connection,
        "settlement",
        merchant_id=merchant_id,
        period=name,
        first_version=stretch.first_version,
        last_version=stretch.last_version,
        opening_seconds=stretch.opening_seconds,
        redeemed_seconds=stretch.redeemed_seconds,
        returned_seconds=stretch.returned_seconds,
        closing_seconds=stretch.closing_seconds,
        digest=_digest(connection, merchant_id, stretch),
        closed_at=now,
        closed_by=actor,
    )


def _check_order(connection: Connection, merchant_id: int, name: str) -> None:
    """One period after the other, so that no entry stands in the statement of another one. Raises UsageError."""
    start, following = days_of(name)
    last = _last_settlement(connection, merchant_id)
    closed_until = days_of(last["period"])[1] if last else date.min
    if following <= closed_until:
        raise UsageError(
            N_("Period {other} is closed already, and {period} does not go beyond it."),
            other=last["period"] if last else "-",
            period=name,
        )
    waiting = connection.execute(
        text(
            "SELECT MIN(p.at) FROM entry e JOIN posting p ON p.id = e.posting_id"
            " WHERE e.account_id = :account AND e.version > :last AND p.at >= :closed AND p.at < :start"
        ),
        {
            "account": spent(merchant_id),
            "last": last["last_version"] if last else 0,
            "closed": midnight(closed_until) if last else 0,
            "start": midnight(start),
        },
    ).scalar()
    if waiting is not None:
        day = local_date(waiting)
        raise UsageError(
            N_("An earlier period is not closed yet: there are redemptions of {day}."),
            hint=N_("Close it first: national-sync settlement close {merchant} {day}"),
            day=day,
            merchant=merchant_id,
        )


def _last_settlement(connection: Connection, merchant_id: int) -> dict[str, Any] | None:
    found = connection.execute(
        text("SELECT * FROM settlement WHERE merchant_id = :merchant ORDER BY id DESC LIMIT 1"),
        {"merchant": merchant_id},
    )
    row = found.mappings().first()
    return dict(row) if row else None


def _rhythm(connection: Connection, merchant_id: int, day: date) -> Period:
    """How often the agreement settles that was in force in that month."""
    for moment in (midnight(day), midnight(next_period(Period.MONTH, day)) - 1, midnight(first_day(Period.MONTH, day))):
        agreement = agreement_in_force(connection, merchant_id, moment)
        if agreement is not None:
            return Period(agreement["settles"])
    return Period.MONTH


def _stretch(connection: Connection, merchant_id: int, ends_at: int) -> Stretch:
    """From behind the last settlement up to the first entry that lies beyond the period."""
    account = spent(merchant_id)
    last = _last_settlement(connection, merchant_id)
    first_version, opening = (last["last_version"] + 1, last["closing_seconds"]) if last else (1, 0)
    beyond = connection.execute(
        text(
            "SELECT MIN(e.version) FROM entry e JOIN posting p ON p.id = e.posting_id"
            " WHERE e.account_id = :account AND e.version >= :first AND p.at >= :ends"
        ),
        {"account": account, "first": first_version, "ends": ends_at},
    ).scalar()
    newest = connection.execute(text("SELECT version FROM account WHERE id = :account"), {"account": account}).scalar()
    last_version = beyond - 1 if beyond is not None else max(int(newest or 0), first_version - 1)
    sums = connection.execute(
        text(
            "SELECT COALESCE(SUM(CASE WHEN seconds > 0 THEN seconds ELSE 0 END), 0),"
            f" COALESCE(SUM(CASE WHEN seconds < 0 THEN -seconds ELSE 0 END), 0) FROM entry WHERE {_COVERED}"
        ),
        {"account": account, "first": first_version, "last": last_version},
    ).one()
    return Stretch(first_version, last_version, opening, int(sums[0]), int(sums[1]))


def _digest(connection: Connection, merchant_id: int, stretch: Stretch) -> str:
    rows = connection.execute(
        text(f"SELECT version, posting_id, seconds, balance_after FROM entry WHERE {_COVERED} ORDER BY version"),
        {"account": spent(merchant_id), "first": stretch.first_version, "last": stretch.last_version},
    )
    made = hashlib.blake2b(digest_size=8)
    for row in rows:
        made.update(repr(tuple(map(int, row))).encode())
    return made.hexdigest()


def is_unchanged(connection: Connection, settlement_id: int) -> bool:
    """Whether the entries it covers are still those that were settled."""
    one = show(connection, "settlement", settlement_id)
    stretch = Stretch(
        one["first_version"],
        one["last_version"],
        one["opening_seconds"],
        one["redeemed_seconds"],
        one["returned_seconds"],
    )
    return bool(_digest(connection, one["merchant_id"], stretch) == one["digest"])


def statement_of(connection: Connection, settlement_id: int) -> dict[str, Any]:
    """A settlement with what its paper says beside: the merchant, the agreement of its last day, the lines."""
    one = show(connection, "settlement", settlement_id)
    merchant = show(connection, "merchant", one["merchant_id"])
    last_moment = midnight(days_of(one["period"])[1]) - 1
    agreement = agreement_in_force(connection, one["merchant_id"], last_moment)
    return {
        **one,
        "merchant": merchant["name"],
        "credit_code": merchant["credit_code"],
        "agreement": agreement["number"] if agreement else "-",
        "is_unchanged": is_unchanged(connection, settlement_id),
        "lines": list(lines_of(connection, settlement_id)),
    }


def lines_of(connection: Connection, settlement_id: int) -> Iterator[dict[str, Any]]:
    """What a statement lists, in the order of the account: no volunteer is named to the merchant."""
    one = show(connection, "settlement", settlement_id)
    rows = connection.execute(
        text(
            "SELECT e.version, p.at, p.kind, p.redemption_id, o.name AS offer, r.quantity, e.seconds, e.balance_after"
            " FROM entry e JOIN posting p ON p.id = e.posting_id LEFT JOIN redemption r ON r.id = p.redemption_id"
            f" LEFT JOIN offer o ON o.id = r.offer_id WHERE e.{_COVERED.replace('version', 'e.version')}"
            " ORDER BY e.version"
        ),
        {"account": spent(one["merchant_id"]), "first": one["first_version"], "last": one["last_version"]},
    )
    for row in rows.mappings():
        yield dict(row)


def city_totals(connection: Connection, starts_at: int, ends_at: int) -> list[dict[str, Any]]:
    """By merchant: redemptions, hours spent and given back within these moments."""
    rows = connection.execute(
        text(
            "SELECT m.id AS merchant_id, m.name AS merchant, m.category,"
            " COUNT(DISTINCT CASE WHEN p.kind = 'confirmed' THEN p.redemption_id END) AS redemptions,"
            " SUM(CASE WHEN e.seconds > 0 THEN e.seconds ELSE 0 END) AS redeemed_seconds,"
            " SUM(CASE WHEN e.seconds < 0 THEN -e.seconds ELSE 0 END) AS returned_seconds"
            " FROM merchant m JOIN entry e ON e.account_id = m.id * 10 + 3 JOIN posting p ON p.id = e.posting_id"
            " WHERE p.at >= :starts AND p.at < :ends GROUP BY m.id, m.name, m.category ORDER BY m.id"
        ),
        {"starts": starts_at, "ends": ends_at},
    )
    return [
        {name: int(value) if name.endswith("seconds") else value for name, value in row.items()}
        for row in rows.mappings()
    ]


# What merchants object to


def open_dispute(
    connection: Connection,
    now: int,
    *,
    merchant_id: int,
    words: str,
    actor: str,
    redemption_id: int | None = None,
    settlement_id: int | None = None,
) -> int:
    show(connection, "merchant", merchant_id)
    check_words(words)
    for table, row_id in (("redemption", redemption_id), ("settlement", settlement_id)):
        if row_id is not None and show(connection, table, row_id)["merchant_id"] != merchant_id:
            raise UsageError(N_("That belongs to another merchant."))
    return insert(
        connection,
        "dispute",
        merchant_id=merchant_id,
        redemption_id=redemption_id,
        settlement_id=settlement_id,
        words=words,
        opened_at=now,
        opened_by=actor,
    )


def answer_dispute(
    connection: Connection, now: int, dispute_id: int, *, is_granted: bool, answer: str, actor: str
) -> None:
    """The answer only; hours move by a refund, which needs a second person. Raises AlreadySettled, NotFound."""
    check_words(answer)
    one = locked(connection, "dispute", dispute_id)
    if one["state"] != "open":
        raise AlreadySettled(noun="dispute", id=dispute_id, state=one["state"])
    state = "granted" if is_granted else "rejected"
    update(connection, "dispute", dispute_id, state=state, answer=answer, closed_at=now, closed_by=actor)
