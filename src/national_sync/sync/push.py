"""Sending what is due: committed first, then sent, then booked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import Final

from national_sync.errors import NationalSideError, StopRequested
from national_sync.failpoint import failpoint
from national_sync.national.port import (
    Done,
    NationalSystem,
    Outcome,
    RefusalKind,
    Refused,
    Reject,
    Unknown,
    Verb,
)
from national_sync.policy import Policy
from national_sync.records import Entity, Record
from national_sync.sync.booking import Pushed, book, is_record, natural_key
from national_sync.sync.operations import (
    StoredOperation,
    absorb,
    load_operations,
    mark_in_flight,
    record_outcome,
    supersede,
)
from national_sync.sync.outbox import Outbox
from national_sync.sync.plain_edits import book_plain_edits
from national_sync.sync.slices import slices
from national_sync.sync.transaction import Transaction, Transactions

WINDOW_CALLS: Final = 2
"""Calls per allowed concurrent one that are committed as in flight together; bounds what a crash leaves unknown."""
PUSH_ROUNDS: Final = 2
"""A record that changed between plan and send is planned once more in the same night."""


@dataclass
class Due:
    """The operations of one kind in the order of their planning, a window at a time; more is planned when needed."""

    transactions: Transactions
    entity: Entity
    verb: Verb
    planning: Iterator[int]
    window_rows: int
    left: int = 0
    """Operations and rows behind the window that was taken last."""

    def windows(self) -> Iterator[list[int]]:
        waiting: list[int] = []
        latest = 0
        for unplanned in chain((0,), self.planning):
            planned = self._planned_after(latest)
            latest = max(planned, default=latest)
            waiting += planned
            while len(waiting) >= self.window_rows:
                window, waiting = waiting[: self.window_rows], waiting[self.window_rows :]
                self.left = len(waiting) + unplanned
                yield window
        self.left = 0
        if waiting:
            yield waiting

    def _planned_after(self, latest: int) -> list[int]:
        with self.transactions.read() as tx:
            planned = tx.execute(
                "SELECT id FROM operation WHERE state = 'planned' AND entity = :entity AND verb = :verb"
                " AND id > :latest ORDER BY id",
                entity=self.entity.value,
                verb=self.verb.value,
                latest=latest,
            )
            return list(planned.scalars())


@dataclass(frozen=True)
class Push:
    """The outgoing half of one run."""

    outbox: Outbox
    transactions: Transactions
    national: NationalSystem
    policy: Policy
    stop: Callable[[], bool]
    advance: Callable[[str, int, int | None], None]
    pushed: Pushed

    def run(self, entities: Sequence[Entity]) -> None:
        """Send everything that is due: creations and edits in order, removals the other way round."""
        for entity in entities:
            for _round in range(PUSH_ROUNDS):
                again = self._send(entity, Verb.CREATE, self.outbox.plan_creates(entity))
                again += self._send(entity, Verb.UPDATE, self.outbox.plan_updates(entity))
                if not again or self.pushed.stopped:
                    break
        for entity in reversed(entities):
            self._send(entity, Verb.DELETE, self.outbox.plan_deletes(entity))

    def _send(self, entity: Entity, verb: Verb, planning: Iterator[int]) -> int:
        """Send the operations of one kind while they are planned; returns how many must be planned again.

        While a window is sent the reads of the next one are done and those of the one after it wait behind its writes,
        so that no allowed call is idle while outcomes are booked and more is planned.
        """
        capabilities = self.national.capabilities()
        per_call = capabilities.batch_size if (entity, verb) in capabilities.batch_write else 1
        reads = verb is not Verb.CREATE and not capabilities.conditional_write
        due = Due(self.transactions, entity, verb, planning, per_call * max(1, capabilities.concurrency) * WINDOW_CALLS)
        windows = due.windows()
        again = sent = 0
        with ThreadPoolExecutor(max_workers=capabilities.concurrency) as pool:
            window, read = self._prepare(pool, entity, next(windows, []), reads=reads)
            next_window, next_read = self._prepare(pool, entity, next(windows, []), reads=reads)
            while window:
                if self.stop():
                    raise StopRequested()
                fresh = self._unchanged_there(window, read) if reads else window
                again += len(window) - len(fresh)
                sent += len(window)
                under_way = self._sending(pool, fresh, per_call)
                window, read = next_window, next_read
                next_window, next_read = self._prepare(pool, entity, next(windows, []), reads=reads)
                again += self._booked(entity, fresh, self._answered(under_way))
                self.advance(f"send_{entity}", sent, sent + len(window) + len(next_window) + due.left)
                if self.pushed.stopped:
                    break
        for _left in planning:
            # What cannot be sent any more today is planned all the same: its reports belong to this night.
            pass
        return again

    def _prepare(
        self, pool: ThreadPoolExecutor, entity: Entity, ids: Sequence[int], *, reads: bool
    ) -> tuple[Sequence[StoredOperation], Iterator[list[Record | Reject | None]]]:
        """Load a window and begin to read what the national side has of it."""
        if not ids:
            return [], iter(())
        with self.transactions.read() as tx:
            window = load_operations(tx, f"id IN ({', '.join(str(one) for one in ids)})")
        capabilities = self.national.capabilities()
        per_call = capabilities.batch_size if capabilities.batch_read else 1
        national_ids = [stored.operation.record.national_id for stored in window] if reads else []
        return window, pool.map(lambda some: self.national.get(entity, some), list(slices(national_ids, per_call)))

    def _unchanged_there(
        self, window: Sequence[StoredOperation], answers: Iterator[list[Record | Reject | None]]
    ) -> list[StoredOperation]:
        """Look before writing: what changed there since it was planned is taken up and planned again."""
        current = [answer for answers_of_call in answers for answer in answers_of_call]
        fresh: list[StoredOperation] = []
        moved: list[tuple[StoredOperation, Record | Reject | None]] = []
        for stored, record in zip(window, current, strict=True):
            is_same = (
                record is not None
                and not isinstance(record, Reject)
                and not record.is_deleted
                and record.updated_at_ms == stored.operation.record.updated_at_ms
            )
            if is_same:
                fresh.append(stored)
            else:
                moved.append((stored, record))
        if moved:
            with self.transactions.write() as tx:
                for stored, record in moved:
                    self._take_up(tx, stored, record)
        return fresh

    def _take_up(self, tx: Transaction, stored: StoredOperation, record: Record | Reject | None) -> None:
        operation = stored.operation
        if record is None and operation.verb is Verb.DELETE:
            record_outcome(tx, self.policy.owners, stored, Done(operation.record.national_id, None))
        elif record is None:
            record_outcome(tx, self.policy.owners, stored, Refused(RefusalKind.NOT_FOUND, "", "not found"))
        elif isinstance(record, Reject):
            supersede(tx, stored, "the national record is not understood at the moment")
        else:
            supersede(tx, stored, "changed nationally before it was sent")
            absorb(tx, operation.entity, self.policy.owners[operation.entity], [record])

    def _sending(
        self, pool: ThreadPoolExecutor, window: Sequence[StoredOperation], per_call: int
    ) -> Iterator[Sequence[Outcome]]:
        """Commit that a window is in flight, and begin to send it."""
        if not window:
            return iter(())
        with self.transactions.write(durable=True) as tx:
            mark_in_flight(tx, window)
        self.transactions.lease.check()
        failpoint("before_send")
        calls = list(slices(window, per_call))
        return pool.map(lambda call: self.national.send([stored.operation for stored in call]), calls)

    def _answered(self, under_way: Iterator[Sequence[Outcome]]) -> list[Outcome]:
        outcomes = [outcome for outcomes_of_call in under_way for outcome in outcomes_of_call]
        if outcomes:
            failpoint("after_reply")
        return outcomes

    def _booked(self, entity: Entity, window: Sequence[StoredOperation], outcomes: Sequence[Outcome]) -> int:
        """Book a window; returns how many must be planned or sent again."""
        if not window:
            return 0
        answered = [self._found_instead(stored, outcome) for stored, outcome in zip(window, outcomes, strict=True)]
        again = 0
        with self.transactions.write(durable=True) as tx:
            plain = book_plain_edits(tx, entity, [(stored, outcome) for stored, outcome, _found in answered])
            for stored, outcome, found in answered:
                if stored.id in plain:
                    self.pushed.count(stored.operation, outcome)
                else:
                    again += book(tx, self.policy.owners, self.pushed, stored, outcome, found)
        return again

    def _found_instead(
        self, stored: StoredOperation, outcome: Outcome
    ) -> tuple[StoredOperation, Outcome, list[Record]]:
        """Where the national side says "it exists" or "it changed", fetch what it means."""
        operation = stored.operation
        if not isinstance(outcome, Refused):
            return stored, outcome, []
        try:
            if outcome.kind is RefusalKind.EXISTS and operation.verb is Verb.CREATE:
                return stored, outcome, self.national.find(operation.entity, natural_key(operation))
            if outcome.kind is RefusalKind.CHANGED_MEANWHILE:
                [record] = self.national.get(operation.entity, [operation.record.national_id])
                return stored, outcome, [record] if is_record(record) else []
        except (NationalSideError, StopRequested):
            # What exists there cannot be seen now: it is looked up before anything is sent again.
            return stored, Unknown("what the national side means could not be fetched"), []
        return stored, outcome, []
