"""Everything a person needs to decide one mismatch, read in one moment and ready to be shown: personal data is masked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, text

from national_sync.errors import NotFound
from national_sync.i18n import say
from national_sync.provenance import RECORD, Change, edited_here, history_of
from national_sync.reconcile.effects import STAR_HOURS, Effect, effect_of, seconds_changed
from national_sync.reconcile.kinds import choices_of, way
from national_sync.reconcile.proposals import Proposal, Seen, propose
from national_sync.reconcile.showing import Names, Shown, limits_shown, marked, record_in_brief, shown
from national_sync.reconcile.undoing import may_be_undone
from national_sync.records import REFERENCES, Entity
from national_sync.sealing import Sealer
from national_sync.sync.grounds import (
    Row,
    as_text,
    digest_of,
    effective_seconds,
    given_up,
    grounds_of,
    has_moved,
    rows_among,
)
from national_sync.sync.kinds import FIELD_KINDS, MismatchKind
from national_sync.sync.mirror import old_row_of, resolve_reference
from national_sync.sync.mismatches import among, events_of, load_mismatch, plain_text

BalanceOf = Callable[[Connection, int], int | None]
"""The exchangeable seconds of a volunteer's row; None without an exchange account."""

SIDES: Final = ("base", "ours", "theirs")
MOST_STEPS: Final = 10


def no_account(_connection: Connection, _volunteer_id: int) -> int | None:
    """What is asked for a balance until the exchange can answer."""
    return None


@dataclass(frozen=True)
class Step:
    """Who gave the field which value, and when."""

    at: int | None
    side: str
    actor: str
    field: str
    shown: str | None


@dataclass(frozen=True)
class Way:
    """A choice, what it does in words, and what it does to the person's hours."""

    choice: str
    words: str
    effect: Effect | None = None
    given_up: tuple[str, ...] = ()
    """The other edited columns that go back to what both sides agreed on."""


@dataclass(frozen=True)
class Facts:
    """As shown. `digest` goes with the decision, which is refused when it is another one by then."""

    id: int
    kind: MismatchKind
    entity: Entity
    subject: str
    row_id: int | None
    national_id: str | None
    field: str
    county: str | None
    state: str
    resolution: str | None
    decision: str | None
    decided_by: str | None
    first_seen_at: int
    last_seen_at: int
    times: int
    assigned_to: str | None
    snoozed_until: int | None
    detail: Mapping[str, Any]
    base: Shown
    ours: Shown
    theirs: Shown
    present: str | None
    """What the mirror holds now of the field in question."""
    has_moved: bool
    """Whether that is another value than `ours`."""
    record: Mapping[str, str | None]
    """What the record is about, by column: names, times, hours."""
    others: tuple[Mapping[str, str | None], ...]
    """The other records of a pair or group, likewise."""
    limits: Mapping[str, str | None]
    """What the record is held against: the project's dates, the sum of the records."""
    steps: tuple[Step, ...]
    events: tuple[Mapping[str, Any], ...]
    earlier: tuple[Mapping[str, Any], ...]
    """The same come up before: id, resolution, and when it was last seen."""
    proposal: Proposal
    ways: tuple[Way, ...]
    can_undo: bool
    """Whether a decision that was carried out can be taken back as things stand."""
    digest: str

    def to_json(self) -> dict[str, Any]:
        facts = asdict(self)
        facts["proposal"] = {"choice": self.proposal.choice, "reason": say(self.proposal.reason)}
        return facts


def facts_of(
    connection: Connection,
    sealer: Sealer,
    mismatch_id: int,
    *,
    star_hours: Sequence[int] = STAR_HOURS,
    balance_of: BalanceOf = no_account,
) -> Facts:
    """Raises `NotFound`."""
    row = load_mismatch(connection, mismatch_id)
    kind, entity, field = MismatchKind(row["kind"]), Entity(row["entity"]), row["field"]
    grounds = grounds_of(connection, sealer, row)
    sides = {side: plain_text(sealer, entity, field, row[side]) for side in SIDES}
    present = as_text(grounds.values.get(field)) if field else None
    person, names = _Person.of(connection, row), Names(connection)
    steps = _steps(connection, sealer, names, row, sides["theirs"])
    named = _named_by_staged(connection, entity, row["subject"]) if row["row_id"] is None else None
    return Facts(
        id=row["id"],
        kind=kind,
        entity=entity,
        **{name: row[name] for name in _AS_STORED},
        detail={**json.loads(row["detail"]), **({} if named is None else {"waits_for": named.missing})},
        base=Shown(shown(names, entity, field, sides["base"])),
        ours=marked(names, entity, field, sides["ours"], sides["theirs"]),
        theirs=marked(names, entity, field, sides["theirs"], sides["ours"]),
        present=shown(names, entity, field, present),
        has_moved=has_moved(sealer, row, grounds),
        record=record_in_brief(names, sealer, entity, person.record) if named is None else named.names,
        others=tuple(others_in_brief(connection, sealer, names, entity, grounds.others)),
        limits=limits_shown(grounds.limits),
        steps=steps,
        events=tuple(events_of(connection, mismatch_id)),
        earlier=tuple(_earlier(connection, row)),
        proposal=propose(kind, seen_among(connection, sealer, [row]).get(row["id"], Seen())),
        ways=tuple(
            Way(
                choice,
                way(kind, choice),
                person.effect(connection, row, choice, sides, star_hours, balance_of),
                tuple(sorted(given_up(connection, row) - {field})) if choice == "national" else (),
            )
            for choice in choices_of(kind)
        ),
        can_undo=may_be_undone(connection, sealer, row),
        digest=digest_of(sealer, row, grounds),
    )


_AS_STORED: Final = (
    "subject",
    "row_id",
    "national_id",
    "field",
    "county",
    "state",
    "resolution",
    "decision",
    "decided_by",
    "first_seen_at",
    "last_seen_at",
    "times",
    "assigned_to",
    "snoozed_until",
)


# The record and the person it belongs to


class _Named(NamedTuple):
    """What a record that is not here yet refers to, by mirror column, as the national side names it."""

    names: dict[str, str | None]
    missing: list[str]
    """The columns whose record is not here either."""


def _named_by_staged(connection: Connection, entity: Entity, national_id: str) -> _Named | None:
    found = connection.execute(
        text(f"SELECT * FROM observed_{entity} WHERE national_id = :id"), {"id": national_id}
    ).mappings()
    row = found.first()
    if row is None:
        return None
    named = _Named({}, [])
    for reference in REFERENCES[entity]:
        named.names[reference.column] = row[reference.field]
        if resolve_reference(connection, reference.target, reference.target_field, row[reference.field]) is None:
            named.missing.append(reference.column)
    return named


def others_in_brief(
    connection: Connection, sealer: Sealer, names: Names, entity: Entity, row_ids: Sequence[int]
) -> list[dict[str, str | None]]:
    """The other records of a pair or group."""
    rows = rows_among(connection, entity, row_ids) if row_ids else {}
    return [{"row_id": str(row_id), **record_in_brief(names, sealer, entity, rows.get(row_id))} for row_id in row_ids]


@dataclass(frozen=True)
class _Person:
    """The record in question, whether or not it is still here, and whose hours it touches."""

    record: Row | None
    is_deleted_here: bool
    volunteer_id: int | None

    @classmethod
    def of(cls, connection: Connection, mismatch: Row) -> _Person:
        entity, row_id = Entity(mismatch["entity"]), mismatch["row_id"]
        ids = [] if row_id is None else [row_id]
        row = rows_among(connection, entity, ids).get(row_id)
        old_row = deleted_among(connection, entity, ids).get(row_id) if row is None else None
        record = row or old_row
        own = row_id if entity is Entity.VOLUNTEER else None
        return cls(record, old_row is not None, record.get("volunteer_id", own) if record else None)

    def effect(
        self,
        connection: Connection,
        mismatch: Row,
        choice: str,
        sides: Mapping[str, str | None],
        star_hours: Sequence[int],
        balance_of: BalanceOf,
    ) -> Effect | None:
        if self.volunteer_id is None:
            return None
        change = seconds_changed(
            MismatchKind(mismatch["kind"]),
            choice,
            self.record if mismatch["entity"] == Entity.HOUR_RECORD else None,
            is_deleted_here=self.is_deleted_here,
            field=mismatch["field"],
            theirs=sides["theirs"],
        )
        seconds = effective_seconds(connection, self.volunteer_id)
        return effect_of(seconds, change, balance_of(connection, self.volunteer_id), star_hours)


def deleted_among(connection: Connection, entity: Entity, row_ids: Iterable[int]) -> dict[int, Row]:
    """Rows that were deleted here, as they stood, by number."""
    found = connection.execute(
        text(
            "SELECT row_id, old_row FROM local_deletion"
            f" WHERE entity = '{entity}' AND {among(connection, row_ids, 'row_id')} ORDER BY id"
        )
    ).mappings()
    return {deletion["row_id"]: old_row_of(dict(deletion)) for deletion in found}


# What was, and what goes with it


def _earlier(connection: Connection, mismatch: Row) -> list[dict[str, Any]]:
    rows = connection.execute(
        text(
            "SELECT id, resolution, last_seen_at FROM mismatch WHERE entity = :entity AND subject = :subject"
            " AND row_id = :row_id AND kind = :kind AND field = :field AND id < :id ORDER BY id"
        ),
        {name: mismatch[name] for name in ("entity", "subject", "row_id", "kind", "field", "id")},
    )
    return [dict(row) for row in rows.mappings()]


def _steps(connection: Connection, sealer: Sealer, names: Names, mismatch: Row, theirs: str | None) -> tuple[Step, ...]:
    """Who changed the field on each side, the newest last; where no field is in question, the record's latest changes."""
    entity, field, row_id = Entity(mismatch["entity"]), mismatch["field"], mismatch["row_id"]
    if row_id is None:
        return ()
    changes = [change for change in _history(connection, sealer, entity, row_id) if _concerns(change, field)]
    steps = [
        Step(
            change.at,
            change.side.value,
            change.actor or (f"run:{change.run_id}" if change.run_id is not None else "-"),
            change.field,
            shown(names, entity, change.field, as_text(change.new)),
        )
        for change in changes[-MOST_STEPS:]
    ]
    if mismatch["kind"] in FIELD_KINDS and mismatch["state"] == "open":
        # What stands there has never stood here, so only the record's own stamp tells since when; once the difference
        # is settled, the stamp may be that of our own write.
        told = shown(names, entity, field, theirs)
        stamp = _updated_there(rows_among(connection, entity, [row_id]).get(row_id))
        steps.append(Step(stamp, "national", "-", field, told))
    return tuple(sorted(steps, key=lambda step: step.at or 0))


def _concerns(change: Change, field: str) -> bool:
    """Where no field is in question, what the record began with is of no interest."""
    return change.field == field if field else change.old is not None or change.field == RECORD


def _history(connection: Connection, sealer: Sealer, entity: Entity, row_id: int) -> list[Change]:
    try:
        return history_of(connection, sealer, entity, row_id)
    except NotFound:
        return []


def _updated_there(row: Row | None) -> int | None:
    stamp = None if row is None else row["national_updated_at_ms"]
    return None if stamp is None else int(stamp) // 1000


def seen_among(connection: Connection, sealer: Sealer, mismatches: Sequence[Row]) -> dict[int, Seen]:
    """By number: what a proposal rests on, for those that are about two values of one field.

    A moment counts only if it lies before the one at which the difference was seen: three clocks told these.
    """
    by_entity: dict[Entity, list[Row]] = {}
    for one in mismatches:
        if one["kind"] == MismatchKind.BOTH_EDITED and one["row_id"] is not None:
            by_entity.setdefault(Entity(one["entity"]), []).append(one)
    seen: dict[int, Seen] = {}
    for entity, some in by_entity.items():
        ids = {one["row_id"] for one in some}
        rows, edited = rows_among(connection, entity, ids), edited_here(connection, sealer, entity, ids)
        for one in some:
            base, ours, theirs = (plain_text(sealer, entity, one["field"], one[side]) for side in SIDES)
            ours_at = _before(one, edited.get((one["row_id"], one["field"])))
            theirs_at = _before(one, _updated_there(rows.get(one["row_id"])))
            seen[one["id"]] = Seen(base, ours, theirs, ours_at, theirs_at)
    return seen


def _before(mismatch: Row, moment: int | None) -> int | None:
    """A moment, if it lies before the one at which the difference was seen."""
    return None if moment is None or moment > mismatch["last_seen_at"] else moment
