"""What is to be done with one record: every case once, and the laws of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from national_sync.policy import Owner, Policy
from national_sync.records import Entity, Value
from national_sync.sync.kinds import MismatchKind
from national_sync.sync.merge import Conflict, Merge
from national_sync.sync.plan import (
    Action,
    CreateRow,
    Mirrored,
    Observed,
    ReportMismatch,
    SettleDeletion,
    Skip,
    UpdateRow,
    Wait,
    WithdrawRow,
    is_frozen,
    plan_record,
)

OWNERS: Final = Policy().owners
HOUR: Final = Entity.HOUR_RECORD
CONTENT: Final[Mapping[str, Value]] = {"state": "effective", "remark": "x", "service_seconds": 7200}


def mirrored(
    *, bases: Mapping[str, Value] | None = None, values: Mapping[str, Value] | None = None, **kind: Any
) -> Mirrored:
    return Mirrored(1, {**CONTENT, **(values or {})}, bases or {}, **kind)


def observed(*, values: Mapping[str, Value] | None = None, **kind: Any) -> Observed:
    return Observed("n1", {**CONTENT, **(values or {})}, **kind)


def plan(row: Mirrored | None, seen: Observed, *, entity: Entity = HOUR, version_moved: bool = True) -> list[Action]:
    return plan_record(entity, OWNERS[entity], row, seen, version_moved=version_moved)


def test_record_not_known_here_is_created() -> None:
    assert plan(None, observed()) == [CreateRow()]


def test_record_that_names_something_unknown_waits() -> None:
    seen = observed(unresolved=("project_id",))
    assert plan(None, seen) == [Wait(("project_id",)), ReportMismatch(MismatchKind.UNKNOWN_REFERENCE)]


def test_tombstone_of_a_stranger_is_passed_over() -> None:
    assert plan(None, observed(is_deleted=True)) == [Skip()]


def test_tombstone_withdraws_and_hours_that_counted_are_reported() -> None:
    assert plan(mirrored(), observed(is_deleted=True)) == [
        WithdrawRow(),
        ReportMismatch(MismatchKind.HOURS_WITHDRAWN),
    ]


def test_tombstone_of_an_edited_record_is_reported() -> None:
    row = mirrored(values={"state": "applying"}, bases={"remark": "old"})
    assert plan(row, observed(is_deleted=True)) == [
        WithdrawRow(),
        ReportMismatch(MismatchKind.EDITED_HERE_DELETED_THERE),
    ]


def test_tombstone_of_what_is_withdrawn_already_changes_nothing() -> None:
    assert plan(mirrored(is_withdrawn=True), observed(is_deleted=True)) == [Skip()]


def test_deletion_on_both_sides_is_no_mismatch() -> None:
    assert plan(mirrored(is_deleted_here=True), observed(is_deleted=True)) == [SettleDeletion()]


def test_record_deleted_here_and_edited_there_is_reported() -> None:
    row = mirrored(is_deleted_here=True)
    assert plan(row, observed()) == [ReportMismatch(MismatchKind.DELETED_HERE_EDITED_THERE)]


def test_record_deleted_here_and_unchanged_there_is_left_to_the_push() -> None:
    assert plan(mirrored(is_deleted_here=True), observed(), version_moved=False) == [Skip()]


def test_record_deleted_here_does_not_wait_for_what_was_deleted_with_it() -> None:
    seen = observed(unresolved=("project_id",))
    assert plan(mirrored(is_deleted_here=True), seen, version_moved=False) == [Skip()]


def test_unedited_record_takes_their_values() -> None:
    assert plan(mirrored(), observed(values={"remark": "y"})) == [UpdateRow(Merge(take={"remark": "y"}))]


def test_conflict_concerns_its_field_only() -> None:
    row = mirrored(bases={"remark": "old"}, values={"state": "applying"})
    seen = observed(values={"remark": "y", "service_seconds": 3600, "state": "applying"})
    conflict = Conflict("remark", "old", "x", "y")
    assert plan(row, seen) == [
        UpdateRow(Merge(take={"service_seconds": 3600}, conflicts=(conflict,))),
        ReportMismatch(MismatchKind.BOTH_EDITED, conflict),
    ]


def test_hours_that_no_longer_count_are_reported() -> None:
    [update, report] = plan(mirrored(), observed(values={"state": "rejected"}))
    assert update == UpdateRow(Merge(take={"state": "rejected"}))
    assert report == ReportMismatch(MismatchKind.HOURS_WITHDRAWN)


def test_record_that_was_withdrawn_comes_back() -> None:
    [update] = plan(mirrored(is_withdrawn=True, values={"state": "deleted"}), observed())
    assert update == UpdateRow(Merge(take={"state": "effective"}), returns=True)


def test_creation_that_exists_there_is_adopted_and_fills_what_we_left_empty() -> None:
    row = mirrored(is_new=True, values={"remark": None, "state": "applying"})
    [update] = plan(row, observed())
    assert update == UpdateRow(
        Merge(
            take={"state": "effective", "remark": "x"},
            settled=("state", "service_seconds"),
            restored=(Conflict("state", None, "applying", "effective"),),
        ),
        adopts=True,
    )


def test_value_that_we_replaced_and_that_stands_there_again_is_still_our_edit() -> None:
    row = mirrored(values={"state": "applying"}, replaced={"remark": "old"})
    [update] = plan(row, observed(values={"remark": "old", "state": "applying"}))
    assert update == UpdateRow(Merge(rebase={"remark": "old"}))


def test_value_that_we_replaced_gives_way_to_a_new_one_of_theirs() -> None:
    row = mirrored(values={"state": "applying"}, replaced={"remark": "old"})
    [update] = plan(row, observed(values={"remark": "new", "state": "applying"}))
    assert update == UpdateRow(Merge(take={"remark": "new"}))


def test_only_effective_hours_are_frozen() -> None:
    assert is_frozen(HOUR, {"state": "effective"})
    assert not is_frozen(HOUR, {"state": "applying"})
    assert not is_frozen(Entity.TEAM, {"state": "effective"})


texts = st.sampled_from([None, "x", "y"])
states = st.sampled_from(["effective", "applying", "rejected"])
contents = st.fixed_dictionaries({"state": states, "remark": texts, "service_seconds": st.sampled_from([3600, 7200])})
rows = st.builds(
    Mirrored,
    st.just(1),
    contents,
    st.dictionaries(st.sampled_from(["remark", "service_seconds"]), st.sampled_from([None, "z", 1])),
    is_new=st.booleans(),
    is_withdrawn=st.booleans(),
).map(lambda row: replace(row, bases={}) if row.is_new else row)
sightings = st.builds(Observed, st.just("n1"), contents, is_deleted=st.booleans())


@given(row=st.none() | rows, seen=sightings, moved=st.booleans())
def test_plan_is_deterministic_and_never_both_keeps_and_withdraws(
    row: Mirrored | None, seen: Observed, moved: bool
) -> None:
    actions = plan(row, seen, version_moved=moved)
    assert actions == plan(row, seen, version_moved=moved)
    kinds = [type(action) for action in actions if not isinstance(action, ReportMismatch)]
    assert len(kinds) == 1


@given(row=rows, seen=sightings)
def test_edit_of_a_shared_field_never_vanishes_unseen(row: Mirrored, seen: Observed) -> None:
    for action in plan(row, seen):
        if isinstance(action, UpdateRow):
            for column in action.merge.take:
                is_edit = column in row.bases or (row.is_new and row.values[column] is not None)
                assert (
                    not is_edit
                    or OWNERS[HOUR][column] is not Owner.SHARED
                    or row.values[column] == row.bases.get(column)
                )
