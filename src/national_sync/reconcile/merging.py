"""Making two registrations of one person one, as far as that can be done here, and taking it back.

The merge is a row of its own that every local duty respects (`national_sync.persons`). What may move goes out like any
edit; what may not stays where the national side has it until it merges the two itself. Why it is so:
docs/decisions/0018-merging-a-person.md. Every function works inside the caller's transaction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync import audit
from national_sync.errors import (
    AlreadySettled,
    CannotUndo,
    MergeStands,
    NotFound,
    PersonChanged,
    RunInProgress,
)
from national_sync.i18n import N_
from national_sync.operators.rights import Operator, Right, require
from national_sync.reconcile.merge_plan import How, Step
from national_sync.reconcile.merge_preview import check_one_person, exists_for, plan_merge
from national_sync.reconcile.resolving import Choice, resolve
from national_sync.reconcile.undoing import undo
from national_sync.records import Entity, content_fields
from national_sync.sealing import Sealer
from national_sync.store.marks import write_mark
from national_sync.sync.deletions import deleted_row, insert_deleted
from national_sync.sync.lease import run_at_work
from national_sync.sync.mismatches import lock_mismatches
from national_sync.sync.transaction import current_revision

_COPIED: Final[Mapping[Entity, tuple[str, ...]]] = {
    # How it stands and since when is for the national side to say.
    Entity.MEMBERSHIP: ("team_id",),
    Entity.TRAINING_RECORD: tuple(
        name for name in content_fields(Entity.TRAINING_RECORD) if name != "volunteer_number"
    ),
}


def list_merges(connection: Connection, *, county: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Merges, the newest first. `nationally`: waiting, done, or reversed (the other one was kept there)."""
    rows = connection.execute(
        text(
            "SELECT m.id, m.kept_id, m.gone_id, m.state, m.merged_at, m.merged_by, m.undone_at, m.undone_by,"
            " k.number AS kept_number, g.number AS gone_number, CASE WHEN m.state <> 'merged' THEN NULL"
            " WHEN k.withdrawn_at IS NOT NULL AND g.withdrawn_at IS NULL THEN 'reversed'"
            " WHEN g.id IS NULL OR g.withdrawn_at IS NOT NULL THEN 'done' ELSE 'waiting' END AS nationally"
            " FROM volunteer_merge m LEFT JOIN volunteer k ON k.id = m.kept_id LEFT JOIN volunteer g ON g.id = m.gone_id"
            " WHERE CAST(:county AS TEXT) IS NULL OR substr(k.service_area_id, 1, 6) = :county"
            " ORDER BY m.id DESC LIMIT :limit"
        ),
        {"county": county, "limit": limit},
    )
    return [dict(row) for row in rows.mappings()]


# Doing


def merge(
    connection: Connection,
    sealer: Sealer,
    operator: Operator,
    kept_id: int,
    gone_id: int,
    *,
    shown: str,
    now: int,
    although_different: bool = False,
    **judged: Any,
) -> int:
    """Carry out the plan that was shown with this digest; returns the number of the merge.

    `judged` is what else the plan was made with (`star_hours`, `balance_of`).

    Raises MergeRefused where they seem to be two people, unless somebody knows better (`although_different`),
    PersonChanged when it would be another plan by now, RunInProgress while a run is at work.
    """
    _keep_runs_out(connection, now)
    _lock_volunteers(connection, kept_id, gone_id)
    plan = plan_merge(connection, operator, kept_id, gone_id, right=Right.DECIDE, **judged)
    if plan.digest != shown:
        raise PersonChanged()
    check_one_person(plan, although_different=although_different)
    done = [_carry_out(connection, step, kept_id) for step in plan.steps if step.how is not How.STAYS]
    merge_id: int = connection.execute(
        text(
            "INSERT INTO volunteer_merge (kept_id, gone_id, state, steps, merged_at, merged_by)"
            " VALUES (:kept, :gone, 'merged', '[]', :now, :actor) RETURNING id"
        ),
        {"kept": kept_id, "gone": gone_id, "now": now, "actor": operator.actor},
    ).scalar_one()
    notes = {
        "done": done,
        "last_operation": _last_operation(connection),
        "mismatches": _accept_mismatches(connection, sealer, operator, kept_id, gone_id, now),
    }
    connection.execute(
        text("UPDATE volunteer_merge SET steps = :steps WHERE id = :id"), {"steps": json.dumps(notes), "id": merge_id}
    )
    counts = {how.value: sum(step.how is how for step in plan.steps) for how in How}
    _audit(connection, operator, "merged", kept_id, {"merge": merge_id, "gone": gone_id, "plan": shown, **counts}, now)
    return merge_id


def unmerge(connection: Connection, sealer: Sealer, operator: Operator, merge_id: int, *, now: int) -> None:
    """Put every row back as it was. Raises NotFound, AlreadySettled, or MergeStands once something has gone out."""
    locking = "" if connection.dialect.name == "sqlite" else " FOR UPDATE"
    found = connection.execute(
        text(f"SELECT * FROM volunteer_merge WHERE id = :id{locking}"), {"id": merge_id}
    ).mappings()
    row = found.first()
    if row is None:
        raise NotFound(noun="merge", id=merge_id)
    for volunteer_id in (row["kept_id"], row["gone_id"]):
        require(operator, Right.DECIDE, county=_county_of(connection, volunteer_id))
    if row["state"] != "merged":
        raise AlreadySettled(noun="merge", id=merge_id, state=row["state"])
    _keep_runs_out(connection, now)
    notes = json.loads(row["steps"])
    for step in notes["done"]:
        _check_unsent(connection, merge_id, step, notes["last_operation"])
    for step in reversed(notes["done"]):
        _put_back(connection, step, row["gone_id"])
    connection.execute(
        text("UPDATE volunteer_merge SET state = 'undone', undone_at = :now, undone_by = :actor WHERE id = :id"),
        {"now": now, "actor": operator.actor, "id": merge_id},
    )
    lock_mismatches(connection, notes["mismatches"])
    for mismatch_id in notes["mismatches"]:
        _reopen_mismatch(connection, sealer, operator, mismatch_id, now)
    _audit(connection, operator, "unmerged", row["kept_id"], {"merge": merge_id, "gone": row["gone_id"]}, now)


# Carrying out


def _keep_runs_out(connection: Connection, now: int) -> None:
    """No run begins before this transaction ends, and none is at work: it might be sending what is about to move."""
    if connection.dialect.name != "sqlite":
        connection.execute(text("LOCK TABLE run IN SHARE MODE"))
    at_work = run_at_work(connection)
    if at_work is not None and at_work["lease_until"] >= now:
        raise RunInProgress(run=at_work["id"], holder=at_work["holder"])


def _lock_volunteers(connection: Connection, *volunteer_ids: int) -> None:
    """Two people who merge the same registrations at the same moment do it one after the other."""
    if connection.dialect.name != "sqlite":
        for volunteer_id in sorted(volunteer_ids):
            connection.execute(text("SELECT id FROM volunteer WHERE id = :id FOR UPDATE"), {"id": volunteer_id})


def _carry_out(connection: Connection, step: Step, kept_id: int) -> dict[str, Any]:
    """Returns what undoing needs to know."""
    done: dict[str, Any] = {"entity": step.entity.value, "row": step.row_id, "how": step.how.value}
    bound = {"kept": kept_id, "row": step.row_id}
    if step.how is How.HANDED_OVER:
        connection.execute(text(f"UPDATE {step.entity} SET volunteer_id = :kept WHERE id = :row"), bound)
        return done
    if step.how is How.MOVED:
        columns = ", ".join(_COPIED[step.entity])
        done["new_row"] = connection.execute(
            text(
                f"INSERT INTO {step.entity} (volunteer_id, {columns}) SELECT :kept, {columns} FROM {step.entity}"
                " WHERE id = :row RETURNING id"
            ),
            bound,
        ).scalar_one()
    connection.execute(text(f"DELETE FROM {step.entity} WHERE id = :row"), {"row": step.row_id})
    return done


def _accept_mismatches(
    connection: Connection, sealer: Sealer, operator: Operator, kept_id: int, gone_id: int, now: int
) -> list[int]:
    """What asked whether the two are one person is answered. Such a mismatch is named after the later row."""
    asked = connection.execute(
        text(
            "SELECT id FROM mismatch WHERE state = 'open' AND decision IS NULL AND entity = 'volunteer'"
            " AND row_id = :later AND kind IN ('same_person_twice', 'same_name_and_birth') ORDER BY id"
        ),
        {"later": max(kept_id, gone_id)},
    )
    ids = lock_mismatches(connection, asked.scalars(), "decision IS NULL")
    for mismatch_id in ids:
        resolve(connection, sealer, operator, Choice(mismatch_id, "national"), now)
    return ids


def _last_operation(connection: Connection) -> int:
    return int(connection.execute(text("SELECT COALESCE(MAX(id), 0) FROM operation")).scalar_one())


# Taking back


def _county_of(connection: Connection, volunteer_id: int) -> str | None:
    county: str | None = connection.execute(
        text("SELECT substr(service_area_id, 1, 6) FROM volunteer WHERE id = :id"), {"id": volunteer_id}
    ).scalar_one_or_none()
    return county


def _check_unsent(connection: Connection, merge_id: int, step: Mapping[str, Any], last_operation: int) -> None:
    entity = Entity(step["entity"])
    for row_id in filter(None, (step["row"], step.get("new_row"))):
        if exists_for(connection, "operation WHERE", entity, row_id, last=last_operation):
            raise MergeStands(id=merge_id, reason=N_("what it moved has been sent to the national side"))
    living = step.get("new_row") or (step["row"] if step["how"] == How.HANDED_OVER else None)
    if living is not None and not _is_unsent_row(connection, entity, living):
        raise MergeStands(id=merge_id, reason=N_("what it moved has been changed since"))
    if step["how"] != How.HANDED_OVER and not exists_for(connection, "local_deletion WHERE", entity, step["row"]):
        raise MergeStands(id=merge_id, reason=N_("what it moved has been changed since"))


def _is_unsent_row(connection: Connection, entity: Entity, row_id: int) -> bool:
    found = connection.execute(
        text(f"SELECT 1 FROM {entity} WHERE id = :id AND sync_rev IS NULL AND national_id IS NULL"), {"id": row_id}
    )
    return found.first() is not None


def _put_back(connection: Connection, step: Mapping[str, Any], gone_id: int) -> None:
    entity = Entity(step["entity"])
    if step["how"] == How.HANDED_OVER:
        connection.execute(
            text(f"UPDATE {entity} SET volunteer_id = :gone WHERE id = :row"), {"gone": gone_id, "row": step["row"]}
        )
        return
    if "new_row" in step:
        connection.execute(text(f"DELETE FROM {entity} WHERE id = :row"), {"row": step["new_row"]})
        _forget_deletion(connection, entity, step["new_row"])
    _restore(connection, entity, step["row"])


def _restore(connection: Connection, entity: Entity, row_id: int) -> None:
    """The row as it was, under a new revision: the sides agree on it as before, so nothing goes out."""
    deletion = (
        connection.execute(
            text(
                "SELECT old_row FROM local_deletion WHERE entity = :entity AND row_id = :row ORDER BY id DESC LIMIT 1"
            ),
            {"entity": entity.value, "row": row_id},
        )
        .mappings()
        .one()
    )
    row = deleted_row(entity, dict(deletion))
    if row["sync_rev"] is not None:
        row["sync_rev"] = _next_revision(connection)
    insert_deleted(connection, entity, row)
    _forget_deletion(connection, entity, row_id)


def _next_revision(connection: Connection) -> int:
    """Given out by runs elsewhere; none is at work now."""
    revision = current_revision(connection) + 1
    write_mark(connection, "sync_rev", revision)
    return revision


def _forget_deletion(connection: Connection, entity: Entity, row_id: int) -> None:
    connection.execute(
        text("DELETE FROM local_deletion WHERE entity = :entity AND row_id = :row"),
        {"entity": entity.value, "row": row_id},
    )


def _reopen_mismatch(connection: Connection, sealer: Sealer, operator: Operator, mismatch_id: int, now: int) -> None:
    try:
        undo(connection, sealer, operator, mismatch_id, now)
    except CannotUndo:
        # Its cause has gone meanwhile, or it is open again already: nothing is left to ask.
        return


def _audit(
    connection: Connection, operator: Operator, action: str, kept_id: int, detail: Mapping[str, Any], now: int
) -> None:
    entry = audit.Entry(now, operator.actor, f"volunteer.{action}", Entity.VOLUNTEER.value, kept_id, detail=detail)
    audit.append(connection, entry)
