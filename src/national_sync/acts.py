"""Who does something, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, text

from national_sync import audit
from national_sync.clock import local_date
from national_sync.errors import NotFound, TeamUnclear


@dataclass(frozen=True)
class Act:
    """`actor` as in the audit, such as `operator:chen`; `now` UTC epoch seconds."""

    actor: str
    now: int

    @property
    def today(self) -> date:
        return local_date(self.now)

    def written_down(self, connection: Connection, action: str, entity: str, row_id: int, **detail: Any) -> None:
        """Add it to the audit, in the transaction in which it is done."""
        audit.append(connection, audit.Entry(self.now, self.actor, action, entity, row_id, detail=detail))


def rows(connection: Connection, sql: str, **parameters: Any) -> list[Mapping[str, Any]]:
    return [dict(row) for row in connection.execute(text(sql), parameters).mappings()]


def rows_among(connection: Connection, sql: str, values: Sequence[Any], **parameters: Any) -> list[Mapping[str, Any]]:
    """The rows of a statement that says `IN :values`; none where there are no values."""
    if not values:
        return []
    statement = text(sql).bindparams(bindparam("values", expanding=True))
    return [dict(row) for row in connection.execute(statement, {"values": list(values), **parameters}).mappings()]


def row_by_id(connection: Connection, table: str, row_id: int) -> Mapping[str, Any]:
    """The row, locked where another transaction could change it before this one writes. Raises NotFound."""
    locked = "" if connection.dialect.name == "sqlite" else " FOR UPDATE"
    found = rows(connection, f"SELECT * FROM {table} WHERE id = :id{locked}", id=row_id)
    if not found:
        raise NotFound(noun=table, id=row_id)
    return found[0]


def is_row_number(given: str) -> bool:
    """Whether a text can be a row id, as lists show it."""
    return given.isascii() and given.isdigit() and len(given) < 19


def find_volunteer(connection: Connection, given: str) -> int:
    """The row id for a volunteer number, or for a row id as shown in lists. Raises NotFound.

    A number that several rows have means the one that is not withdrawn.
    """
    column = "id" if is_row_number(given) else "number"
    value: Any = int(given) if column == "id" else given
    found = rows(
        connection,
        f"SELECT id FROM volunteer WHERE {column} = :value ORDER BY withdrawn_at IS NOT NULL, id LIMIT 1",
        value=value,
    )
    if not found:
        raise NotFound(noun="volunteer", id=given)
    return int(found[0]["id"])


def county_of(connection: Connection, volunteer_id: int) -> str:
    """The six-digit division in which the volunteer serves."""
    found = rows(
        connection, "SELECT substr(service_area_id, 1, 6) AS county FROM volunteer WHERE id = :id", id=volunteer_id
    )
    return str(found[0]["county"])


def find_team(connection: Connection, given: str) -> int:
    """A team by row number, national id or name. Raises NotFound, or TeamUnclear where a name is not the only one."""
    column = "id" if is_row_number(given) else "national_id"
    value: Any = int(given) if column == "id" else given
    found = rows(connection, f"SELECT id FROM team WHERE {column} = :value", value=value) or rows(
        connection,
        "SELECT id FROM team WHERE name = :name AND withdrawn_at IS NULL ORDER BY id LIMIT 5",
        name=given,
    )
    if not found:
        raise NotFound(noun="team", id=given)
    if len(found) > 1:
        raise TeamUnclear(name=given, numbers=", ".join(str(row["id"]) for row in found))
    return int(found[0]["id"])


def county_of_team(connection: Connection, team_id: int) -> str:
    """The six-digit division in which a team lies."""
    found = rows(connection, "SELECT substr(area_id, 1, 6) AS county FROM team WHERE id = :id", id=team_id)
    return str(found[0]["county"])
