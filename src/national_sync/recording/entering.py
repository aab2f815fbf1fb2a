"""Entering hours: every rule is asked first, then rows are made that the next run sends, fifty a call.

What is entered here is an hour record of the mirror without a national one, like any that the platform's other programs
make; the engine sends it, looks it up when no answer came, and never sends it twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from national_sync import audit
from national_sync.clock import local_date
from national_sync.errors import HoursRefused
from national_sync.i18n import N_, Lines, Phrase
from national_sync.operators.rights import Operator, Right, may
from national_sync.policy import Calendar, Recording
from national_sync.recording.due import due_day
from national_sync.recording.rules import (
    WORDS,
    Stretch,
    Surroundings,
    Taken,
    overlaps,
    recorded_seconds,
    refusals,
)
from national_sync.recording.standing import (
    Activity,
    Person,
    Standings,
    find_activities,
    find_people,
    standings_of,
)
from national_sync.recording.written import moment
from national_sync.store.database import for_driver, write_many

_INSERT: Final = (
    "INSERT INTO hour_record (volunteer_id, project_id, team_id, started_at, ended_at, service_seconds, remark)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)


@dataclass(frozen=True)
class Recorder:
    """Who enters hours, and by what rules; `now` in UTC epoch seconds."""

    operator: Operator
    rules: Recording
    calendar: Calendar
    now: int

    @property
    def today(self) -> date:
        return local_date(self.now)

    def is_late(self, served_on: date) -> bool:
        return due_day(served_on, self.rules, self.calendar).day < self.today

    def write_down(self, connection: Connection, action: str, row_id: int | None, **detail: Any) -> None:
        entry = audit.Entry(self.now, self.operator.actor, action, "hour_record", row_id, detail=detail)
        audit.append(connection, entry)


@dataclass(frozen=True)
class Line:
    """One stretch as it was written: on a form, or in a row of a sheet."""

    row: int
    volunteer: str
    project: str
    day: date
    start: int
    """Seconds since midnight, as the end."""
    end: int
    name: str | None = None
    """As a check against slips in the number."""
    remark: str | None = None

    @property
    def stretch(self) -> Stretch:
        return Stretch(moment(self.day, self.start), moment(self.day, self.end), self.remark)


@dataclass(frozen=True)
class Fit:
    """A line that can be entered."""

    line: Line
    person: Person
    activity: Activity

    @property
    def values(self) -> tuple[Any, ...]:
        stretch = self.line.stretch
        return (
            self.person.id,
            self.activity.id,
            self.activity.team_id,
            stretch.started_at,
            stretch.ended_at,
            recorded_seconds(stretch),
            stretch.remark,
        )


class Named(NamedTuple):
    """Whom and what a line speaks of."""

    person: Person
    activity: Activity


@dataclass
class Judged:
    """What has been found out about the lines so far. Lines of one person are held against each other too."""

    fit: list[Fit] = field(default_factory=list)
    wrong: list[tuple[Line, Lines]] = field(default_factory=list)
    _accepted: dict[int, list[Line]] = field(default_factory=lambda: defaultdict(list))

    def before(self, person_id: int) -> Sequence[Line]:
        return self._accepted[person_id]

    def accept(self, fit: Fit) -> None:
        self.fit.append(fit)
        self._accepted[fit.person.id].append(fit.line)


def enter_one(connection: Connection, recorder: Recorder, line: Line) -> dict[str, Any]:
    """Enter one stretch. Raises HoursRefused with everything that stands against it."""
    judged = Judged()
    judge(connection, recorder, [line], judged)
    for _line, problems in judged.wrong:
        raise HoursRefused(problems=problems)
    [fit] = judged.fit
    inserted = connection.exec_driver_sql(for_driver(connection, f"{_INSERT} RETURNING id"), fit.values)
    row_id = int(inserted.scalar_one())
    is_late = recorder.is_late(line.day)
    recorder.write_down(connection, "hours.entered", row_id, count=1, late=int(is_late))
    due = due_day(line.day, recorder.rules, recorder.calendar)
    return {
        "id": row_id,
        "volunteer_id": fit.person.id,
        "project_id": fit.activity.id,
        "team_id": fit.activity.team_id,
        "started_at": line.stretch.started_at,
        "ended_at": line.stretch.ended_at,
        "service_seconds": recorded_seconds(line.stretch),
        "due_on": due.day.isoformat(),
        "is_late": is_late,
        "is_guessed": due.is_guessed,
    }


def judge(connection: Connection, recorder: Recorder, lines: Sequence[Line], judged: Judged) -> None:
    """Sort these lines into those that can be entered and those that cannot, with every reason."""
    people = find_people(connection, (line.volunteer for line in lines))
    activities = find_activities(connection, (line.project for line in lines))
    standings = _standings(connection, lines, people.values())
    for line in lines:
        named = named_in(line, people, activities)
        if isinstance(named, Phrase):
            judged.wrong.append((line, Lines([named])))
            continue
        problems = list(_problems(recorder, line, *named, standings, judged.before(named.person.id)))
        if problems:
            judged.wrong.append((line, Lines(problems)))
        else:
            judged.accept(Fit(line, *named))


def write(connection: Connection, recorder: Recorder, fits: Sequence[Fit]) -> int:
    """Make the rows, and say so in the audit; how many of them are late."""
    write_many(connection, _INSERT, [fit.values for fit in fits])
    late = sum(recorder.is_late(fit.line.day) for fit in fits)
    digest = audit.digest_of(f"{fit.person.id}:{fit.line.stretch.started_at}" for fit in fits)
    recorder.write_down(connection, "hours.entered", None, count=len(fits), late=late, digest=digest)
    return late


def _standings(connection: Connection, lines: Sequence[Line], people: Iterable[Person]) -> Standings:
    moments = [line.stretch.started_at for line in lines]
    return standings_of(connection, [person.id for person in people], min(moments), max(moments))


def named_in(line: Line, people: Mapping[str, Person], activities: Mapping[str, Sequence[Activity]]) -> Named | Phrase:
    """Whom and what the line speaks of, or why that is not clear."""
    person, found = people.get(line.volunteer), activities.get(line.project, ())
    if person is None:
        return Phrase(N_("there is no volunteer {number}"), number=line.volunteer)
    if line.name is not None and line.name != person.name:
        return Phrase(N_("the volunteer {number} has another name"), number=line.volunteer)
    if person.merged_into is not None:
        return Phrase(N_("this registration was merged into another one of the same person; name that"))
    if not found:
        return Phrase(N_("there is no project {project}"), project=line.project)
    if len(found) > 1:
        numbers = ", ".join(str(one.id) for one in found[:10])
        words = N_("several projects are called {project}; give one of the row numbers {numbers}")
        return Phrase(words, project=line.project, numbers=numbers)
    return Named(person, found[0])


def _problems(
    recorder: Recorder,
    line: Line,
    person: Person,
    activity: Activity,
    standings: Standings,
    before: Sequence[Line],
) -> Iterable[Phrase]:
    if not may(recorder.operator, Right.DECIDE, county=activity.county):
        yield Phrase(N_("this project's county is not for this account"))
    twin = next((other for other in before if overlaps(line.stretch, other.stretch)), None)
    if twin is not None:
        yield Phrase(N_("it overlaps row {row} of this file"), row=twin.row)
    around = _with(standings.around(person, activity), before)
    found = refusals(line.stretch, around, recorder.rules, recorder.now)
    yield from (Phrase(WORDS[refusal]) for refusal in found)


def _with(around: Surroundings, before: Sequence[Line]) -> Surroundings:
    """Earlier lines count for the number of stretches a day, with no length: whether they overlap was asked already."""
    counted = [Taken(line.stretch.started_at, line.stretch.started_at, is_unsent=True) for line in before]
    return replace(around, others=[*around.others, *counted])
