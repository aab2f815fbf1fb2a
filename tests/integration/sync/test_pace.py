"""A run gives way to an open kiosk: clause E2 needs answers within moments, at any time of the day."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import msgspec
from tests.integration.sync.test_observe import Shelf, states, teams

from national_sync.clock import Clock, InterruptibleClock
from national_sync.national.port import NationalSystem, Page, PullRequest, Reject, RejectReason
from national_sync.records import Entity
from national_sync.sealing import Sealer, SealingKey
from national_sync.store.database import Database
from national_sync.store.marks import read_mark, write_mark
from national_sync.store.open_kiosk import OPEN_SECONDS, is_open, say_open
from national_sync.sync import lease as leases
from national_sync.sync.observe import observe
from national_sync.sync.pace import LOCK_SECONDS, Pace
from national_sync.sync.transaction import Transactions

NOW = 1_800_000_000


class WaitingClock(Clock):
    """Remembers what it was asked to wait for."""

    def __init__(self) -> None:
        self.time = float(NOW)
        self.waited: list[float] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.meanwhile()


def test_a_service_that_was_killed_counts_as_open_for_a_minute_only(database: Database) -> None:
    with database.read() as connection:
        assert not is_open(connection, NOW)
    say_open(database, NOW)
    with database.read() as connection:
        assert is_open(connection, NOW + OPEN_SECONDS - 1)
        assert not is_open(connection, NOW + OPEN_SECONDS)
        assert not is_open(connection, NOW - 1), "a clock that was ahead says nothing"


def test_a_sign_of_life_is_written_twice_a_minute_and_not_more(database: Database) -> None:
    said = []
    for seconds in range(0, 65, 5):
        say_open(database, NOW + seconds)
        with database.read() as connection:
            said.append(read_mark(connection, "kiosk.open_until"))
    assert len(set(said)) == 3


def test_a_run_leaves_the_file_to_an_open_kiosk_after_each_transaction(database: Database) -> None:
    clock = WaitingClock()
    lease = leases.acquire(database, clock, holder="test:1", kind="manual")
    transactions = Transactions(lease, Sealer([SealingKey("k1", bytes(32))]))
    _write(transactions)
    assert clock.waited == [], "nobody is there who could mind"
    say_open(database, NOW)
    _write(transactions)
    if database.is_sqlite:
        assert clock.waited == [2 * transactions.pace.last_lock_seconds]
    else:
        assert clock.waited == [], "PostgreSQL locks rows only"
    clock.waited.clear()
    clock.time += OPEN_SECONDS
    _write(transactions)
    assert clock.waited == []


def test_a_wish_to_stop_ends_the_rest_and_not_the_step(sqlite_database: Database) -> None:
    """What was just written may announce a call that has to follow."""
    clock = InterruptibleClock(WaitingClock(), lambda: True)
    lease = leases.acquire(sqlite_database, clock, holder="test:1", kind="manual")
    say_open(sqlite_database, NOW)
    _write(Transactions(lease, Sealer([SealingKey("k1", bytes(32))])))


def _write(transactions: Transactions) -> None:
    with transactions.write() as tx:
        write_mark(tx.connection, "test", 1)


def test_rows_of_a_transaction_follow_the_time_that_the_one_before_took() -> None:
    pace, clock = Pace(is_kiosk_open=True), WaitingClock()
    sizes, took = [], []
    for size in pace.sizes(2_000):
        seconds = size * (0.000_05 if len(sizes) < 40 else 0.001)
        sizes.append(size)
        took.append(seconds)
        pace.rest(clock, seconds)
        if len(sizes) == 60:
            break
    assert max(took[:40]) <= LOCK_SECONDS
    assert sizes[39] > 100, "a fast machine is not kept to small pieces"
    assert sizes[0] > sizes[59], "and rows that have become dear are fewer"
    assert took[59] <= LOCK_SECONDS


def test_without_a_kiosk_a_transaction_has_all_the_rows_it_may_have() -> None:
    assert [*Pace().slices(range(5), 2)] == [range(2), range(2, 4), range(4, 5)]
    assert [*map(len, Pace(is_kiosk_open=True, last_lock_seconds=1).slices(range(30), 2_000))] == [20, 4, 4, 2]


def test_a_page_is_stored_in_pieces_and_the_last_one_moves_the_cursor(
    sqlite_database: Database, sealer: Sealer
) -> None:
    clock = WaitingClock()
    transactions = Transactions(leases.acquire(sqlite_database, clock, holder="test:1", kind="manual"), sealer)
    say_open(sqlite_database, NOW)
    seen: list[tuple[int, int]] = []
    clock.meanwhile = lambda: seen.append(_staged_and_covered(sqlite_database))
    reject = Reject(None, RejectReason.MISSING_ID, "national_id", "is missing", b"{}")
    page = Page(teams(70), [reject], covered_until_ms=77_000, total=70, is_last=True, is_exact=True)
    pulled = observe(
        transactions,
        cast(NationalSystem, Shelf(page)),
        PullRequest(Entity.TEAM),
        stop=lambda: False,
        advance=lambda _done, _total: None,
    )
    assert (pulled.changed, pulled.rejected, states(sqlite_database)) == (70, 1, ["open"])
    assert seen[0][0] == 20, "the first piece is small"
    assert [covered for staged, covered in seen if staged < 70] == [0] * (len({staged for staged, _ in seen}) - 1)
    assert seen[-1] == (70, 77_000)


def test_records_that_claim_one_id_are_judged_together_all_the_same(sqlite_database: Database, sealer: Sealer) -> None:
    clock = WaitingClock()
    transactions = Transactions(leases.acquire(sqlite_database, clock, holder="test:1", kind="manual"), sealer)
    say_open(sqlite_database, NOW)
    other = msgspec.structs.replace(teams(1)[0], name="另一队")
    page = Page([*teams(40), other], [], covered_until_ms=77_000, total=41, is_last=True, is_exact=True)
    observe(
        transactions,
        cast(NationalSystem, Shelf(page)),
        PullRequest(Entity.TEAM),
        stop=lambda: False,
        advance=lambda _done, _total: None,
    )
    assert states(sqlite_database) == ["open"]


def _staged_and_covered(database: Database) -> tuple[int, int]:
    with database.read() as connection:
        staged = connection.exec_driver_sql("SELECT COUNT(*) FROM observed_team").scalar_one()
        covered = connection.exec_driver_sql("SELECT MAX(covered_until_ms) FROM pull").scalar_one()
        return int(staged), int(covered or 0)
