"""Two registrations of one person become one, and two again."""

from __future__ import annotations

import json
import shutil
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.integration.reconcile.registry import CHEN, NOW, OF_MOJIANG, Registry

from national_sync import failpoint
from national_sync.errors import (
    AlreadySettled,
    MergeRefused,
    MergeStands,
    NotAllowed,
    NotFound,
    PersonChanged,
    RunInProgress,
)
from national_sync.operators.rights import Operator
from national_sync.persons import doubled_seconds, effective_spans, person_of, rows_of_person
from national_sync.reconcile import merging
from national_sync.reconcile.duplicates import Certainty, Reason, find_duplicates
from national_sync.reconcile.merge_preview import MergePlan, plan_merge
from national_sync.records import Entity
from national_sync.sealing import Sealer
from national_sync.store.database import Database


@pytest.fixture
def registry(database: Database, sealer: Sealer) -> Registry:
    return Registry(database, sealer)


def plan(registry: Registry, kept: int, gone: int, operator: Operator = CHEN) -> MergePlan:
    with registry.database.read() as connection:
        return plan_merge(connection, operator, kept, gone)


def merge(registry: Registry, kept: int, gone: int, *, shown: str | None = None) -> int:
    shown = shown or plan(registry, kept, gone).digest
    with registry.database.write() as connection:
        return merging.merge(connection, registry.sealer, CHEN, kept, gone, shown=shown, now=NOW)


def unmerge(registry: Registry, number: int) -> None:
    with registry.database.write() as connection:
        merging.unmerge(connection, registry.sealer, CHEN, number, now=NOW)


def test_a_merge_moves_what_may_move_and_is_taken_back_without_a_trace(registry: Registry) -> None:
    """Clauses S2 and X2: audited hours stay where the national side has them (I9) and count for the kept one."""
    kept, gone = registry.person(), registry.person()
    both, moving = registry.team(), registry.team()
    registry.known("membership", volunteer_id=kept, team_id=both, state="member")
    ended = registry.known("membership", volunteer_id=gone, team_id=both, state="member")
    moved = registry.known("membership", volunteer_id=gone, team_id=moving, state="member", joined_at=5)
    training = registry.training(gone)
    effective, unsent = registry.hours(gone, 0), registry.hours(gone, 7200, is_new=True)
    question = _asked_whether_one_person(registry, max(kept, gone))
    before = registry.everything()

    number = merge(registry, kept, gone)

    assert registry.rows("SELECT volunteer_id FROM hour_record ORDER BY id") == [
        {"volunteer_id": gone},
        {"volunteer_id": kept},
    ]
    assert (effective, unsent) == tuple(row["id"] for row in registry.rows("SELECT id FROM hour_record ORDER BY id"))
    created = registry.rows("SELECT volunteer_id, team_id, state, joined_at FROM membership WHERE sync_rev IS NULL")
    assert created == [{"volunteer_id": kept, "team_id": moving, "state": "applied", "joined_at": None}]
    deleted = {(row["entity"], row["row_id"]) for row in registry.rows("SELECT * FROM local_deletion")}
    assert deleted == {("membership", ended), ("membership", moved), ("training_record", training)}
    assert registry.rows("SELECT volunteer_id, topic, training_seconds FROM training_record") == [
        {"volunteer_id": kept, "topic": "急救", "training_seconds": 7200}
    ]
    assert _decision(registry, question) == ("national", "operator:chen")
    with registry.database.read() as connection:
        assert person_of(connection, gone) == person_of(connection, kept) == kept
        assert rows_of_person(connection, gone) == [kept, gone]
    assert _audited(registry) == ["mismatch.decided", "volunteer.merged"]

    unmerge(registry, number)

    assert registry.everything() == before
    assert _decision(registry, question) == (None, None)
    with registry.database.read() as connection:
        assert person_of(connection, gone) == gone
    with pytest.raises(AlreadySettled):
        unmerge(registry, number)


def test_two_strangers_are_merged_only_by_whoever_says_so(registry: Registry) -> None:
    kept = registry.person()
    stranger = registry.person("白茶", "530802199203080021", birth_date="1992-03-08")
    namesake, same_number = registry.person("岩温", "530802199001010038"), registry.person("岩 温")
    shown = plan(registry, kept, stranger)
    assert shown.differences == ("id_number", "name", "birth_date")
    assert plan(registry, kept, namesake).differences == plan(registry, kept, same_number).differences == ()
    with pytest.raises(MergeRefused):
        merge(registry, kept, stranger)
    with registry.database.write() as connection:
        merging.merge(
            connection,
            registry.sealer,
            CHEN,
            kept,
            stranger,
            shown=shown.digest,
            now=NOW,
            although_different=True,
        )


def test_overlapping_hours_are_shown_and_counted_once(registry: Registry) -> None:
    kept, gone = registry.person(), registry.person()
    own, other = registry.hours(kept, 0), registry.hours(gone, 1800)
    registry.hours(gone, 90_000)
    shown = plan(registry, kept, gone)
    assert [(one.kept_record, one.gone_record, one.seconds) for one in shown.overlaps] == [(own, other, 1800)]
    assert (shown.effect.seconds_before, shown.effect.seconds_after) == (3600, 3 * 3600 - 1800)
    assert shown.hour_records == {"effective": 2}
    merge(registry, kept, gone)
    with registry.database.read() as connection:
        assert doubled_seconds(effective_spans(connection, rows_of_person(connection, kept))) == 1800


def test_what_has_gone_out_is_not_taken_back(registry: Registry) -> None:
    """X2: the next run sends the kept one's memberships and trainings, and the deletion of the other's."""
    kept, gone = registry.person(), registry.person()
    registry.known("membership", volunteer_id=gone, team_id=registry.team(), state="member")
    registry.training(gone)
    number = merge(registry, kept, gone)
    registry.plan_what_goes_out(Entity.MEMBERSHIP, Entity.TRAINING_RECORD)
    numbers = {row["id"]: row["number"] for row in registry.rows("SELECT id, number FROM volunteer")}
    planned = registry.rows("SELECT entity, verb, record FROM operation ORDER BY entity, verb")
    assert [(row["entity"], row["verb"], json.loads(row["record"])[0]) for row in planned] == [
        ("membership", "create", numbers[kept]),
        ("membership", "delete", numbers[gone]),
        ("training_record", "create", numbers[kept]),
        ("training_record", "delete", numbers[gone]),
    ]
    before = registry.everything()
    with pytest.raises(MergeStands):
        unmerge(registry, number)
    assert registry.everything() == before


def test_a_plan_that_is_no_longer_what_was_shown_is_not_carried_out(registry: Registry) -> None:
    kept, gone = registry.person(), registry.person()
    shown = plan(registry, kept, gone).digest
    registry.hours(gone, 0)
    with pytest.raises(PersonChanged):
        merge(registry, kept, gone, shown=shown)
    assert registry.rows("SELECT id FROM volunteer_merge") == []


def test_a_merge_waits_for_a_run_at_work(registry: Registry) -> None:
    kept, gone = registry.person(), registry.person()
    shown = plan(registry, kept, gone).digest
    with registry.database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO run (kind, state, scope, holder, lease_until, started_at, calls)"
            f" VALUES ('nightly', 'running', '{{}}', 'elsewhere:1', {NOW + 60}, {NOW}, 0)"
        )
    with pytest.raises(RunInProgress):
        merge(registry, kept, gone, shown=shown)


def test_what_cannot_be_one_person_is_refused(registry: Registry) -> None:
    first, second, third = registry.person(), registry.person(), registry.person()
    new = registry.entered_here(
        "volunteer",
        name="刀美",
        id_number="",
        sex="female",
        birth_date="1990-01-01",
        service_area_id="530802000000000000",
    )
    merge(registry, first, second)
    for kept, gone in ((first, first), (first, new), (third, second), (second, third), (third, first)):
        with pytest.raises(MergeRefused):
            plan(registry, kept, gone)
    with pytest.raises(NotFound):
        plan(registry, first, 10**9)
    merge(registry, first, third)
    with registry.database.read() as connection:
        assert rows_of_person(connection, third) == [first, second, third]


def test_a_county_operator_merges_people_of_that_county_only(registry: Registry) -> None:
    mojiang = {"service_area_id": "530822000000000000"}
    here, also_here, elsewhere = registry.person(**mojiang), registry.person(**mojiang), registry.person()
    assert plan(registry, here, also_here, OF_MOJIANG).kept.id == here
    with pytest.raises(NotAllowed):
        plan(registry, here, elsewhere, OF_MOJIANG)


def test_a_merge_that_is_killed_has_not_begun(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, gone = registry.person(), registry.person()
    registry.known("membership", volunteer_id=gone, team_id=registry.team(), state="member")
    before, shown = registry.everything(), plan(registry, kept, gone).digest

    def killed(name: str) -> None:
        if name == "before_commit":
            raise KeyboardInterrupt

    monkeypatch.setattr(failpoint, "_hook", killed)
    with pytest.raises(KeyboardInterrupt):
        merge(registry, kept, gone, shown=shown)
    monkeypatch.undo()
    assert registry.everything() == before
    assert registry.rows("SELECT id FROM volunteer_merge") == []


def test_the_list_of_merges_says_what_the_national_side_has_done(registry: Registry) -> None:
    kept, gone = registry.person(), registry.person()
    merge(registry, kept, gone)
    assert _nationally(registry) == "waiting"
    _withdraw(registry, gone)
    assert _nationally(registry) == "done"
    _withdraw(registry, gone, at=None)
    _withdraw(registry, kept)
    assert _nationally(registry) == "reversed"


def test_duplicates_are_found_with_the_reason_and_how_sure_it_is(registry: Registry) -> None:
    first, second = registry.person(), registry.person(name="岩文", service_area_id="530822000000000000")
    slip = registry.person(id_number="530802199001010038")
    alike, other = (registry.person("李娜", number, birth_date="1980-05-05") for number in ("A1", "B23456"))
    registry.person("独行", "C", birth_date="1999-09-09")

    assert _found(registry) == [
        (Reason.SAME_ID_NUMBER, Certainty.CERTAIN, [first, second]),
        (Reason.SAME_NAME_AND_BIRTH, Certainty.LIKELY, [first, slip]),
        (Reason.SAME_NAME_AND_BIRTH, Certainty.POSSIBLE, [alike, other]),
    ]
    assert _found(registry, limit=1, offset=1) == _found(registry)[1:2]
    assert [members for _why, _sure, members in _found(registry, county="530822")] == [[first, second]]
    assert _found(registry, county="530822", only_county=True) == []

    merge(registry, first, second)
    _tell_apart(registry, other)
    assert [members for _why, _sure, members in _found(registry)] == [[first, slip]]


_examples = count()
_HOURS = st.lists(st.tuples(st.booleans(), st.integers(0, 40), st.integers(1, 20), st.booleans()), max_size=6)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hours=_HOURS, teams=st.lists(st.sampled_from(["kept", "gone", "both"]), max_size=3), trainings=st.integers(0, 2))
def test_the_seconds_of_both_together_are_the_same_before_and_after_and_undo_restores_every_row(
    _migrated_sqlite: Path,  # noqa: PT019 - Hypothesis passes fixtures by name
    tmp_path: Path,
    sealer: Sealer,
    hours: list[Any],
    teams: list[str],
    trainings: int,
) -> None:
    """I11: nothing of a person's service is lost or doubled."""
    path = tmp_path / f"example-{next(_examples)}.sqlite"
    shutil.copy(_migrated_sqlite, path)
    database = Database(f"sqlite:///{path}")
    registry = Registry(database, sealer)
    kept, gone = registry.person(), registry.person()
    for is_kept, start, length, is_new in hours:
        registry.hours(kept if is_kept else gone, start * 60, length * 60, is_new=is_new)
    for whose in teams:
        team = registry.team()
        for one in {"kept": [kept], "gone": [gone], "both": [kept, gone]}[whose]:
            registry.known("membership", volunteer_id=one, team_id=team, state="member")
    for number in range(trainings):
        registry.training(gone, f"第{number}课")
    before, seconds = registry.everything(), _seconds(registry, kept, gone)

    number = merge(registry, kept, gone)

    assert _seconds(registry, kept, gone) == seconds
    unmerge(registry, number)
    assert registry.everything() == before
    database.close()


def _seconds(registry: Registry, *people: int) -> dict[str, Any]:
    """Recorded seconds by state, and of trainings, whoever of the two has them."""
    listed = ", ".join(map(str, people))
    hours = registry.rows(
        f"SELECT state, SUM(service_seconds) AS seconds FROM hour_record WHERE volunteer_id IN ({listed}) GROUP BY state"
    )
    trainings = registry.rows(
        f"SELECT SUM(training_seconds) AS seconds FROM training_record WHERE volunteer_id IN ({listed})"
    )
    return {**{row["state"]: row["seconds"] for row in hours}, "training": trainings[0]["seconds"]}


def _asked_whether_one_person(registry: Registry, row_id: int) -> int:
    registry.execute(
        "INSERT INTO mismatch (kind, entity, subject, row_id, field, detail, state, county, times)"
        " VALUES ('same_person_twice', 'volunteer', 'x', :row, '', '{}', 'open', '530802', 1)",
        row=row_id,
    )
    return int(registry.rows("SELECT id FROM mismatch")[0]["id"])


def _tell_apart(registry: Registry, row_id: int) -> None:
    registry.execute(
        "INSERT INTO mismatch (kind, entity, subject, row_id, field, detail, state, resolution, times)"
        " VALUES ('same_name_and_birth', 'volunteer', 'y', :row, '', '{}', 'closed', 'national', 1)",
        row=row_id,
    )


def _decision(registry: Registry, mismatch_id: int) -> tuple[Any, Any]:
    [row] = registry.rows("SELECT decision, decided_by FROM mismatch WHERE id = :id", id=mismatch_id)
    return row["decision"], row["decided_by"]


def _audited(registry: Registry) -> list[str]:
    return [row["action"] for row in registry.rows("SELECT action FROM audit_entry ORDER BY id")]


def _withdraw(registry: Registry, row_id: int, at: int | None = NOW) -> None:
    with registry.run() as tx:
        revision = tx.next_revision()
        tx.execute(
            "UPDATE volunteer SET withdrawn_at = :at, sync_rev = :rev WHERE id = :id", at=at, rev=revision, id=row_id
        )


def _nationally(registry: Registry) -> Any:
    with registry.database.read() as connection:
        return merging.list_merges(connection)[0]["nationally"]


def _found(registry: Registry, **asked: Any) -> list[tuple[Reason, Certainty, list[int]]]:
    with registry.database.read() as connection:
        groups = find_duplicates(connection, registry.sealer, **asked)
    return [(group.reason, group.certainty, [member.id for member in group.members]) for group in groups]
