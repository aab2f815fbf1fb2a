"""Standing rules at work: mismatches that fit one are decided without a person, many in one statement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from national_sync import audit
from national_sync.sync.mismatches import add_events
from national_sync.sync.transaction import Transaction, Transactions

FITS: Final = (
    "mismatch.kind = :kind AND mismatch.entity = :entity AND (:field = '' OR mismatch.field = :field)"
    " AND (:county = '' OR mismatch.county = :county)"
)
"""Whether a mismatch is one that a rule speaks of; the parameters are the rule's columns."""

_UNDECIDED: Final = (
    f"FROM mismatch WHERE mismatch.state = 'open' AND mismatch.decision IS NULL AND {FITS}"
    " AND NOT EXISTS (SELECT 1 FROM mismatch_event e WHERE e.mismatch_id = mismatch.id AND e.event = 'undone')"
)

MOST_PARTICULAR_FIRST: Final = "CASE WHEN field = '' THEN 1 ELSE 0 END, CASE WHEN county = '' THEN 1 ELSE 0 END, id"


def apply_rules(transactions: Transactions) -> int:
    """Let every rule decide what fits it and nobody has decided; returns how many.

    What a person has taken back from a rule is left to persons.
    """
    with transactions.read() as tx:
        rules = tx.rows(f"SELECT * FROM mismatch_rule WHERE removed_at IS NULL ORDER BY {MOST_PARTICULAR_FIRST}")
        waiting = [rule for rule in rules if tx.execute(f"SELECT 1 {_UNDECIDED} LIMIT 1", **_terms(rule)).first()]
    decided = 0
    for rule in waiting:
        with transactions.write() as tx:
            decided += _decide(tx, rule)
    return decided


def _decide(tx: Transaction, rule: Mapping[str, Any]) -> int:
    actor, keep = f"rule:{rule['id']}", rule["keep"]
    decided = tx.execute(
        "UPDATE mismatch SET decision = :keep, decided_by = :actor, decided_at = :now"
        f" WHERE id IN (SELECT mismatch.id {_UNDECIDED}) AND decision IS NULL RETURNING id",
        keep=keep,
        actor=actor,
        now=tx.now,
        **_terms(rule),
    )
    ids = sorted(decided.scalars())
    if ids:
        detail = {"decision": keep}
        add_events(tx.connection, ids, at=tx.now, event="decided", actor=actor, run_id=tx.run_id, detail=detail)
        many = {"decision": keep, "count": len(ids), "digest": audit.digest_of(str(one) for one in ids)}
        entry = audit.Entry(tx.now, actor, "mismatch.decided", rule["entity"], run_id=tx.run_id, detail=many)
        audit.append(tx.connection, entry)
    return len(ids)


def _terms(rule: Mapping[str, Any]) -> dict[str, str]:
    return {name: rule[name] for name in ("kind", "entity", "field", "county")}
