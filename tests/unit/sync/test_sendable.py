"""What may be sent, value by value."""

from __future__ import annotations

from national_sync.records import Entity, HourState
from national_sync.sync.sendable import Fault, faults_of, is_open


def test_hours_without_an_end_are_sent_only_once_it_is_there() -> None:
    assert faults_of(Entity.HOUR_RECORD, {"ended_at": None, "state": HourState.APPLYING}) == {"ended_at": Fault.MISSING}
    assert faults_of(Entity.HOUR_RECORD, {"ended_at": None, "state": HourState.NOT_SIGNED_OUT}) == {}
    assert is_open({"ended_at": None, "state": HourState.NOT_SIGNED_OUT})
    assert not is_open({"ended_at": 5, "state": HourState.APPLYING})


def test_a_project_may_not_lose_its_end_by_this_rule() -> None:
    assert faults_of(Entity.PROJECT, {"ended_at": 5}) == {}
