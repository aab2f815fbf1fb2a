"""What a choice does to a volunteer's hours, star and balance. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from national_sync.records import Entity
from national_sync.sync.kinds import FIELD_KINDS, MismatchKind
from national_sync.sync.plan import counts_as_service

STAR_HOURS: Final = (100, 300, 600, 1000, 1500)
"""Clause A2, where the policy says nothing else."""


@dataclass(frozen=True)
class Effect:
    """Of one choice, on the volunteer whom the record belongs to."""

    seconds_before: int
    seconds_after: int
    star_before: int
    star_after: int
    balance_before: int | None = None
    """Exchangeable seconds; None while the person has no exchange account."""
    balance_after: int | None = None


def effect_of(seconds: int, change: int, balance: int | None, star_hours: Sequence[int] = STAR_HOURS) -> Effect:
    """A choice that changes the counted seconds of service by `change`."""
    after = seconds + change
    return Effect(
        seconds,
        after,
        star_of(seconds, star_hours),
        star_of(after, star_hours),
        balance,
        None if balance is None else balance + change,
    )


def star_of(seconds: int, star_hours: Sequence[int] = STAR_HOURS) -> int:
    """Stars for so many seconds of service, 0 to 5: clause A2."""
    return sum(seconds >= hours * 3600 for hours in star_hours)


def seconds_changed(
    kind: MismatchKind,
    choice: str,
    row: Mapping[str, Any] | None,
    *,
    is_deleted_here: bool,
    field: str,
    theirs: str | None,
) -> int:
    """By how much a choice changes the counted seconds here.

    `row` is the hour record as it stands, or as it stood before it was deleted here.
    """
    if row is None or choice != "national" or not counts_as_service(Entity.HOUR_RECORD, row):
        return 0
    recorded = int(row["service_seconds"])
    if is_deleted_here:
        return recorded if kind in _BRINGS_BACK else 0
    if field == "service_seconds" and theirs is not None and kind in _TAKES_THEIRS:
        return int(theirs) - recorded
    return 0


_BRINGS_BACK: Final = (MismatchKind.AUDITED_EDIT, MismatchKind.DELETED_HERE_EDITED_THERE)
_TAKES_THEIRS: Final = (*FIELD_KINDS, MismatchKind.AUDITED_EDIT)
