"""Volunteer rows that may be one person: the same ID number, or the same name and birth date under different ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import combinations
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.records import Entity
from national_sync.sealing import Sealer
from national_sync.sync.mirror import opened


class Reason(StrEnum):
    SAME_ID_NUMBER = "same_id_number"
    SAME_NAME_AND_BIRTH = "same_name_and_birth"


class Certainty(StrEnum):
    CERTAIN = "certain"
    """One ID number, whichever way it was written."""
    LIKELY = "likely"
    """Name and birth date, and also the phone, or ID numbers that differ by a slip of the pen."""
    POSSIBLE = "possible"


MOST_SLIPS: Final = 2
"""So many differing characters of an ID number pass for a slip: one wrong digit changes the check digit too."""


@dataclass(frozen=True)
class Member:
    """One of the registrations. `id_number` and `phone_hash` never leave this module."""

    id: int
    number: str | None
    name: str
    birth_date: str
    county: str
    national_id: str | None
    real_name_state: str
    total_seconds: int


@dataclass(frozen=True)
class Group:
    reason: Reason
    certainty: Certainty
    members: tuple[Member, ...]
    """The oldest row first."""


_LIVE: Final = (
    "v.withdrawn_at IS NULL AND NOT EXISTS"
    " (SELECT 1 FROM volunteer_merge gone WHERE gone.gone_id = v.id AND gone.state = 'merged')"
)
_TOLD_APART: Final = (
    "EXISTS (SELECT 1 FROM mismatch m WHERE m.entity = 'volunteer' AND m.row_id = v.id"
    " AND m.kind = 'same_name_and_birth' AND m.resolution = 'national')"
)
"""Somebody has looked and found two people."""

# The inner selections read nothing but an index; only what is there twice is looked up in the table.
_SAME_NUMBER: Final = (
    "SELECT 1 AS rank, MIN(v.id) AS first FROM volunteer v JOIN (SELECT id_number_hash FROM volunteer"
    " WHERE id_number_hash IS NOT NULL GROUP BY id_number_hash HAVING COUNT(*) > 1) twice"
    f" ON twice.id_number_hash = v.id_number_hash WHERE {_LIVE}"
    " GROUP BY v.id_number_hash HAVING COUNT(*) > 1{within}"
)
_SAME_NAME: Final = (
    "SELECT 2 AS rank, MIN(v.id) AS first FROM volunteer v JOIN (SELECT name, birth_date FROM volunteer"
    " GROUP BY name, birth_date HAVING COUNT(*) > 1) twice"
    f" ON twice.name = v.name AND twice.birth_date = v.birth_date WHERE {_LIVE} AND NOT {_TOLD_APART}"
    " GROUP BY v.name, v.birth_date HAVING COUNT(DISTINCT v.id_number_hash) > 1{within}"
)
_SOME_IN_COUNTY: Final = " AND SUM(CASE WHEN substr(v.service_area_id, 1, 6) = :county THEN 1 ELSE 0 END) > 0"
_ALL_IN_COUNTY: Final = " AND SUM(CASE WHEN substr(v.service_area_id, 1, 6) <> :county THEN 1 ELSE 0 END) = 0"
_ALIKE: Final = {
    Reason.SAME_ID_NUMBER: "v.id_number_hash = f.id_number_hash",
    Reason.SAME_NAME_AND_BIRTH: f"v.name = f.name AND v.birth_date = f.birth_date AND NOT {_TOLD_APART}",
}
_REASONS: Final = {1: Reason.SAME_ID_NUMBER, 2: Reason.SAME_NAME_AND_BIRTH}


def find_duplicates(
    connection: Connection,
    sealer: Sealer,
    *,
    county: str | None = None,
    only_county: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> list[Group]:
    """A page of groups, those with one ID number first; within these by their oldest row.

    `county` (six digits): some registration serves there; with `only_county` every one does. Pairs that were merged,
    or that somebody has found to be two people, are left out.
    """
    within = "" if county is None else _ALL_IN_COUNTY if only_county else _SOME_IN_COUNTY
    found = connection.execute(
        text(
            f"{_SAME_NUMBER.format(within=within)} UNION ALL {_SAME_NAME.format(within=within)}"
            " ORDER BY rank, first LIMIT :limit OFFSET :offset"
        ),
        {"limit": limit, "offset": offset} | ({} if county is None else {"county": county}),
    ).all()
    firsts: dict[Reason, list[int]] = defaultdict(list)
    for rank, first in found:
        firsts[_REASONS[rank]].append(first)
    rows = {reason: _members(connection, reason, some) for reason, some in firsts.items()}
    return [_group(sealer, _REASONS[rank], rows[_REASONS[rank]][first]) for rank, first in found]


def _members(connection: Connection, reason: Reason, firsts: Sequence[int]) -> dict[int, list[Mapping[str, Any]]]:
    """The rows of each group, by the id of its oldest."""
    rows = connection.execute(
        text(
            "SELECT f.id AS first, v.id, v.number, v.name, v.birth_date, substr(v.service_area_id, 1, 6) AS county,"
            " v.national_id, v.real_name_state, v.total_seconds, v.id_number, v.phone_hash"
            f" FROM volunteer f JOIN volunteer v ON {_ALIKE[reason]}"
            f" WHERE f.id IN ({', '.join(map(str, firsts))}) AND {_LIVE} ORDER BY f.id, v.id"
        )
    )
    members: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows.mappings():
        members[row["first"]].append(dict(row))
    return members


def _group(sealer: Sealer, reason: Reason, rows: Sequence[Mapping[str, Any]]) -> Group:
    members = tuple(Member(**{name: row[name] for name in Member.__dataclass_fields__}) for row in rows)
    if reason is Reason.SAME_ID_NUMBER:
        return Group(reason, Certainty.CERTAIN, members)
    numbers = [str(opened(sealer, Entity.VOLUNTEER, "id_number", row["id_number"]) or "") for row in rows]
    phones = [None if row["phone_hash"] is None else bytes(row["phone_hash"]) for row in rows]
    return Group(reason, certainty_of(numbers, phones), members)


def certainty_of(id_numbers: Sequence[str], phone_hashes: Sequence[bytes | None]) -> Certainty:
    """How sure it is that people of one name and birth date are one person: any two of them decide."""
    has_one_phone = any(one is not None and one == other for one, other in combinations(phone_hashes, 2))
    is_slip = any(differing_characters(one, other) <= MOST_SLIPS for one, other in combinations(id_numbers, 2))
    return Certainty.LIKELY if has_one_phone or is_slip else Certainty.POSSIBLE


def differing_characters(one: str, other: str) -> int:
    """How many characters were typed otherwise, two that changed places counting as two."""
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return sum(max(b - a, d - c) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal")
