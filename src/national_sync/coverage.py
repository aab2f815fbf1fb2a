"""Who has been trained, and who belongs to a unit, as SQL: clauses R3 and T1.

Both count persons: what stands under a registration that was merged into another one counts for that.
"""

from __future__ import annotations

from typing import Final

_KEPT: Final = "COALESCE(g.kept_id, {row}.volunteer_id)"
_MERGED: Final = "LEFT JOIN volunteer_merge g ON g.gone_id = {row}.volunteer_id AND g.state = 'merged'"

_TRAINED: Final = (
    f"SELECT {_KEPT.format(row='t')} AS volunteer_id FROM training_record t {_MERGED.format(row='t')}"
    " WHERE t.withdrawn_at IS NULL AND t.training_date BETWEEN :first AND :last AND t.national_id IS {agreed} NULL"
)
TRAINED: Final = _TRAINED.format(agreed="NOT")
"""Whom the national side knows as trained between the days `:first` and `:last`."""
RECORDED_HERE: Final = _TRAINED.format(agreed="")
"""Whose training of that time is recorded here and not agreed yet."""

_LIVE: Final = "v.withdrawn_at IS NULL AND v.national_id IS NOT NULL"
_MEMBER: Final = "m.state = 'member' AND m.withdrawn_at IS NULL AND m.national_id IS NOT NULL"
_PERSON: Final = f"{_MERGED.format(row='m')} JOIN volunteer v ON v.id = {_KEPT.format(row='m')}"

UNIT_MEMBERS: Final = (
    f"SELECT DISTINCT u.unit_id, v.id AS volunteer_id FROM unit_team u"
    f" JOIN membership m ON m.team_id = u.team_id AND {_MEMBER} {_PERSON} WHERE {_LIVE}"
)
"""Who is registered for a unit: a member of one of its teams, once however often."""
TEAM_MEMBERS: Final = (
    f"SELECT DISTINCT m.team_id, v.id AS volunteer_id FROM membership m {_PERSON} WHERE {_LIVE} AND {_MEMBER}"
)
COUNTY_PEOPLE: Final = (
    f"SELECT substr(v.service_area_id, 1, 6) AS county, v.id AS volunteer_id FROM volunteer v WHERE {_LIVE}"
    " AND NOT EXISTS (SELECT 1 FROM volunteer_merge g WHERE g.gone_id = v.id AND g.state = 'merged')"
)
