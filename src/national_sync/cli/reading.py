"""Reading lists: through the whole program, or, where an SQLite mirror is all there is to it, past its slow parts.

Loading the settings and the database layer takes a third of a second; a list of 50 rows takes a millisecond.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from national_sync.cli.invocation import Invocation

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from national_sync.operators.rights import Operator

_BUSY_SECONDS: Final = 30.0


@dataclass(frozen=True)
class Reading:
    """One moment of the database, and who looks at it."""

    rows: Callable[[str, Mapping[str, Any]], list[dict[str, Any]]]
    """Runs a query with named parameters."""
    reader: Operator
    now: int


@contextmanager
def reading(invocation: Invocation) -> Iterator[Reading]:
    """Raises LoginRequired, and whatever is wrong with the settings or the database."""
    quick = _sqlite(invocation)
    if quick is not None:
        try:
            yield _quick_reading(invocation, *quick)
        finally:
            quick[0].close()
        return
    with invocation.open().database() as database, database.read() as connection:
        from sqlalchemy import text

        def rows(sql: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
            return [dict(row) for row in connection.execute(text(sql), parameters).mappings()]

        yield Reading(rows, invocation.reader(connection), invocation.now)


def _sqlite(invocation: Invocation) -> tuple[sqlite3.Connection, Path] | None:
    """The mirror, if it is an SQLite file of this program's shape; what is wrong otherwise is told by the long way."""
    from national_sync.settings_file import sqlite_file

    place = sqlite_file(invocation.config_file, invocation.environment) if invocation.is_usual else None
    if place is None:
        return None
    import sqlite3

    from national_sync.store.revisions import KNOWN_REVISION

    connection = sqlite3.connect(place, timeout=_BUSY_SECONDS, isolation_level=None)
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")
    try:
        connection.execute("BEGIN")
        [found] = connection.execute("SELECT version_num FROM alembic_version").fetchone() or [None]
    except sqlite3.Error:
        found = None
    if found == KNOWN_REVISION:
        return connection, place
    connection.close()
    return None


def _quick_reading(invocation: Invocation, connection: sqlite3.Connection, place: Path) -> Reading:
    from national_sync.clock import SystemClock
    from national_sync.errors import LoginRequired
    from national_sync.operators.rights import NOBODY
    from national_sync.operators.sessions import ANY_ACCOUNT, SESSION, hash_of, judged
    from national_sync.operators.token_file import read_token, token_file, user_of_machine

    def rows(sql: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        cursor = connection.execute(sql, parameters)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    now = int(SystemClock().now())
    reader = NOBODY
    if connection.execute(ANY_ACCOUNT).fetchone():
        token = read_token(token_file(invocation.environment, f"sqlite:///{place}"))
        if token is None:
            raise LoginRequired()
        found = rows(SESSION, {"hash": hash_of(token, user_of_machine())})
        reader = judged(found[0] if found else None, now)
    return Reading(rows, reader, now)
