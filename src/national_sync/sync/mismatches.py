"""Opening, closing, listing and deciding mismatches."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from national_sync.errors import AlreadySettled, NotFound, UsageError
from national_sync.records import SEALED_FIELDS, Entity, Value
from national_sync.sealing import Sealer
from national_sync.sync.merge import Conflict
from national_sync.sync.plan import MismatchKind
from national_sync.sync.transaction import Transaction

DECISIONS: Mapping[MismatchKind, tuple[str, ...]] = {
    MismatchKind.BOTH_EDITED: ("local", "national"),
    MismatchKind.AUDITED_EDIT: ("national",),
    MismatchKind.DELETED_HERE_EDITED_THERE: ("local", "national"),
    MismatchKind.EDITED_HERE_DELETED_THERE: ("national",),
    MismatchKind.MISSING_NATIONALLY: ("national",),
    MismatchKind.HOURS_WITHDRAWN: ("national",),
    MismatchKind.REFUSED_BY_REVIEW: ("local", "national"),
    MismatchKind.WRITE_UNDONE: ("local", "national"),
    MismatchKind.UNSENDABLE_VALUE: ("national",),
    MismatchKind.SAME_PERSON_TWICE: ("national",),
    MismatchKind.SAME_NAME_AND_BIRTH: ("national",),
    MismatchKind.REAL_NAME_FAILED: ("national",),
    MismatchKind.HOURS_NOT_SPAN: ("national",),
    MismatchKind.HOURS_OVERLAP: ("national",),
    MismatchKind.HOURS_OUTSIDE_PROJECT: ("national",),
    MismatchKind.TOTAL_NOT_SUM: ("national",),
}
"""What a person may choose. A kind that is missing closes only when its cause is gone."""


def subject_of(national_id: str | None, row_id: int | None) -> str:
    return national_id or f"row:{row_id}"


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
        "SELECT id, base, ours, theirs, detail FROM mismatch WHERE state = 'open' AND kind = :kind"
        " AND entity = :entity AND subject = :subject AND field = :field",
        kind=kind.value,
        entity=entity.value,
        subject=subject,
        field=field,
    )
    if existing and resolution is None:
        if not _same_facts(tx.sealer, entity, field, existing[0], facts):
            tx.execute(
                "UPDATE mismatch SET base = :base, ours = :ours, theirs = :theirs, detail = :detail,"
                " last_run_id = :run, times = times + 1, decision = NULL WHERE id = :id",
                run=tx.run_id,
                id=existing[0]["id"],
                **facts,
            )
        return
    tx.execute(
        "INSERT INTO mismatch (kind, entity, subject, row_id, national_id, field, base, ours, theirs, detail, state,"
        " resolution, first_run_id, last_run_id, closed_run_id, times) VALUES (:kind, :entity, :subject, :row_id,"
        " :national_id, :field, :base, :ours, :theirs, :detail, :state, :resolution, :run, :run, :closed, 1)",
        kind=kind.value,
        entity=entity.value,
        subject=subject,
        row_id=row_id,
        national_id=national_id,
        field=field,
        state="closed" if resolution else "open",
        resolution=resolution,
        run=tx.run_id,
        closed=tx.run_id if resolution else None,
        **facts,
    )


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
    for kind in kinds:
        for field in (None,) if fields is None else fields:
            tx.execute(
                "UPDATE mismatch SET state = 'closed', resolution = :resolution, closed_run_id = :run"
                " WHERE state = 'open' AND kind = :kind AND entity = :entity AND row_id = :row_id"
                " AND (CAST(:field AS TEXT) IS NULL OR field = :field)",
                resolution=resolution,
                run=tx.run_id,
                kind=kind.value,
                entity=entity.value,
                row_id=row_id,
                field=field,
            )


def close_mismatch(tx: Transaction, mismatch_id: int, resolution: str) -> None:
    tx.execute(
        "UPDATE mismatch SET state = 'closed', resolution = :resolution, closed_run_id = :run WHERE id = :id",
        resolution=resolution,
        run=tx.run_id,
        id=mismatch_id,
    )


def list_mismatches(
    connection: Connection,
    *,
    kind: str | None = None,
    entity: str | None = None,
    state: str | None = "open",
    limit: int = 50,
    offset: int = 0,
) -> list[dict[str, Any]]:
    """Mismatches by id; values that hold personal data stay sealed."""
    conditions, parameters = _filter(kind=kind, entity=entity, state=state)
    rows = connection.execute(
        text(f"SELECT * FROM mismatch{conditions} ORDER BY id LIMIT :limit OFFSET :offset"),
        {**parameters, "limit": limit, "offset": offset},
    )
    return [dict(row) for row in rows.mappings()]


def count_mismatches(connection: Connection, *, state: str | None = "open") -> dict[str, int]:
    """Numbers by kind."""
    conditions, parameters = _filter(state=state)
    rows = connection.execute(
        text(f"SELECT kind, COUNT(*) AS records FROM mismatch{conditions} GROUP BY kind ORDER BY kind"), parameters
    )
    return {row.kind: row.records for row in rows}


def show_mismatch(connection: Connection, mismatch_id: int) -> dict[str, Any]:
    row = connection.execute(text("SELECT * FROM mismatch WHERE id = :id"), {"id": mismatch_id}).mappings().first()
    if row is None:
        raise NotFound(noun="mismatch", id=mismatch_id)
    return dict(row)


def decide_mismatch(connection: Connection, mismatch_id: int, keep: str) -> None:
    """Write down a person's choice; the next run carries it out. Raises when it cannot be chosen."""
    mismatch = show_mismatch(connection, mismatch_id)
    if mismatch["state"] != "open":
        raise AlreadySettled(noun="mismatch", id=mismatch_id, state=mismatch["resolution"])
    allowed = DECISIONS.get(MismatchKind(mismatch["kind"]), ())
    if keep not in allowed:
        raise UsageError(
            "A mismatch of the kind {kind} cannot be settled by keeping the {keep} value.",
            hint="Possible here: {allowed}. See: national-sync mismatch show {id}",
            kind=mismatch["kind"],
            keep=keep,
            allowed=", ".join(allowed) or "-",
            id=mismatch_id,
        )
    connection.execute(
        text("UPDATE mismatch SET decision = :keep WHERE id = :id AND state = 'open'"),
        {"keep": keep, "id": mismatch_id},
    )


def plain_text(sealer: Sealer, entity: Entity, column: str, stored: str | None) -> str | None:
    """A mismatch's value in plain, for comparing."""
    return sealer.plain(stored) if column in SEALED_FIELDS[entity] else stored


def _stored(sealer: Sealer, entity: Entity, conflict: Conflict | None, side: str) -> str | None:
    if conflict is None:
        return None
    value: Value = getattr(conflict, side)
    if value is None:
        return None
    return sealer.seal(str(value)) if conflict.column in SEALED_FIELDS[entity] else str(value)


def _same_facts(
    sealer: Sealer, entity: Entity, column: str, existing: Mapping[str, Any], facts: Mapping[str, str | None]
) -> bool:
    return existing["detail"] == facts["detail"] and all(
        plain_text(sealer, entity, column, existing[name]) == plain_text(sealer, entity, column, facts[name])
        for name in ("base", "ours", "theirs")
    )


def _filter(**wanted: str | None) -> tuple[str, dict[str, str]]:
    parameters = {name: value for name, value in wanted.items() if value is not None}
    conditions = " AND ".join(f"{name} = :{name}" for name in parameters)
    return (f" WHERE {conditions}" if conditions else ""), parameters
