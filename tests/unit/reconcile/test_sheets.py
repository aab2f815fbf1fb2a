"""What a row of the spreadsheet holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from national_sync.reconcile.sheets import (
    LOCKED,
    LONGEST_CELL,
    Name,
    checksum,
    choices_in_sheet,
    chosen,
    heading,
    is_untouched,
    label,
    neutral,
    restored,
    tidy,
)
from national_sync.sealing import Sealer, SealingKey
from national_sync.sync.kinds import DECISIONS, MismatchKind

SEALER = Sealer([SealingKey("k1", bytes(range(32)))])
FORMULAS = ("=1+1", "+86", "-5", "@x", "＝1", "'=1", "''=1", "\t=1", "=cmd|' /C calc'!A0")


@given(st.text() | st.sampled_from(FORMULAS))
def test_a_neutralised_text_comes_back_as_it_was(text: str) -> None:
    assert restored(neutral(text)) == text


@given(st.sampled_from("=+-@＝＋－＠\t"), st.text())
def test_nothing_that_may_become_a_formula_begins_a_cell(first: str, rest: str) -> None:
    assert neutral(first + rest).startswith("'")


@pytest.mark.parametrize("text", ["王芳", "'quoted'", "1-2", "", "a=b"])
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert neutral(text) == text


@given(st.text(max_size=2_000))
def test_a_tidy_text_is_one_readable_line_and_stays_so(text: str) -> None:
    once = tidy(text)
    assert once.isprintable()
    assert len(once) <= LONGEST_CELL
    assert tidy(once) == once


@pytest.mark.parametrize("kind", DECISIONS)
def test_each_choice_is_known_by_its_label_its_code_and_its_words(kind: MismatchKind) -> None:
    for choice in choices_in_sheet(kind, "name"):
        written = label(kind, choice)
        chinese, code = written.split(" ")
        assert code == choice
        assert not chinese.isascii()
        assert {chosen(kind, "name", text) for text in (written, chinese, code)} == {choice}


def test_a_choice_of_another_kind_is_none() -> None:
    assert chosen(MismatchKind.TOTAL_NOT_SUM, "", "local") is None
    assert chosen(MismatchKind.BOTH_EDITED, "name", "delete everything") is None
    assert chosen(MismatchKind.UNKNOWN_REFERENCE, "", "national") is None


def test_without_a_field_there_is_no_other_value_to_give() -> None:
    assert choices_in_sheet(MismatchKind.REFUSED_BY_REVIEW, "") == ("local", "national")
    assert "set" in choices_in_sheet(MismatchKind.REFUSED_BY_REVIEW, "name")


def test_a_list_of_choices_fits_into_a_spreadsheets_limit() -> None:
    for kind in DECISIONS:
        labels = [label(kind, choice) for choice in choices_in_sheet(kind, "name")]
        assert len(",".join(labels)) < 255
        assert not any("," in text for text in labels)


def test_headings_are_chinese_and_english_and_all_different() -> None:
    headings = [heading(name) for name in Name]
    assert len(set(headings)) == len(headings)
    assert all(not text.isascii() for text in headings)


@pytest.mark.parametrize("changed", [*LOCKED, Name.CHECKSUM])
def test_a_change_in_any_locked_cell_shows(changed: Name) -> None:
    cells = {name: f"of {name}" for name in Name}
    cells[Name.CHECKSUM] = checksum(SEALER, "e1", (cells[name] for name in LOCKED))
    assert is_untouched(SEALER, cells)
    assert not is_untouched(SEALER, {**cells, changed: "x"})


def test_cells_cannot_be_moved_from_one_export_to_another() -> None:
    cells = {name: f"of {name}" for name in Name}
    cells[Name.CHECKSUM] = checksum(SEALER, "e1", (cells[name] for name in LOCKED)).replace("e1-", "e2-")
    assert not is_untouched(SEALER, cells)


def test_what_the_office_fills_in_does_not_count() -> None:
    cells = {name: f"of {name}" for name in Name}
    cells[Name.CHECKSUM] = checksum(SEALER, "e1", (cells[name] for name in LOCKED))
    assert is_untouched(SEALER, {**cells, Name.DECISION: "local", Name.NOTE: "checked"})
