"""An office with a small mirror: the national side is told what it says, runs are made of a run's own steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, text
from tests.outside import outside_program

from national_sync.clock import Clock
from national_sync.national.port import Capabilities
from national_sync.operators.rights import Operator, Role
from national_sync.policy import Policy
from national_sync.reconcile.facts import Facts, facts_of
from national_sync.reconcile.resolving import Choice, resolve
from national_sync.reconcile.search import Filter, page
from national_sync.records import Entity, HourRecord, Project, Record, Team, Volunteer
from national_sync.sealing import Sealer, SealingKey
from national_sync.store.database import Database
from national_sync.sync.decisions import carry_out_decisions
from national_sync.sync.examine import examine
from national_sync.sync.lease import acquire
from national_sync.sync.mirror import seal_plain_values
from national_sync.sync.mismatches import events_of
from national_sync.sync.settle import settle_staged
from national_sync.sync.stage import stage_records
from national_sync.sync.standing import apply_rules
from national_sync.sync.transaction import Transactions

SEALER: Final = Sealer([SealingKey("k1", bytes(range(32)))])
POLICY: Final = Policy()
SIMAO: Final = "530802000000000000"
NINGER: Final = "530821000000000000"
CHEN: Final = Operator(1, "chen", Role.CITY_OPERATOR)
LI: Final = Operator(2, "li", Role.COUNTY_OPERATOR, "530821")
ADMINISTRATOR: Final = Operator(3, "bai", Role.ADMINISTRATOR)
VIEWER: Final = Operator(4, "dao", Role.VIEWER)


class OfficeClock(Clock):
    def __init__(self) -> None:
        self.moment = 1_772_400_000.0

    def now(self) -> float:
        return self.moment

    def wait(self, seconds: float) -> None:
        raise AssertionError("nobody waits here")


@dataclass
class NationalSays:
    """A national side that answers questions by id."""

    records: dict[str, Record] = field(default_factory=dict)

    def capabilities(self) -> Capabilities:
        return Capabilities()

    def get(self, _entity: Entity, national_ids: Sequence[str]) -> list[Record | None]:
        return [self.records.get(national_id) for national_id in national_ids]


@dataclass
class Desk:
    database: Database
    clock: OfficeClock = field(default_factory=OfficeClock)
    national: Any = field(default_factory=NationalSays)

    def __post_init__(self) -> None:
        lease = acquire(self.database, self.clock, holder="here:1", kind="manual")
        self.transactions = Transactions(lease, SEALER)

    @property
    def now(self) -> int:
        return int(self.clock.moment)

    # What happens on both sides

    def shows(self, *records: Record) -> None:
        """The national side shows these records, and a run takes them up."""
        for entity in Entity:
            shown = [record for record in records if type(record).__name__.lower() == entity.replace("_", "")]
            with self.transactions.write() as tx:
                seal_plain_values(tx, entity)
                stage_records(tx, entity, shown, keep_unchanged=False)
                settle_staged(tx, entity, POLICY.owners[entity], [record.national_id for record in shown])

    def edit(self, statement: str, *values: Any) -> None:
        """Another program writes."""
        with outside_program(self.database) as program:
            program.sql(statement, *values)

    def run(self) -> int:
        """What a run does about decisions; returns how many it carried out."""
        self.clock.moment += 60
        with self.transactions.write() as tx:
            for entity in Entity:
                seal_plain_values(tx, entity)
        apply_rules(self.transactions)
        carried = carry_out_decisions(self.transactions, self.national, POLICY)
        examine(self.transactions, POLICY.checks)
        return carried

    # What a person does

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        with self.database.write() as connection:
            yield connection

    def decide(self, number: int, keep: str, *, by: Operator = CHEN, **rest: Any) -> None:
        with self.connection() as connection:
            resolve(connection, SEALER, by, Choice(number, keep, **rest), self.now)

    def facts(self, number: int) -> Facts:
        with self.database.read() as connection:
            return facts_of(connection, SEALER, number)

    def listed(self, wanted: Filter | None = None, **sorting: Any) -> list[dict[str, Any]]:
        with self.database.read() as connection:
            return page(connection, wanted or Filter(), now=self.now, **sorting)

    def one(self, kind: str, state: str = "open") -> dict[str, Any]:
        [mismatch] = self.listed(Filter(kind=kind, state=state))
        return mismatch

    def events(self, number: int) -> list[str]:
        with self.database.read() as connection:
            return [event["event"] for event in events_of(connection, number)]

    def rows(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        with self.database.read() as connection:
            return [dict(row) for row in connection.execute(text(query), parameters).mappings()]

    def volunteer(self, number: int) -> dict[str, Any]:
        [row] = self.rows("SELECT * FROM volunteer WHERE number = :number", number=f"V{number}")
        return row

    def base(self, entity: str, field_: str) -> str | None:
        """What both sides last agreed on, of the one row edited in this field."""
        [row] = self.rows("SELECT base FROM local_change WHERE entity = :e AND field = :f", e=entity, f=field_)
        return SEALER.plain(row["base"])


def volunteer(number: int = 1, *, version: int = 1, **content: Any) -> Volunteer:
    values: dict[str, Any] = dict.fromkeys(Volunteer.__struct_fields__)
    values |= {
        "number": f"V{number}",
        "name": NAMES[number],
        "id_type": "01",
        "id_number": ID_NUMBERS[number % len(ID_NUMBERS)],
        "sex": "male",
        "birth_date": "1990-01-01",
        "service_area_id": SIMAO,
        "real_name_state": "passed",
        "total_seconds": 0,
        "account_state": "enabled",
        "migration_state": "normal",
        "is_valid": 1,
        "national_id": f"{number:02x}" * 16,
        "updated_at_ms": version * 1000,
        "is_deleted": False,
    }
    return Volunteer(**{**values, **content})


NAMES: Final = ("", "白茶", "刀玉兰", "岩温", "李娜")
ID_NUMBERS: Final = ("530802199003070014", "530802198511020029", "530802200107300041", "530802197801150058")


def team(*, version: int = 1, **content: Any) -> Team:
    values: dict[str, Any] = dict.fromkeys(Team.__struct_fields__)
    values |= {
        "name": "青松志愿服务队",
        "team_type": "group",
        "body_type": "99",
        "area_id": SIMAO,
        "categories": "0099",
        "contact_phone": "13887900001",
        "state": "approved",
        "join_rule": "review",
        "member_count": 0,
        "total_seconds": 0,
        "national_id": "aa" * 16,
        "updated_at_ms": version * 1000,
        "is_deleted": False,
    }
    return Team(**{**values, **content})


def project(*, version: int = 1, **content: Any) -> Project:
    values: dict[str, Any] = dict.fromkeys(Project.__struct_fields__)
    values |= {
        "name": "古茶园护林",
        "team_national_id": "aa" * 16,
        "started_at": 1_770_000_000,
        "ended_at": 1_780_000_000,
        "categories": "0099",
        "area_id": SIMAO,
        "recruit_scope": "public",
        "state": "running",
        "national_id": "bb" * 16,
        "updated_at_ms": version * 1000,
        "is_deleted": False,
    }
    return Project(**{**values, **content})


def hours(number: int = 1, *, version: int = 1, **content: Any) -> HourRecord:
    values: dict[str, Any] = dict.fromkeys(HourRecord.__struct_fields__)
    started = 1_771_000_000 + number * 86_400
    values |= {
        "volunteer_number": "V1",
        "project_national_id": "bb" * 16,
        "team_national_id": "aa" * 16,
        "started_at": started,
        "ended_at": started + 7200,
        "service_seconds": 7200,
        "method": "team",
        "state": "effective",
        "kind": "credit",
        "national_id": f"{number:02x}" * 15 + "cc",
        "updated_at_ms": version * 1000,
        "is_deleted": False,
    }
    return HourRecord(**{**values, **content})
