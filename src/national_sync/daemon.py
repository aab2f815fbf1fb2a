"""The daemon: the nightly run and the hourly light pull, each slot once however many daemons there are.

The scheduler only wakes it up; what is due is read from the runs in the database. So a night that was missed, killed
or not served is made good at the next waking, once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import text

from national_sync.bootstrap import follow_exchange
from national_sync.clock import PUER_TIME, Clock
from national_sync.errors import NationalSyncError, RunInProgress, SlotTaken, StopRequested
from national_sync.run_files import keep_report
from national_sync.schedule import Schedule
from national_sync.stopping import StopFlag
from national_sync.sync.report import RunReport
from national_sync.sync.run import RunKind, RunRequest

if TYPE_CHECKING:
    from national_sync.bootstrap import Bootstrap

log = structlog.get_logger()

GRACE_SPENT_EXIT_CODE: Final = 6


class Runs(Protocol):
    """What a waking needs. Nothing stays open between two wakings: a daemon outlives a broken night."""

    def is_taken(self, slot: str) -> bool:
        """Whether this slot's run is done or at work."""

    def run(self, request: RunRequest) -> RunReport: ...


class EngineRuns:
    """The runs of one database, with a real engine."""

    def __init__(self, bootstrap: Bootstrap, stop: StopFlag) -> None:
        self._bootstrap = bootstrap
        self._stop = stop

    def is_taken(self, slot: str) -> bool:
        with self._bootstrap.database() as database, database.read() as connection:
            state = connection.execute(text("SELECT state FROM run WHERE slot = :slot"), {"slot": slot}).scalar()
        return state == "finished"

    def run(self, request: RunRequest) -> RunReport:
        with self._bootstrap.engine(stop=self._stop, progress=_Silence()) as engine:
            report = engine.run(request)
        keep_report(self._bootstrap.reports_directory, report.to_json())
        self._keep_up_exchange()
        return report

    def _keep_up_exchange(self) -> None:
        """The accounts of hours follow what the run has changed. The run is done, whatever becomes of this."""
        try:
            kept = follow_exchange(self._bootstrap)
        except NationalSyncError as error:
            log.error("exchange_failed", code=error.code)
        else:
            log.info("exchange_kept_up", **kept.to_json())


class _Silence:
    """A daemon's progress is its log."""

    def step(self, name: str) -> None:
        log.debug("run_step", step=name)

    def advance(self, name: str, done: int, total: int | None) -> None: ...


def daemon_of(bootstrap: Bootstrap, stop: StopFlag) -> Daemon:
    return Daemon(schedule=bootstrap.schedule, runs=EngineRuns(bootstrap, stop), clock=bootstrap.clock, stop=stop)


class Daemon:
    def __init__(
        self,
        *,
        schedule: Schedule,
        runs: Runs,
        clock: Clock,
        stop: StopFlag,
    ) -> None:
        self._schedule = schedule
        self._runs = runs
        self._clock = clock
        self._stop = stop
        self._at_work = threading.Lock()

    def serve(self) -> int:
        """Work until told to stop; 0 when everything ended in the grace time."""
        scheduler = self.scheduler()
        scheduler.start()
        log.info("daemon_started", next_night=str(scheduler.get_job("night").next_run_time))
        self._stop.wait()
        scheduler.shutdown(wait=False)
        if not self._at_work.acquire(timeout=self._schedule.grace_seconds):
            # Every write is one transaction and every call has its operation row: nothing is half done.
            log.warning("daemon_grace_spent", grace_seconds=self._schedule.grace_seconds)
            return GRACE_SPENT_EXIT_CODE
        self._at_work.release()  # A waking that waits for its turn finds the wish to stop.
        log.info("daemon_stopped")
        return 0

    def scheduler(self) -> BackgroundScheduler:
        """The wakings. A late one is still made (the machine may have slept), several late ones once."""
        scheduler = BackgroundScheduler(
            timezone=PUER_TIME,
            executors={"default": {"type": "threadpool", "max_workers": 1}},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )
        nightly = self._schedule.nightly
        scheduler.add_job(
            self.work_nightly,
            CronTrigger(hour=nightly.hour, minute=nightly.minute, timezone=PUER_TIME),
            id="night",
        )
        if self._schedule.light_minute is not None:
            scheduler.add_job(
                self.work_hourly, CronTrigger(minute=self._schedule.light_minute, timezone=PUER_TIME), id="hour"
            )
        if self._schedule.catches_up:
            scheduler.add_job(self.work_nightly, id="catch_up")
        return scheduler

    def work_nightly(self) -> None:
        """Run the last night unless it is done."""
        self._work(self._night_due)

    def work_hourly(self) -> None:
        """Run the last night if it is still owed, else fetch the changes of the hour."""
        self._work(lambda: (self._night_due() if self._schedule.catches_up else None) or self._hour_due())

    def _night_due(self) -> RunRequest | None:
        slot = self._schedule.night_before(self._clock.now())
        if self._runs.is_taken(slot):
            log.debug("night_is_done", slot=slot)
            return None
        return RunRequest(kind=RunKind.NIGHTLY, slot=slot)

    def _hour_due(self) -> RunRequest:
        return RunRequest(kind=RunKind.LIGHT, slot=self._schedule.light_before(self._clock.now()))

    def _work(self, due: Callable[[], RunRequest | None]) -> None:
        with self._at_work:
            if self._stop():
                return
            try:
                request = due()
                if request is not None:
                    self._run(request)
            except NationalSyncError as error:
                log.error("run_failed", code=error.code)
            except Exception as error:  # The border of a job: the daemon lives on for the next night.
                # The text of a foreign error may quote a person's data; its kind does not.
                log.error("run_broken", kind=type(error).__name__)

    def _run(self, request: RunRequest) -> None:
        log.info("run_started", slot=request.slot)
        try:
            report = self._runs.run(request)
        except (RunInProgress, SlotTaken) as error:
            log.info("run_left_to_another", slot=request.slot, code=error.code)
        except StopRequested:
            log.info("run_stopped", slot=request.slot)
        else:
            log.info("run_ended", slot=request.slot, exit_code=report.exit_code)
