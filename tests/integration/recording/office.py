"""Where hours are entered: who does it, when, and the sheets that come in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from tests.integration.recognition.city import City, moment

from national_sync.acts import Act
from national_sync.operators.rights import Operator, Role
from national_sync.policy import Calendar, Recording
from national_sync.recording.entering import Line, Recorder, enter_one
from national_sync.recording.sheet import COLUMNS, SHEET, Imported, take_sheet
from national_sync.sheets import new_book

NOW: Final = moment("2026-03-18 20:00")
CHEN: Final = Operator(1, "chen", Role.CITY_OPERATOR)
OF_MOJIANG: Final = Operator(2, "bai", Role.COUNTY_OPERATOR, "530822")
HEADINGS: Final = [heading for heading, _width in COLUMNS]


@dataclass
class RecordingOffice:
    city: City
    now: int

    def recorder(self, operator: Operator = CHEN) -> Recorder:
        return Recorder(operator, Recording(), Calendar(), self.now)

    @property
    def act(self) -> Act:
        return Act(CHEN.actor, self.now)

    def enter(
        self, begin: str = "08:00", end: str = "10:00", operator: Operator = CHEN, **given: Any
    ) -> dict[str, Any]:
        line = {"volunteer": self.number(1), "project": "1", "day": date(2026, 3, 5), "row": 1, **given}
        start, stop = (int(hour) * 3600 + int(minute) * 60 for hour, minute in (t.split(":") for t in (begin, end)))
        with self.city.database.write() as connection:
            return enter_one(connection, self.recorder(operator), Line(start=start, end=stop, **line))

    def number(self, volunteer: int) -> str:
        [(number,)] = self.city.rows("SELECT number FROM volunteer WHERE id = :id", id=volunteer)
        return str(number)

    def row(self, volunteer: int = 1, begin: Any = "08:00", end: Any = "10:00", **cells: Any) -> list[Any]:
        [(number, name)] = self.city.rows("SELECT number, name FROM volunteer WHERE id = :id", id=volunteer)
        usual = {"志愿者编号": number, "姓名": name, "项目": "清洁家园", "服务日期": "2026-03-05", "备注": "清扫"}
        return [{**usual, "开始时间": begin, "结束时间": end, **cells}.get(heading) for heading in HEADINGS]

    def take(self, file: Path, operator: Operator = CHEN, **how: bool) -> Imported:
        return take_sheet(self.city.database, self.recorder(operator), file, **how)

    def records(self) -> list[Any]:
        return self.city.rows(
            "SELECT volunteer_id, project_id, team_id, started_at, ended_at, service_seconds, remark, sync_rev"
            " FROM hour_record ORDER BY id"
        )


def write_sheet(file: Path, lines: Sequence[Sequence[Any]], headings: Sequence[str] = HEADINGS) -> Path:
    with new_book(file) as book:
        page = book.sheet(SHEET, [(heading, 12) for heading in headings])
        for number, cells in enumerate(lines, 1):
            book.row(page, number, cells)
    return file
