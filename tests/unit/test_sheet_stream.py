"""Sheets are read in pieces, and cell by cell as calamine reads them whole."""

from __future__ import annotations

import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from xlsxwriter import Workbook

from national_sync.errors import SheetRefused
from national_sync.sheet_files import rows_under
from national_sync.sheet_stream import part_of, scan, stream

HEADINGS = ["甲", "乙", "丙"]
CELLS: list[Any] = [
    "李文秀",
    "a & b <c> \"d\" 'e'",
    "  两端的空格  ",
    "第一行\n第二行",
    "_x0041_ 与 _x005F_",
    "530802199004120028",
    13_887_901_234,
    0,
    -1.5,
    0.1 + 0.2,
    1e15,
    True,
    False,
    date(2026, 3, 5),
    datetime(2026, 3, 5, 8, 30),
    datetime(2026, 3, 5, 8, 30, 15),
    time(8, 30),
    timedelta(hours=30),
    None,
    "",
]


def write(file: Path, rows: list[list[Any]], *, inline: bool = False, first_row: int = 0, **book: Any) -> Path:
    with Workbook(str(file), {"constant_memory": inline, **book}) as workbook:
        sheet = workbook.add_worksheet("表")
        forms = {
            date: "yyyy-mm-dd",
            datetime: "yyyy年m月d日 hh:mm:ss",
            time: "hh:mm",
            timedelta: "[h]:mm:ss",
            float: '0.00"天"',
        }
        formats = {kind: workbook.add_format({"num_format": form}) for kind, form in forms.items()}
        for number, row in enumerate(rows, first_row):
            for column, value in enumerate(row, 1):
                sheet.write(number, column, value, *([formats[type(value)]] if type(value) in formats else []))
        sheet.write_rich_string(len(rows) + first_row, 1, "一", workbook.add_format({"bold": True}), "二", "三")
    return file


def streamed(file: Path) -> list[list[Any]]:
    with zipfile.ZipFile(file) as archive:
        part = part_of(archive, "表")
        assert scan(archive, part).is_usual
        return [row for _number, row in stream(archive, part, lambda first: {c: n for n, c in enumerate(first)})]


@pytest.mark.parametrize("inline", [False, True], ids=["shared strings", "inline strings"])
@pytest.mark.parametrize("is_1904", [False, True], ids=["1900", "1904"])
def test_cells_are_what_the_other_reader_makes_of_them(tmp_path: Path, inline: bool, is_1904: bool) -> None:
    rows = [HEADINGS, *([value, "x", value] for value in CELLS)]
    file = write(tmp_path / "a.xlsx", rows, inline=inline, date_1904=is_1904)
    whole = CalamineWorkbook.from_path(str(file)).get_sheet_by_name("表").to_python()[1:]
    ours = streamed(file)
    assert len(ours) == len(CELLS) + 1
    for value, mine, theirs in zip([*CELLS, "rich"], ours, whole, strict=True):
        assert (value, mine) == (value, theirs)
        assert [type(one) for one in mine] == [type(one) for one in theirs], value


def test_rows_keep_their_numbers_and_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    rows = [["自己的", *reversed(HEADINGS)], ["-", 3.0, 2.0, 1.0], [], ["-", None, None, "末"]]
    file = write(tmp_path / "a.xlsx", rows, first_row=4)
    assert list(rows_under(file, "表", HEADINGS))[:2] == [(6, [1.0, 2.0, 3.0]), (8, ["末", "", ""])]


def rewritten(file: Path, part: str, change: Any) -> Path:
    """The workbook with one part changed."""
    changed = file.with_name("changed.xlsx")
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name == part else content)
    return changed


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    "change",
    [
        lambda xml: xml.replace(b"<worksheet", b"<!-- by hand --><worksheet"),
        lambda xml: xml.replace(b"<sheetData>", b"<sheetData><!-- here -->"),
        lambda xml: xml.replace(b"<worksheet ", b"<x:worksheet xmlns:x='urn:x' "),
    ],
    ids=["a comment before", "a comment inside", "another name space"],
)
def test_an_unusual_sheet_is_left_to_the_other_reader(tmp_path: Path, change: Any) -> None:
    file = write(tmp_path / "a.xlsx", [HEADINGS, ["一", "二", "三"]])
    changed = rewritten(file, SHEET, change)
    with zipfile.ZipFile(changed) as archive:
        assert not scan(archive, SHEET).is_usual


def test_cells_in_another_shape_are_parsed(tmp_path: Path) -> None:
    file = write(tmp_path / "a.xlsx", [HEADINGS, [1, "二", "三"]])

    def turned(xml: bytes) -> bytes:
        return xml.replace(b'<c r="B2"><v>1</v></c>', b'<c  t="n"\n r="B2" cm="1" ><v> 1 </v ></c>')

    assert next(iter(rows_under(rewritten(file, SHEET, turned), "表", HEADINGS))) == (2, [1.0, "二", "三"])


@pytest.mark.parametrize(
    "change",
    [
        lambda xml: xml[: len(xml) // 2],
        lambda xml: xml.replace(b"<v>3</v>", b"<v>99</v>"),
        lambda xml: xml.replace(b"<v>3</v>", b"<v>abc</v>"),
        lambda _xml: b"\x00\x01 no xml at all",
    ],
    ids=["cut off", "a string that is not there", "a number that is none", "no XML"],
)
def test_a_damaged_sheet_is_refused(tmp_path: Path, change: Any) -> None:
    file = write(tmp_path / "a.xlsx", [HEADINGS, ["一", "二", "三"]])
    with pytest.raises(SheetRefused, match="damaged"):
        list(rows_under(rewritten(file, SHEET, change), "表", HEADINGS))


def test_merged_cells_and_a_sheet_that_is_missing_are_told(tmp_path: Path) -> None:
    file = write(tmp_path / "a.xlsx", [HEADINGS, ["一", "二", "三"]])
    merged = rewritten(
        file,
        SHEET,
        lambda xml: xml.replace(b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="B2:C2"/></mergeCells>'),
    )
    with pytest.raises(SheetRefused, match="merged cells, B2:C2"):
        list(rows_under(merged, "表", HEADINGS))
    with pytest.raises(SheetRefused, match="no sheet named 别的"):
        list(rows_under(file, "别的", HEADINGS))


def test_what_is_held_does_not_grow_with_the_sheet(tmp_path: Path) -> None:
    """Strings lie in a file: of ten thousand only those asked for lately are in memory."""
    rows = [HEADINGS, *([f"{number}号", "重复", number] for number in range(10_000))]
    file = write(tmp_path / "a.xlsx", rows)
    with zipfile.ZipFile(file) as archive:
        found = stream(archive, part_of(archive, "表"), lambda first: {c: n for n, c in enumerate(first)})
        assert [next(found)[1][0] for _ in range(3)] == ["0号", "1号", "2号"]
        assert sum(1 for _row in found) == 9_998
