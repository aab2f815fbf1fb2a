"""The bare loops: the least that brings the same rows into the same table.

httpx, `json.loads`, the values a column needs, `executemany` (COPY on PostgreSQL), indexes made at the end; no
validation, no hash, no staging, no trigger, no second look.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

import httpx
import psycopg

from bench.book import PAGE_SIZE
from bench.measure import Measured, stopwatch

_COLUMNS: Final = (
    "volunteer_id",
    "project_id",
    "team_id",
    "started_at",
    "ended_at",
    "service_seconds",
    "method",
    "state",
    "kind",
    "entered_at",
    "applied_at",
    "remark",
    "national_id",
    "national_updated_at_ms",
    "sync_rev",
)
_NAMES: Final = ", ".join(_COLUMNS)
_PLACES: Final = ", ".join("?" * len(_COLUMNS))
_UPSERT: Final = "ON CONFLICT (national_id) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in _COLUMNS if name != "national_id"
)
_METHODS: Final = {"0": "forced_sign_out", "1": "team", "2": "application", "3": "face", "4": "check_in"}
_STATES: Final = {"0": "applying", "1": "not_signed_out", "2": "effective", "3": "deleted"}
_KINDS: Final = {"1": "credit", "2": "honour"}

Row: TypeAlias = tuple[int | str | None, ...]
Execute: TypeAlias = Callable[[str], Any]


@dataclass(frozen=True)
class _RowIds:
    """The local row ids that hour records refer to."""

    volunteers: dict[str, int]
    projects: dict[str, int]
    teams: dict[str, int]


def reading(*, server: str) -> Measured:
    """Only get and `json.loads` of the whole listing."""
    with stopwatch() as measured:
        measured.facts["records"] = sum(len(page) for page in _pages(server))
    return measured


def full_sqlite(*, server: str, database: str) -> Measured:
    """The whole listing into the empty table."""
    db = _open_sqlite(database)
    indexes = _drop_sqlite_indexes(db)
    with stopwatch() as measured:
        to_row = _to_row(db.execute)
        db.execute("BEGIN")
        for page in _pages(server):
            db.executemany(f"INSERT INTO hour_record ({_NAMES}) VALUES ({_PLACES})", map(to_row, page))
        for index in indexes:
            db.execute(index)
        db.execute("COMMIT")
    measured.facts["rows"] = db.execute("SELECT count(*) FROM hour_record").fetchone()[0]
    return measured


def night_sqlite(*, server: str, database: str, since: str) -> Measured:
    """The changed records over the rows with the same key."""
    db = _open_sqlite(database)
    with stopwatch() as measured:
        to_row = _to_row(db.execute)
        db.execute("BEGIN")
        for page in _pages(server, updatedFrom=since):
            db.executemany(f"INSERT INTO hour_record ({_NAMES}) VALUES ({_PLACES}) {_UPSERT}", map(to_row, page))
        db.execute("COMMIT")
    measured.facts["rows"] = db.execute("SELECT count(*) FROM hour_record").fetchone()[0]
    return measured


def full_postgres(*, server: str, database: str) -> Measured:
    with psycopg.connect(database) as db:
        indexes = _drop_postgres_indexes(db)
        db.commit()
        with stopwatch() as measured:
            _copy_and_upsert(db, _pages(server))
            for index in indexes:
                db.execute(index)
            db.commit()
        measured.facts["rows"] = db.execute("SELECT count(*) FROM hour_record").fetchall()[0][0]
    return measured


def night_postgres(*, server: str, database: str, since: str) -> Measured:
    with psycopg.connect(database) as db:
        _drop_postgres_triggers(db)
        db.commit()
        with stopwatch() as measured:
            _copy_and_upsert(db, _pages(server, updatedFrom=since))
            db.commit()
        measured.facts["rows"] = db.execute("SELECT count(*) FROM hour_record").fetchall()[0][0]
    return measured


def _pages(server: str, **body: str) -> Iterator[list[dict[str, str]]]:
    with httpx.Client(base_url=server) as client:
        number, page_count = 1, 1
        while number <= page_count:
            request = {"pageNum": number, "pageSize": PAGE_SIZE, **body}
            reply = json.loads(client.post("/open/v1/hour/list", json=request).content)
            page_count = reply["pageCount"]
            yield reply["data"]
            number += 1


def _to_row(execute: Execute) -> Callable[[dict[str, str]], Row]:
    ids = _RowIds(
        dict(execute("SELECT number, id FROM volunteer").fetchall()),
        dict(execute("SELECT national_id, id FROM project").fetchall()),
        dict(execute("SELECT national_id, id FROM team").fetchall()),
    )

    def to_row(record: dict[str, str]) -> Row:
        return (
            ids.volunteers[record["albx0175"]],
            ids.projects[record["albx0176"]],
            ids.teams[record["albx0177"]],
            _epoch(record["albx0181"]),
            _epoch(record["albx0182"]),
            round(float(record["albx0172"]) * 3600),
            _METHODS[record["albx0173"]],
            _STATES[record["albx0174"]],
            _KINDS[record["albx0187"]],
            _epoch(record["albx0178"]),
            _epoch(record["albx0180"]),
            record["remark"] or None,
            record["id"],
            round(datetime.fromisoformat(record["updatetime"] + "+08:00").timestamp() * 1000),
            1,
        )

    return to_row


def _epoch(stamp: str) -> int | None:
    return int(datetime.fromisoformat(stamp[:19] + "+08:00").timestamp()) if stamp else None


def _open_sqlite(database: str) -> sqlite3.Connection:
    db = sqlite3.connect(database, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=NORMAL")
    db.execute("PRAGMA cache_size=-16384")
    for (trigger,) in db.execute(
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'hour_record'"
    ).fetchall():
        db.execute(f"DROP TRIGGER {trigger}")
    return db


def _drop_sqlite_indexes(db: sqlite3.Connection) -> list[str]:
    indexes = db.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'hour_record' AND sql IS NOT NULL"
    ).fetchall()
    for name, _sql in indexes:
        db.execute(f"DROP INDEX {name}")
    return [sql for _name, sql in indexes]


def _drop_postgres_triggers(db: psycopg.Connection) -> None:
    db.execute("ALTER TABLE hour_record DISABLE TRIGGER USER")


def _drop_postgres_indexes(db: psycopg.Connection) -> list[str]:
    """All but the primary key and the key that ON CONFLICT needs."""
    _drop_postgres_triggers(db)
    indexes = db.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'hour_record'"
        " AND indexname NOT IN ('hour_record_pkey', 'hour_record_national_id')"
    ).fetchall()
    for name, _definition in indexes:
        db.execute(f"DROP INDEX {name}")
    return [definition for _name, definition in indexes]


def _copy_and_upsert(db: psycopg.Connection, pages: Iterator[list[dict[str, str]]]) -> None:
    to_row = _to_row(db.execute)
    db.execute(f"CREATE TEMPORARY TABLE incoming AS SELECT {_NAMES} FROM hour_record LIMIT 0")
    with db.cursor() as cursor:
        for page in pages:
            with cursor.copy(f"COPY incoming ({_NAMES}) FROM STDIN") as copy:
                for record in page:
                    copy.write_row(to_row(record))
    db.execute(f"INSERT INTO hour_record ({_NAMES}) SELECT {_NAMES} FROM incoming {_UPSERT}")
