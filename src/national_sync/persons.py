"""Which volunteer rows are one person, and how many seconds of service that person has.

Read by every local duty: a merge that stands (`volunteer_merge`) makes what the gone row has count for the kept one,
long before the national side has merged the two itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, NamedTuple

from sqlalchemy import Connection, text

PERSON_OF: Final = (
    "COALESCE((SELECT merged.kept_id FROM volunteer_merge merged"
    " WHERE merged.gone_id = {volunteer} AND merged.state = 'merged'), {volunteer})"
)
"""SQL for the row that a volunteer's records count for; format it with the column, such as `h.volunteer_id`."""


class Span(NamedTuple):
    """A stretch of service: whose registration it stands under, and when."""

    volunteer_id: int
    started_at: int
    ended_at: int


def person_of(connection: Connection, volunteer_id: int) -> int:
    """The row that counts for this one: itself, unless it was merged into another."""
    found: int = connection.execute(
        text(f"SELECT {PERSON_OF.format(volunteer='CAST(:volunteer AS BIGINT)')}"), {"volunteer": volunteer_id}
    ).scalar_one()
    return found


def rows_of_person(connection: Connection, volunteer_id: int) -> list[int]:
    """Every row of the person that this row belongs to, the kept one first."""
    kept = person_of(connection, volunteer_id)
    gone = connection.execute(
        text("SELECT gone_id FROM volunteer_merge WHERE kept_id = :kept AND state = 'merged' ORDER BY gone_id"),
        {"kept": kept},
    )
    return [kept, *gone.scalars()]


def effective_spans(connection: Connection, volunteer_ids: Iterable[int]) -> list[Span]:
    """When these registrations have effective hours."""
    statement = text(
        "SELECT volunteer_id, started_at, ended_at FROM hour_record WHERE volunteer_id = :volunteer"
        " AND state = 'effective' AND withdrawn_at IS NULL AND ended_at IS NOT NULL"
    )
    return [
        Span(*row) for volunteer in volunteer_ids for row in connection.execute(statement, {"volunteer": volunteer})
    ]


def doubled_seconds(spans: Iterable[Span]) -> int:
    """Seconds that lie in spans of more than one registration, each counted once less than it is claimed.

    What overlaps within one registration is that registration's own mismatch and is not touched here.
    """
    by_volunteer: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for span in spans:
        by_volunteer[span.volunteer_id].append((span.started_at, span.ended_at))
    apart = sum(_covered_seconds(stretches) for stretches in by_volunteer.values())
    return apart - _covered_seconds([stretch for stretches in by_volunteer.values() for stretch in stretches])


def _covered_seconds(stretches: Iterable[tuple[int, int]]) -> int:
    """The length of the union of half-open stretches."""
    covered, reached = 0, None
    for start, end in sorted(stretches):
        begin = start if reached is None else max(start, reached)
        if end > begin:
            covered += end - begin
            reached = end
    return covered
