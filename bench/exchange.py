"""The ledger beside bare statements: the same rows in the same two transactions, without guards, keys and checks.

Bare means: one connection that is told every number, reads nothing, judges nothing and has neither the unique key of the
client nor the triggers that keep the books append only. It writes the same fifteen rows of a redemption with one statement
each, as many steps a commit as the ledger had on average, waits for the disk as often, and gives each voucher a random
hash as the ledger does, for a random place in an index is a page more to write.
"""

from __future__ import annotations

import asyncio
import random
import re
import sqlite3
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, Final

import psycopg
from sqlalchemy import text

from bench.measure import Measured, stopwatch
from bench.stores import driver_address
from national_sync.errors import StopRequested
from national_sync.exchange.accounts import FILL_LOT, OPEN_ACCOUNT, exchangeable, held, kind_of, owner_of, spent
from national_sync.exchange.book import BulkBook
from national_sync.exchange.calendar import NEVER
from national_sync.exchange.codes import VoucherCodes
from national_sync.exchange.ledger import Job, Ledger, SqliteLedger, open_ledger
from national_sync.exchange.outcomes import Outcome
from national_sync.exchange.statement import account_facts, page
from national_sync.exchange.steps import HoldRequest, Steps
from national_sync.policy import Exchange
from national_sync.records import Entity
from national_sync.sealing import Sealer, SealingKey
from national_sync.store.database import Database
from national_sync.store.marks import write_mark
from national_sync.store.open_kiosk import say_open
from national_sync.store.schema import create_or_upgrade
from national_sync.sync.bulk import apply_staged, count_staged
from national_sync.sync.lease import acquire, holder_name
from national_sync.sync.transaction import Transactions

VOLUNTEERS: Final = 2_000
OFFERS: Final = 20
_PRICE: Final = 3_600
_CREDIT: Final = 3_600_000
SEALER: Final = Sealer([SealingKey("bench", bytes(32))])
_STEPS: Final = Steps(Exchange(limits=("1000 per day",)), VoucherCodes(SEALER))
_BARE_HOLD: Final = (
    ("INSERT INTO redemption (id, key, body_hash, volunteer_id, offer_id, merchant_id, outlet_id, device,"
     " held_quantity, quantity, price_seconds, lots, state, created_at, expires_at)"
     " VALUES (:r, :key, :hash, :v, :o, 1, NULL, 'kiosk', 1, 1, 3600, :lots, 'held', :at, :at)"),
    "UPDATE lot SET left_seconds = left_seconds - 3600 WHERE account_id = :a AND expires_at = :never",
    "INSERT INTO posting (id, at, kind, redemption_id, actor, note) VALUES (:p, :at, 'held', :r, '', '')",
    ("INSERT INTO entry (account_id, version, posting_id, seconds, balance_before, balance_after)"
     " VALUES (:a, :n, :p, -3600, 0, 0)"),
    "UPDATE account SET balance = balance - 3600, version = version + 1 WHERE id = :a",
    ("INSERT INTO entry (account_id, version, posting_id, seconds, balance_before, balance_after)"
     " VALUES (:h, :n, :p, 3600, 0, 0)"),
    "UPDATE account SET balance = balance + 3600, version = version + 1 WHERE id = :h",
    "UPDATE offer SET taken = taken + 1 WHERE id = :o",
)  # fmt: skip
_BARE_CONFIRM: Final = (
    "UPDATE redemption SET state = 'confirmed', resolved_at = :at WHERE id = :r",
    "INSERT INTO posting (id, at, kind, redemption_id, actor, note) VALUES (:p + 1, :at, 'confirmed', :r, '', '')",
    ("INSERT INTO entry (account_id, version, posting_id, seconds, balance_before, balance_after)"
     " VALUES (:h, :n + 1, :p + 1, -3600, 0, 0)"),
    "UPDATE account SET balance = balance - 3600, version = version + 1 WHERE id = :h",
    ("INSERT INTO entry (account_id, version, posting_id, seconds, balance_before, balance_after)"
     " VALUES (:s, :r, :p + 1, 3600, 0, 0)"),
    "UPDATE account SET balance = balance + 3600, version = version + 1 WHERE id = :s",
    ("INSERT INTO voucher (redemption_id, merchant_id, code_hash, salt, state, expires_at)"
     " VALUES (:r, 1, :hash, :hash, 'issued', :at)"),
)  # fmt: skip


class BenchClock:
    """The machine's own seconds."""

    def now(self) -> float:
        return time.time()

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)


def prepare(*, url: str, is_bare: bool = False) -> Measured:
    """A database with volunteers, their hours, and offers. A bare one has no triggers and no unique key."""
    database = Database(url)
    create_or_upgrade(database)
    with stopwatch() as measured, database.write() as connection:
        write_mark(connection, "sync_rev", 1)
        _people(BulkBook(connection))
        furnish(BulkBook(connection))
        if is_bare:
            _bare(BulkBook(connection), is_sqlite=database.is_sqlite)
    measured.facts["rows"] = VOLUNTEERS
    if database.is_sqlite:
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return measured


def _people(book: BulkBook) -> None:
    book.write_many(
        "INSERT INTO volunteer (id, name, id_number, sex, birth_date, service_area_id, sync_rev)"
        " VALUES (?, '岩温', 'sealed', 'male', '1996-01-01', '530802000000000000', 1)",
        [(volunteer,) for volunteer in range(1, VOLUNTEERS + 1)],
    )


def furnish(book: BulkBook, volunteers: Sequence[int] = range(1, VOLUNTEERS + 1), *, now: float | None = None) -> None:
    """Hours for volunteers that are there, and offers to spend them on."""
    now = int(time.time() if now is None else now)
    accounts = [account(volunteer) for volunteer in volunteers for account in (exchangeable, held)]
    accounts += [spent(1), 4, 5, 6]
    book.write_many(OPEN_ACCOUNT, [(one, kind_of(one).word, owner_of(one)) for one in accounts])
    book.write_many(
        "UPDATE account SET balance = ?, version = 1 WHERE id = ?",
        [(_CREDIT, exchangeable(volunteer)) for volunteer in volunteers],
    )
    book.write_many(FILL_LOT, [(exchangeable(volunteer), NEVER, _CREDIT) for volunteer in volunteers])
    book.run(
        "INSERT INTO merchant (id, name, category, credit_code, area_id, created_at)"
        " VALUES (1, '思茅影城', 'cinema', '91530800MA6K000017', '530802', 0)"
    )
    book.run(
        "INSERT INTO agreement (id, merchant_id, number, starts_at, ends_at, created_by) VALUES (1, 1, '1', 0, ?, '-')",
        NEVER,
    )
    book.write_many(
        "INSERT INTO offer (id, merchant_id, name, price_seconds, stock, starts_at, ends_at)"
        f" VALUES (?, 1, '电影票', {_PRICE}, 100000000, ?, ?)",
        [(offer, now - 86_400, NEVER) for offer in range(1, OFFERS + 1)],
    )


def _bare(book: BulkBook, *, is_sqlite: bool) -> None:
    book.run("DROP INDEX redemption_key")
    for table in ("posting", "entry"):
        if is_sqlite:
            for event in ("update", "delete"):
                book.run(f"DROP TRIGGER {table}_sync_keep_{event}")
        else:
            book.run(f"DROP TRIGGER {table}_sync_keep ON {table}")


# Ours


def redeem(*, url: str, clients: int, redemptions: int, turn: int = 0) -> Measured:
    """So many clients at once, each holding and confirming one after the other; `turn` is the number of their first.

    On SQLite many are tasks of one event loop, as in the kiosk's service, and a single one is a thread that waits.
    """
    database = Database(url)
    with open_ledger(database, BenchClock()) as ledger:
        groups = _count_groups(ledger)
        play = _tasks if database.is_sqlite and clients > 1 else _threads
        with stopwatch() as measured:
            waits = play(ledger, clients, range(turn, turn + redemptions // clients))
    with database.read() as connection:
        done = connection.execute(text("SELECT COUNT(*) FROM voucher")).scalar_one()
    waits.sort()
    measured.facts |= {
        "rows": done,
        "median_ms": 1000 * statistics.median(waits),
        "p99_ms": 1000 * waits[len(waits) * 99 // 100],
        "worst_ms": 1000 * waits[-1],
        "group": sum(groups) / max(1, len(groups)),
    }
    database.close()
    return measured


def _count_groups(ledger: Ledger) -> list[int]:
    groups: list[int] = []
    if isinstance(ledger, SqliteLedger):
        together: Callable[..., Any] = ledger._together

        def counted(cursor: Any, book: Any, group: Any) -> Any:
            groups.append(len(group))
            return together(cursor, book, group)

        ledger._together = counted  # type: ignore[method-assign]
    return groups


def _tasks(ledger: Ledger, clients: int, turns: range) -> list[float]:
    waits: list[float] = []

    async def client(number: int) -> None:
        for turn in turns:
            request = _request(number, turn)
            started = time.perf_counter()
            outcome = await ledger.arun(_hold(request))
            between = time.perf_counter()
            await ledger.arun(_confirm(outcome))
            waits.extend((between - started, time.perf_counter() - between))

    async def everybody() -> None:
        await asyncio.gather(*(client(number) for number in range(clients)))

    asyncio.run(everybody())
    return waits


def _threads(ledger: Ledger, clients: int, turns: range) -> list[float]:
    waits: list[float] = []

    def client(number: int) -> None:
        for turn in turns:
            request = _request(number, turn)
            started = time.perf_counter()
            outcome = ledger.run(_hold(request))
            between = time.perf_counter()
            ledger.run(_confirm(outcome))
            waits.extend((between - started, time.perf_counter() - between))

    _all_at_once(client, clients)
    return waits


def _all_at_once(client: Callable[[int], None], clients: int) -> None:
    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _hold(request: HoldRequest) -> Job[Outcome]:
    return lambda book, now: _STEPS.hold(book, now, request)


def _confirm(outcome: Outcome) -> Job[Outcome]:
    redemption_id = outcome.redemption_id or 0
    return lambda book, now: _STEPS.confirm(book, now, redemption_id, device="kiosk")


def _request(client: int, turn: int) -> HoldRequest:
    volunteer = (client + turn * 61) % VOLUNTEERS + 1
    return HoldRequest(f"{client}-{turn}-0123456789abcdef", volunteer, (client + turn) % OFFERS + 1, 1, "kiosk")


# Bare statements


def bare_sqlite(*, url: str, redemptions: int, group: int) -> Measured:
    """One connection, `group` steps a commit."""
    db = sqlite3.connect(driver_address(url), isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA wal_autocheckpoint=16000")
    db.execute("PRAGMA cache_size=-16384")
    db.execute("PRAGMA synchronous=FULL")
    cursor = db.cursor()
    hold, confirm = [[_positional(sql) for sql in step] for step in (_BARE_HOLD, _BARE_CONFIRM)]
    with stopwatch() as measured:
        for steps in _groups(redemptions, group):
            cursor.execute("BEGIN IMMEDIATE")
            for is_hold, values in steps:
                for sql, names in hold if is_hold else confirm:
                    cursor.execute(sql, [values[name] for name in names])
            cursor.execute("COMMIT")
    measured.facts["rows"] = cursor.execute("SELECT COUNT(*) FROM voucher").fetchone()[0]
    db.close()
    return measured


def _groups(redemptions: int, group: int) -> Iterator[list[tuple[bool, dict[str, Any]]]]:
    """As many clients as fit in a group: each holds in one commit and confirms in the next."""
    for start in range(0, redemptions, group):
        values = [_values(number) for number in range(start, min(start + group, redemptions))]
        yield [(True, one) for one in values]
        yield [(False, one) for one in values]


def _values(number: int) -> dict[str, Any]:
    volunteer = number % VOLUNTEERS + 1
    return {
        "r": number + 1, "p": 2 * number + 1, "v": volunteer, "o": number % OFFERS + 1, "n": 2 * (number // VOLUNTEERS) + 2,
        "a": exchangeable(volunteer), "h": held(volunteer), "s": spent(1), "at": 1_800_000_000, "never": NEVER,
        "key": f"{number}-0123456789abcdef", "hash": random.randbytes(16), "lots": f"{NEVER}:3600",
    }  # fmt: skip


def bare_postgres(*, url: str, clients: int, redemptions: int) -> Measured:
    """Each client has a connection, and a transaction for each step."""
    connections = [psycopg.connect(driver_address(url), autocommit=True) for _ in range(clients)]

    def client(number: int) -> None:
        connection = connections[number]
        for turn in range(redemptions // clients):
            values = _values(turn * clients + number)
            for step in (_BARE_HOLD, _BARE_CONFIRM):
                with connection.transaction():
                    for sql in step:
                        connection.execute(_named(sql), values)

    with stopwatch() as measured:
        _all_at_once(client, clients)
    [rows] = connections[0].execute("SELECT COUNT(*) FROM voucher").fetchone() or [0]
    measured.facts["rows"] = rows
    for connection in connections:
        connection.close()
    return measured


@cache
def _named(sql: str) -> bytes:
    """Merchants' and offers' rows are shared, so versions that collide are counted from the row's own number."""
    return re.sub(r":(\w+)", r"%(\1)s", sql).encode()


@cache
def _positional(sql: str) -> tuple[str, list[str]]:
    return re.sub(r":(\w+)", "?", sql), re.findall(r":(\w+)", sql)


# Beside a night, and with a long history


def apply_night(*, url: str, seconds: float) -> Measured:
    """What a night does to the file while a kiosk is open: the engine takes up changed hour records, chunk by chunk."""
    database = Database(url)
    clock = BenchClock()
    say_open(database, clock.now())
    transactions = Transactions(acquire(database, clock, holder=holder_name(), kind="nightly"), SEALER)
    with transactions.read() as tx:
        staged = count_staged(tx.connection, Entity.HOUR_RECORD)
    with stopwatch() as measured, suppress(StopRequested):
        until = time.perf_counter() + seconds
        apply_staged(
            transactions,
            Entity.HOUR_RECORD,
            staged,
            may_update=True,
            stop=lambda: time.perf_counter() > until,
        )
    with database.read() as connection:
        rows = connection.execute(text("SELECT COUNT(*) FROM hour_record WHERE remark = 'changed'")).scalar_one()
    measured.facts |= {"rows": rows, "longest_ms": 1000 * transactions.pace.longest_lock_seconds}
    database.close()
    return measured


RECORDS: Final = 120_000
"""More than a night takes up while the kiosk is measured."""


def add_records(*, url: str) -> Measured:
    """Hour records in the mirror, and a newer version of each in the staging."""
    database = Database(url)
    with stopwatch() as measured, database.write() as connection:
        book = BulkBook(connection)
        book.run("UPDATE volunteer SET number = 'v' || id, sync_rev = 1")
        book.run("INSERT INTO team (id, name, area_id, national_id, sync_rev) VALUES (1, '志愿队', '530802', 't1', 1)")
        book.run(
            "INSERT INTO project (id, name, team_id, started_at, ended_at, area_id, national_id, sync_rev)"
            " VALUES (1, '清河', 1, 0, 3600, '530802', 'p1', 1)"
        )
        book.write_many(
            "INSERT INTO hour_record (volunteer_id, project_id, team_id, started_at, ended_at, service_seconds,"
            " national_id, national_hash, sync_rev) VALUES (?, 1, 1, 0, 3600, 3600, ?, ?, 1)",
            [(number % VOLUNTEERS + 1, f"{number:032x}", number.to_bytes(16)) for number in range(RECORDS)],
        )
        book.run(
            "INSERT INTO observed_hour_record (national_id, volunteer_number, project_national_id, team_national_id,"
            " started_at, ended_at, service_seconds, method, state, kind, remark, updated_at_ms, is_deleted,"
            " national_hash, mirror_hash, row_id)"
            " SELECT national_id, 'v' || volunteer_id, 'p1', 't1', 0, 3600, 3600, 'team', 'applying', 'credit', 'changed',"
            " 1, 0, substr(national_hash, 9) || substr(national_hash, 1, 8), national_hash, id FROM hour_record"
        )
    measured.facts["rows"] = RECORDS
    database.close()
    return measured


def add_history(*, url: str, entries: int, volunteers: int = VOLUNTEERS) -> Measured:
    """As if so many volunteers had redeemed for years: entries and postings, evenly over their accounts."""
    database = Database(url)
    each = entries // volunteers
    with stopwatch() as measured, database.write() as connection:
        connection.execute(text(_POSTINGS), {"count": entries // _ENTRIES_A_POSTING})
        connection.execute(text(_ENTRIES), {"each": each, "volunteers": volunteers})
        connection.execute(text("UPDATE account SET version = :each WHERE kind = 'exchangeable'"), {"each": each + 1})
    measured.facts["rows"] = entries
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE entry, posting, account")
    database.close()
    return measured


_ENTRIES_A_POSTING: Final = 10
"""A night credits many records with one posting."""
_POSTINGS: Final = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"
    " INSERT INTO posting (id, at, kind) SELECT i, i, 'credited' FROM n"
)
_ENTRIES: Final = (
    "WITH RECURSIVE v(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM v WHERE v < :volunteers),"
    " n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :each)"
    " INSERT INTO entry (account_id, version, posting_id, seconds, balance_before, balance_after, record_id)"
    f" SELECT v * 10 + 1, i, ((i - 1) * :volunteers + v - 1) / {_ENTRIES_A_POSTING} + 1, 36, 0, 36, i"
    " FROM v CROSS JOIN n"
)


def look(*, url: str, times: int = 400) -> Measured:
    """Balance and newest page of a statement, one volunteer after the other."""
    database = Database(url)
    lines = 0
    with database.read() as connection, stopwatch() as measured:
        for turn in range(times):
            volunteer = turn * 37 % VOLUNTEERS + 1
            account_facts(connection, volunteer, 0)
            lines += len(page(connection, exchangeable(volunteer), limit=5))
    measured.facts["rows"] = lines
    database.close()
    return measured
