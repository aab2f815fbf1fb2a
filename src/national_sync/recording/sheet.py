"""Hours of many people by spreadsheet: all of them or none, unless only the valid ones are wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from national_sync.i18n import N_, Lines, Phrase
from national_sync.recording.entering import Judged, Line, Recorder, judge, write
from national_sync.recording.written import read_day, read_time
from national_sync.sheet_files import RefusedRow, as_text, filled_rows, refused
from national_sync.sheets import new_book
from national_sync.store.database import Database
from national_sync.unfit import Unfit, begins_like_formula

SHEET: Final = "服务时长"
_GUIDE: Final = "说明"
COLUMNS: Final = (
    ("志愿者编号", 24),
    ("姓名", 14),
    ("项目", 34),
    ("服务日期", 14),
    ("开始时间", 12),
    ("结束时间", 12),
    ("备注", 40),
)
_GUIDANCE: Final = (
    "每人每段服务一行。标题行不可改动；自己的列可以另加。",
    "志愿者编号填全国编号，或本系统的行号；姓名用来核对编号，必填。",
    "项目填本系统的行号、项目编号、全国标识或全名；时长记在该项目的队伍名下，志愿者须是该队成员。",
    "日期可写作 2026-03-05、2026/3/5、2026.3.5、20260305 或 2026年3月5日；时间如 08:30。",
    "一段服务须在同一天内开始和结束；跨过午夜的分两行填写。不可重叠，不可晚于现在，须在项目起止日期之内。",
    "应在服务结束后 10 个工作日内录入；逾期仍可录入，会注明。",
    "填好后：national-sync hours import 文件.xlsx",
)
MOST_ROWS: Final = 20_000
_AT_A_TIME: Final = 500


@dataclass
class Imported:
    rows: int = 0
    valid: int = 0
    late: int = 0
    """Of the valid ones: past their due day."""
    taken: bool = False
    refused: list[RefusedRow] = field(default_factory=list)

    @property
    def refused_count(self) -> int:
        return self.rows - self.valid


def write_template(file: Path) -> None:
    """An empty sheet, and how to fill it in."""
    with new_book(file) as book:
        sheet = book.sheet(SHEET, COLUMNS)
        for column, (_heading, width) in enumerate(COLUMNS):
            sheet.set_column(column, column, width, book.text)
        guide = book.sheet(_GUIDE, [("怎样填写", 100)])
        for number, line in enumerate(_GUIDANCE, 1):
            book.row(guide, number, [line])


def take_sheet(
    database: Database, recorder: Recorder, path: Path, *, only_valid: bool = False, dry_run: bool = False
) -> Imported:
    """Check every row, and enter them or not. Raises SheetRefused for a file that is no such sheet, UsageError."""
    lines, unreadable = read_lines(path)
    imported = Imported(rows=len(lines) + len(unreadable), refused=unreadable)
    with database.write(durable=True) as connection:
        judged = Judged()
        remaining = iter(lines)
        while some := list(islice(remaining, _AT_A_TIME)):
            judge(connection, recorder, some, judged)
        imported.valid = len(judged.fit)
        imported.late = sum(recorder.is_late(fit.line.day) for fit in judged.fit)
        imported.refused += [RefusedRow(line.row, problems) for line, problems in judged.wrong]
        imported.taken = not dry_run and bool(judged.fit) and (only_valid or not imported.refused_count)
        if imported.taken:
            write(connection, recorder, judged.fit)
    imported.refused.sort(key=lambda row: row.row)
    return imported


def read_lines(path: Path) -> tuple[list[Line], list[RefusedRow]]:
    """The rows that can be read, and the others. Raises SheetRefused for a file that is no such sheet, UsageError."""
    lines: list[Line] = []
    unreadable: list[RefusedRow] = []
    for number, cells in filled_rows(path, SHEET, [heading for heading, _width in COLUMNS], MOST_ROWS):
        read = _line(number, cells)
        if isinstance(read, Line):
            lines.append(read)
        else:
            unreadable.append(RefusedRow(number, read))
    if not lines and not unreadable:
        raise refused(path, Phrase(N_("it holds no row that is filled in")))
    return lines, unreadable


def _line(number: int, cells: Sequence[Any]) -> Line | Lines:
    """The row as it can be judged, or everything that cannot be read in it."""
    values: dict[str, Any] = {}
    problems: list[Phrase] = []
    for (heading, read), cell in zip(_READERS, cells, strict=True):
        try:
            values[heading] = read(cell)
        except Unfit as error:
            problems.append(Phrase(N_("{column}: {reason}"), column=heading, reason=error.reason))
    if problems:
        return Lines(problems)
    volunteer, name, project, day, start, end, remark = values.values()
    return Line(number, volunteer.upper(), project, day, start, end, name, remark or None)


def _text(cell: Any) -> str:
    text = as_text(cell)
    if text is None:
        raise Unfit(N_("the spreadsheet has changed this value; format the cell as text and type it again"))
    if begins_like_formula(text.lstrip()):
        raise Unfit(N_("begins like a formula"))
    return " ".join(text.split())


def _needed(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read_if_there(cell: Any) -> Any:
        if isinstance(cell, str) and not cell.strip():
            raise Unfit(N_("is missing"))
        return read(cell)

    return read_if_there


_READERS: Final[Sequence[tuple[str, Callable[[Any], Any]]]] = tuple(
    zip(
        (heading for heading, _width in COLUMNS),
        (*map(_needed, (_text, _text, _text, read_day, read_time, read_time)), _text),
        strict=True,
    )
)
