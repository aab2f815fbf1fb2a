"""Volunteers who leave, die, are withdrawn, return, or turn out to be one person: nothing of theirs is lost.

A closed account keeps what it has; what it held is given back; nothing can be redeemed from it. Two registrations of one
person have one balance from the day on which they were merged (`volunteer_merge`), and two again if that is undone.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from national_sync.clock import Clock
from national_sync.errors import AlreadySettled, UsageError
from national_sync.exchange.accounts import Kind, exchangeable, held
from national_sync.exchange.balance import Lot, first_to_expire, minus, total
from national_sync.exchange.book import Book, BulkBook
from national_sync.exchange.hand import Hand
from national_sync.exchange.rows import show
from national_sync.exchange.steps import Steps
from national_sync.i18n import N_
from national_sync.store.database import Database
from national_sync.store.marks import read_mark, write_mark

_VOLUNTEERS_MARK: Final = "exchange.volunteers"
_MERGES_MARK: Final = "exchange.merges"
_AT_ONCE: Final = 500


def close_account(book: Book, steps: Steps, now: float, volunteer_id: int, cause: str) -> None:
    """withdrawn, left, died or merged. What is held goes back; vouchers that were issued stay good."""
    for (redemption_id,) in book.rows(
        "SELECT id FROM redemption WHERE volunteer_id = ? AND state = 'held'", volunteer_id
    ):
        steps.release(book, now, redemption_id, device=None)
    book.run(
        "INSERT INTO account (id, kind, owner_id) VALUES (?, 'exchangeable', ?) ON CONFLICT (id) DO NOTHING",
        exchangeable(volunteer_id),
        volunteer_id,
    )
    book.run("UPDATE account SET state = 'closed', closed_for = ? WHERE id = ?", cause, exchangeable(volunteer_id))


def reopen_account(book: Book, volunteer_id: int) -> None:
    book.run("UPDATE account SET state = 'open', closed_for = NULL WHERE id = ?", exchangeable(volunteer_id))


def close_by_hand(book: BulkBook, steps: Steps, now: float, volunteer_id: int, cause: str) -> None:
    """Raises NotFound, AlreadySettled."""
    if _closed_for(book, volunteer_id) is not None:
        raise AlreadySettled(noun="hours_account", id=volunteer_id, state="closed")
    close_account(book, steps, now, volunteer_id, cause)


def reopen_by_hand(book: BulkBook, volunteer_id: int) -> None:
    """Raises NotFound, UsageError: what the national side or a merge has closed, only they open."""
    match _closed_for(book, volunteer_id):
        case None:
            raise AlreadySettled(noun="hours_account", id=volunteer_id, state="open")
        case "withdrawn":
            raise UsageError(
                N_("The national side has withdrawn this volunteer."),
                hint=N_("The account opens by itself when the volunteer is back."),
            )
        case "merged":
            raise UsageError(
                N_("This registration has been merged with another one, which has its hours."),
                hint=N_("See the merge: national-sync volunteer merges"),
            )
        case _:
            reopen_account(book, volunteer_id)


def _closed_for(book: BulkBook, volunteer_id: int) -> str | None:
    show(book.connection, "volunteer", volunteer_id)
    row = book.one("SELECT state, closed_for FROM account WHERE id = ?" + book.row_lock, exchangeable(volunteer_id))
    return str(row[1]) if row and row[0] == "closed" else None


def follow_volunteers(database: Database, steps: Steps, clock: Clock) -> int:
    """Close the accounts of volunteers who were withdrawn, reopen those of volunteers who are back; how many."""
    changed, more = 0, True
    while more:
        with database.write() as connection:
            book, now = BulkBook(connection), clock.now()
            revision, volunteer_id = read_mark(connection, _VOLUNTEERS_MARK) or (0, 0)
            rows = book.rows(
                "SELECT v.id, v.sync_rev, v.withdrawn_at, a.state, a.closed_for FROM volunteer v"
                " LEFT JOIN account a ON a.id = v.id * 10 + 1"
                " WHERE v.sync_rev >= ? AND (v.sync_rev > ? OR v.id > ?) ORDER BY v.sync_rev, v.id LIMIT ?",
                revision,
                revision,
                volunteer_id,
                _AT_ONCE,
            )
            for one, _revision, withdrawn_at, state, closed_for in rows:
                if withdrawn_at is not None and state == "open":
                    close_account(book, steps, now, one, "withdrawn")
                    changed += 1
                elif withdrawn_at is None and closed_for == "withdrawn":
                    reopen_account(book, one)
                    changed += 1
            if rows:
                write_mark(connection, _VOLUNTEERS_MARK, [rows[-1][1], rows[-1][0]])
            more = len(rows) == _AT_ONCE
    return changed


def follow_merges(database: Database, steps: Steps, clock: Clock) -> int:
    """Bring the accounts of merged registrations together, and apart again where a merge was undone; how many."""
    with database.write() as connection:
        book = BulkBook(connection)
        known = {int(gone): kept for gone, kept in (read_mark(connection, _MERGES_MARK) or {}).items()}
        rows = book.rows("SELECT gone_id, kept_id FROM volunteer_merge WHERE state = 'merged'")
        standing = {row[0]: row[1] for row in rows}
        undone = {gone: kept for gone, kept in known.items() if standing.get(gone) != kept}
        new = {gone: kept for gone, kept in standing.items() if known.get(gone) != kept}
        for gone, kept in undone.items():
            _take_apart(connection, clock.now(), gone, kept)
        for gone, kept in new.items():
            _bring_together(connection, steps, clock.now(), gone, kept)
        if undone or new:
            write_mark(connection, _MERGES_MARK, {str(gone): kept for gone, kept in standing.items()})
        return len(undone) + len(new)


def _bring_together(connection: Connection, steps: Steps, now: float, gone: int, kept: int) -> None:
    book = BulkBook(connection)
    close_account(book, steps, now, gone, "merged")
    hand = Hand(book, int(now))
    hand.take([exchangeable(gone), held(gone), exchangeable(kept), held(kept)])
    hand.shift_all(Kind.MERGED, exchangeable(gone), exchangeable(kept))
    hand.write()
    book.run("UPDATE credit SET owner_id = ? WHERE owner_id = ?", kept, gone)


def _take_apart(connection: Connection, now: float, gone: int, kept: int) -> None:
    """Give back what that registration would have by itself: its records' credits, less what it had spent before."""
    book = BulkBook(connection)
    own = "record_id IN (SELECT id FROM hour_record WHERE volunteer_id = ?)"
    credited = [
        Lot(row[0], int(row[1]))
        for row in book.rows(f"SELECT expires_at, SUM(seconds) FROM credit WHERE {own} GROUP BY expires_at", gone)
    ]
    row = book.one(
        "SELECT COALESCE(SUM(e.seconds), 0) FROM entry e JOIN posting p ON p.id = e.posting_id WHERE e.account_id = ?"
        " AND p.kind NOT IN ('credited', 'corrected', 'merged', 'merge_undone')",
        exchangeable(gone),
    )
    used = -int(row[0] if row else 0)
    lots = minus(credited, first_to_expire(credited, used))
    hand = Hand(book, int(now))
    hand.take([exchangeable(gone), exchangeable(kept)])
    amount = total(credited) - used
    if amount:
        hand.shift(Kind.MERGE_UNDONE, exchangeable(kept), exchangeable(gone), amount, lots)
    hand.write()
    book.run(f"UPDATE credit SET owner_id = ? WHERE {own}", gone, gone)
    reopen_account(book, gone)
