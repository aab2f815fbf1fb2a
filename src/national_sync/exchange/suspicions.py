"""Redemptions that a person ought to look at. Found in sets, each occurrence once; nothing is undone by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.clock import local_text
from national_sync.errors import AlreadySettled
from national_sync.exchange.rows import locked, update
from national_sync.exchange.typed import check_words
from national_sync.i18n import N_, _
from national_sync.policy import Exchange
from national_sync.store.database import Database

_GRANTED: Final = "('held', 'confirmed', 'refunded', 'returned', 'forfeited')"

_FAR_APART: Final = f"""
    SELECT 'far_apart' AS kind, 'redemptions:' || a.id || '-' || b.id AS subject, b.volunteer_id, b.merchant_id
    FROM redemption b JOIN redemption a ON a.volunteer_id = b.volunteer_id AND a.id < b.id
        AND a.created_at <= b.created_at AND a.created_at > b.created_at - :minutes * 60
    JOIN outlet oa ON oa.id = a.outlet_id JOIN outlet ob ON ob.id = b.outlet_id
    WHERE b.created_at > :since AND a.state IN {_GRANTED} AND b.state IN {_GRANTED}
        AND substr(oa.area_id, 1, 6) <> substr(ob.area_id, 1, 6)
"""
_OWN_MERCHANT: Final = f"""
    SELECT 'own_merchant' AS kind, 'redemption:' || r.id AS subject, r.volunteer_id, r.merchant_id
    FROM redemption r JOIN merchant m ON m.id = r.merchant_id AND m.representative_id = r.volunteer_id
    WHERE r.created_at > :since AND r.state IN {_GRANTED}
"""
_BURST: Final = f"""
    SELECT 'burst' AS kind, 'volunteer:' || r.volunteer_id || '@' || r.created_at / 3600 AS subject, r.volunteer_id,
        MIN(r.merchant_id) AS merchant_id
    FROM redemption r WHERE r.created_at > :since AND r.state IN {_GRANTED}
    GROUP BY r.volunteer_id, r.created_at / 3600 HAVING SUM(r.quantity) > :pieces
"""
_GUESSED: Final = """
    SELECT 'guessed_codes' AS kind, 'device:' || w.device || '@' || w.period AS subject, NULL AS volunteer_id,
        NULL AS merchant_id
    FROM wrong_code w WHERE w.period * 600 > :since - 600 AND w.tries >= :codes
"""

_QUERIES: Final = (_FAR_APART, _OWN_MERCHANT, _BURST, _GUESSED)
_MOST_AT_ONCE: Final = 1_000
_NOTE: Final = text(
    "INSERT INTO suspicion (kind, subject, volunteer_id, merchant_id, found_at)"
    " VALUES (:kind, :subject, :volunteer_id, :merchant_id, :now) ON CONFLICT (kind, subject) DO NOTHING"
)


def look_for_suspicions(database: Database, policy: Exchange, since: int, now: int) -> int:
    """Note what has happened since then; how many new ones. The search only reads, so that nobody waits for it."""
    values = {
        "since": since,
        "minutes": policy.far_apart_minutes,
        "pieces": policy.burst_pieces,
        "codes": policy.wrong_codes,
    }
    with database.read() as connection:
        found = [row for query in _QUERIES for row in _rows(connection, query, values)]
    if not found:
        return 0
    with database.write() as connection:
        return sum(connection.execute(_NOTE, {**row, "now": now}).rowcount for row in found)


def _rows(connection: Connection, query: str, values: Mapping[str, int]) -> list[dict[str, Any]]:
    named = {name: value for name, value in values.items() if f":{name}" in query}
    statement = (
        f"SELECT f.* FROM ({query}) AS f WHERE NOT EXISTS"
        f" (SELECT 1 FROM suspicion s WHERE s.kind = f.kind AND s.subject = f.subject) LIMIT {_MOST_AT_ONCE}"
    )
    return [dict(row) for row in connection.execute(text(statement), named).mappings()]


def decide_suspicion(
    connection: Connection, now: int, suspicion_id: int, *, is_confirmed: bool, note: str, actor: str
) -> None:
    """Raises AlreadySettled, NotFound."""
    check_words(note)
    one = locked(connection, "suspicion", suspicion_id)
    if one["state"] != "open":
        raise AlreadySettled(noun="suspicion", id=suspicion_id, state=one["state"])
    state = "confirmed" if is_confirmed else "cleared"
    update(connection, "suspicion", suspicion_id, state=state, note=note, decided_by=actor, decided_at=now)


def occurrence(subject: str) -> str:
    """What a suspicion is about, in words: `redemptions:3-9`, `redemption:3`, `volunteer:5@492345`, `device:till-1@2954123`."""
    what, _colon, which = subject.partition(":")
    first, _sign, second = which.rpartition("@") if "@" in which else which.partition("-")
    match what:
        case "redemptions":
            return _(N_("redemptions {first} and {second}"), first=first, second=second)
        case "volunteer":
            return _(N_("from {moment} on, for an hour"), moment=local_text(int(second) * 3_600)[:16])
        case "device":
            return _(N_("{device}, {moment}"), device=first, moment=local_text(int(second) * 600)[:16])
        case _:
            return _(N_("redemption {first}"), first=first)
