"""The statistics form (普洱市志愿者统计表, clause R7) as a grid of cells: written once, compared when it comes back. Pure.

One grid serves unit (a row a team), county (a row a unit) and city (a row a county). Below the rows stand the totals as
formulas, the same totals as plain numbers reckoned here, and a formula that says whether the two agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from national_sync.divisions import COUNTIES

SHEET: Final = "统计表"
SUMMED: Final = ("head_count", "registered", "male", "female", "party", "hundredths", "stars")
COLUMNS: Final = (
    ("序号", 7),
    ("名称", 40),
    ("应注册人数", 12),
    ("注册志愿者", 12),
    ("男", 9),
    ("女", 9),
    ("党员", 9),
    ("年度服务小时", 14),
    ("星级志愿者", 12),
    ("备注", 26),
)
_FIRST_SUM: Final = 2
_UNKNOWN: Final = "未知"
_HOURS: Final = _FIRST_SUM + SUMMED.index("hundredths")
NAME: Final = 1
REMARK: Final = len(COLUMNS) - 1
HEADINGS_ROW: Final = 3
FIRST_ROW: Final = HEADINGS_ROW + 1
HEADS: Final = (2, 1)
"""Row and column of the cell in which a unit writes its head count."""

Place = tuple[int, int]


@dataclass(frozen=True)
class Line:
    """One row: what was counted for a team, a unit or a county."""

    name: str
    registered: int | None = 0
    male: int | None = 0
    female: int | None = 0
    party: int | None = 0
    hundredths: int | None = 0
    """Hours served in the year, in hundredths."""
    stars: int | None = 0
    head_count: int | None = None
    remark: str = ""


@dataclass(frozen=True)
class Formula:
    text: str
    value: Any
    """What it comes to, for readers that do not reckon."""


@dataclass(frozen=True)
class Form:
    """`unit_id` is 0 for a county or the city; `name` whom the form is for."""

    year: int
    name: str
    county: str
    unit_id: int
    until: str
    lines: tuple[Line, ...]
    head_count: int | None = None
    """As known here when the form was made; the unit may correct it."""

    @property
    def is_units_own(self) -> bool:
        return self.unit_id != 0

    @property
    def total_row(self) -> int:
        return FIRST_ROW + len(self.lines)

    def as_facts(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Form:
        return cls(**{**facts, "lines": tuple(Line(**line) for line in facts["lines"])})


def grid(form: Form) -> dict[Place, Any]:
    """Every cell by row and column, counted from zero."""
    cells: dict[Place, Any] = {
        (0, 0): f"普洱市志愿者统计表（{form.year}年）",
        (1, 0): "填报",
        (1, 1): form.name,
        (1, 2): "县（区）",
        (1, 3): COUNTIES.get(form.county, "全市"),
        (1, 5): "统计至",
        (1, 6): form.until,
        (HEADS[0], 0): "应注册人数",
        (HEADS[0], 5): "（盖章）",
    }
    if form.county:
        # The city's lines sum up units with and without a head count, of which no rate can be made.
        cells |= {(HEADS[0], 2): "注册率", (HEADS[0], 3): _rate(form)}
    cells[HEADS] = form.head_count if form.is_units_own else _total(form, "head_count")
    for column, (heading, _width) in enumerate(COLUMNS):
        cells[HEADINGS_ROW, column] = heading
    for number, line in enumerate(form.lines):
        cells |= _row(FIRST_ROW + number, number + 1, line)
    return cells | _totals(form)


def _row(row: int, number: int, line: Line) -> dict[Place, Any]:
    numbers = {(row, _FIRST_SUM + index): _shown(line, name) for index, name in enumerate(SUMMED)}
    return {(row, 0): number, (row, NAME): line.name, **numbers, (row, REMARK): line.remark}


def _totals(form: Form) -> dict[Place, Any]:
    row = form.total_row
    cells: dict[Place, Any] = {(row, NAME): "合计", (row + 1, NAME): "核对值", (row + 2, NAME): "核对结果"}
    agreeing = []
    for index, name in _summed(form):
        column = letter(_FIRST_SUM + index)
        total = _total(form, name)
        cells[row, _FIRST_SUM + index] = Formula(_total_formula(form, index, name), total)
        cells[row + 1, _FIRST_SUM + index] = total
        agreeing.append(f"{column}{row + 1}={column}{row + 2}")
    cells[row + 2, _FIRST_SUM] = Formula(f'IF(AND({",".join(agreeing)}),"一致","不一致")', "一致")
    return cells


def _summed(form: Form) -> list[tuple[int, str]]:
    """A unit's head count is its own and not that of its teams; it stands in a cell above."""
    return [(index, name) for index, name in enumerate(SUMMED) if name != "head_count" or not form.is_units_own]


def _total(form: Form, name: str) -> Any:
    """A head count that nobody has told is unknown, and not zero."""
    if name == "head_count" and all(line.head_count is None for line in form.lines):
        return _UNKNOWN
    total = _sum(form.lines, name)
    return total / 100 if name == "hundredths" else total


def _total_formula(form: Form, index: int, name: str) -> str:
    if not form.lines:
        return "0" if name != "head_count" else f'"{_UNKNOWN}"'
    span = _span(form, index)
    if name == "head_count":
        return f'IF(COUNT({span})=0,"{_UNKNOWN}",SUM({span}))'
    return f"ROUND(SUM({span}),2)"


def _rate(form: Form) -> Formula:
    """Registered in percent of the head count; unknown, and not zero, where that is not known."""
    heads = form.head_count if form.is_units_own else _sum(form.lines, "head_count")
    if not form.lines:
        return Formula(f'"{_UNKNOWN}"', _UNKNOWN)
    registered = _sum([line for line in form.lines if form.is_units_own or line.head_count], "registered")
    cell = f"{letter(HEADS[1])}{HEADS[0] + 1}"
    known = f'SUMIF({_span(form, 0)},">0",{_span(form, 1)})'
    part = f"{letter(_FIRST_SUM + 1)}{form.total_row + 1}" if form.is_units_own else known
    value: Any = registered / heads if heads else _UNKNOWN
    return Formula(f'IF(N({cell})>0,{part}/{cell},"{_UNKNOWN}")', value)


def _span(form: Form, index: int) -> str:
    column = letter(_FIRST_SUM + index)
    return f"{column}{FIRST_ROW + 1}:{column}{form.total_row}"


def _shown(line: Line, name: str) -> Any:
    value = getattr(line, name)
    return value / 100 if name == "hundredths" and value is not None else value


def _sum(lines: Sequence[Line], name: str) -> int:
    return sum(getattr(line, name) or 0 for line in lines)


def letter(column: int) -> str:
    return chr(ord("A") + column)


def open_places(form: Form) -> set[Place]:
    """The cells that a unit may fill in: its head count and the remarks."""
    return {HEADS, *((FIRST_ROW + number, REMARK) for number in range(len(form.lines)))}


def whole(form: Form) -> Line:
    """A unit's form as one row of the county's."""
    sums: dict[str, Any] = {name: _sum(form.lines, name) for name in SUMMED if name != "head_count"}
    return Line(form.name, head_count=form.head_count, **sums)


def together(name: str, lines: Sequence[Line], remark: str = "") -> Line:
    """Several rows as one row of the next form up; head counts that are not known stay out of the sum."""
    sums: dict[str, Any] = {field: _sum(lines, field) for field in SUMMED}
    return Line(name, **sums, remark=remark)


def is_hours(column: int) -> bool:
    return column == _HOURS
