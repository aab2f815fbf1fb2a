"""The whole state of the mock: tables, tickets, clock, switches. Copying it is cheap."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec

from national_sync_mocks.nvsi_server.capabilities import Settings
from national_sync_mocks.nvsi_server.clock import Clock, day_text, millisecond_text
from national_sync_mocks.nvsi_server.faults import FaultScript
from national_sync_mocks.nvsi_server.identity import record_id
from national_sync_mocks.nvsi_server.table import Table
from national_sync_mocks.nvsi_server.wire import KINDS, WireRecord, decimal_text, hundredths

JOURNAL_LENGTH: Final = 10_000
"""How far back a stale replica can lag and a write can be undone."""


@dataclass(frozen=True)
class Ticket:
    """A creation that waits for review, or waited. `decide_at_ms` is when it passes by itself."""

    ticket: str
    segment: str
    record: WireRecord
    decide_at_ms: int
    state: str = "pending"
    record_id: str | None = None
    message: str = ""
    client_reference: str | None = None
    opened_at_ms: int = 0


@dataclass(frozen=True)
class StarApplication:
    id: str
    volunteerNumber: str
    teamId: str
    star: str
    at_ms: int
    state: str = "2"
    """1 passed, 2 pending, 3 failed, 4 expired."""


@dataclass(frozen=True)
class Written:
    """One write, with what was there before."""

    at_ms: int
    segment: str
    record_id: str
    before: WireRecord | None
    stamp_before: int | None


@dataclass
class Sums:
    """Running sums, so that totals never need a scan. Hours in hundredths."""

    person: dict[str, int] = field(default_factory=dict)
    team: dict[str, int] = field(default_factory=dict)
    members: dict[str, int] = field(default_factory=dict)
    deliberate: dict[str, int] = field(default_factory=dict)
    """By how much a volunteer's shown total differs from the sum of the records, on purpose."""
    stale_people: set[str] = field(default_factory=set)
    stale_teams: set[str] = field(default_factory=set)

    def copy(self) -> Sums:
        return Sums(
            self.person.copy(),
            self.team.copy(),
            self.members.copy(),
            self.deliberate.copy(),
            self.stale_people.copy(),
            self.stale_teams.copy(),
        )

    def count(self, record: WireRecord | None, sign: int) -> None:
        match record:
            case msgspec.Struct() if record.is_deleted:
                return
            case _ if (facts := _effective(record)) is not None:
                person, team, value = facts
                self.person[person] = self.person.get(person, 0) + sign * value
                self.team[team] = self.team.get(team, 0) + sign * value
                self.stale_people.add(person)
                self.stale_teams.add(team)
            case _ if (joined := _joined(record)) is not None:
                self.members[joined] = self.members.get(joined, 0) + sign
                self.stale_teams.add(joined)


def _effective(record: Any) -> tuple[str, str, int] | None:
    if hasattr(record, "albx0172") and record.albx0174 == "2":
        try:
            return record.albx0175, record.albx0177, hundredths(record.albx0172)
        except (AttributeError, ValueError):
            return None
    return None


def _joined(record: Any) -> str | None:
    return record.teamId if hasattr(record, "albe0134") and record.albe0134 == "1" else None


@dataclass
class State:
    seed: int = 1
    clock: Clock = field(default_factory=Clock)
    settings: Settings = field(default_factory=Settings)
    faults: FaultScript = field(default_factory=FaultScript)
    tables: dict[str, Table[Any]] = field(
        default_factory=lambda: {segment: Table(kind.record) for segment, kind in KINDS.items()}
    )
    sums: Sums = field(default_factory=Sums)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    stars: dict[str, StarApplication] = field(default_factory=dict)
    """Applications for stars, in the order in which they came."""
    references: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Client reference -> (segment, record id)."""
    answered: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    """Idempotency key -> (digest of the request, item answered)."""
    oddities: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Record id -> the last name of a distortion, by which the record is shown wrong for good."""
    graves: set[str] = field(default_factory=set)
    journal: deque[Written] = field(default_factory=lambda: deque(maxlen=JOURNAL_LENGTH))
    quota_day: str = ""
    quota_used: int = 0
    totals_day: str = ""
    revision: int = 0
    """Rises with every write; what was selected before is stale after."""

    def copy(self) -> State:
        twin = replace(self)
        twin.clock = self.clock.copy()
        twin.faults = self.faults.copy()
        twin.tables = {segment: table.copy() for segment, table in self.tables.items()}
        twin.sums = self.sums.copy()
        twin.tickets = self.tickets.copy()
        twin.stars = self.stars.copy()
        twin.references = self.references.copy()
        twin.answered = self.answered.copy()
        twin.oddities = self.oddities.copy()
        twin.graves = self.graves.copy()
        twin.journal = self.journal.copy()
        return twin

    # Reading

    def get(self, segment: str, record_id: str) -> Any:
        """The record, deleted or not; None when there is none."""
        return self.tables[segment].records.get(record_id)

    def live(self, segment: str, record_id: str) -> Any:
        """The record unless it is deleted."""
        record = self.get(segment, record_id)
        return None if record is None or record.is_deleted else record

    def volunteer(self, number: str) -> Any:
        found = self.tables["volunteer"].named("number", number) if number else []
        return found[0] if found else None

    def shown_now_ms(self) -> int:
        """The time this side claims it is."""
        return self.clock.now_ms() + int(self.settings.behaviour.clockSkewSeconds * 1000)

    # Writing

    def new_id(self, segment: str, record: WireRecord) -> str:
        natural_key = KINDS[segment].natural_key(record)
        taken = self.tables[segment].records
        occurrence = 0
        while True:
            candidate = record_id(self.seed, segment, natural_key, occurrence)
            if candidate not in taken and candidate not in self.graves:
                return candidate
            occurrence += 1

    def write(self, segment: str, record: Any) -> Any:
        """Store a new or changed record under a fresh update time; returns it as stored."""
        stamp = self.clock.stamp_ms()
        text = millisecond_text(stamp)
        stored = msgspec.structs.replace(record, updatetime=text, createtime=record.createtime or text)
        self._put(segment, stored, stamp, self.clock.now_ms())
        return stored

    def tombstone(self, segment: str, record: Any) -> Any:
        """Withdraw a record: it stays listed for a while in its deleted state."""
        changes: dict[str, Any] = {"isdelete": flag(record.id, 1)}
        changes |= {"team": {"albe0026": "4"}, "hour": {"albx0174": "3"}}.get(segment, {})
        return self.write(segment, msgspec.structs.replace(record, **changes))

    def purge(self, segment: str, record_id: str) -> None:
        """Let a record vanish without a trace."""
        table = self.tables[segment]
        before = table.records[record_id]
        self.journal.append(Written(self.clock.now_ms(), segment, record_id, before, table.stamp_of[record_id]))
        self._drop(segment, record_id)

    def put_back(self, written: Written) -> None:
        """Undo one write without a trace, update time included."""
        if written.before is None:
            if written.record_id in self.tables[written.segment].records:
                self._drop(written.segment, written.record_id)
        else:
            self.graves.discard(written.record_id)
            self._put(written.segment, written.before, written.stamp_before or 0, None)

    def _put(self, segment: str, record: Any, stamp: int, journal_at_ms: int | None) -> None:
        table = self.tables[segment]
        before = table.records.get(record.id)
        if journal_at_ms is not None:
            stamp_before = table.stamp_of.get(record.id)
            self.journal.append(Written(journal_at_ms, segment, record.id, before, stamp_before))
        self.sums.count(before, -1)
        table.put(record, stamp)
        self.sums.count(record, 1)
        self.revision += 1

    def _drop(self, segment: str, record_id: str) -> None:
        self.sums.count(self.tables[segment].records[record_id], -1)
        self.tables[segment].remove(record_id)
        self.graves.add(record_id)
        self.oddities.pop(record_id, None)
        self.revision += 1

    # Totals

    def refresh_totals(self) -> None:
        """Let the shown totals follow the hours when it is time: at once, or on the first call of a day."""
        today = day_text(self.clock.now_ms())
        mode = self.settings.behaviour.totalsRefresh
        new_day = bool(self.totals_day) and today != self.totals_day
        self.totals_day = today
        if mode == "immediate" or (mode == "nightly" and new_day):
            self._show_totals()

    def _show_totals(self) -> None:
        people, self.sums.stale_people = self.sums.stale_people, set()
        teams, self.sums.stale_teams = self.sums.stale_teams, set()
        for number in sorted(people):
            self._change("volunteer", self.volunteer(number), lambda r: {"albp0089": self.volunteer_total(r.albp0029)})
        for team_id in sorted(teams):
            self._change("team", self.live("team", team_id), self.team_totals)

    def volunteer_total(self, number: str) -> str:
        return decimal_text(self.sums.person.get(number, 0) + self.sums.deliberate.get(number, 0))

    def team_totals(self, team: Any) -> dict[str, str]:
        return {
            "albe0056": str(self.sums.members.get(team.id, 0)),
            "albe0069": decimal_text(self.sums.team.get(team.id, 0)),
        }

    def _change(self, segment: str, record: Any, changes_of: Callable[[Any], dict[str, str]]) -> None:
        if record is None:
            return
        changed = msgspec.structs.replace(record, **changes_of(record))
        if changed != record:
            self.write(segment, changed)


def flag(record_id: str, value: int) -> str | int:
    """0 or 1 as number or as text: both occur on the wire, and which one follows from the id."""
    return value if record_id[-1] in "02468ace" else str(value)
