"""Examining what a night has changed by rules that look at several records at once, in set-based SQL.

Only rows above the last examined revision are looked at, with the rows they can be in conflict with. A mismatch closes
by itself when its cause is gone; one that a person has accepted is not opened again on the same row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.policy import Checks
from national_sync.records import Entity
from national_sync.store.marks import read_mark, write_mark
from national_sync.sync.kinds import MismatchKind
from national_sync.sync.mismatches import among, close_where, county_sql
from national_sync.sync.transaction import Transaction, Transactions, current_revision

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
    new_rows: Entity | None = None
    """Whose rows have to be new for that, if not the entity's own."""


_SPAN: Final = f"{_EFFECTIVE} AND ABS(m.ended_at - m.started_at - m.service_seconds) > :rounding"
_OUTSIDE: Final = f"{_EFFECTIVE} AND (m.started_at < p.started_at OR m.ended_at > p.ended_at)"
_STILL_OUTSIDE: Final = f"EXISTS (SELECT 1 FROM project p WHERE p.id = m.project_id AND {_OUTSIDE})"
_OVERLAP: Final = (
    "o.volunteer_id = m.volunteer_id AND o.id <> m.id AND o.state = 'effective' AND o.started_at < m.ended_at"
    f" AND o.started_at > m.started_at - {_CHECK_OVERLAP_SECONDS} AND o.ended_at > m.started_at"
    " AND o.withdrawn_at IS NULL"
)
_LATER: Final = "(m.started_at > o.started_at OR (m.started_at = o.started_at AND m.id > o.id))"
_TOTAL: Final = (
    f"{_ALIVE} AND m.total_seconds <> (SELECT COALESCE(SUM(h.service_seconds), 0) FROM hour_record h"
    " WHERE h.volunteer_id = m.id AND h.state = 'effective')"
)
_TOTALS_COME_WITHIN_SECONDS: Final = 36 * 3600
"""The national side adds new hours to a volunteer's total within a day and a half."""
_SENT: Final = (
    "SELECT h.volunteer_id FROM operation o JOIN hour_record h ON h.id = o.row_id WHERE o.entity = 'hour_record'"
    " AND o.state = 'done' AND o.run_id IN (SELECT id FROM run WHERE {})"
)
_JUST_SENT: Final = _SENT.format(f"started_at > :now - {_TOTALS_COME_WITHIN_SECONDS}")
"""Volunteers whose own hours went out so lately that their total may simply be on its way."""
_SENT_BEFORE: Final = _SENT.format(
    f"started_at <= :now - {_TOTALS_COME_WITHIN_SECONDS} AND started_at > :now - {3 * _TOTALS_COME_WITHIN_SECONDS}"
)
"""Those who were spared for it and are looked at now."""
_TWICE: Final = (
    "o.id_number_hash = m.id_number_hash AND o.id <> m.id AND o.withdrawn_at IS NULL AND o.national_id IS NOT NULL"
)
_NAMESAKE: Final = (
    "o.name = m.name AND o.birth_date = m.birth_date AND o.id <> m.id AND o.id_number_hash <> m.id_number_hash"
    " AND o.withdrawn_at IS NULL AND o.national_id IS NOT NULL"
)


_PAIRS: Final[Mapping[MismatchKind, tuple[Entity, str]]] = {
    MismatchKind.HOURS_OVERLAP: (Entity.HOUR_RECORD, _OVERLAP),
    MismatchKind.SAME_PERSON_TWICE: (Entity.VOLUNTEER, _TWICE),
    MismatchKind.SAME_NAME_AND_BIRTH: (Entity.VOLUNTEER, _NAMESAKE),
}


def others_among(connection: Connection, kind: MismatchKind, row_ids: Iterable[int]) -> dict[int, list[int]]:
    """By row: the rows that it is in conflict with, for a kind of mismatch that is about a pair."""
    if kind not in _PAIRS:
        return {}
    entity, pair = _PAIRS[kind]
    found = connection.execute(
        text(
            f"SELECT m.id, o.id AS other FROM {entity} m JOIN {entity} o ON {pair}"
            f" WHERE {among(connection, row_ids, 'm.id')} ORDER BY o.id"
        )
    )
    others: dict[int, list[int]] = {}
    for row in found:
        others.setdefault(row.id, []).append(row.other)
    return others


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
            _LATER,
        ),
        found_at_once=(
            "SELECT later.id FROM hour_record later WHERE later.withdrawn_at IS NULL AND later.id IN (SELECT m.id"
            f" FROM hour_record m CROSS JOIN hour_record o WHERE {_OVERLAP} AND m.state = 'effective' AND {_LATER})"
        ),
    ),
    Rule(
        MismatchKind.TOTAL_NOT_SUM,
        Entity.VOLUNTEER,
        "SELECT m.id FROM volunteer m WHERE m.id IN (SELECT id FROM volunteer WHERE sync_rev > :mark"
        f" UNION SELECT volunteer_id FROM hour_record WHERE sync_rev > :mark AND :mark > 0 UNION {_SENT_BEFORE})"
        f" AND m.id NOT IN ({_JUST_SENT}) AND {_TOTAL}",
        _TOTAL,
        found_at_once=(
            "SELECT m.id FROM volunteer m LEFT JOIN (SELECT volunteer_id, SUM(service_seconds) AS seconds"
            " FROM hour_record WHERE state = 'effective' GROUP BY volunteer_id) h ON h.volunteer_id = m.id"
            f" WHERE {_ALIVE} AND m.total_seconds <> COALESCE(h.seconds, 0) AND m.id NOT IN ({_JUST_SENT})"
        ),
        new_rows=Entity.HOUR_RECORD,
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
            close_where(tx, f"id IN ({', '.join(str(one) for one in over)})")
    if revision == mark:
        return
    for rule in RULES:
        with transactions.write() as tx:
            tx.sort_in_memory()
            if not rule.only_if or tx.execute(rule.only_if, mark=mark).first():
                _open_found(tx, rule, mark, checks)
            if mark:
                _close_healed(tx, rule, checks)
    with transactions.write() as tx:
        _close_returned(tx)
        write_mark(tx.connection, "examined_rev", revision)


def _open_found(tx: Transaction, rule: Rule, mark: int, checks: Checks) -> None:
    at_once = rule.found_at_once and _is_all_new(tx, rule.new_rows or rule.entity, mark)
    found = rule.found_at_once if at_once else rule.found
    tx.execute(
        "INSERT INTO mismatch (kind, entity, subject, row_id, national_id, field, detail, county, state, first_run_id,"
        " last_run_id, first_seen_at, last_seen_at, times)"
        " SELECT DISTINCT :kind, :entity, COALESCE(f.national_id, 'row:' || f.id), f.id, f.national_id, '', '{}',"
        f" {county_sql(rule.entity, 'f')}, 'open', :run, :run, :now, :now,"
        " (SELECT COALESCE(MAX(earlier.times), 0) + 1 FROM mismatch earlier WHERE earlier.entity = :entity"
        " AND earlier.row_id = f.id AND earlier.kind = :kind)"
        f" FROM {rule.entity} f WHERE f.id IN ({found}) AND NOT EXISTS (SELECT 1 FROM mismatch known"
        " WHERE known.kind = :kind AND known.entity = :entity AND known.row_id = f.id"
        " AND (known.state = 'open' OR known.resolution = 'national'))"
        " ON CONFLICT DO NOTHING",
        kind=rule.kind.value,
        entity=rule.entity.value,
        run=tx.run_id,
        now=tx.now,
        **_bound(found, mark, checks),
    )


def _is_all_new(tx: Transaction, entity: Entity, mark: int) -> bool:
    return tx.execute(f"SELECT 1 FROM {entity} WHERE sync_rev <= :mark LIMIT 1", mark=mark).first() is None


def _close_healed(tx: Transaction, rule: Rule, checks: Checks) -> None:
    close_where(
        tx,
        f"kind = '{rule.kind}' AND NOT EXISTS"
        f" (SELECT 1 FROM {rule.entity} m WHERE m.id = mismatch.row_id AND {rule.holds})",
        **_bound(rule.holds, 0, checks),
    )


def _bound(sql: str, mark: int, checks: Checks) -> dict[str, Any]:
    values = {"mark": mark, "rounding": checks.rounding_seconds}
    return {name: value for name, value in values.items() if f":{name}" in sql}


def _edits_that_are_over(tx: Transaction) -> list[int]:
    rows = tx.execute(
        f"SELECT id FROM mismatch WHERE state = 'open' AND kind IN {_SELF_CLOSING_EDITS} AND {_EDIT_IS_OVER}"
        " UNION SELECT id FROM mismatch WHERE state = 'open' AND kind = 'edited_here_deleted_there'"
        " AND NOT EXISTS (SELECT 1 FROM local_change c WHERE c.entity = mismatch.entity"
        " AND c.row_id = mismatch.row_id)"
        " UNION SELECT id FROM mismatch WHERE state = 'open' AND kind IN"
        " ('deleted_here_edited_there', 'deleted_with_records')"
        " AND NOT EXISTS (SELECT 1 FROM local_deletion d WHERE d.entity = mismatch.entity"
        " AND d.row_id = mismatch.row_id)"
    )
    return [*rows.scalars(), *_unsendable_that_are_gone(tx), *_refused_that_are_given_up(tx)]


def _was_to(verb: str) -> str:
    return f'm.detail LIKE \'%"verb": "{verb}"%\''


def _refused_that_are_given_up(tx: Transaction) -> list[int]:
    """Refused writes of which nothing is left to send: the edit or the deletion was taken back, the new row removed."""
    if not tx.execute("SELECT 1 FROM mismatch WHERE state = 'open' AND kind = 'refused_by_review' LIMIT 1").first():
        return []
    edited = "SELECT 1 FROM local_change c WHERE c.entity = m.entity AND c.row_id = m.row_id"
    deleted = "SELECT 1 FROM local_deletion d WHERE d.entity = m.entity AND d.row_id = m.row_id"
    return [
        mismatch_id
        for entity in Entity
        for mismatch_id in tx.execute(
            "SELECT m.id FROM mismatch m WHERE m.state = 'open' AND m.kind = 'refused_by_review' AND m.entity = :entity"
            f" AND (({_was_to('update')} AND NOT EXISTS ({edited}) AND NOT EXISTS ({deleted}))"
            f" OR ({_was_to('delete')} AND NOT EXISTS ({deleted}))"
            f" OR ({_was_to('create')} AND NOT EXISTS (SELECT 1 FROM {entity} n WHERE n.id = m.row_id)"
            f" AND NOT EXISTS ({deleted})))",
            entity=entity.value,
        ).scalars()
    ]


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
        is_back = f"SELECT 1 FROM {entity} m WHERE m.id = mismatch.row_id AND m.withdrawn_at IS NULL"
        close_where(
            tx,
            "kind IN ('missing_nationally', 'edited_here_deleted_there')"
            f" AND entity = '{entity}' AND EXISTS ({is_back})",
        )
    close_where(
        tx,
        "kind = 'hours_withdrawn' AND entity = 'hour_record' AND EXISTS"
        f" (SELECT 1 FROM hour_record m WHERE m.id = mismatch.row_id AND {_EFFECTIVE})",
    )
    for entity in Entity:
        close_where(
            tx,
            f"kind = 'missing_locally' AND entity = '{entity}' AND EXISTS"
            f" (SELECT 1 FROM {entity} m WHERE m.national_id = mismatch.subject)",
            "restored",
        )
