"""Sending what is due: committed first, then sent, then booked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
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

WINDOW_CALLS: Final = 4
"""Calls per allowed concurrent one that are committed as in flight together; bounds what a crash leaves unknown."""
PUSH_ROUNDS: Final = 2
"""A record that changed between plan and send is planned once more in the same night."""


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
                self.outbox.plan_creates(entity)
                again = self._send(entity, Verb.CREATE)
                self.outbox.plan_updates(entity)
                again += self._send(entity, Verb.UPDATE)
                if not again or self.pushed.stopped:
                    break
        for entity in reversed(entities):
            self.outbox.plan_deletes(entity)
            self._send(entity, Verb.DELETE)

    def _send(self, entity: Entity, verb: Verb) -> int:
        """Send the planned operations of one kind; returns how many must be planned again."""
        capabilities = self.national.capabilities()
        per_call = capabilities.batch_size if (entity, verb) in capabilities.batch_write else 1
        window_calls = max(1, capabilities.concurrency * WINDOW_CALLS)
        if per_call > 1:
            window_calls = capabilities.concurrency
        with self.transactions.read() as tx:
            planned = tx.execute(
                "SELECT id FROM operation WHERE state = 'planned' AND entity = :entity AND verb = :verb ORDER BY id",
                entity=entity.value,
                verb=verb.value,
            )
            due = list(planned.scalars())
        again = sent = 0
        reads = verb is not Verb.CREATE and not capabilities.conditional_write
        windows = list(slices(due, per_call * window_calls))
        with ThreadPoolExecutor(max_workers=capabilities.concurrency) as pool:
            ahead = self._prepare(pool, entity, windows[0], reads=reads) if windows else None
            for number, ids in enumerate(windows):
                if self.stop():
                    raise StopRequested()
                if self.pushed.stopped or ahead is None:
                    break
                window, current = ahead
                fresh = self._unchanged_there(window, current) if reads else window
                again += len(window) - len(fresh)
                answers = self._sent(pool, fresh, per_call)
                is_last = number + 1 == len(windows)
                # The next window is looked at while this one is booked.
                ahead = None if is_last else self._prepare(pool, entity, windows[number + 1], reads=reads)
                again += self._booked(entity, fresh, answers)
                sent += len(ids)
                self.advance(f"send_{entity}", sent, len(due))
        return again

    def _prepare(
        self, pool: ThreadPoolExecutor, entity: Entity, ids: Sequence[int], *, reads: bool
    ) -> tuple[Sequence[StoredOperation], Iterator[list[Record | Reject | None]]]:
        """Load a window and begin to read what the national side has of it."""
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

    def _sent(self, pool: ThreadPoolExecutor, window: Sequence[StoredOperation], per_call: int) -> list[Outcome]:
        if not window:
            return []
        with self.transactions.write(durable=True) as tx:
            mark_in_flight(tx, window)
        self.transactions.lease.check()
        failpoint("before_send")
        calls = list(slices(window, per_call))
        answers = list(pool.map(lambda call: self.national.send([stored.operation for stored in call]), calls))
        failpoint("after_reply")
        return [outcome for outcomes_of_call in answers for outcome in outcomes_of_call]

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
        except NationalSideError:
            # What exists there cannot be seen now: it is looked up before anything is sent again.
            return stored, Unknown("what the national side means could not be fetched"), []
        return stored, outcome, []
