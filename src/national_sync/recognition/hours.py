"""Hour records as both sides agree on them: the mirror's rows without what was edited, made or deleted here since.

A sum over the rows alone would let anybody who can write to the platform's database award a star to himself.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.recognition.stars import Service
from national_sync.records import Entity
from national_sync.sync.mirror import old_row_of, value_from_text

_FIELDS: Final = ("volunteer_id", "started_at", "ended_at", "service_seconds", "state", "kind")
_COLUMNS: Final = ", ".join(("id", *_FIELDS, "national_id", "withdrawn_at", "sync_rev"))
_AT_A_TIME: Final = 500


@dataclass(frozen=True)
class Unsettled:
    """Hour records that differ here from what both sides last agreed on."""

    bases: Mapping[int, Mapping[str, Any]]
    """Row id to the agreed values of the columns that were edited."""
    edited: Mapping[int, int]
    """Row id to the volunteer that the row names now."""
    deleted: Sequence[Service]
    new: frozenset[int] = frozenset()
    """Volunteers with records that the national side does not have."""

    @property
    def volunteers(self) -> frozenset[int]:
        """Whose hours are not simply the sum of the rows."""
        agreed = {bases["volunteer_id"] for bases in self.bases.values() if bases.get("volunteer_id") is not None}
        return frozenset({*self.edited.values(), *agreed, *(one.volunteer_id for one in self.deleted), *self.new})


def unsettled(connection: Connection, states: Sequence[str]) -> Unsettled:
    """`states` are those in which a record made here would pass for one that counts."""
    bases: dict[int, dict[str, Any]] = defaultdict(dict)
    edited: dict[int, int] = {}
    changes = connection.execute(
        text(
            "SELECT c.row_id, c.field, c.base, h.volunteer_id FROM local_change c"
            " LEFT JOIN hour_record h ON h.id = c.row_id WHERE c.entity = 'hour_record'"
        )
    )
    for row_id, field, base, volunteer_id in changes:
        if field in _FIELDS:
            bases[row_id][field] = value_from_text(Entity.HOUR_RECORD, field, base)
            if volunteer_id is not None:
                edited[row_id] = volunteer_id
    chosen = ", ".join(f"'{state}'" for state in states)
    new = connection.execute(
        text(f"SELECT DISTINCT volunteer_id FROM hour_record WHERE national_id IS NULL AND state IN ({chosen})")
    )
    return Unsettled(bases, edited, _deleted(connection, bases), frozenset(new.scalars()))


def _deleted(connection: Connection, bases: Mapping[int, Mapping[str, Any]]) -> list[Service]:
    """Records that were deleted here while the national side still has them: they count until it agrees."""
    found = connection.execute(
        text("SELECT row_id, national_id, old_row FROM local_deletion WHERE entity = 'hour_record'")
    ).mappings()
    deletions = [dict(row) for row in found]
    edits = _edits_before_deletion(connection, [row["row_id"] for row in deletions])
    return [
        _service(
            {**old_row_of(row), **bases.get(row["row_id"], {}), **edits.get(row["row_id"], {}), "id": row["row_id"]}
        )
        for row in deletions
    ]


def _edits_before_deletion(connection: Connection, row_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """By row: what edits replaced that nobody had agreed to when the row was deleted. With the row its local changes
    went, and only its history still tells them from agreed values."""
    replaced: dict[int, dict[str, Any]] = defaultdict(dict)
    for start in range(0, len(row_ids), _AT_A_TIME):
        chosen = ", ".join(str(int(row_id)) for row_id in row_ids[start : start + _AT_A_TIME])
        history = connection.execute(
            text(
                "SELECT row_id, sync_rev, before FROM row_history WHERE entity = 'hour_record'"
                f" AND row_id IN ({chosen}) ORDER BY id"
            )
        )
        for row_id, sync_rev, before in history:
            if sync_rev is not None:
                replaced[row_id].clear()
                continue
            for field, value in (json.loads(before) or {}).items():
                if field in _FIELDS:
                    replaced[row_id].setdefault(field, value_from_text(Entity.HOUR_RECORD, field, value))
    return replaced


def services_of(connection: Connection, volunteer_ids: Iterable[int], local: Unsettled) -> dict[int, list[Service]]:
    """Agreed records by volunteer, by time; a volunteer without any has an empty list."""
    wanted = list(volunteer_ids)
    found: dict[int, list[Service]] = {volunteer: [] for volunteer in wanted}
    for row in _rows(connection, wanted, local):
        service = _service({**row, **local.bases.get(row["id"], {})})
        if service.volunteer_id in found:
            found[service.volunteer_id].append(service)
    for service in local.deleted:
        if service.volunteer_id in found:
            found[service.volunteer_id].append(service)
    return {
        volunteer: sorted(each, key=lambda one: (one.started_at, one.record_id)) for volunteer, each in found.items()
    }


def _rows(connection: Connection, volunteers: Sequence[int], local: Unsettled) -> Iterator[Mapping[str, Any]]:
    """The rows that name these volunteers, and those that did before an edit."""
    yield from _selected(connection, "volunteer_id", volunteers)
    wanted = set(volunteers)
    moved = [
        row_id
        for row_id, bases in local.bases.items()
        if bases.get("volunteer_id") in wanted and local.edited.get(row_id) not in wanted
    ]
    yield from _selected(connection, "id", moved)


def _selected(connection: Connection, column: str, values: Sequence[int]) -> Iterator[Mapping[str, Any]]:
    for start in range(0, len(values), _AT_A_TIME):
        chosen = ", ".join(str(int(value)) for value in values[start : start + _AT_A_TIME])
        rows = connection.execute(text(f"SELECT {_COLUMNS} FROM hour_record WHERE {column} IN ({chosen})"))
        yield from (dict(row) for row in rows.mappings())


def _service(row: Mapping[str, Any]) -> Service:
    return Service(
        record_id=row["id"],
        volunteer_id=row["volunteer_id"],
        started_at=_number(row["started_at"]),
        ended_at=row["ended_at"],
        service_seconds=_number(row["service_seconds"]),
        state=row["state"],
        kind=row["kind"],
        is_national=row["national_id"] is not None,
        is_withdrawn=row["withdrawn_at"] is not None,
        sync_rev=row["sync_rev"],
    )


def _number(value: Any) -> int:
    """SQLite keeps whatever another program wrote; such a value is an edit or a row the national side does not have."""
    return value if isinstance(value, int) else 0
