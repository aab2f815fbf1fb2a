"""Columns on a screen, where a Chinese character takes two."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from national_sync.prose.layout import cut, padded, table, width, wrapped

texts = st.text(alphabet="ab，。中文 ", max_size=60)


def test_a_chinese_character_takes_two_columns() -> None:
    assert width("a中é") == 4


@given(texts, st.integers(4, 40))
def test_a_cut_text_fits(text: str, columns: int) -> None:
    assert width(cut(text, columns)) <= columns


@given(texts)
def test_a_text_that_fits_is_not_cut(text: str) -> None:
    assert cut(text, width(text)) == text


@given(texts, st.integers(10, 40))
def test_wrapping_loses_no_character(text: str, columns: int) -> None:
    assert "".join("".join(wrapped(text, columns)).split()) == "".join(text.split())


def test_lines_are_broken_between_chinese_characters_but_not_before_a_comma() -> None:
    assert wrapped("全国志愿服务，信息系统", 12) == ["全国志愿服务，", "信息系统"]


def test_columns_stand_below_one_another() -> None:
    assert table(["编号", "What"], [("a", "姓名"), ("bb", "name")]).splitlines() == [
        "编号  What",
        "----  ----",
        "a     姓名",
        "bb    name",
    ]


def test_numbers_stand_to_the_right() -> None:
    assert table(["编号", "n"], [(1, 1), (22, "-")]).splitlines()[2:] == ["   1  1", "  22  -"]


def test_a_table_without_rows_has_its_headings() -> None:
    assert table(["a", "b"], []).splitlines() == ["a  b", "-  -"]


def test_the_widest_column_is_cut_until_a_row_fits() -> None:
    lines = table(["No", "Text", "End"], [(1, "很长的说明" * 20, "x")]).splitlines()
    assert max(map(width, lines)) <= 80
    assert lines[2].endswith("x")
    assert "…" in lines[2]


def test_a_cell_with_line_breaks_stays_one_line() -> None:
    assert len(table(["a"], [("x\ny",)]).splitlines()) == 3


def test_padding_counts_columns() -> None:
    assert padded("中", 4) + "|" == "中  |"
