"""What a decision about a mismatch rests on, and a short digest of it: shown, kept with the decision, compared again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, text

from national_sync.records import Entity, Value, mirror_columns
from national_sync.sealing import Sealer
from national_sync.sync.examine import others_of
from national_sync.sync.kinds import VALUE_KINDS, MismatchKind
from national_sync.sync.mirror import opened
from national_sync.sync.mismatches import among, plain_text
from national_sync.sync.operations import column_of

Row: TypeAlias = Mapping[str, Any]

_COLUMNS: Final[Mapping[MismatchKind, tuple[str, ...]]] = {
    MismatchKind.HOURS_WITHDRAWN: ("volunteer_id", "service_seconds", "state"),
    MismatchKind.HOURS_NOT_SPAN: ("started_at", "ended_at", "service_seconds", "state"),
    MismatchKind.HOURS_OVERLAP: ("volunteer_id", "started_at", "ended_at", "state"),
    MismatchKind.HOURS_OUTSIDE_PROJECT: ("project_id", "started_at", "ended_at", "state"),
    MismatchKind.REAL_NAME_FAILED: ("name", "id_number", "real_name_state"),
    MismatchKind.SAME_PERSON_TWICE: ("id_number",),
    MismatchKind.SAME_NAME_AND_BIRTH: ("name", "birth_date", "id_number"),
    MismatchKind.TOTAL_NOT_SUM: ("total_seconds",),
}
"""The columns of the row that such a mismatch is about."""

_OF_NEW_RECORDS: Final = frozenset({MismatchKind.UNSENDABLE_VALUE, MismatchKind.REFUSED_BY_REVIEW})
"""Where a decision may withdraw a record that the national side has not yet, with all that was entered."""


@dataclass(frozen=True)
class Grounds:
    """What the mirror holds now of what matters. Personal data in plain."""

    is_here: bool
    values: Mapping[str, Value]
    """By column: the field in question, the columns that the kind is about, and every edited column."""
    others: tuple[int, ...] = ()
    """The other rows of a pair or group."""
    limits: Mapping[str, Value] | None = None
    """What the row is held against: the project's dates, the sum of the records."""


def grounds_of(connection: Connection, sealer: Sealer, mismatch: Row) -> Grounds:
    """Read anew; the mismatch is a row as stored."""
    entity, kind, row_id = Entity(mismatch["entity"]), MismatchKind(mismatch["kind"]), mismatch["row_id"]
    row = None if row_id is None else _row(connection, entity, row_id)
    if row is None:
        return Grounds(False, {})
    columns = {*_COLUMNS.get(kind, ()), *([mismatch["field"]] if mismatch["field"] else [])}
    columns |= given_up(connection, mismatch)
    if kind in _OF_NEW_RECORDS and mismatch["national_id"] is None:
        columns |= set(mirror_columns(entity))
    values = {column: opened(sealer, entity, column, row[column]) for column in sorted(columns)}
    return Grounds(True, values, others_of(connection, kind, row_id), _limits(connection, kind, row))


def digest_of(sealer: Sealer, mismatch: Row, grounds: Grounds) -> str:
    """Eight hexadecimal digits; keyed, because what they stand for may be a phone number."""
    entity, field = Entity(mismatch["entity"]), mismatch["field"]
    sides = [plain_text(sealer, entity, field, mismatch[side]) for side in ("base", "ours", "theirs")]
    facts = [
        mismatch["kind"],
        mismatch["subject"],
        field,
        sides,
        mismatch["detail"],
        grounds.is_here,
        grounds.values,
        grounds.others,
        grounds.limits,
    ]
    return sealer.match_hash(json.dumps(facts, ensure_ascii=False, sort_keys=True, default=str)).hex()[:8]


def has_moved(sealer: Sealer, mismatch: Row, grounds: Grounds) -> bool:
    """Whether the field in question holds another value here than the mismatch says, or none any more."""
    field = mismatch["field"]
    if mismatch["kind"] not in VALUE_KINDS or not field:
        return False
    ours = plain_text(sealer, Entity(mismatch["entity"]), field, mismatch["ours"])
    return not grounds.is_here or as_text(grounds.values[field]) != ours


def moved_among(connection: Connection, sealer: Sealer, kind: MismatchKind, ids: Sequence[int]) -> set[int]:
    """Which of these mismatches of one kind `has_moved` is true of, however many they are."""
    if kind not in VALUE_KINDS or not ids:
        return set()
    about = connection.execute(
        text(f"SELECT DISTINCT entity, field FROM mismatch WHERE {among(connection, ids)} AND field <> ''")
    )
    return {
        row.id
        for entity, field in [(Entity(one.entity), one.field) for one in about]
        for row in _values_of_field(connection, entity, field, ids)
        if row.here is None
        or as_text(opened(sealer, entity, field, row.value)) != plain_text(sealer, entity, field, row.ours)
    }


def _values_of_field(connection: Connection, entity: Entity, field: str, ids: Sequence[int]) -> Iterable[Any]:
    return connection.execute(
        text(
            f"SELECT x.id, x.ours, m.id AS here, m.{field} AS value FROM (SELECT * FROM mismatch"
            f" WHERE {among(connection, ids)} AND entity = :entity AND field = :field) x"
            f" LEFT JOIN {entity} m ON m.id = x.row_id"
        ),
        {"entity": entity.value, "field": field},
    )


def given_up(connection: Connection, mismatch: Row) -> set[str]:
    """The edited columns that go back to what both sides agreed on when the national side is kept."""
    entity, kind, row_id = Entity(mismatch["entity"]), MismatchKind(mismatch["kind"]), mismatch["row_id"]
    if row_id is None:
        return set()
    edited = edited_columns(connection, entity, row_id)
    match kind:
        case MismatchKind.EDITED_HERE_DELETED_THERE:
            return edited
        case MismatchKind.REFUSED_BY_REVIEW:
            sent = json.loads(mismatch["detail"]).get("fields", ())
            return edited & {column_of(entity, name) for name in sent}
        case _:
            return edited & {mismatch["field"]}


def edited_columns(connection: Connection, entity: Entity, row_id: int) -> set[str]:
    found = connection.execute(
        text("SELECT field FROM local_change WHERE entity = :entity AND row_id = :row_id"),
        {"entity": entity.value, "row_id": row_id},
    )
    return set(found.scalars())


def _row(connection: Connection, entity: Entity, row_id: int) -> Row | None:
    row = connection.execute(text(f"SELECT * FROM {entity} WHERE id = :id"), {"id": row_id}).mappings().first()
    return None if row is None else dict(row)


def _limits(connection: Connection, kind: MismatchKind, row: Row) -> Mapping[str, Value] | None:
    if kind is MismatchKind.HOURS_OUTSIDE_PROJECT:
        project = _row(connection, Entity.PROJECT, row["project_id"])
        return None if project is None else {name: project[name] for name in ("started_at", "ended_at")}
    if kind is MismatchKind.TOTAL_NOT_SUM:
        return {"sum_seconds": effective_seconds(connection, row["id"])}
    return None


def effective_seconds(connection: Connection, volunteer_id: int) -> int:
    """The effective hours of a volunteer's row, in seconds."""
    found = connection.execute(
        text(
            "SELECT COALESCE(SUM(service_seconds), 0) FROM hour_record"
            " WHERE volunteer_id = :id AND state = 'effective' AND withdrawn_at IS NULL"
        ),
        {"id": volunteer_id},
    )
    return int(found.scalar_one())


def as_text(value: Value) -> str | None:
    return None if value is None else str(value)
