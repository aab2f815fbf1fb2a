"""What runs leave in the histories: their bulk updates as anybody's edits, their first load nothing, a rehearsal nothing."""

from __future__ import annotations

import msgspec
import pytest
from tests.integration.audit.test_runs import take_up
from tests.integration.sync.test_observe import teams
from tests.outside import Outside

from national_sync.clock import SystemClock
from national_sync.provenance import RECORD, Side, history_of
from national_sync.records import Entity
from national_sync.sealing import Sealer
from national_sync.store.database import Database
from national_sync.store.rehearsal import Rehearsal
from national_sync.sync import lease
from national_sync.sync.stage import stage_records
from national_sync.sync.transaction import Transactions


@pytest.fixture
def transactions(database: Database, sealer: Sealer) -> Transactions:
    return Transactions(lease.acquire(database, SystemClock(), holder="office:1", kind="nightly"), sealer)


def test_a_value_is_traced_through_bulk_runs_and_an_edit(
    database: Database, sealer: Sealer, transactions: Transactions, outside: Outside
) -> None:
    first = teams(3)
    take_up(transactions, first)
    assert outside.one("SELECT count(*) FROM row_history") == 0

    take_up(transactions, [msgspec.structs.replace(one, name=f"{one.name}!", updated_at_ms=9_000) for one in first])
    row = outside.one("SELECT min(id) FROM team")
    outside.sql("UPDATE team SET name = 'ours' WHERE id = ?", row)

    with database.read() as connection:
        changes = [one for one in history_of(connection, sealer, Entity.TEAM, row) if one.field in (RECORD, "name")]
    run = transactions.lease.run_id
    name = next(one.new for one in changes if one.field == "name")
    assert [(one.old, one.new, one.side, one.run_id) for one in changes] == [
        (None, "here", Side.NATIONAL, run),
        (None, name, Side.NATIONAL, run),
        (name, f"{name}!", Side.NATIONAL, run),
        (f"{name}!", "ours", Side.LOCAL, None),
    ]
    assert all(one.at is not None for one in changes)


def test_a_chunk_in_which_nothing_is_written_gives_out_no_revision(
    transactions: Transactions, outside: Outside
) -> None:
    [one] = teams(1)
    take_up(transactions, [one])
    outside.sql("UPDATE team SET name = 'ours'")
    before = outside.one("SELECT value FROM mark WHERE name = 'sync_rev'")

    take_up(transactions, [msgspec.structs.replace(one, name="theirs", updated_at_ms=9_000)])

    # The conflict is settled by itself: one write, so one revision.
    assert int(outside.one("SELECT value FROM mark WHERE name = 'sync_rev'")) == int(before) + 1


def test_a_rehearsal_leaves_no_note(database: Database, transactions: Transactions, outside: Outside) -> None:
    take_up(transactions, teams(1))
    rehearsal = Rehearsal(database)
    with rehearsal.open():
        rehearsed = Transactions(lease.RehearsalLease(rehearsal, SystemClock()), transactions.sealer)
        with rehearsed.write() as tx:
            stage_records(tx, Entity.TEAM, teams(2), keep_unchanged=False)

    assert outside.one("SELECT count(*) FROM row_history") == 0
