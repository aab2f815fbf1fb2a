"""The set-based statements of a run decide as `plan_record` does for each record, whatever both sides have done.

The same random story is lived on two mirrors. One takes up the second sighting as a run does, in bulk where that is
possible; on the other every record is planned by itself. Both must say the same in the end.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.acceptance.nursery import SEALER
from tests.acceptance.pictures import differences, meaning_of_mirror
from tests.outside import outside_program

from national_sync.clock import Clock
from national_sync.national.port import Capabilities
from national_sync.policy import Policy
from national_sync.records import Entity, HourRecord, Project, Record, Team, Volunteer
from national_sync.store.database import Database
from national_sync.sync.bulk import refresh_leftovers
from national_sync.sync.invariants import broken_invariants
from national_sync.sync.lease import acquire
from national_sync.sync.mirror import seal_plain_values
from national_sync.sync.settle import settle_staged
from national_sync.sync.stage import stage_records
from national_sync.sync.takeup import TakeUp
from national_sync.sync.transaction import Transactions

POLICY: Final = Policy()
NUMBERS: Final = range(1, 6)
_examples = itertools.count()

Edit: TypeAlias = tuple[int, str, Any]


class StandingClock(Clock):
    def now(self) -> float:
        return 1_772_400_000

    def wait(self, seconds: float) -> None:
        raise AssertionError("nobody waits here")


class SilentNational:
    """A national side of which only the translation's version is asked."""

    def mapping_version(self) -> str:
        return "1"

    def capabilities(self) -> Capabilities:
        return Capabilities()


@dataclass(frozen=True)
class Story:
    entity: Entity
    first: Sequence[Record]
    edits: Sequence[Edit]
    deletions: Sequence[int]
    twin: int | None
    """The number under which another program has made the same thing here."""
    second: Sequence[Record]


def volunteer(number: int, version: int, **content: Any) -> Volunteer:
    values: dict[str, Any] = dict.fromkeys(Volunteer.__struct_fields__)
    values |= {
        "number": f"V{number}",
        "name": "白茶",
        "id_type": "01",
        "id_number": f"53080219900101{number:04d}",
        "sex": "male",
        "birth_date": "1990-01-01",
        "service_area_id": "530802000000000000",
        "real_name_state": "passed",
        "total_seconds": 0,
        "account_state": "enabled",
        "migration_state": "normal",
        "is_valid": 1,
        "national_id": f"{number:02x}" * 16,
        "updated_at_ms": version * 1000 + number,
        "is_deleted": False,
    }
    return Volunteer(**{**values, **content})


def hour(number: int, version: int, **content: Any) -> HourRecord:
    values: dict[str, Any] = {
        "volunteer_number": "V1",
        "project_national_id": "p" * 32,
        "team_national_id": "a" * 32,
        "started_at": 1_770_000_000 + number * 86_400,
        "ended_at": 1_770_007_200 + number * 86_400,
        "service_seconds": 7200,
        "method": "team",
        "state": "effective",
        "kind": "credit",
        "entered_at": None,
        "applied_at": None,
        "remark": None,
        "national_id": f"{number:02x}" * 16,
        "updated_at_ms": version * 1000 + number,
    }
    return HourRecord(**{**values, **content})


VOLUNTEER_CONTENT: Final = st.fixed_dictionaries(
    {
        "skills": st.sampled_from([None, "01", "02"]),
        "phone": st.sampled_from([None, "13800000001", "13800000002"]),
        "total_seconds": st.sampled_from([0, 36]),
        "is_deleted": st.sampled_from([False, False, False, True]),
    }
)
HOUR_CONTENT: Final = st.fixed_dictionaries(
    {
        "state": st.sampled_from(["effective", "effective", "applying", "rejected"]),
        "remark": st.sampled_from([None, "一", "二"]),
        "volunteer_number": st.sampled_from(["V1", "V1", "V2", "V9"]),
        "is_deleted": st.sampled_from([False, False, False, True]),
    }
)
VOLUNTEER_EDITS: Final = st.one_of(
    st.tuples(st.sampled_from(NUMBERS), st.just("skills"), st.sampled_from([None, "01", "02"])),
    st.tuples(st.sampled_from(NUMBERS), st.just("phone"), st.sampled_from([None, "13800000001", "13800000002"])),
    st.tuples(st.sampled_from(NUMBERS), st.just("total_seconds"), st.sampled_from([0, 36])),
)
HOUR_EDITS: Final = st.one_of(
    st.tuples(st.sampled_from(NUMBERS), st.just("remark"), st.sampled_from([None, "一", "二"])),
    st.tuples(st.sampled_from(NUMBERS), st.just("state"), st.sampled_from(["effective", "applying"])),
)


def _records(
    make: Callable[..., Record], content: st.SearchStrategy[dict[str, Any]], version: int
) -> st.SearchStrategy[list[Record]]:
    numbers = st.lists(st.sampled_from(NUMBERS), unique=True)
    return numbers.flatmap(
        lambda chosen: st.tuples(*(content for _ in chosen)).map(
            lambda contents: [make(number, version, **one) for number, one in zip(chosen, contents, strict=True)]
        )
    )


def stories(
    entity: Entity,
    make: Callable[..., Record],
    content: st.SearchStrategy[dict[str, Any]],
    edits: st.SearchStrategy[Edit],
) -> st.SearchStrategy[Story]:
    return st.builds(
        Story,
        st.just(entity),
        _records(make, content, 1),
        st.lists(edits, max_size=6),
        st.lists(st.sampled_from(NUMBERS), max_size=2, unique=True),
        st.none() | st.sampled_from(NUMBERS),
        _records(make, content, 2),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=stories(Entity.VOLUNTEER, volunteer, VOLUNTEER_CONTENT, VOLUNTEER_EDITS))
def test_volunteers_taken_up_in_bulk_end_as_planned(migrated_template: Path, tmp_path: Path, story: Story) -> None:
    _assert_same_end(story, migrated_template, tmp_path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=stories(Entity.HOUR_RECORD, hour, HOUR_CONTENT, HOUR_EDITS))
def test_hours_taken_up_in_bulk_end_as_planned(migrated_template: Path, tmp_path: Path, story: Story) -> None:
    _assert_same_end(story, migrated_template, tmp_path)


def _assert_same_end(story: Story, template: Path, folder: Path) -> None:
    ends = []
    for take_up in (_as_a_run_does, _one_by_one):
        path = folder / f"mirror_{next(_examples)}.sqlite"
        shutil.copy(template, path)
        database = Database(f"sqlite:///{path}")
        try:
            _live(story, database, take_up)
            with database.read() as connection:
                assert broken_invariants(connection) == []
            ends.append(meaning_of_mirror(database))
        finally:
            database.close()
            path.unlink()
    assert differences(*ends) == []


def _live(story: Story, database: Database, take_up: Callable[[Transactions, Story], None]) -> None:
    transactions = Transactions(acquire(database, StandingClock(), holder="elsewhere:1", kind="manual"), SEALER)
    _see(transactions, Entity.TEAM, [_team()])
    _see(transactions, Entity.PROJECT, [_project()])
    if story.entity is not Entity.VOLUNTEER:
        _see(transactions, Entity.VOLUNTEER, [volunteer(1, 1), volunteer(2, 1)])
    _see(transactions, story.entity, story.first)
    _edit(database, story)
    with transactions.write() as tx:
        seal_plain_values(tx, story.entity)
        stage_records(tx, story.entity, story.second, keep_unchanged=False)
    take_up(transactions, story)


def _see(transactions: Transactions, entity: Entity, records: Sequence[Record]) -> None:
    with transactions.write() as tx:
        stage_records(tx, entity, records, keep_unchanged=False)
    _take_up(transactions, entity)


def _take_up(transactions: Transactions, entity: Entity) -> None:
    national: Any = SilentNational()
    taking = TakeUp(transactions, national, POLICY, lambda: False, lambda *_: None, held=[])
    refresh_leftovers(transactions, entity)
    taking.run(entity, exact_listing=False, national_total=None)


def _as_a_run_does(transactions: Transactions, story: Story) -> None:
    _take_up(transactions, story.entity)


def _one_by_one(transactions: Transactions, story: Story) -> None:
    with transactions.write() as tx:
        ids = list(tx.execute(f"SELECT national_id FROM observed_{story.entity} ORDER BY national_id").scalars())
        settle_staged(tx, story.entity, POLICY.owners[story.entity], ids)
        tx.execute(f"DELETE FROM observed_{story.entity} WHERE mirror_hash = national_hash")


def _edit(database: Database, story: Story) -> None:
    with outside_program(database) as program:
        for number, column, value in story.edits:
            key = f"{number:02x}" * 16
            program.sql(f"UPDATE {story.entity} SET {column} = ? WHERE national_id = ?", value, key)
        for number in story.deletions:
            program.sql(f"DELETE FROM {story.entity} WHERE national_id = ?", f"{number:02x}" * 16)
        if story.twin is not None:
            program.insert(story.entity.value, **_twin(story.entity, story.twin))


def _twin(entity: Entity, number: int) -> dict[str, Any]:
    if entity is Entity.VOLUNTEER:
        one = volunteer(number, 1)
        names = ("name", "id_number", "sex", "birth_date", "service_area_id")
        return {"skills": "05", **{name: getattr(one, name) for name in names}}
    times = hour(number, 1)
    return {
        "volunteer_id": 1,
        "project_id": 1,
        "team_id": 1,
        "started_at": times.started_at,
        "ended_at": times.ended_at,
        "service_seconds": 7200,
        "remark": "三",
    }


def _team() -> Team:
    values: dict[str, Any] = dict.fromkeys(Team.__struct_fields__)
    words = {"name": "青松", "team_type": "group", "body_type": "10", "area_id": "530802000000000000"}
    states = {"categories": "0001", "state": "approved", "join_rule": "anyone", "member_count": 0, "total_seconds": 0}
    return Team(**{**values, **words, **states, "national_id": "a" * 32, "updated_at_ms": 1, "is_deleted": False})


def _project() -> Project:
    values: dict[str, Any] = dict.fromkeys(Project.__struct_fields__)
    words = {"name": "护林", "team_national_id": "a" * 32, "area_id": "530802000000000000", "categories": "0006"}
    times = {"started_at": 1_760_000_000, "ended_at": 1_790_000_000, "recruit_scope": "public", "state": "running"}
    return Project(**{**values, **words, **times, "national_id": "p" * 32, "updated_at_ms": 1, "is_deleted": False})
