"""What records written since a revision make more or less of each volunteer's hours, from the history of their rows.

A night touches one record in a hundred, but one volunteer in five. To add up all records of so many takes as long as a
fifth of the whole run; what a record was before stands in `row_history`, so only the records written are looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, text

_OLD: Final = ("started_at", "service_seconds", "state", "kind")
_NUMBERS: Final = ("started_at", "service_seconds", "volunteer_id", "sync_rev")


def add_differences(connection: Connection, condition: Callable[[str], str], *, since: int, history: int) -> None:
    """Add them to `star_tally`, which holds for the revision `since`; what was changed later has a number above
    `history` in the history of rows, and some of what was changed earlier may. Volunteers for whom that is not enough, because a
    record went from one to another, was edited here or written more than once, are put into `star_due`.

    `condition` gives the SQL by which a row of such a name counts.
    """
    ending = "" if connection.dialect.name == "sqlite" else " ON COMMIT DROP"
    connection.execute(
        text(
            "CREATE TEMPORARY TABLE star_difference (record_id BIGINT, volunteer_id BIGINT, former BIGINT, seconds BIGINT,"
            f" records BIGINT, is_plain INTEGER){ending}"
        )
    )
    connection.execute(text(_differences(connection.dialect.name, condition)), {"rev": since, "history": history})
    connection.execute(
        text(
            "INSERT INTO star_tally (volunteer_id, seconds, records) SELECT volunteer_id, SUM(seconds), SUM(records)"
            " FROM star_difference WHERE seconds <> 0 OR records <> 0 GROUP BY volunteer_id ORDER BY volunteer_id"
            " ON CONFLICT (volunteer_id) DO UPDATE SET"
            " seconds = star_tally.seconds + excluded.seconds, records = star_tally.records + excluded.records"
        )
    )
    _put_among_due(connection, "SELECT DISTINCT volunteer_id FROM star_difference WHERE is_plain = 0")
    _put_among_due(connection, "SELECT DISTINCT former FROM star_difference WHERE former IS NOT NULL")
    if _are_several_of_one_record(connection, since):
        twice = "SELECT MAX(volunteer_id) FROM star_difference GROUP BY record_id HAVING COUNT(*) > 1"
        _put_among_due(connection, twice)
    connection.execute(text("DROP TABLE star_difference"))


def _are_several_of_one_record(connection: Connection, since: int) -> bool:
    found = connection.execute(
        text(
            "SELECT (SELECT COUNT(*) FROM star_difference) > (SELECT COUNT(*) FROM hour_record WHERE sync_rev > :rev)"
        ),
        {"rev": since},
    )
    return bool(found.scalar_one())


def _put_among_due(connection: Connection, source: str) -> None:
    connection.execute(text(f"INSERT INTO star_due (volunteer_id) {source} ON CONFLICT DO NOTHING"))


def _differences(dialect: str, condition: Callable[[str], str]) -> str:
    """A row for each record written and each entry that its history may have since. Without one the record is new; plain
    is also one whose only entry says that it belongs to whom it did, and had its revision from the national side."""
    old = ", ".join(
        f"CASE WHEN e.id IS NOT NULL THEN COALESCE({_before(dialect, name)}, h.{name}) END AS {name}" for name in _OLD
    )
    written = (
        f"SELECT h.id, h.volunteer_id AS owner, CASE WHEN {condition('h')} THEN 1 ELSE 0 END AS counts_now,"
        f" h.service_seconds AS seconds_now, {old}, {_before(dialect, 'volunteer_id')} AS former,"
        f" {_before(dialect, 'sync_rev')} AS rev_then, e.id AS entry"
        " FROM hour_record h LEFT JOIN row_history e ON e.entity = 'hour_record' AND e.row_id = h.id"
        " AND e.id > :history AND (e.sync_rev > :rev OR e.sync_rev IS NULL) WHERE h.sync_rev > :rev"
    )
    counted_then = f"CASE WHEN {condition('o')} THEN 1 ELSE 0 END"
    return (
        "INSERT INTO star_difference (record_id, volunteer_id, former, seconds, records, is_plain) SELECT o.id, owner, former,"
        f" counts_now * seconds_now - {counted_then} * COALESCE(o.service_seconds, 0), counts_now - {counted_then},"
        f" CASE WHEN entry IS NULL OR (former IS NULL AND rev_then <= :rev) THEN 1 ELSE 0 END FROM ({written}) o"
    )


def _before(dialect: str, name: str) -> str:
    """The old value; NULL where it is the present one. Most entries name few columns, and looking is cheaper than parsing."""
    if dialect == "sqlite":
        value = f"CASE WHEN instr(e.before, '\"{name}\"') > 0 THEN json_extract(e.before, '$.{name}') END"
    else:
        value = f"CASE WHEN strpos(e.before, '\"{name}\"') > 0 THEN CAST(e.before AS json) ->> '{name}' END"
    return f"CAST({value} AS BIGINT)" if name in _NUMBERS else f"({value})"
