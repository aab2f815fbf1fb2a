"""Proof that the books are right: every balance from its entries, every entry from the one before, nothing from nowhere."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import Connection, text

from national_sync.exchange.accounts import AccountKind
from national_sync.i18n import N_, Phrase

_MOST_NAMED: Final = 20

_BY_ENTRIES: Final = (
    "SELECT account_id, SUM(seconds) AS seconds, COUNT(*) AS entries, MAX(version) AS last_version FROM entry"
    " GROUP BY account_id"
)


class Law(NamedTuple):
    """What always holds: a sentence, and a query for the ids of what breaks it."""

    name: str
    sentence: str
    broken: str


class Fault(NamedTuple):
    law: Law
    ids: list[int]
    """The first ones; 0 where the sum of everything is concerned."""

    def __str__(self) -> str:
        return f"{self.law.name}: {', '.join(map(str, self.ids))}"

    @property
    def words(self) -> Phrase:
        return Phrase(self.law.sentence, ids=", ".join(map(str, self.ids)))


_BALANCE: Final = Law(
    "balance",
    N_("An account's balance is not the sum of its entries: {ids}"),
    f"SELECT a.id FROM account a LEFT JOIN ({_BY_ENTRIES}) AS b ON b.account_id = a.id"
    " WHERE a.balance <> COALESCE(b.seconds, 0) OR a.version <> COALESCE(b.entries, 0)"
    " OR a.version <> COALESCE(b.last_version, 0)",
)

LAWS: Final = (
    Law(
        "zero_sum",
        N_("The entries of a posting do not add up to zero: {ids}"),
        "SELECT posting_id FROM entry GROUP BY posting_id HAVING SUM(seconds) <> 0",
    ),
    Law(
        "posting_there",
        N_("Entries without their posting: {ids}"),
        "SELECT DISTINCT e.posting_id FROM entry e"
        " WHERE NOT EXISTS (SELECT 1 FROM posting p WHERE p.id = e.posting_id)",
    ),
    _BALANCE,
    Law(
        "account_there",
        N_("Entries without their account: {ids}"),
        "SELECT DISTINCT account_id FROM entry e WHERE NOT EXISTS (SELECT 1 FROM account a WHERE a.id = e.account_id)",
    ),
    Law(
        "chain",
        N_("An entry does not follow from the one before it, in the account: {ids}"),
        "SELECT DISTINCT account_id FROM (SELECT account_id, seconds, balance_before, balance_after, COALESCE(LAG("
        "balance_after) OVER (PARTITION BY account_id ORDER BY version), 0) AS expected FROM entry) AS chained"
        " WHERE balance_before <> expected OR balance_after <> balance_before + seconds",
    ),
    Law(
        "lots",
        N_("The lots of an account do not add up to its balance: {ids}"),
        "SELECT a.id FROM account a LEFT JOIN (SELECT account_id, SUM(left_seconds) AS seconds FROM lot"
        " GROUP BY account_id) AS l ON l.account_id = a.id WHERE a.kind = 'exchangeable'"
        " AND COALESCE(l.seconds, 0) <> CASE WHEN a.balance > 0 THEN a.balance ELSE 0 END",
    ),
    Law(
        "held",
        N_("What an account holds is not what its open redemptions hold: {ids}"),
        "SELECT a.id FROM account a LEFT JOIN (SELECT volunteer_id, SUM(quantity * price_seconds) AS seconds"
        " FROM redemption WHERE state = 'held' GROUP BY volunteer_id) AS r ON r.volunteer_id = a.owner_id"
        " WHERE a.kind = 'held' AND a.balance <> COALESCE(r.seconds, 0)",
    ),
    Law(
        "spent",
        N_("What was spent at a merchant is not what its redemptions come to: {ids}"),
        "SELECT a.id FROM account a LEFT JOIN (SELECT merchant_id, SUM(quantity * price_seconds - refunded_seconds)"
        " AS seconds FROM redemption WHERE state IN ('confirmed', 'refunded') GROUP BY merchant_id) AS r"
        " ON r.merchant_id = a.owner_id WHERE a.kind = 'spent' AND a.balance <> COALESCE(r.seconds, 0)",
    ),
    Law(
        "stock",
        N_("What is taken of an offer is not what its redemptions come to: {ids}"),
        "SELECT o.id FROM offer o LEFT JOIN (SELECT r.offer_id, SUM(r.quantity) AS pieces FROM redemption r"
        " LEFT JOIN voucher c ON c.redemption_id = r.id WHERE r.state IN ('held', 'confirmed')"
        " OR r.state = 'refunded' AND c.state = 'collected' GROUP BY r.offer_id) AS r ON r.offer_id = o.id"
        " WHERE o.taken <> COALESCE(r.pieces, 0)",
    ),
    Law(
        "credits",
        N_("What the mirror's records were credited with is not what the city issued: {ids}"),
        "SELECT 0 AS total WHERE (SELECT COALESCE(SUM(seconds), 0) FROM credit)"
        " <> -(SELECT COALESCE(SUM(balance), 0) FROM account WHERE kind IN ('issued', 'corrected'))",
    ),
    Law(
        "expired",
        N_("What expired of the lots is not what the city's account of expired hours holds: {ids}"),
        "SELECT 0 AS total WHERE (SELECT COALESCE(SUM(expired_seconds), 0) FROM lot)"
        f" <> (SELECT COALESCE(SUM(balance), 0) FROM account WHERE id = {int(AccountKind.EXPIRED)})",
    ),
    Law(
        "voucher",
        N_("A redemption was confirmed without a voucher, or has one without: {ids}"),
        "SELECT r.id FROM redemption r LEFT JOIN voucher c ON c.redemption_id = r.id"
        " WHERE (r.state IN ('confirmed', 'refunded', 'returned', 'forfeited')) <> (c.redemption_id IS NOT NULL)",
    ),
)


def verify(connection: Connection) -> list[Fault]:
    """The laws that are broken; none, if the books are right."""
    found = []
    for law in LAWS:
        ids = connection.execute(text(f"{law.broken} LIMIT {_MOST_NAMED}")).scalars().all()
        if ids:
            found.append(Fault(law, list(ids)))
    return found


def rebuild(connection: Connection) -> int:
    """Make every balance anew from its entries; how many were different."""
    changed = connection.execute(
        text(
            "UPDATE account SET"
            " balance = COALESCE((SELECT SUM(e.seconds) FROM entry e WHERE e.account_id = account.id), 0),"
            " version = COALESCE((SELECT MAX(e.version) FROM entry e WHERE e.account_id = account.id), 0)"
            f" WHERE id IN (SELECT id FROM ({_BALANCE.broken}) AS broken)"
        )
    )
    return changed.rowcount
