"""Taking up what is staged: plan, guard and apply one entity."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text

from national_sync.errors import StopRequested
from national_sync.national.port import NationalSystem, Reject
from national_sync.policy import Policy
from national_sync.records import Entity
from national_sync.store.marks import read_mark, write_mark
from national_sync.sync.bulk import (
    StagedCounts,
    absent_rows,
    apply_staged,
    clear_staged,
    count_staged,
    rebuild_indexes,
    refresh_staged,
    report_unresolved,
    thoughtful_ids,
)
from national_sync.sync.guard import ActionClass, GuardReason, guard_reason, may_proceed
from national_sync.sync.kinds import MismatchKind
from national_sync.sync.mirror import load_mirrored
from national_sync.sync.mismatches import open_mismatch
from national_sync.sync.observe import listing_count
from national_sync.sync.operations import absorb
from national_sync.sync.plan import CreateRow, UpdateRow, Wait, WithdrawRow, counts_as_service
from national_sync.sync.settle import settle_staged, withdraw_row
from national_sync.sync.slices import slices
from national_sync.sync.stage import close_unknown_reference
from national_sync.sync.transaction import Transaction, Transactions

SETTLED_TOGETHER: Final = 200
"""Records decided one by one in one transaction."""
APPLY_PASSES: Final = 3
"""A row edited between plan and apply is planned again, at most this often in one night."""
LISTINGS_BEFORE_ABSENCE: Final = 2


@dataclass
class TakenUp:
    """What was taken into the mirror."""

    created: int = 0
    updated: int = 0
    withdrawn: int = 0
    waiting: int = 0
    """Records that stay staged: held, or naming something unknown."""


@dataclass(frozen=True)
class TakeUp:
    """Plan, guard and apply for one run."""

    transactions: Transactions
    national: NationalSystem
    policy: Policy
    stop: Callable[[], bool]
    advance: Callable[[str, int, int | None], None]
    held: list[tuple[Entity, ActionClass]]

    def run(self, entity: Entity, *, exact_listing: bool, national_total: int | None) -> TakenUp:
        """Take up what is staged of one entity, in the order: absences, single decisions, bulk."""
        taken = TakenUp()
        rebuild_indexes(self.transactions, entity)
        absent = self._missed_twice(entity) if exact_listing else []
        with self.transactions.read() as tx:
            staged = count_staged(tx.connection, entity)
        if not absent and not staged.records:
            # A run that was killed may have taken in what waited without saying so.
            self._report_waiting(entity, 0)
            return taken
        remapped = self._remapped(entity)
        total_dropped = self._total_dropped(entity, national_total)
        for number in range(APPLY_PASSES):
            if number:
                with self.transactions.write() as tx:
                    refresh_staged(tx, entity)
                    staged = count_staged(tx.connection, entity)
            may_update = self._guard_updates(entity, staged, remapped)
            may_withdraw = self._guard_withdrawals(entity, staged, absent, total_dropped)
            settled = self._settle_singly(entity, taken, may_update=may_update, may_withdraw=may_withdraw)
            if may_withdraw and not number:
                taken.withdrawn += self._withdraw_absent(entity, absent)
            applied = apply_staged(
                self.transactions,
                entity,
                staged,
                may_update=may_update,
                stop=self.stop,
                advance=lambda rows: self.advance(f"apply_{entity}", rows, None),
            )
            taken.created += applied.created
            taken.updated += applied.updated
            everything = settled + applied.created + applied.updated == staged.changed
            taken.waiting = clear_staged(self.transactions, entity, everything=everything)
            if not taken.waiting or not self._edited_meanwhile(entity, may_update=may_update):
                break
        self._report_waiting(entity, taken.waiting)
        return taken

    def _report_waiting(self, entity: Entity, waiting: int) -> None:
        """A mismatch for each record that waits for what it names, and none for one that waits no longer."""
        with self.transactions.read() as tx:
            reported = tx.execute(_open_unknown(entity)).scalar_one()
            come_in = list(tx.execute(_no_longer_unknown(entity)).scalars())
        if reported < waiting or come_in:
            with self.transactions.write() as tx:
                report_unresolved(tx, entity)
                for national_id in come_in:
                    close_unknown_reference(tx, entity, national_id)

    # Guards

    def _guard_updates(self, entity: Entity, staged: StagedCounts, remapped: bool) -> bool:
        with self.transactions.read() as tx:
            rows = self._live_rows(tx, entity)
        reason = guard_reason(
            self.policy.guards, ActionClass.UPDATE, records=staged.updates, rows=rows, remapped=remapped
        )
        may_update = self._pass(
            entity,
            ActionClass.UPDATE,
            reason,
            staged.updates,
            f"SELECT o.national_id, o.national_hash FROM observed_{entity} o WHERE o.row_id IS NOT NULL"
            " AND NOT o.is_deleted AND (o.mirror_hash IS NULL OR o.mirror_hash <> o.national_hash)"
            " ORDER BY o.national_id",
        )
        if remapped and may_update:
            with self.transactions.write() as tx:
                write_mark(tx.connection, f"mapping.{entity}", self.national.mapping_version())
        return may_update

    def _guard_withdrawals(self, entity: Entity, staged: StagedCounts, absent: list[int], total_dropped: bool) -> bool:
        with self.transactions.read() as tx:
            rows = self._live_rows(tx, entity)
        records = staged.tombstones + len(absent)
        reason = guard_reason(
            self.policy.guards, ActionClass.WITHDRAW, records=records, rows=rows, total_dropped=total_dropped
        )
        ids = ", ".join(str(row_id) for row_id in absent) or "NULL"
        return self._pass(
            entity,
            ActionClass.WITHDRAW,
            reason,
            records,
            f"SELECT o.national_id FROM observed_{entity} o WHERE o.row_id IS NOT NULL AND o.is_deleted"
            f" UNION SELECT m.national_id FROM {entity} m WHERE m.id IN ({ids}) ORDER BY 1",
        )

    def _pass(self, entity: Entity, action: ActionClass, reason: GuardReason | None, records: int, query: str) -> bool:
        with self.transactions.read() as tx:
            has_hold = tx.execute(
                "SELECT 1 FROM hold WHERE entity = :entity AND action = :action"
                " AND state IN ('open', 'approved', 'rejected')",
                entity=entity.value,
                action=action.value,
            ).first()
        if reason is None and not has_hold:
            return True
        with self.transactions.write() as tx:
            lines = (f"{action} {entity} {_line(row)}" for row in tx.connection.execute(text(query)))
            passed = may_proceed(tx, entity, action, reason, records=records, lines=lines)
        if not passed and (entity, action) not in self.held:
            self.held.append((entity, action))
        return passed

    def _live_rows(self, tx: Transaction, entity: Entity) -> int:
        return int(
            tx.execute(
                "SELECT COALESCE(SUM(records), 0) FROM bucket_digest WHERE entity = :entity",
                entity=entity.value,
            ).scalar_one()
        )

    def _total_dropped(self, entity: Entity, national_total: int | None) -> bool:
        if national_total is None:
            return False
        with self.transactions.read() as tx:
            rows = self._live_rows(tx, entity)
        return national_total < rows * (1 - self.policy.guards.total_drop_percent / 100) and rows > 20

    def _remapped(self, entity: Entity) -> bool:
        """Whether the translation has changed since the mirror was written by it."""
        version = self.national.mapping_version()
        with self.transactions.read() as tx:
            known = read_mark(tx.connection, f"mapping.{entity}")
        if known is None:
            with self.transactions.write() as tx:
                write_mark(tx.connection, f"mapping.{entity}", version)
        return known is not None and known != version

    # Single decisions

    def _settle_singly(self, entity: Entity, taken: TakenUp, *, may_update: bool, may_withdraw: bool) -> int:
        """Returns how many staged records were settled."""
        owners = self.policy.owners[entity]
        with self.transactions.read() as tx:
            ids = thoughtful_ids(tx.connection, entity, owners)
            if not (may_update and may_withdraw):
                ids = [one for one in ids if _is_allowed(tx, entity, one, may_update, may_withdraw)]
        done = 0
        for some in self.transactions.pace.slices(ids, SETTLED_TOGETHER):
            if self.stop():
                raise StopRequested()
            with self.transactions.write() as tx:
                settled = settle_staged(tx, entity, owners, some)
            done += sum(1 for actions in settled.values() if not any(isinstance(action, Wait) for action in actions))
            for actions in settled.values():
                taken.created += any(isinstance(action, CreateRow) for action in actions)
                taken.updated += any(isinstance(action, UpdateRow) for action in actions)
                taken.withdrawn += any(isinstance(action, WithdrawRow) for action in actions)
        return done

    def _edited_meanwhile(self, entity: Entity, *, may_update: bool) -> bool:
        """Whether something staged could be taken up after all: its row changed between plan and apply."""
        with self.transactions.read() as tx:
            return (
                may_update
                and tx.execute(
                    f"SELECT 1 FROM observed_{entity} o LEFT JOIN {entity} m ON m.national_id = o.national_id"
                    " WHERE (o.row_id IS NOT NULL AND NOT o.is_deleted AND (m.id IS NULL"
                    " OR m.national_hash <> o.mirror_hash OR EXISTS (SELECT 1 FROM local_change c"
                    f" WHERE c.entity = '{entity}' AND c.row_id = o.row_id)))"
                    " OR (o.row_id IS NULL AND m.id IS NOT NULL) LIMIT 1"
                ).first()
                is not None
            )

    # Absence: two complete listings, and a "not found" on asking.

    def _missed_twice(self, entity: Entity) -> list[int]:
        with self.transactions.read() as tx:
            absent = absent_rows(tx.connection, entity)
            listing = listing_count(tx, entity)
            noted = tx.rows(
                "SELECT row_id, listings_missed, last_listing FROM absence WHERE entity = :e", e=entity.value
            )
        if not absent and not noted:
            return []
        with self.transactions.write() as tx:
            _note_absences(tx, entity, absent, listing)
            rows = tx.execute(
                "SELECT row_id FROM absence WHERE entity = :entity AND listings_missed >= :enough ORDER BY row_id",
                entity=entity.value,
                enough=LISTINGS_BEFORE_ABSENCE,
            )
            return list(rows.scalars())

    def _withdraw_absent(self, entity: Entity, row_ids: Iterable[int]) -> int:
        withdrawn = 0
        capabilities = self.national.capabilities()
        per_call = capabilities.batch_size if capabilities.batch_read else 1
        for some in slices(list(row_ids), per_call):
            with self.transactions.read() as tx:
                known = tx.rows(
                    f"SELECT id, national_id FROM {entity} WHERE id IN ({', '.join(str(one) for one in some)})"
                )
            answers = self.national.get(entity, [row["national_id"] for row in known])
            with self.transactions.write() as tx:
                for row, answer in zip(known, answers, strict=True):
                    if answer is None:
                        withdrawn += _withdraw_missing(tx, entity, row)
                    elif not isinstance(answer, Reject):
                        absorb(tx, entity, self.policy.owners[entity], [answer])
                    tx.execute(
                        "DELETE FROM absence WHERE entity = :entity AND row_id = :row_id",
                        entity=entity.value,
                        row_id=row["id"],
                    )
        return withdrawn


def _withdraw_missing(tx: Transaction, entity: Entity, row: Mapping[str, Any]) -> int:
    row_id, national_id = row["id"], row["national_id"]
    mirrored = load_mirrored(tx, entity, row_id=row_id)
    if mirrored is None or mirrored.is_withdrawn:
        return 0
    withdraw_row(tx, entity, mirrored, national_hash=None, updated_at_ms=None)
    open_mismatch(tx, MismatchKind.MISSING_NATIONALLY, entity, row_id=row_id, national_id=national_id)
    if counts_as_service(entity, mirrored.values):
        open_mismatch(tx, MismatchKind.HOURS_WITHDRAWN, entity, row_id=row_id, national_id=national_id)
    return 1


def _note_absences(tx: Transaction, entity: Entity, absent: list[int], listing: int) -> None:
    gone = set(absent)
    for row in tx.rows("SELECT row_id FROM absence WHERE entity = :entity", entity=entity.value):
        if row["row_id"] not in gone:
            tx.execute(
                "DELETE FROM absence WHERE entity = :entity AND row_id = :row_id",
                entity=entity.value,
                row_id=row["row_id"],
            )
    for row_id in absent:
        tx.execute(
            "INSERT INTO absence (entity, row_id, listings_missed, last_listing) VALUES (:entity, :row_id, 1, :listing)"
            " ON CONFLICT (entity, row_id) DO UPDATE SET listings_missed = absence.listings_missed + 1,"
            " last_listing = excluded.last_listing WHERE absence.last_listing < excluded.last_listing",
            entity=entity.value,
            row_id=row_id,
            listing=listing,
        )


def _is_allowed(tx: Transaction, entity: Entity, national_id: str, may_update: bool, may_withdraw: bool) -> bool:
    row = tx.rows(f"SELECT is_deleted, row_id FROM observed_{entity} WHERE national_id = :id", id=national_id)[0]
    if row["is_deleted"]:
        return may_withdraw or row["row_id"] is None
    return may_update or row["row_id"] is None


def _open_unknown(entity: Entity) -> str:
    return (
        f"SELECT COUNT(*) FROM observed_{entity} o JOIN mismatch m ON m.subject = o.national_id"
        f" WHERE m.state = 'open' AND m.kind = 'unknown_reference' AND m.entity = '{entity}'"
    )


def _no_longer_unknown(entity: Entity) -> str:
    return (
        f"SELECT m.subject FROM mismatch m WHERE m.state = 'open' AND m.kind = 'unknown_reference'"
        f" AND m.entity = '{entity}' AND NOT EXISTS (SELECT 1 FROM observed_{entity} o WHERE o.national_id = m.subject)"
    )


def _line(row: Iterable[object]) -> str:
    return " ".join(part.hex() if isinstance(part, bytes | memoryview) else str(part) for part in row)
