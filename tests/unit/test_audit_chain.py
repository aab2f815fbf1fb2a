"""Whatever is done to a chain of entries is found, and the first bad one is named."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from national_sync.audit import EMPTY, Fault, Head, Row, check_chain, linked, parsed_head

CONTENT = st.tuples(
    st.integers(0, 2**40),
    st.sampled_from(["operator:chen", "rule:3", "run:7"]),
    st.sampled_from(["login.begun", "rows.applied"]),
    st.sampled_from([None, "team"]),
    st.none() | st.integers(1, 9),
    st.none() | st.integers(1, 9),
    st.dictionaries(st.sampled_from("ab"), st.integers(0, 3)).map(json.dumps),
)
COLUMN = st.integers(0, len(Row._fields) - 1)
FEW = settings(max_examples=40, deadline=None)
CHAINS = st.lists(CONTENT, min_size=1, max_size=6)


def chain(contents: Sequence[tuple[Any, ...]], head: Head = EMPTY) -> list[Row]:
    rows = []
    for content in contents:
        numbered = (head.number + 1, *content)
        rows.append(Row(*numbered, head.hash, linked(head.hash, numbered)))
        head = head_of(rows)
    return rows


def head_of(rows: Sequence[Row]) -> Head:
    return Head(rows[-1].id, rows[-1].entry_hash)


@FEW
@given(CHAINS)
def test_a_chain_as_it_was_written_is_whole(contents: list[Any]) -> None:
    rows = chain(contents)
    verdict = check_chain(rows, end=head_of(rows))
    assert verdict == (head_of(rows), None, None)
    assert parsed_head(str(verdict.head)) == verdict.head


@FEW
@given(CHAINS, st.data())
def test_a_changed_value_is_found_where_it_is(contents: list[Any], data: st.DataObject) -> None:
    rows = chain(contents)
    at = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(COLUMN.filter(lambda number: number > 0))
    other = data.draw(st.sampled_from([None, 7, "7", 7.5, b"7", bytes(32), "operator:li", '{"a": 1}']))
    assume(other != rows[at][column])
    changed = [*rows[:at], rows[at]._replace(**{Row._fields[column]: other}), *rows[at + 1 :]]

    verdict = check_chain(changed, end=head_of(rows))

    assert (verdict.fault, verdict.entry) == (Fault.CHANGED, at + 1)


@FEW
@given(CHAINS, CONTENT, st.data())
def test_an_entry_written_anew_with_a_hash_that_fits_is_found_where_it_is(
    contents: list[Any], other: tuple[Any, ...], data: st.DataObject
) -> None:
    rows = chain(contents)
    at = data.draw(st.integers(0, len(rows) - 1))
    assume(contents[at] != other)
    before = Head(rows[at - 1].id, rows[at - 1].entry_hash) if at else EMPTY
    forged = [*rows[:at], *chain([other], before), *rows[at + 1 :]]

    verdict = check_chain(forged, end=head_of(rows))

    assert verdict.entry == at + 1
    assert verdict.fault is (Fault.REWRITTEN if at + 1 == len(rows) else Fault.CHANGED)


@FEW
@given(CHAINS, CONTENT, st.data())
def test_a_chain_written_anew_from_somewhere_on_contradicts_the_head_that_was_noted(
    contents: list[Any], other: tuple[Any, ...], data: st.DataObject
) -> None:
    rows = chain(contents)
    at = data.draw(st.integers(0, len(rows) - 1))
    assume(contents[at] != other)
    forged = chain([*contents[:at], other, *contents[at + 1 :]])

    assert check_chain(forged, end=head_of(forged)).fault is None
    verdict = check_chain(forged, end=head_of(forged), heads=[head_of(rows)])

    assert (verdict.fault, verdict.entry) == (Fault.REWRITTEN, len(rows))


@FEW
@given(CHAINS, st.data())
def test_a_missing_entry_is_found(contents: list[Any], data: st.DataObject) -> None:
    rows = chain(contents)
    first = data.draw(st.integers(0, len(rows) - 1))
    last = data.draw(st.integers(first, len(rows) - 1))

    verdict = check_chain([*rows[:first], *rows[last + 1 :]], end=head_of(rows))

    assert verdict.entry == first + 1
    assert verdict.fault is (Fault.CUT if last + 1 == len(rows) else Fault.MISSING)


@FEW
@given(CHAINS, st.data())
def test_entries_in_another_order_are_found(contents: list[Any], data: st.DataObject) -> None:
    rows = chain(contents)
    moved = data.draw(st.permutations(rows))
    assume(list(moved) != rows)
    first = next(number for number, (one, other) in enumerate(zip(rows, moved, strict=True), 1) if one != other)
    # In a database the numbers say the order, so what moves is what stands beside them.
    renumbered = [row._replace(id=number) for number, row in enumerate(moved, 1)]

    for tampered in (moved, renumbered):
        verdict = check_chain(tampered, end=head_of(rows))
        assert (verdict.fault is not None, verdict.entry) == (True, first)


@FEW
@given(CHAINS, CONTENT, st.sampled_from([0, -3, "x", None, 2.5]))
def test_an_entry_under_a_number_that_cannot_be_is_found(
    contents: list[Any], other: tuple[Any, ...], number: Any
) -> None:
    rows = chain(contents)
    [forged] = chain([other])
    verdict = check_chain([forged._replace(id=number), *rows], end=head_of(rows))
    assert (verdict.fault, verdict.entry) == (Fault.FOREIGN, number)


@FEW
@given(CHAINS, CONTENT)
def test_an_entry_behind_the_newest_is_found(contents: list[Any], other: tuple[Any, ...]) -> None:
    rows = chain(contents)
    verdict = check_chain(chain([*contents, other]), end=head_of(rows))
    assert (verdict.fault, verdict.entry) == (Fault.ADDED, len(rows) + 1)


@FEW
@given(CHAINS)
def test_a_head_that_somebody_kept_tells_of_a_tail_cut_off_together_with_the_noted_head(contents: list[Any]) -> None:
    rows = chain(contents)
    shorter = rows[:-1]
    end = head_of(shorter) if shorter else EMPTY
    assert check_chain(shorter, end=end).fault is None
    verdict = check_chain(shorter, end=end, heads=[head_of(rows)])
    assert (verdict.fault, verdict.entry) == (Fault.CUT, len(rows))


@pytest.mark.parametrize("written", ["", "3", "3:", "3:00", "x:" + "0" * 64, "-1:" + "0" * 64, "3:" + "g" * 64])
def test_what_is_no_head_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        parsed_head(written)
