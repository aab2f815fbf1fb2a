"""Units whose people are to register (clause R3): where they are, how many heads they count, which teams are theirs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.acts import Act, rows
from national_sync.books import (
    Problems,
    cell_name,
    open_book,
    refuse,
    row_is_empty,
    text_of,
    values,
    whole_number,
)
from national_sync.divisions import COUNTIES
from national_sync.errors import NotFound
from national_sync.i18n import N_
from national_sync.sheets import new_book


class UnitKind(StrEnum):
    """Clause R3 asks something else of each."""

    GOVERNMENT = "government"
    INSTITUTION = "institution"
    COLLEGE = "college"
    SCHOOL = "school"
    COMPANY = "company"
    COMMUNITY = "community"


KIND_WORDS: Final = {
    UnitKind.GOVERNMENT: "党政机关、人民团体",
    UnitKind.INSTITUTION: "事业单位",
    UnitKind.COLLEGE: "大中专院校、高中",
    UnitKind.SCHOOL: "初中、小学、幼儿园",
    UnitKind.COMPANY: "公司企业",
    UnitKind.COMMUNITY: "社区",
}
_COLUMNS: Final = (
    ("单位名称", 34),
    ("单位性质", 22),
    ("县（区）", 26),
    ("应注册人数", 14),
    ("所属志愿服务队（多支以分号隔开）", 44),
)
_FIELDS: Final = ("name", "kind", "county", "head_count", "teams")
_SHEET: Final = "单位"
_NOTES: Final = (
    "单位与人数",
    "应注册人数：机关、事业单位和企业为在职人数（含编外），院校和高中为师生人数，初中、小学、幼儿园为教师人数；不清楚的留空。",
)


@dataclass(frozen=True)
class Unit:
    name: str
    kind: UnitKind
    county: str
    head_count: int | None
    team_ids: tuple[int, ...]


def write_template(file: Path, connection: Connection) -> int:
    """A workbook to fill in, with the units that are known; how many."""
    known = list_units(connection)
    with new_book(file) as book:
        sheet = book.sheet(_SHEET, _COLUMNS, top=_NOTES)
        first = len(_NOTES) + 1
        sheet.data_validation(first, 1, first + 5_000, 1, {"validate": "list", "source": list(KIND_WORDS.values())})
        sheet.data_validation(first, 2, first + 5_000, 2, {"validate": "list", "source": list(COUNTIES.values())})
        for number, unit in enumerate(known, start=first):
            words = KIND_WORDS[UnitKind(unit["kind"])]
            county = COUNTIES.get(unit["county"], unit["county"])
            book.row(sheet, number, [unit["name"], words, county, unit["head_count"], "；".join(unit["teams"])])
    return len(known)


def import_units(connection: Connection, file: Path, act: Act) -> dict[str, int]:
    """Take over a filled workbook, or a JSON list of objects with the same names; all of it or nothing.

    Gives the numbers of units `added` and `changed`. Raises SheetRefused with every problem.
    """
    problems = Problems(file.name)
    read = list(_from_json(file, problems) if file.suffix.lower() == ".json" else _from_book(file))
    units = [unit for place, raw in read if (unit := _checked(connection, place, raw, problems)) is not None]
    _refuse_twice(read, problems)
    problems.raise_if_any()
    counts = {"added": 0, "changed": 0}
    for unit in units:
        counts["added" if _write(connection, unit) else "changed"] += 1
    act.written_down(connection, "unit.imported", "unit", 0, **counts)
    return counts


Place = Sequence[str]
"""Where each field of a unit stands, for the words of a problem."""


def _from_book(file: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
    book = open_book(file)
    if _SHEET not in book.sheet_names:
        raise refuse(file, N_("it has no sheet {sheet}; fill in: national-sync assessment template FILE"), sheet=_SHEET)
    cells = values(book, _SHEET)
    top = len(_NOTES)
    headings = [text_of(value) for value in cells[top][: len(_COLUMNS)]] if len(cells) > top else []
    if headings != [heading for heading, _width in _COLUMNS]:
        raise refuse(
            file,
            N_("row {row} must hold the headings: {headings}"),
            row=top + 1,
            headings=", ".join(heading for heading, _width in _COLUMNS),
        )
    for number, row in enumerate(cells[top + 1 :], start=top + 1):
        if not row_is_empty(row):
            place = [cell_name(number, column) for column in range(len(_FIELDS))]
            yield place, dict(zip(_FIELDS, [*row, *[""] * len(_FIELDS)], strict=False))


def _from_json(file: Path, problems: Problems) -> Iterator[tuple[Place, dict[str, Any]]]:
    try:
        entries = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise refuse(file, N_("it is no JSON text")) from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise refuse(file, N_("it must be a list of objects with: {fields}"), fields=", ".join(_FIELDS))
    for number, entry in enumerate(entries, start=1):
        unknown = set(entry) - set(_FIELDS)
        if unknown:
            problems.add(f"[{number}]", N_("unknown key; the keys are: {fields}"), fields=", ".join(_FIELDS))
        teams = entry.get("teams") or []
        given = {**entry, "teams": ";".join(map(str, teams)) if isinstance(teams, list) else teams}
        yield [f"[{number}] {name}" for name in _FIELDS], {name: _blank(given.get(name)) for name in _FIELDS}


def _blank(value: Any) -> Any:
    return "" if value is None else value


def _checked(connection: Connection, place: Place, raw: Mapping[str, Any], problems: Problems) -> Unit | None:
    before = len(problems.found)
    name = text_of(raw["name"])
    if not name:
        problems.add(place[0], N_("the unit's name is missing"))
    kind = _kind(text_of(raw["kind"]))
    if kind is None:
        problems.add(place[1], N_("expected {wanted}"), wanted="、".join(KIND_WORDS.values()))
    county = _county(text_of(raw["county"]))
    if county is None:
        problems.add(place[2], N_("no county of Puer"))
    heads = whole_number(raw["head_count"])
    if heads is None and text_of(raw["head_count"]):
        problems.add(place[3], N_("expected a whole number, or nothing where it is not known"))
    teams = [_team(connection, one, place[4], problems) for one in _split(text_of(raw["teams"]))]
    if len(problems.found) > before or kind is None or county is None:
        return None
    return Unit(name, kind, county, heads, tuple(team for team in teams if team is not None))


def _kind(written: str) -> UnitKind | None:
    return next((kind for kind, words in KIND_WORDS.items() if written in (kind.value, words)), None)


def _county(written: str) -> str | None:
    return next((code for code, name in COUNTIES.items() if written in (code, name)), None)


def _split(written: str) -> list[str]:
    return [part.strip() for part in written.replace("；", ";").split(";") if part.strip()]


def _team(connection: Connection, written: str, place: str, problems: Problems) -> int | None:
    """A team by its name or national id."""
    found = rows(
        connection,
        "SELECT id FROM team WHERE withdrawn_at IS NULL AND (name = :written OR national_id = :written) LIMIT 2",
        written=written,
    )
    if len(found) == 1:
        return int(found[0]["id"])
    reason = N_("there are several teams {name}; give the national id") if found else N_("there is no team {name}")
    problems.add(place, reason, name=written)
    return None


def _refuse_twice(read: Sequence[tuple[Place, Mapping[str, Any]]], problems: Problems) -> None:
    seen: dict[tuple[str, str], str] = {}
    for place, raw in read:
        key = text_of(raw["name"]), text_of(raw["county"])
        if key in seen:
            problems.add(place[0], N_("the same unit stands at {place} already"), place=seen[key])
        seen.setdefault(key, place[0])


def _write(connection: Connection, unit: Unit) -> bool:
    """True if it is new."""
    facts = {"name": unit.name, "kind": unit.kind.value, "county": unit.county, "heads": unit.head_count}
    known = rows(
        connection, "SELECT id FROM unit WHERE name = :name AND county = :county", name=unit.name, county=unit.county
    )
    unit_id = connection.execute(
        text(
            "INSERT INTO unit (name, kind, county, head_count) VALUES (:name, :kind, :county, :heads)"
            " ON CONFLICT (name, county) DO UPDATE SET kind = excluded.kind, head_count = excluded.head_count"
            " RETURNING id"
        ),
        facts,
    ).scalar_one()
    connection.execute(text("DELETE FROM unit_team WHERE unit_id = :unit"), {"unit": unit_id})
    for team_id in sorted(set(unit.team_ids)):
        connection.execute(
            text("INSERT INTO unit_team (unit_id, team_id) VALUES (:unit, :team)"), {"unit": unit_id, "team": team_id}
        )
    return not known


def list_units(connection: Connection, county: str | None = None) -> list[dict[str, Any]]:
    """Units with the names of their teams, by county and name."""
    limited = "" if county is None else " WHERE county = :county"
    found = rows(
        connection,
        f"SELECT * FROM unit{limited} ORDER BY county, name, id",
        **({} if county is None else {"county": county}),
    )
    teams: dict[int, list[str]] = {}
    for row in rows(
        connection, "SELECT u.unit_id, t.name FROM unit_team u JOIN team t ON t.id = u.team_id ORDER BY t.name, t.id"
    ):
        teams.setdefault(row["unit_id"], []).append(row["name"])
    return [{**unit, "teams": teams.get(unit["id"], [])} for unit in found]


def find_unit(connection: Connection, given: str) -> Mapping[str, Any]:
    """A unit by its number or name. Raises NotFound."""
    condition = "id = :given" if given.isdigit() else "name = :given"
    value: Any = int(given) if given.isdigit() else given
    found = rows(connection, f"SELECT * FROM unit WHERE {condition} LIMIT 2", given=value)
    if len(found) != 1:
        raise NotFound(noun="unit", id=given)
    return found[0]
