"""Where a record's values come from: each one it has had, when, from which side, by which run, person or rule.

Reads `row_history` backwards from the row as it stands (`store.history_triggers` says what is kept). Moments are the
database's own clock; that of a row which the engine made is its run's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias

from sqlalchemy import Connection, text

from national_sync.errors import NotFound
from national_sync.records import Entity, Value
from national_sync.sealing import Sealer
from national_sync.store.history_triggers import kept_columns
from national_sync.store.tables import integer_columns
from national_sync.sync.mirror import opened
from national_sync.sync.mismatches import among, county_of

Stored: TypeAlias = Mapping[str, str | None]
"""A row's kept columns as texts."""

RECORD: Final = "record"
"""The `field` of a change of the record as a whole: it is made, deleted, restored."""
HERE: Final = "here"
NOT_KEPT: Final = "?"
"""In the place of a value that another program wrote plain into a sealed column and that was replaced before it was
sealed."""

_LARGEST_ID: Final = 2**63 - 1


class Side(StrEnum):
    LOCAL = "local"
    """A program of the platform."""
    NATIONAL = "national"
    DECISION = "decision"
    """A person's, about a mismatch."""
    RULE = "rule"


class Absence(StrEnum):
    NOT_HERE_YET = "not_here_yet"
    DELETED = "deleted"


@dataclass(frozen=True)
class Change:
    """One value that came in the place of another. Personal values are plain."""

    field: str
    """A mirror column, or `RECORD`."""
    old: Value
    new: Value
    at: int | None
    """UTC epoch seconds; None where nothing tells."""
    side: Side
    run_id: int | None = None
    actor: str | None = None
    """`operator:chen` or `rule:3`, with a decision or a rule."""


class Note(NamedTuple):
    """A row of `row_history`; `before` is None where nothing stood before, else what was kept, as JSON has it."""

    id: int
    at: int
    sync_rev: int | None
    run_id: int | None
    before: Mapping[str, str | bool | None] | None


class Origin(NamedTuple):
    at: int | None
    side: Side
    run_id: int | None = None
    actor: str | None = None


class Step(NamedTuple):
    """One state of a record, and how it came about; None: it is not there."""

    origin: Origin
    before: Stored | None
    after: Stored | None


def history_of(connection: Connection, sealer: Sealer, entity: Entity, row_id: int) -> list[Change]:
    """Every value of every field, the newest last. Raises NotFound."""
    steps = steps_of(connection, entity, row_id)
    return [
        change for number, step in enumerate(steps) for change in _changes(sealer, entity, step, is_first=number == 0)
    ]


def as_of(
    connection: Connection, sealer: Sealer, entity: Entity, row_id: int, moment: int
) -> Mapping[str, Value] | Absence:
    """The record as it stood at a moment (UTC epoch seconds), changes of that second included. Raises NotFound.

    A record of which nothing tells when it was made counts as one that was always here.
    """
    past = [step for step in steps_of(connection, entity, row_id) if step.origin.at is None or step.origin.at <= moment]
    if not past:
        return Absence.NOT_HERE_YET
    stood = past[-1].after
    if stood is None:
        return Absence.DELETED
    return {name: _opened(sealer, entity, name, stored) for name, stored in stood.items() if name != "sync_rev"}


def steps_of(connection: Connection, entity: Entity, row_id: int) -> list[Step]:
    """Every state of a record, the oldest first. Raises NotFound."""
    present = _present_among(connection, entity, [row_id]).get(row_id)
    notes = _notes_among(connection, entity, [row_id]).get(row_id, [])
    if present is None and not notes:
        raise NotFound(noun=entity.value, id=row_id)
    states = states_before(present, notes)
    decided = _deciders_among(connection, entity, [row_id])
    steps = [
        Step(_origin(note, decided), before, after)
        for note, (before, after) in zip(notes, pairwise(states), strict=True)
    ]
    first = [] if states[0] is None else [Step(_maker(connection, states[0]["sync_rev"]), None, states[0])]
    return first + steps


def states_before(present: Stored | None, notes: Sequence[Note]) -> list[Stored | None]:
    """What stood before each note, oldest first, and at the end what stands now. Pure."""
    states = [present]
    for note in reversed(notes):
        states.append(_before(note, states[-1]))
    return states[::-1]


def _before(note: Note, after: Stored | None) -> Stored | None:
    if note.before is None:
        return None
    known = dict(after or {})
    for name, kept in note.before.items():
        if kept is False:
            known[name] = NOT_KEPT
        elif kept is not True:
            known[name] = kept
    return known


class Deleted(NamedTuple):
    """A record that was deleted here, as it stood before, and when."""

    row_id: int
    at: int
    stored: Stored


def deleted_rows(connection: Connection, entity: Entity, column: str, value: int) -> list[Deleted]:
    """The deleted records whose column held this number, the oldest first; one that was put back is left out."""
    position = "instr" if connection.dialect.name == "sqlite" else "strpos"
    found = connection.execute(
        text(
            f"SELECT h.row_id, h.at, h.before FROM row_history h WHERE h.entity = '{entity}'"
            f" AND {position}(h.before, :held) > 0 AND NOT EXISTS (SELECT 1 FROM {entity} m WHERE m.id = h.row_id)"
            " ORDER BY h.id"
        ),
        {"held": f'"{column}":"{value}"'},
    )
    every = [Deleted(row.row_id, row.at, json.loads(row.before)) for row in found]
    return [one for one in every if set(kept_columns(entity)) <= set(one.stored)]


def edited_here(
    connection: Connection, sealer: Sealer, entity: Entity, row_ids: Iterable[int]
) -> dict[tuple[int, str], int]:
    """By row and field: when a program of the platform gave it another value last. A few queries, however many rows."""
    ids = set(row_ids)
    every, present = _notes_among(connection, entity, ids), _present_among(connection, entity, ids)
    decided = _deciders_among(connection, entity, every)
    moments: dict[tuple[int, str], int] = {}
    for row_id, notes in every.items():
        for note, (before, after) in zip(notes, pairwise(states_before(present.get(row_id), notes)), strict=True):
            origin = _origin(note, decided)
            if origin.side is Side.LOCAL:
                changes = _changes(sealer, entity, Step(origin, before, after), is_first=False)
                moments.update({(row_id, change.field): note.at for change in changes})
    return moments


def find_record(connection: Connection, entity: Entity, named: str) -> int:
    """The row id of a record named by it, by its national id or by its own number, deleted ones included.

    Raises NotFound.
    """
    for statement in _ways_to_find(connection, entity, named):
        found: int | None = connection.execute(
            text(statement), {"named": named, "entity": entity.value, "id": int(named) if _is_id(named) else None}
        ).scalar()
        if found is not None:
            return found
    raise NotFound(noun=entity.value, id=named)


def _ways_to_find(connection: Connection, entity: Entity, named: str) -> Iterator[str]:
    if _is_id(named):
        yield f"SELECT id FROM {entity} WHERE id = :id"
        yield "SELECT row_id FROM row_history WHERE entity = :entity AND row_id = :id LIMIT 1"
    yield f"SELECT id FROM {entity} WHERE national_id = :named"
    if "number" in kept_columns(entity):
        yield f"SELECT id FROM {entity} WHERE number = :named ORDER BY id LIMIT 1"
    position = "instr" if connection.dialect.name == "sqlite" else "strpos"
    yield (
        "SELECT row_id FROM row_history WHERE entity = :entity"
        f" AND {position}(before, '\"national_id\":\"' || :named || '\"') > 0 ORDER BY id DESC LIMIT 1"
    )


def _is_id(named: str) -> bool:
    return named.isdecimal() and named.isascii() and int(named) <= _LARGEST_ID


def county_of_record(connection: Connection, entity: Entity, row_id: int) -> str | None:
    """The six-digit division that a record belongs to, or belonged to when it was deleted."""
    county = county_of(connection, entity, row_id, None)
    if county is not None:
        return county
    last = next((step.before for step in reversed(steps_of(connection, entity, row_id)) if step.before), {})
    if "volunteer_id" in last:
        return county_of(connection, Entity.VOLUNTEER, int(last["volunteer_id"] or 0), None)
    return (last.get("area_id") or last.get("service_area_id") or "")[:6] or None


# Reading


def _present_among(connection: Connection, entity: Entity, row_ids: Iterable[int]) -> dict[int, Stored]:
    columns = ", ".join(kept_columns(entity))
    rows = connection.execute(text(f"SELECT id, {columns} FROM {entity} WHERE {among(connection, row_ids)}")).mappings()
    return {
        row["id"]: {name: None if value is None else str(value) for name, value in row.items() if name != "id"}
        for row in rows
    }


def _notes_among(connection: Connection, entity: Entity, row_ids: Iterable[int]) -> dict[int, list[Note]]:
    rows = connection.execute(
        text(
            "SELECT id, row_id, at, sync_rev, run_id, before FROM row_history"
            f" WHERE entity = '{entity}' AND {among(connection, row_ids, 'row_id')} ORDER BY id"
        )
    )
    notes: dict[int, list[Note]] = {}
    for row in rows:
        notes.setdefault(row.row_id, []).append(Note(row.id, row.at, row.sync_rev, row.run_id, json.loads(row.before)))
    return notes


class _Deciders(NamedTuple):
    """Who decided."""

    by_revision: Mapping[int, str]
    """What the engine wrote, by `sync_rev`."""
    by_note: Mapping[int, str]
    """What was put back when a decision was taken back, by the number of the note."""


def _deciders_among(connection: Connection, entity: Entity, row_ids: Iterable[int]) -> _Deciders:
    rows = connection.execute(
        text(
            "SELECT m.decided_by, e.event, e.actor, e.detail FROM mismatch m"
            f" JOIN mismatch_event e ON e.mismatch_id = m.id WHERE m.entity = '{entity}'"
            f" AND {among(connection, row_ids, 'm.row_id')}"
            " AND (e.event = 'undone' OR (e.event = 'carried_out' AND m.decided_by IS NOT NULL))"
        )
    )
    by_revision: dict[int, str] = {}
    by_note: dict[int, str] = {}
    for row in rows:
        detail = json.loads(row.detail)
        if detail.get("sync_rev") is not None:
            by_revision[detail["sync_rev"]] = row.decided_by
        if detail.get("history") is not None:
            by_note[detail["history"]] = row.actor
    return _Deciders(by_revision, by_note)


def _origin(note: Note, decided: _Deciders) -> Origin:
    if note.id in decided.by_note:
        return Origin(note.at, Side.DECISION, None, decided.by_note[note.id])
    if note.sync_rev is None:
        return Origin(note.at, Side.LOCAL)
    actor = decided.by_revision.get(note.sync_rev)
    if actor is None:
        return Origin(note.at, Side.NATIONAL, note.run_id)
    return Origin(note.at, Side.RULE if actor.startswith("rule:") else Side.DECISION, note.run_id, actor)


def _maker(connection: Connection, revision: str | None) -> Origin:
    """Of a row that the engine made: the audit tells which run wrote under its first revision."""
    if revision is None:
        return Origin(None, Side.LOCAL)
    written = "json_extract(detail, '$.revision')"
    if connection.dialect.name != "sqlite":
        written = "CAST(CAST(detail AS json) ->> 'revision' AS BIGINT)"
    found = connection.execute(
        text(
            f"SELECT at, run_id FROM audit_entry WHERE action = 'rows.applied' AND {written} >= :revision"
            " ORDER BY id LIMIT 1"
        ),
        {"revision": int(revision)},
    ).first()
    return Origin(None, Side.NATIONAL) if found is None else Origin(found.at, Side.NATIONAL, found.run_id)


# Values


def _changes(sealer: Sealer, entity: Entity, step: Step, *, is_first: bool) -> Iterator[Change]:
    origin = step.origin._asdict()
    if step.after is None:
        yield Change(RECORD, HERE, Absence.DELETED.value, **origin)
    elif step.before is None:
        yield Change(RECORD, None if is_first else Absence.DELETED.value, HERE, **origin)
    for name in kept_columns(entity):
        if name == "sync_rev" or step.after is None:
            continue
        old = _opened(sealer, entity, name, (step.before or {}).get(name))
        new = _opened(sealer, entity, name, step.after.get(name))
        if old != new:
            yield Change(name, old, new, **origin)


def _opened(sealer: Sealer, entity: Entity, name: str, stored: str | None) -> Value:
    """A value in its column's type; what another program stored there against the type stays text."""
    if stored is None or stored == NOT_KEPT:
        return stored
    if name in integer_columns(entity) or name == "withdrawn_at":
        return int(stored) if stored.lstrip("-").isdecimal() else stored
    return opened(sealer, entity, name, stored)
