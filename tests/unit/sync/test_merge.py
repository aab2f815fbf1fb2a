"""The three-way decision: examples of each owner, and the laws it keeps."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from national_sync.policy import Owner
from national_sync.records import Value
from national_sync.sync.merge import Merge, Verdict, decide_field, merge_fields

BASE, OURS, THEIRS = "base", "ours", "theirs"
COLUMNS: Final = ("a", "b", "c")

values: st.SearchStrategy[Value] = st.sampled_from([None, "x", "y", 1])
rows = st.fixed_dictionaries(dict.fromkeys(COLUMNS, values))
owner_tables = st.fixed_dictionaries({column: st.sampled_from(Owner) for column in COLUMNS})


@st.composite
def edited_rows(draw: st.DrawFn) -> tuple[dict[str, Value], dict[str, Value]]:
    """A row and the bases of its edited columns, as the triggers keep them: an edit differs from its base."""
    ours = draw(rows)
    bases = draw(st.dictionaries(st.sampled_from(COLUMNS), values))
    return ours, {column: base for column, base in bases.items() if base != ours[column]}


@pytest.mark.parametrize(
    ("owner", "base", "ours", "theirs", "verdict"),
    [
        (Owner.SHARED, BASE, BASE, BASE, Verdict.AGREED),
        (Owner.SHARED, BASE, BASE, THEIRS, Verdict.TAKE_THEIRS),
        (Owner.SHARED, BASE, OURS, BASE, Verdict.KEEP_OURS),
        (Owner.SHARED, BASE, OURS, THEIRS, Verdict.CONFLICT),
        (Owner.SHARED, BASE, OURS, OURS, Verdict.AGREED),
        (Owner.SHARED, BASE, None, THEIRS, Verdict.CONFLICT),
        (Owner.NATIONAL, BASE, BASE, THEIRS, Verdict.TAKE_THEIRS),
        (Owner.NATIONAL, BASE, OURS, BASE, Verdict.RESTORE_THEIRS),
        (Owner.NATIONAL, BASE, OURS, THEIRS, Verdict.RESTORE_THEIRS),
        (Owner.LOCAL, BASE, BASE, THEIRS, Verdict.KEEP_OURS),
        (Owner.LOCAL, BASE, OURS, THEIRS, Verdict.KEEP_OURS),
        (Owner.LOCAL, BASE, OURS, OURS, Verdict.AGREED),
    ],
)
def test_field_is_decided_by_its_owner(owner: Owner, base: str, ours: str, theirs: str, verdict: Verdict) -> None:
    assert decide_field(owner, base, ours, theirs) is verdict


@given(base=values, one=values, other=values)
def test_shared_field_is_decided_alike_from_either_side(base: Value, one: Value, other: Value) -> None:
    mirrored = {Verdict.TAKE_THEIRS: Verdict.KEEP_OURS, Verdict.KEEP_OURS: Verdict.TAKE_THEIRS}
    seen_from_here = decide_field(Owner.SHARED, base, one, other)
    seen_from_there = decide_field(Owner.SHARED, base, other, one)
    assert seen_from_there is mirrored.get(seen_from_here, seen_from_here)


@given(owners=owner_tables, edited=edited_rows(), theirs=rows)
def test_no_value_is_lost(
    owners: dict[str, Owner], edited: tuple[dict[str, Value], dict[str, Value]], theirs: dict[str, Value]
) -> None:
    ours, bases = edited
    merge = merge_fields(owners, bases, ours, theirs)
    for column in COLUMNS:
        if ours[column] == theirs[column]:
            continue
        is_theirs = merge.take.get(column, ours[column]) == theirs[column] and column in merge.take
        keeps_base = _bases_after(bases, merge).get(column, ours[column]) == theirs[column]
        is_shown = column in {conflict.column for conflict in merge.conflicts}
        assert is_theirs or keeps_base or is_shown
        if is_theirs and column in bases:
            assert column in {conflict.column for conflict in merge.restored}, "an edit went without a word"


@given(owners=owner_tables, edited=edited_rows(), theirs=rows)
def test_merging_again_changes_nothing(
    owners: dict[str, Owner], edited: tuple[dict[str, Value], dict[str, Value]], theirs: dict[str, Value]
) -> None:
    ours, bases = edited
    once = merge_fields(owners, bases, ours, theirs)
    again = merge_fields(owners, _bases_after(bases, once), {**ours, **once.take}, theirs)
    assert again == Merge(conflicts=once.conflicts)


@given(owners=owner_tables, edited=edited_rows(), theirs=rows)
def test_field_of_the_national_side_always_ends_as_theirs(
    owners: dict[str, Owner], edited: tuple[dict[str, Value], dict[str, Value]], theirs: dict[str, Value]
) -> None:
    ours, bases = edited
    merge = merge_fields(owners, bases, ours, theirs)
    for column in COLUMNS:
        if owners[column] is Owner.NATIONAL:
            assert {**ours, **merge.take}[column] == theirs[column]
            assert column not in _bases_after(bases, merge)


def _bases_after(bases: dict[str, Value], merge: Merge) -> dict[str, Value]:
    kept = {column: base for column, base in bases.items() if column not in merge.settled}
    return {**kept, **merge.rebase}
