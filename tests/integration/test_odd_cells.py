"""Whatever another program writes into a cell, only that row waits, and a person is told why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from national_sync.clock import SystemClock
from national_sync.errors import TriggersMissing
from national_sync.policy import Policy
from national_sync.sealing import Sealer
from national_sync.store import triggers
from national_sync.store.database import Database
from national_sync.store.marks import MarkNotebook
from national_sync.sync.invariants import broken_invariants
from national_sync.sync.lease import RunMeter
from national_sync.sync.run import Engine, RunReport, RunRequest
from national_sync_adapters.nvsi.adapter import NvsiAdapter
from national_sync_mocks.nvsi_server.process import MockServer

ODD_CELLS = {
    "a fraction": ("training_record", "UPDATE training_record SET training_seconds = 3600.25 WHERE id = 1"),
    "letters in a number": ("training_record", "UPDATE training_record SET training_seconds = 'abc' WHERE id = 1"),
    "an infinite number": ("training_record", "UPDATE training_record SET training_seconds = 9e999 WHERE id = 1"),
    "a date for a moment": ("project", "UPDATE project SET recruit_from = '2026-01-01' WHERE id = 1"),
    "bytes for a phone": ("volunteer", "UPDATE volunteer SET phone = x'3133' WHERE id = 1"),
    "a sealed value cut short": ("volunteer", f"UPDATE volunteer SET phone = 'k1:{'A' * 60}' WHERE id = 1"),
    "broken text": ("volunteer", "UPDATE volunteer SET education = CAST(x'eda080' AS TEXT) WHERE id = 1"),
    "a mark that turns the writing": ("project", "UPDATE project SET address = char(8238) || 'x' WHERE id = 1"),
}


@pytest.fixture(scope="module")
def mock() -> Any:
    with MockServer(seed=5, volunteers=20, teams=4, projects=6, hours=40) as server:
        server.admin.snapshot("start")
        yield server


@pytest.fixture
def engine(mock: MockServer, sqlite_database: Database, sealer: Sealer) -> Engine:
    mock.admin.restore("start")
    clock = SystemClock()
    meter = RunMeter(sqlite_database, clock, 100_000)
    settings = NvsiAdapter.Settings(base_url=f"{mock.address}/open/v1", app_id=mock.app_id)
    side = NvsiAdapter(
        settings, secret=mock.secret.encode(), meter=meter, notebook=MarkNotebook(sqlite_database), clock=clock
    )
    made = Engine(
        database=sqlite_database, national=side, meter=meter, sealer=sealer, policy=Policy(), clock=clock, holder="t:1"
    )
    made.run(RunRequest())
    return made


def run_with(engine: Engine, database: Database, *statements: str) -> RunReport:
    with database.write() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    return engine.run(RunRequest())


@pytest.mark.parametrize("cell", ODD_CELLS)
def test_an_odd_cell_delays_its_row_only_and_mending_it_mends_all(
    engine: Engine, sqlite_database: Database, cell: str
) -> None:
    table, odd = ODD_CELLS[cell]
    report = run_with(engine, sqlite_database, odd, "UPDATE volunteer SET skills = '07' WHERE id = 2")
    assert report.mismatches_open.get("unsendable_value") == 1
    assert report.pushed["volunteer"]["update"] == 1
    column = odd.split(" SET ")[1].split(" = ")[0]
    with sqlite_database.read() as connection:
        base = connection.exec_driver_sql(
            f"SELECT base FROM local_change WHERE entity = '{table}' AND field = '{column}'"
        ).scalar_one()
    with sqlite_database.write() as connection:
        connection.exec_driver_sql(f"UPDATE {table} SET {column} = ? WHERE id = 1", (base,))
    report = engine.run(RunRequest())
    assert "unsendable_value" not in report.mismatches_open
    with sqlite_database.read() as connection:
        assert broken_invariants(connection) == []
    assert engine.verify().sides_agree


def test_a_creation_with_an_odd_value_waits_until_it_is_corrected(engine: Engine, sqlite_database: Database) -> None:
    report = run_with(
        engine,
        sqlite_database,
        "INSERT INTO training_record (volunteer_id, topic, training_date, training_seconds)"
        " VALUES (1, '急救', '2026-01-05', 1.1 * 3600)",
    )
    assert report.mismatches_open.get("unsendable_value") == 1
    assert "training_record" not in report.pushed
    report = run_with(
        engine, sqlite_database, "UPDATE training_record SET training_seconds = 3960 WHERE topic = '急救'"
    )
    assert report.pushed["training_record"]["create"] == 1
    assert "unsendable_value" not in report.mismatches_open


def test_an_odd_creation_that_is_deleted_leaves_nothing(engine: Engine, sqlite_database: Database) -> None:
    run_with(
        engine,
        sqlite_database,
        "INSERT INTO training_record (volunteer_id, topic, training_date, training_seconds)"
        " VALUES (1, '急救', '2026-01-05', 9e999)",
    )
    report = run_with(engine, sqlite_database, "DELETE FROM training_record WHERE topic = '急救'")
    assert "unsendable_value" not in report.mismatches_open


def test_a_phone_with_words_around_it_is_sealed_all_the_same(engine: Engine, sqlite_database: Database) -> None:
    run_with(engine, sqlite_database, "UPDATE volunteer SET phone = '手机:13911112222' WHERE id = 3")
    with sqlite_database.read() as connection:
        stored = connection.exec_driver_sql("SELECT phone FROM volunteer WHERE id = 3").scalar_one()
    assert "13911112222" not in stored


def test_a_dropped_trigger_stops_the_run_before_anything_is_sent(
    engine: Engine, sqlite_database: Database, mock: MockServer
) -> None:
    with sqlite_database.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER volunteer_sync_update")
    with pytest.raises(TriggersMissing):
        engine.run(RunRequest())
    with sqlite_database.read() as connection:
        assert triggers.missing(connection) == ["volunteer_sync_update"]


def test_no_driver_error_quotes_a_value(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE person (phone TEXT)")
        connection.exec_driver_sql("INSERT INTO person VALUES (CAST(x'3133393131313132323232ff' AS TEXT))")
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT phone FROM person").scalar_one() == "13911112222\ufffd"
