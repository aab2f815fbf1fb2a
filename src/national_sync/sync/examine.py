"""Examining what a night has changed by rules that look at several records at once, in set-based SQL.

Only rows above the last examined revision are looked at, with the rows they can be in conflict with. A mismatch closes
by itself when its cause is gone; one that a person has accepted is not opened again on the same row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from national_sync.policy import Checks
from national_sync.records import Entity
from national_sync.sync.plan import MismatchKind
from national_sync.sync.transaction import Transaction, Transactions, current_revision, read_mark, write_mark

_ALIVE: Final = "m.withdrawn_at IS NULL AND m.national_id IS NOT NULL"
_EFFECTIVE: Final = "m.state = 'effective' AND m.withdrawn_at IS NULL"
_CHECK_OVERLAP_SECONDS: Final = 86_400
"""A record lies within one calendar day, so only those that begin less than a day before can reach into it."""


@dataclass(frozen=True)
class Rule:
    """A fault that shows between several records, or between the fields of one."""

    kind: MismatchKind
    entity: Entity
    found: str
    """Selects the rows at fault among those touched above revision `:mark`."""
    holds: str
    """Tells whether row `m` is still at fault."""
    only_if: str = ""
    """Spares a search that reads a whole table when this selects nothing."""
    found_at_once: str = ""
    """The same as `found` in one pass over the table, for when every row is new."""


_SPAN: Final = f"{_EFFECTIVE} AND ABS(m.ended_at - m.started_at - m.service_seconds) > :rounding"
_OUTSIDE: Final = f"{_EFFECTIVE} AND (m.started_at < p.started_at OR m.ended_at > p.ended_at)"
_STILL_OUTSIDE: Final = f"EXISTS (SELECT 1 FROM project p WHERE p.id = m.project_id AND {_OUTSIDE})"
_OVERLAP: Final = (
    "o.volunteer_id = m.volunteer_id AND o.id <> m.id AND o.state = 'effective' AND o.started_at < m.ended_at"
    f" AND o.started_at > m.started_at - {_CHECK_OVERLAP_SECONDS} AND o.ended_at > m.started_at"
)
_TOTAL: Final = (
    f"{_ALIVE} AND m.total_seconds <> (SELECT COALESCE(SUM(h.service_seconds), 0) FROM hour_record h"
    " WHERE h.volunteer_id = m.id AND h.state = 'effective')"
)
_TWICE: Final = (
    "o.id_number_hash = m.id_number_hash AND o.id <> m.id AND o.withdrawn_at IS NULL AND o.national_id IS NOT NULL"
)
_NAMESAKE: Final = (
    "o.name = m.name AND o.birth_date = m.birth_date AND o.id <> m.id AND o.id_number_hash <> m.id_number_hash"
    " AND o.withdrawn_at IS NULL AND o.national_id IS NOT NULL"
)


def _later_of_pair(entity: Entity, alive: str, pair: str, later: str) -> tuple[str, str]:
    """A pair in conflict is one mismatch, on the later row: found from whichever of the two was touched."""
    found = (
        f"SELECT CASE WHEN {later} THEN m.id ELSE o.id END AS id FROM {entity} m JOIN {entity} o ON {pair}"
        f" WHERE m.sync_rev > :mark AND {alive}"
    )
    return found, f"{alive} AND EXISTS (SELECT 1 FROM {entity} o WHERE {pair})"


RULES: Final[Sequence[Rule]] = (
    Rule(
        MismatchKind.HOURS_NOT_SPAN,
        Entity.HOUR_RECORD,
        f"SELECT m.id FROM hour_record m WHERE m.sync_rev > :mark AND {_SPAN}",
        _SPAN,
    ),
    Rule(
        MismatchKind.HOURS_OUTSIDE_PROJECT,
        Entity.HOUR_RECORD,
        f"SELECT m.id FROM hour_record m JOIN project p ON p.id = m.project_id WHERE m.sync_rev > :mark AND {_OUTSIDE}",
        _STILL_OUTSIDE,
    ),
    Rule(
        MismatchKind.HOURS_OUTSIDE_PROJECT,
        Entity.HOUR_RECORD,
        "SELECT m.id FROM hour_record m JOIN project p ON p.id = m.project_id"
        f" WHERE m.project_id IN (SELECT id FROM project WHERE sync_rev > :mark) AND {_OUTSIDE}",
        _STILL_OUTSIDE,
        only_if="SELECT 1 FROM project WHERE sync_rev > :mark AND :mark > 0 LIMIT 1",
    ),
    Rule(
        MismatchKind.HOURS_OVERLAP,
        Entity.HOUR_RECORD,
        *_later_of_pair(
            Entity.HOUR_RECORD,
            _EFFECTIVE,
            _OVERLAP,
            "m.started_at > o.started_at OR (m.started_at = o.started_at AND m.id > o.id)",
        ),
        found_at_once=(
            "SELECT s.id FROM (SELECT m.id, m.started_at, MAX(m.ended_at) OVER (PARTITION BY m.volunteer_id"
            " ORDER BY m.started_at, m.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS ended_before"
            f" FROM hour_record m WHERE {_EFFECTIVE}) s WHERE s.ended_before > s.started_at"
        ),
    ),
    Rule(
        MismatchKind.TOTAL_NOT_SUM,
        Entity.VOLUNTEER,
        "SELECT m.id FROM volunteer m WHERE m.id IN (SELECT id FROM volunteer WHERE sync_rev > :mark"
        " UNION SELECT volunteer_id FROM hour_record WHERE sync_rev > :mark AND :mark > 0)"
        f" AND {_TOTAL}",
        _TOTAL,
    ),
    Rule(
        MismatchKind.REAL_NAME_FAILED,
        Entity.VOLUNTEER,
        f"SELECT m.id FROM volunteer m WHERE m.sync_rev > :mark AND {_ALIVE} AND m.real_name_state = 'failed'",
        f"{_ALIVE} AND m.real_name_state = 'failed'",
    ),
    Rule(
        MismatchKind.SAME_PERSON_TWICE,
        Entity.VOLUNTEER,
        *_later_of_pair(Entity.VOLUNTEER, _ALIVE, _TWICE, "m.id > o.id"),
    ),
    Rule(
        MismatchKind.SAME_NAME_AND_BIRTH,
        Entity.VOLUNTEER,
        *_later_of_pair(Entity.VOLUNTEER, _ALIVE, _NAMESAKE, "m.id > o.id"),
    ),
)

_EDIT_IS_OVER: Final = (
    "NOT EXISTS (SELECT 1 FROM local_change c WHERE c.entity = mismatch.entity AND c.row_id = mismatch.row_id"
    " AND (mismatch.field = '' OR c.field = mismatch.field))"
    " AND NOT EXISTS (SELECT 1 FROM local_deletion d WHERE d.entity = mismatch.entity AND d.row_id = mismatch.row_id)"
)
_SELF_CLOSING_EDITS: Final = "('both_edited', 'audited_edit', 'write_undone')"


def examine(transactions: Transactions, checks: Checks) -> None:
    """Open what the rules find in this night's rows, and close what is over."""
    with transactions.read() as tx:
        mark = int(read_mark(tx.connection, "examined_rev") or 0)
        revision = current_revision(tx.connection)
        over = _edits_that_are_over(tx)
    if over:
        with transactions.write() as tx:
            _close(tx, f"id IN ({', '.join(str(one) for one in over)})")
    if revision == mark:
        return
    for rule in RULES:
        with transactions.write() as tx:
            if not rule.only_if or tx.execute(rule.only_if, mark=mark).first():
                _open_found(tx, rule, mark, checks)
            if mark:
                _close_healed(tx, rule, checks)
    with transactions.write() as tx:
        _close_returned(tx)
        write_mark(tx.connection, "examined_rev", revision)


def _open_found(tx: Transaction, rule: Rule, mark: int, checks: Checks) -> None:
    found = rule.found_at_once if rule.found_at_once and _is_all_new(tx, rule.entity, mark) else rule.found
    tx.execute(
        "INSERT INTO mismatch (kind, entity, subject, row_id, national_id, field, detail, state, first_run_id,"
        " last_run_id, times) SELECT DISTINCT :kind, :entity, COALESCE(f.national_id, 'row:' || f.id), f.id,"
        " f.national_id, '', '{}', 'open', :run, :run, 1"
        f" FROM {rule.entity} f WHERE f.id IN ({found}) AND NOT EXISTS (SELECT 1 FROM mismatch known"
        " WHERE known.kind = :kind AND known.entity = :entity AND known.row_id = f.id"
        " AND (known.state = 'open' OR known.resolution = 'national'))"
        " ON CONFLICT DO NOTHING",
        kind=rule.kind.value,
        entity=rule.entity.value,
        run=tx.run_id,
        **_bound(found, mark, checks),
    )


def _is_all_new(tx: Transaction, entity: Entity, mark: int) -> bool:
    return tx.execute(f"SELECT 1 FROM {entity} WHERE sync_rev <= :mark LIMIT 1", mark=mark).first() is None


def _close_healed(tx: Transaction, rule: Rule, checks: Checks) -> None:
    _close(
        tx,
        f"kind = '{rule.kind}' AND NOT EXISTS"
        f" (SELECT 1 FROM {rule.entity} m WHERE m.id = mismatch.row_id AND {rule.holds})",
        **_bound(rule.holds, 0, checks),
    )


def _bound(sql: str, mark: int, checks: Checks) -> dict[str, int]:
    values = {"mark": mark, "rounding": checks.rounding_seconds}
    return {name: value for name, value in values.items() if f":{name}" in sql}


def _edits_that_are_over(tx: Transaction) -> list[int]:
    rows = tx.execute(
        f"SELECT id FROM mismatch WHERE state = 'open' AND kind IN {_SELF_CLOSING_EDITS} AND {_EDIT_IS_OVER}"
        " UNION SELECT id FROM mismatch WHERE state = 'open' AND kind = 'edited_here_deleted_there'"
        " AND NOT EXISTS (SELECT 1 FROM local_change c WHERE c.entity = mismatch.entity"
        " AND c.row_id = mismatch.row_id)"
        " UNION SELECT id FROM mismatch WHERE state = 'open' AND kind = 'deleted_here_edited_there'"
        " AND NOT EXISTS (SELECT 1 FROM local_deletion d WHERE d.entity = mismatch.entity"
        " AND d.row_id = mismatch.row_id)"
    )
    return [*rows.scalars(), *_unsendable_that_are_gone(tx)]


def _unsendable_that_are_gone(tx: Transaction) -> list[int]:
    """Values that could not be sent and are neither an edit nor part of a creation any more."""
    return [
        mismatch_id
        for entity in Entity
        for mismatch_id in tx.execute(
            "SELECT m.id FROM mismatch m WHERE m.state = 'open' AND m.kind = 'unsendable_value' AND m.entity = :entity"
            " AND NOT EXISTS (SELECT 1 FROM local_change c WHERE c.entity = m.entity AND c.row_id = m.row_id"
            " AND c.field = m.field)"
            f" AND NOT EXISTS (SELECT 1 FROM {entity} n WHERE n.id = m.row_id AND n.sync_rev IS NULL)",
            entity=entity.value,
        ).scalars()
    ]


def _close_returned(tx: Transaction) -> None:
    """What had vanished nationally is back."""
    for entity in Entity:
        _close(
            tx,
            "kind IN ('missing_nationally', 'hours_withdrawn', 'edited_here_deleted_there')"
            f" AND entity = '{entity}' AND EXISTS (SELECT 1 FROM {entity} m WHERE m.id = mismatch.row_id"
            f" AND m.withdrawn_at IS NULL" + (" AND m.state = 'effective')" if entity is Entity.HOUR_RECORD else ")"),
        )


def _close(tx: Transaction, condition: str, **parameters: int) -> None:
    tx.execute(
        "UPDATE mismatch SET state = 'closed', resolution = 'cause_gone', closed_run_id = :run"
        f" WHERE state = 'open' AND {condition}",
        run=tx.run_id,
        **parameters,
    )
