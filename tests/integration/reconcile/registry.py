"""People who are registered twice, with what belongs to them, as a run has left them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from sqlalchemy import text

from national_sync.clock import Clock
from national_sync.national.port import Capabilities
from national_sync.operators.rights import Operator, Role
from national_sync.policy import Policy
from national_sync.records import Entity
from national_sync.sealing import Sealer
from national_sync.store.database import Database
from national_sync.sync import lease as leases
from national_sync.sync.kinds import MismatchKind
from national_sync.sync.merge import Conflict
from national_sync.sync.mismatches import open_mismatch
from national_sync.sync.outbox import Outbox
from national_sync.sync.transaction import Transaction, Transactions

TABLES: Final = ("volunteer", "team", "membership", "training_record", "hour_record")
SPRING: Final = 1_770_000_000
NOW: Final = 1_790_000_000
CHEN: Final = Operator(1, "chen", Role.CITY_OPERATOR)
OF_MOJIANG: Final = Operator(2, "bai", Role.COUNTY_OPERATOR, "530822")
_numbers = count(1)


class StandingClock(Clock):
    def now(self) -> float:
        return NOW - 3600

    def wait(self, seconds: float) -> None:
        raise AssertionError("nobody waits here")


class _ByIdOnly:
    """A national side that is asked for nothing but what it can do."""

    def capabilities(self) -> Capabilities:
        return Capabilities()

    def get(self, _entity: Entity, national_ids: Sequence[str]) -> list[None]:
        return [None for _national_id in national_ids]


@dataclass
class Registry:
    database: Database
    sealer: Sealer

    def person(self, name: str = "岩温", id_number: str = "530802199001010011", **columns: Any) -> int:
        number = next(_numbers)
        facts = {
            "number": f"V5308022601{number:06d}V",
            "name": name,
            "id_number": self.sealer.seal(id_number),
            "id_number_hash": self.sealer.match_hash(id_number),
            "sex": "male",
            "birth_date": "1990-01-01",
            "service_area_id": "530802000000000000",
            "real_name_state": "passed",
        }
        return self.known("volunteer", **{**facts, **columns})

    def team(self, **columns: Any) -> int:
        facts = {"name": "茶城队", "area_id": "530802000000000000", "state": "approved"}
        return self.known("team", **{**facts, **columns})

    def hours(self, volunteer: int, start: int, seconds: int = 3600, *, is_new: bool = False, **columns: Any) -> int:
        facts = {
            "volunteer_id": volunteer,
            "project_id": 1,
            "team_id": 1,
            "started_at": SPRING + start,
            "ended_at": SPRING + start + seconds,
            "service_seconds": seconds,
            "state": "applying" if is_new else "effective",
        }
        return (self.entered_here if is_new else self.known)("hour_record", **{**facts, **columns})

    def training(self, volunteer: int, topic: str = "急救", **columns: Any) -> int:
        facts = {"volunteer_id": volunteer, "topic": topic, "training_date": "2026-01-02", "training_seconds": 7200}
        return self.known("training_record", **{**facts, **columns})

    def clash(self, ours: str = "茶城路 1 号", theirs: str = "茶城路", **person: Any) -> int:
        """Both sides have changed the name of a volunteer's service area; the mismatch's number."""
        number = next(_numbers)
        volunteer = self.person(f"白茶{number}", f"53080219{number:010d}", **person)
        self.execute("UPDATE volunteer SET service_area_name = :ours WHERE id = :id", ours=ours, id=volunteer)
        [row] = self.rows("SELECT national_id FROM volunteer WHERE id = :id", id=volunteer)
        with self.run() as tx:
            conflict = Conflict("service_area_name", None, ours, theirs)
            open_mismatch(
                tx,
                MismatchKind.BOTH_EDITED,
                Entity.VOLUNTEER,
                row_id=volunteer,
                national_id=row["national_id"],
                conflict=conflict,
            )
            found: int = tx.execute("SELECT MAX(id) FROM mismatch").scalar_one()
        return found

    def known(self, table: str, **columns: Any) -> int:
        """A row that both sides have."""
        with self.run() as tx:
            own = {"national_id": f"{next(_numbers):032x}", "national_hash": b"1234", "sync_rev": tx.next_revision()}
            return _insert(tx, table, {**columns, **own})

    def entered_here(self, table: str, **columns: Any) -> int:
        with self.run() as tx:
            return _insert(tx, table, columns)

    def execute(self, sql: str, **parameters: Any) -> None:
        with self.database.write() as connection:
            connection.execute(text(sql), parameters)

    def rows(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        with self.database.read() as connection:
            return [dict(row) for row in connection.execute(text(sql), parameters).mappings()]

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        """Every row that a merge might touch, and what waits to go out; the engine's running number left aside."""
        tables = {table: self.rows(f"SELECT * FROM {table} ORDER BY id") for table in TABLES}
        for row in (row for rows in tables.values() for row in rows):
            row["sync_rev"] = row.get("sync_rev") is not None
        notes = ("local_change", "local_deletion", "operation")
        return {**tables, **{table: self.rows(f"SELECT * FROM {table}") for table in notes}}

    def plan_what_goes_out(self, *entities: Entity) -> None:
        """As the next run would, up to the point where it sends."""
        with self.transactions() as transactions:
            national: Any = _ByIdOnly()
            outbox = Outbox(transactions, national, Policy(), lambda: False)
            for entity in entities:
                list(outbox.plan_creates(entity))
                list(outbox.plan_deletes(entity))

    @contextmanager
    def run(self) -> Iterator[Transaction]:
        with self.transactions() as transactions, transactions.write() as tx:
            yield tx

    @contextmanager
    def transactions(self) -> Iterator[Transactions]:
        lease = leases.acquire(self.database, StandingClock(), holder="elsewhere:1", kind="nightly")
        yield Transactions(lease, self.sealer)
        leases.finish(lease, state="finished", exit_code=0, report="{}")


def _insert(tx: Transaction, table: str, columns: dict[str, Any]) -> int:
    places = ", ".join(f":{name}" for name in columns)
    row: int = tx.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places}) RETURNING id", **columns
    ).scalar_one()
    return row
