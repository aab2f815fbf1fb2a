"""Sending local edits out, and clearing up operations whose fate is not known."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from msgspec.structs import replace

from national_sync.errors import NationalSideError, ProtocolBroken, StopRequested
from national_sync.failpoint import failpoint
from national_sync.national.port import (
    Capabilities,
    Done,
    NationalSystem,
    NotSent,
    Operation,
    Outcome,
    RefusalKind,
    Refused,
    Reject,
    Unknown,
    Verb,
)
from national_sync.policy import Owner, Policy
from national_sync.records import NATURAL_KEYS, Entity, Record, Value
from national_sync.sync.guard import ActionClass, guard_reason, may_proceed
from national_sync.sync.merge import Conflict
from national_sync.sync.mirror import (
    drop_base,
    load_mirrored,
    settle_deletion,
    write_row,
)
from national_sync.sync.mismatches import close_mismatch, open_mismatch, plain_text
from national_sync.sync.operations import (
    StoredOperation,
    absorb,
    field_of,
    load_operations,
    mark_in_flight,
    plan_again,
    plan_operation,
    record_of_row,
    record_outcome,
    refused_before,
    rows_with_open_operation,
    supersede,
)
from national_sync.sync.plan import Mirrored, MismatchKind, is_frozen
from national_sync.sync.slices import slices
from national_sync.sync.transaction import Transaction, Transactions

PLANNED_ROWS = 500
"""Rows planned in one transaction."""
WINDOW_CALLS = 4
"""Calls per allowed concurrent one that are committed as in flight together; bounds what a crash leaves unknown."""
PUSH_ROUNDS = 2
"""A record that changed between plan and send is planned once more in the same night."""


@dataclass
class Pushed:
    """What went out, by entity and verb."""

    done: dict[tuple[Entity, Verb], int] = field(default_factory=dict)
    refused: int = 0
    unknown: int = 0
    pending: int = 0
    not_sent: int = 0
    stopped: str = ""
    """Why nothing more is sent today, if so."""

    def count(self, operation: Operation, outcome: Outcome) -> None:
        match outcome:
            case Done():
                key = (operation.entity, operation.verb)
                self.done[key] = self.done.get(key, 0) + 1
            case Refused():
                self.refused += 1
            case Unknown():
                self.unknown += 1
            case NotSent(reason, stops_the_run):
                self.not_sent += 1
                self.stopped = self.stopped or (reason if stops_the_run else "")
            case _:
                self.pending += 1


@dataclass
class Push:
    """The outgoing half of one run."""

    transactions: Transactions
    national: NationalSystem
    policy: Policy
    stop: Callable[[], bool]
    advance: Callable[[str, int, int | None], None]
    pushed: Pushed = field(default_factory=Pushed)
    held: list[tuple[Entity, ActionClass]] = field(default_factory=list)

    @property
    def _capabilities(self) -> Capabilities:
        return self.national.capabilities()

    def run(self, entities: Sequence[Entity]) -> Pushed:
        """Send everything that is due: creations and edits in order, removals the other way round."""
        for entity in entities:
            for _round in range(PUSH_ROUNDS):
                self._plan_creates(entity)
                again = self._send(entity, Verb.CREATE)
                self._plan_updates(entity)
                again += self._send(entity, Verb.UPDATE)
                if not again or self.pushed.stopped:
                    break
        for entity in reversed(entities):
            self._plan_deletes(entity)
            self._send(entity, Verb.DELETE)
        return self.pushed

    # Planning: what is due becomes committed operations.

    def _plan_creates(self, entity: Entity) -> None:
        with self.transactions.read() as tx:
            busy = rows_with_open_operation(tx, entity)
            row_ids = tx.execute(
                f"SELECT id FROM {entity} WHERE sync_rev IS NULL AND national_id IS NULL ORDER BY id"
            ).scalars()
            due = [row_id for row_id in row_ids if row_id not in busy]
        for some in slices(due, PLANNED_ROWS):
            self._in_transaction(some, lambda tx, row_id: self._plan_create(tx, entity, row_id))

    def _plan_create(self, tx: Transaction, entity: Entity, row_id: int) -> None:
        mirrored = load_mirrored(tx, entity, row_id=row_id)
        if mirrored is None:
            return
        record = record_of_row(tx, entity, mirrored.values, {"national_id": None, "national_updated_at_ms": None})
        if record is None:
            return
        owners = self.policy.owners[entity]
        fields: dict[str, Value] = {
            field_of(entity, column): getattr(record, field_of(entity, column))
            for column, value in mirrored.values.items()
            if value is not None and owners[column] is not Owner.NATIONAL
        }
        if not refused_before(tx, entity, row_id, Verb.CREATE, fields):
            plan_operation(tx, entity, row_id, Verb.CREATE, record, fields)

    def _plan_updates(self, entity: Entity) -> None:
        with self.transactions.read() as tx:
            busy = rows_with_open_operation(tx, entity)
            row_ids = tx.execute(
                f"SELECT DISTINCT c.row_id FROM local_change c JOIN {entity} m ON m.id = c.row_id"
                " WHERE c.entity = :entity AND m.national_id IS NOT NULL AND m.withdrawn_at IS NULL ORDER BY c.row_id",
                entity=entity.value,
            ).scalars()
            due = [row_id for row_id in row_ids if row_id not in busy]
        if not due:
            return
        with self.transactions.write() as tx:
            reason = guard_reason(
                self.policy.guards, ActionClass.SEND_UPDATE, records=len(due), rows=_live_rows(tx, entity)
            )
            lines = (f"{change['row_id']} {change['field']}" for change in _changes(tx, entity)) if reason else ()
            if not may_proceed(tx, entity, ActionClass.SEND_UPDATE, reason, records=len(due), lines=lines):
                self.held.append((entity, ActionClass.SEND_UPDATE))
                return
        for some in slices(due, PLANNED_ROWS):
            self._in_transaction(some, lambda tx, row_id: self._plan_update(tx, entity, row_id))

    def _plan_update(self, tx: Transaction, entity: Entity, row_id: int) -> None:
        mirrored = load_mirrored(tx, entity, row_id=row_id)
        if mirrored is None or not mirrored.bases:
            return
        identity = tx.rows(f"SELECT national_id, national_updated_at_ms FROM {entity} WHERE id = :id", id=row_id)[0]
        columns = [
            column
            for column in sorted(mirrored.bases)
            if self._may_go_out(tx, entity, mirrored, identity["national_id"], column)
        ]
        if not columns:
            return
        agreed = {**mirrored.values, **mirrored.bases}
        values = {**agreed, **{column: mirrored.values[column] for column in columns}}
        record = record_of_row(tx, entity, values, identity)
        if record is None:
            return
        fields = {field_of(entity, column): getattr(record, field_of(entity, column)) for column in columns}
        before = {field_of(entity, column): mirrored.bases[column] for column in columns}
        if not refused_before(tx, entity, row_id, Verb.UPDATE, fields):
            plan_operation(tx, entity, row_id, Verb.UPDATE, record, fields, before)

    def _may_go_out(self, tx: Transaction, entity: Entity, mirrored: Mirrored, national_id: str, column: str) -> bool:
        """Whether an edited field may be sent; what may not is reported, or already waits for a person."""
        ours, base = mirrored.values[column], mirrored.bases[column]
        conflict = Conflict(column, base, ours, base)
        if ours == base:
            drop_base(tx, entity, mirrored.row_id, column)
            return False
        if self.policy.owners[entity][column] is Owner.NATIONAL:
            self._restore(tx, entity, mirrored.row_id, column, base)
            open_mismatch(
                tx,
                MismatchKind.NATIONAL_FIELD_EDITED,
                entity,
                row_id=mirrored.row_id,
                national_id=national_id,
                conflict=conflict,
                resolution="restored",
            )
            return False
        if is_frozen(entity, {**mirrored.values, **mirrored.bases}):
            open_mismatch(
                tx,
                MismatchKind.AUDITED_EDIT,
                entity,
                row_id=mirrored.row_id,
                national_id=national_id,
                conflict=conflict,
            )
            return False
        if self._waits_for_a_person(tx, entity, mirrored, column):
            return False
        if self._times_sent(tx, entity, mirrored.row_id, column, ours) >= self.policy.push.undone_after:
            open_mismatch(
                tx,
                MismatchKind.WRITE_UNDONE,
                entity,
                row_id=mirrored.row_id,
                national_id=national_id,
                conflict=conflict,
            )
            return False
        return True

    def _restore(self, tx: Transaction, entity: Entity, row_id: int, column: str, base: Value) -> None:
        write_row(tx, entity, row_id, {column: base})
        drop_base(tx, entity, row_id, column)

    def _waits_for_a_person(self, tx: Transaction, entity: Entity, mirrored: Mirrored, column: str) -> bool:
        rows = tx.rows(
            "SELECT id, kind, theirs FROM mismatch WHERE state = 'open' AND entity = :entity AND row_id = :row_id"
            " AND ((field = :field AND kind IN ('both_edited', 'write_undone'))"
            " OR kind = 'edited_here_deleted_there')",
            entity=entity.value,
            row_id=mirrored.row_id,
            field=column,
        )
        for mismatch in rows:
            theirs = plain_text(tx.sealer, entity, column, mismatch["theirs"])
            if mismatch["kind"] == MismatchKind.BOTH_EDITED and str(mirrored.values[column]) == theirs:
                # Somebody has typed the national value here: the sides agree again.
                drop_base(tx, entity, mirrored.row_id, column)
                close_mismatch(tx, mismatch["id"], "cause_gone")
        return bool(rows)

    def _times_sent(self, tx: Transaction, entity: Entity, row_id: int, column: str, value: Value) -> int:
        name = field_of(entity, column)
        done = load_operations(
            tx,
            "entity = :entity AND row_id = :row_id AND verb = 'update' AND state = 'done' AND run_id >"
            " (SELECT COALESCE(MAX(closed_run_id), 0) FROM mismatch WHERE kind = 'write_undone'"
            " AND entity = :entity AND row_id = :row_id AND field = :column)",
            entity=entity.value,
            row_id=row_id,
            column=column,
        )
        return sum(
            1 for stored in done if name in stored.operation.fields and str(stored.operation.fields[name]) == str(value)
        )

    def _plan_deletes(self, entity: Entity) -> None:
        with self.transactions.read() as tx:
            busy = rows_with_open_operation(tx, entity)
            deletions = tx.rows("SELECT * FROM local_deletion WHERE entity = :entity ORDER BY id", entity=entity.value)
            due = [deletion for deletion in deletions if deletion["row_id"] not in busy]
        if not due:
            return
        with self.transactions.write() as tx:
            reason = guard_reason(
                self.policy.guards, ActionClass.SEND_DELETE, records=len(due), rows=_live_rows(tx, entity)
            )
            lines = (str(deletion["national_id"]) for deletion in due)
            if not may_proceed(tx, entity, ActionClass.SEND_DELETE, reason, records=len(due), lines=lines):
                self.held.append((entity, ActionClass.SEND_DELETE))
                return
        shown = self._orphans_shown(entity, due)
        for some in slices(due, PLANNED_ROWS):
            self._in_transaction(some, lambda tx, deletion: self._plan_delete(tx, entity, deletion, shown))

    def _orphans_shown(self, entity: Entity, deletions: Sequence[Mapping[str, Any]]) -> dict[str, Record]:
        """By national id: what the national side shows of those whose row named something that is gone without a
        trace, so that only the national record still tells what it belongs to."""
        with self.transactions.read() as tx:
            ids = [
                deletion["national_id"]
                for deletion in deletions
                if deletion["national_id"] is not None and self._record_of_deletion(tx, entity, deletion) is None
            ]
        capabilities = self._capabilities
        per_call = capabilities.batch_size if capabilities.batch_read else 1
        answers = [answer for some in slices(ids, per_call) for answer in self.national.get(entity, some)]
        return {answer.national_id: answer for answer in answers if _is_record(answer)}

    def _record_of_deletion(self, tx: Transaction, entity: Entity, deletion: Mapping[str, Any]) -> Record | None:
        mirrored = load_mirrored(tx, entity, national_id=deletion["national_id"])
        if mirrored is None:
            return None
        identity = {**json.loads(deletion["old_row"]), "national_id": deletion["national_id"]}
        return record_of_row(tx, entity, mirrored.values, identity, is_leaving=True)

    def _plan_delete(
        self, tx: Transaction, entity: Entity, deletion: Mapping[str, Any], shown: Mapping[str, Record]
    ) -> None:
        old_row = json.loads(deletion["old_row"])
        national_id = deletion["national_id"]
        if national_id is None:
            tx.execute("DELETE FROM local_deletion WHERE id = :id", id=deletion["id"])
            return
        if old_row["withdrawn_at"] is not None:
            settle_deletion(tx, entity, national_id)
            return
        mirrored = load_mirrored(tx, entity, national_id=national_id)
        if mirrored is None or not mirrored.is_deleted_here or self._deletion_waits(tx, entity, mirrored, national_id):
            return
        record = self._record_of_deletion(tx, entity, deletion)
        if record is None and national_id in shown:
            record = replace(shown[national_id], updated_at_ms=old_row["national_updated_at_ms"] or 0)
        if record is not None and not refused_before(tx, entity, mirrored.row_id, Verb.DELETE, {}):
            plan_operation(tx, entity, mirrored.row_id, Verb.DELETE, record, {})

    def _deletion_waits(self, tx: Transaction, entity: Entity, mirrored: Mirrored, national_id: str) -> bool:
        if is_frozen(entity, mirrored.values):
            open_mismatch(
                tx,
                MismatchKind.AUDITED_EDIT,
                entity,
                row_id=mirrored.row_id,
                national_id=national_id,
                detail={"deleted": True},
            )
            return True
        return bool(
            tx.rows(
                "SELECT id FROM mismatch WHERE state = 'open' AND kind = :kind AND entity = :entity"
                " AND subject = :national_id",
                kind=MismatchKind.DELETED_HERE_EDITED_THERE.value,
                entity=entity.value,
                national_id=national_id,
            )
        )

    def _in_transaction(self, items: Sequence[Any], plan: Callable[[Transaction, Any], None]) -> None:
        if self.stop():
            raise StopRequested()
        with self.transactions.write(durable=True) as tx:
            for item in items:
                plan(tx, item)

    # Sending: committed first, then sent, then booked.

    def _send(self, entity: Entity, verb: Verb) -> int:
        """Send the planned operations of one kind; returns how many must be planned again."""
        capabilities = self._capabilities
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
        with ThreadPoolExecutor(max_workers=capabilities.concurrency) as pool:
            for ids in slices(due, per_call * window_calls):
                if self.stop():
                    raise StopRequested()
                if self.pushed.stopped:
                    break
                with self.transactions.read() as tx:
                    window = load_operations(tx, f"id IN ({', '.join(str(one) for one in ids)})")
                fresh = window
                if verb is not Verb.CREATE and not capabilities.conditional_write:
                    fresh = self._unchanged_there(pool, entity, window)
                    again += len(window) - len(fresh)
                again += self._send_window(pool, fresh, per_call)
                sent += len(ids)
                self.advance(f"send_{entity}", sent, len(due))
        return again

    def _unchanged_there(
        self, pool: ThreadPoolExecutor, entity: Entity, window: Sequence[StoredOperation]
    ) -> list[StoredOperation]:
        """Look before writing: what changed there since it was planned is taken up and planned again."""
        capabilities = self._capabilities
        per_call = capabilities.batch_size if capabilities.batch_read else 1
        ids = [stored.operation.record.national_id for stored in window]
        answers = pool.map(lambda some: self.national.get(entity, some), list(slices(ids, per_call)))
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

    def _send_window(self, pool: ThreadPoolExecutor, window: Sequence[StoredOperation], per_call: int) -> int:
        if not window:
            return 0
        with self.transactions.write(durable=True) as tx:
            mark_in_flight(tx, window)
        self.transactions.lease.check()
        failpoint("before_send")
        calls = list(slices(window, per_call))
        answers = list(pool.map(lambda call: self.national.send([stored.operation for stored in call]), calls))
        failpoint("after_reply")
        outcomes = [
            self._found_instead(stored, outcome)
            for call, call_outcomes in zip(calls, answers, strict=True)
            for stored, outcome in zip(call, call_outcomes, strict=True)
        ]
        again = 0
        with self.transactions.write(durable=True) as tx:
            for stored, outcome, found in outcomes:
                again += self._book(tx, stored, outcome, found)
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
                return stored, outcome, [record] if _is_record(record) else []
        except NationalSideError:
            # What exists there cannot be seen now: it is looked up before anything is sent again.
            return stored, Unknown("what the national side means could not be fetched"), []
        return stored, outcome, []

    def _book(self, tx: Transaction, stored: StoredOperation, outcome: Outcome, found: list[Record]) -> int:
        """Book one outcome; 1 when the record must be planned again."""
        operation = stored.operation
        owners = self.policy.owners
        if isinstance(outcome, Refused) and outcome.kind is RefusalKind.CHANGED_MEANWHILE:
            supersede(tx, stored, "changed nationally before it was sent")
            absorb(tx, operation.entity, owners[operation.entity], found)
            return 1
        if len(found) == 1:
            absorb(tx, operation.entity, owners[operation.entity], found)
            state = tx.execute("SELECT state FROM operation WHERE id = :id", id=stored.id).scalar_one()
            if state == "done":
                self.pushed.count(operation, Done(found[0].national_id, found[0]))
                return 0
        record_outcome(tx, owners, stored, outcome)
        self.pushed.count(operation, outcome)
        return int(isinstance(outcome, NotSent))

    # Clearing up: an operation without a trusted answer is looked up, never repeated blindly.

    def clear_up(self) -> None:
        """Look up every operation that is in flight from a dead run, unknown, or under review."""
        with self.transactions.read() as tx:
            unsettled = load_operations(tx, "state IN ('in_flight', 'unknown', 'pending')")
        for stored in unsettled:
            if self.stop():
                raise StopRequested()
            self._clear_up_one(stored)
        with self.transactions.read() as tx:
            unsent = load_operations(tx, "state = 'planned' AND attempts = 0")
        if unsent:
            with self.transactions.write() as tx:
                for stored in unsent:
                    tx.execute("DELETE FROM operation WHERE id = :id", id=stored.id)

    def _clear_up_one(self, stored: StoredOperation) -> None:
        if stored.ticket is not None:
            outcome = self.national.result(stored.ticket)
            if isinstance(outcome, Done | Refused):
                with self.transactions.write(durable=True) as tx:
                    self._book(tx, stored, outcome, [])
            return
        match stored.operation.verb:
            case Verb.CREATE:
                self._look_up_creation(stored)
            case Verb.UPDATE | Verb.DELETE:
                self._look_up_record(stored)

    def _look_up_creation(self, stored: StoredOperation) -> None:
        operation = stored.operation
        key: Mapping[str, Value] = natural_key(operation)
        if self._capabilities.client_reference:
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
                self._book(tx, stored, Done(unlinked[0].national_id, unlinked[0]), [])
            elif not unlinked and self._cannot_take_effect_any_more(tx, stored):
                plan_again(tx, stored)
            else:
                self._remember_unknown(tx, stored)

    def _look_up_record(self, stored: StoredOperation) -> None:
        operation = stored.operation
        [record] = self.national.get(operation.entity, [operation.record.national_id])
        with self.transactions.write(durable=True) as tx:
            if operation.verb is Verb.DELETE and (record is None or (_is_record(record) and record.is_deleted)):
                self._book(tx, stored, Done(operation.record.national_id, None), [])
            elif _is_record(record) and operation.verb is Verb.UPDATE and _took_effect(operation, record):
                self._book(tx, stored, Done(operation.record.national_id, record), [])
            elif self._cannot_take_effect_any_more(tx, stored):
                supersede(tx, stored, "it had no effect")
                if _is_record(record):
                    absorb(tx, operation.entity, self.policy.owners[operation.entity], [record])
            else:
                self._remember_unknown(tx, stored)

    def _cannot_take_effect_any_more(self, tx: Transaction, stored: StoredOperation) -> bool:
        if self._capabilities.idempotency_key and stored.operation.verb is Verb.CREATE:
            return True
        return tx.now >= (stored.sent_at or 0) + self.policy.windows.settle_seconds

    def _remember_unknown(self, tx: Transaction, stored: StoredOperation) -> None:
        tx.execute(
            "UPDATE operation SET state = 'unknown' WHERE id = :id AND state <> 'unknown'",
            id=stored.id,
        )
        self.pushed.unknown += 1


def natural_key(operation: Operation) -> dict[str, Value]:
    return {name: getattr(operation.record, name) for name in NATURAL_KEYS[operation.entity]}


def _took_effect(operation: Operation, record: Record) -> bool:
    return all(getattr(record, name) == value for name, value in operation.fields.items())


def _is_linked(tx: Transaction, entity: Entity, national_id: str) -> bool:
    return bool(tx.rows(f"SELECT id FROM {entity} WHERE national_id = :id", id=national_id))


def _is_record(answer: Record | Reject | None) -> TypeGuard[Record]:
    return answer is not None and not isinstance(answer, Reject)


def _live_rows(tx: Transaction, entity: Entity) -> int:
    total = tx.execute(
        "SELECT COALESCE(SUM(records), 0) FROM bucket_digest WHERE entity = :entity", entity=entity.value
    ).scalar_one()
    return int(total)


def _changes(tx: Transaction, entity: Entity) -> list[Mapping[str, Any]]:
    return tx.rows(
        "SELECT row_id, field FROM local_change WHERE entity = :entity ORDER BY row_id, field",
        entity=entity.value,
    )
