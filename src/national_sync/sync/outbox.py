"""What is due to go out becomes committed operations; what may not go out is reported, restored or left to a person.

Each kind is planned step by step, a transaction a step, and says after each how many rows are left, so that the first
operations can be on their way while the later ones are planned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from msgspec.structs import replace

from national_sync.errors import StopRequested
from national_sync.national.port import NationalSystem, Verb
from national_sync.policy import Owner, Policy
from national_sync.records import Entity, HourState, Record, Value, mirror_columns
from national_sync.sync.booking import is_record
from national_sync.sync.deletions import settle_deletion
from national_sync.sync.guard import ActionClass, guard_reason, may_proceed
from national_sync.sync.kinds import MismatchKind
from national_sync.sync.merge import Conflict
from national_sync.sync.mirror import drop_base, load_mirrored, old_row_of, write_row
from national_sync.sync.mismatches import close_mismatch, close_mismatches, open_mismatch, plain_text
from national_sync.sync.operations import (
    field_of,
    load_operations,
    plan_operation,
    record_of_row,
    refused_before,
    rows_with_open_operation,
)
from national_sync.sync.plain_edits import plan_plain_edits
from national_sync.sync.plan import Mirrored, is_frozen
from national_sync.sync.sendable import Fault, faults_of, is_open
from national_sync.sync.slices import slices
from national_sync.sync.transaction import Transaction, Transactions

PLANNED_ROWS: Final = 500
"""Rows planned in one transaction."""
_LIVE_HOURS: Final = ", ".join(
    f"'{state}'" for state in (HourState.APPLYING, HourState.NOT_SIGNED_OUT, HourState.EFFECTIVE)
)


@dataclass(frozen=True)
class Outbox:
    """Plans the outgoing operations of one run."""

    transactions: Transactions
    national: NationalSystem
    policy: Policy
    stop: Callable[[], bool]
    held: list[tuple[Entity, ActionClass]] = field(default_factory=list)

    def plan_creates(self, entity: Entity) -> Iterator[int]:
        with self.transactions.read() as tx:
            busy = rows_with_open_operation(tx, entity)
            row_ids = tx.execute(
                f"SELECT id FROM {entity} WHERE sync_rev IS NULL AND national_id IS NULL ORDER BY id"
            ).scalars()
            due = [row_id for row_id in row_ids if row_id not in busy]
        yield from self._step_by_step(due, lambda tx, row_id: self._plan_create(tx, entity, row_id))

    def _plan_create(self, tx: Transaction, entity: Entity, row_id: int) -> None:
        mirrored = load_mirrored(tx, entity, row_id=row_id)
        if mirrored is None or (entity is Entity.HOUR_RECORD and is_open(mirrored.values)):
            return
        if self._report_faults(tx, entity, mirrored, None, mirrored.values):
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

    def plan_updates(self, entity: Entity) -> Iterator[int]:
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
        for left, some in _steps(due):
            with self._step() as tx:
                planned = plan_plain_edits(tx, entity, self.policy.owners[entity], some)
                for row_id in some:
                    if row_id not in planned:
                        self._plan_update(tx, entity, row_id)
            yield left

    def _plan_update(self, tx: Transaction, entity: Entity, row_id: int) -> None:
        mirrored = load_mirrored(tx, entity, row_id=row_id)
        if mirrored is None or not mirrored.bases:
            return
        identity = tx.rows(f"SELECT national_id, national_updated_at_ms FROM {entity} WHERE id = :id", id=row_id)[0]
        edited = {column: mirrored.values[column] for column in mirrored.bases}
        faulty = self._report_faults(tx, entity, mirrored, identity["national_id"], edited)
        columns = [
            column
            for column in sorted(mirrored.bases)
            if column not in faulty and self._may_go_out(tx, entity, mirrored, identity["national_id"], column)
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

    def _report_faults(
        self, tx: Transaction, entity: Entity, mirrored: Mirrored, national_id: str | None, values: Mapping[str, Value]
    ) -> dict[str, Fault]:
        """Report the values of a row that cannot be sent, and close the reports of those that now can."""
        faults = faults_of(entity, values)
        reported = tx.execute(
            "SELECT field FROM mismatch WHERE state = 'open' AND kind = :kind AND entity = :entity"
            " AND row_id = :row_id",
            kind=MismatchKind.UNSENDABLE_VALUE.value,
            entity=entity.value,
            row_id=mirrored.row_id,
        )
        mended = [column for column in reported.scalars() if column not in faults]
        close_mismatches(tx, entity, mirrored.row_id, kinds=[MismatchKind.UNSENDABLE_VALUE], fields=mended)
        for column, fault in faults.items():
            agreed = mirrored.bases.get(column)
            open_mismatch(
                tx,
                MismatchKind.UNSENDABLE_VALUE,
                entity,
                row_id=mirrored.row_id,
                national_id=national_id,
                conflict=Conflict(column, agreed, mirrored.values[column], agreed),
                detail={"fault": fault.value},
            )
        return faults

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

    def plan_deletes(self, entity: Entity) -> Iterator[int]:
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
        hours = self._live_hours(entity, [deletion["row_id"] for deletion in due])
        yield from self._step_by_step(due, lambda tx, deletion: self._plan_delete(tx, entity, deletion, shown, hours))

    def _live_hours(self, entity: Entity, row_ids: Sequence[int]) -> Counter[int]:
        """By row: how many hour records that count or may yet count the national side still has of it.

        Hours that were deleted here too are gone by now, unless their deletion waits; then they count.
        """
        column = f"{entity}_id"
        hours: Counter[int] = Counter()
        if column not in mirror_columns(Entity.HOUR_RECORD):
            return hours
        with self.transactions.read() as tx:
            for some in slices(row_ids, PLANNED_ROWS):
                counted = tx.rows(
                    f"SELECT {column} AS row_id, COUNT(*) AS records FROM hour_record WHERE {column} IN"
                    f" ({', '.join(str(row_id) for row_id in some)}) AND withdrawn_at IS NULL"
                    f" AND national_id IS NOT NULL AND state IN ({_LIVE_HOURS}) GROUP BY {column}"
                )
                hours.update({row["row_id"]: row["records"] for row in counted})
            deleted = tx.rows(
                "SELECT old_row FROM local_deletion WHERE entity = 'hour_record' AND national_id IS NOT NULL"
            )
        hours.update(old_row[column] for old_row in map(old_row_of, deleted) if old_row["withdrawn_at"] is None)
        return hours

    def _orphans_shown(self, entity: Entity, deletions: Sequence[Mapping[str, Any]]) -> dict[str, Record]:
        """By national id: what the national side shows of those whose row named something that is gone without a
        trace, so that only the national record still tells what it belongs to."""
        with self.transactions.read() as tx:
            ids = [
                deletion["national_id"]
                for deletion in deletions
                if deletion["national_id"] is not None and self._record_of_deletion(tx, entity, deletion) is None
            ]
        capabilities = self.national.capabilities()
        per_call = capabilities.batch_size if capabilities.batch_read else 1
        answers = [answer for some in slices(ids, per_call) for answer in self.national.get(entity, some)]
        return {answer.national_id: answer for answer in answers if is_record(answer)}

    def _record_of_deletion(self, tx: Transaction, entity: Entity, deletion: Mapping[str, Any]) -> Record | None:
        mirrored = load_mirrored(tx, entity, national_id=deletion["national_id"])
        if mirrored is None:
            return None
        if faults_of(entity, mirrored.values):
            return None
        identity = {**old_row_of(deletion), "national_id": deletion["national_id"]}
        return record_of_row(tx, entity, mirrored.values, identity, is_leaving=True)

    def _plan_delete(
        self,
        tx: Transaction,
        entity: Entity,
        deletion: Mapping[str, Any],
        shown: Mapping[str, Record],
        hours: Mapping[int, int],
    ) -> None:
        national_id = deletion["national_id"]
        if national_id is None:
            tx.execute("DELETE FROM local_deletion WHERE id = :id", id=deletion["id"])
            return
        old_row = old_row_of(deletion)
        if old_row["withdrawn_at"] is not None:
            settle_deletion(tx, entity, national_id)
            return
        mirrored = load_mirrored(tx, entity, national_id=national_id)
        if mirrored is None or not mirrored.is_deleted_here:
            return
        if self._deletion_waits(tx, entity, mirrored, national_id, hours.get(mirrored.row_id, 0)):
            return
        record = self._record_of_deletion(tx, entity, deletion)
        if record is None and national_id in shown:
            record = replace(shown[national_id], updated_at_ms=old_row["national_updated_at_ms"] or 0)
        if record is not None and not refused_before(tx, entity, mirrored.row_id, Verb.DELETE, {}):
            plan_operation(tx, entity, mirrored.row_id, Verb.DELETE, record, {})

    def _deletion_waits(
        self, tx: Transaction, entity: Entity, mirrored: Mirrored, national_id: str, hours: int
    ) -> bool:
        if hours:
            open_mismatch(
                tx,
                MismatchKind.DELETED_WITH_RECORDS,
                entity,
                row_id=mirrored.row_id,
                national_id=national_id,
                detail={"hours": hours},
            )
            return True
        close_mismatches(tx, entity, mirrored.row_id, kinds=[MismatchKind.DELETED_WITH_RECORDS])
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

    def _step_by_step(self, due: Sequence[Any], plan: Callable[[Transaction, Any], None]) -> Iterator[int]:
        for left, some in _steps(due):
            with self._step() as tx:
                for item in some:
                    plan(tx, item)
            yield left

    @contextmanager
    def _step(self) -> Iterator[Transaction]:
        if self.stop():
            raise StopRequested()
        with self.transactions.write(durable=True) as tx:
            yield tx


def _steps(due: Sequence[Any]) -> Iterator[tuple[int, Sequence[Any]]]:
    """What is due, cut into steps, each with the number of rows that are left after it."""
    left = len(due)
    for some in slices(due, PLANNED_ROWS):
        left -= len(some)
        yield left, some


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
