"""Finding volunteers by name, initials, number, ID number or team. Each way goes through an index.

The initials are kept beside the names (`volunteer_initials`) and brought up to date before they are asked: from the
rows the engine has written since, those made or renamed here, and those that were edited here the last time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.identity import mainland_number, normalised_number
from national_sync.registration.initials import initials_of
from national_sync.sealing import Sealer
from national_sync.store.database import write_many
from national_sync.store.marks import read_mark, write_mark
from national_sync.sync.slices import slices
from national_sync.sync.transaction import current_revision

_MARK: Final = "initials"
_AT_A_TIME: Final = 500


class By(StrEnum):
    NAME = "name"
    INITIALS = "initials"
    NUMBER = "number"
    ID_NUMBER = "id_number"
    TEAM = "team"


_WAYS: Final[Mapping[By, tuple[str, str]]] = {
    By.NAME: ("volunteer v WHERE v.name = ?", "v.birth_date, v.id"),
    By.NUMBER: ("volunteer v WHERE v.number = ?", "v.id"),
    By.ID_NUMBER: ("volunteer v WHERE v.id_number_hash = ?", "v.id"),
    By.TEAM: (
        "membership m JOIN volunteer v ON v.id = m.volunteer_id"
        " WHERE m.team_id = ? AND m.state = 'member' AND m.withdrawn_at IS NULL",
        "m.id",
    ),
    By.INITIALS: (
        "volunteer_initials i JOIN volunteer v ON v.id = i.volunteer_id WHERE i.initials >= ? AND i.initials < ?",
        "i.initials, v.id",
    ),
}
"""From where, and in which order."""
_NAMES: Final = (
    "id",
    "number",
    "name",
    "sex",
    "birth_date",
    "county",
    "real_name_state",
    "total_seconds",
    "withdrawn_at",
)


def search(
    connection: Connection, by: By, value: Any, *, county: str | None = None, limit: int = 50, offset: int = 0
) -> list[Mapping[str, Any]]:
    """Volunteers that fit; initials fit that begin alike.

    Speaks to the driver: a counter asks all day for one person, and anything between would take several times as long
    as the answer.
    """
    wanted = (value, _beyond(value)) if by is By.INITIALS else (value,)
    within = () if county is None else (county,)
    cursor = connection.connection.cursor()
    try:
        cursor.execute(statement(by, connection.dialect.name, bool(within)), (*wanted, *within, limit, offset))
        return [dict(zip(_NAMES, row, strict=True)) for row in cursor.fetchall()]
    finally:
        cursor.close()


@cache
def statement(by: By, dialect: str, is_within_county: bool) -> str:
    """What is asked of the driver."""
    source, order = _WAYS[by]
    within = " AND substr(v.service_area_id, 1, 6) = ?" if is_within_county else ""
    sql = (
        "SELECT v.id, v.number, v.name, v.sex, v.birth_date, substr(v.service_area_id, 1, 6), v.real_name_state,"
        f" v.total_seconds, v.withdrawn_at FROM {source}{within} ORDER BY {order} LIMIT ? OFFSET ?"
    )
    return sql if dialect == "sqlite" else sql.replace("?", "%s")


def hash_of_number(sealer: Sealer, written: str) -> bytes:
    """What an ID number is found by, in whatever form it was typed."""
    return sealer.match_hash(mainland_number(written) or normalised_number(written))


def _beyond(initials: str) -> str:
    """The first text behind everything that begins so: letters only, so the order is the same in every collation."""
    kept = initials.rstrip("Z")
    return kept[:-1] + chr(ord(kept[-1]) + 1) if kept else "ZZZZZZZZZZZZZZZZZZZZZZ"


# The initials


def keep_initials(connection: Connection) -> int:
    """Bring the initials up to date; how many volunteers were looked at."""
    seen = read_mark(connection, _MARK)
    revision = current_revision(connection)
    due = _due(connection, int(seen or 0))
    for some in slices(sorted(due), _AT_A_TIME):
        _renew(connection, some)
    if seen != revision:
        write_mark(connection, _MARK, revision)
    return len(due)


def _due(connection: Connection, seen: int) -> set[int]:
    found: set[int] = set()
    for statement in _SOURCES:
        found.update(connection.execute(text(statement), {"seen": seen} if ":seen" in statement else {}).scalars())
    return found


_SOURCES: Final = (
    "SELECT id FROM volunteer WHERE sync_rev > :seen",
    "SELECT id FROM volunteer v WHERE sync_rev IS NULL AND NOT EXISTS"
    " (SELECT 1 FROM volunteer_initials i WHERE i.volunteer_id = v.id)",
    "SELECT row_id FROM local_change WHERE entity = 'volunteer' AND field = 'name'",
    "SELECT volunteer_id FROM volunteer_initials WHERE is_local = 1",
)


def _renew(connection: Connection, ids: Sequence[int]) -> None:
    listed = ", ".join(map(str, ids))
    named = connection.execute(
        text(
            "SELECT id, name, EXISTS (SELECT 1 FROM local_change c WHERE c.entity = 'volunteer' AND c.row_id = v.id"
            f" AND c.field = 'name') FROM volunteer v WHERE id IN ({listed}) ORDER BY id"
        )
    ).all()
    connection.execute(text(f"DELETE FROM volunteer_initials WHERE volunteer_id IN ({listed})"))
    write_many(
        connection,
        "INSERT INTO volunteer_initials (volunteer_id, initials, is_local) VALUES (?, ?, ?)",
        [(row_id, initials, int(is_local)) for row_id, name, is_local in named for initials in initials_of(str(name))],
    )
