"""Taking the steps that are due, in a run that has just read the national side.

A step is a row written or removed here, in the transaction that notes it; what goes out is the engine's business. So a
process that is killed anywhere leaves a transfer that stands as its rows say, and the next run goes on from there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from national_sync import audit
from national_sync.national.port import Capabilities
from national_sync.policy import Policy
from national_sync.records import Entity
from national_sync.sync.deletions import restore_deleted
from national_sync.sync.kinds import MismatchKind
from national_sync.sync.mismatches import close_mismatches, open_mismatch
from national_sync.sync.slices import slices
from national_sync.sync.transaction import Transaction, Transactions
from national_sync.transfer.requests import put_back_to_work
from national_sync.transfer.standing import Standing, Terms, active_ids, standings
from national_sync.transfer.steps import Goal, Next, Step, next_step

LOOKED_AT_TOGETHER: Final = 200
_DECIDED: Final = {"local": Goal.MOVE, "national": Goal.BACK}


@dataclass(frozen=True)
class Advance:
    """The duty that a run carries along (`sync.run.Duty`)."""

    policy: Policy

    def __call__(self, transactions: Transactions, capabilities: Capabilities) -> bool:
        """Take at most one step of each transfer; whether there is something to send now."""
        terms = Terms(capabilities.two_memberships, self.policy.transfer.tries)
        with transactions.read() as tx:
            active = active_ids(tx)
        is_sending = False
        for some in slices(active, LOOKED_AT_TOGETHER):
            with transactions.read() as tx:
                due = [one.transfer["id"] for one in standings(tx, some, terms) if _is_due(one)]
            for transfer_id in due:
                with transactions.write(durable=True) as tx:
                    is_sending |= _go_on(tx, transfer_id, terms)
        return is_sending


def _is_due(standing: Standing) -> bool:
    if _decision(standing) is not None or _has_stale_mismatch(standing):
        return True
    following = next_step(standing.known)
    return following.step is not Step.WAIT or following.why != standing.transfer["waits_for"]


def _decision(standing: Standing) -> Goal | None:
    """What a person has decided about a transfer that is stuck."""
    is_stuck = standing.transfer["state"] == "stuck"
    return _DECIDED.get(standing.half_done or "") if is_stuck else None


def _has_stale_mismatch(standing: Standing) -> bool:
    return standing.half_done == "open" and standing.transfer["state"] != "stuck"


def _go_on(tx: Transaction, transfer_id: int, terms: Terms) -> bool:
    """Look again, now that nobody else writes, and take the step."""
    tx.rows(f"SELECT id FROM transfer WHERE id = :id{tx.locking}", id=transfer_id)
    [standing] = standings(tx, [transfer_id], terms)
    if standing.transfer["state"] not in ("approved", "stuck"):
        return False
    decided = _decision(standing)
    if decided is not None:
        put_back_to_work(tx.connection, standing.transfer, decided)
        _note(tx, standing, "resumed", {"goal": decided.value})
        [standing] = standings(tx, [transfer_id], terms)
    if _has_stale_mismatch(standing):
        _close_half_done(tx, standing)
    following = next_step(standing.known)
    _take(tx, standing, following)
    return following.step in _ACTS


def _take(tx: Transaction, standing: Standing, following: Next) -> None:
    step, why = following.step, str(following.why)
    if step is Step.WAIT and why == standing.transfer["waits_for"]:
        return
    detail: Mapping[str, Any] = {"why": why} if why else {}
    if step in _ACTS:
        detail = {**detail, **_ACTS[step](tx, standing)}
    _set(tx, standing, waits_for=why if step in (Step.WAIT, Step.STOP) else "", state=_STATES.get(step, "approved"))
    if step is Step.STOP:
        _open_half_done(tx, standing, why)
    elif standing.transfer["state"] == "stuck":
        _set(tx, standing, tries=0)
        _close_half_done(tx, standing)
    if step in (Step.FINISH, Step.CALL_OFF):
        _set(tx, standing, ended_at=tx.now)
    _note(tx, standing, step.value, detail)


_STATES: Final[Mapping[Step, str]] = {Step.FINISH: "done", Step.CALL_OFF: "called_off", Step.STOP: "stuck"}


# What each step writes


def _write_areas(tx: Transaction, standing: Standing) -> dict[str, Any]:
    wanted = json.loads(standing.transfer["areas"])
    before = {name: standing.transfer[name] for name in wanted}
    _set(tx, standing, areas_before=json.dumps(before, ensure_ascii=False))
    return _edit_volunteer(tx, standing, wanted)


def _put_areas_back(tx: Transaction, standing: Standing) -> dict[str, Any]:
    _close_refusals(tx, Entity.VOLUNTEER, standing.transfer["volunteer_id"])
    return _edit_volunteer(tx, standing, json.loads(standing.transfer["areas_before"]))


def _edit_volunteer(tx: Transaction, standing: Standing, areas: Mapping[str, Any]) -> dict[str, Any]:
    """An edit like any other made here: `sync_rev` is left alone."""
    assignments = ", ".join(f"{name} = :{name}" for name in areas)
    tx.execute(f"UPDATE volunteer SET {assignments} WHERE id = :id", id=standing.transfer["volunteer_id"], **areas)
    return {"columns": sorted(areas)}


def _join(tx: Transaction, standing: Standing) -> dict[str, Any]:
    row_id = _new_membership(tx, standing, standing.transfer["to_team_id"])
    _set(tx, standing, joined_row_id=row_id)
    return {"membership": row_id}


def _rejoin(tx: Transaction, standing: Standing) -> dict[str, Any]:
    row_id = _new_membership(tx, standing, standing.transfer["from_team_id"])
    _set(tx, standing, rejoined_row_id=row_id)
    return {"membership": row_id}


def _new_membership(tx: Transaction, standing: Standing, team_id: int) -> int:
    row_id: int = tx.execute(
        "INSERT INTO membership (volunteer_id, team_id) VALUES (:volunteer, :team) RETURNING id",
        volunteer=standing.transfer["volunteer_id"],
        team=team_id,
    ).scalar_one()
    return row_id


def _leave(tx: Transaction, standing: Standing) -> dict[str, Any]:
    row_id = standing.old_rows[0]
    _delete_membership(tx, row_id)
    _set(tx, standing, left_row_id=row_id)
    return {"membership": row_id}


def _unjoin(tx: Transaction, standing: Standing) -> dict[str, Any]:
    row_id = standing.transfer["joined_row_id"]
    _delete_membership(tx, row_id)
    return {"membership": row_id}


def _delete_membership(tx: Transaction, row_id: int) -> None:
    _close_refusals(tx, Entity.MEMBERSHIP, row_id)
    tx.execute("DELETE FROM membership WHERE id = :id", id=row_id)


def _restore(tx: Transaction, standing: Standing) -> dict[str, Any]:
    row_id = standing.transfer["left_row_id"]
    _close_refusals(tx, Entity.MEMBERSHIP, row_id)
    [deletion] = tx.rows(
        "SELECT id, row_id, old_row FROM local_deletion WHERE entity = 'membership' AND row_id = :row_id", row_id=row_id
    )
    restore_deleted(tx, Entity.MEMBERSHIP, deletion)
    _set(tx, standing, left_row_id=None)
    return {"membership": row_id}


def _try_again(tx: Transaction, standing: Standing) -> dict[str, Any]:
    """A refusal that nobody speaks of any more is no hindrance: the engine plans the same write anew."""
    rows = {
        *standing.old_rows,
        *standing.new_rows,
        standing.transfer["left_row_id"],
        standing.transfer["joined_row_id"],
    }
    for row_id in sorted(row_id for row_id in rows if row_id is not None):
        _close_refusals(tx, Entity.MEMBERSHIP, row_id)
    _close_refusals(tx, Entity.VOLUNTEER, standing.transfer["volunteer_id"])
    tries = standing.known.tries + 1
    _set(tx, standing, tries=tries)
    return {"tries": tries}


_ACTS: Final[Mapping[Step, Callable[[Transaction, Standing], dict[str, Any]]]] = {
    Step.WRITE_AREAS: _write_areas,
    Step.AREAS_BACK: _put_areas_back,
    Step.JOIN: _join,
    Step.REJOIN: _rejoin,
    Step.LEAVE: _leave,
    Step.UNJOIN: _unjoin,
    Step.RESTORE: _restore,
    Step.TRY_AGAIN: _try_again,
}


def _close_refusals(tx: Transaction, entity: Entity, row_id: int) -> None:
    close_mismatches(tx, entity, row_id, kinds=[MismatchKind.REFUSED_BY_REVIEW])


# What is told


def _open_half_done(tx: Transaction, standing: Standing, why: str) -> None:
    open_mismatch(
        tx,
        MismatchKind.TRANSFER_HALF_DONE,
        Entity.VOLUNTEER,
        row_id=standing.transfer["volunteer_id"],
        national_id=standing.transfer["person_national_id"],
        detail={"transfer": standing.transfer["id"], "why": why},
    )


def _close_half_done(tx: Transaction, standing: Standing) -> None:
    close_mismatches(tx, Entity.VOLUNTEER, standing.transfer["volunteer_id"], kinds=[MismatchKind.TRANSFER_HALF_DONE])


def _set(tx: Transaction, standing: Standing, **columns: Any) -> None:
    assignments = ", ".join(f"{name} = :{name}" for name in columns)
    tx.execute(f"UPDATE transfer SET {assignments} WHERE id = :id", id=standing.transfer["id"], **columns)


def _note(tx: Transaction, standing: Standing, event: str, detail: Mapping[str, Any]) -> None:
    """A line in the transfer's own log, and one in the audit; waiting is no deed."""
    transfer, actor = standing.transfer, f"run:{tx.run_id}"
    tx.execute(
        "INSERT INTO transfer_event (transfer_id, at, event, actor, run_id, detail)"
        " VALUES (:transfer, :at, :event, :actor, :run, :detail)",
        transfer=transfer["id"],
        at=tx.now,
        event=event,
        actor=actor,
        run=tx.run_id,
        detail=json.dumps(dict(detail), ensure_ascii=False, sort_keys=True),
    )
    if event != Step.WAIT:
        facts = {"transfer": transfer["id"], **detail}
        entry = audit.Entry(tx.now, actor, f"transfer.{event}", "volunteer", transfer["volunteer_id"], tx.run_id, facts)
        audit.append(tx.connection, entry)
