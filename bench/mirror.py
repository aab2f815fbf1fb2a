"""Our side of the benchmarks: the engine as an operator's run has it, on a mirror of hour records."""

from __future__ import annotations

import re
import time
from collections import Counter
from typing import Any, Final

from sqlalchemy import event, text

from bench.measure import Measured, stopwatch
from bench.population import EPOCH_MS
from national_sync.policy import Policy
from national_sync.records import Entity
from national_sync.sealing import Sealer, SealingKey
from national_sync.store.database import Database
from national_sync.store.history_triggers import LATEST_REVISION
from national_sync.store.marks import MarkNotebook
from national_sync.store.schema import create_missing_indexes, create_or_upgrade, drop_secondary_indexes
from national_sync.sync.lease import RunMeter, holder_name
from national_sync.sync.run import Engine, RunKind, RunRequest
from national_sync_adapters.nvsi.adapter import NvsiAdapter
from national_sync_adapters.nvsi.settings import NvsiSettings

_REFERENCED: Final = (Entity.TEAM, Entity.VOLUNTEER, Entity.PROJECT)
_CALLS_PER_DAY: Final = 1_000_000
_WRITE: Final = re.compile(r"(?<!FOR )\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)")


class NightClock:
    """Real seconds, counted from a moment of the benchmark's own calendar."""

    def __init__(self, hours_since_epoch: float) -> None:
        self._begin = EPOCH_MS / 1000 + hours_since_epoch * 3600
        self._started = time.monotonic()

    def now(self) -> float:
        return self._begin + time.monotonic() - self._started

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)


def prepare(*, server: str, url: str) -> Measured:
    """Make the database and fill everything but the hour records."""
    database = Database(url)
    create_or_upgrade(database)
    with stopwatch() as measured:
        _run(database, server, hours_since_epoch=0.0, entities=_REFERENCED, may_mismatch=True)
    with database.write() as connection:
        # Without their hours all totals are wrong; they are right once the hours are there.
        connection.execute(text("DELETE FROM mismatch"))
    measured.facts["rows"] = _count(database, Entity.VOLUNTEER)
    _settle(database)
    return measured


def run_hours(
    *,
    server: str,
    url: str,
    hours_since_epoch: float,
    full: bool = False,
    count_writes: bool = True,
    is_kept: bool = False,
) -> Measured:
    """One run limited to hour records. Counting the rows that it writes costs a little with every statement."""
    database = Database(url)
    written = _count_writes(database) if count_writes else Counter[str]()
    with stopwatch() as measured:
        _run(database, server, hours_since_epoch=hours_since_epoch, entities=(Entity.HOUR_RECORD,), full=full)
    measured.facts |= {"rows": _count(database, Entity.HOUR_RECORD), "written": dict(written)}
    if is_kept:
        _settle(database)
    database.close()
    return measured


def edit_remarks(*, url: str, count: int) -> Measured:
    """Edit hour records that are still applications, as another program would."""
    database = Database(url)
    with stopwatch() as measured, database.write() as connection:
        edited = connection.execute(
            text(
                "UPDATE hour_record SET remark = 'edited here' WHERE id IN"
                " (SELECT id FROM hour_record WHERE state = 'applying' ORDER BY id LIMIT :count)"
            ),
            {"count": count},
        )
    measured.facts["rows"] = edited.rowcount
    _settle(database)
    return measured


def multiply(*, url: str, times: int) -> Measured:
    """Make the mirror `times` as large, with records that the change list will not name."""
    database = Database(url)
    with stopwatch() as measured, database.write() as connection:
        drop_secondary_indexes(connection, Entity.HOUR_RECORD)
        connection.execute(text(_copies(connection.dialect.name)), {"copies": times - 1})
        create_missing_indexes(connection, Entity.HOUR_RECORD)
        connection.execute(text("DELETE FROM bucket_digest WHERE entity = 'hour_record'"))
        connection.execute(text(_DIGEST))
    with database.read() as connection:
        sums = connection.execute(text("SELECT * FROM bucket_digest WHERE entity = 'hour_record'")).mappings().all()
    measured.facts["digest"] = {row["bucket"]: [int(row["records"]), int(row["version_sum"])] for row in sums}
    measured.facts["effective_seconds"] = sum(int(row["effective_seconds"]) for row in sums)
    measured.facts["rows"] = _count(database, Entity.HOUR_RECORD)
    _settle(database)
    return measured


_DIGEST: Final = (
    "INSERT INTO bucket_digest (entity, bucket, records, version_sum, effective_seconds)"
    " SELECT 'hour_record', substr(national_id, 1, 2), COUNT(*), SUM(national_updated_at_ms),"
    " SUM(CASE WHEN state = 'effective' THEN service_seconds ELSE 0 END) FROM hour_record"
    " GROUP BY substr(national_id, 1, 2)"
)


def _copies(dialect: str) -> str:
    """Each copy lies two years earlier than the one before, so that nobody serves twice at once."""
    new_id, new_hash = {
        "sqlite": ("lower(hex(randomblob(16)))", "randomblob(16)"),
        "postgresql": (
            "md5(random()::text || national_id || copy)",
            "decode(md5(random()::text || national_id || copy), 'hex')",
        ),
    }[dialect]
    same = (
        "service_seconds, method, state, kind, entered_at, applied_at, remark, national_updated_at_ms,"
        " volunteer_id, project_id, team_id"
    )
    return (
        "WITH RECURSIVE copies(copy) AS (SELECT 1 UNION ALL SELECT copy + 1 FROM copies WHERE copy < :copies)"
        f" INSERT INTO hour_record ({same}, started_at, ended_at, national_id, national_hash, sync_rev)"
        f" SELECT {same}, started_at - copy * 63072000, ended_at - copy * 63072000, {new_id}, {new_hash},"
        f" {LATEST_REVISION}"
        " FROM copies CROSS JOIN hour_record WHERE national_id IS NOT NULL"
    )


def _run(
    database: Database,
    server: str,
    *,
    hours_since_epoch: float,
    entities: tuple[Entity, ...],
    full: bool = False,
    may_mismatch: bool = False,
) -> None:
    clock = NightClock(hours_since_epoch)
    meter = RunMeter(database, clock, _CALLS_PER_DAY)
    settings = NvsiSettings.model_validate(
        {"base_url": f"{server}/open/v1", "app_id": "bench", "calls_per_day": _CALLS_PER_DAY}
    )
    engine = Engine(
        database=database,
        national=NvsiAdapter(settings, secret=b"bench", meter=meter, notebook=MarkNotebook(database), clock=clock),
        meter=meter,
        sealer=Sealer([SealingKey("bench", bytes(32))]),
        policy=Policy(),
        clock=clock,
        holder=holder_name(),
    )
    report = engine.run(RunRequest(kind=RunKind.NIGHTLY, full=full, entities=entities))
    if report.exit_code > int(may_mismatch) or report.differences:
        raise SystemExit(f"the run did not end in agreement: {report.to_json()}")


def _count_writes(database: Database) -> Counter[str]:
    """Rows written from now on by statements, by the table that they name; what triggers write beside is not counted."""
    written: Counter[str] = Counter()

    def after(connection: Any, cursor: Any, statement: str, *_rest: Any) -> None:
        match = _WRITE.search(statement)
        if match:
            written[match.group(1)] += cursor.rowcount if cursor.rowcount >= 0 else _changes(connection)

    event.listen(database.engine, "after_cursor_execute", after)
    return written


def _changes(connection: Any) -> int:
    """SQLite's driver counts no rows for a statement that begins with WITH; SQLite itself does."""
    return int(connection.connection.driver_connection.execute("SELECT changes()").fetchone()[0])


def _count(database: Database, entity: Entity) -> int:
    with database.read() as connection:
        return int(connection.execute(text(f"SELECT COUNT(*) FROM {entity}")).scalar_one())


def _settle(database: Database) -> None:
    """Leave nothing half written behind: the file alone is the database, and the planner knows its tables."""
    if database.is_sqlite:
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    else:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM (ANALYZE)")
    database.close()
