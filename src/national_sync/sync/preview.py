"""What a run would do, and whether both sides agree: read from a rehearsal's staging, nothing is carried out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from national_sync.policy import Policy
from national_sync.records import REFERENCES, Entity
from national_sync.sync.bulk import absent_rows, thoughtful_ids, twin_ids
from national_sync.sync.guard import plan_hash
from national_sync.sync.operations import count_open_operations
from national_sync.sync.settle import preview_staged
from national_sync.sync.transaction import Transaction, Transactions

SHOWN_LINES: Final = 50


@dataclass
class PlanPreview:
    """The plan as counts by entity and action, the first lines of it, and its hash."""

    plan_hash: str = ""
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    operations: dict[str, int] = field(default_factory=dict)
    """Writes of earlier runs that are not settled, by state; a run looks them up before anything else."""

    @property
    def has_changes(self) -> bool:
        return any(number for counts in self.counts.values() for number in counts.values())

    def to_json(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass
class VerifyReport:
    """Every difference between the sides, by whether an open item explains it."""

    differing: dict[str, int] = field(default_factory=dict)
    only_here: dict[str, int] = field(default_factory=dict)
    explained: dict[str, int] = field(default_factory=dict)
    unexplained: list[dict[str, Any]] = field(default_factory=list)
    not_exact: list[str] = field(default_factory=list)
    """Entities whose listing shifted while it was read, so that absences were not judged."""

    @property
    def sides_agree(self) -> bool:
        return not self.unexplained

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "sides_agree": self.sides_agree}


def preview_plan(transactions: Transactions, policy: Policy, entities: Sequence[Entity]) -> PlanPreview:
    preview = PlanPreview()
    every_line: list[str] = []
    with transactions.read() as tx:
        preview.operations = count_open_operations(tx.connection)
        for entity in entities:
            for line in (*_incoming(tx, policy, entity), *_outgoing(tx, entity)):
                action = line.split(" ", 1)[0]
                counts = preview.counts.setdefault(entity.value, {})
                counts[action] = counts.get(action, 0) + 1
                every_line.append(f"{entity} {line}")
    preview.plan_hash = plan_hash(every_line)
    preview.lines = every_line[:SHOWN_LINES]
    return preview


def _incoming(tx: Transaction, policy: Policy, entity: Entity) -> list[str]:
    thoughtful = thoughtful_ids(tx.connection, entity, policy.owners[entity])
    lines = []
    for national_id in thoughtful:
        for action in preview_staged(tx, entity, policy.owners[entity], national_id):
            lines.append(f"{_word(type(action).__name__)} {national_id}")
    singly = set(thoughtful)
    missing = " OR ".join(
        f"(NOT EXISTS (SELECT 1 FROM {ref.target} r WHERE r.{ref.target_field} = o.{ref.field})"
        f" AND o.{ref.field} NOT IN (SELECT s.{ref.target_field} FROM observed_{ref.target} s"
        f" WHERE s.{ref.target_field} IS NOT NULL))"
        for ref in REFERENCES[entity]
    )
    for row in tx.rows(
        f"SELECT o.national_id, o.row_id, CASE WHEN {missing or '1 = 0'} THEN 1 ELSE 0 END AS waits"
        f" FROM observed_{entity} o WHERE o.mirror_hash IS NULL OR o.mirror_hash <> o.national_hash"
        " ORDER BY o.national_id"
    ):
        if row["national_id"] not in singly:
            action_word = "wait" if row["waits"] else "update" if row["row_id"] is not None else "create"
            lines.append(f"{action_word} {row['national_id']}")
    return [line for line in lines if not line.startswith(("skip ", "wait "))]


def _outgoing(tx: Transaction, entity: Entity) -> list[str]:
    busy = _rows_with_a_write_under_way(tx, entity)
    created = tx.execute(f"SELECT id FROM {entity} WHERE sync_rev IS NULL AND national_id IS NULL ORDER BY id")
    refused = set(
        tx.execute(
            "SELECT row_id FROM mismatch WHERE state = 'open' AND kind = 'refused_by_review' AND entity = :entity",
            entity=entity.value,
        ).scalars()
    )
    lines = [f"send_create row:{row_id}" for row_id in created.scalars() if row_id not in busy | refused]
    changed = tx.rows(
        f"SELECT DISTINCT m.id, m.national_id FROM local_change c JOIN {entity} m ON m.id = c.row_id"
        " WHERE c.entity = :entity AND m.national_id IS NOT NULL AND m.withdrawn_at IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM mismatch x WHERE x.state = 'open' AND x.entity = c.entity"
        " AND x.row_id = c.row_id AND (x.field = c.field OR x.field = '')) ORDER BY m.id",
        entity=entity.value,
    )
    lines += [f"send_update {row['national_id']}" for row in changed if row["id"] not in busy]
    deleted = tx.rows(
        "SELECT d.national_id FROM local_deletion d WHERE d.entity = :entity AND d.national_id IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM mismatch x WHERE x.state = 'open' AND x.entity = d.entity"
        " AND x.subject = d.national_id) ORDER BY d.id",
        entity=entity.value,
    )
    return lines + [f"send_delete {row['national_id']}" for row in deleted]


def _rows_with_a_write_under_way(tx: Transaction, entity: Entity) -> set[int]:
    """What was planned and never sent is planned anew by the next run, so it is no reason to leave a row out."""
    rows = tx.execute(
        "SELECT row_id FROM operation WHERE entity = :entity AND (state IN ('in_flight', 'unknown', 'pending')"
        " OR (state = 'planned' AND attempts > 0))",
        entity=entity.value,
    )
    return set(rows.scalars())


def _word(action: str) -> str:
    return {
        "CreateRow": "create",
        "UpdateRow": "update",
        "WithdrawRow": "withdraw",
        "SettleDeletion": "settle_deletion",
        "ReportMismatch": "mismatch",
        "Wait": "wait",
        "Skip": "skip",
    }[action]


def preview_verify(transactions: Transactions, entities: Sequence[Entity], *, exact: set[Entity]) -> VerifyReport:
    """Judge a rehearsal that has listed everything."""
    report = VerifyReport(not_exact=sorted(entity.value for entity in entities if entity not in exact))
    with transactions.read() as tx:
        for entity in entities:
            differing = tx.rows(
                f"SELECT o.national_id, o.row_id FROM observed_{entity} o"
                " WHERE (o.mirror_hash IS NULL OR o.mirror_hash <> o.national_hash)"
                " AND NOT (o.is_deleted AND o.row_id IS NULL)"
            )
            absent = absent_rows(tx.connection, entity) if entity in exact else []
            only_here = tx.rows(
                f"SELECT id AS row_id, national_id FROM {entity} WHERE id IN"
                f" ({', '.join(str(row_id) for row_id in absent) or 'NULL'})"
            )
            report.differing[entity.value] = len(differing)
            report.only_here[entity.value] = len(only_here)
            apart = [*differing, *only_here, *_not_yet_sent(tx, entity)]
            # What a local creation has become there, its answer lost, is the same difference as the creation itself.
            twins = twin_ids(tx.connection, entity)
            left = [row for row in apart if row["national_id"] not in twins and not _is_explained(tx, entity, row)]
            report.explained[entity.value] = len(apart) - len(left)
            report.unexplained += [{"entity": entity.value, **row} for row in left]
    return report


def _not_yet_sent(tx: Transaction, entity: Entity) -> list[Mapping[str, Any]]:
    return tx.rows(
        f"SELECT m.id AS row_id, m.national_id FROM {entity} m WHERE m.sync_rev IS NULL"
        " UNION SELECT c.row_id, NULL FROM local_change c WHERE c.entity = :entity",
        entity=entity.value,
    )


def _is_explained(tx: Transaction, entity: Entity, row: Mapping[str, Any]) -> bool:
    """Invariant I8: an open mismatch, hold, quarantine, operation or local change stands for every difference."""
    known = tx.execute(
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM mismatch m WHERE m.state = 'open' AND m.entity = :entity"
        " AND (m.subject = :national_id OR m.row_id = :row_id))"
        " OR EXISTS (SELECT 1 FROM quarantine q WHERE q.entity = :entity AND q.state <> 'solved'"
        " AND q.national_id = :national_id)"
        " OR EXISTS (SELECT 1 FROM operation o WHERE o.entity = :entity AND o.row_id = :row_id"
        " AND o.state IN ('planned', 'in_flight', 'unknown', 'pending'))"
        " OR EXISTS (SELECT 1 FROM local_change c WHERE c.entity = :entity AND c.row_id = :row_id)"
        " OR EXISTS (SELECT 1 FROM local_deletion d WHERE d.entity = :entity AND d.national_id = :national_id)"
        " OR EXISTS (SELECT 1 FROM absence a WHERE a.entity = :entity AND a.row_id = :row_id)"
        " OR EXISTS (SELECT 1 FROM hold h WHERE h.entity = :entity AND h.state IN ('open', 'approved', 'rejected'))"
        f" OR EXISTS (SELECT 1 FROM {entity} n WHERE n.id = :row_id AND n.sync_rev IS NULL)",
        entity=entity.value,
        national_id=row["national_id"],
        row_id=row["row_id"],
    ).first()
    return known is not None
