"""The daemon with a fake engine: what is due is done once, and nothing that goes wrong ends it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time

import pytest
import structlog

from national_sync.clock import PUER_TIME
from national_sync.daemon import GRACE_SPENT_EXIT_CODE, Daemon
from national_sync.errors import NationalUnavailable, RunInProgress, SlotTaken, StopRequested
from national_sync.log import configure_log
from national_sync.schedule import Schedule
from national_sync.stopping import StopFlag
from national_sync.sync.report import RunReport
from national_sync.sync.run import RunRequest


@pytest.fixture(autouse=True)
def _quiet_log() -> Iterator[None]:
    configure_log("error")
    yield
    structlog.reset_defaults()


@dataclass
class Wall:
    """A clock that stands still until it is moved."""

    seconds: float

    def now(self) -> float:
        return self.seconds

    def wait(self, seconds: float) -> None:
        self.seconds += seconds


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=PUER_TIME).timestamp()


@dataclass
class FakeRuns:
    """The runs of one database as two daemons see them."""

    done: list[str] = field(default_factory=list)
    before_run: Callable[[], None] = lambda: None

    def is_taken(self, slot: str) -> bool:
        return slot in self.done

    def run(self, request: RunRequest) -> RunReport:
        self.before_run()
        assert request.slot is not None
        if request.slot in self.done:
            raise SlotTaken(slot=request.slot)
        self.done.append(request.slot)
        return RunReport(run=len(self.done), kind=request.kind.value)


def daemon(
    runs: FakeRuns, now: str, *, stop: StopFlag | None = None, catches_up: bool = True, grace_seconds: float = 5
) -> Daemon:
    return Daemon(
        schedule=Schedule(time(2, 30), light_minute=15, catches_up=catches_up, grace_seconds=grace_seconds),
        runs=runs,
        clock=Wall(at(now)),
        stop=stop or StopFlag(),
    )


def failing(error: Exception) -> FakeRuns:
    def fail() -> None:
        raise error

    return FakeRuns(before_run=fail)


def test_a_missed_night_is_made_good_once() -> None:
    runs = FakeRuns(done=["nightly 2026-11-20 02:30"])
    for _start in range(2):
        daemon(runs, "2026-11-24 09:00").work_nightly()
    assert runs.done == ["nightly 2026-11-20 02:30", "nightly 2026-11-24 02:30"]


def test_an_hour_fetches_changes_when_the_night_is_done() -> None:
    runs = FakeRuns(done=["nightly 2026-11-24 02:30"])
    daemon(runs, "2026-11-24 09:15").work_hourly()
    assert runs.done[-1] == "light 2026-11-24 09:15"


def test_an_hour_makes_good_a_night_that_was_not_served() -> None:
    runs = FakeRuns()
    daemon(runs, "2026-11-24 09:15").work_hourly()
    assert runs.done == ["nightly 2026-11-24 02:30"]


def test_without_catching_up_an_hour_stays_an_hour() -> None:
    runs = FakeRuns()
    daemon(runs, "2026-11-24 09:15", catches_up=False).work_hourly()
    assert runs.done == ["light 2026-11-24 09:15"]


def test_two_daemons_do_a_night_once() -> None:
    runs = FakeRuns()
    both_have_looked = threading.Barrier(2)
    one_at_a_time = threading.Lock()
    is_taken = runs.is_taken

    def looked(slot: str) -> bool:
        taken = is_taken(slot)
        both_have_looked.wait()
        return taken

    def claim(request: RunRequest) -> RunReport:
        with one_at_a_time:
            return FakeRuns.run(runs, request)

    runs.is_taken, runs.run = looked, claim  # type: ignore[method-assign]
    threads = [threading.Thread(target=daemon(runs, "2026-11-24 02:30").work_nightly) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert runs.done == ["nightly 2026-11-24 02:30"]


@pytest.mark.parametrize(
    "error",
    [
        RunInProgress(run=1, holder="other"),
        SlotTaken(slot="nightly"),
        StopRequested(),
        NationalUnavailable(reason="refused"),
        RuntimeError("a bug"),
    ],
)
def test_the_daemon_outlives_a_night_that_fails(error: Exception) -> None:
    daemon(failing(error), "2026-11-24 02:30").work_nightly()


def test_a_foreign_errors_text_stays_out_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    daemon(failing(RuntimeError("张三 532701199001010010")), "2026-11-24 02:30").work_nightly()
    told = capsys.readouterr()
    assert "RuntimeError" in told.out + told.err
    assert "张三" not in told.out + told.err


def test_the_wakings_are_as_set() -> None:
    scheduler = daemon(FakeRuns(), "2026-11-24 09:00").scheduler()
    now = datetime(2026, 11, 24, 9, 20, tzinfo=PUER_TIME)
    waking = {job.id: job.trigger.get_next_fire_time(None, now) for job in scheduler.get_jobs() if job.id != "catch_up"}
    assert waking == {
        "night": datetime(2026, 11, 25, 2, 30, tzinfo=PUER_TIME),
        "hour": datetime(2026, 11, 24, 10, 15, tzinfo=PUER_TIME),
    }


def test_serving_ends_when_told_to_and_lets_the_run_finish() -> None:
    stop = StopFlag()
    runs = FakeRuns(before_run=stop.set)
    assert daemon(runs, "2026-11-24 09:00", stop=stop).serve() == 0
    assert runs.done == ["nightly 2026-11-24 02:30"]


def test_serving_ends_after_the_grace_time_when_a_run_hangs() -> None:
    stop, release = StopFlag(), threading.Event()

    def hang() -> None:
        stop.set()
        release.wait()

    runs = FakeRuns(before_run=hang)
    try:
        assert daemon(runs, "2026-11-24 09:00", stop=stop, grace_seconds=0.05).serve() == GRACE_SPENT_EXIT_CODE
    finally:
        release.set()
        _join_workers()


def _join_workers() -> None:
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(5)


def test_nothing_is_begun_after_the_wish_to_stop() -> None:
    stop, runs = StopFlag(), FakeRuns()
    stop.set()
    daemon(runs, "2026-11-24 09:00", stop=stop).work_nightly()
    assert runs.done == []
