"""Making two registrations of one person one, as far as that can be done here, and taking it back.

The merge is a row of its own that every local duty respects (`national_sync.persons`). What may move goes out like any
edit; what may not stays where the national side has it until it merges the two itself. Why it is so:
docs/decisions/0018-merging-a-person.md. Every function works inside the caller's transaction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, text

from national_sync import audit
from national_sync.errors import (
    AlreadySettled,
    CannotUndo,
    MergeRefused,
    MergeStands,
    NotFound,
    PersonChanged,
    RunInProgress,
)
from national_sync.i18n import N_, Phrase, joined
from national_sync.operators.rights import Operator, Right, require
from national_sync.persons import doubled_seconds, effective_spans, person_of, rows_of_person
from national_sync.prose.fields import field_name
from national_sync.reconcile.effects import STAR_HOURS, Effect, effect_of
from national_sync.reconcile.facts import BalanceOf, no_account
from national_sync.reconcile.merge_plan import Belonging, How, Keeper, Step, plan_steps
from national_sync.reconcile.resolving import Choice, resolve, undo
from national_sync.records import Entity, HourState, content_fields
from national_sync.sealing import Sealer
from national_sync.store.marks import write_mark
from national_sync.sync.deletions import deleted_row, insert_deleted
from national_sync.sync.lease import run_at_work
from national_sync.sync.operations import UNSETTLED
from national_sync.sync.transaction import current_revision

_OPEN_HOURS: Final = (HourState.APPLYING, HourState.NOT_SIGNED_OUT, HourState.EFFECTIVE)
_COPIED: Final[Mapping[Entity, tuple[str, ...]]] = {
    # How it stands and since when is for the national side to say.
    Entity.MEMBERSHIP: ("team_id",),
    Entity.TRAINING_RECORD: tuple(
        name for name in content_fields(Entity.TRAINING_RECORD) if name != "volunteer_number"
    ),
}


@dataclass(frozen=True)
class Registration:
    """One of the two, as shown."""

    id: int
    number: str | None
    name: str
    county: str
    birth_date: str
    total_seconds: int
    """By the national side."""


@dataclass(frozen=True)
class Overlap:
    """Two effective records of the person that both claim some time."""

    kept_record: int
    gone_record: int
    seconds: int


@dataclass(frozen=True)
class MergePlan:
    """What a merge does, as shown before it is done."""

    kept: Registration
    gone: Registration
    steps: tuple[Step, ...]
    hour_records: Mapping[str, int]
    """Of the gone one, by state: they stay under its number and count for the kept one."""
    overlaps: tuple[Overlap, ...]
    doubled_seconds: int
    """Claimed by both, counted once."""
    effect: Effect
    """On the kept one's hours, star and balance."""
    gone_balance: int | None
    differences: tuple[str, ...] = ()
    """By which the two seem to be two people; none where they may be one."""

    @property
    def digest(self) -> str:
        """Another one means that something has changed since it was shown."""
        return audit.digest_of([json.dumps(asdict(self), sort_keys=True)])[:8]

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "digest": self.digest}


# Looking


def find_volunteer(connection: Connection, named: str) -> int:
    """The row of a volunteer number or of a row's own number. Raises NotFound."""
    column = "id" if named.isascii() and named.isdigit() and len(named) < 19 else "number"
    found = connection.execute(
        text(f"SELECT id FROM volunteer WHERE {column} = :named ORDER BY withdrawn_at IS NOT NULL, id LIMIT 1"),
        {"named": int(named) if column == "id" else named},
    ).scalar_one_or_none()
    if found is None:
        raise NotFound(noun="volunteer", id=named)
    return int(found)


def plan_merge(
    connection: Connection,
    operator: Operator,
    kept_id: int,
    gone_id: int,
    *,
    star_hours: Sequence[int] = STAR_HOURS,
    balance_of: BalanceOf = no_account,
    right: Right = Right.READ,
) -> MergePlan:
    """Raises NotFound, NotAllowed, or MergeRefused with the reason."""
    kept, gone = _volunteer(connection, kept_id), _volunteer(connection, gone_id)
    for row in (kept, gone):
        require(operator, right, county=row["county"])
    _check(connection, kept, gone)
    before = _person_seconds(connection, rows_of_person(connection, kept_id))
    after = _person_seconds(connection, [*rows_of_person(connection, kept_id), gone_id])
    doubled = before + _person_seconds(connection, [gone_id]) - after
    balances = balance_of(connection, kept_id), balance_of(connection, gone_id)
    return MergePlan(
        _registration(kept),
        _registration(gone),
        tuple(plan_steps(_keeper(connection, kept), _belongings(connection, gone_id))),
        _hours_by_state(connection, gone_id),
        tuple(_overlaps(connection, kept_id, gone_id)),
        doubled,
        effect_of(before, after - before, balances[0], star_hours),
        balances[1],
        _differences(kept, gone),
    )


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
    for mismatch_id in notes["mismatches"]:
        _reopen_mismatch(connection, sealer, operator, mismatch_id, now)
    _audit(connection, operator, "unmerged", row["kept_id"], {"merge": merge_id, "gone": row["gone_id"]}, now)


# What decides


def _volunteer(connection: Connection, volunteer_id: int) -> Mapping[str, Any]:
    found = connection.execute(
        text("SELECT v.*, substr(v.service_area_id, 1, 6) AS county FROM volunteer v WHERE id = :id"),
        {"id": volunteer_id},
    ).mappings()
    row = found.first()
    if row is None:
        raise NotFound(noun="volunteer", id=volunteer_id)
    return dict(row)


def _county_of(connection: Connection, volunteer_id: int) -> str | None:
    county: str | None = connection.execute(
        text("SELECT substr(service_area_id, 1, 6) FROM volunteer WHERE id = :id"), {"id": volunteer_id}
    ).scalar_one_or_none()
    return county


def _registration(row: Mapping[str, Any]) -> Registration:
    return Registration(row["id"], row["number"], row["name"], row["county"], row["birth_date"], row["total_seconds"])


def _check(connection: Connection, kept: Mapping[str, Any], gone: Mapping[str, Any]) -> None:
    if kept["id"] == gone["id"]:
        raise MergeRefused(reason=N_("they are one and the same registration"))
    for row in (kept, gone):
        if row["national_id"] is None:
            raise MergeRefused(reason=N_("one of them has no national record yet; wait for the next run"))
        if row["withdrawn_at"] is not None:
            raise MergeRefused(reason=N_("one of them has been withdrawn; the national side has settled it already"))
        if person_of(connection, row["id"]) != row["id"]:
            raise MergeRefused(reason=N_("one of them has been merged into another already; name that one"))
    if len(rows_of_person(connection, gone["id"])) > 1:
        raise MergeRefused(
            reason=N_("others were merged into the one that would go; name it first, as the one to keep")
        )


def _differences(kept: Mapping[str, Any], gone: Mapping[str, Any]) -> tuple[str, ...]:
    """Nothing where `volunteer duplicates` would find them: one ID number however it is written, or one name and day."""
    if kept["id_number_hash"] is not None and kept["id_number_hash"] == gone["id_number_hash"]:
        return ()
    differing = tuple(name for name in ("name", "birth_date") if kept[name] != gone[name])
    return ("id_number", *differing) if differing else ()


def check_one_person(plan: MergePlan, *, although_different: bool) -> None:
    """Raises MergeRefused for two that nothing but the request says to be one."""
    if plan.differences and not although_different:
        raise MergeRefused(
            reason=Phrase(
                N_("they differ in the ID number and in: {fields}"),
                fields=joined(field_name(name) for name in plan.differences if name != "id_number"),
            ),
            hint=N_("Look at both with --dry-run. If they are one person all the same: --although-different"),
        )


def _keeper(connection: Connection, kept: Mapping[str, Any]) -> Keeper:
    bound = {"volunteer": kept["id"]}
    live = "volunteer_id = :volunteer AND withdrawn_at IS NULL"
    teams = connection.execute(
        text(f"SELECT team_id, state FROM membership WHERE {live} AND state IN ('member', 'applied')"), bound
    )
    trainings = connection.execute(text(f"SELECT topic, training_date FROM training_record WHERE {live}"), bound)
    hours = connection.execute(
        text(
            f"SELECT started_at, ended_at FROM hour_record WHERE {live} AND ended_at IS NOT NULL AND state IN :open"
        ).bindparams(bindparam("open", list(_OPEN_HOURS), expanding=True)),
        bound,
    )
    return Keeper(
        kept["real_name_state"],
        kept["account_state"],
        {row.team_id: row.state for row in sorted(teams.all(), key=lambda row: row.state)},
        frozenset((topic, day) for topic, day in trainings),
        [(start, end) for start, end in hours],
    )


_BELONGINGS: Final[Mapping[Entity, str]] = {
    Entity.MEMBERSHIP: (
        "SELECT r.*, t.name AS label, t.state AS team_state, t.join_rule FROM membership r"
        " JOIN team t ON t.id = r.team_id WHERE {live} ORDER BY r.id"
    ),
    Entity.TRAINING_RECORD: "SELECT r.*, r.topic AS label FROM training_record r WHERE {live} ORDER BY r.id",
    Entity.HOUR_RECORD: (
        "SELECT r.*, p.name AS label FROM hour_record r LEFT JOIN project p ON p.id = r.project_id"
        " WHERE {live} AND r.sync_rev IS NULL ORDER BY r.id"
    ),
}


def _belongings(connection: Connection, gone_id: int) -> list[Belonging]:
    """Memberships, trainings and the hours that were never sent. On PostgreSQL the rows stay locked."""
    locking = "" if connection.dialect.name == "sqlite" else " FOR UPDATE OF r"
    found = []
    for entity, query in _BELONGINGS.items():
        statement = query.format(live="r.volunteer_id = :volunteer AND r.withdrawn_at IS NULL")
        for row in connection.execute(text(statement + locking), {"volunteer": gone_id}).mappings().all():
            on_its_way = _exists(connection, f"operation WHERE state IN {UNSETTLED} AND", entity, row["id"])
            has_edits = _exists(connection, "local_change WHERE", entity, row["id"])
            found.append(
                Belonging(
                    entity, row["id"], row["label"] or "", row["sync_rev"] is None, on_its_way, has_edits, dict(row)
                )
            )
    return found


def _exists(connection: Connection, where: str, entity: Entity, row_id: int, **more: int) -> bool:
    condition = "entity = :entity AND row_id = :row_id" + "".join(f" AND id > :{name}" for name in more)
    found = connection.execute(
        text(f"SELECT 1 FROM {where} {condition} LIMIT 1"), {"entity": entity.value, "row_id": row_id, **more}
    )
    return found.first() is not None


def _hours_by_state(connection: Connection, gone_id: int) -> dict[str, int]:
    rows = connection.execute(
        text(
            "SELECT state, COUNT(*) AS records FROM hour_record WHERE volunteer_id = :gone AND withdrawn_at IS NULL"
            " AND sync_rev IS NOT NULL GROUP BY state ORDER BY state"
        ),
        {"gone": gone_id},
    )
    return {row.state: row.records for row in rows}


def _person_seconds(connection: Connection, volunteer_ids: Sequence[int]) -> int:
    """Recorded seconds that count for these rows together, none of them twice."""
    total = connection.execute(
        text(
            "SELECT COALESCE(SUM(service_seconds), 0) FROM hour_record WHERE volunteer_id IN :rows"
            " AND state = 'effective' AND withdrawn_at IS NULL"
        ).bindparams(bindparam("rows", list(volunteer_ids), expanding=True))
    ).scalar_one()
    return int(total) - doubled_seconds(effective_spans(connection, volunteer_ids))


def _overlaps(connection: Connection, kept_id: int, gone_id: int) -> list[Overlap]:
    effective = "{row}.state = 'effective' AND {row}.withdrawn_at IS NULL"
    rows = connection.execute(
        text(
            "SELECT k.id, g.id, k.started_at, k.ended_at, g.started_at, g.ended_at FROM hour_record g"
            " JOIN hour_record k ON k.volunteer_id = :kept AND k.started_at < g.ended_at AND g.started_at < k.ended_at"
            f" WHERE g.volunteer_id = :gone AND {effective.format(row='k')} AND {effective.format(row='g')}"
            " ORDER BY g.started_at, g.id, k.id"
        ),
        {"kept": kept_id, "gone": gone_id},
    )
    return [
        Overlap(kept, gone, min(kept_end, gone_end) - max(kept_start, gone_start))
        for kept, gone, kept_start, kept_end, gone_start, gone_end in rows
    ]


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
    ids = list(asked.scalars())
    for mismatch_id in ids:
        resolve(connection, sealer, operator, Choice(mismatch_id, "national"), now)
    return ids


def _last_operation(connection: Connection) -> int:
    return int(connection.execute(text("SELECT COALESCE(MAX(id), 0) FROM operation")).scalar_one())


# Taking back


def _check_unsent(connection: Connection, merge_id: int, step: Mapping[str, Any], last_operation: int) -> None:
    entity = Entity(step["entity"])
    for row_id in filter(None, (step["row"], step.get("new_row"))):
        if _exists(connection, "operation WHERE", entity, row_id, last=last_operation):
            raise MergeStands(id=merge_id, reason=N_("what it moved has been sent to the national side"))
    living = step.get("new_row") or (step["row"] if step["how"] == How.HANDED_OVER else None)
    if living is not None and not _is_unsent_row(connection, entity, living):
        raise MergeStands(id=merge_id, reason=N_("what it moved has been changed since"))
    if step["how"] != How.HANDED_OVER and not _exists(connection, "local_deletion WHERE", entity, step["row"]):
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
