"""All there is to know of both sides at a moment, to tell afterwards whether anything at all was written."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any, Final

from national_sync.demo.server import NationalServer
from national_sync.demo.sides import opened

Snapshot = dict[str, dict[Any, Any]]

_RUNS: Final = "run"


def take_snapshot(server: NationalServer, database: Path) -> Snapshot:
    """Every national record and ticket, every row of every table."""
    dump = server.ask("dump")
    taken: Snapshot = {
        f"national {entity}": {record["id"]: record for record in records}
        for entity, records in dump["records"].items()
    }
    taken["national tickets"] = {ticket["ticket"]: ticket for ticket in dump["tickets"]}
    with closing(opened(database)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        for (table,) in tables.fetchall():
            rows = (tuple(row) for row in connection.execute(f"SELECT * FROM {table}"))
            taken[table] = {row[0] if table == _RUNS else row: row for row in rows}
    return taken


def writes_between(before: Snapshot, after: Snapshot) -> list[str]:
    """What has changed, one entry a record or row; the row of the one new run is not counted."""
    written: list[str] = []
    for part in {**before, **after}:
        old, new = before.get(part, {}), after.get(part, {})
        changed = [key for key in {**old, **new} if old.get(key) != new.get(key)]
        own_run = 1 if part == _RUNS and len(new) == len(old) + 1 else 0
        written += [part] * (len(changed) - own_run)
    return written
