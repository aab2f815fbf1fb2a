"""Exchangeable hours follow the mirror: what changed there since the last mark is booked here, exactly once.

The mark moves in the transaction that books what it covers. A record's credit is remembered in `credit`; what is booked
is always the difference between that and what the record counts for now. So a correction, a withdrawal and a return each
become one new entry, which names the record. Values edited here that the national side has not agreed to do not count.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from national_sync.clock import Clock
from national_sync.exchange.accounts import CORRECTED, EXPIRED, ISSUED, Kind, exchangeable, held
from national_sync.exchange.balance import Lot
from national_sync.exchange.book import BulkBook, marks
from national_sync.exchange.hand import Hand
from national_sync.exchange.rules import RecordFacts, admitted_seconds, expiry_of, shares, waits_until
from national_sync.policy import Exchange
from national_sync.store.database import Database
from national_sync.store.marks import read_mark, write_mark
from national_sync.sync.pace import Pace

CHUNK: Final = 300
"""Records in one transaction at most; fewer while a kiosk is open."""
_MARK: Final = "exchange.followed"
_VANISHED_AT_ONCE: Final = 20_000


@dataclass
class Followed:
    """What a pass has booked."""

    records: int = 0
    credited_seconds: int = 0
    corrected_seconds: int = 0
    """Below zero: taken back."""


class _Record(NamedTuple):
    """A row of the mirror, as the national side has agreed to it."""

    record_id: int
    sync_rev: int
    volunteer_id: int
    project_id: int
    started_at: int
    service_seconds: int
    method: str
    state: str
    kind: str
    entered_at: int | None
    withdrawn_at: int | None
    categories: str


class _Credit(NamedTuple):
    """A row of `credit`."""

    record_id: int
    owner_id: int
    project_id: int
    seconds: int
    admitted_seconds: int
    expires_at: int
    waits_until: int | None


_CREDIT_COLUMNS: Final = ", ".join(_Credit._fields)
_CHANGED: Final = (
    "SELECT h.id, h.sync_rev, h.volunteer_id, h.project_id, h.started_at, h.service_seconds, h.method, h.state, h.kind,"
    " h.entered_at, h.withdrawn_at, COALESCE(p.categories, '')"
    " FROM hour_record h LEFT JOIN project p ON p.id = h.project_id"
    " WHERE h.sync_rev >= ? AND (h.sync_rev > ? OR h.id > ?) ORDER BY h.sync_rev, h.id LIMIT ?"
)
_OVERLAID: Final = ("volunteer_id", "project_id", "started_at", "service_seconds", "method", "state", "kind")


def follow(database: Database, policy: Exchange, clock: Clock) -> Followed:
    """Book everything that has changed in the mirror, and what has waited long enough, in short transactions."""
    done, pace = Followed(), Pace()
    with database.read() as connection:
        pace.look(connection, clock.now())
    for chunk in (_book_changed, _book_waiting):
        for size in pace.sizes(CHUNK):
            with database.write() as connection:
                began = time.monotonic()
                pace.look(connection, clock.now())
                more = chunk(connection, policy, int(clock.now()), done, size)
            if not more:
                break
            pace.rest(clock, time.monotonic() - began)
    _book_vanished(database, policy, clock, done)
    return done


def _book_changed(connection: Connection, policy: Exchange, now: int, done: Followed, size: int) -> bool:
    """One chunk; whether there may be more."""
    book = BulkBook(connection)
    revision, record_id = read_mark(connection, _MARK) or (0, 0)
    rows = [_Record._make(row) for row in book.rows(_CHANGED, revision, revision, record_id, size)]
    if not rows:
        return False
    _book(book, policy, now, _as_agreed(book, rows), done)
    write_mark(connection, _MARK, [rows[-1].sync_rev, rows[-1].record_id])
    done.records += len(rows)
    return len(rows) == size


def _as_agreed(book: BulkBook, records: Sequence[_Record]) -> list[_Record]:
    """Without the edits that were made here and not yet agreed."""
    bases: dict[int, dict[str, Any]] = {}
    ids = [record.record_id for record in records]
    for row_id, name, base in book.rows(
        f"SELECT row_id, field, base FROM local_change WHERE entity = 'hour_record' AND row_id IN ({marks(ids)})", *ids
    ):
        if name in _OVERLAID:
            bases.setdefault(row_id, {})[name] = int(base) if name.endswith(("_id", "_at", "_seconds")) else base
    return [record._replace(**bases.get(record.record_id, {})) for record in records]


def _book(book: BulkBook, policy: Exchange, now: int, records: Sequence[_Record], done: Followed) -> None:
    owners = _owners(book, {record.volunteer_id for record in records})
    known = _known(book, [record.record_id for record in records])
    wanted = [
        credit
        for record in records
        if (credit := _wanted(record, owners[record.volunteer_id], known.get(record.record_id), policy, now))
    ]
    book_credits(book, policy, now, known, wanted, done)


def _owners(book: BulkBook, volunteers: set[int]) -> dict[int, int]:
    """Whom a volunteer's hours count for: the registration that a merge has kept."""
    ids = sorted(volunteers)
    kept = book.rows(
        f"SELECT gone_id, kept_id FROM volunteer_merge WHERE state = 'merged' AND gone_id IN ({marks(ids)})", *ids
    )
    return {volunteer: volunteer for volunteer in ids} | {row[0]: row[1] for row in kept}


def _known(book: BulkBook, record_ids: Sequence[int]) -> dict[int, _Credit]:
    rows = book.rows(f"SELECT {_CREDIT_COLUMNS} FROM credit WHERE record_id IN ({marks(record_ids)})", *record_ids)
    return {row[0]: _Credit._make(row) for row in rows}


def _wanted(record: _Record, owner_id: int, known: _Credit | None, policy: Exchange, now: int) -> _Credit | None:
    """What `credit` should say of the record, its seconds as booked so far; None if it never counted."""
    facts = RecordFacts(
        record.state,
        record.withdrawn_at is not None,
        record.method,
        record.kind,
        record.started_at,
        record.service_seconds,
        record.categories,
    )
    admitted = admitted_seconds(facts, policy)
    if known is not None:
        return known._replace(owner_id=owner_id, project_id=record.project_id, admitted_seconds=admitted)
    if not admitted:
        return None
    waits = waits_until(record.method, record.entered_at or record.started_at, policy)
    return _Credit(
        record.record_id,
        owner_id,
        record.project_id,
        0,
        admitted,
        expiry_of(record.started_at, now, policy),
        waits if waits is not None and waits > now else None,
    )


def book_credits(
    book: BulkBook,
    policy: Exchange,
    now: int,
    known: dict[int, _Credit],
    wanted: Sequence[_Credit],
    done: Followed,
) -> None:
    """Book the differences between what is known and what is wanted, the caps on activities applied."""
    changes = _with_shares(book, policy, known, wanted)
    owners = {credit.owner_id for credit in changes} | {
        before.owner_id for credit in changes if (before := known.get(credit.record_id))
    }
    hand = Hand(book, now)
    hand.take([ISSUED, CORRECTED, EXPIRED, *(account(owner) for owner in owners for account in (exchangeable, held))])
    for credit in changes:
        _move(hand, known.get(credit.record_id), credit, done)
    hand.write()
    book.upsert_many("credit", _Credit._fields, changes, _REPLACE_CREDIT)


_REPLACE_CREDIT: Final = "ON CONFLICT (record_id) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in _Credit._fields if name != "record_id"
)


def _with_shares(
    book: BulkBook, policy: Exchange, known: dict[int, _Credit], wanted: Sequence[_Credit]
) -> list[_Credit]:
    """The credits as they shall be booked; with a cap, those of the same person and activity come along."""
    if not policy.activity_cap_minutes:
        return [credit._replace(seconds=0 if credit.waits_until else credit.admitted_seconds) for credit in wanted]
    known |= {credit.record_id: credit for credit in _neighbours(book, known, wanted)}
    together = known | {credit.record_id: credit for credit in wanted}
    by_activity: dict[tuple[int, int], list[_Credit]] = {}
    for credit in together.values():
        by_activity.setdefault((credit.owner_id, credit.project_id), []).append(credit)
    return [
        credit._replace(seconds=counted[credit.record_id])
        for group in by_activity.values()
        for counted in [shares(((one.record_id, _ripe(one)) for one in group), policy.activity_cap_minutes * 60)]
        for credit in group
    ]


def _ripe(credit: _Credit) -> int:
    return 0 if credit.waits_until else credit.admitted_seconds


def _neighbours(book: BulkBook, known: Mapping[int, _Credit], wanted: Sequence[_Credit]) -> list[_Credit]:
    """Every credit of the persons and activities concerned, those that are left included."""
    pairs = {(credit.owner_id, credit.project_id) for credit in wanted}
    pairs |= {(credit.owner_id, credit.project_id) for credit in known.values()}
    return [
        _Credit._make(row)
        for owner, project in sorted(pairs)
        for row in book.rows(
            f"SELECT {_CREDIT_COLUMNS} FROM credit WHERE owner_id = ? AND project_id = ?", owner, project
        )
    ]


def _move(hand: Hand, before: _Credit | None, after: _Credit, done: Followed) -> None:
    if before is not None and before.owner_id != after.owner_id:
        _difference(hand, Kind.CORRECTED, before, -before.seconds, done)
        _difference(hand, Kind.CORRECTED, after, after.seconds, done)
        return
    is_first = before is None or before.waits_until is not None
    kind = Kind.CREDITED if is_first else Kind.CORRECTED
    _difference(hand, kind, after, after.seconds - (before.seconds if before else 0), done)


def _difference(hand: Hand, kind: Kind, credit: _Credit, seconds: int, done: Followed) -> None:
    account = exchangeable(credit.owner_id)
    if seconds > 0:
        contra = ISSUED if kind is Kind.CREDITED else CORRECTED
        hand.credit(kind, account, contra, Lot(credit.expires_at, seconds), credit.record_id)
    elif seconds < 0:
        hand.withdraw(account, CORRECTED, EXPIRED, Lot(credit.expires_at, -seconds), credit.record_id)
    if kind is Kind.CREDITED:
        done.credited_seconds += seconds
    else:
        done.corrected_seconds += seconds


def _book_waiting(connection: Connection, policy: Exchange, now: int, done: Followed, size: int) -> bool:
    """Bulk entries against which nothing was said in their waiting period."""
    book = BulkBook(connection)
    rows = book.rows(
        f"SELECT {_CREDIT_COLUMNS} FROM credit WHERE waits_until IS NOT NULL AND waits_until <= ?"
        " ORDER BY waits_until, record_id LIMIT ?",
        now,
        size,
    )
    known = {row[0]: _Credit._make(row) for row in rows}
    if known:
        book_credits(book, policy, now, known, [one._replace(waits_until=None) for one in known.values()], done)
    return len(rows) == size


# Rows that are gone


def _book_vanished(database: Database, policy: Exchange, clock: Clock, done: Followed) -> None:
    """Records whose row was deleted here, and nationally too: no revision tells of them, so they are looked for."""
    last = 0
    while True:
        with database.read() as connection:
            book = BulkBook(connection)
            upper = book.one(
                "SELECT MAX(record_id) FROM (SELECT record_id FROM credit WHERE record_id > ?"
                " ORDER BY record_id LIMIT ?) AS part",
                last,
                _VANISHED_AT_ONCE,
            )
            if upper is None or upper[0] is None:
                return
            gone = _vanished(book, last, upper[0])
        if gone:
            with database.write() as connection:
                _book_gone(BulkBook(connection), policy, int(clock.now()), gone, done)
        last = upper[0]


def _vanished(book: BulkBook, after: int, until: int) -> list[int]:
    rows = book.rows(
        "SELECT c.record_id FROM credit c WHERE c.record_id > ? AND c.record_id <= ? AND c.admitted_seconds > 0"
        " AND NOT EXISTS (SELECT 1 FROM hour_record h WHERE h.id = c.record_id) AND NOT EXISTS"
        " (SELECT 1 FROM local_deletion d WHERE d.entity = 'hour_record' AND d.row_id = c.record_id)",
        after,
        until,
    )
    return [record_id for (record_id,) in rows]


def _book_gone(book: BulkBook, policy: Exchange, now: int, record_ids: Iterable[int], done: Followed) -> None:
    ids = list(record_ids)
    known = _known(book, ids)
    wanted = [credit._replace(admitted_seconds=0, waits_until=None) for credit in known.values()]
    book_credits(book, policy, now, known, wanted, done)
