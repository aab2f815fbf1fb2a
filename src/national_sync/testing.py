"""Contract tests for adapters: what the core relies on, whatever carries the national side.

Subclass `NationalSystemContract` in a test module, give the fixture `national`, and pytest runs the rest:

    class TestMyAdapter(NationalSystemContract):
        @pytest.fixture
        def national(self) -> Iterator[NationalSystem]: ...

The fixture is an opened system that holds at least a few records of every entity and may be written to. Where its
teams are bound to other rules, override `new_team` too. What a side cannot do, by its own capabilities, is not asked.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Final

import msgspec
import pytest

from national_sync.errors import CapabilityMissing
from national_sync.national.port import (
    Done,
    NationalSystem,
    Operation,
    Page,
    PullRequest,
    RefusalKind,
    Refused,
    Scope,
    Verb,
    bucket_of,
)
from national_sync.records import (
    NATURAL_KEYS,
    RECORD_TYPES,
    AccountState,
    Entity,
    HourKind,
    HourMethod,
    HourRecord,
    HourState,
    JoinRule,
    MembershipState,
    MigrationState,
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
    Value,
    content_fields,
)

UNKNOWN_ID: Final = "0" * 32
WORDS: Final[Mapping[tuple[Entity, str], type[StrEnum]]] = {
    (Entity.TEAM, "team_type"): TeamType,
    (Entity.TEAM, "state"): TeamState,
    (Entity.TEAM, "join_rule"): JoinRule,
    (Entity.VOLUNTEER, "sex"): Sex,
    (Entity.VOLUNTEER, "real_name_state"): RealNameState,
    (Entity.VOLUNTEER, "account_state"): AccountState,
    (Entity.VOLUNTEER, "migration_state"): MigrationState,
    (Entity.MEMBERSHIP, "state"): MembershipState,
    (Entity.PROJECT, "recruit_scope"): RecruitScope,
    (Entity.PROJECT, "state"): ProjectState,
    (Entity.HOUR_RECORD, "method"): HourMethod,
    (Entity.HOUR_RECORD, "state"): HourState,
    (Entity.HOUR_RECORD, "kind"): HourKind,
    (Entity.TRAINING_RECORD, "kind"): TrainingKind,
    (Entity.TRAINING_RECORD, "mode"): TrainingMode,
}
"""The closed lists of the core's records."""
DAYS: Final = ("birth_date", "training_date")

every_entity = pytest.mark.parametrize("entity", list(Entity), ids=str)


def pages_of(national: NationalSystem, request: PullRequest) -> list[Page]:
    return list(national.pull(request))


def pulled(national: NationalSystem, entity: Entity, since_ms: int | None = None) -> list[Record]:
    pages = pages_of(national, PullRequest(entity, changed_since_ms=since_ms))
    return [record for page in pages for record in page.records]


def creation(record: Record, entity: Entity) -> Operation:
    """An operation that creates a record with all its content."""
    fields = {name: getattr(record, name) for name in content_fields(entity)}
    return Operation(uuid.uuid4().hex, entity, Verb.CREATE, record, fields)


def change(record: Record, entity: Entity, **fields: Value) -> Operation:
    whole = msgspec.structs.replace(record, **fields)
    return Operation(uuid.uuid4().hex, entity, Verb.UPDATE, whole, fields)


def removal(record: Record, entity: Entity) -> Operation:
    return Operation(uuid.uuid4().hex, entity, Verb.DELETE, record, {})


class NationalSystemContract:
    """The tests. Each states one thing that the core relies on."""

    @pytest.fixture
    def national(self) -> Iterator[NationalSystem]:
        raise NotImplementedError("give a fixture named national")

    @pytest.fixture
    def new_team(self) -> Team:
        """A team that the side would accept and does not have yet."""
        return Team(
            name=f"契约服务队{uuid.uuid4().hex[:8]}",
            team_type=TeamType.GROUP,
            body_type="99",
            area_id="530802000000000000",
            categories="0001",
            contact_name="刀玉兰",
            contact_phone="13800000000",
            leader_name=None,
            leader_number=None,
            contact_organisation=None,
            state=TeamState.APPROVED,
            join_rule=JoinRule.ANYONE,
            member_count=0,
            total_seconds=0,
            national_id="",
            updated_at_ms=0,
        )

    # What it says of itself

    def test_capabilities_are_usable_numbers(self, national: NationalSystem) -> None:
        capabilities = national.capabilities()
        assert capabilities.batch_size >= 1
        assert capabilities.concurrency >= 1

    def test_mapping_version_is_the_same_every_time(self, national: NationalSystem) -> None:
        assert national.mapping_version() == national.mapping_version() != ""

    def test_clock_does_not_run_backwards(self, national: NationalSystem) -> None:
        first = national.now_ms()
        assert first <= national.now_ms()

    # Pulling

    @every_entity
    def test_a_pull_ends_with_its_only_last_page(self, national: NationalSystem, entity: Entity) -> None:
        *earlier, last = pages_of(national, PullRequest(entity))
        assert last.is_last
        assert last.resume is None
        assert not any(page.is_last or page.resume is None for page in earlier)

    @every_entity
    def test_a_full_pull_brings_as_many_records_as_are_announced(
        self, national: NationalSystem, entity: Entity
    ) -> None:
        pages = pages_of(national, PullRequest(entity))
        ids = {record.national_id for page in pages for record in page.records}
        ids |= {reject.national_id or "" for page in pages for reject in page.rejects}
        assert ids
        assert pages[-1].is_exact
        assert len(ids) == pages[-1].total

    @every_entity
    def test_records_are_of_their_type_with_known_words_and_clean_texts(
        self, national: NationalSystem, entity: Entity
    ) -> None:
        for record in pulled(national, entity):
            assert isinstance(record, RECORD_TYPES[entity])
            assert record.national_id
            assert record.updated_at_ms > 0
            if not record.is_deleted:
                self._check_values(record, entity)

    def _check_values(self, record: Record, entity: Entity) -> None:
        for name in content_fields(entity):
            value: Any = getattr(record, name)
            if (entity, name) in WORDS:
                assert value in list(WORDS[entity, name]), name
            if name in DAYS:
                date.fromisoformat(value)
            if isinstance(value, str):
                assert value == value.strip(), name

    @every_entity
    def test_coverage_grows_and_never_passes_the_national_clock(self, national: NationalSystem, entity: Entity) -> None:
        pages = pages_of(national, PullRequest(entity))
        covered = [page.covered_until_ms for page in pages if page.covered_until_ms is not None]
        assert covered == sorted(covered)
        assert covered[-1] <= national.now_ms()

    @every_entity
    def test_changes_since_a_moment_include_that_moment(self, national: NationalSystem, entity: Entity) -> None:
        self._needs_change_filter(national, entity)
        everything = pulled(national, entity)
        since_ms = sorted(record.updated_at_ms for record in everything)[len(everything) // 2]
        changed = {record.national_id for record in pulled(national, entity, since_ms)}
        assert changed >= {record.national_id for record in everything if record.updated_at_ms >= since_ms}

    @every_entity
    def test_a_pull_that_meets_nothing_covers_nothing(self, national: NationalSystem, entity: Entity) -> None:
        self._needs_change_filter(national, entity)
        newest = max(record.updated_at_ms for record in pulled(national, entity))
        pages = pages_of(national, PullRequest(entity, changed_since_ms=newest + 2000))
        assert [page.covered_until_ms for page in pages] == [None]
        assert not pages[0].records

    @every_entity
    def test_changes_cannot_be_pulled_where_they_are_not_offered(
        self, national: NationalSystem, entity: Entity
    ) -> None:
        if entity in national.capabilities().change_filter:
            pytest.skip("offered")
        with pytest.raises(CapabilityMissing):
            pages_of(national, PullRequest(entity, changed_since_ms=0))

    @every_entity
    def test_a_pull_resumed_after_its_first_page_brings_the_rest(
        self, national: NationalSystem, entity: Entity
    ) -> None:
        first, *rest = pages_of(national, PullRequest(entity))
        if not rest:
            pytest.skip("one page holds everything")
        resumed = pages_of(national, PullRequest(entity, resume=first.resume))
        assert [page.records for page in resumed] == [page.records for page in rest]
        assert resumed[-1].is_exact

    def test_a_pull_that_is_abandoned_leaves_no_thread(self, national: NationalSystem) -> None:
        before = set(threading.enumerate())
        pages = national.pull(PullRequest(Entity.HOUR_RECORD))
        next(pages)
        close = getattr(pages, "close", None)
        assert close is not None, "the iterator of a pull must be closable"
        close()
        left = [thread for thread in threading.enumerate() if thread not in before and thread.name == "national-pages"]
        assert not left

    @every_entity
    def test_a_county_limits_what_is_pulled(self, national: NationalSystem, entity: Entity) -> None:
        everything = {record.national_id for record in pulled(national, entity)}
        within = pages_of(national, PullRequest(entity, scope=Scope(county="530802")))
        found = {record.national_id for page in within for record in page.records}
        assert found <= everything
        if entity is Entity.TEAM:
            assert all(record.area_id.startswith("530802") for page in within for record in page.records)  # type: ignore[union-attr]

    # Asking for single records

    @every_entity
    def test_records_are_got_in_the_order_asked_with_none_for_the_unknown(
        self, national: NationalSystem, entity: Entity
    ) -> None:
        records = pulled(national, entity)[:3]
        ids = [record.national_id for record in reversed(records)]
        assert national.get(entity, [*ids, UNKNOWN_ID]) == [*reversed(records), None]

    def test_more_records_than_a_batch_holds_can_be_got(self, national: NationalSystem) -> None:
        records = pulled(national, Entity.VOLUNTEER)[: national.capabilities().batch_size + 7]
        assert national.get(Entity.VOLUNTEER, [record.national_id for record in records]) == records

    def test_getting_nothing_is_no_call_and_no_error(self, national: NationalSystem) -> None:
        assert national.get(Entity.TEAM, []) == []

    @every_entity
    def test_a_record_is_found_by_its_natural_key(self, national: NationalSystem, entity: Entity) -> None:
        record = next(record for record in pulled(national, entity) if not record.is_deleted)
        key = {name: getattr(record, name) for name in NATURAL_KEYS[entity]}
        assert record in national.find(entity, key)

    def test_a_key_that_nobody_has_finds_nothing(self, national: NationalSystem, new_team: Team) -> None:
        assert national.find(Entity.TEAM, {"name": new_team.name, "area_id": new_team.area_id}) == []

    # Sums

    @every_entity
    def test_totals_count_what_is_not_deleted(self, national: NationalSystem, entity: Entity) -> None:
        if not national.capabilities().totals:
            with pytest.raises(CapabilityMissing):
                national.totals(entity, Scope())
            return
        live = [record for record in pulled(national, entity) if not record.is_deleted]
        totals = national.totals(entity, Scope())
        assert totals.count == len(live)
        effective = [r for r in live if isinstance(r, HourRecord) and r.state == HourState.EFFECTIVE]
        if entity is Entity.HOUR_RECORD:
            assert totals.service_seconds == sum(record.service_seconds for record in effective)

    @every_entity
    def test_digests_agree_with_the_records(self, national: NationalSystem, entity: Entity) -> None:
        if not national.capabilities().digest:
            with pytest.raises(CapabilityMissing):
                national.digest(entity)
            return
        live = [record for record in pulled(national, entity) if not record.is_deleted]
        digests = national.digest(entity)
        assert sum(digest.count for digest in digests.values()) == len(live)
        assert sum(digest.version_sum for digest in digests.values()) == sum(r.updated_at_ms for r in live)
        assert {bucket_of(record.national_id) for record in live} == set(digests)

    # Writing

    def test_a_creation_is_echoed_and_can_be_got_and_found(self, national: NationalSystem, new_team: Team) -> None:
        created = self._created(national, new_team)
        assert created.name == new_team.name
        assert national.get(Entity.TEAM, [created.national_id]) == [created]
        key = {"name": new_team.name, "area_id": new_team.area_id}
        assert national.find(Entity.TEAM, key) == [created]

    def test_a_creation_shows_in_the_next_pull_of_changes(self, national: NationalSystem, new_team: Team) -> None:
        self._needs_change_filter(national, Entity.TEAM)
        before = max(record.updated_at_ms for record in pulled(national, Entity.TEAM))
        created = self._created(national, new_team)
        assert created in pulled(national, Entity.TEAM, before)

    def test_the_same_creation_twice_makes_no_second_record(self, national: NationalSystem, new_team: Team) -> None:
        self._created(national, new_team)
        [outcome] = national.send([creation(new_team, Entity.TEAM)])
        assert isinstance(outcome, Refused)
        assert outcome.kind is RefusalKind.EXISTS

    def test_an_update_changes_the_named_fields_only(self, national: NationalSystem, new_team: Team) -> None:
        created = self._created(national, new_team)
        [outcome] = national.send([change(created, Entity.TEAM, contact_name="岩温")])
        assert isinstance(outcome, Done)
        assert isinstance(outcome.record, Team)
        expected = msgspec.structs.replace(created, contact_name="岩温", updated_at_ms=outcome.record.updated_at_ms)
        assert outcome.record == expected

    def test_a_field_can_be_emptied(self, national: NationalSystem, new_team: Team) -> None:
        created = self._created(national, new_team)
        [outcome] = national.send([change(created, Entity.TEAM, contact_name=None)])
        assert isinstance(outcome, Done)
        assert isinstance(outcome.record, Team)
        assert outcome.record.contact_name is None

    def test_a_deleted_record_is_gone_or_marked(self, national: NationalSystem, new_team: Team) -> None:
        created = self._created(national, new_team)
        [outcome] = national.send([removal(created, Entity.TEAM)])
        assert outcome == Done(created.national_id, None)
        [left] = national.get(Entity.TEAM, [created.national_id])
        assert left is None or (isinstance(left, Team) and left.is_deleted)
        assert national.find(Entity.TEAM, {"name": new_team.name, "area_id": new_team.area_id}) == []

    def test_an_update_of_what_is_not_there_is_refused_as_not_found(
        self, national: NationalSystem, new_team: Team
    ) -> None:
        nobody = msgspec.structs.replace(new_team, national_id=UNKNOWN_ID)
        [outcome] = national.send([change(nobody, Entity.TEAM, contact_name="岩温")])
        assert isinstance(outcome, Refused)
        assert outcome.kind is RefusalKind.NOT_FOUND

    def test_outcomes_come_in_the_order_of_the_operations(self, national: NationalSystem, new_team: Team) -> None:
        names = [f"{new_team.name}{number}" for number in range(3)]
        teams = [msgspec.structs.replace(new_team, name=name) for name in names]
        outcomes = national.send([creation(team, Entity.TEAM) for team in teams])
        records = [outcome.record for outcome in outcomes if isinstance(outcome, Done)]
        assert [record.name for record in records if isinstance(record, Team)] == names

    def test_a_ticket_that_was_never_given_settles_nothing(self, national: NationalSystem) -> None:
        assert not isinstance(national.result("no such ticket"), Done)

    def _created(self, national: NationalSystem, team: Team) -> Team:
        [outcome] = national.send([creation(team, Entity.TEAM)])
        assert isinstance(outcome, Done)
        assert isinstance(outcome.record, Team)
        return outcome.record

    def _needs_change_filter(self, national: NationalSystem, entity: Entity) -> None:
        if entity not in national.capabilities().change_filter:
            pytest.skip("not offered")
