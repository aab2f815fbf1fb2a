"""What a decision about a mismatch rests on, and a short digest of it: shown, kept with the decision, compared again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, text

from national_sync.records import Entity, Value, mirror_columns
from national_sync.sealing import Sealer
from national_sync.sync.examine import others_among
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
    return grounds_among(connection, sealer, [mismatch])[mismatch["id"]]


def grounds_among(connection: Connection, sealer: Sealer, mismatches: Sequence[Row]) -> dict[int, Grounds]:
    """By number, with a few queries however many there are."""
    alike: dict[tuple[Entity, MismatchKind], list[Row]] = {}
    for one in mismatches:
        alike.setdefault((Entity(one["entity"]), MismatchKind(one["kind"])), []).append(one)
    found: dict[int, Grounds] = {}
    for (entity, kind), some in alike.items():
        found |= _grounds_of_kind(connection, sealer, entity, kind, some)
    return found


def _grounds_of_kind(
    connection: Connection, sealer: Sealer, entity: Entity, kind: MismatchKind, mismatches: Sequence[Row]
) -> dict[int, Grounds]:
    rows = rows_among(connection, entity, (one["row_id"] for one in mismatches if one["row_id"] is not None))
    edited = _edited_among(connection, entity, rows)
    others = others_among(connection, kind, rows)
    limits = _limits_among(connection, kind, rows)

    def grounds(mismatch: Row) -> Grounds:
        row_id = mismatch["row_id"]
        if row_id not in rows:
            return Grounds(False, {})
        columns = _columns_that_matter(entity, kind, mismatch, edited.get(row_id, set()))
        values = {column: opened(sealer, entity, column, rows[row_id][column]) for column in sorted(columns)}
        return Grounds(True, values, tuple(others.get(row_id, ())), limits.get(row_id))

    return {one["id"]: grounds(one) for one in mismatches}


def _columns_that_matter(entity: Entity, kind: MismatchKind, mismatch: Row, edited: set[str]) -> set[str]:
    columns = {*_COLUMNS.get(kind, ()), *([mismatch["field"]] if mismatch["field"] else [])}
    columns |= _given_up(mismatch, edited)
    if kind in _OF_NEW_RECORDS and mismatch["national_id"] is None:
        columns |= set(mirror_columns(entity))
    return columns


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
    entity, row_id = Entity(mismatch["entity"]), mismatch["row_id"]
    if row_id is None:
        return set()
    return _given_up(mismatch, _edited_among(connection, entity, [row_id]).get(row_id, set()))


def _given_up(mismatch: Row, edited: set[str]) -> set[str]:
    match MismatchKind(mismatch["kind"]):
        case MismatchKind.EDITED_HERE_DELETED_THERE:
            return edited
        case MismatchKind.REFUSED_BY_REVIEW:
            sent = json.loads(mismatch["detail"]).get("fields", ())
            return edited & {column_of(Entity(mismatch["entity"]), name) for name in sent}
        case _:
            return edited & {mismatch["field"]}


def _edited_among(connection: Connection, entity: Entity, row_ids: Iterable[int]) -> dict[int, set[str]]:
    found = connection.execute(
        text(
            "SELECT row_id, field FROM local_change"
            f" WHERE entity = '{entity}' AND {among(connection, row_ids, 'row_id')}"
        )
    )
    edited: dict[int, set[str]] = {}
    for row in found:
        edited.setdefault(row.row_id, set()).add(row.field)
    return edited


def rows_among(connection: Connection, entity: Entity, row_ids: Iterable[int]) -> dict[int, Row]:
    """Rows of the mirror as stored, by number; those that are not here are missing."""
    found = connection.execute(text(f"SELECT * FROM {entity} WHERE {among(connection, row_ids)}"))
    return {row["id"]: dict(row) for row in found.mappings()}


def _limits_among(
    connection: Connection, kind: MismatchKind, rows: Mapping[int, Row]
) -> Mapping[int, Mapping[str, Value]]:
    if kind is MismatchKind.HOURS_OUTSIDE_PROJECT:
        projects = rows_among(connection, Entity.PROJECT, {row["project_id"] for row in rows.values()} - {None})
        of_rows = {row_id: projects.get(row["project_id"]) for row_id, row in rows.items()}
        return {
            row_id: {name: project[name] for name in ("started_at", "ended_at")}
            for row_id, project in of_rows.items()
            if project is not None
        }
    if kind is MismatchKind.TOTAL_NOT_SUM:
        sums = _effective_among(connection, rows)
        return {row_id: {"sum_seconds": sums.get(row_id, 0)} for row_id in rows}
    return {}


def effective_seconds(connection: Connection, volunteer_id: int) -> int:
    """The effective hours of a volunteer's row, in seconds."""
    return _effective_among(connection, [volunteer_id]).get(volunteer_id, 0)


def _effective_among(connection: Connection, volunteer_ids: Iterable[int]) -> dict[int, int]:
    found = connection.execute(
        text(
            "SELECT volunteer_id, SUM(service_seconds) AS seconds FROM hour_record WHERE state = 'effective'"
            f" AND withdrawn_at IS NULL AND {among(connection, volunteer_ids, 'volunteer_id')} GROUP BY volunteer_id"
        )
    )
    return {row.volunteer_id: int(row.seconds) for row in found}


def as_text(value: Value) -> str | None:
    return None if value is None else str(value)
