"""What the unit tests of `nvsi` share: a clock that stands still, a quota, a notebook, and wire records."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import httpx
import hypothesis
import msgspec
import respx

from national_sync.clock import Clock, local_text
from national_sync.records import (
    AccountState,
    Entity,
    HourKind,
    HourMethod,
    HourRecord,
    HourState,
    JoinRule,
    Membership,
    MembershipState,
    MigrationState,
    Project,
    ProjectState,
    RealNameState,
    Record,
    RecruitScope,
    Sex,
    Team,
    TeamState,
    TeamType,
    TrainingKind,
    TrainingMode,
    TrainingRecord,
    Volunteer,
    content_fields,
)
from national_sync_adapters.nvsi.adapter import NvsiAdapter
from national_sync_adapters.nvsi.sending import wire_of
from national_sync_adapters.nvsi.settings import NvsiSettings

R = TypeVar("R", bound=msgspec.Struct)

BASE = "https://national.test/open/v1"
unhurried = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
"""Properties are tried as often as always, but a busy machine is no failure."""

NOON = 1_772_424_000.0
"""2026-03-02 12:00:00 in Puer."""
NOON_MS = int(NOON * 1000)


class FakeClock:
    """Stands still but for what is waited."""

    def __init__(self, now: float = NOON) -> None:
        self.moment = now
        self.waited: list[float] = []

    def now(self) -> float:
        return self.moment

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.moment += seconds


class Meter:
    """A quota of so many calls."""

    def __init__(self, left: int = 10**9) -> None:
        self.left = left
        self.blocks: list[int] = []

    def reserve(self, calls: int) -> int:
        granted = min(calls, self.left)
        self.left -= granted
        self.blocks.append(granted)
        return granted

    def give_back(self, calls: int) -> None:
        self.left += calls


class Notes:
    def __init__(self) -> None:
        self.notes: dict[str, dict[str, Any]] = {}
        self.writes = 0

    def read(self, name: str) -> dict[str, Any] | None:
        return self.notes.get(name)

    def write(self, name: str, value: Mapping[str, Any] | None) -> None:
        self.writes += 1
        self.notes.pop(name, None)
        if value is not None:
            self.notes[name] = dict(value)


def settings(**changes: Any) -> NvsiSettings:
    return NvsiSettings(**{"base_url": BASE, "app_id": "puer", **changes})


def adapter(
    *, clock: Clock | None = None, meter: Meter | None = None, notes: Notes | None = None, **changes: Any
) -> NvsiAdapter:
    """An adapter that is not opened; its calls go to `respx`."""
    return NvsiAdapter(
        settings(**{"fetch_ahead_pages": 0, **changes}),
        secret=b"secret",
        meter=meter or Meter(),
        notebook=notes or Notes(),
        clock=clock or FakeClock(),
    )


def envelope(
    data: object = None, *, code: int | str = 0, message: str = "ok", total: object = None
) -> dict[str, object]:
    return {"code": code, "message": message, "data": data, "totalCount": total, "pageCount": 1}


def reply(
    data: object = None, *, status: int = 200, headers: Mapping[str, str] | None = None, **parts: Any
) -> httpx.Response:
    """A reply of the national side, stamped with its clock."""
    stamped = {"X-Server-Time": str(NOON_MS), "Content-Type": "application/json", **(headers or {})}
    return httpx.Response(status, content=json.dumps(envelope(data, **parts)), headers=stamped)


def serve_token(router: respx.Router) -> respx.Route:
    numbers = iter(range(1, 1000))
    return router.post(f"{BASE}/token").mock(
        side_effect=lambda _: reply({"token": f"token-{next(numbers)}", "expiresIn": 7200})
    )


def serve_info(router: respx.Router, **features: Any) -> respx.Route:
    described = {"serverTime": NOON_MS, "name": "mock", "features": features, "rate": {"perSecond": 1000}}
    return router.post(f"{BASE}/system/info").mock(side_effect=lambda _: reply(described))


def sent(route: respx.Route, call: int = -1) -> dict[str, Any]:
    """The body of a call to this route."""
    content: dict[str, Any] = json.loads(route.calls[call].request.content)
    return content


# Records


def record_id(number: int) -> str:
    return f"{number:032x}"


def team(number: int = 1, **changes: Any) -> Team:
    return _with(
        Team(
            name="思茅区茶城志愿服务队",
            team_type=TeamType.GROUP,
            body_type="09",
            area_id="530802000000000000",
            categories="0001,0006",
            contact_name="刀玉兰",
            contact_phone="13887900001",
            leader_name="岩温",
            leader_number=None,
            contact_organisation=None,
            state=TeamState.APPROVED,
            join_rule=JoinRule.ANYONE,
            member_count=12,
            total_seconds=36_000,
            national_id=record_id(number),
            updated_at_ms=NOON_MS - 5000 + number,
        ),
        changes,
    )


def volunteer(number: int = 1, **changes: Any) -> Volunteer:
    return _with(
        Volunteer(
            number="V5308022403000001V",
            name="李扎迫",
            id_type="01",
            id_number="53270119731202109X",
            sex=Sex.MALE,
            birth_date="1973-12-02",
            phone="13887900002",
            politics="13",
            ethnicity="11",
            nationality="156",
            education="70",
            occupation="27",
            service_area_id="530802000000000000",
            service_area_name="思茅区",
            living_area_id=None,
            living_area_name=None,
            categories="0001",
            service_fields=None,
            skills=None,
            star=None,
            registered_at=1_718_699_688,
            real_name_state=RealNameState.PASSED,
            total_seconds=7200,
            account_state=AccountState.ENABLED,
            migration_state=MigrationState.NORMAL,
            is_valid=1,
            national_id=record_id(number),
            updated_at_ms=NOON_MS - 5000 + number,
        ),
        changes,
    )


def membership(number: int = 1, **changes: Any) -> Membership:
    return _with(
        Membership(
            volunteer_number="V5308022403000001V",
            team_national_id=record_id(9),
            state=MembershipState.MEMBER,
            joined_at=1_718_699_688,
            national_id=record_id(number),
            updated_at_ms=NOON_MS - 5000 + number,
        ),
        changes,
    )


def project(number: int = 1, **changes: Any) -> Project:
    return _with(
        Project(
            name="森林防火巡查",
            number="530802000029",
            team_national_id=record_id(9),
            started_at=1_767_196_800,
            ended_at=1_798_732_799,
            recruit_from=None,
            recruit_until=None,
            categories="0012",
            people_served="10",
            area_id="530802000000000000",
            address="茶城大道",
            recruit_scope=RecruitScope.PUBLIC,
            state=ProjectState.RUNNING,
            proof=None,
            national_id=record_id(number),
            updated_at_ms=NOON_MS - 5000 + number,
        ),
        changes,
    )


def hour(number: int = 1, **changes: Any) -> HourRecord:
    return _with(
        HourRecord(
            volunteer_number="V5308022403000001V",
            project_national_id=record_id(8),
            team_national_id=record_id(9),
            started_at=1_772_326_800,
            ended_at=1_772_335_800,
            service_seconds=9000,
            method=HourMethod.CHECK_IN,
            state=HourState.EFFECTIVE,
            kind=HourKind.CREDIT,
            entered_at=1_772_336_000,
            applied_at=None,
            remark="巡查",
            national_id=record_id(number),
            updated_at_ms=NOON_MS - 5000 + number,
        ),
        changes,
    )


def training(number: int = 1, **changes: Any) -> TrainingRecord:
    return _with(
        TrainingRecord(
            volunteer_number="V5308022403000001V",
            topic="应急救护员",
            content="理论与练习",
            organiser=None,
            training_date="2026-01-22",
            place=None,
            training_seconds=14_400,
            kind=TrainingKind.GENERAL,
            mode=TrainingMode.REMOTE,
            national_id=record_id(number),
            updated_at_ms=NOON_MS - 5000 + number,
        ),
        changes,
    )


BUILDERS: dict[Entity, Callable[..., Any]] = {
    Entity.TEAM: team,
    Entity.VOLUNTEER: volunteer,
    Entity.MEMBERSHIP: membership,
    Entity.PROJECT: project,
    Entity.HOUR_RECORD: hour,
    Entity.TRAINING_RECORD: training,
}


def _with(record: R, changes: Mapping[str, Any]) -> R:
    return msgspec.structs.replace(record, **changes)


def wire(entity: Entity, record: Record, **changes: Any) -> dict[str, Any]:
    """The record as the national side would show it. `changes` are by wire name; None leaves a field out."""
    fields = {name: getattr(record, name) for name in content_fields(entity)}
    shown: dict[str, Any] = {
        "id": record.national_id,
        "isdelete": "1" if record.is_deleted else "0",
        "createtime": "2025-01-01 08:00:00.000",
        "updatetime": stamp(record.updated_at_ms),
        **wire_of(entity, fields, is_whole=False),
        **changes,
    }
    return {name: value for name, value in shown.items() if value is not None}


def stamp(milliseconds: int) -> str:
    return f"{local_text(milliseconds // 1000)}.{milliseconds % 1000:03d}"
