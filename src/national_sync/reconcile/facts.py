"""Everything a person needs to decide one mismatch, read in one moment and ready to be shown: personal data is masked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, text

from national_sync.clock import local_text
from national_sync.errors import NotFound
from national_sync.i18n import say
from national_sync.provenance import RECORD, Change, history_of
from national_sync.reconcile.effects import STAR_HOURS, Effect, effect_of, seconds_changed
from national_sync.reconcile.kinds import choices_of, way
from national_sync.reconcile.proposals import Proposal, Seen, propose
from national_sync.records import REFERENCES, SEALED_FIELDS, Entity, Value
from national_sync.sealing import Sealer
from national_sync.store.tables import integer_columns
from national_sync.sync.grounds import (
    Grounds,
    Row,
    as_text,
    digest_of,
    effective_seconds,
    given_up,
    grounds_of,
    has_moved,
)
from national_sync.sync.kinds import FIELD_KINDS, MismatchKind
from national_sync.sync.mirror import old_row_of, opened, resolve_reference
from national_sync.sync.mismatches import events_of, load_mismatch, plain_text

BalanceOf = Callable[[Connection, int], int | None]
"""The exchangeable seconds of a volunteer's row; None without an exchange account."""

SIDES: Final = ("base", "ours", "theirs")
MOST_STEPS: Final = 10
SEEN_OF_SECRET: Final = (3, 2)
"""So many characters of a masked value stay readable at its beginning and at its end."""


def no_account(_connection: Connection, _volunteer_id: int) -> int | None:
    """What is asked for a balance until the exchange can answer."""
    return None


@dataclass(frozen=True)
class Shown:
    """One side's value as shown."""

    shown: str | None
    marks: tuple[tuple[int, int], ...] = ()
    """Where it differs from the other side: stretches of characters, from and up to."""


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
    person = _Person.of(connection, row)
    steps = _steps(connection, sealer, row, sides["theirs"])
    named = _named_by_staged(connection, entity, row["subject"]) if row["row_id"] is None else None
    return Facts(
        id=row["id"],
        kind=kind,
        entity=entity,
        **{name: row[name] for name in _AS_STORED},
        detail={**json.loads(row["detail"]), **({} if named is None else {"waits_for": named.missing})},
        base=Shown(_shown(connection, entity, field, sides["base"])),
        ours=_marked(connection, entity, field, sides["ours"], sides["theirs"]),
        theirs=_marked(connection, entity, field, sides["theirs"], sides["ours"]),
        present=_shown(connection, entity, field, present),
        has_moved=has_moved(sealer, row, grounds),
        record=record_in_brief(connection, sealer, entity, person.record) if named is None else named.names,
        others=tuple(_brief_of(connection, sealer, entity, other) for other in grounds.others),
        limits=_limits(grounds),
        steps=steps,
        events=tuple(events_of(connection, mismatch_id)),
        earlier=tuple(_earlier(connection, row)),
        proposal=propose(kind, _seen(connection, row, sides, steps)),
        ways=tuple(
            Way(
                choice,
                way(kind, choice),
                person.effect(connection, row, choice, sides, star_hours, balance_of),
                tuple(sorted(given_up(connection, row) - {field})) if choice == "national" else (),
            )
            for choice in choices_of(kind)
        ),
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


# Values as shown


def masked(plain: str) -> str:
    """Enough of an ID number or a phone to recognise it, and no more."""
    first, last = SEEN_OF_SECRET
    hidden = len(plain) - first - last
    return plain[:first] + "*" * hidden + plain[-last:] if hidden > 0 else "*" * len(plain)


def without_numbers(plain: str) -> str:
    """Free text without the long numbers in it: somebody may have written an ID number or a phone into a remark."""
    return re.sub(r"\d{11,}", lambda number: masked(number.group()), plain)


def _shown(connection: Connection, entity: Entity, column: str, plain: str | None) -> str | None:
    if plain is None or not column:
        return None
    if column in SEALED_FIELDS[entity]:
        return masked(plain)
    for reference in REFERENCES[entity]:
        if reference.column == column:
            return _name_of(connection, reference.target, plain)
    if column in integer_columns(entity):
        return _number_shown(column, plain)
    # Volunteer numbers stay whole here: who may not decide gets them masked where the answer is printed.
    return plain if column.endswith(("area_id", "number")) else without_numbers(plain)


def _number_shown(column: str, plain: str) -> str:
    if not plain.lstrip("-").isdigit():
        return plain
    if column.endswith("_at") or column.startswith("recruit_"):
        return local_text(int(plain))
    return f"{int(plain) / 3600:.2f} h" if column.endswith("_seconds") else plain


def _name_of(connection: Connection, entity: Entity, row_id: str) -> str:
    columns = "name, number" if entity is Entity.VOLUNTEER else "name"
    found = connection.execute(
        text(f"SELECT {columns} FROM {entity} WHERE CAST(id AS TEXT) = :id"), {"id": row_id}
    ).first()
    named = " ".join(filter(None, found or ()))
    return f"{named} (row:{row_id})" if named else f"row:{row_id}"


def _marked(connection: Connection, entity: Entity, column: str, own: str | None, other: str | None) -> Shown:
    shown = _shown(connection, entity, column, own)
    if shown is None or own is None:
        return Shown(shown)
    if column in SEALED_FIELDS[entity]:
        return Shown(shown, differing(own, other or ""))
    return Shown(shown, differing(shown, _shown(connection, entity, column, other) or ""))


def differing(own: str, other: str) -> tuple[tuple[int, int], ...]:
    """The stretches of `own` that `other` does not have."""
    blocks = SequenceMatcher(None, own, other, autojunk=False).get_opcodes()
    return tuple((start, end) for tag, start, end, _from, _until in blocks if tag != "equal" and end > start)


# The record and the person it belongs to

_BRIEF: Final[Mapping[Entity, tuple[str, ...]]] = {
    Entity.TEAM: ("name", "area_id", "state"),
    Entity.VOLUNTEER: ("name", "number", "id_number", "birth_date", "service_area_id", "total_seconds"),
    Entity.MEMBERSHIP: ("volunteer_id", "team_id", "state"),
    Entity.PROJECT: ("name", "team_id", "started_at", "ended_at", "state"),
    Entity.HOUR_RECORD: ("volunteer_id", "project_id", "started_at", "ended_at", "service_seconds", "state"),
    Entity.TRAINING_RECORD: ("volunteer_id", "topic", "training_date", "training_seconds"),
}


def record_in_brief(connection: Connection, sealer: Sealer, entity: Entity, row: Row | None) -> dict[str, str | None]:
    """What tells a record from others, by column, as shown."""
    if row is None:
        return {}
    brief = {name: as_text(opened(sealer, entity, name, row[name])) for name in _BRIEF[entity]}
    shown = {name: _shown(connection, entity, name, plain) for name, plain in brief.items()}
    if row.get("national_id"):
        shown["national_id"] = row["national_id"]
    return shown


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


def _brief_of(connection: Connection, sealer: Sealer, entity: Entity, row_id: int) -> dict[str, str | None]:
    return {"row_id": str(row_id), **record_in_brief(connection, sealer, entity, _row(connection, entity, row_id))}


def _row(connection: Connection, entity: Entity, row_id: Value) -> Row | None:
    row = connection.execute(text(f"SELECT * FROM {entity} WHERE id = :id"), {"id": row_id}).mappings().first()
    return None if row is None else dict(row)


@dataclass(frozen=True)
class _Person:
    """The record in question, whether or not it is still here, and whose hours it touches."""

    record: Row | None
    is_deleted_here: bool
    volunteer_id: int | None

    @classmethod
    def of(cls, connection: Connection, mismatch: Row) -> _Person:
        entity, row_id = Entity(mismatch["entity"]), mismatch["row_id"]
        row = None if row_id is None else _row(connection, entity, row_id)
        old_row = _deleted_row(connection, entity, row_id) if row is None and row_id is not None else None
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


def _deleted_row(connection: Connection, entity: Entity, row_id: int) -> Row | None:
    found = connection.execute(
        text("SELECT old_row FROM local_deletion WHERE entity = :entity AND row_id = :id ORDER BY id DESC LIMIT 1"),
        {"entity": entity.value, "id": row_id},
    ).mappings()
    deletion = found.first()
    return None if deletion is None else old_row_of(dict(deletion))


# What was, and what goes with it


def _limits(grounds: Grounds) -> dict[str, str | None]:
    return {
        name: None if value is None else _number_shown(name, str(value))
        for name, value in (grounds.limits or {}).items()
    }


def _earlier(connection: Connection, mismatch: Row) -> list[dict[str, Any]]:
    rows = connection.execute(
        text(
            "SELECT id, resolution, last_seen_at FROM mismatch WHERE entity = :entity AND subject = :subject"
            " AND row_id = :row_id AND kind = :kind AND field = :field AND id < :id ORDER BY id"
        ),
        {name: mismatch[name] for name in ("entity", "subject", "row_id", "kind", "field", "id")},
    )
    return [dict(row) for row in rows.mappings()]


def _steps(connection: Connection, sealer: Sealer, mismatch: Row, theirs: str | None) -> tuple[Step, ...]:
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
            _shown(connection, entity, change.field, as_text(change.new)),
        )
        for change in changes[-MOST_STEPS:]
    ]
    if mismatch["kind"] in FIELD_KINDS and mismatch["state"] == "open":
        # What stands there has never stood here, so only the record's own stamp tells since when; once the difference
        # is settled, the stamp may be that of our own write.
        told = _shown(connection, entity, field, theirs)
        steps.append(Step(_updated_there(connection, entity, row_id), "national", "-", field, told))
    return tuple(sorted(steps, key=lambda step: step.at or 0))


def _concerns(change: Change, field: str) -> bool:
    """Where no field is in question, what the record began with is of no interest."""
    return change.field == field if field else change.old is not None or change.field == RECORD


def _history(connection: Connection, sealer: Sealer, entity: Entity, row_id: int) -> list[Change]:
    try:
        return history_of(connection, sealer, entity, row_id)
    except NotFound:
        return []


def _updated_there(connection: Connection, entity: Entity, row_id: int) -> int | None:
    row = _row(connection, entity, row_id)
    stamp = None if row is None else row["national_updated_at_ms"]
    return None if stamp is None else int(stamp) // 1000


def _seen(connection: Connection, mismatch: Row, sides: Mapping[str, str | None], steps: Sequence[Step]) -> Seen:
    """A moment counts only if it lies before the one at which the difference was seen: three clocks told these."""
    row_id = mismatch["row_id"]
    ours_at = max((step.at for step in steps if step.side == "local" and step.at is not None), default=None)
    theirs_at = None if row_id is None else _updated_there(connection, Entity(mismatch["entity"]), row_id)
    moments = [None if at is None or at > mismatch["last_seen_at"] else at for at in (ours_at, theirs_at)]
    return Seen(sides["base"], sides["ours"], sides["theirs"], *moments)
