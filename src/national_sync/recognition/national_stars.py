"""The stars the national side shows, beside those certified here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.acts import Act
from national_sync.sync.mismatches import close_by_comparison

_CERTIFIED: Final = (
    "SELECT COALESCE(m.kept_id, a.volunteer_id) AS volunteer_id, MAX(a.star) AS star, MAX(a.seconds) AS seconds"
    " FROM star_award a LEFT JOIN volunteer_merge m ON m.gone_id = a.volunteer_id AND m.state = 'merged'"
    " WHERE a.state = 'certified' GROUP BY COALESCE(m.kept_id, a.volunteer_id)"
)
_DIFFERING: Final = (
    f"FROM volunteer v JOIN ({_CERTIFIED}) c ON c.volunteer_id = v.id"
    " WHERE v.withdrawn_at IS NULL AND v.national_id IS NOT NULL AND COALESCE(v.star, 0) <> c.star"
)


_TEAM: Final = (
    "(SELECT MIN(t.national_id) FROM membership m JOIN team t ON t.id = m.team_id WHERE m.volunteer_id = v.id"
    " AND m.state = 'member' AND m.withdrawn_at IS NULL AND t.withdrawn_at IS NULL AND t.state = 'approved')"
)


_PERSON: Final = "v.id, v.national_id, substr(v.service_area_id, 1, 6) AS county"
_SOURCES: Final = {
    "star": f"SELECT {_PERSON}, CAST(c.star AS TEXT) AS ours, CAST(v.star AS TEXT) AS theirs {_DIFFERING}",
    "star_application_state": (
        f"SELECT {_PERSON}, CASE WHEN a.star = c.star THEN 'certified' ELSE 'not_certified' END AS ours,"
        " a.state AS theirs FROM star_application a JOIN volunteer v ON v.id = a.volunteer_id"
        f" LEFT JOIN ({_CERTIFIED}) c ON c.volunteer_id = v.id WHERE v.withdrawn_at IS NULL AND v.national_id IS NOT NULL"
        " AND a.star = (SELECT MAX(b.star) FROM star_application b WHERE b.volunteer_id = a.volunteer_id)"
        " AND ((a.star = c.star AND a.state IN ('failed', 'expired', 'missing') AND COALESCE(v.star, 0) < c.star)"
        " OR (a.state IN ('pending', 'passed') AND a.star > COALESCE(c.star, 0)))"
    ),
}
"""By the mismatch's field, the people about whom both sides differ: their star, and what became of an application."""


def compare(connection: Connection, act: Act) -> dict[str, int]:
    """Open a mismatch for each person whose national star, or application for one, speaks against what was certified
    here, and close what agrees again or has changed. Gives `opened`, `closed` and `open`."""
    closed = sum(_close_settled(connection, field, source, act) for field, source in _SOURCES.items())
    opened = sum(_open_new(connection, field, source, act) for field, source in _SOURCES.items())
    still = connection.execute(text("SELECT COUNT(*) FROM mismatch WHERE state = 'open' AND kind = 'star_differs'"))
    return {"opened": opened, "closed": closed, "open": still.scalar_one()}


def _close_settled(connection: Connection, field: str, source: str, act: Act) -> int:
    over = connection.execute(
        text(
            "SELECT m.id FROM mismatch m WHERE m.state = 'open' AND m.kind = 'star_differs' AND m.field = :field"
            f" AND NOT EXISTS (SELECT 1 FROM ({source}) d WHERE d.id = m.row_id AND d.ours = m.ours"
            " AND COALESCE(d.theirs, '') = COALESCE(m.theirs, ''))"
        ),
        {"field": field},
    )
    mismatch_ids = list(over.scalars())
    close_by_comparison(connection, mismatch_ids, at=act.now, actor=act.actor)
    return len(mismatch_ids)


def _open_new(connection: Connection, field: str, source: str, act: Act) -> int:
    return connection.execute(
        text(
            "INSERT INTO mismatch (kind, entity, subject, row_id, national_id, field, ours, theirs, detail, county,"
            " first_seen_at, last_seen_at, state, times)"
            " SELECT 'star_differs', 'volunteer', d.national_id, d.id, d.national_id, :field, d.ours, d.theirs, '{}',"
            f" d.county, :now, :now, 'open', 1 FROM ({source}) d WHERE NOT EXISTS (SELECT 1 FROM mismatch k"
            " WHERE k.kind = 'star_differs' AND k.entity = 'volunteer' AND k.row_id = d.id AND k.field = :field"
            " AND k.ours = d.ours AND (k.state = 'open' OR k.resolution = 'national')) ON CONFLICT DO NOTHING"
        ),
        {"now": act.now, "field": field},
    ).rowcount


def applications(connection: Connection) -> Iterator[Mapping[str, Any]]:
    """Whom to apply for on the national side: only the exact band, never the present star or one below."""
    found = connection.execute(
        text(
            f"SELECT v.id, v.number, v.name, substr(v.service_area_id, 1, 6) AS county, v.star AS national_star, c.star,"
            f" c.seconds, v.total_seconds, {_TEAM} AS team, (SELECT a.state FROM star_application a"
            " WHERE a.volunteer_id = v.id AND a.star = c.star) AS application"
            f" {_DIFFERING} AND COALESCE(v.star, 0) < c.star ORDER BY c.star DESC, v.number"
        ).execution_options(yield_per=1_000)
    )
    return (dict(row) for row in found.mappings())
