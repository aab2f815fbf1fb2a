"""Making statistics forms, taking them back, and adding them up: clause R7.

Units file between 1 and 30 September. A form carries, on a hidden sheet, what was issued, under a keyed hash; so a cell
that was changed, a formula that was replaced or a row that was moved is found when the form comes back.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.acts import Act, rows
from national_sync.books import (
    Problems,
    cell_name,
    formulas,
    open_book,
    refuse,
    text_of,
    values,
    whole_number,
)
from national_sync.divisions import COUNTIES
from national_sync.errors import NotFound, UsageError
from national_sync.i18n import N_
from national_sync.recognition.assessing import Year
from national_sync.recognition.statistics_form import (
    COLUMNS,
    HEADINGS_ROW,
    HEADS,
    SHEET,
    Form,
    Formula,
    Line,
    grid,
    is_hours,
    open_places,
    together,
    whole,
)
from national_sync.sealing import Sealer
from national_sync.sheets import Book, new_book

_HIDDEN: Final = "_核对"
_PIECE: Final = 30_000
"""A cell holds at most 32 767 characters."""


# Making


def unit_form(connection: Connection, unit: Mapping[str, Any], year: Year) -> Form:
    """Inside `assessing.counted`: a row a team of the unit, each volunteer in the first of the unit's teams."""
    found = rows(
        connection,
        "SELECT t.name, COUNT(p.volunteer_id) AS registered, SUM(p.is_male) AS male, SUM(p.is_female) AS female,"
        " SUM(p.is_party) AS party, SUM(p.seconds / 36) AS hundredths, SUM(p.has_star) AS stars FROM unit_team u"
        f" JOIN team t ON t.id = u.team_id LEFT JOIN ({_PEOPLE}) p ON p.team_id = u.team_id"
        " WHERE u.unit_id = :unit GROUP BY t.id, t.name ORDER BY t.name, t.id",
        unit=unit["id"],
    )
    lines = tuple(_counted_line(row) for row in found)
    return Form(
        year=year.first.year,
        name=unit["name"],
        county=unit["county"],
        unit_id=unit["id"],
        until=year.last.isoformat(),
        lines=lines,
        head_count=unit["head_count"],
    )


def _counted_line(row: Mapping[str, Any]) -> Line:
    counts: dict[str, Any] = {name: int(value or 0) for name, value in row.items() if name != "name"}
    return Line(row["name"], **counts)


_PEOPLE: Final = (
    "SELECT MIN(m.team_id) AS team_id, v.id AS volunteer_id, MAX(CASE v.sex WHEN 'male' THEN 1 ELSE 0 END) AS is_male,"
    " MAX(CASE v.sex WHEN 'female' THEN 1 ELSE 0 END) AS is_female,"
    " MAX(CASE WHEN v.politics IN ('01', '02') THEN 1 ELSE 0 END) AS is_party,"
    " MAX(COALESCE(y.seconds, 0)) AS seconds,"
    " MAX(CASE WHEN EXISTS (SELECT 1 FROM star_award a WHERE a.volunteer_id = v.id AND a.state = 'certified')"
    " THEN 1 ELSE 0 END) AS has_star"
    " FROM unit_member um JOIN volunteer v ON v.id = um.volunteer_id"
    " JOIN unit_team ut ON ut.unit_id = um.unit_id"
    " JOIN membership m ON m.team_id = ut.team_id AND m.state = 'member' AND m.withdrawn_at IS NULL"
    " AND m.national_id IS NOT NULL AND (m.volunteer_id = v.id OR m.volunteer_id IN"
    " (SELECT g.gone_id FROM volunteer_merge g WHERE g.kept_id = v.id AND g.state = 'merged'))"
    " LEFT JOIN year_hours y ON y.volunteer_id = v.id"
    " WHERE um.unit_id = :unit GROUP BY v.id"
)


def write_form(file: Path, form: Form, sealer: Sealer) -> None:
    with new_book(file) as book:
        sheet = book.workbook.add_worksheet(SHEET)
        for column, (_heading, width) in enumerate(COLUMNS):
            sheet.set_column(column, column, width)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.protect("", {"format_columns": True, "format_rows": True})
        unlocked = book.workbook.add_format({"locked": False, "bg_color": "#FFF8E1", "border": 1})
        cells, opened = grid(form), open_places(form)
        for place in sorted({*cells, *opened}):
            _write_cell(book, sheet, place, cells.get(place), unlocked if place in opened else None)
        if form.is_units_own:
            _write_hidden(book, form, sealer)


def _write_cell(book: Book, sheet: Any, place: tuple[int, int], value: Any, unlocked: Any) -> None:
    row, column = place
    chosen = unlocked or _format(book, row, column)
    match value:
        case Formula():
            is_rate = place == (HEADS[0], 3)
            sheet.write_formula(row, column, f"={value.text}", book.percent if is_rate else chosen, value.value)
        case None | "":
            sheet.write_blank(row, column, None, chosen)
        case int() | float():
            sheet.write_number(row, column, value, chosen)
        case _:
            sheet.write_string(row, column, value, chosen)


def _format(book: Book, row: int, column: int) -> Any:
    if row == 0:
        return book.title
    if row == HEADINGS_ROW:
        return book.heading
    if row > HEADINGS_ROW and is_hours(column):
        return book.hours
    return book.number if row > HEADINGS_ROW and column != 1 else book.text


def _write_hidden(book: Book, form: Form, sealer: Sealer) -> None:
    content = json.dumps(form.as_facts(), ensure_ascii=False, sort_keys=True)
    hidden = book.workbook.add_worksheet(_HIDDEN)
    hidden.very_hidden()
    hidden.write_string(0, 0, sealer.match_hash(content).hex())
    for number, start in enumerate(range(0, len(content), _PIECE), start=1):
        hidden.write_string(number, 0, content[start : start + _PIECE])


# Taking back


def receive(connection: Connection, file: Path, sealer: Sealer, act: Act) -> dict[str, Any]:
    """Check a form that came back and keep its figures. Raises SheetRefused with every cell that is not as issued."""
    form = _returned(file, sealer)
    if act.today < date(form.year, 9, 1):
        raise UsageError(
            N_("Statistics forms of {year} are taken from 1 to 30 September {year}; it is too early."), year=form.year
        )
    is_late = act.today > date(form.year, 9, 30)
    known = rows(connection, "SELECT id FROM unit WHERE id = :id AND name = :name", id=form.unit_id, name=form.name)
    if not known:
        raise NotFound(noun="unit", id=form.name)
    figures = whole(form)
    connection.execute(
        text(
            "INSERT INTO statistics_return (year, unit_id, figures, received_on, is_late, received_by) VALUES (:year,"
            " :unit, :figures, :day, :late, :actor) ON CONFLICT (year, unit_id) DO UPDATE SET"
            " figures = excluded.figures, received_on = excluded.received_on, is_late = excluded.is_late,"
            " received_by = excluded.received_by"
        ),
        {
            "year": form.year,
            "unit": form.unit_id,
            "figures": json.dumps(vars(figures), ensure_ascii=False, sort_keys=True),
            "day": act.today.isoformat(),
            "late": int(is_late),
            "actor": act.actor,
        },
    )
    if form.head_count is not None:
        connection.execute(
            text("UPDATE unit SET head_count = :heads WHERE id = :id"), {"heads": form.head_count, "id": form.unit_id}
        )
    act.written_down(connection, "statistics.received", "unit", form.unit_id, year=form.year, late=is_late)
    facts = {"unit_id": form.unit_id, "name": form.name, "county": form.county}
    return {**facts, "year": form.year, "is_late": is_late}


def _returned(file: Path, sealer: Sealer) -> Form:
    """The form as it came back, every closed cell being as issued."""
    book = open_book(file)
    if SHEET not in book.sheet_names or _HIDDEN not in book.sheet_names:
        raise refuse(file, N_("it is no statistics form of this program: a sheet is missing"))
    issued = _issued(file, [text_of(row[0]) if row else "" for row in values(book, _HIDDEN)], sealer)
    cells = values(book, SHEET)
    problems = Problems(file.name)
    _compare(issued, cells, formulas(file, book.sheet_names.index(SHEET) + 1), problems)
    heads_cell = _at(cells, HEADS)
    heads = whole_number(heads_cell)
    if heads is None and text_of(heads_cell):
        problems.add(cell_name(*HEADS), N_("expected a whole number, or nothing where it is not known"))
    problems.raise_if_any()
    return replace(issued, head_count=heads)


def _issued(file: Path, cells: Sequence[str], sealer: Sealer) -> Form:
    content = "".join(cells[1:])
    if not cells or not hmac.compare_digest(cells[0].encode(), sealer.match_hash(content).hex().encode()):
        raise refuse(file, N_("its hidden sheet was changed, or it was issued elsewhere; have the form made anew"))
    return Form.from_facts(json.loads(content))


def _compare(issued: Form, cells: Sequence[Sequence[Any]], found: Mapping[str, str], problems: Problems) -> None:
    expected = grid(issued)
    opened = open_places(issued)
    last_row = max([issued.total_row + 2, len(cells) - 1])
    for row in range(last_row + 1):
        for column in range(max([len(COLUMNS), *(len(one) for one in cells[row : row + 1])])):
            place = (row, column)
            if place not in opened:
                _compare_cell(place, expected.get(place), _at(cells, place), found.get(cell_name(*place)), problems)


def _compare_cell(place: tuple[int, int], expected: Any, value: Any, formula: str | None, problems: Problems) -> None:
    if isinstance(expected, Formula):
        if formula != "".join(expected.text.split()).upper():
            problems.add(cell_name(*place), N_("the formula was changed; it was ={formula}"), formula=expected.text)
        return
    if formula is not None:
        problems.add(cell_name(*place), N_("a formula stands where a value was issued"))
    elif not _is_same(expected, value):
        problems.add(cell_name(*place), N_("the cell was changed or moved; it held: {value}"), value=expected or "—")


def _is_same(expected: Any, value: Any) -> bool:
    if isinstance(expected, int | float):
        return isinstance(value, int | float) and abs(expected - value) < 0.005
    return text_of(value) == ("" if expected is None else str(expected))


def _at(cells: Sequence[Sequence[Any]], place: tuple[int, int]) -> Any:
    row, column = place
    return cells[row][column] if row < len(cells) and column < len(cells[row]) else ""


# Adding up


def returns(connection: Connection, year: int) -> list[dict[str, Any]]:
    """Every unit with what it filed for a year, by county and name; `figures` is None where nothing came."""
    found = rows(
        connection,
        "SELECT u.id, u.name, u.county, r.figures, r.received_on, r.is_late FROM unit u"
        " LEFT JOIN statistics_return r ON r.unit_id = u.id AND r.year = :year ORDER BY u.county, u.name, u.id",
        year=year,
    )
    return [{**row, "figures": row["figures"] and json.loads(row["figures"])} for row in found]


def collected(connection: Connection, year: int, county: str | None, until: date) -> Form:
    """The county's form from what its units filed or, without a county, the city's from all of them."""
    filed = returns(connection, year)
    if county is not None:
        lines = [_unit_line(one) for one in filed if one["county"] == county]
        return Form(year, COUNTIES[county], county, 0, until.isoformat(), tuple(lines))
    lines = [_county_line(code, [one for one in filed if one["county"] == code]) for code in COUNTIES]
    return Form(year, "普洱市", "", 0, until.isoformat(), tuple(lines))


def _unit_line(one: Mapping[str, Any]) -> Line:
    if one["figures"] is None:
        nothing = dict.fromkeys(("registered", "male", "female", "party", "hundredths", "stars"))
        return Line(one["name"], **nothing, remark="未报")
    return replace(Line(**one["figures"]), remark="逾期" if one["is_late"] else "")


def _county_line(county: str, filed: Sequence[Mapping[str, Any]]) -> Line:
    came = [Line(**one["figures"]) for one in filed if one["figures"] is not None]
    late = sum(bool(one["is_late"]) for one in filed)
    parts = [f"{len(filed)} 个单位，已报 {len(came)}", f"逾期 {late}" if late else ""]
    return together(COUNTIES[county], came, "，".join(filter(None, parts)))
