"""The stars the national side shows, beside those certified here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.acts import Act
from national_sync.sync.mismatches import add_events
from national_sync.sync.slices import slices

_AT_A_TIME: Final = 500
_CERTIFIED: Final = (
    "SELECT COALESCE(m.kept_id, a.volunteer_id) AS volunteer_id, MAX(a.star) AS star, MAX(a.seconds) AS seconds"
    " FROM star_award a LEFT JOIN volunteer_merge m ON m.gone_id = a.volunteer_id AND m.state = 'merged'"
    " WHERE a.state = 'certified' GROUP BY COALESCE(m.kept_id, a.volunteer_id)"
)
_DIFFERING: Final = (
    f"FROM volunteer v JOIN ({_CERTIFIED}) c ON c.volunteer_id = v.id"
    " WHERE v.withdrawn_at IS NULL AND v.national_id IS NOT NULL AND COALESCE(v.star, 0) <> c.star"
)


def compare(connection: Connection, act: Act) -> dict[str, int]:
    """Open a mismatch for each person whose national star is another one than certified here, and close what agrees
    again or has changed. Gives `opened`, `closed` and `open`."""
    over = list(
        connection.execute(
            text(
                "SELECT m.id FROM mismatch m WHERE m.state = 'open' AND m.kind = 'star_differs' AND NOT EXISTS"
                f" (SELECT 1 {_DIFFERING} AND v.id = m.row_id AND CAST(c.star AS TEXT) = m.ours"
                " AND COALESCE(v.star, 0) = CAST(COALESCE(m.theirs, '0') AS INTEGER))"
            )
        ).scalars()
    )
    _close(connection, over, act)
    opened = connection.execute(
        text(
            "INSERT INTO mismatch (kind, entity, subject, row_id, national_id, field, ours, theirs, detail, county,"
            " first_seen_at, last_seen_at, state, times)"
            " SELECT 'star_differs', 'volunteer', v.national_id, v.id, v.national_id, 'star', CAST(c.star AS TEXT),"
            " CAST(v.star AS TEXT), '{}', substr(v.service_area_id, 1, 6), :now, :now, 'open', 1"
            f" {_DIFFERING} AND NOT EXISTS (SELECT 1 FROM mismatch k WHERE k.kind = 'star_differs'"
            " AND k.entity = 'volunteer' AND k.row_id = v.id AND k.ours = CAST(c.star AS TEXT)"
            " AND (k.state = 'open' OR k.resolution = 'national')) ON CONFLICT DO NOTHING"
        ),
        {"now": act.now},
    ).rowcount
    still = connection.execute(text("SELECT COUNT(*) FROM mismatch WHERE state = 'open' AND kind = 'star_differs'"))
    return {"opened": opened, "closed": len(over), "open": still.scalar_one()}


def _close(connection: Connection, mismatch_ids: Sequence[int], act: Act) -> None:
    for some in slices(mismatch_ids, _AT_A_TIME):
        chosen = ", ".join(str(one) for one in some)
        connection.execute(
            text(
                "UPDATE mismatch SET state = 'closed', resolution = 'cause_gone', last_seen_at = :now"
                f" WHERE id IN ({chosen})"
            ),
            {"now": act.now},
        )
        detail = {"resolution": "cause_gone"}
        add_events(connection, some, at=act.now, event="closed", actor=act.actor, detail=detail)


def applications(connection: Connection) -> Iterator[Mapping[str, Any]]:
    """Whom to apply for on the national side: only the exact band, never the present star or one below."""
    found = connection.execute(
        text(
            f"SELECT v.number, v.name, substr(v.service_area_id, 1, 6) AS county, v.star AS national_star, c.star,"
            f" c.seconds {_DIFFERING} AND COALESCE(v.star, 0) < c.star ORDER BY c.star DESC, v.number"
        ).execution_options(yield_per=1_000)
    )
    return (dict(row) for row in found.mappings())
