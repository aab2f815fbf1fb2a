"""Deciding mismatches, one or many at once, and taking a decision back.

A decision is written down here and carried out by the next run (`sync.decisions`), which looks at the facts again.
Every function works inside the caller's transaction and either does all it says or raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, text

from national_sync import audit
from national_sync.errors import AlreadySettled, FactsChanged, NotFound, UsageError
from national_sync.i18n import N_, Phrase
from national_sync.operators.rights import Operator, Right, require
from national_sync.policy import Owner, Policy
from national_sync.prose.fields import column_named, field_phrase
from national_sync.reconcile.search import Filter, where, within
from national_sync.reconcile.showing import masked, without_numbers
from national_sync.reconcile.values import checked
from national_sync.records import SEALED_FIELDS, Entity, mirror_columns
from national_sync.sealing import Sealer
from national_sync.sync.grounds import Grounds, as_text, digest_of, given_up, grounds_of, has_moved, moved_among
from national_sync.sync.kinds import ACCEPT_KINDS, DECISIONS, FIELD_KINDS, MismatchKind
from national_sync.sync.mismatches import (
    add_events,
    among,
    load_mismatch,
    plain_text,
    stored_text,
)

LONGEST_SNOOZE: Final = 366 * 86_400
DEFAULT_OWNERS: Final[Mapping[Entity, Mapping[str, Owner]]] = Policy().owners


@dataclass(frozen=True)
class Choice:
    """What a person decided about one mismatch."""

    mismatch_id: int
    keep: str
    """local, national or set."""
    value: str | None = None
    """With `set`: what was typed."""
    facts: str | None = None
    """The digest of the facts that the person saw."""
    field: str | None = None
    """With `set`: the column; that of the mismatch if not named."""
    may_empty: bool = False
    """With `set`: whether the person knows that an empty value empties the field on both sides."""


def resolve(
    connection: Connection,
    sealer: Sealer,
    operator: Operator,
    choice: Choice,
    now: int,
    *,
    owners: Mapping[Entity, Mapping[str, Owner]] = DEFAULT_OWNERS,
) -> None:
    """Write a decision down. One's own that waits is replaced, and so is a rule's; that of somebody else stands.

    Raises NotFound, NotAllowed, AlreadySettled, FactsChanged, ValueRefused or UsageError.
    """
    judged = _judged(connection, sealer, locked(connection, operator, choice.mismatch_id), operator, choice, owners)
    if judged.has_moved:
        ours = {"ours": judged.row["ours"], "id": judged.row["id"]}
        connection.execute(text("UPDATE mismatch SET ours = :ours WHERE id = :id"), ours)
    _write_down(connection, operator, judged.row, judged.decision, now)


def check(
    connection: Connection,
    sealer: Sealer,
    operator: Operator,
    choice: Choice,
    *,
    owners: Mapping[Entity, Mapping[str, Owner]] = DEFAULT_OWNERS,
) -> set[str]:
    """Raise what `resolve` would raise, and write nothing. Returns the columns whose edits would be given up."""
    row = load_mismatch(connection, choice.mismatch_id)
    require(operator, Right.DECIDE, county=row["county"])
    _judged(connection, sealer, row, operator, choice, owners)
    return given_up(connection, row) if choice.keep == "national" else set()


class _Judged(NamedTuple):
    """A choice that can be written down."""

    row: Mapping[str, Any]
    decision: Mapping[str, str | None]
    has_moved: bool
    """Whether the person has seen another value than the mismatch told: it is our side in `row`."""


def _judged(
    connection: Connection,
    sealer: Sealer,
    row: Mapping[str, Any],
    operator: Operator,
    choice: Choice,
    owners: Mapping[Entity, Mapping[str, Owner]],
) -> _Judged:
    if row["state"] != "open":
        raise AlreadySettled(noun="mismatch", id=row["id"], state=row["resolution"])
    _check_nobody_else(row, operator)
    _check_choice(row, choice)
    given = _value_given(sealer, row, choice, owners)
    grounds = grounds_of(connection, sealer, row)
    if choice.facts is not None and choice.facts != digest_of(sealer, row, grounds):
        raise FactsChanged(id=row["id"], reason=what_is_now(sealer, row, grounds))
    moved = has_moved(sealer, row, grounds)
    if moved:
        if choice.facts is None or not grounds.is_here:
            raise FactsChanged(id=row["id"], reason=what_is_now(sealer, row, grounds))
        ours = stored_text(sealer, Entity(row["entity"]), row["field"], grounds.values[row["field"]])
        row = {**row, "ours": ours}
    return _Judged(row, {"decision": choice.keep, "decided_facts": digest_of(sealer, row, grounds), **given}, moved)


def _write_down(
    connection: Connection, operator: Operator, row: Mapping[str, Any], decision: Mapping[str, str | None], now: int
) -> None:
    connection.execute(
        text(
            "UPDATE mismatch SET decision = :decision, decided_facts = :decided_facts, decided_field = :decided_field,"
            " decided_value = :decided_value, decided_by = :actor, decided_at = :now WHERE id = :id"
        ),
        {**decision, "actor": operator.actor, "now": now, "id": row["id"]},
    )
    field = {"field": decision["decided_field"]} if decision["decided_field"] else {}
    detail = {"decision": decision["decision"], "facts": decision["decided_facts"], **field}
    write_step(connection, operator, row, "decided", detail, now)


def locked(connection: Connection, operator: Operator, mismatch_id: int) -> dict[str, Any]:
    """The row, nobody else's until the transaction ends, and one that the operator may decide."""
    locking = "" if connection.dialect.name == "sqlite" else " FOR UPDATE"
    row = load_mismatch(connection, mismatch_id, locking=locking)
    require(operator, Right.DECIDE, county=row["county"])
    return row


def _check_nobody_else(row: Mapping[str, Any], operator: Operator) -> None:
    by = row["decided_by"] or ""
    if row["decision"] is not None and by.startswith("operator:") and by != operator.actor:
        raise AlreadySettled(
            N_("Mismatch {id} has just been decided by {actor}: {state}."),
            hint=N_("Take that back first if it is wrong: national-sync mismatch undo {id}"),
            id=row["id"],
            actor=by.removeprefix("operator:"),
            state=f"keep_{row['decision']}",
        )


def _check_choice(row: Mapping[str, Any], choice: Choice) -> None:
    allowed = DECISIONS.get(MismatchKind(row["kind"]), ())
    if choice.keep not in allowed:
        raise UsageError(
            N_("A mismatch of the kind {kind} cannot be settled in this way: {state}."),
            hint=N_("Possible here: {allowed}. See: national-sync mismatch show {id}"),
            kind=row["kind"],
            state=f"keep_{choice.keep}",
            allowed=", ".join(allowed) or "-",
            id=row["id"],
        )


def _value_given(
    sealer: Sealer, row: Mapping[str, Any], choice: Choice, owners: Mapping[Entity, Mapping[str, Owner]]
) -> dict[str, str | None]:
    """The column to set and its value as stored; nothing for the other choices."""
    if choice.keep != "set":
        return {"decided_field": None, "decided_value": None}
    entity = Entity(row["entity"])
    column = column_named(choice.field, mirror_columns(entity)) if choice.field else row["field"]
    if not column or choice.value is None:
        raise UsageError(
            N_("Name the field and its value."),
            hint=N_("For example: national-sync mismatch resolve {id} --set FIELD=VALUE"),
            id=row["id"],
        )
    if row["field"] and column != row["field"]:
        raise UsageError(
            N_("Mismatch {id} is about the field {field}, not {other}."),
            id=row["id"],
            field=row["field"],
            other=column,
        )
    value = checked(entity, column, choice.value, owners[entity])
    if value is None and not choice.may_empty:
        raise UsageError(
            N_("This would empty the field {field} on both sides; nothing was decided."),
            hint=N_("If that is meant: national-sync mismatch resolve {id} --set {field}= --yes"),
            id=row["id"],
            field=column,
        )
    return {"decided_field": column, "decided_value": stored_text(sealer, entity, column, value)}


def what_is_now(sealer: Sealer, row: Mapping[str, Any], grounds: Grounds) -> Phrase:
    if not grounds.is_here and row["row_id"] is not None:
        return Phrase(N_("the record is no longer here"))
    if not row["field"]:
        return Phrase(N_("the record, or one that it is compared with, has changed"))
    entity, field = Entity(row["entity"]), row["field"]
    here = as_text(grounds.values[field])
    theirs = plain_text(sealer, entity, field, row["theirs"])
    return Phrase(
        N_("{field} is now {ours} here and {theirs} nationally"),
        field=field_phrase(field),
        ours=_told(entity, field, here),
        theirs=_told(entity, field, theirs),
    )


def _told(entity: Entity, field: str, plain: str | None) -> str:
    if plain is None:
        return "-"
    return masked(plain) if field in SEALED_FIELDS[entity] else without_numbers(plain)


def write_step(
    connection: Connection,
    operator: Operator,
    row: Mapping[str, Any],
    event: str,
    detail: Mapping[str, Any],
    now: int,
    *,
    only_here: Mapping[str, Any] | None = None,
) -> None:
    """A step in the mismatch's life, and one in the audit, but for what is `only_here`."""
    told = {**detail, **(only_here or {})}
    add_events(connection, [row["id"]], at=now, event=event, actor=operator.actor, detail=told)
    facts = {"mismatch": row["id"], "kind": row["kind"], **detail}
    entry = audit.Entry(now, operator.actor, f"mismatch.{event}", row["entity"], row["row_id"], detail=facts)
    audit.append(connection, entry)


# Many at once


@dataclass(frozen=True)
class Many:
    """What deciding many came to, or would come to."""

    decided: Mapping[str, int]
    """By kind."""
    left_out: Mapping[str, int]
    """By kind: those that cannot be settled in this way."""
    facts_changed: Mapping[str, int]
    """By kind: those that were left open because the field holds another value here by now."""

    @property
    def count(self) -> int:
        return sum(self.decided.values())


CAREFUL_KINDS: Final = frozenset(MismatchKind) - ACCEPT_KINDS - FIELD_KINDS
"""Where a decision can undo more than the one field it is about: decided one by one, with the facts of each."""


def preview_where(
    connection: Connection, sealer: Sealer, operator: Operator, wanted: Filter, keep: str, *, now: int
) -> Many:
    """What `resolve_where` would decide."""
    return _sorted_out(connection, sealer, operator, wanted, keep, now)[0]


def _sorted_out(
    connection: Connection,
    sealer: Sealer,
    operator: Operator,
    wanted: Filter,
    keep: str,
    now: int,
    *,
    locking: bool = False,
) -> tuple[Many, dict[str, list[int]]]:
    """The numbers, and by kind the mismatches to be decided."""
    require(operator, Right.DECIDE, county=operator.county)
    found = _undecided_by_kind(connection, operator, wanted, now, locking=locking)
    left_out = {kind: len(ids) for kind, ids in found.items() if keep not in DECISIONS.get(MismatchKind(kind), ())}
    decided: dict[str, list[int]] = {}
    changed: dict[str, int] = {}
    for kind, ids in found.items():
        if kind in left_out:
            continue
        moved = moved_among(connection, sealer, MismatchKind(kind), ids)
        if moved:
            changed[kind] = len(moved)
        if len(moved) < len(ids):
            decided[kind] = [one for one in ids if one not in moved]
    return Many({kind: len(ids) for kind, ids in decided.items()}, left_out, changed), decided


def resolve_where(
    connection: Connection, sealer: Sealer, operator: Operator, wanted: Filter, keep: str, *, now: int
) -> Many:
    """Decide every open mismatch that fits and has no decision yet; `keep` is local or national."""
    if keep not in ("local", "national"):
        raise UsageError(N_("Many at once are settled by keeping the local or the national value."))
    # All are locked before the first is audited: whoever waits for the audit must not hold what we still need.
    many, to_decide = _sorted_out(connection, sealer, operator, wanted, keep, now, locking=True)
    for kind, ids in to_decide.items():
        if MismatchKind(kind) in CAREFUL_KINDS:
            for mismatch_id in ids:
                resolve(connection, sealer, operator, Choice(mismatch_id, keep), now)
        else:
            _decide_many(connection, operator, kind, ids, keep, now)
    return many


def _undecided_by_kind(
    connection: Connection, operator: Operator, wanted: Filter, now: int, *, locking: bool
) -> dict[str, list[int]]:
    condition, parameters = where(within(wanted, operator), now=now)
    ending = " FOR UPDATE" if locking and connection.dialect.name != "sqlite" else ""
    rows = connection.execute(
        text(
            f"SELECT id, kind FROM mismatch WHERE {condition} AND mismatch.state = 'open'"
            f" AND mismatch.decision IS NULL ORDER BY id{ending}"
        ),
        parameters,
    )
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row.kind, []).append(row.id)
    return dict(sorted(found.items()))


def _decide_many(connection: Connection, operator: Operator, kind: str, ids: list[int], keep: str, now: int) -> None:
    if not ids:
        return
    connection.execute(
        text(
            "UPDATE mismatch SET decision = :keep, decided_by = :actor, decided_at = :now"
            f" WHERE {among(connection, ids)}"
        ),
        {"keep": keep, "actor": operator.actor, "now": now},
    )
    add_events(connection, ids, at=now, event="decided", actor=operator.actor, detail={"decision": keep})
    facts = {"decision": keep, "kind": kind, "count": len(ids), "digest": audit.digest_of(str(one) for one in ids)}
    audit.append(connection, audit.Entry(now, operator.actor, "mismatch.decided", detail=facts))


# What is written beside it


def note(connection: Connection, operator: Operator, mismatch_id: int, words: str, now: int) -> None:
    """Keep a remark with the mismatch. Long numbers in it are starred out."""
    row = locked(connection, operator, mismatch_id)
    if not words.strip():
        raise UsageError(N_("A remark needs words; nothing was noted."))
    detail = {"note": without_numbers(words.strip())}
    add_events(connection, [row["id"]], at=now, event="noted", actor=operator.actor, detail=detail)


def assign(connection: Connection, operator: Operator, mismatch_id: int, to: str | None, now: int) -> None:
    """Give a mismatch to an operator, or to nobody. Raises NotFound for a name without an account."""
    row = locked(connection, operator, mismatch_id)
    if to is not None:
        _check_name(connection, to)
    connection.execute(text("UPDATE mismatch SET assigned_to = :to WHERE id = :id"), {"to": to, "id": row["id"]})
    add_events(connection, [row["id"]], at=now, event="assigned", actor=operator.actor, detail={"to": to})


def _check_name(connection: Connection, name: str) -> None:
    known = connection.execute(
        text("SELECT 1 FROM operator WHERE name = :name AND state = 'active'"), {"name": name}
    ).first()
    if known is None:
        raise NotFound(noun="account", id=name)


def snooze(connection: Connection, operator: Operator, mismatch_id: int, until: int | None, now: int) -> None:
    """Leave a mismatch out of the lists until a moment; None brings it back."""
    row = locked(connection, operator, mismatch_id)
    if until is not None and until <= now:
        raise UsageError(N_("The day to which it is put off must lie ahead."))
    if until is not None and until > now + LONGEST_SNOOZE:
        raise UsageError(N_("A mismatch can be put off for a year at most."))
    connection.execute(
        text("UPDATE mismatch SET snoozed_until = :until WHERE id = :id"), {"until": until, "id": row["id"]}
    )
    add_events(connection, [row["id"]], at=now, event="snoozed", actor=operator.actor, detail={"until": until})
