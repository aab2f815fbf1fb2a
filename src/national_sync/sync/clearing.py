"""Clearing up: an operation without a trusted answer is looked up, never repeated blindly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from national_sync.errors import ProtocolBroken, StopRequested
from national_sync.national.port import Done, NationalSystem, Operation, Refused, Verb
from national_sync.policy import Policy
from national_sync.records import Entity, Record, Value
from national_sync.sync.booking import Pushed, book, is_record, natural_key
from national_sync.sync.operations import StoredOperation, absorb, load_operations, plan_again, supersede
from national_sync.sync.transaction import Transaction, Transactions


@dataclass(frozen=True)
class ClearUp:
    """Settles what earlier runs left in flight, unknown or under review."""

    transactions: Transactions
    national: NationalSystem
    policy: Policy
    stop: Callable[[], bool]
    pushed: Pushed

    def run(self) -> None:
        """Look up every operation that is in flight from a dead run, unknown, or under review."""
        with self.transactions.read() as tx:
            unsettled = load_operations(tx, "state IN ('in_flight', 'unknown', 'pending')")
        for stored in unsettled:
            if self.stop():
                raise StopRequested()
            self._clear_up_one(stored)
        with self.transactions.read() as tx:
            has_unsent = tx.execute("SELECT 1 FROM operation WHERE state = 'planned' AND attempts = 0 LIMIT 1").first()
        if has_unsent:
            with self.transactions.write() as tx:
                # Never sent: what is still due is planned anew from the rows as they stand now.
                tx.execute("DELETE FROM operation WHERE state = 'planned' AND attempts = 0")

    def _clear_up_one(self, stored: StoredOperation) -> None:
        if stored.ticket is not None:
            outcome = self.national.result(stored.ticket)
            if isinstance(outcome, Done | Refused):
                with self.transactions.write(durable=True) as tx:
                    book(tx, self.policy.owners, self.pushed, stored, outcome)
            return
        match stored.operation.verb:
            case Verb.CREATE:
                self._look_up_creation(stored)
            case Verb.UPDATE | Verb.DELETE:
                self._look_up_record(stored)

    def _look_up_creation(self, stored: StoredOperation) -> None:
        operation = stored.operation
        key: Mapping[str, Value] = natural_key(operation)
        if self.national.capabilities().client_reference:
            key = {"reference": operation.reference}
        try:
            found = self.national.find(operation.entity, key)
        except ProtocolBroken:
            # A match that cannot be read may be ours; sending again could make it two.
            with self.transactions.write() as tx:
                self._remember_unknown(tx, stored)
            return
        with self.transactions.write(durable=True) as tx:
            unlinked = [record for record in found if not _is_linked(tx, operation.entity, record.national_id)]
            if len(unlinked) == 1:
                book(tx, self.policy.owners, self.pushed, stored, Done(unlinked[0].national_id, unlinked[0]))
            elif not unlinked and self._cannot_take_effect_any_more(tx, stored):
                plan_again(tx, stored)
            else:
                self._remember_unknown(tx, stored)

    def _look_up_record(self, stored: StoredOperation) -> None:
        operation = stored.operation
        [record] = self.national.get(operation.entity, [operation.record.national_id])
        with self.transactions.write(durable=True) as tx:
            if operation.verb is Verb.DELETE and (record is None or (is_record(record) and record.is_deleted)):
                book(tx, self.policy.owners, self.pushed, stored, Done(operation.record.national_id, None))
            elif is_record(record) and operation.verb is Verb.UPDATE and _took_effect(operation, record):
                book(tx, self.policy.owners, self.pushed, stored, Done(operation.record.national_id, record))
            elif self._cannot_take_effect_any_more(tx, stored):
                supersede(tx, stored, "it had no effect")
                if is_record(record):
                    absorb(tx, operation.entity, self.policy.owners[operation.entity], [record])
            else:
                self._remember_unknown(tx, stored)

    def _cannot_take_effect_any_more(self, tx: Transaction, stored: StoredOperation) -> bool:
        if self.national.capabilities().idempotency_key and stored.operation.verb is Verb.CREATE:
            return True
        return tx.now >= (stored.sent_at or 0) + self.policy.windows.settle_seconds

    def _remember_unknown(self, tx: Transaction, stored: StoredOperation) -> None:
        tx.execute(
            "UPDATE operation SET state = 'unknown' WHERE id = :id AND state <> 'unknown'",
            id=stored.id,
        )
        self.pushed.unknown += 1


def _took_effect(operation: Operation, record: Record) -> bool:
    return all(getattr(record, name) == value for name, value in operation.fields.items())


def _is_linked(tx: Transaction, entity: Entity, national_id: str) -> bool:
    return bool(tx.rows(f"SELECT id FROM {entity} WHERE national_id = :id", id=national_id))
