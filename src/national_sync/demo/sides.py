"""Both sides as they stand, read by plain means: the mock's dump, and the database file through `sqlite3`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from national_sync.demo.mapping import ENTITIES, FIELDS, NAMES, SEALED, is_alive
from national_sync.demo.server import NationalServer
from national_sync.records import Value
from national_sync.sealing import Sealer

Row = Mapping[str, Any]

_OF_WHOLE_RECORDS: Final = (
    "('audited_edit', 'deleted_here_edited_there', 'deleted_with_records', 'edited_here_deleted_there',"
    " 'refused_by_review')"
)
"""The others say that something is odd within a record, and both sides say it alike."""


@dataclass(frozen=True)
class OpenItems:
    """What the mirror says is not settled. Entities are named by their table."""

    mismatch_fields: frozenset[tuple[str, int, str]] = frozenset()
    """(entity, row id, column) of open mismatches about one field."""
    mismatch_rows: frozenset[tuple[str, int]] = frozenset()
    """(entity, row id) of open mismatches about a whole record in which the sides differ."""
    unknown_references: frozenset[tuple[str, str]] = frozenset()
    """(entity, national id) of records that wait for one they name."""
    restored: frozenset[tuple[str, int, str]] = frozenset()
    """(entity, row id, column) of edits that a rule has put back and reported."""
    local_changes: frozenset[tuple[str, int, str]] = frozenset()
    local_deletions: frozenset[tuple[str, str]] = frozenset()
    """(entity, national id)."""
    operations: frozenset[tuple[str, int]] = frozenset()
    """(entity, row id) with a write under way."""
    quarantined: frozenset[tuple[str, str]] = frozenset()
    """(entity, national id)."""
    absences: frozenset[tuple[str, int]] = frozenset()
    holds: frozenset[tuple[str, str]] = frozenset()
    """(entity, class of actions)."""
    staged: frozenset[tuple[str, str]] = frozenset()
    """(entity, national id) of records that were seen and not taken over yet."""


@dataclass(frozen=True)
class Sides:
    national: Mapping[str, Mapping[str, Row]]
    """By entity and national id, deleted ones included, with the national side's own field names."""
    mirror: Mapping[str, Mapping[int, Row]]
    """By entity and row id."""
    items: OpenItems
    sealer: Sealer = field(repr=False)
    deleted: Mapping[tuple[str, int], Row] = field(default_factory=dict)
    """By entity and row id: rows deleted here while the national side has them still; other rows may name them."""

    @cached_property
    def row_ids(self) -> Mapping[str, Mapping[str, int]]:
        """By entity and national id."""
        return {
            entity: {row["national_id"]: row_id for row_id, row in rows.items() if row["national_id"]}
            for entity, rows in self.mirror.items()
        }

    def row(self, entity: str, national_id: str) -> Row | None:
        row_id = self.row_ids[entity].get(national_id)
        return None if row_id is None else self.mirror[entity][row_id]

    def alive(self, entity: str) -> Iterator[tuple[str, Row]]:
        """The national records that are not deleted."""
        return ((number, each) for number, each in self.national[entity].items() if is_alive(entity, each))

    def is_alive(self, entity: str, national_id: str) -> bool:
        record = self.national[entity].get(national_id)
        return record is not None and is_alive(entity, record)

    def own_value(self, column: str, row: Row) -> Value:
        """What the mirror row says in this column, in the terms of `mapping.national_value`."""
        value: Value = row[column]
        if column in NAMES:
            entity, name = NAMES[column]
            named = self.mirror[entity].get(row[column]) or self.deleted.get((entity, row[column]))
            return None if named is None else named[name]
        return self.sealer.plain(str(value)) if column in SEALED and value is not None else value


def read_sides(server: NationalServer, database: Path, sealer: Sealer) -> Sides:
    dump = server.ask("dump")["records"]
    national = {entity: {record["id"]: record for record in dump[entity]} for entity in ENTITIES}
    with closing(opened(database)) as connection:
        mirror = {entity: _rows(connection, entity) for entity in ENTITIES}
        return Sides(national, mirror, _open_items(connection), sealer, _deleted(connection))


def opened(database: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(database)
    connection.row_factory = sqlite3.Row
    return connection


def _rows(connection: sqlite3.Connection, entity: str) -> dict[int, Row]:
    columns = ", ".join(("id", "national_id", "withdrawn_at", *FIELDS[entity]))
    return {row["id"]: dict(row) for row in connection.execute(f"SELECT {columns} FROM {entity}")}


def _deleted(connection: sqlite3.Connection) -> dict[tuple[str, int], Row]:
    rows = connection.execute("SELECT entity, row_id, old_row FROM local_deletion")
    return {(row["entity"], row["row_id"]): json.loads(row["old_row"]) for row in rows}


def _open_items(connection: sqlite3.Connection) -> OpenItems:
    def found(query: str) -> frozenset[Any]:
        return frozenset(tuple(row) for row in connection.execute(query))

    is_open = "FROM mismatch WHERE state = 'open' AND row_id IS NOT NULL"
    return OpenItems(
        mismatch_fields=found(f"SELECT entity, row_id, field {is_open} AND field <> ''"),
        mismatch_rows=found(f"SELECT entity, row_id {is_open} AND field = '' AND kind IN {_OF_WHOLE_RECORDS}"),
        unknown_references=found(
            "SELECT entity, subject FROM mismatch WHERE state = 'open' AND kind = 'unknown_reference'"
        ),
        restored=found("SELECT entity, row_id, field FROM mismatch WHERE resolution = 'restored'"),
        local_changes=found("SELECT entity, row_id, field FROM local_change"),
        local_deletions=found("SELECT entity, national_id FROM local_deletion WHERE national_id IS NOT NULL"),
        operations=found(
            "SELECT entity, row_id FROM operation WHERE state IN ('planned', 'in_flight', 'unknown', 'pending')"
        ),
        quarantined=found("SELECT entity, national_id FROM quarantine WHERE state IN ('open', 'replay', 'dropped')"),
        absences=found("SELECT entity, row_id FROM absence"),
        holds=found("SELECT entity, action FROM hold WHERE state IN ('open', 'approved', 'rejected')"),
        staged=frozenset(
            (entity, row["national_id"])
            for entity in ENTITIES
            for row in connection.execute(f"SELECT national_id FROM observed_{entity}")
        ),
    )
