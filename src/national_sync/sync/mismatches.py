"""Opening, seeing again and closing mismatches, and what is written down of each step of their lives."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.errors import NotFound
from national_sync.records import SEALED_FIELDS, Entity, Value
from national_sync.sealing import Sealer
from national_sync.sync.kinds import MismatchKind
from national_sync.sync.merge import Conflict
from national_sync.sync.transaction import Transaction


def subject_of(national_id: str | None, row_id: int | None) -> str:
    return national_id or f"row:{row_id}"


def county_sql(entity: Entity, row: str) -> str:
    """SQL for the six-digit division that a mirror row belongs to: its own area, or that of its volunteer."""
    match entity:
        case Entity.TEAM | Entity.PROJECT:
            area = f"{row}.area_id"
        case Entity.VOLUNTEER:
            area = f"{row}.service_area_id"
        case _:
            area = f"(SELECT person.service_area_id FROM volunteer person WHERE person.id = {row}.volunteer_id)"
    return f"NULLIF(substr({area}, 1, 6), '')"


def open_mismatch(
    tx: Transaction,
    kind: MismatchKind,
    entity: Entity,
    *,
    row_id: int | None,
    national_id: str | None,
    conflict: Conflict | None = None,
    detail: Mapping[str, Any] | None = None,
    resolution: str | None = None,
) -> None:
    """Record a mismatch, or see it again: nothing is written when its facts are as before.

    With `resolution` it is recorded as already closed by that rule.
    """
    facts = {
        "base": _stored(tx.sealer, entity, conflict, "base"),
        "ours": _stored(tx.sealer, entity, conflict, "ours"),
        "theirs": _stored(tx.sealer, entity, conflict, "theirs"),
        "detail": json.dumps(dict(detail or {}), ensure_ascii=False, sort_keys=True),
    }
    subject = subject_of(national_id, row_id)
    field = conflict.column if conflict else ""
    existing = tx.rows(
        "SELECT id, base, ours, theirs, detail, decision FROM mismatch WHERE state = 'open' AND kind = :kind"
        " AND entity = :entity AND subject = :subject AND field = :field",
        kind=kind.value,
        entity=entity.value,
        subject=subject,
        field=field,
    )
    if existing and resolution is None:
        _see_again(tx, entity, field, existing[0], facts)
        return
    mismatch_id = tx.execute(
        "INSERT INTO mismatch (kind, entity, subject, row_id, national_id, field, base, ours, theirs, detail, county,"
        " state, resolution, first_run_id, last_run_id, closed_run_id, first_seen_at, last_seen_at, times)"
        " VALUES (:kind, :entity, :subject, :row_id, :national_id, :field, :base, :ours, :theirs, :detail, :county,"
        f" :state, :resolution, :run, :run, :closed, :now, :now, {_TIMES}) RETURNING id",
        kind=kind.value,
        entity=entity.value,
        subject=subject,
        row_id=row_id,
        national_id=national_id,
        field=field,
        county=county_of(tx.connection, entity, row_id, national_id),
        state="closed" if resolution else "open",
        resolution=resolution,
        run=tx.run_id,
        closed=tx.run_id if resolution else None,
        now=tx.now,
        **facts,
    ).scalar_one()
    if resolution:
        add_events(tx.connection, [mismatch_id], **_by_run(tx), event="closed", detail={"resolution": resolution})


_TIMES: Final = (
    "(SELECT COALESCE(MAX(earlier.times), 0) + 1 FROM mismatch earlier WHERE earlier.entity = :entity"
    " AND earlier.row_id = :row_id AND earlier.kind = :kind AND earlier.field = :field)"
)
"""How often the same has come up before, and once more."""


def _see_again(
    tx: Transaction, entity: Entity, field: str, known: Mapping[str, Any], facts: Mapping[str, str | None]
) -> None:
    changed = [name for name in facts if not _is_same(tx.sealer, entity, field, name, known[name], facts[name])]
    if changed:
        update_facts(tx, entity, field, known, {name: facts[name] for name in changed})


def update_facts(
    tx: Transaction, entity: Entity, field: str, known: Mapping[str, Any], facts: Mapping[str, str | None]
) -> None:
    """Write down that facts of an open mismatch have changed; a decision on the earlier ones is withdrawn."""
    assignments = ", ".join(f"{name} = :{name}" for name in facts)
    tx.execute(
        f"UPDATE mismatch SET {assignments}, last_run_id = :run, last_seen_at = :now, times = times + 1,"
        f" {NO_DECISION} WHERE id = :id",
        run=tx.run_id,
        now=tx.now,
        id=known["id"],
        **facts,
    )
    # Events are never changed, so no sealed value goes into them: it could not be sealed anew with another key.
    before = {} if field in SEALED_FIELDS[entity] else {"before": {name: known[name] for name in facts}}
    detail = {"changed": sorted(facts), **before}
    add_events(tx.connection, [known["id"]], **_by_run(tx), event="changed", detail=detail)
    if known["decision"] is not None:
        _note_withdrawal(tx, known["id"], known["decision"], "facts_changed")


NO_DECISION: Final = "decision = NULL, decided_field = NULL, decided_value = NULL, decided_by = NULL, decided_at = NULL"


def withdraw_decision(tx: Transaction, mismatch_id: int, decision: str, reason: str) -> None:
    """What was decided no longer fits; a person is asked anew."""
    tx.execute(f"UPDATE mismatch SET {NO_DECISION} WHERE id = :id", id=mismatch_id)
    _note_withdrawal(tx, mismatch_id, decision, reason)


def _note_withdrawal(tx: Transaction, mismatch_id: int, decision: str, reason: str) -> None:
    detail = {"decision": decision, "reason": reason}
    add_events(tx.connection, [mismatch_id], **_by_run(tx), event="withdrawn", detail=detail)


def close_mismatches(
    tx: Transaction,
    entity: Entity,
    row_id: int,
    *,
    kinds: Sequence[MismatchKind],
    fields: Sequence[str] | None = None,
    resolution: str = "cause_gone",
) -> None:
    """Close the open mismatches of a row whose cause has gone."""
    if fields is not None and not fields:
        return
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    condition = f"kind IN ({listed}) AND entity = :entity AND row_id = :row_id"
    if fields is not None:
        condition += f" AND field IN ({', '.join(repr(field) for field in fields)})"
    close_where(tx, condition, resolution, entity=entity.value, row_id=row_id)


def close_mismatch(tx: Transaction, mismatch_id: int, resolution: str) -> None:
    close_where(tx, "id = :id", resolution, id=mismatch_id)


def close_where(tx: Transaction, condition: str, resolution: str = "cause_gone", **parameters: Any) -> None:
    """Close every open mismatch that fits, each with an event that says why."""
    closed = tx.execute(
        "UPDATE mismatch SET state = 'closed', resolution = :resolution, closed_run_id = :run"
        f" WHERE state = 'open' AND {condition} RETURNING id",
        resolution=resolution,
        run=tx.run_id,
        **parameters,
    )
    add_events(tx.connection, closed.scalars(), **_by_run(tx), event="closed", detail={"resolution": resolution})


def close_by_comparison(connection: Connection, mismatch_ids: Sequence[int], *, at: int, actor: str) -> None:
    """Close those whose cause a person's comparison no longer finds. Belongs to no run."""
    resolution = "cause_gone"
    connection.execute(
        text(
            "UPDATE mismatch SET state = 'closed', resolution = :resolution, last_seen_at = :at"
            f" WHERE {among(connection, mismatch_ids)}"
        ),
        {"resolution": resolution, "at": at},
    )
    add_events(connection, mismatch_ids, at=at, event="closed", actor=actor, detail={"resolution": resolution})


def _by_run(tx: Transaction) -> dict[str, Any]:
    return {"at": tx.now, "actor": f"run:{tx.run_id}", "run_id": tx.run_id}


def add_events(
    connection: Connection,
    mismatch_ids: Iterable[int],
    *,
    at: int,
    event: str,
    actor: str,
    run_id: int | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """The same step in the lives of these mismatches."""
    ids = list(mismatch_ids)
    if not ids:
        return
    connection.execute(
        text(
            "INSERT INTO mismatch_event (mismatch_id, at, event, actor, run_id, detail)"
            f" SELECT id, :at, :event, :actor, :run_id, :detail FROM mismatch WHERE {among(connection, ids)} ORDER BY id"
        ),
        {
            "at": at,
            "event": event,
            "actor": actor,
            "run_id": run_id,
            "detail": json.dumps(dict(detail or {}), ensure_ascii=False, sort_keys=True),
        },
    )


def among(connection: Connection, ids: Iterable[int], column: str = "id") -> str:
    """SQL for "one of these ids", which may be many."""
    listed = ",".join(map(str, ids))
    if connection.dialect.name == "sqlite":
        return f"{column} IN (SELECT value FROM json_each('[{listed}]'))"
    return f"{column} = ANY('{{{listed}}}'::bigint[])"


def lock_mismatches(connection: Connection, ids: Iterable[int], condition: str = "TRUE") -> list[int]:
    """Lock all that a transaction will change, in the order of their numbers, before it changes or audits the first.

    Otherwise two such transactions could wait for each other on PostgreSQL: one for a mismatch, the other for the
    audit. Returns the numbers of those that are there and fit the condition.
    """
    locking = "" if connection.dialect.name == "sqlite" else " FOR UPDATE"
    found = connection.execute(
        text(f"SELECT id FROM mismatch WHERE {among(connection, ids)} AND {condition} ORDER BY id{locking}")
    )
    return list(found.scalars())


def events_of(connection: Connection, mismatch_id: int) -> list[dict[str, Any]]:
    """The steps of a mismatch's life, oldest first."""
    rows = connection.execute(
        text("SELECT at, event, actor, run_id, detail FROM mismatch_event WHERE mismatch_id = :id ORDER BY id"),
        {"id": mismatch_id},
    )
    return [{**row, "detail": json.loads(row["detail"])} for row in rows.mappings()]


def load_mismatch(connection: Connection, mismatch_id: int, *, locking: str = "") -> dict[str, Any]:
    row = (
        connection.execute(text(f"SELECT * FROM mismatch WHERE id = :id{locking}"), {"id": mismatch_id})
        .mappings()
        .first()
    )
    if row is None:
        raise NotFound(noun="mismatch", id=mismatch_id)
    return dict(row)


def county_of(connection: Connection, entity: Entity, row_id: int | None, national_id: str | None) -> str | None:
    """The six-digit division that a record belongs to, whether it is here, was deleted here or is only staged."""
    if row_id is not None:
        found = connection.execute(
            text(f"SELECT {county_sql(entity, 'm')} AS county FROM {entity} m WHERE m.id = :id"), {"id": row_id}
        ).first()
        if found is not None:
            county: str | None = found.county
            return county
        return _county_of_deleted(connection, entity, row_id)
    return _county_of_staged(connection, entity, national_id)


def _county_of_deleted(connection: Connection, entity: Entity, row_id: int) -> str | None:
    old_row = connection.execute(
        text("SELECT old_row FROM local_deletion WHERE entity = :entity AND row_id = :id ORDER BY id DESC LIMIT 1"),
        {"entity": entity.value, "id": row_id},
    ).scalar_one_or_none()
    try:
        row = json.loads(old_row or "{}")
    except ValueError:
        return None
    if "volunteer_id" in row:
        return county_of(connection, Entity.VOLUNTEER, row["volunteer_id"], None)
    return str(row.get("area_id") or row.get("service_area_id") or "")[:6] or None


def _county_of_staged(connection: Connection, entity: Entity, national_id: str | None) -> str | None:
    found = connection.execute(
        text(f"SELECT {staged_county_sql(entity, 'o')} AS county FROM observed_{entity} o WHERE o.national_id = :id"),
        {"id": national_id},
    ).first()
    return None if found is None else found.county


def staged_county_sql(entity: Entity, row: str) -> str:
    """The same for a staged record, which names its volunteer by number, and its team by national id."""
    if entity in (Entity.TEAM, Entity.VOLUNTEER, Entity.PROJECT):
        return county_sql(entity, row)
    of_person = f"(SELECT v.service_area_id FROM volunteer v WHERE v.number = {row}.volunteer_number LIMIT 1)"
    of_team = f"(SELECT t.area_id FROM team t WHERE t.national_id = {row}.team_national_id)"
    area = of_person if entity is Entity.TRAINING_RECORD else f"COALESCE({of_person}, {of_team})"
    return f"NULLIF(substr({area}, 1, 6), '')"


def plain_text(sealer: Sealer, entity: Entity, column: str, stored: str | None) -> str | None:
    """A mismatch's value in plain, for comparing."""
    return sealer.plain(stored) if column in SEALED_FIELDS[entity] else stored


def _stored(sealer: Sealer, entity: Entity, conflict: Conflict | None, side: str) -> str | None:
    return None if conflict is None else stored_text(sealer, entity, conflict.column, getattr(conflict, side))


def stored_text(sealer: Sealer, entity: Entity, column: str, value: Value) -> str | None:
    """A value as a mismatch keeps it: text, sealed where the field is."""
    if value is None:
        return None
    return sealer.seal(str(value)) if column in SEALED_FIELDS[entity] else str(value)


def _is_same(sealer: Sealer, entity: Entity, column: str, name: str, known: str | None, seen: str | None) -> bool:
    if name == "detail":
        return known == seen
    return plain_text(sealer, entity, column, known) == plain_text(sealer, entity, column, seen)
