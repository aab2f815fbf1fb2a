"""The three-way decision for one field, and for the fields of one record. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import assert_never

from national_sync.policy import Owner
from national_sync.records import Value


class Verdict(Enum):
    """What becomes of one field."""

    AGREED = auto()
    """Both sides have the same value now."""
    TAKE_THEIRS = auto()
    KEEP_OURS = auto()
    """Ours stays and goes out; theirs becomes the base."""
    RESTORE_THEIRS = auto()
    """A local edit of a field the national side owns: theirs stands, and the edit is reported."""
    CONFLICT = auto()


def decide_field(owner: Owner, base: Value, ours: Value, theirs: Value) -> Verdict:
    """Who wins one field. `base` is what both sides last agreed on; `ours == base` means no local edit."""
    if ours == theirs:
        return Verdict.AGREED
    match owner:
        case Owner.NATIONAL:
            return Verdict.TAKE_THEIRS if ours == base else Verdict.RESTORE_THEIRS
        case Owner.LOCAL:
            return Verdict.KEEP_OURS
        case Owner.SHARED:
            if ours == base:
                return Verdict.TAKE_THEIRS
            return Verdict.KEEP_OURS if theirs == base else Verdict.CONFLICT
        case _:
            assert_never(owner)


@dataclass(frozen=True)
class Conflict:
    """A field that cannot be merged: both edited it, or only we did where we may not."""

    column: str
    base: Value
    ours: Value
    theirs: Value


@dataclass(frozen=True)
class Merge:
    """What a record becomes when the national side has said `theirs`."""

    take: dict[str, Value] = field(default_factory=dict)
    """Mirror columns that get the national value."""
    rebase: dict[str, Value] = field(default_factory=dict)
    """Local changes that stay, with their new base."""
    settled: tuple[str, ...] = ()
    """Local changes that are over."""
    conflicts: tuple[Conflict, ...] = ()
    restored: tuple[Conflict, ...] = ()


def merge_fields(
    owners: Mapping[str, Owner],
    bases: Mapping[str, Value],
    ours: Mapping[str, Value],
    theirs: Mapping[str, Value],
) -> Merge:
    """Merge one record column by column; `bases` holds only the locally edited columns."""
    merge = Merge()
    settled: list[str] = []
    conflicts: list[Conflict] = []
    restored: list[Conflict] = []
    for column, their_value in theirs.items():
        our_value = ours[column]
        base = bases.get(column, our_value)
        match decide_field(owners[column], base, our_value, their_value):
            case Verdict.AGREED:
                settled.append(column)
            case Verdict.TAKE_THEIRS:
                merge.take[column] = their_value
                settled.append(column)
            case Verdict.KEEP_OURS:
                merge.rebase[column] = their_value
            case Verdict.RESTORE_THEIRS:
                merge.take[column] = their_value
                settled.append(column)
                restored.append(Conflict(column, base, our_value, their_value))
            case Verdict.CONFLICT:
                conflicts.append(Conflict(column, base, our_value, their_value))
    return Merge(
        take=merge.take,
        rebase={column: base for column, base in merge.rebase.items() if column not in bases or bases[column] != base},
        settled=tuple(column for column in settled if column in bases),
        conflicts=tuple(conflicts),
        restored=tuple(restored),
    )
