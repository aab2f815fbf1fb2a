"""The records of a plan that a guard stopped, as they stand now: what a person looks at before answering."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.operators.rights import NOBODY, Operator, Right, may
from national_sync.records import Entity
from national_sync.sync.guard import ActionClass
from national_sync.sync.holds import LIVE
from national_sync.sync.mirror import old_row_of
from national_sync.sync.mismatches import county_of, county_sql
from national_sync.sync.takeup import LISTINGS_BEFORE_ABSENCE

MOST_SHOWN: Final = 20

_ROWS: Final[Mapping[ActionClass, str]] = {
    ActionClass.UPDATE: (
        "SELECT o.row_id FROM observed_{entity} o WHERE o.row_id IS NOT NULL AND NOT o.is_deleted"
        " AND (o.mirror_hash IS NULL OR o.mirror_hash <> o.national_hash)"
    ),
    ActionClass.WITHDRAW: (
        "SELECT o.row_id FROM observed_{entity} o WHERE o.row_id IS NOT NULL AND o.is_deleted UNION"
        f" SELECT row_id FROM absence WHERE entity = '{{entity}}' AND listings_missed >= {LISTINGS_BEFORE_ABSENCE}"
    ),
    ActionClass.SEND_UPDATE: (
        "SELECT c.row_id FROM local_change c JOIN {entity} held ON held.id = c.row_id WHERE c.entity = '{entity}'"
        " AND held.national_id IS NOT NULL AND held.withdrawn_at IS NULL"
    ),
}
"""SQL for the rows here that an action is about. What was held stays staged until it is answered."""


@dataclass
class Held:
    """What waits: how many records of each county, and the first of them as far as the reader may see them."""

    by_county: Counter[str | None] = field(default_factory=Counter)
    records: list[dict[str, Any]] = field(default_factory=list)
    """`row_id`, `national_id`, `name` (null for whoever may not see it), `county`."""

    def to_json(self, *, only: str | None = None) -> dict[str, Any]:
        """With the numbers of every county, or of the `only` one that the reader sees."""
        told = {county: count for county, count in self.by_county.items() if only in (None, county)}
        counties = sorted(told.items(), key=lambda each: each[0] or "")
        return {
            "by_county": [{"county": county, "records": count} for county, count in counties],
            "records": self.records,
        }


def of_county(connection: Connection, holds: Iterable[Mapping[str, Any]], county: str) -> list[dict[str, Any]]:
    """The holds that keep back records of a county, each with the number of those."""
    counted = [(hold, held_records(connection, NOBODY, hold).by_county[county]) for hold in holds]
    return [{**hold, "records": count} for hold, count in counted if count]


def held_records(connection: Connection, reader: Operator, hold: Mapping[str, Any]) -> Held:
    """Of a hold that still waits; nothing of one that is over."""
    held = Held()
    if hold["state"] not in LIVE:
        return held
    for row in _rows(connection, Entity(hold["entity"]), ActionClass(hold["action"])):
        held.by_county[row["county"]] += 1
        if len(held.records) < MOST_SHOWN and may(reader, Right.READ, county=row["county"]):
            may_see = may(reader, Right.READ_PERSONAL, county=row["county"])
            held.records.append(row if may_see else {**row, "name": None})
    return held


def _rows(connection: Connection, entity: Entity, action: ActionClass) -> Iterator[dict[str, Any]]:
    if action is ActionClass.SEND_DELETE:
        yield from _deleted(connection, entity)
        return
    found = connection.execute(
        text(
            f"SELECT m.id AS row_id, m.national_id, {_name_sql(entity)} AS name, {county_sql(entity, 'm')} AS county"
            f" FROM {entity} m WHERE m.id IN ({_ROWS[action].format(entity=entity)}) ORDER BY m.id"
        )
    )
    yield from map(dict, found.mappings())


def _name_sql(entity: Entity) -> str:
    if entity in (Entity.TEAM, Entity.PROJECT, Entity.VOLUNTEER):
        return "m.name"
    return "(SELECT v.name FROM volunteer v WHERE v.id = m.volunteer_id)"


def _deleted(connection: Connection, entity: Entity) -> Iterator[dict[str, Any]]:
    """Rows that are here no more, from what was kept of them."""
    found = connection.execute(
        text("SELECT row_id, national_id, old_row FROM local_deletion WHERE entity = :entity ORDER BY id"),
        {"entity": entity.value},
    )
    for deletion in found.mappings().all():
        yield {
            "row_id": deletion["row_id"],
            "national_id": deletion["national_id"],
            "name": _name_of_deleted(connection, old_row_of(dict(deletion))),
            "county": county_of(connection, entity, deletion["row_id"], None),
        }


def _name_of_deleted(connection: Connection, old_row: Mapping[str, Any]) -> str | None:
    name: str | None
    if "volunteer_id" not in old_row:
        name = old_row.get("name")
        return name
    name = connection.execute(
        text("SELECT name FROM volunteer WHERE id = :id"), {"id": old_row["volunteer_id"]}
    ).scalar_one_or_none()
    return name
