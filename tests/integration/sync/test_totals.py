"""A volunteer's total that is not the sum of the records: only after the national side had the time to add them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.outside import Outside

from national_sync.policy import Checks
from national_sync.records import Entity
from national_sync.sealing import Sealer
from national_sync.store.database import Database
from national_sync.sync import lease as leases
from national_sync.sync.examine import examine
from national_sync.sync.mirror import write_row
from national_sync.sync.transaction import Transactions

_NOON = 1_790_000_000
_HOUR = 3600


@dataclass
class Clock:
    moment: float

    def now(self) -> float:
        return self.moment

    def wait(self, seconds: float) -> None:
        self.moment += seconds


def mirror_two_volunteers(transactions: Transactions, outside: Outside) -> Sequence[int]:
    """Each with an hour of service that the total does not show yet."""
    rows = []
    for number in (1, 2):
        volunteer = outside.insert(
            "volunteer",
            name="玉香",
            id_number=f"{number}",
            sex="female",
            birth_date=f"1985-11-0{number}",
            service_area_id="5308",
        )
        times = {"started_at": _NOON, "ended_at": _NOON + _HOUR, "service_seconds": _HOUR, "state": "effective"}
        hour = outside.insert("hour_record", volunteer_id=volunteer, project_id=1, team_id=1, **times)
        rows.append((volunteer, hour))
    with transactions.write() as tx:
        for volunteer, hour in rows:
            write_row(tx, Entity.VOLUNTEER, volunteer, {"national_id": f"v{volunteer}"})
            write_row(tx, Entity.HOUR_RECORD, hour, {"national_id": f"h{hour}"})
    return [hour for _volunteer, hour in rows]


def open_totals(outside: Outside) -> list[str]:
    found = outside.sql("SELECT national_id FROM mismatch WHERE kind = 'total_not_sum' AND state = 'open' ORDER BY id")
    return [national_id for (national_id,) in found]


def test_hours_that_went_out_tonight_are_given_time_to_reach_the_total(
    database: Database, outside: Outside, sealer: Sealer
) -> None:
    clock = Clock(_NOON)
    lease = leases.acquire(database, clock, holder="test:1", kind="manual")
    transactions = Transactions(lease, sealer)
    with transactions.write() as tx:
        # A mirror that has been examined before: otherwise everything in it is new.
        tx.next_revision()
    examine(transactions, Checks())
    sent, _received = mirror_two_volunteers(transactions, outside)
    outside.insert(
        "operation",
        reference="r",
        entity="hour_record",
        row_id=sent,
        verb="create",
        fields="{}",
        record="[]",
        state="done",
        run_id=lease.run_id,
    )
    examine(transactions, Checks())
    assert open_totals(outside) == ["v2"]
    leases.finish(lease, state="finished", exit_code=0, report="")

    clock.moment += 40 * _HOUR
    later = Transactions(leases.acquire(database, clock, holder="test:1", kind="manual"), sealer)
    with later.write() as tx:
        tx.next_revision()
    examine(later, Checks())
    assert open_totals(outside) == ["v2", "v1"]
