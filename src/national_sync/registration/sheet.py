"""The spreadsheet in which a unit registers many people at once: its headings, and an empty one to fill in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from xlsxwriter.worksheet import Worksheet

from national_sync.code_lists import LISTS
from national_sync.i18n import speaking
from national_sync.prose.fields import field_name
from national_sync.registration.validation import FIELDS, REQUIRED
from national_sync.sheets import Book, new_book

SHEET: Final = "登记"
_CODES: Final = "代码"
_GUIDE: Final = "说明"
MOST_ROWS: Final = 100_000
_CHOSEN: Final = tuple(name for name in FIELDS if name in LISTS and name not in ("categories", "skills"))
"""Exactly one of a list; the others may hold several."""
_GUIDANCE: Final = (
    "每人一行。标题行不可改动；自己的列可以另加。",
    "必填：{required}。身份证件为居民身份证的，性别和出生日期可以不填。",
    "身份证号请先把单元格设为文本再输入。已变成数字的身份证号末几位已丢失，须从原系统重新导出为文本后再填。",
    "未满 14 周岁：填写监护人、监护人电话、监护人同意日期。超过 70 周岁：填写身体状况声明日期。",
    "日期可写作 2026-03-05、2026/3/5、2026.3.5、20260305 或 2026年3月5日。",
    "有代码的列可填代码或文字，见“代码”表；服务类别（至多四个）和服务技能可填多个，用顿号分开。",
    "服务区域、居住区域填代码（6、9、12 或 18 位）或县（区）全称。",
    "填好后：national-sync volunteer import 文件.xlsx",
)


def heading(name: str) -> str:
    """Chinese first, English second, whatever the language in use: the import knows its columns by it."""
    with speaking("zh"):
        chinese = field_name(name)
    with speaking("en"):
        return f"{chinese} {field_name(name)}"


def headings() -> Mapping[str, str]:
    return MappingProxyType({name: heading(name) for name in FIELDS})


def write_template(file: Path) -> None:
    """An empty sheet with drop-down lists, the codes, and how to fill it in."""
    with new_book(file) as book:
        sheet = book.sheet(SHEET, [(text, max(14, 2 * len(text) // 2 + 4)) for text in headings().values()])
        for column in range(len(FIELDS)):
            sheet.set_column(column, column, 20, book.text)
        for name in _CHOSEN:
            _offer(sheet, name)
        _write_codes(book)
        guide = book.sheet(_GUIDE, [("怎样填写", 100)])
        required = "、".join(headings()[name] for name in REQUIRED)
        for number, line in enumerate(_GUIDANCE, 1):
            book.row(guide, number, [line.format(required=required)])


def _offer(sheet: Worksheet, name: str) -> None:
    column, codes = FIELDS.index(name), list(LISTS).index(name)
    letter = chr(ord("A") + codes)
    source = f"='{_CODES}'!${letter}$2:${letter}${len(LISTS[name]) + 1}"
    sheet.data_validation(1, column, MOST_ROWS, column, {"validate": "list", "source": source})


def _write_codes(book: Book) -> None:
    sheet = book.sheet(_CODES, [(heading(name), 24) for name in LISTS])
    longest = max(map(len, LISTS.values()))
    columns = [list(listed.values()) for listed in LISTS.values()]
    for row in range(longest):
        book.row(sheet, row + 1, [column[row] if row < len(column) else None for column in columns])
