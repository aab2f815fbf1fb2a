"""The set-based SQL decides what the pure plan decides, whatever the state of the two sides."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from national_sync.clock import SystemClock
from national_sync.policy import Policy
from national_sync.records import Entity, Team
from national_sync.sealing import Sealer
from national_sync.store.database import Database
from national_sync.sync import lease as leases
from national_sync.sync.bulk import apply_staged, clear_staged, count_staged, thoughtful_ids
from national_sync.sync.settle import settle_staged
from national_sync.sync.stage import stage_records
from national_sync.sync.transaction import Transaction, Transactions

POLICY = Policy()
OWNERS = POLICY.owners[Entity.TEAM]
NAMES = st.sampled_from(["甲队", "乙队", "丙队"])
STATES = st.sampled_from(["approved", "disabled"])


@dataclass(frozen=True)
class Case:
    """One team: as agreed (or unknown), what was done here, and what the national side says now."""

    agreed: Team | None
    here: str
    new_name: str
    there: Team


def team(number: int, name: str, state: str, version: int, *, is_deleted: bool = False) -> Team:
    return Team(
        name=name,
        team_type="group",
        body_type="99",
        area_id=f"5308{number:02}000000000000",
        categories="0001",
        contact_name="李桂芳",
        contact_phone="13908790000",
        leader_name=None,
        leader_number=None,
        contact_organisation=None,
        state=state,
        join_rule="anyone",
        member_count=0,
        total_seconds=0,
        national_id=f"{number:032x}",
        updated_at_ms=1_000 + version,
        is_deleted=is_deleted,
    )


@st.composite
def cases(draw: st.DrawFn, number: int) -> Case:
    agreed = team(number, draw(NAMES), draw(STATES), 1) if draw(st.booleans()) else None
    edits = ["nothing", "name", "state", "phone", "deleted", "edited back"] if agreed else ["nothing", "created"]
    there = team(number, draw(NAMES), draw(STATES), 2, is_deleted=draw(st.booleans()))
    if agreed is not None and draw(st.booleans()):
        there = msgspec.structs.replace(agreed, updated_at_ms=there.updated_at_ms)
    return Case(agreed, draw(st.sampled_from(edits)), draw(NAMES), there)


LISTS = st.integers(1, 5).flatmap(lambda count: st.tuples(*(cases(number) for number in range(count))))


def edit_here(tx: Transaction, number: int, case: Case) -> None:
    """What another program does, with plain SQL."""
    key: dict[str, Any] = {"id": f"{number:032x}", "name": case.new_name, "area": case.there.area_id}
    statements = {
        "nothing": [],
        "name": ["UPDATE team SET name = :name WHERE national_id = :id"],
        "state": ["UPDATE team SET state = 'locked' WHERE national_id = :id"],
        "phone": ["UPDATE team SET contact_phone = NULL WHERE national_id = :id"],
        "deleted": ["DELETE FROM team WHERE national_id = :id"],
        "created": ["INSERT INTO team (name, area_id) VALUES (:name, :area)"],
        "edited back": [
            "UPDATE team SET name = name || '!' WHERE national_id = :id",
            "UPDATE team SET name = replace(name, '!', '') WHERE national_id = :id",
        ],
    }
    for statement in statements[case.here]:
        wanted = {name: value for name, value in key.items() if f":{name}" in statement}
        tx.connection.execute(text(statement), wanted)


def outcome(template: Path, sealer: Sealer, listed: tuple[Case, ...], *, in_bulk: bool) -> dict[str, list[Any]]:
    with TemporaryDirectory() as directory:
        path = Path(directory) / "mirror.sqlite"
        shutil.copy(template, path)
        database = Database(f"sqlite:///{path}")
        try:
            return _outcome(database, sealer, listed, in_bulk=in_bulk)
        finally:
            database.close()


def _outcome(database: Database, sealer: Sealer, listed: tuple[Case, ...], *, in_bulk: bool) -> dict[str, list[Any]]:
    lease = leases.acquire(database, SystemClock(), holder="test:1", kind="manual")
    transactions = Transactions(lease, sealer)
    agreed = [case.agreed for case in listed if case.agreed is not None]
    with transactions.write() as tx:
        stage_records(tx, Entity.TEAM, agreed, keep_unchanged=False)
        settle_staged(tx, Entity.TEAM, OWNERS, [record.national_id for record in agreed])
    with transactions.write() as tx:
        for number, case in enumerate(listed):
            edit_here(tx, number, case)
    with transactions.write() as tx:
        stage_records(tx, Entity.TEAM, [case.there for case in listed], keep_unchanged=False)
    with transactions.write() as tx:
        singly = [case.there.national_id for case in listed]
        if in_bulk:
            singly = thoughtful_ids(tx.connection, Entity.TEAM, OWNERS)
        settle_staged(tx, Entity.TEAM, OWNERS, singly)
    if in_bulk:
        with transactions.read() as tx:
            staged = count_staged(tx.connection, Entity.TEAM)
        apply_staged(transactions, Entity.TEAM, staged, may_update=True, stop=lambda: False)
        clear_staged(transactions, Entity.TEAM, everything=False)
    with transactions.read() as tx:
        return {name: tx.rows(query) for name, query in _SEEN.items()}


_SEEN = {
    "team": "SELECT name, area_id, state, contact_phone IS NULL AS no_phone, national_id, national_updated_at_ms,"
    " hex(national_hash) AS hash, withdrawn_at IS NULL AS alive, sync_rev IS NULL AS is_new FROM team"
    " ORDER BY national_id, area_id",
    "local_change": "SELECT r.area_id, c.field, CASE WHEN c.field = 'contact_phone' THEN '' ELSE c.base END AS base"
    " FROM local_change c JOIN team r ON r.id = c.row_id ORDER BY r.area_id, c.field",
    "local_deletion": "SELECT national_id FROM local_deletion ORDER BY national_id",
    "mismatch": "SELECT kind, subject, field, ours, theirs, state FROM mismatch ORDER BY kind, subject, field",
    "bucket_digest": "SELECT bucket, records, version_sum FROM bucket_digest WHERE records <> 0 ORDER BY bucket",
    "left": "SELECT national_id FROM observed_team ORDER BY national_id",
}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(listed=LISTS)
def test_the_bulk_path_ends_where_single_decisions_end(
    _migrated_sqlite: Path, sealer: Sealer, listed: tuple[Case, ...]
) -> None:
    assert outcome(_migrated_sqlite, sealer, listed, in_bulk=True) == outcome(
        _migrated_sqlite, sealer, listed, in_bulk=False
    )
