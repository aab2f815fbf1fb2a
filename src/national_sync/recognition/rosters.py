"""Rosters of a batch, for the notice and for the archive, and the list of stars to apply for nationally."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.acts import row_by_id
from national_sync.clock import local_date
from national_sync.divisions import COUNTIES
from national_sync.errors import UsageError
from national_sync.i18n import N_
from national_sync.printing.forms import pdf
from national_sync.prose.amounts import hours
from national_sync.recognition.national_stars import applications
from national_sync.recognition.wording import BODIES, STAR_NAMES, chinese_day
from national_sync.sheets import new_book

_COLUMNS: Final = (
    ("序号", "No.", 6),
    ("证书编号", "Certificate", 18),
    ("姓名", "Name", 14),
    ("志愿者编号", "Volunteer number", 22),
    ("县（区）", "County", 26),
    ("服务时长（小时）", "Hours", 14),
    ("认定星级", "Stars", 10),
)
_STATES: Final = {"draft": "（草案）", "notice": "（公示）", "certified": "", "published": ""}


def write_roster(connection: Connection, batch_id: int, file: Path, *, county: str | None = None) -> int:
    """Write `.xlsx` or `.pdf`; how many people are in it."""
    batch = row_by_id(connection, "star_batch", batch_id)
    people = [_line(number, award) for number, award in enumerate(_awards(connection, batch, county), start=1)]
    match file.suffix.lower():
        case ".xlsx":
            _write_sheet(file, batch, people)
        case ".pdf":
            file.write_bytes(pdf("star_roster", roster_data(batch, people)))
        case _:
            raise UsageError(N_("A roster is written as .xlsx or .pdf; {file} is neither."), file=file.name)
    return len(people)


def _awards(connection: Connection, batch: Mapping[str, Any], county: str | None) -> Iterator[Mapping[str, Any]]:
    """Who is on it: everybody up to the certification, afterwards whoever was certified and not revoked."""
    states = "'proposed', 'frozen'" if batch["state"] in ("draft", "notice") else "'certified'"
    limited = "" if county is None else " AND county = :county"
    found = connection.execute(
        text(
            f"SELECT * FROM star_award WHERE batch_id = :batch AND state IN ({states}){limited}"
            " ORDER BY star DESC, volunteer_number"
        ).execution_options(yield_per=1_000),
        {"batch": batch["id"], **({} if county is None else {"county": county})},
    )
    return (dict(row) for row in found.mappings())


def _line(number: int, award: Mapping[str, Any]) -> list[str]:
    return [
        str(number),
        award["number"] or "",
        award["volunteer_name"],
        award["volunteer_number"],
        COUNTIES.get(award["county"], award["county"]),
        hours(award["seconds"]),
        STAR_NAMES[award["star"]],
    ]


def roster_data(batch: Mapping[str, Any], people: list[list[str]]) -> dict[str, Any]:
    """The data of the form."""
    return {
        "title": _title(batch),
        "title_english": f"Roster of Star Volunteers {batch['year']}, batch {batch['batch']}",
        "note": _note(batch),
        "headings": [list(column[:2]) for column in _COLUMNS],
        "people": people,
        "total": f"合计 {len(people)} 人 · {len(people)} in all",
        "bodies": BODIES,
        "day_line": _day_line(batch),
    }


def _title(batch: Mapping[str, Any]) -> str:
    supplement = "" if batch["batch"] == 1 else f"（补充第{batch['batch'] - 1}批）"
    return f"普洱市{batch['year']}年度星级志愿者名册{supplement}{_STATES[batch['state']]}"


def _note(batch: Mapping[str, Any]) -> str:
    cut_off = chinese_day(date.fromisoformat(batch["cut_off"]))
    notice = ""
    if batch["state"] == "notice":
        first, last = (chinese_day(date.fromisoformat(batch[name])) for name in ("notice_from", "notice_until"))
        notice = f"公示期：{first}至{last}，其间可向下列单位提出异议。"
    return f"时长截至{cut_off}，以全国志愿服务信息系统的有效记录为准。{notice}"


def _day_line(batch: Mapping[str, Any]) -> str:
    return "" if batch["certified_at"] is None else chinese_day(local_date(batch["certified_at"]))


def _write_sheet(file: Path, batch: Mapping[str, Any], people: list[list[str]]) -> None:
    with new_book(file) as book:
        columns = [(f"{chinese}\n{english}", width) for chinese, english, width in _COLUMNS]
        top = [_title(batch), _note(batch)]
        sheet = book.sheet("名册", columns, top=top)
        row = len(top) + 1
        formats = [book.number, *[book.text] * 4, book.hours, book.text]
        for row, person in enumerate(people, start=len(top) + 1):
            values = [int(person[0]), *person[1:5], float(person[5]), person[6]]
            book.row(sheet, row, values, formats)
        row += 2
        for column, body in enumerate(BODIES):
            sheet.write_string(row, 1 + 2 * column, f"{body}（盖章）", book.note)
        sheet.write_string(row + 1, 1, _day_line(batch), book.note)


_APPLIED: Final = (
    ("志愿者编号", 22),
    ("姓名", 14),
    ("县（区）", 26),
    ("申请星级", 10),
    ("全国现有星级", 14),
    ("服务时长（小时）", 16),
)


def write_applications(connection: Connection, file: Path) -> int:
    """Write `.xlsx`; how many people are in it."""
    if file.suffix.lower() != ".xlsx":
        raise UsageError(N_("The list is written as .xlsx; {file} is not."), file=file.name)
    row = 1
    with new_book(file) as book:
        top = ["拟向全国志愿服务信息系统申报的星级", "只申报与累计时长相符的星级，不申报已有的或更低的星级。"]
        sheet = book.sheet("申报", _APPLIED, top=top)
        formats = [*[book.text] * 3, book.number, book.number, book.hours]
        row = len(top)
        for row, one in enumerate(applications(connection), start=len(top) + 1):
            county = COUNTIES.get(one["county"], one["county"])
            cells = [
                one["number"],
                one["name"],
                county,
                one["star"],
                one["national_star"],
                float(hours(one["seconds"])),
            ]
            book.row(sheet, row, cells, formats)
    return row - len(top)
