"""The record book that a team keeps, beside the national records: clause S4. Every difference becomes a mismatch.

The book comes as the sheet in which hours are entered. Lines that the national side does not have are told, and can be
entered; records that differ, or that the book does not have, become mismatches of the kind `book_differs`, which a later
comparison closes again when they agree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, text

from national_sync.acts import Act, row_by_id, rows
from national_sync.i18n import N_, Lines, Phrase
from national_sync.persons import PERSON_OF
from national_sync.puer_time import day_of, midnight
from national_sync.recording.entering import Line, Named, named_in
from national_sync.recording.sheet import read_lines
from national_sync.recording.standing import find_activities, find_people
from national_sync.sheet_files import RefusedRow
from national_sync.sync.kinds import MismatchKind
from national_sync.sync.mismatches import among, close_by_comparison
from national_sync.sync.slices import slices

KIND: Final = MismatchKind.BOOK_DIFFERS
_AT_A_TIME: Final = 500
_TIMES: Final = ("started_at", "ended_at")


class Difference(NamedTuple):
    """About one hour record; no field where the book does not have it at all."""

    record: int
    field: str
    ours: int | None
    """What the book says."""
    theirs: int | None


@dataclass
class Compared:
    lines: int = 0
    alike: int = 0
    differing: int = 0
    """Records."""
    not_in_book: int = 0
    not_national: list[int] = field(default_factory=list)
    """Rows of the book."""
    refused: list[RefusedRow] = field(default_factory=list)
    opened: int = 0
    closed: int = 0


def compare(connection: Connection, path: Path, team_id: int, first: date, last: date, act: Act) -> Compared:
    """Compare the book of a team and some time; nothing is, while a row of it cannot be read or belongs elsewhere.

    Raises NotFound, SheetRefused, UsageError.
    """
    row_by_id(connection, "team", team_id)
    lines, refused = read_lines(path)
    compared = Compared(lines=len(lines), refused=refused)
    book = _book(connection, lines, team_id, first, last, compared)
    if compared.refused:
        compared.refused.sort(key=lambda row: row.row)
        return compared
    records = rows(connection, _RECORDS, team=team_id, first=midnight(first), beyond=midnight(last + timedelta(days=1)))
    differences = list(_differences(book, records, compared))
    compared.closed = _close(connection, [record["id"] for record in records], differences, act)
    compared.opened = _open(connection, differences, act)
    detail = {"lines": compared.lines, "opened": compared.opened, "closed": compared.closed}
    act.written_down(connection, "hours.compared", "team", team_id, **detail)
    return compared


_RECORDS: Final = (
    f"SELECT h.id, {PERSON_OF.format(volunteer='h.volunteer_id')} AS person, h.project_id, h.started_at, h.ended_at"
    " FROM hour_record h WHERE h.team_id = :team AND h.started_at >= :first AND h.started_at < :beyond"
    " AND h.state = 'effective' AND h.withdrawn_at IS NULL AND h.national_id IS NOT NULL ORDER BY h.started_at, h.id"
)

_Key = tuple[int, int, date]


def _book(
    connection: Connection, lines: Sequence[Line], team_id: int, first: date, last: date, compared: Compared
) -> Mapping[_Key, Sequence[Line]]:
    """The lines by person, project and day."""
    found: dict[_Key, list[Line]] = defaultdict(list)
    for some in slices(lines, _AT_A_TIME):
        people = find_people(connection, (line.volunteer for line in some))
        activities = find_activities(connection, (line.project for line in some))
        for line in some:
            named = named_in(line, people, activities)
            problem = named if isinstance(named, Phrase) else _elsewhere(line, named, team_id, first, last)
            if problem is not None:
                compared.refused.append(RefusedRow(line.row, Lines([problem])))
            elif not isinstance(named, Phrase):
                found[named.person.id, named.activity.id, line.day].append(line)
    return found


def _elsewhere(line: Line, named: Named, team_id: int, first: date, last: date) -> Phrase | None:
    if named.activity.team_id != team_id:
        return Phrase(N_("this project is another team's"))
    return None if first <= line.day <= last else Phrase(N_("this day is not within the book"))


def _differences(
    book: Mapping[_Key, Sequence[Line]], records: Iterable[Mapping[str, Any]], compared: Compared
) -> Iterator[Difference]:
    national: dict[_Key, list[Mapping[str, Any]]] = defaultdict(list)
    for record in records:
        national[record["person"], record["project_id"], day_of(record["started_at"])].append(record)
    for key in sorted({*book, *national}):
        left, lines = list(national.get(key, ())), []
        for line in sorted(book.get(key, ()), key=lambda line: line.start):
            same = next((one for one in left if _says(one) == _says_line(line)), None)
            if same is None:
                lines.append(line)
            else:
                left.remove(same)
                compared.alike += 1
        for written, record in zip_longest(lines, left):
            yield from _difference(written, record, compared)


def _difference(line: Line | None, record: Mapping[str, Any] | None, compared: Compared) -> Iterator[Difference]:
    if record is None:
        compared.not_national += [] if line is None else [line.row]
    elif line is None:
        compared.not_in_book += 1
        yield Difference(record["id"], "", None, None)
    else:
        compared.differing += 1
        for name, ours, theirs in zip(_TIMES, _says_line(line), _says(record), strict=True):
            if ours != theirs:
                yield Difference(record["id"], name, ours, theirs)


def _says(record: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(record[name] for name in _TIMES)


def _says_line(line: Line) -> tuple[Any, ...]:
    return line.stretch.started_at, line.stretch.ended_at


# The mismatches


def _open(connection: Connection, differences: Sequence[Difference], act: Act) -> int:
    opened = 0
    for one in differences:
        opened += connection.execute(
            text(_OPEN),
            {
                "kind": KIND.value,
                "id": one.record,
                "field": one.field,
                "ours": None if one.ours is None else str(one.ours),
                "theirs": None if one.theirs is None else str(one.theirs),
                "now": act.now,
            },
        ).rowcount
    return opened


_OPEN: Final = (
    "INSERT INTO mismatch (kind, entity, subject, row_id, national_id, field, ours, theirs, detail, county,"
    " first_seen_at, last_seen_at, state, times) SELECT :kind, 'hour_record', h.national_id, h.id, h.national_id, :field,"
    " CAST(:ours AS TEXT), CAST(:theirs AS TEXT), '{}', substr(v.service_area_id, 1, 6), :now, :now, 'open', 1"
    " FROM hour_record h JOIN volunteer v ON v.id = h.volunteer_id WHERE h.id = :id AND NOT EXISTS"
    " (SELECT 1 FROM mismatch k WHERE k.kind = :kind AND k.row_id = h.id AND k.field = :field"
    " AND COALESCE(k.ours, '') = COALESCE(CAST(:ours AS TEXT), '')"
    " AND COALESCE(k.theirs, '') = COALESCE(CAST(:theirs AS TEXT), '')"
    " AND (k.state = 'open' OR k.resolution = 'national')) ON CONFLICT DO NOTHING"
)


def _close(connection: Connection, records: Sequence[int], differences: Sequence[Difference], act: Act) -> int:
    """Those about these records that no longer differ so."""
    still = {(one.record, one.field, _text(one.ours), _text(one.theirs)) for one in differences}
    standing = rows(
        connection,
        "SELECT id, row_id, field, ours, theirs FROM mismatch WHERE entity = 'hour_record' AND state = 'open'"
        f" AND kind = :kind AND {among(connection, records, 'row_id')}",
        kind=KIND.value,
    )
    over = [row["id"] for row in standing if (row["row_id"], row["field"], row["ours"], row["theirs"]) not in still]
    close_by_comparison(connection, over, at=act.now, actor=act.actor)
    return len(over)


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)
