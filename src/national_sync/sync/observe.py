"""Pulling pages into staging: one transaction stores a page and how far the pull has come; no call inside it.

While a kiosk is open a page takes several (`sync.pace`), and the last of them says how far the pull has come.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from itertools import repeat
from typing import Any, Final

from sqlalchemy import text

from national_sync.errors import StopRequested
from national_sync.national.port import NationalSystem, Page, PullRequest, Scope
from national_sync.records import Entity, Record
from national_sync.sync.stage import (
    open_quarantine_ids,
    quarantine,
    quarantine_identity,
    solve_nameless_quarantine,
    solve_quarantine,
    stage_records,
)
from national_sync.sync.transaction import Transaction, Transactions

STORED_RECORDS: Final = 5_000
"""Small pages are stored together up to this many records: fewer transactions, bounded memory."""


@dataclass(frozen=True)
class Pulled:
    """What one pull brought."""

    seen: int
    changed: int
    rejected: int
    is_listing: bool
    is_exact: bool
    total: int | None
    covered_before_ms: int | None = None
    """Up to which update time everything had been read and taken up before; None where that is not certain."""


def plan_pull(
    transactions: Transactions, entity: Entity, *, listing: bool, scope: Scope, overlap_ms: int
) -> PullRequest:
    """Where to begin: an unfinished pull goes on, otherwise from the cursor less the overlap, or everything."""
    with transactions.read() as tx:
        rows = tx.rows("SELECT covered_until_ms, open_request, open_resume FROM pull WHERE entity = :e", e=entity.value)
    covered = rows[0]["covered_until_ms"] if rows else None
    since = None if listing or covered is None else max(0, covered - overlap_ms)
    if not scope.is_everything:
        return PullRequest(entity, None, scope)
    if rows and rows[0]["open_request"]:
        unfinished = json.loads(rows[0]["open_request"])
        was_listing = unfinished["changed_since_ms"] is None
        if was_listing or not listing:
            return PullRequest(entity, unfinished["changed_since_ms"], scope, rows[0]["open_resume"])
    return PullRequest(entity, since, scope)


def observe(
    transactions: Transactions,
    national: NationalSystem,
    request: PullRequest,
    *,
    stop: Callable[[], bool],
    advance: Callable[[int, int | None], None],
) -> Pulled:
    """Pull one entity into staging, to the end."""
    entity = request.entity
    if not request.scope.is_everything:
        _abandon_open_pull(transactions, entity)
    is_listing = request.changed_since_ms is None and request.scope.is_everything
    with transactions.read() as tx:
        mirror_is_empty = tx.execute(f"SELECT 1 FROM {entity} LIMIT 1").first() is None
        quarantined = open_quarantine_ids(tx.connection, entity)
        covered_before = _covered(tx, request) if is_listing else None
    seen = changed = rejected = 0
    last: Page | None = None
    nameless: set[str] = set()
    waiting: list[Page] = []
    with closing(national.pull(request)) as pages:
        for page in pages:
            transactions.lease.check()
            seen += len(page.records)
            rejected += len(page.rejects)
            nameless.update(
                quarantine_identity(transactions.sealer, reject)
                for reject in page.rejects
                if reject.national_id is None
            )
            last = page
            waiting.append(page)
            if page.is_last or sum(len(one.records) for one in waiting) >= STORED_RECORDS:
                changed += _store(transactions, request, waiting, is_listing, mirror_is_empty, quarantined)
                waiting = []
            advance(seen, page.total)
            if stop():
                raise StopRequested()
    if waiting:
        changed += _store(transactions, request, waiting, is_listing, mirror_is_empty, quarantined)
    is_exact = last is not None and last.is_exact
    _close_pull(transactions, entity, is_listing and is_exact)
    if is_listing and is_exact and request.resume is None:
        _forget_nameless(transactions, entity, nameless)
    return Pulled(seen, changed, rejected, is_listing, is_exact, last.total if last else None, covered_before)


def _covered(tx: Transaction, request: PullRequest) -> int | None:
    """Nothing is certain while a pull is unfinished or something it brought is still staged."""
    if tx.execute(f"SELECT 1 FROM observed_{request.entity} LIMIT 1").first() is not None:
        return None
    covered: int | None = tx.execute(
        "SELECT covered_until_ms FROM pull WHERE entity = :entity AND open_request IS NULL",
        entity=request.entity.value,
    ).scalar_one_or_none()
    return covered


def _forget_nameless(transactions: Transactions, entity: Entity, seen: set[str]) -> None:
    """A record without an id can only be missed: by a listing of which this very process has seen every page."""
    with transactions.read() as tx:
        kept = tx.execute(
            "SELECT 1 FROM quarantine WHERE entity = :entity AND national_id IS NULL AND state <> 'solved' LIMIT 1",
            entity=entity.value,
        ).first()
    if kept:
        with transactions.write() as tx:
            solve_nameless_quarantine(tx, entity, seen)


def _store(
    transactions: Transactions,
    request: PullRequest,
    pages: list[Page],
    is_listing: bool,
    mirror_is_empty: bool,
    quarantined: set[str],
) -> int:
    entity = request.entity
    records = [record for page in pages for record in page.records]
    rejects = [reject for page in pages for reject in page.rejects]
    ends_listing = is_listing and pages[-1].is_last
    if not records and not rejects and not ends_listing:
        return 0
    changed = done = 0
    for size in _sizes(transactions, records):
        some = records[done : done + size]
        with transactions.write() as tx:
            if not done:
                quarantine(tx, entity, rejects)
            done += len(some)
            changed += stage_records(tx, entity, some, keep_unchanged=is_listing, mirror_is_empty=mirror_is_empty)
            if quarantined:
                solve_quarantine(tx, entity, quarantined & {record.national_id for record in some})
            if done == len(records) and request.scope.is_everything and (changed or is_listing):
                _note_progress(tx, request, pages[-1])
        if done == len(records):
            break
    return changed


def _sizes(transactions: Transactions, records: Sequence[Record]) -> Iterator[int]:
    """Records for each transaction. Those that claim the same id are judged together."""
    are_distinct = len({record.national_id for record in records}) == len(records)
    most = max(1, len(records))
    return transactions.pace.sizes(most) if are_distinct else repeat(most)


def _note_progress(tx: Transaction, request: PullRequest, page: Page) -> None:
    """The cursor moves only with the data it covers, in the same transaction (invariant I1)."""
    unfinished = None if page.is_last else json.dumps({"changed_since_ms": request.changed_since_ms})
    tx.execute(
        "INSERT INTO pull (entity, covered_until_ms, open_request, open_resume, listing_count)"
        " VALUES (:entity, :covered, :request, :resume, 0) ON CONFLICT (entity) DO UPDATE SET"
        " covered_until_ms = CASE WHEN excluded.covered_until_ms IS NULL THEN pull.covered_until_ms"
        " WHEN pull.covered_until_ms IS NULL OR excluded.covered_until_ms > pull.covered_until_ms"
        " THEN excluded.covered_until_ms ELSE pull.covered_until_ms END,"
        " open_request = excluded.open_request, open_resume = excluded.open_resume",
        entity=request.entity.value,
        covered=page.covered_until_ms,
        request=unfinished,
        resume=page.resume,
    )


def _close_pull(transactions: Transactions, entity: Entity, exact_listing: bool) -> None:
    with transactions.read() as tx:
        is_open = tx.execute(
            "SELECT 1 FROM pull WHERE entity = :entity AND open_request IS NOT NULL", entity=entity.value
        ).first()
    if not is_open and not exact_listing:
        return
    with transactions.write() as tx:
        tx.execute(
            "UPDATE pull SET open_request = NULL, open_resume = NULL, listing_count = listing_count + :one"
            " WHERE entity = :entity",
            entity=entity.value,
            one=int(exact_listing),
        )


def _abandon_open_pull(transactions: Transactions, entity: Entity) -> None:
    """A limited pull clears the staging that an interrupted whole one would have gone on from: that one begins anew."""
    with transactions.read() as tx:
        is_open = tx.execute(
            "SELECT 1 FROM pull WHERE entity = :entity AND open_request IS NOT NULL", entity=entity.value
        ).first()
    if is_open:
        with transactions.write() as tx:
            tx.execute(
                "UPDATE pull SET open_request = NULL, open_resume = NULL WHERE entity = :entity", entity=entity.value
            )


def scope_to_json(scope: Scope) -> str:
    def day(moment: date | None) -> str | None:
        return moment.isoformat() if moment else None

    return json.dumps({"county": scope.county, "from": day(scope.date_from), "until": day(scope.date_until)})


def listing_count(tx: Transaction, entity: Entity) -> int:
    """Complete exact listings of an entity so far."""
    count: Any = tx.connection.execute(
        text("SELECT listing_count FROM pull WHERE entity = :entity"), {"entity": entity.value}
    ).scalar_one_or_none()
    return int(count or 0)
