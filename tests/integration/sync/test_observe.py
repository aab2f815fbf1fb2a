"""Pulling pages into staging."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from national_sync.clock import SystemClock
from national_sync.national.port import NationalSystem, Page, PullRequest, Reject, RejectReason
from national_sync.records import Entity, Team
from national_sync.sealing import Sealer
from national_sync.store.database import Database
from national_sync.sync import lease as leases
from national_sync.sync.observe import STORED_RECORDS, observe
from national_sync.sync.transaction import Transactions


class Shelf:
    """A national side that gives these pages, whatever it is asked."""

    def __init__(self, *pages: Page) -> None:
        self.pages = pages

    def pull(self, _request: PullRequest) -> Iterator[Page]:
        yield from self.pages


def teams(count: int) -> list[Team]:
    return [
        Team(
            name=f"第{number}队",
            team_type="group",
            body_type="99",
            area_id="530802000000000000",
            categories="0001",
            contact_name=None,
            contact_phone=None,
            leader_name=None,
            leader_number=None,
            contact_organisation=None,
            state="approved",
            join_rule="anyone",
            member_count=0,
            total_seconds=0,
            national_id=f"{number:032x}",
            updated_at_ms=1_000 + number,
        )
        for number in range(count)
    ]


def test_a_listing_that_ends_with_an_empty_page_still_moves_the_cursor(database: Database, sealer: Sealer) -> None:
    lease = leases.acquire(database, SystemClock(), holder="test:1", kind="manual")
    shelf = Shelf(
        Page(teams(STORED_RECORDS), resume="2", total=STORED_RECORDS),
        Page([], covered_until_ms=77_000, total=STORED_RECORDS, is_last=True, is_exact=True),
    )
    pulled = observe(
        Transactions(lease, sealer),
        cast(NationalSystem, shelf),
        PullRequest(Entity.TEAM),
        stop=lambda: False,
        advance=lambda _done, _total: None,
    )
    assert pulled.is_exact
    with database.read() as connection:
        covered = connection.exec_driver_sql("SELECT covered_until_ms, open_request FROM pull").one()
    assert tuple(covered) == (77_000, None)


# Records without an id

_NAMELESS = Reject(None, RejectReason.MISSING_ID, "national_id", "is missing", b'{"albe0002": "nobody"}')


def pull(transactions: Transactions, *pages: Page, **named: Any) -> None:
    observe(
        transactions,
        cast(NationalSystem, Shelf(*pages)),
        PullRequest(Entity.TEAM, **named),
        stop=lambda: False,
        advance=lambda _done, _total: None,
    )


def listing(*rejects: Reject, is_exact: bool = True) -> Page:
    return Page([], rejects, covered_until_ms=77_000, total=len(rejects), is_last=True, is_exact=is_exact)


def states(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.exec_driver_sql("SELECT state FROM quarantine ORDER BY id").scalars())


def test_a_record_without_an_id_leaves_quarantine_when_a_complete_listing_no_longer_shows_it(
    database: Database, sealer: Sealer
) -> None:
    transactions = Transactions(leases.acquire(database, SystemClock(), holder="test:1", kind="manual"), sealer)
    other = Reject(None, RejectReason.MISSING_ID, "national_id", "is missing", b'{"albe0002": "another"}')
    pull(transactions, listing(_NAMELESS, other))
    pull(transactions, listing(_NAMELESS, other))
    assert states(database) == ["open", "open"]
    pull(transactions, listing(other))
    assert states(database) == ["solved", "open"]
    pull(transactions, listing(_NAMELESS, other))
    assert states(database) == ["open", "open"]


def test_a_listing_that_may_have_missed_it_leaves_it_in_quarantine(database: Database, sealer: Sealer) -> None:
    transactions = Transactions(leases.acquire(database, SystemClock(), holder="test:1", kind="manual"), sealer)
    pull(transactions, listing(_NAMELESS))
    pull(transactions, listing(is_exact=False))
    pull(transactions, listing(), resume="2")
    pull(transactions, listing(), changed_since_ms=5)
    assert states(database) == ["open"]
