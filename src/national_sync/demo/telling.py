"""One redemption, step by step: what was asked, what the books said before and after, and what came of asking twice."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from national_sync.clock import local_date
from national_sync.demo.counter import Counter, number_of
from national_sync.exchange.accounts import exchangeable, held, spent
from national_sync.exchange.statement import account_facts
from national_sync.exchange.verifying import LAWS, verify

_MERCHANT = "cinema"
_OFFER = "ticket"


def tell(counter: Counter, volunteer: int) -> list[dict[str, Any]]:
    """`step` and its facts. A voucher's code is not among them: it is shown once, to its holder."""
    told = [_person(counter, volunteer), _offer(counter)]
    request = counter.wish(volunteer, _OFFER, at=_MERCHANT)
    outcome = counter.ask(request)
    number = number_of(outcome)
    told.append({"step": "hold", "redemption": number, "seconds": outcome.seconds, **_books(counter, volunteer)})
    again = counter.ask(request)
    told.append({"step": "hold_again", "redemption": again.redemption_id, "is_same": again == outcome})
    confirmed = counter.confirm(number)
    until = local_date(confirmed.expires_at or 0).isoformat()
    told.append({"step": "confirm", "good_until": until, **_books(counter, volunteer)})
    collected = counter.collect(confirmed.code, _MERCHANT)
    told.append({"step": "collect", "is_granted": collected.is_granted})
    refused = counter.collect(confirmed.code, _MERCHANT)
    told.append({"step": "collect_again", "refusal": refused.refusal})
    told.append(_proof(counter, volunteer, number))
    return told


def _person(counter: Counter, volunteer: int) -> dict[str, Any]:
    with counter.database.read() as connection:
        facts = account_facts(connection, volunteer, int(counter.clock.now()))
        name = connection.execute(text("SELECT name FROM volunteer WHERE id = :id"), {"id": volunteer}).scalar_one()
        records = connection.execute(
            text("SELECT COUNT(*) FROM credit WHERE owner_id = :id AND seconds > 0"), {"id": volunteer}
        ).scalar_one()
    return {
        "step": "person",
        "volunteer_id": volunteer,
        "name": name,
        "usable_seconds": facts["usable_seconds"],
        "records": records,
    }


def _offer(counter: Counter) -> dict[str, Any]:
    with counter.database.read() as connection:
        row = connection.execute(
            text(
                "SELECT o.name AS offer, o.price_seconds, o.stock - o.taken AS left_pieces, m.name AS merchant"
                " FROM offer o JOIN merchant m ON m.id = o.merchant_id WHERE o.id = :id"
            ),
            {"id": counter.market.offers[_OFFER]},
        )
        return {"step": "offer", **row.mappings().one()}


def _books(counter: Counter, volunteer: int) -> dict[str, int]:
    """What the three accounts of a redemption stand at."""
    accounts = {
        "usable_seconds": exchangeable(volunteer),
        "held_seconds": held(volunteer),
        "spent_seconds": spent(counter.market.merchants[_MERCHANT]),
    }
    with counter.database.read() as connection:
        found = connection.execute(text("SELECT id, balance FROM account"))
        balances = {row[0]: row[1] for row in found if row[0] in accounts.values()}
    return {name: balances[account] for name, account in accounts.items()}


def _proof(counter: Counter, volunteer: int, number: int) -> dict[str, Any]:
    with counter.database.read() as connection:
        entries = connection.execute(
            text(
                "SELECT p.kind, a.kind AS account, e.balance_before, e.seconds, e.balance_after FROM posting p"
                " JOIN entry e ON e.posting_id = p.id JOIN account a ON a.id = e.account_id"
                " WHERE p.redemption_id = :number ORDER BY p.id, e.seconds"
            ),
            {"number": number},
        )
        lines = [dict(row) for row in entries.mappings()]
        recorded = connection.execute(
            text(
                "SELECT COALESCE(SUM(service_seconds), 0) FROM hour_record WHERE volunteer_id = :id"
                " AND state = 'effective' AND withdrawn_at IS NULL"
            ),
            {"id": volunteer},
        ).scalar_one()
        faults = verify(connection)
    return {
        "step": "proof",
        "entries": lines,
        "recorded_seconds": int(recorded),
        "laws": len(LAWS),
        "faults": [str(fault) for fault in faults],
    }
