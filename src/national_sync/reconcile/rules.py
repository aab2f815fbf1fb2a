"""Standing rules: adding, listing and removing them, and what one would have decided about mismatches of the past.

At work they are `sync.standing`: in every run, before decisions are carried out and after new mismatches were opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync import audit
from national_sync.divisions import check_county
from national_sync.errors import AlreadySettled, NotFound, UsageError
from national_sync.i18n import N_
from national_sync.operators.rights import Operator, Right, require
from national_sync.prose.fields import field_name
from national_sync.records import Entity, mirror_columns
from national_sync.sync.kinds import ACCEPT_KINDS, DECISIONS, MismatchKind
from national_sync.sync.standing import FITS, MOST_PARTICULAR_FIRST


@dataclass(frozen=True)
class NewRule:
    entity: Entity
    keep: str
    """local or national."""
    kind: MismatchKind = MismatchKind.BOTH_EDITED
    field: str = ""
    """A mirror column; empty for every field."""
    county: str = ""
    """Six digits; empty for the whole city."""


@dataclass(frozen=True)
class Tested:
    """What a rule would have decided about mismatches that are over, and about those that are open."""

    open: int
    past: int
    """Settled by a person."""
    alike: int
    """Of those: how many were settled as the rule would have it."""
    otherwise: tuple[int, ...]
    """The latest of the others, at most twenty: their numbers."""


MOST_SHOWN: Final = 20
_COLUMNS: Final = ("kind", "entity", "field", "county", "keep")


def add_rule(connection: Connection, operator: Operator, rule: NewRule, now: int) -> int:
    """The number of the new rule. Raises NotAllowed, UsageError, or AlreadySettled when there is one like it."""
    require(operator, Right.ADMINISTER)
    _check(rule)
    terms = _terms(rule)
    known = connection.execute(
        text(
            "SELECT id, keep FROM mismatch_rule WHERE removed_at IS NULL AND kind = :kind AND entity = :entity"
            " AND field = :field AND county = :county"
        ),
        terms,
    ).first()
    if known is not None:
        raise AlreadySettled(
            hint=N_("Remove it first: national-sync rule remove {id}"), noun="rule", id=known.id, state=known.keep
        )
    added: int = connection.execute(
        text(
            f"INSERT INTO mismatch_rule ({', '.join(_COLUMNS)}, created_at, created_by)"
            " VALUES (:kind, :entity, :field, :county, :keep, :now, :actor) RETURNING id"
        ),
        {**terms, "now": now, "actor": operator.actor},
    ).scalar_one()
    audit.append(connection, audit.Entry(now, operator.actor, "rule.added", detail={"rule": added, **terms}))
    return added


def _check(rule: NewRule) -> None:
    allowed = [choice for choice in DECISIONS.get(rule.kind, ()) if choice != "set"]
    if rule.kind in ACCEPT_KINDS or rule.keep not in allowed:
        raise UsageError(
            N_("A rule cannot settle the kind {kind} by keeping the {keep} value."),
            hint=N_("Kinds and their choices: national-sync mismatch explain"),
            kind=rule.kind.value,
            keep=rule.keep,
        )
    if rule.field and rule.field not in mirror_columns(rule.entity):
        known = ", ".join(f"{column} {field_name(column)}" for column in sorted(mirror_columns(rule.entity)))
        raise UsageError(N_("There is no field {field}; there are: {known}"), field=rule.field, known=known)
    if rule.county:
        check_county(rule.county)


def list_rules(connection: Connection, *, removed: bool = False) -> list[dict[str, Any]]:
    """Rules in the order in which they are asked, each with how many mismatches it has decided."""
    condition = "1 = 1" if removed else "removed_at IS NULL"
    rows = connection.execute(
        text(
            "SELECT r.*, (SELECT COUNT(*) FROM mismatch m WHERE m.decided_by = 'rule:' || r.id) AS decided"
            f" FROM mismatch_rule r WHERE {condition} ORDER BY {MOST_PARTICULAR_FIRST}"
        )
    )
    return [dict(row) for row in rows.mappings()]


def show_rule(connection: Connection, rule_id: int) -> dict[str, Any]:
    found = connection.execute(text("SELECT * FROM mismatch_rule WHERE id = :id"), {"id": rule_id}).mappings().first()
    if found is None:
        raise NotFound(noun="rule", id=rule_id)
    return dict(found)


def remove_rule(connection: Connection, operator: Operator, rule_id: int, now: int) -> None:
    """What it has decided stays decided."""
    require(operator, Right.ADMINISTER)
    rule = show_rule(connection, rule_id)
    if rule["removed_at"] is not None:
        raise AlreadySettled(noun="rule", id=rule_id, state="removed")
    connection.execute(
        text("UPDATE mismatch_rule SET removed_at = :now, removed_by = :actor WHERE id = :id"),
        {"now": now, "actor": operator.actor, "id": rule_id},
    )
    audit.append(connection, audit.Entry(now, operator.actor, "rule.removed", detail={"rule": rule_id}))


def try_rule(connection: Connection, rule: NewRule) -> Tested:
    """Compare with what persons have decided; other rules' decisions and causes that were gone do not count."""
    _check(rule)
    terms = {name: value for name, value in _terms(rule).items() if name != "keep"}
    by_person = (
        f"FROM mismatch WHERE state = 'closed' AND decided_by LIKE 'operator:%' AND resolution = decision AND {FITS}"
    )
    counted = connection.execute(
        text(
            f"SELECT COUNT(*) AS past, COALESCE(SUM(CASE WHEN resolution = :keep THEN 1 ELSE 0 END), 0) AS alike {by_person}"
        ),
        {**terms, "keep": rule.keep},
    ).one()
    others = connection.execute(
        text(f"SELECT id {by_person} AND resolution <> :keep ORDER BY id DESC LIMIT {MOST_SHOWN}"),
        {**terms, "keep": rule.keep},
    )
    waiting = connection.execute(
        text(f"SELECT COUNT(*) FROM mismatch WHERE state = 'open' AND decision IS NULL AND {FITS}"), terms
    )
    return Tested(int(waiting.scalar_one()), counted.past, int(counted.alike), tuple(others.scalars()))


def rule_of(stored: Mapping[str, Any]) -> NewRule:
    """A stored rule's terms."""
    return NewRule(
        Entity(stored["entity"]), stored["keep"], MismatchKind(stored["kind"]), stored["field"], stored["county"]
    )


def _terms(rule: NewRule) -> dict[str, str]:
    return {name: str(value) for name, value in asdict(rule).items()}
