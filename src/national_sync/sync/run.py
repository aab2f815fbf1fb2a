"""One run from beginning to end: observe, plan, guard, apply, push, verify, report."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final, Protocol

from national_sync import audit
from national_sync.clock import Clock, local_date
from national_sync.errors import CapabilityMissing, NationalSideError, NationalSyncError, TriggersMissing
from national_sync.national.port import Capabilities, NationalSystem, Scope
from national_sync.policy import Policy
from national_sync.records import SEALED_FIELDS, Entity
from national_sync.sealing import Sealer
from national_sync.store import triggers
from national_sync.store.database import Database
from national_sync.store.marks import read_mark, write_mark
from national_sync.store.rehearsal import Rehearsal
from national_sync.sync import lease as leases
from national_sync.sync.booking import Pushed
from national_sync.sync.bulk import refresh_leftovers, report_missing_here
from national_sync.sync.clearing import ClearUp
from national_sync.sync.decisions import carry_out_decisions
from national_sync.sync.digest import rebuild_digest
from national_sync.sync.examine import examine
from national_sync.sync.guard import ActionClass
from national_sync.sync.holds import mark_executed
from national_sync.sync.mirror import plain_values, seal_plain_values
from national_sync.sync.observe import Pulled, observe, plan_pull, scope_to_json
from national_sync.sync.outbox import Outbox
from national_sync.sync.preview import PlanPreview, VerifyReport, preview_plan, preview_verify
from national_sync.sync.push import Push
from national_sync.sync.quarantines import ask_again
from national_sync.sync.report import RunReport, count_open_items
from national_sync.sync.standing import apply_rules
from national_sync.sync.takeup import TakenUp, TakeUp
from national_sync.sync.transaction import Transactions
from national_sync.sync.verify import Difference, compare, read_share_again


class RunKind(StrEnum):
    NIGHTLY = "nightly"
    """Everything, with verification."""
    LIGHT = "light"
    """Changes in both directions, without verification."""
    MANUAL = "manual"
    """Like nightly, started by a person."""
    DECISIONS = "decisions"
    """Carries out what persons decided and sends what is due; nothing is read but what that takes."""


_VERIFYING: Final = (RunKind.NIGHTLY, RunKind.MANUAL)
_CARRIED_OUT_BY: Final = {RunKind.DECISIONS: (ActionClass.SEND_UPDATE, ActionClass.SEND_DELETE)}
"""The classes of actions that a kind of run carries out, where it is not all of them."""


@dataclass(frozen=True)
class RunRequest:
    """What to run. With a scope or some entities only, the rest is left as it is."""

    kind: RunKind = RunKind.MANUAL
    full: bool = False
    """List everything instead of what changed since the last run."""
    entities: tuple[Entity, ...] = tuple(Entity)
    scope: Scope = field(default_factory=Scope)
    slot: str | None = None
    """The scheduled moment this run stands for."""


class Progress(Protocol):
    """Where a run tells a waiting person how far it is."""

    def step(self, name: str) -> None: ...

    def advance(self, name: str, done: int, total: int | None) -> None: ...


class Duty(Protocol):
    """A local duty that goes on step by step: it writes local rows, which the run sends, and looks what became of them."""

    def __call__(self, transactions: Transactions, capabilities: Capabilities) -> bool:
        """Take the steps that are due; whether there is something to send now."""


_READ_BY_DUTY: Final = frozenset({Entity.TEAM, Entity.VOLUNTEER, Entity.MEMBERSHIP})
"""A run that has not just read all of these takes no step of the duty."""
MOST_PUSHES: Final = 4
"""In one run, where the duty has something to send again and again."""


class Silent:
    """Tells nobody."""

    def step(self, name: str) -> None:
        pass

    def advance(self, name: str, done: int, total: int | None) -> None:
        pass


class Engine:
    """Runs the nightly mirror. Not thread-safe: one engine, one run at a time."""

    def __init__(
        self,
        *,
        database: Database,
        national: NationalSystem,
        meter: leases.RunMeter,
        sealer: Sealer,
        policy: Policy,
        clock: Clock,
        holder: str,
        stop: Callable[[], bool] = lambda: False,
        progress: Progress | None = None,
        duty: Duty | None = None,
    ) -> None:
        self._database = database
        self._national = national
        self._meter = meter
        self._sealer = sealer
        self._policy = policy
        self._clock = clock
        self._holder = holder
        self._stop = stop
        self._progress = progress or Silent()
        self._duty = duty

    def run(self, request: RunRequest) -> RunReport:
        """Do one run.

        Raises RunInProgress or SlotTaken before anything is done, LeaseLost when another run took over, StopRequested
        on a wish to stop, and a NationalSideError when the national side fails; progress is kept in every case.
        """
        lease = leases.acquire(
            self._database,
            self._clock,
            holder=self._holder,
            kind=request.kind.value,
            scope=scope_to_json(request.scope),
            slot=request.slot,
        )
        self._meter.run_id = lease.run_id
        transactions = Transactions(lease, self._sealer)
        report = RunReport(lease.run_id, request.kind.value)
        started_at = self._clock.now()
        try:
            with self._opened_national():
                self._do(transactions, request, report)
            report.seconds = round(self._clock.now() - started_at, 3)
            with self._database.read() as connection:
                count_open_items(connection, report)
                report.audit_head = str(audit.head_of(connection))
            report.exit_code = exit_code_of(report)
            leases.finish(lease, state="finished", exit_code=report.exit_code, report=json.dumps(report.to_json()))
        except NationalSyncError as error:
            self._finish_failed(lease, report, error.code, error.exit_code)
            raise
        except Exception:
            self._finish_failed(lease, report, NationalSyncError.code, NationalSyncError.exit_code)
            raise
        finally:
            self._meter.run_id = None
        return report

    def plan(self, request: RunRequest) -> PlanPreview:
        """What a run would do now, decided by the same code; nothing is written on either side."""
        with self._rehearsal() as transactions, self._opened_national():
            self._observe(transactions, request)
            return preview_plan(transactions, self._policy, request.entities)

    def verify(self, entities: tuple[Entity, ...] = tuple(Entity)) -> VerifyReport:
        """Read the whole national side and compare it record by record; nothing is written on either side."""
        with self._rehearsal() as transactions, self._opened_national():
            pulled = self._observe(transactions, RunRequest(full=True, entities=entities))
            return preview_verify(
                transactions, entities, exact={entity for entity in entities if pulled[entity].is_exact}
            )

    # The steps of a run

    def _do(self, transactions: Transactions, request: RunRequest, report: RunReport) -> None:
        held: list[tuple[Entity, ActionClass]] = []
        pushed = Pushed()
        outbox = Outbox(transactions, self._national, self._policy, self._stop, held)
        push = Push(outbox, transactions, self._national, self._policy, self._stop, self._progress.advance, pushed)
        take_up = TakeUp(transactions, self._national, self._policy, self._stop, self._progress.advance, held=held)
        self._progress.step("prepare")
        with transactions.read() as tx:
            missing = triggers.missing(tx.connection)
        if missing:
            raise TriggersMissing(names=", ".join(missing))
        report.sealed = self._seal(transactions)
        ClearUp(transactions, self._national, self._policy, self._stop, pushed).run()
        report.decided = self._decide(transactions)
        if request.kind is not RunKind.DECISIONS:
            self._pull(transactions, take_up, request, report)
        self._progress.step("push")
        self._push(transactions, push, request)
        _add_pushed(report, pushed)
        if not report.stopped:
            mark_executed(transactions, request.entities, _CARRIED_OUT_BY.get(request.kind, ActionClass))
        if request.kind in _VERIFYING and request.scope.is_everything:
            self._progress.step("verify")
            self._verify(transactions, take_up, request, report)
        self._progress.step("examine")
        examine(transactions, self._policy.checks)

    def _decide(self, transactions: Transactions) -> int:
        apply_rules(transactions)
        return carry_out_decisions(transactions, self._national, self._policy)

    def _pull(self, transactions: Transactions, take_up: TakeUp, request: RunRequest, report: RunReport) -> None:
        pulled = self._observe(transactions, request)
        ask_again(transactions, self._national)
        self._progress.step("apply")
        for entity in request.entities:
            self._take_up(take_up, entity, pulled[entity], report)
        if apply_rules(transactions):
            # What a standing rule settles goes out in the same night.
            report.decided += carry_out_decisions(transactions, self._national, self._policy)

    def _push(self, transactions: Transactions, push: Push, request: RunRequest) -> None:
        """Send, and let the duty go on from what it brought about, until it has no more to send."""
        has_read = request.kind is not RunKind.DECISIONS and request.scope.is_everything
        duty = self._duty if has_read and set(request.entities) >= _READ_BY_DUTY else None
        capabilities = self._national.capabilities()
        if duty is not None:
            duty(transactions, capabilities)
        for _push in range(MOST_PUSHES):
            push.run(request.entities)
            if push.pushed.stopped or duty is None or not duty(transactions, capabilities):
                break

    def _seal(self, transactions: Transactions) -> int:
        with transactions.read() as tx:
            if not any(plain_values(tx, entity, column) for entity in Entity for column in SEALED_FIELDS[entity]):
                return 0
        with transactions.write() as tx:
            return sum(seal_plain_values(tx, entity) for entity in Entity)

    def _observe(self, transactions: Transactions, request: RunRequest) -> dict[Entity, Pulled]:
        """Pull every entity to its end before anything is decided."""
        self._progress.step("observe")
        pulled = {}
        for entity in request.entities:
            pulled[entity] = self._observe_one(transactions, request, entity)
        return pulled

    def _observe_one(self, transactions: Transactions, request: RunRequest, entity: Entity) -> Pulled:
        refresh_leftovers(transactions, entity)
        has_filter = entity in self._national.capabilities().change_filter
        listing = request.full or not has_filter or self._listing_is_due(transactions, request, entity)
        pull = plan_pull(
            transactions,
            entity,
            listing=listing,
            scope=request.scope,
            overlap_ms=self._policy.windows.overlap_seconds * 1000,
        )
        return observe(
            transactions,
            self._national,
            pull,
            stop=self._stop,
            advance=lambda done, total: self._progress.advance(f"observe_{entity}", done, total),
        )

    def _listing_is_due(self, transactions: Transactions, request: RunRequest, entity: Entity) -> bool:
        """Absences and losses show only in a whole listing: every so many days, and after a difference."""
        if request.kind is RunKind.LIGHT or not request.scope.is_everything:
            return False
        with transactions.read() as tx:
            last_listed = read_mark(tx.connection, f"listed.{entity}")
        if last_listed is None:
            return False
        age = local_date(self._clock.now()) - local_date(last_listed)
        return age >= timedelta(days=self._policy.windows.full_listing_every_days)

    def _take_up(self, take_up: TakeUp, entity: Entity, pulled: Pulled, report: RunReport) -> None:
        exact_listing = pulled.is_listing and pulled.is_exact
        if pulled.covered_before_ms is not None and exact_listing:
            # What a stale replica may show late is not missing yet.
            known_by_then = pulled.covered_before_ms - self._policy.windows.overlap_seconds * 1000
            with take_up.transactions.write() as tx:
                report_missing_here(tx, entity, known_by_then)
        taken = take_up.run(entity, exact_listing=exact_listing, national_total=pulled.total if exact_listing else None)
        _add_taken(report, entity, pulled.seen, taken)
        if exact_listing:
            with take_up.transactions.write() as tx:
                write_mark(tx.connection, f"listed.{entity}", int(self._clock.now()))

    def _verify(self, transactions: Transactions, take_up: TakeUp, request: RunRequest, report: RunReport) -> None:
        """Where the sides count differently without an explanation, first count ours again, then list everything."""
        capabilities = self._national.capabilities()
        for entity in request.entities:
            if not capabilities.digest:
                changed = read_share_again(
                    transactions,
                    self._national,
                    entity,
                    nights=self._policy.windows.reread_nights,
                    stop=self._stop,
                )
                if changed:
                    _add_taken(report, entity, 0, take_up.run(entity, exact_listing=False, national_total=None))
            difference = self._compare(transactions, entity)
            if difference is not None:
                with transactions.write() as tx:
                    rebuild_digest(tx, entity)
                difference = self._compare(transactions, entity)
            if difference is not None:
                listing = RunRequest(kind=request.kind, full=True, entities=(entity,))
                self._take_up(take_up, entity, self._observe_one(transactions, listing, entity), report)
                difference = self._compare(transactions, entity)
            if difference is not None:
                report.differences.append(
                    {"entity": entity.value, "ours": difference.ours, "theirs": difference.theirs}
                )

    def _compare(self, transactions: Transactions, entity: Entity) -> Difference | None:
        try:
            return compare(transactions, self._national, entity)
        except CapabilityMissing:
            return None

    # Around the steps

    @contextmanager
    def _opened_national(self) -> Iterator[None]:
        try:
            self._national.open()
            yield
        finally:
            # Also after an opening that failed halfway: it may hold a connection and reserved calls.
            self._national.close()

    @contextmanager
    def _rehearsal(self) -> Iterator[Transactions]:
        rehearsal = Rehearsal(self._database)
        with rehearsal.open():
            yield Transactions(leases.RehearsalLease(rehearsal, self._clock), self._sealer)

    def _finish_failed(self, lease: leases.Lease, report: RunReport, code: str, exit_code: int) -> None:
        report.exit_code = exit_code
        report.stopped = code
        with contextlib.suppress(NationalSyncError):
            # The error that ended the run is the one to tell; a lost lease or a full disk cannot be written down.
            with self._database.read() as connection:
                report.audit_head = str(audit.head_of(connection))
            leases.finish(lease, state="failed", exit_code=exit_code, report=json.dumps(report.to_json()))


def exit_code_of(report: RunReport) -> int:
    """The exit codes of a run that came to its end (docs/cli.md)."""
    if report.stopped:
        return NationalSideError.exit_code
    if report.holds_open:
        return 4
    return 1 if report.mismatches_new or report.quarantined_new else 0


def _add_pushed(report: RunReport, pushed: Pushed) -> None:
    for (entity, verb), count in pushed.done.items():
        report.pushed.setdefault(entity.value, {})[verb.value] = count
    report.refused, report.unknown = pushed.refused, pushed.unknown
    report.pending, report.not_sent = pushed.pending, pushed.not_sent
    report.stopped = pushed.stopped


def _add_taken(report: RunReport, entity: Entity, seen: int, taken: TakenUp) -> None:
    counts = report.pulled.setdefault(
        entity.value, {"seen": 0, "created": 0, "updated": 0, "withdrawn": 0, "waiting": 0}
    )
    counts["seen"] += seen
    counts["created"] += taken.created
    counts["updated"] += taken.updated
    counts["withdrawn"] += taken.withdrawn
    counts["waiting"] = taken.waiting
