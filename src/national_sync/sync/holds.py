"""Holds: plans that a guard stopped, and a person's answer to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync import audit
from national_sync.errors import AlreadySettled, NotFound, PlanChanged
from national_sync.records import Entity
from national_sync.sync.transaction import Transaction, Transactions

LIVE: Final = ("open", "approved", "rejected")
"""The states in which a hold still stops something."""
_LIVE: Final = f"({', '.join(map(repr, LIVE))})"


def held_plan(tx: Transaction, entity: Entity, action: str) -> Mapping[str, Any] | None:
    rows = tx.rows(
        f"SELECT * FROM hold WHERE entity = :entity AND action = :action AND state IN {_LIVE}",
        entity=entity.value,
        action=action,
    )
    return rows[0] if rows else None


def hold_plan(tx: Transaction, entity: Entity, action: str, reason: str, *, records: int, plan_hash: str) -> None:
    tx.execute(
        "INSERT INTO hold (run_id, entity, action, reason, records, plan_hash, state)"
        " VALUES (:run, :entity, :action, :reason, :records, :plan_hash, 'open')",
        run=tx.run_id,
        entity=entity.value,
        action=action,
        reason=reason,
        records=records,
        plan_hash=plan_hash,
    )


def begin_plan(tx: Transaction, hold_id: int) -> None:
    tx.execute("UPDATE hold SET begun_run_id = :run WHERE id = :id", run=tx.run_id, id=hold_id)


def mark_executed(transactions: Transactions, entities: Sequence[Entity], actions: Iterable[str]) -> None:
    """Close the approved holds whose plan a run has carried out to its end."""
    with transactions.read() as tx:
        begun = tx.rows(
            "SELECT id, entity, action FROM hold WHERE state = 'approved' AND begun_run_id IS NOT NULL"
            # A write whose fate is not known may have to be planned again.
            " AND NOT EXISTS (SELECT 1 FROM operation o WHERE o.entity = hold.entity"
            " AND 'send_' || o.verb = hold.action AND o.state IN ('planned', 'in_flight', 'unknown', 'pending'))"
        )
    over = [hold["id"] for hold in begun if hold["entity"] in entities and hold["action"] in set(actions)]
    if over:
        with transactions.write() as tx:
            for hold_id in over:
                tx.execute("UPDATE hold SET state = 'executed' WHERE id = :id", id=hold_id)
            entry = audit.Entry(tx.now, f"run:{tx.run_id}", "hold.executed", run_id=tx.run_id, detail={"holds": over})
            audit.append(tx.connection, entry)


def supersede_hold(tx: Transaction, hold_id: int) -> None:
    tx.execute("UPDATE hold SET state = 'superseded' WHERE id = :id", id=hold_id)


def list_holds(connection: Connection, *, state: str | None = "open") -> list[dict[str, Any]]:
    """Holds by state; `open` means all that still stop something, the rejected ones among them."""
    states = {None: "", "open": f" WHERE state IN {_LIVE}"}
    condition = states.get(state, " WHERE state = :state")
    parameters = {"state": state} if ":state" in condition else {}
    rows = connection.execute(text(f"SELECT * FROM hold{condition} ORDER BY id"), parameters)
    return [dict(row) for row in rows.mappings()]


def show_hold(connection: Connection, hold_id: int) -> dict[str, Any]:
    row = connection.execute(text("SELECT * FROM hold WHERE id = :id"), {"id": hold_id}).mappings().first()
    if row is None:
        raise NotFound(noun="hold", id=hold_id)
    return dict(row)


def approve_hold(connection: Connection, hold_id: int, plan_hash: str) -> None:
    """Let the next run carry out exactly the plan that was shown."""
    _answer(connection, hold_id, plan_hash, "approved")


def reject_hold(connection: Connection, hold_id: int, plan_hash: str) -> None:
    """Do not carry it out; it stays held until the plan changes or goes away."""
    _answer(connection, hold_id, plan_hash, "rejected")


def _answer(connection: Connection, hold_id: int, plan_hash: str, answer: str) -> None:
    hold = show_hold(connection, hold_id)
    if hold["state"] in ("executed", "superseded"):
        raise AlreadySettled(noun="hold", id=hold_id, state=hold["state"])
    if hold["plan_hash"] != plan_hash:
        raise PlanChanged(id=hold_id)
    connection.execute(text("UPDATE hold SET state = :state WHERE id = :id"), {"state": answer, "id": hold_id})
