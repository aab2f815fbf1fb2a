"""Finding mismatches: filters, sorting, pages, totals. Builds plain SQL; imports nothing heavy, so that a list is quick."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from national_sync.errors import NotAllowed
from national_sync.i18n import N_

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from national_sync.operators.rights import Operator

DAY: Final = 86_400
STATES: Final = ("open", "closed", "all")
SORTS: Final[Mapping[str, str]] = {
    "oldest": "mismatch.id",
    "newest": "mismatch.id DESC",
    "kind": "mismatch.kind, mismatch.id",
    "county": "mismatch.county, mismatch.id",
    "entity": "mismatch.entity, mismatch.id",
}
"""By name: how a list is sorted. Numbers rise with the moment at which a mismatch was first seen."""

OF_VOLUNTEERS: Final = ("membership", "hour_record", "training_record")
OF_TEAMS: Final = ("membership", "project", "hour_record")


@dataclass(frozen=True)
class Filter:
    """Which mismatches; what is None is not asked about."""

    kind: str | None = None
    county: str | None = None
    """Six digits."""
    team: str | None = None
    """The team that the record belongs to, by national id, name or row number."""
    entity: str | None = None
    min_age_days: int | None = None
    volunteer: str | None = None
    """The person that the record belongs to, by volunteer number, name or national id."""
    state: str = "open"
    """open, closed or all."""
    assigned_to: str | None = None
    """An operator's name; empty for what nobody has."""
    snoozed: bool = False
    """Whether those put off until later are among them."""
    text: str | None = None
    """Part of a value, a subject or a field's name. Sealed values are not searched."""
    decided: bool | None = None
    """Only those with, or without, a decision that waits to be carried out."""


def within(wanted: Filter, operator: Operator) -> Filter:
    """The filter limited to what the operator may see. Raises `NotAllowed` when another county was asked for."""
    if operator.county is None:
        return wanted
    if wanted.county not in (None, operator.county):
        raise NotAllowed(
            N_("The account {name} is bound to county {county}; this belongs to another one or to the whole city."),
            name=operator.name,
            county=operator.county,
        )
    return replace(wanted, county=operator.county)


def page(
    connection: Connection, wanted: Filter, *, now: int, sort: str = "oldest", limit: int = 50, offset: int = 0
) -> list[dict[str, Any]]:
    """Rows of the table as stored; values that hold personal data stay sealed."""
    return _rows(connection, *page_query(wanted, now=now, sort=sort, limit=limit, offset=offset))


def count(connection: Connection, wanted: Filter, *, now: int) -> int:
    condition, parameters = where(wanted, now=now)
    [row] = _rows(connection, f"SELECT COUNT(*) AS mismatches FROM mismatch WHERE {condition}", parameters)
    return int(row["mismatches"])


def totals(connection: Connection, wanted: Filter, *, now: int) -> list[dict[str, Any]]:
    """Numbers by kind and county."""
    return _rows(connection, *totals_query(wanted, now=now))


def _rows(connection: Connection, sql: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    result = connection.execute(_statement(sql), parameters)
    names = tuple(result.keys())
    # The driver's tuples cost half of what mappings do.
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


@cache
def _statement(sql: str) -> Any:
    """Parsing a statement's parameters costs as much as running it; there are as many as combinations of filters."""
    from sqlalchemy import text

    return text(sql)


def page_query(wanted: Filter, *, now: int, sort: str, limit: int, offset: int) -> tuple[str, dict[str, Any]]:
    condition, parameters = where(wanted, now=now)
    sql = f"SELECT * FROM mismatch WHERE {condition} ORDER BY {SORTS[sort]} LIMIT :limit OFFSET :offset"
    return sql, {**parameters, "limit": limit, "offset": offset}


_NAMES: Final[Mapping[str, str]] = {
    "volunteer": "SELECT id, name, NULL AS at FROM volunteer",
    "team": "SELECT id, name, NULL AS at FROM team",
    "project": "SELECT id, name, NULL AS at FROM project",
    "membership": "SELECT r.id, v.name, NULL AS at FROM membership r JOIN volunteer v ON v.id = r.volunteer_id",
    "hour_record": "SELECT r.id, v.name, r.started_at AS at FROM hour_record r JOIN volunteer v ON v.id = r.volunteer_id",
    "training_record": (
        "SELECT r.id, v.name, NULL AS at FROM training_record r JOIN volunteer v ON v.id = r.volunteer_id"
    ),
}
"""By entity: the name that a record goes by, its own or its volunteer's, and when it began where that tells it apart."""


def names_of(
    rows: Callable[[str, Mapping[str, Any]], list[dict[str, Any]]], mismatches: Iterable[Mapping[str, Any]]
) -> dict[tuple[str, int], tuple[str | None, int | None]]:
    """By entity and row: name and moment of the records that these mismatches are about, one query an entity."""
    wanted: dict[str, set[int]] = {}
    for mismatch in mismatches:
        if mismatch["row_id"] is not None:
            wanted.setdefault(mismatch["entity"], set()).add(int(mismatch["row_id"]))
    return {
        (entity, row["id"]): (row["name"], row["at"])
        for entity, ids in wanted.items()
        for row in rows(_names_query(entity, ids), {})
    }


def _names_query(entity: str, ids: Iterable[int]) -> str:
    own = "r.id" if " r " in _NAMES[entity] else "id"
    return f"{_NAMES[entity]} WHERE {own} IN ({', '.join(map(str, sorted(ids)))})"


def totals_query(wanted: Filter, *, now: int) -> tuple[str, dict[str, Any]]:
    condition, parameters = where(wanted, now=now)
    sql = (
        f"SELECT kind, county, COUNT(*) AS mismatches FROM mismatch WHERE {condition}"
        " GROUP BY kind, county ORDER BY kind, county"
    )
    return sql, parameters


def where(wanted: Filter, *, now: int) -> tuple[str, dict[str, Any]]:
    """The filter as an SQL condition on `mismatch`, and its parameters."""
    conditions = [_CONDITIONS[name] for name in _CONDITIONS if getattr(wanted, name) is not None]
    if wanted.state == "all":
        conditions.remove(_CONDITIONS["state"])
    if not wanted.snoozed and wanted.state == "open":
        conditions.append("(mismatch.snoozed_until IS NULL OR mismatch.snoozed_until <= :now)")
    if wanted.decided is not None:
        conditions.append(f"mismatch.decision IS {'NOT ' if wanted.decided else ''}NULL")
    known = {name: getattr(wanted, name) for name in _CONDITIONS if getattr(wanted, name) is not None}
    known["now"] = now
    if wanted.min_age_days is not None:
        known["seen_before"] = now - wanted.min_age_days * DAY
    if wanted.text is not None:
        known["text"] = f"%{_escaped(wanted.text)}%"
    condition = " AND ".join(conditions) or "1 = 1"
    return condition, {name: value for name, value in known.items() if f":{name}" in condition}


def _of_record(entities: tuple[str, ...], column: str, ids: str, own: str) -> str:
    """Mismatches of the records that name one of `ids`, and of those themselves."""
    named = " OR ".join(
        f"(mismatch.entity = '{entity}' AND EXISTS (SELECT 1 FROM {entity} r WHERE r.id = mismatch.row_id"
        f" AND r.{column} IN ({ids})))"
        for entity in entities
    )
    return f"((mismatch.entity = '{own}' AND mismatch.row_id IN ({ids})) OR {named})"


_TEAMS: Final = "SELECT id FROM team WHERE national_id = :team OR name = :team OR CAST(id AS TEXT) = :team"
_VOLUNTEERS: Final = (
    "SELECT id FROM volunteer WHERE number = :volunteer UNION SELECT id FROM volunteer WHERE name = :volunteer"
    " UNION SELECT id FROM volunteer WHERE national_id = :volunteer"
)
_CONDITIONS: Final[Mapping[str, str]] = {
    "state": "mismatch.state = :state",
    "kind": "mismatch.kind = :kind",
    "county": "mismatch.county = :county",
    "entity": "mismatch.entity = :entity",
    "min_age_days": "mismatch.first_seen_at <= :seen_before",
    "assigned_to": "COALESCE(mismatch.assigned_to, '') = :assigned_to",
    "team": _of_record(OF_TEAMS, "team_id", _TEAMS, "team"),
    "volunteer": _of_record(OF_VOLUNTEERS, "volunteer_id", _VOLUNTEERS, "volunteer"),
    "text": "("
    + " OR ".join(f"mismatch.{name} LIKE :text ESCAPE '!'" for name in ("subject", "field", "ours", "theirs"))
    + ")",
}


def _escaped(text: str) -> str:
    return "".join(f"!{character}" if character in "!%_" else character for character in text)
