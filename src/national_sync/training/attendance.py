"""Who attended a training, by spreadsheet: all rows or none, unless only the valid ones are wanted.

Who attended gets a training record of the mirror, which the next run sends. A person whom the mirror has with this topic
and day already gets no second one: the national side takes none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, bindparam, text

from national_sync import audit
from national_sync.acts import Act, rows_among
from national_sync.coverage import COUNTY_PEOPLE, TEAM_MEMBERS, UNIT_MEMBERS
from national_sync.errors import TrainingRefused
from national_sync.i18n import N_, Phrase
from national_sync.operators.rights import Operator, Right, may
from national_sync.sheet_files import RefusedRow, as_text, filled_rows, refused
from national_sync.sheets import new_book
from national_sync.store.database import write_many
from national_sync.sync.slices import slices
from national_sync.training.rules import read_hours
from national_sync.unfit import Unfit, plain, tidy

SHEET: Final = "出勤"
_GUIDE: Final = "说明"
YES, NO = "是", "否"
COLUMNS: Final = (("培训编号", 10), ("志愿者编号", 24), ("姓名", 14), ("出席", 8), ("学时", 8))
_GUIDANCE: Final = (
    "每人一行。标题行不可改动；自己的列可以另加，多出的人可以添在后面。",
    "出席：填“是”或“否”；空白作“否”。学时：与本次培训不同的才填，如 1.5。",
    "姓名用来核对志愿者编号，必填。培训编号不可改动；添加的行可以留空。",
    "填好后：national-sync training attendance import {session} 文件.xlsx",
)
MOST_ROWS: Final = 20_000
_AT_A_TIME: Final = 500


@dataclass(frozen=True)
class Attended:
    row: int
    number: str
    name: str
    seconds: int


@dataclass
class Taken:
    rows: int = 0
    absent: int = 0
    known: int = 0
    """Whose record of this training is here already."""
    new: list[tuple[int, int]] = field(default_factory=list)
    """Volunteer and seconds of those who get a record."""
    present: list[int] = field(default_factory=list)
    """Every volunteer who attended."""
    refused: list[RefusedRow] = field(default_factory=list)
    is_taken: bool = False


# Writing


def people_of(
    connection: Connection, *, team_id: int | None = None, unit_id: int | None = None, county: str | None = None
) -> list[Mapping[str, Any]]:
    """Whom a sheet is for: the members of a team or a unit, or a county's volunteers, by name."""
    source, column, value = _group(team_id, unit_id, county)
    found = connection.execute(
        text(
            f"SELECT v.id, v.number, v.name FROM ({source}) p JOIN volunteer v ON v.id = p.volunteer_id"
            f" WHERE p.{column} = :value AND v.number IS NOT NULL ORDER BY v.name, v.number LIMIT :most"
        ),
        {"value": value, "most": MOST_ROWS + 1},
    )
    return [dict(row) for row in found.mappings()]


def _group(team_id: int | None, unit_id: int | None, county: str | None) -> tuple[str, str, Any]:
    if team_id is not None:
        return TEAM_MEMBERS, "team_id", team_id
    return (UNIT_MEMBERS, "unit_id", unit_id) if unit_id is not None else (COUNTY_PEOPLE, "county", county)


def write_sheet(connection: Connection, session_id: int, people: Sequence[Mapping[str, Any]], file: Path) -> int:
    """A sheet of these people, those who are known to have attended marked; how many there are. Raises TrainingRefused."""
    if not people:
        raise TrainingRefused(problems=Phrase(N_("nobody is in this group")))
    if len(people) > MOST_ROWS:
        words = N_("these are more than {most} people; choose a team or a unit")
        raise TrainingRefused(problems=Phrase(words, most=MOST_ROWS))
    attended = set(
        connection.execute(
            text("SELECT volunteer_id FROM training_attendance WHERE session_id = :id"), {"id": session_id}
        ).scalars()
    )
    with new_book(file) as book:
        sheet = book.sheet(SHEET, COLUMNS)
        sheet.data_validation(1, 3, MOST_ROWS, 3, {"validate": "list", "source": [YES, NO]})
        for number, person in enumerate(people, 1):
            was_there = YES if person["id"] in attended else None
            cells = [str(session_id), person["number"], person["name"], was_there, None]
            book.row(sheet, number, cells, [book.text] * len(COLUMNS))
        guide = book.sheet(_GUIDE, [("怎样填写", 100)])
        for number, line in enumerate(_GUIDANCE, 1):
            book.row(guide, number, [line.format(session=session_id)])
    return len(people)


# Taking


def take_sheet(
    connection: Connection,
    session: Mapping[str, Any],
    file: Path,
    operator: Operator,
    act: Act,
    *,
    only_valid: bool = False,
    dry_run: bool = False,
) -> Taken:
    """Check every row, and write down who attended, or nobody. Raises SheetRefused for a file that is no such sheet."""
    taken, attended = Taken(), []
    for number, cells in filled_rows(file, SHEET, [heading for heading, _width in COLUMNS], MOST_ROWS):
        taken.rows += 1
        try:
            read = _read_row(number, cells, session)
        except Unfit as unfit:
            taken.refused.append(RefusedRow(number, unfit.reason))
            continue
        if read is None:
            taken.absent += 1
        else:
            attended.append(read)
    if not taken.rows:
        raise refused(file, Phrase(N_("it holds no row that is filled in")))
    for some in slices(attended, _AT_A_TIME):
        _judge(connection, session, some, operator, taken)
    taken.refused.sort(key=lambda row: row.row)
    taken.is_taken = not dry_run and bool(taken.present) and (only_valid or not taken.refused)
    if taken.is_taken:
        _write(connection, session, taken, act)
    return taken


def _read_row(number: int, cells: Sequence[Any], session: Mapping[str, Any]) -> Attended | None:
    """None for somebody who was absent. Raises Unfit."""
    training, volunteer, name, was_there, hours = map(_text, cells)
    if training and training != str(session["id"]):
        raise Unfit(N_("the row belongs to training {number}"), number=training)
    if was_there not in (YES, NO, ""):
        raise Unfit(N_("attendance must be {yes}, {no} or empty"), yes=YES, no=NO)
    if was_there != YES:
        return None
    if not volunteer or not name:
        raise Unfit(N_("number and name of the volunteer are both needed"))
    return Attended(number, volunteer.upper(), name, read_hours(hours) if hours else session["training_seconds"])


def _text(cell: Any) -> str:
    if isinstance(cell, float) and not cell.is_integer():
        return f"{cell:.10g}"
    written = as_text(cell)
    if written is None:
        raise Unfit(N_("the spreadsheet has changed this value; format the cell as text and type it again"))
    text_of_cell = tidy(written)
    return str(plain(200)(text_of_cell)) if text_of_cell else ""


def _judge(
    connection: Connection, session: Mapping[str, Any], some: Sequence[Attended], operator: Operator, taken: Taken
) -> None:
    people = {row["number"]: row for row in rows_among(connection, _PEOPLE, [one.number for one in some])}
    ids = [row["id"] for row in people.values()]
    known = {
        row["volunteer_id"]
        for row in rows_among(connection, _KNOWN, ids, topic=session["topic"], day=session["held_on"])
    }
    seen = set(taken.present)
    for one in some:
        person = people.get(one.number)
        reason = _against(one, person, operator, seen)
        if reason is not None or person is None:
            taken.refused.append(RefusedRow(one.row, reason or Phrase("")))
            continue
        seen.add(person["id"])
        taken.present.append(person["id"])
        if person["id"] in known:
            taken.known += 1
        else:
            taken.new.append((person["id"], one.seconds))


def _against(one: Attended, person: Mapping[str, Any] | None, operator: Operator, seen: set[int]) -> Phrase | None:
    if person is None:
        return Phrase(N_("there is no volunteer {number}"), number=one.number)
    if person["name"] != one.name:
        return Phrase(N_("the volunteer {number} has another name"), number=one.number)
    if person["kept_id"] is not None:
        return Phrase(N_("this registration was merged into another one of the same person; name that"))
    if not may(operator, Right.DECIDE, county=person["county"]):
        return Phrase(N_("this person's county is not for this account"))
    if person["id"] in seen:
        return Phrase(N_("the person stands in the file twice"))
    return None


_PEOPLE: Final = (
    "SELECT v.id, v.number, v.name, substr(v.service_area_id, 1, 6) AS county, g.kept_id FROM volunteer v"
    " LEFT JOIN volunteer_merge g ON g.gone_id = v.id AND g.state = 'merged'"
    " WHERE v.withdrawn_at IS NULL AND v.number IN :values ORDER BY v.id"
)
_KNOWN: Final = (
    "SELECT volunteer_id FROM training_record WHERE volunteer_id IN :values AND topic = :topic"
    " AND training_date = :day AND withdrawn_at IS NULL"
)


def _write(connection: Connection, session: Mapping[str, Any], taken: Taken, act: Act) -> None:
    shared = [session[name] for name in ("topic", "content", "organiser", "held_on", "place", "kind", "mode")]
    write_many(
        connection,
        "INSERT INTO training_record (volunteer_id, training_seconds, topic, content, organiser, training_date, place,"
        " kind, mode) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(volunteer, seconds, *shared) for volunteer, seconds in taken.new],
    )
    for some in slices(taken.present, _AT_A_TIME):
        statement = text(_ATTENDANCE).bindparams(bindparam("values", expanding=True))
        given = {"session": session["id"], "topic": session["topic"], "day": session["held_on"], "values": list(some)}
        connection.execute(statement, given)
    digest = audit.digest_of(str(volunteer) for volunteer in taken.present)
    act.written_down(
        connection,
        "training.attended",
        "training_session",
        session["id"],
        count=len(taken.present),
        new=len(taken.new),
        digest=digest,
    )


_ATTENDANCE: Final = (
    "INSERT INTO training_attendance (session_id, volunteer_id, training_record_id)"
    " SELECT :session, t.volunteer_id, MIN(t.id) FROM training_record t WHERE t.volunteer_id IN :values"
    " AND t.topic = :topic AND t.training_date = :day AND t.withdrawn_at IS NULL GROUP BY t.volunteer_id"
    " ON CONFLICT DO NOTHING"
)
