"""Every edit that was made on either side between the nights, and whether it has been kept.

An edit is kept when the other side has it, or when the mirror shows that it waits or was put back, and a person can
see so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, assert_never

from national_sync.demo.mapping import ENTITIES, national_value
from national_sync.demo.sides import Sides
from national_sync.records import Value


class Side(StrEnum):
    HERE = "here"
    THERE = "there"


class Kind(StrEnum):
    CHANGE = "change"
    CREATION = "creation"
    DELETION = "deletion"


@dataclass(frozen=True)
class Edit:
    """One field changed, or a whole record made or deleted. What is made has an id only on its own side as yet."""

    side: Side
    kind: Kind
    entity: str
    row_id: int | None = None
    national_id: str | None = None
    column: str = ""
    value: Value = None

    def to_json(self) -> dict[str, Any]:
        """Without the value, which may be a person's."""
        return {name: value for name, value in vars(self).items() if name != "value"}


@dataclass
class Ledger:
    edits: list[Edit] = field(default_factory=list)
    acts: Counter[Side] = field(default_factory=Counter)
    """How often somebody edited a record, however many of its fields."""
    made_on_purpose: dict[str, set[str]] = field(default_factory=lambda: {entity: set() for entity in ENTITIES})
    """National ids of what was made there, doubles included."""

    def book(self, side: Side, edits: Iterable[Edit]) -> None:
        self.acts[side] += 1
        self.edits.extend(edits)


def lost_edits(sides: Sides, edits: Iterable[Edit]) -> list[Edit]:
    return [edit for edit in edits if not _is_kept(sides, edit)]


def _is_kept(sides: Sides, edit: Edit) -> bool:
    match edit.side:
        case Side.HERE:
            return _is_kept_from_here(sides, edit)
        case Side.THERE:
            return _is_kept_from_there(sides, edit)
        case _:
            assert_never(edit.side)


def _is_kept_from_here(sides: Sides, edit: Edit) -> bool:
    items, entity, row_id = sides.items, edit.entity, edit.row_id or 0
    row = sides.mirror[entity].get(row_id)
    national_id = edit.national_id or (row["national_id"] if row else None) or ""
    match edit.kind:
        case Kind.CREATION:
            waits = (entity, row_id) in items.operations | items.mismatch_rows
            return sides.is_alive(entity, national_id) or (row is not None and (waits or row["national_id"] is None))
        case Kind.DELETION:
            return not sides.is_alive(entity, national_id) or (entity, national_id) in items.local_deletions
        case Kind.CHANGE:
            about = (entity, row_id, edit.column)
            record = sides.national[entity].get(national_id)
            is_there = record is not None and national_value(entity, edit.column, record) == edit.value
            stands = row is not None and sides.own_value(edit.column, row) == edit.value
            waits = about in items.local_changes | items.mismatch_fields or (entity, row_id) in items.mismatch_rows
            return is_there or (stands and waits) or about in items.restored
        case _:
            assert_never(edit.kind)


def _is_kept_from_there(sides: Sides, edit: Edit) -> bool:
    items, entity, national_id = sides.items, edit.entity, edit.national_id or ""
    row = sides.row(entity, national_id)
    named = (entity, national_id)
    match edit.kind:
        case Kind.CREATION:
            return row is not None or named in items.quarantined | items.unknown_references
        case Kind.DELETION:
            is_held = (entity, "withdraw") in items.holds and named in items.staged
            return row is None or row["withdrawn_at"] is not None or is_held
        case Kind.CHANGE:
            if row is None:
                return named in items.quarantined | items.local_deletions
            is_here = sides.own_value(edit.column, row) == edit.value
            is_held = (entity, "update") in items.holds and named in items.staged
            about = (entity, row["id"], edit.column)
            return is_here or is_held or about in items.mismatch_fields or named in items.quarantined
        case _:
            assert_never(edit.kind)
