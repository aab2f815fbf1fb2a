"""Nights as the report reads them: begun and ended through the lease, with the mismatches that they open and close."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from national_sync.clock import PUER_TIME
from national_sync.records import Entity
from national_sync.sealing import Sealer
from national_sync.store.database import Database
from national_sync.sync import lease as leases
from national_sync.sync.kinds import MismatchKind
from national_sync.sync.mismatches import close_mismatches, open_mismatch
from national_sync.sync.report import RunReport, count_open_items
from national_sync.sync.transaction import Transaction, Transactions

DAY = 86_400
FIRST_NIGHT = int(datetime(2026, 10, 20, 2, 30, tzinfo=PUER_TIME).timestamp())


@dataclass
class NightClock:
    seconds: float = FIRST_NIGHT

    def now(self) -> float:
        return self.seconds

    def wait(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class Nights:
    """Plays one night after the other."""

    database: Database
    sealer: Sealer
    clock: NightClock = field(default_factory=NightClock)

    def play(
        self,
        *,
        kind: str = "nightly",
        opened: Mapping[str, int] | None = None,
        closes: int = 0,
        state: str = "finished",
        stopped: str = "",
        took: int = 300,
        calls: int = 1_000,
        county: str = "530822",
        **report: Any,
    ) -> int:
        """One run, and the clock a day later; its number."""
        lease = leases.acquire(self.database, self.clock, holder="elsewhere:1", kind=kind)
        transactions = Transactions(lease, self.sealer)
        with transactions.write() as tx:
            self._open(tx, opened or {}, county)
            self._close(tx, closes)
            tx.execute("UPDATE run SET calls = :calls WHERE id = :run", calls=calls, run=tx.run_id)
        began = self.clock.seconds
        self.clock.wait(took)
        if state in ("finished", "failed"):
            written = RunReport(lease.run_id, kind, seconds=took, stopped=stopped, **report)
            with self.database.read() as connection:
                count_open_items(connection, written)
            ending = json.dumps(written.to_json())
            leases.finish(lease, state=state, exit_code=6 if stopped else 0, report=ending)
        self.clock.seconds = began + DAY
        return lease.run_id

    def _open(self, tx: Transaction, opened: Mapping[str, int], county: str) -> None:
        for kind, count in opened.items():
            for number in range(count):
                row_id = tx.run_id * 1_000 + number
                open_mismatch(
                    tx, MismatchKind(kind), Entity.VOLUNTEER, row_id=row_id, national_id=f"N{row_id}", detail={}
                )
        tx.execute("UPDATE mismatch SET county = :county WHERE first_run_id = :run", county=county, run=tx.run_id)

    def _close(self, tx: Transaction, count: int) -> None:
        rows = tx.rows("SELECT row_id, kind FROM mismatch WHERE state = 'open' ORDER BY id LIMIT :count", count=count)
        for row in rows:
            close_mismatches(tx, Entity.VOLUNTEER, row["row_id"], kinds=[MismatchKind(row["kind"])])
