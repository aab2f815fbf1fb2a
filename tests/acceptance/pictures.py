"""Both sides as plain values that can be compared: exactly, or by what they mean.

The exact picture of the mirror shows that nothing was written. The meaning leaves out what may differ between two ways
to the same end: row ids, moments, counters, sealing nonces, and what is over and done with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, text
from tests.acceptance.both_sides import SEALER

import national_sync.store.office_tables
import national_sync.store.transfer_tables  # noqa: F401  (the tables of these two are looked at too)
from national_sync.audit import HEAD_MARK
from national_sync.records import NATURAL_KEYS, REFERENCES, SEALED_FIELDS, Entity, mirror_columns
from national_sync.store.database import Database
from national_sync.store.tables import metadata
from national_sync_mocks.nvsi_server.process import AdminClient

Picture: TypeAlias = dict[str, list[Any]]

_GIVEN_WHEN_WRITTEN: Final = {
    Entity.VOLUNTEER: {"registered_at"},
    Entity.MEMBERSHIP: {"joined_at"},
    Entity.HOUR_RECORD: {"entered_at", "applied_at"},
}
"""Moments that the national side gives: they follow the clock."""
_MOMENTS_ON_THE_WIRE: Final = {"albp0034", "albe0136", "albx0178", "albx0180", "createtime", "updatetime"}
_LOOKED_BACK_AT: Final = ("audit_entry", "row_history", "mismatch_event", "transfer_event")
"""What tells of the past; no run goes by it."""
_SEALED: Final = re.compile(r"k1:[A-Za-z0-9+/]+=*")
_UNSETTLED: Final = ("planned", "in_flight", "unknown", "pending")


# Exactly


def exact_mirror(database: Database) -> Picture:
    """Every row of every table but the runs, and but for how often and when everything was listed."""
    with database.read() as connection:
        picture: Picture = {
            name: sorted(_rows(connection, name), key=repr)
            for name in metadata.tables
            if name not in ("run", "replaced_value", "pull", "mark")
        }
        picture["pull"] = _query(connection, "SELECT entity, covered_until_ms, open_request, open_resume FROM pull")
        picture["mark"] = _query(connection, "SELECT name, value FROM mark WHERE name NOT LIKE 'listed.%'")
    return picture


def _rows(connection: Connection, table: str) -> list[tuple[Any, ...]]:
    return _query(connection, f"SELECT * FROM {table}")


def _query(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    result = connection.execute(text(query))
    return [tuple(bytes(value) if isinstance(value, memoryview) else value for value in row) for row in result]


def exact_national(national: AdminClient) -> Any:
    return national.dump()


def fork_in_the_road(database: Database, national: AdminClient) -> str:
    """Equal for two moments from which everything goes on in the same way."""
    mirror = exact_mirror(database)
    for name in _LOOKED_BACK_AT:
        mirror.pop(name)
    mirror["mark"] = [row for row in mirror["mark"] if row[0] != HEAD_MARK]
    mirror["quarantine"] = [row[:7] + row[8:] for row in mirror["quarantine"]]
    mirror["operation"] = [(row[0], *row[2:]) for row in mirror["operation"]]
    with database.read() as connection:
        mirror["run"] = [tuple(row) for row in connection.exec_driver_sql("SELECT id, state, slot, calls FROM run")]
    here = _SEALED.sub(lambda found: SEALER.open(found.group()), repr(mirror))
    return here + repr((national.dump(), national.faults(), national.clock()["now"]))


# By meaning


def meaning_of_mirror(database: Database) -> Picture:
    """What the mirror says, and every item that is open."""
    with database.read() as connection:
        names = {entity: _names_of_rows(connection, entity) for entity in Entity}
        picture = {
            str(entity): sorted((_meaning(entity, row, names) for row in _records(connection, entity)), key=repr)
            for entity in Entity
        }
        picture |= _open_items(connection, names)
    return picture


def _records(connection: Connection, entity: Entity) -> list[Mapping[str, Any]]:
    return [dict(row) for row in connection.exec_driver_sql(f"SELECT * FROM {entity} ORDER BY id").mappings()]


def _names_of_rows(connection: Connection, entity: Entity) -> dict[int, str]:
    """What to call a row: its national id, or its natural key where it has none."""
    return {row["id"]: row["national_id"] or _own_name(entity, row) for row in _records(connection, entity)}


def _own_name(entity: Entity, row: Mapping[str, Any]) -> str:
    columns = {reference.field: reference.column for reference in REFERENCES[entity]}
    values = (opened(row[columns.get(name, name)]) for name in NATURAL_KEYS[entity])
    return "|".join(str(value) for value in values)


def _meaning(entity: Entity, row: Mapping[str, Any], names: Mapping[Entity, Mapping[int, str]]) -> dict[str, Any]:
    targets = {reference.column: reference.target for reference in REFERENCES[entity]}
    meaning: dict[str, Any] = {
        "national_id": row["national_id"],
        "is_withdrawn": row["withdrawn_at"] is not None,
        "is_linked": row["sync_rev"] is not None,
    }
    for column in mirror_columns(entity):
        if column not in _GIVEN_WHEN_WRITTEN.get(entity, set()):
            target = targets.get(column)
            meaning[column] = opened(row[column]) if target is None else names[target].get(row[column])
    for column in SEALED_FIELDS[entity]:
        meaning[f"{column} is sealed"] = row[column] is None or ":" in row[column]
    return meaning


def _open_items(connection: Connection, names: Mapping[Entity, Mapping[int, str]]) -> Picture:
    def name(row: Mapping[str, Any]) -> str | None:
        return row.get("national_id") or names[Entity(row["entity"])].get(row["row_id"])

    def rows(query: str) -> Iterable[Mapping[str, Any]]:
        return [dict(row) for row in connection.exec_driver_sql(query).mappings()]

    items: Picture = {
        "mismatch": [
            (row["kind"], row["entity"], name(row), row["field"], opened(row["ours"]), opened(row["theirs"]))
            for row in rows("SELECT * FROM mismatch WHERE state = 'open'")
        ],
        "hold": [
            (row["entity"], row["action"], row["reason"], row["state"], row["records"])
            for row in rows("SELECT * FROM hold WHERE state IN ('open', 'approved', 'rejected')")
        ],
        "quarantine": [
            (row["entity"], row["identity"], row["reason"], row["field"], row["state"])
            for row in rows("SELECT * FROM quarantine WHERE state <> 'solved'")
        ],
        "operation": [
            (row["entity"], row["verb"], name(row), row["state"])
            for row in rows(f"SELECT * FROM operation WHERE state IN {_UNSETTLED}")
        ],
        "local_change": [
            (row["entity"], name(row), row["field"], opened(row["base"])) for row in rows("SELECT * FROM local_change")
        ],
        "local_deletion": [(row["entity"], row["national_id"]) for row in rows("SELECT * FROM local_deletion")],
        "transfer": [
            (names[Entity.VOLUNTEER].get(row["volunteer_id"]), row["state"], row["goal"], row["waits_for"])
            for row in rows("SELECT * FROM transfer")
        ],
        "absence": [(row["entity"], name(row), row["listings_missed"]) for row in rows("SELECT * FROM absence")],
    }
    for entity in Entity:
        items[f"observed_{entity}"] = [row["national_id"] for row in rows(f"SELECT national_id FROM observed_{entity}")]
    return {name: sorted(every, key=repr) for name, every in items.items()}


def meaning_of_national(national: AdminClient) -> Picture:
    """What the national side holds, without when it was written."""
    dump = national.dump(stamps=False)
    picture: Picture = {
        entity: [
            {name: value for name, value in record.items() if name not in _MOMENTS_ON_THE_WIRE} for record in records
        ]
        for entity, records in dump["records"].items()
    }
    picture["tickets"] = [
        {name: value for name, value in ticket.items() if name not in ("decideAt", "ticket")}
        for ticket in dump["tickets"]
    ]
    return picture


def opened(value: Any) -> Any:
    """A sealed value in plain; any other as it is."""
    return SEALER.open(value) if isinstance(value, str) and _SEALED.fullmatch(value) else value


def differences(one: Picture, other: Picture) -> list[str]:
    """What is only in one of two pictures, in words for a person."""
    words = []
    for table in sorted({*one, *other}):
        ours, theirs = one.get(table, []), other.get(table, [])
        words += [f"{table}, only in the first: {row}" for row in ours if row not in theirs]
        words += [f"{table}, only in the second: {row}" for row in theirs if row not in ours]
        if not words and ours != theirs:
            words.append(f"{table}: {len(ours)} and {len(theirs)}")
    return words
