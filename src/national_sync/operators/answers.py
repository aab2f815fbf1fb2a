"""What an operator answers about held plans and quarantine: with the right to it, and written into the audit.

Both concern the whole city, so a county operator answers neither.
"""

from __future__ import annotations

from typing import Literal

from sqlalchemy import Connection

from national_sync import audit
from national_sync.operators.rights import Operator, Right, require
from national_sync.sync import holds, quarantines


def answer_hold(
    connection: Connection, by: Operator, number: int, plan_hash: str, answer: Literal["approve", "reject"], *, now: int
) -> None:
    """Raises NotAllowed, NotFound, AlreadySettled, PlanChanged."""
    require(by, Right.DECIDE)
    settle = holds.approve_hold if answer == "approve" else holds.reject_hold
    settle(connection, number, plan_hash)
    hold = holds.show_hold(connection, number)
    detail = {"hold": number, "plan": plan_hash, "action": hold["action"], "records": hold["records"]}
    audit.append(connection, audit.Entry(now, by.actor, f"hold.{hold['state']}", hold["entity"], detail=detail))


def answer_quarantine(
    connection: Connection, by: Operator, number: int, answer: Literal["replay", "drop"], *, now: int
) -> None:
    """Raises NotAllowed, NotFound, AlreadySettled."""
    require(by, Right.DECIDE)
    settle = quarantines.replay if answer == "replay" else quarantines.drop
    settle(connection, number)
    audit.append(connection, audit.Entry(now, by.actor, f"quarantine.{answer}", detail={"quarantine": number}))
