"""When a class of actions is held, and what a plan's fingerprint tells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from national_sync.policy import Guards
from national_sync.sync.guard import ActionClass, GuardReason, guard_reason, plan_hash

GUARDS = Guards()


@pytest.mark.parametrize(
    ("action", "records", "rows", "reason"),
    [
        (ActionClass.WITHDRAW, 20, 100, None),
        (ActionClass.WITHDRAW, 21, 100, GuardReason.TOO_MANY_WITHDRAWALS),
        (ActionClass.WITHDRAW, 21, 420, None),
        (ActionClass.SEND_DELETE, 21, 100, GuardReason.TOO_MANY_DELETIONS),
        (ActionClass.UPDATE, 200, 300, None),
        (ActionClass.UPDATE, 201, 300, GuardReason.TOO_MANY_UPDATES),
        (ActionClass.UPDATE, 201, 1005, None),
        (ActionClass.SEND_UPDATE, 201, 300, GuardReason.TOO_MANY_UPDATES),
        (ActionClass.WITHDRAW, 21, 0, GuardReason.TOO_MANY_WITHDRAWALS),
    ],
)
def test_both_the_share_and_the_number_must_be_exceeded(
    action: ActionClass, records: int, rows: int, reason: GuardReason | None
) -> None:
    assert guard_reason(GUARDS, action, records=records, rows=rows) is reason


def test_one_withdrawal_is_held_when_the_total_has_dropped() -> None:
    reason = guard_reason(GUARDS, ActionClass.WITHDRAW, records=1, rows=1000, total_dropped=True)
    assert reason is GuardReason.TOTAL_DROPPED


def test_one_update_is_held_when_the_translation_has_changed() -> None:
    reason = guard_reason(GUARDS, ActionClass.UPDATE, records=1, rows=1000, remapped=True)
    assert reason is GuardReason.MAPPING_CHANGED


@given(action=st.sampled_from(ActionClass), rows=st.integers(0, 10**7), flag=st.booleans())
def test_nothing_to_do_is_never_held(action: ActionClass, rows: int, flag: bool) -> None:
    assert guard_reason(GUARDS, action, records=0, rows=rows, total_dropped=flag, remapped=flag) is None


@given(action=st.sampled_from(ActionClass), records=st.integers(0, 10**6), rows=st.integers(0, 10**7))
def test_more_of_the_same_is_never_held_less(action: ActionClass, records: int, rows: int) -> None:
    fewer = guard_reason(GUARDS, action, records=records, rows=rows)
    more = guard_reason(GUARDS, action, records=records + 1, rows=rows)
    assert fewer is None or more is fewer


@given(lines=st.lists(st.text(), max_size=6))
def test_same_plan_has_the_same_fingerprint_and_a_longer_one_another(lines: list[str]) -> None:
    assert plan_hash(lines) == plan_hash(iter(lines))
    assert plan_hash([*lines, "withdraw one more"]) != plan_hash(lines)
