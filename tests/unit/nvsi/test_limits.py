"""How fast and how often calls go out, how long they may take, and when they pause."""

from __future__ import annotations

import threading
import time

import pytest
from tests.unit.nvsi.side import NOON, FakeClock, Meter, Notes

from national_sync.errors import CircuitOpen, NationalBusy, NationalUnavailable, QuotaSpent
from national_sync_adapters.nvsi.breaker import Breaker
from national_sync_adapters.nvsi.deadline import Deadline
from national_sync_adapters.nvsi.limits import DailyQuota, Limits, RateLimit


@pytest.mark.parametrize("per_second", [1.0, 5.0, 0.5])
def test_no_more_calls_a_second_than_allowed(per_second: float) -> None:
    clock = FakeClock()
    limit = RateLimit(per_second, clock)
    moments = []
    for _ in range(20):
        limit.wait(Deadline(3600, clock))
        moments.append(clock.now())
    window = max(1.0, 1 / per_second)
    busiest = max(sum(start <= moment < start + window for moment in moments) for start in moments)
    assert busiest <= max(1, int(per_second))


def test_a_free_call_beyond_the_deadline_is_not_waited_for() -> None:
    clock = FakeClock()
    limit = RateLimit(0.1, clock)
    limit.wait(Deadline(5, clock))
    with pytest.raises(NationalBusy):
        limit.wait(Deadline(5, clock))
    assert clock.waited == []


def test_no_more_calls_at_once_than_allowed() -> None:
    clock = FakeClock()
    limits = Limits(DailyQuota(Meter(), block=5, calls_per_day=100), clock, per_second=None, concurrency=2)
    under_way, most, lock = 0, 0, threading.Lock()

    def call() -> None:
        nonlocal under_way, most
        with limits.one_call(Deadline(60, clock), is_metered=True):
            with lock:
                under_way += 1
                most = max(most, under_way)
            time.sleep(0.005)
            with lock:
                under_way -= 1

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2


def test_an_unmetered_call_costs_nothing_even_when_the_quota_is_spent() -> None:
    clock = FakeClock()
    limits = Limits(DailyQuota(Meter(left=0), block=5, calls_per_day=9), clock, per_second=None, concurrency=1)
    with limits.one_call(Deadline(60, clock), is_metered=False):
        pass
    with pytest.raises(QuotaSpent, match="9"), limits.one_call(Deadline(60, clock), is_metered=True):
        pass


def test_a_spent_quota_is_asked_for_again_the_next_time() -> None:
    meter = Meter(left=0)
    quota = DailyQuota(meter, block=5, calls_per_day=9)
    with pytest.raises(QuotaSpent):
        quota.take()
    meter.left = 5
    quota.take()
    assert meter.blocks == [0, 5]


def test_a_deadline_counts_what_was_waited_and_is_not_moved_by_a_clock_set_back() -> None:
    clock = FakeClock()
    deadline = Deadline(10, clock)
    clock.wait(4)
    assert 5.9 < deadline.remaining() <= 6
    clock.moment -= 3600
    assert 5.9 < deadline.remaining() <= 6
    clock.moment += 3610
    assert deadline.is_over


# The breaker


def breaker(notes: Notes, clock: FakeClock) -> Breaker:
    return Breaker(notes, clock, failures=3, pause_seconds=60, longest_pause_seconds=100)


def fail(one: Breaker, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(NationalUnavailable), one.one_call():
            raise NationalUnavailable(reason="test")


def succeed(one: Breaker) -> None:
    with one.one_call():
        pass


def test_a_success_between_failures_keeps_the_breaker_closed() -> None:
    notes = Notes()
    one = breaker(notes, FakeClock())
    fail(one, 2)
    succeed(one)
    fail(one, 2)
    succeed(one)
    assert notes.writes == 0


def test_failures_in_a_row_open_the_breaker_and_are_noted_once() -> None:
    notes = Notes()
    one = breaker(notes, FakeClock())
    fail(one, 3)
    for _ in range(2):
        with pytest.raises(CircuitOpen, match="12:01:00"):
            succeed(one)
    assert notes.writes == 1


def test_a_failed_trial_pauses_twice_as_long_up_to_a_bound() -> None:
    notes, clock = Notes(), FakeClock()
    one = breaker(notes, clock)
    fail(one, 3)
    clock.moment += 61
    fail(one)
    assert notes.notes["nvsi.breaker"] == {"until": clock.moment + 100, "pause_seconds": 100}


def test_only_one_call_tries_after_the_pause() -> None:
    clock = FakeClock()
    one = breaker(Notes(), clock)
    fail(one, 3)
    clock.moment += 61
    with one.one_call(), pytest.raises(CircuitOpen):
        succeed(one)
    succeed(one)


def test_a_trial_that_ends_otherwise_leaves_the_trial_to_the_next_call() -> None:
    notes, clock = Notes(), FakeClock()
    one = breaker(notes, clock)
    fail(one, 3)
    clock.moment += 61
    with pytest.raises(QuotaSpent), one.one_call():
        raise QuotaSpent(quota=1)
    succeed(one)
    assert notes.notes == {}


@pytest.mark.parametrize(
    "noted",
    [{"until": "soon"}, {}, {"until": NOON + 10**6, "pause_seconds": 60}, {"until": NOON - 1, "pause_seconds": 60}],
)
def test_a_note_that_is_damaged_past_or_absurd_stops_nobody(noted: dict[str, object]) -> None:
    notes = Notes()
    notes.write("nvsi.breaker", noted)
    succeed(breaker(notes, FakeClock()))
