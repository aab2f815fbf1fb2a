"""The assessment as a workbook and as one HTML page that needs nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from national_sync.clock import local_date
from national_sync.divisions import COUNTIES
from national_sync.policy import Assessment
from national_sync.prose.amounts import hours
from national_sync.recognition import assessing, drawings, targets
from national_sync.recognition.assessing import StationFigures, UnitFigures, Year
from national_sync.recognition.targets import Figures, Standing
from national_sync.recognition.units import KIND_WORDS, UnitKind
from national_sync.sheets import Book, new_book
from national_sync.station_days import station_days

STANDING_WORDS: Final = {
    Standing.MET: "达标",
    Standing.MISSED: "未达标",
    Standing.UNKNOWN: "未知",
    Standing.NO_TARGET: "不作要求",
}
_UNKNOWN: Final = "未知"
_ROWS_A_SHEET: Final = 1_000_000


@dataclass(frozen=True)
class Result:
    """What was found for a year, and what it is measured against."""

    year: Year
    policy: Assessment
    units: Sequence[UnitFigures]
    stations: Sequence[StationFigures]

    def facts(self) -> dict[str, Any]:
        """As one JSON object; a figure that is not known is null."""
        return {
            "first": self.year.first.isoformat(),
            "last": self.year.last.isoformat(),
            "units": [_unit_facts(one, self.policy) for one in self.units],
            "stations": [_station_facts(one) for one in self.stations],
            "counties": county_facts(self),
        }


def assess(connection: Connection, policy: Assessment, year: Year) -> Result:
    """Inside `assessing.counted`."""
    return Result(year, policy, assessing.units(connection, year), assessing.stations(connection, year))


def _unit_facts(one: UnitFigures, policy: Assessment) -> dict[str, Any]:
    figures = one.figures
    return {
        "unit_id": one.unit_id,
        "name": one.name,
        "kind": figures.kind,
        "county": figures.county,
        "head_count": figures.head_count,
        "registered": figures.registered,
        "registration_percent": _rounded(targets.percent(figures.registered, figures.head_count)),
        "quota_percent": targets.registration_quota(figures, policy),
        "registration": targets.registration(figures, policy).value,
        "average_seconds": figures.seconds // figures.registered if figures.registered else None,
        "target_hours": targets.hours_target(figures, policy),
        "yearly_hours": targets.yearly_hours(figures, policy).value,
        "active": figures.active,
        "trained": figures.trained,
        "training_percent": _rounded(targets.percent(figures.trained, figures.registered)),
        "training": targets.training(figures).value,
        "projects": figures.projects,
    }


def _station_facts(one: StationFigures) -> dict[str, Any]:
    return {
        "station_id": one.station_id,
        "name": one.name,
        "county": one.county,
        "days": one.days,
        "days_met": one.days_met if one.days is not None else None,
        "average_seconds": one.seconds // one.days if one.days else None,
        "standing": station_standing(one).value,
    }


def station_standing(one: StationFigures) -> Standing:
    """Every day at least so many hours: clause S6."""
    if not one.days:
        return Standing.UNKNOWN
    return Standing.MET if one.days_met >= one.days else Standing.MISSED


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def county_facts(result: Result) -> list[dict[str, Any]]:
    """The ten counties, each with sums over its units; rates rest only on units whose head count is known."""
    by_county: dict[str, list[Figures]] = defaultdict(list)
    for one in result.units:
        by_county[one.figures.county].append(one.figures)
    return [_county(code, by_county.get(code, []), result.policy) for code in COUNTIES]


def _county(code: str, units: Sequence[Figures], policy: Assessment) -> dict[str, Any]:
    known = [one for one in units if one.head_count]
    registered = sum(one.registered for one in units)
    seconds = sum(one.seconds for one in units)
    return {
        "county": code,
        "units": len(units),
        "units_without_head_count": len(units) - len(known),
        "registered": registered,
        "registration_percent": _rounded(
            targets.percent(sum(one.registered for one in known), sum(one.head_count or 0 for one in known))
        ),
        "units_met": sum(targets.registration(one, policy) is Standing.MET for one in units),
        "average_seconds": seconds // registered if registered else None,
        "projects": sum(one.projects for one in units),
    }


# The workbook

_UNIT_COLUMNS: Final = (
    ("编号", 7),
    ("单位名称", 32),
    ("单位性质", 20),
    ("县（区）", 24),
    ("应注册人数", 10),
    ("注册志愿者", 10),
    ("注册率 %", 9),
    ("要求 %", 8),
    ("注册", 9),
    ("年人均小时", 11),
    ("要求小时", 9),
    ("时长", 9),
    ("有服务记录人数", 10),
    ("受训人数", 9),
    ("培训覆盖 %", 10),
    ("培训", 9),
    ("登记项目数", 10),
)
_STATION_COLUMNS: Final = (
    ("编号", 7),
    ("服务站点", 32),
    ("县（区）", 24),
    ("应服务天数", 11),
    ("达标天数", 11),
    ("日均小时", 11),
    ("结论", 10),
)


def write_book(file: Path, connection: Connection, result: Result, *, with_evidence: bool) -> None:
    """Inside `assessing.counted`, where `with_evidence` reads its rows."""
    top = [f"普洱市志愿服务测评（{result.year.first.year}年）", _period(result.year)]
    with new_book(file) as book:
        sheet = book.sheet("单位", _UNIT_COLUMNS, top=top)
        for number, one in enumerate(result.units, start=len(top) + 1):
            book.row(sheet, number, _unit_cells(one, result.policy))
        sheet = book.sheet("站点", _STATION_COLUMNS, top=top)
        for number, station in enumerate(result.stations, start=len(top) + 1):
            book.row(sheet, number, _station_cells(station))
        if with_evidence:
            _write_evidence(book, connection, result.year)


def _period(year: Year) -> str:
    return (
        f"统计期间：{year.first} 至 {year.last}。以全国志愿服务信息系统的有效记录为准；"
        "未报人数的单位注册率为“未知”，不按 0 或 100% 计。"
    )


def _unit_cells(one: UnitFigures, policy: Assessment) -> list[Any]:
    facts = _unit_facts(one, policy)
    return [
        one.unit_id,
        one.name,
        KIND_WORDS[UnitKind(facts["kind"])],
        COUNTIES.get(facts["county"], facts["county"]),
        _or_unknown(facts["head_count"]),
        facts["registered"],
        _or_unknown(facts["registration_percent"]),
        facts["quota_percent"],
        STANDING_WORDS[Standing(facts["registration"])],
        _or_unknown(_hours(facts["average_seconds"])),
        facts["target_hours"],
        STANDING_WORDS[Standing(facts["yearly_hours"])],
        facts["active"],
        facts["trained"],
        _or_unknown(facts["training_percent"]),
        STANDING_WORDS[Standing(facts["training"])],
        facts["projects"],
    ]


def _station_cells(one: StationFigures) -> list[Any]:
    facts = _station_facts(one)
    return [
        one.station_id,
        one.name,
        COUNTIES.get(one.county, one.county),
        _or_unknown(facts["days"]),
        _or_unknown(facts["days_met"]),
        _or_unknown(_hours(facts["average_seconds"])),
        STANDING_WORDS[Standing(facts["standing"])],
    ]


def _or_unknown(value: Any) -> Any:
    return _UNKNOWN if value is None else value


def _hours(seconds: int | None) -> float | None:
    return None if seconds is None else float(hours(seconds))


_PEOPLE_COLUMNS: Final = (
    ("单位编号", 9),
    ("志愿者编号", 22),
    ("姓名", 14),
    ("年度小时", 11),
    ("有效记录数", 11),
    ("培训次数", 10),
)
_PROJECT_COLUMNS: Final = (("单位编号", 9), ("项目编号", 22), ("项目名称", 40), ("开始日期", 12))
_DAY_COLUMNS: Final = (("站点编号", 9), ("服务站点", 32), ("日期", 12), ("当日小时", 11), ("当日达标", 10))


def _write_evidence(book: Book, connection: Connection, year: Year) -> None:
    people = (
        [one["unit_id"], one["number"], one["name"], _hours(one["seconds"]), one["records"], one["trainings"]]
        for one in assessing.member_rows(connection, year)
    )
    _write_rows(book, "依据-人员", _PEOPLE_COLUMNS, people)
    projects = (
        [one["unit_id"], one["number"] or "", one["name"], local_date(one["started_at"]).isoformat()]
        for one in assessing.project_rows(connection, year)
    )
    _write_rows(book, "依据-项目", _PROJECT_COLUMNS, projects)
    days = (
        [one["station_id"], one["name"], one["day"], _hours(one["seconds"]), "是" if one["is_met"] else "否"]
        for one in station_days(connection, year.first, year.last)
    )
    _write_rows(book, "依据-站点", _DAY_COLUMNS, days)


def _write_rows(book: Book, name: str, columns: Sequence[tuple[str, int]], found: Iterable[list[Any]]) -> None:
    """A sheet holds a little more than a million rows; more go on in another one."""
    sheet, number, sheets = book.sheet(name, columns), 0, 1
    for cells in found:
        if number == _ROWS_A_SHEET:
            sheets, number = sheets + 1, 0
            sheet = book.sheet(f"{name}{sheets}", columns)
        number += 1
        book.row(sheet, number, cells)


# The page


def page(result: Result) -> str:
    """One HTML page: no script, no address, opens from a mail."""
    counties = county_facts(result)
    units = [_unit_facts(one, result.policy) for one in result.units]
    year = result.year.first.year
    parts = [
        f"<h1>普洱市志愿服务测评 {year}<small lang='en'>Volunteer service assessment</small></h1>",
        f"<p class='note'>{escape(_period(result.year))}</p>",
        _summary(units),
        "<h2>各县（区）注册率<small lang='en'>Registration by county, %</small></h2>",
        drawings.tile_map({one["county"]: one["registration_percent"] for one in counties}),
        _county_table(counties),
        "<h2>各县（区）人均服务小时<small lang='en'>Average hours a volunteer</small></h2>",
        drawings.bars([(_short(one["county"]), _hours(one["average_seconds"])) for one in counties]),
        "<h2>单位<small lang='en'>Units</small></h2>",
        _table(
            [heading for heading, _width in _UNIT_COLUMNS], [_unit_cells(one, result.policy) for one in result.units]
        ),
        "<h2>服务站点<small lang='en'>Service stations</small></h2>",
        _table([heading for heading, _width in _STATION_COLUMNS], [_station_cells(one) for one in result.stations]),
    ]
    return drawings.document(f"普洱市志愿服务测评 {year}", "\n".join(parts))


def _summary(units: Sequence[dict[str, Any]]) -> str:
    lines = []
    for name, words in (("registration", "注册率"), ("yearly_hours", "年人均时长"), ("training", "培训覆盖")):
        counts = [f"{STANDING_WORDS[one]} {sum(unit[name] == one for unit in units)}" for one in Standing]
        lines.append(f"<li>{words}：{'，'.join(counts)}（共 {len(units)} 个单位）</li>")
    return f"<ul>{''.join(lines)}</ul>"


def _county_table(counties: Sequence[dict[str, Any]]) -> str:
    headings = [
        "县（区）",
        "单位数",
        "未报人数的单位",
        "注册志愿者",
        "注册率 %",
        "注册达标单位",
        "年人均小时",
        "登记项目数",
    ]
    cells = [
        [
            COUNTIES[one["county"]],
            one["units"],
            one["units_without_head_count"],
            one["registered"],
            _or_unknown(one["registration_percent"]),
            one["units_met"],
            _or_unknown(_hours(one["average_seconds"])),
            one["projects"],
        ]
        for one in counties
    ]
    return _table(headings, cells)


def _short(county: str) -> str:
    """A county's name without the peoples whose autonomous county it is."""
    return COUNTIES[county][:2]


def _table(headings: Sequence[str], cells: Iterable[Sequence[Any]]) -> str:
    head = "".join(f"<th scope='col'>{escape(heading)}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in cells)
    return f"<div class='wide'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _cell(value: Any) -> str:
    if value is None:
        return "<td>—</td>"
    if isinstance(value, int | float):
        return f"<td class='number'>{value}</td>"
    kind = {"未达标": " class='missed'", "未知": " class='unknown'"}.get(value, "")
    return f"<td{kind}>{escape(str(value))}</td>"
