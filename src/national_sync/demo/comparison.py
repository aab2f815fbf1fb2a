"""Comparing both sides record by record, without asking the engine what it thinks that it did.

A difference is explained only by an open item about that very record, and within a record by one about that very
field or about the record as a whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from national_sync.demo.mapping import ENTITIES, FIELDS, NAMES, NATURAL_KEYS, national_value
from national_sync.demo.sides import Row, Sides
from national_sync.records import Value


@dataclass(frozen=True)
class Difference:
    """One thing on which the sides differ; without a column it is the whole record."""

    entity: str
    row_id: int | None
    national_id: str | None
    column: str = ""

    def to_json(self) -> dict[str, Any]:
        return dict(vars(self))


def unexplained_differences(sides: Sides) -> list[Difference]:
    return [difference for difference in differences(sides) if not _is_explained(sides, difference)]


def differences(sides: Sides) -> Iterator[Difference]:
    for entity in ENTITIES:
        for national_id, record in sides.alive(entity):
            row = sides.row(entity, national_id)
            if row is None or row["withdrawn_at"] is not None:
                yield Difference(entity, None if row is None else row["id"], national_id)
            else:
                yield from _differing_fields(sides, entity, row, record)
        for row_id, row in sides.mirror[entity].items():
            national_id = row["national_id"]
            is_there = national_id is not None and sides.is_alive(entity, national_id)
            if row["withdrawn_at"] is None and not is_there:
                yield Difference(entity, row_id, national_id)


def _differing_fields(sides: Sides, entity: str, row: Row, record: Row) -> Iterator[Difference]:
    for column in FIELDS[entity]:
        if sides.own_value(column, row) != national_value(entity, column, record):
            yield Difference(entity, row["id"], row["national_id"], column)


def _is_explained(sides: Sides, difference: Difference) -> bool:
    items, entity, row_id = sides.items, difference.entity, difference.row_id
    named = (entity, difference.national_id or "")
    if named in items.quarantined:
        return True
    if row_id is None:
        return named in items.unknown_references & items.staged or named in items.local_deletions
    if (entity, row_id) in items.operations | items.mismatch_rows:
        return True
    if difference.column:
        about = (entity, row_id, difference.column)
        return about in items.mismatch_fields | items.local_changes or _is_held(sides, named, "update")
    if difference.national_id is None:
        return _waits_for_another(sides, entity, sides.mirror[entity][row_id])
    return (entity, row_id) in items.absences or _is_held(sides, named, "withdraw")


def _is_held(sides: Sides, named: tuple[str, str], action: str) -> bool:
    return named in sides.items.staged and (named[0], action) in sides.items.holds


def _waits_for_another(sides: Sides, entity: str, row: Row) -> bool:
    """A record made here that names one which the national side does not have yet."""
    return any(
        column in NAMES and sides.mirror[NAMES[column][0]][row[column]]["national_id"] is None
        for column in FIELDS[entity]
    )


def duplicates(sides: Sides, *, known: Mapping[str, Set[str]]) -> list[Difference]:
    """Records that are the same thing as another one on their side, by natural key.

    `known` are the national ids that were there before the engine did anything, or that others have made on purpose.
    """
    found: list[Difference] = []
    for entity in ENTITIES:
        there = {
            Difference(entity, sides.row_ids[entity].get(national_id), national_id): _national_key(entity, record)
            for national_id, record in sides.alive(entity)
        }
        here = {
            Difference(entity, row_id, row["national_id"]): _own_key(sides, entity, row)
            for row_id, row in sides.mirror[entity].items()
            if row["withdrawn_at"] is None
        }
        twins = {*_sharing_a_key(there), *_sharing_a_key(here)}
        found += sorted((each for each in twins if each.national_id not in known[entity]), key=str)
    return found


Key = tuple[Value, ...]


def _sharing_a_key(keys: Mapping[Difference, Key]) -> Iterator[Difference]:
    counts = Counter(keys.values())
    return (each for each, key in keys.items() if counts[key] > 1)


def _national_key(entity: str, record: Row) -> Key:
    return tuple(national_value(entity, column, record) for column in NATURAL_KEYS[entity])


def _own_key(sides: Sides, entity: str, row: Row) -> Key:
    return tuple(sides.own_value(column, row) for column in NATURAL_KEYS[entity])
