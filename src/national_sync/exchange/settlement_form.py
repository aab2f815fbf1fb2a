"""A merchant's statement on paper, as a workbook or a PDF to be stamped: the same bytes for the same statement.

Chinese in front and English below it, whatever language the command line speaks: the paper goes to the partner. No
volunteer is named on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from national_sync.clock import local_text
from national_sync.exchange.accounts import Kind
from national_sync.printing.forms import pdf
from national_sync.prose.amounts import hours
from national_sync.sheets import new_book

_TITLE: Final = ("志愿服务时长兑换结算单", "Statement of Hours Redeemed")
_COLUMNS: Final = (
    ("序号", "No.", 8),
    ("时间", "When", 20),
    ("事项", "What", 22),
    ("项目", "Offer", 30),
    ("份数", "Pieces", 8),
    ("小时", "Hours", 12),
    ("累计", "Balance", 12),
)
_KINDS: Final = {
    Kind.CONFIRMED: "兑换 redeemed",
    Kind.REFUNDED: "退回 refunded",
    Kind.NOT_FULFILLED: "未能提供 not delivered",
    Kind.RETURNED: "逾期未领，退回 hours back",
    Kind.FORFEITED: "逾期未领，作废 hours lost",
}
_SUMS: Final = {
    "opening_seconds": ("期初累计", "Hours before"),
    "redeemed_seconds": ("本期兑换", "Redeemed"),
    "returned_seconds": ("本期减少", "Given back"),
    "closing_seconds": ("期末累计", "Hours after"),
}
_FEDERATION: Final = "普洱市志愿服务联合会"


def write_sheet(file: Path, statement: Mapping[str, Any]) -> None:
    """`statement` is a settlement with its merchant's name and credit code, its agreement's number and its lines."""
    with new_book(file) as book:
        top = [
            f"{statement['merchant']} {_TITLE[0]}",
            *(f"{chinese} {english}: {value}" for chinese, english, value in _facts(statement)),
        ]
        sheet = book.sheet(
            "结算单", [(f"{chinese}\n{english}", width) for chinese, english, width in _COLUMNS], top=top
        )
        formats = [book.number, book.text, book.text, book.text, book.number, book.hours, book.hours]
        free = len(top) + 1
        for *words, seconds, balance in _lines(statement):
            book.row(sheet, free, [*words, seconds / 3600, balance / 3600], formats)
            free += 1
        for column, body in ((1, statement["merchant"]), (4, _FEDERATION)):
            sheet.write_string(free + 1, column, f"{body}（盖章）", book.note)


def write_pdf(file: Path, statement: Mapping[str, Any]) -> None:
    """Raises GlyphMissing."""
    file.write_bytes(pdf("settlement", form_data(statement)))


def form_data(statement: Mapping[str, Any]) -> dict[str, Any]:
    """The data of the printed form."""
    lines = [[*map(str, text), hours(seconds), hours(balance)] for *text, seconds, balance in _lines(statement)]
    return {
        "title": _TITLE[0],
        "title_english": _TITLE[1],
        "facts": [list(fact) for fact in _facts(statement)],
        "headings": [list(column[:2]) for column in _COLUMNS],
        "lines": lines,
        "total": f"共 {len(lines)} 笔 · {len(lines)} entries",
        "bodies": [statement["merchant"], _FEDERATION],
        "digest": statement["digest"],
        "day_line": local_text(statement["closed_at"])[:10],
    }


def _facts(statement: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Chinese, English, value."""
    return [
        ("单位", "Partner", f"{statement['merchant']}（{statement['credit_code']}）"),
        ("协议", "Agreement", statement["agreement"]),
        ("结算单号、结算期", "No., period", f"{statement['id']} · {statement['period']}"),
        *((*words, hours(statement[name])) for name, words in _SUMS.items()),
    ]


def _lines(statement: Mapping[str, Any]) -> Iterator[list[Any]]:
    """In the order of the columns, the last two in seconds."""
    for line in statement["lines"]:
        yield [
            line["version"],
            local_text(line["at"]),
            _KINDS.get(line["kind"], line["kind"]),
            line["offer"] or "",
            line["quantity"] or 0,
            line["seconds"],
            line["balance_after"],
        ]
