"""Printed forms: the same bytes for the same data, and no hole where the font lacks a character."""

from __future__ import annotations

import re
from typing import Any

import pytest
import segno

from national_sync.errors import GlyphMissing
from national_sync.printing.codes import qr_code
from national_sync.printing.forms import check_glyphs, pdf, pictures

ROSTER: dict[str, Any] = {
    "title": "普洱市2025年度星级志愿者名册",
    "title_english": "Roster",
    "note": "",
    "headings": [["列", "Column"]] * 7,
    "people": [["1", "", "白茶", "V5308022412000001V", "思茅区", "100.00", "一星级"]],
    "total": "合计 1 人",
    "bodies": ["甲", "乙", "丙"],
    "day_line": "",
}


def test_the_same_data_gives_the_same_bytes() -> None:
    first = pdf("star_roster", ROSTER)
    assert first.startswith(b"%PDF-")
    assert pdf("star_roster", ROSTER) == first


def test_text_is_never_taken_for_a_command() -> None:
    hostile = {**ROSTER, "title": '#panic("x") *b* $x$ \\ <a> @b "]'}
    assert pdf("star_roster", hostile).startswith(b"%PDF-")


def test_a_long_roster_goes_on_over_pages() -> None:
    assert len(pictures("star_roster", {**ROSTER, "people": ROSTER["people"] * 120}, dots_per_inch=20)) > 2


def test_a_character_that_the_font_lacks_is_named_and_nothing_is_printed() -> None:
    with pytest.raises(GlyphMissing, match=r"𠮷 \(U\+20BB7\)|U\+1F600"):
        pdf("star_roster", {**ROSTER, "people": [["1", "", "😀", "", "", "", ""]]})


def test_rare_characters_of_names_are_there() -> None:
    check_glyphs({"names": ["阿卜杜拉·艾山江", "龑堃淼喆", "한"[:0], ("Ünal",)]})


def test_a_code_is_drawn_small() -> None:
    drawing = qr_code("NS1|star|202501-000001|白茶|3|2025-12-31|" + "x" * 86)
    assert drawing.startswith("<svg ")
    assert len(drawing) < 6_000


@pytest.mark.parametrize("length", [1, 17, 18, 53, 78, 106, 134, 135, 154, 192, 230, 231, 300])
def test_the_drawing_has_exactly_the_modules_of_the_code(length: int) -> None:
    text = ("茶|" + "Ab1-_" * 60)[: length - 2] if length > 3 else "x" * length
    content = text.encode()
    assert len(content) == length
    matrix = segno.make_qr(content, mode="byte", error="l", boost_error=False, mask=3).matrix
    drawn = {
        (int(row) - 2, column - 2)
        for begin, row, modules in re.findall(r"M(\d+) (\d+)\.5h(\d+)", qr_code(text))
        for column in range(int(begin), int(begin) + int(modules))
    }
    dark = {(row, column) for row, modules in enumerate(matrix) for column, module in enumerate(modules) if module}
    assert drawn == dark
