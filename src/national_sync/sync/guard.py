"""Guards: a class of actions that looks like an accident waits until a person approves exactly that plan."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from enum import StrEnum

from national_sync.policy import Guards
from national_sync.records import Entity
from national_sync.sync.holds import begin_plan, held_plan, hold_plan, supersede_hold
from national_sync.sync.transaction import Transaction


class ActionClass(StrEnum):
    """The classes of actions that are held as a whole."""

    UPDATE = "update"
    WITHDRAW = "withdraw"
    SEND_UPDATE = "send_update"
    SEND_DELETE = "send_delete"


class GuardReason(StrEnum):
    TOO_MANY_WITHDRAWALS = "too_many_withdrawals"
    TOO_MANY_UPDATES = "too_many_updates"
    TOO_MANY_DELETIONS = "too_many_deletions"
    TOTAL_DROPPED = "total_dropped"
    MAPPING_CHANGED = "mapping_changed"


def guard_reason(
    guards: Guards,
    action: ActionClass,
    *,
    records: int,
    rows: int,
    total_dropped: bool = False,
    remapped: bool = False,
) -> GuardReason | None:
    """Why this many actions of a class on a table of `rows` must wait; None when they may go on. Pure."""
    if records == 0:
        return None
    share = 100 * records / max(rows, 1)
    match action:
        case ActionClass.WITHDRAW | ActionClass.SEND_DELETE:
            if total_dropped:
                return GuardReason.TOTAL_DROPPED
            if share > guards.withdrawals_percent and records > guards.withdrawals_count:
                is_ours = action is ActionClass.SEND_DELETE
                return GuardReason.TOO_MANY_DELETIONS if is_ours else GuardReason.TOO_MANY_WITHDRAWALS
        case ActionClass.UPDATE | ActionClass.SEND_UPDATE:
            if remapped:
                return GuardReason.MAPPING_CHANGED
            if share > guards.updates_percent and records > guards.updates_count:
                return GuardReason.TOO_MANY_UPDATES
    return None


def plan_hash(lines: Iterable[str]) -> str:
    """The fingerprint of a plan: the same actions on the same facts give the same hash."""
    digest = hashlib.blake2b(digest_size=8)
    for line in lines:
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()


def may_proceed(
    tx: Transaction,
    entity: Entity,
    action: ActionClass,
    reason: GuardReason | None,
    *,
    records: int,
    lines: Iterable[str],
) -> bool:
    """Let a class of actions through, or hold it. An approval counts only for the plan it was given for, or for what a
    run that was killed has left of it."""
    held = held_plan(tx, entity, action)
    is_begun = held is not None and held["begun_run_id"] is not None
    if reason is None:
        if held is not None and not is_begun:
            supersede_hold(tx, held["id"])
        return True
    wanted = plan_hash(lines)
    if held is not None and (held["plan_hash"] == wanted or (is_begun and records <= held["records"])):
        if held["state"] == "approved":
            begin_plan(tx, held["id"])
            return True
        return False
    if held is not None:
        supersede_hold(tx, held["id"])
    hold_plan(tx, entity, action, reason, records=records, plan_hash=wanted)
    return False
