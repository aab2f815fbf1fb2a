"""What a run does is one entry for each transaction that changes rows, and none for a run that changes nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, cast

import msgspec
import pytest
from sqlalchemy import text
from tests.integration.sync.test_observe import teams

from national_sync.audit import list_entries, verify
from national_sync.clock import SystemClock
from national_sync.national.port import Capabilities, NationalSystem
from national_sync.policy import Policy
from national_sync.records import Entity, Team
from national_sync.sealing import Sealer
from national_sync.store.database import Database
from national_sync.store.rehearsal import Rehearsal
from national_sync.sync import lease
from national_sync.sync.bulk import CHUNK_ROWS
from national_sync.sync.holds import approve_hold, hold_plan, list_holds, mark_executed
from national_sync.sync.stage import stage_records
from national_sync.sync.takeup import TakeUp
from national_sync.sync.transaction import Transactions


class SilentNational:
    """A national side that can do nothing and is asked nothing."""

    def mapping_version(self) -> str:
        return "1"

    def capabilities(self) -> Capabilities:
        return Capabilities()


@pytest.fixture
def transactions(database: Database, sealer: Sealer) -> Transactions:
    return Transactions(lease.acquire(database, SystemClock(), holder="office:1", kind="nightly"), sealer)


def take_up(transactions: Transactions, records: Sequence[Team]) -> None:
    with transactions.write() as tx:
        stage_records(tx, Entity.TEAM, records, keep_unchanged=False)
    national = cast(NationalSystem, SilentNational())
    work = TakeUp(transactions, national, Policy(), lambda: False, lambda *_: None, held=[])
    work.run(Entity.TEAM, exact_listing=False, national_total=None)


def entries(database: Database) -> list[dict[str, Any]]:
    with database.read() as connection:
        assert verify(connection).fault is None
        return list(reversed(list_entries(connection)))


def rows_of(entry: dict[str, Any]) -> Any:

    return json.loads(entry["detail"])["rows"]


def changed(team: Team) -> Team:

    return msgspec.structs.replace(team, name=team.name + "改", updated_at_ms=team.updated_at_ms + 1)


def test_a_chunk_is_one_entry_with_a_digest_that_the_rows_give_again(
    database: Database, transactions: Transactions
) -> None:

    take_up(transactions, teams(40))
    [entry] = entries(database)
    detail = json.loads(entry["detail"])
    assert (entry["actor"], entry["action"], entry["run_id"]) == ("run:1", "rows.applied", 1)
    assert detail["rows"] == {"team": {"create": 40}}
    with database.read() as connection:
        hashes = connection.execute(
            text("SELECT national_hash FROM team WHERE sync_rev = :rev ORDER BY id"), {"rev": detail["revision"]}
        ).scalars()
        given = "team create " + "".join(bytes(one).hex().upper() for one in hashes)
    assert detail["digest"] == hashlib.blake2b(given.encode(), digest_size=16).hexdigest()


def test_what_is_settled_singly_and_what_is_changed_in_bulk_are_entries_too(
    database: Database, transactions: Transactions
) -> None:
    known = teams(30)
    take_up(transactions, known)
    with database.write() as connection:
        connection.execute(text("UPDATE team SET contact_name = '李' WHERE id = 1"))
    take_up(transactions, [changed(team) for team in known[:3]])
    assert [rows_of(entry) for entry in entries(database)[1:]] == [{"team": {"update": 1}}, {"team": {"update": 2}}]


def test_a_night_without_changes_writes_no_entry(database: Database, transactions: Transactions) -> None:
    take_up(transactions, teams(5))
    before = entries(database)
    take_up(transactions, teams(5))
    take_up(transactions, [])
    assert entries(database) == before


def test_a_transaction_that_fails_leaves_no_entry(database: Database, transactions: Transactions) -> None:
    class Full(Exception):
        pass

    def write_and_fail() -> None:
        with transactions.write() as tx:
            tx.note(Entity.TEAM, "update", "1")
            raise Full

    with pytest.raises(Full):
        write_and_fail()
    assert entries(database) == []


def test_a_rehearsal_leaves_no_entry(database: Database, transactions: Transactions) -> None:
    take_up(transactions, teams(2))
    before = entries(database)
    rehearsal = Rehearsal(database)
    with rehearsal.open():
        rehearsed = Transactions(lease.RehearsalLease(rehearsal, SystemClock()), transactions.sealer)
        for _time in range(2):
            with rehearsed.write() as tx:
                tx.note(Entity.TEAM, "update", "1")
    assert entries(database) == before


def test_a_load_costs_one_entry_a_chunk(database: Database, transactions: Transactions) -> None:
    take_up(transactions, teams(CHUNK_ROWS + 500))
    assert [rows_of(entry)["team"]["create"] for entry in entries(database)] == [CHUNK_ROWS, 500]


def test_a_held_plan_that_was_carried_out_is_an_entry(database: Database, transactions: Transactions) -> None:
    with transactions.write() as tx:
        hold_plan(tx, Entity.TEAM, "update", "too_many_updates", records=3, plan_hash="aa")
    with database.write() as connection:
        [hold] = list_holds(connection)
        approve_hold(connection, hold["id"], "aa")
        connection.execute(text("UPDATE hold SET begun_run_id = 1"))
    mark_executed(transactions, [Entity.TEAM], ["update"])
    mark_executed(transactions, [Entity.TEAM], ["update"])
    assert [entry["action"] for entry in entries(database)] == ["hold.executed"]
