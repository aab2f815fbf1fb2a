"""Playing a history, and the laws that hold when it is over."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection
from tests.acceptance.both_sides import OPERATOR, SEALER
from tests.acceptance.events import (
    CreateHere,
    CreateThere,
    DeleteHere,
    EditHere,
    EditThere,
    Night,
    Passed,
    WithdrawThere,
)
from tests.acceptance.pictures import opened
from tests.acceptance.scenario import Before
from tests.acceptance.stage import BEYOND_SETTLING_SECONDS, Stage
from tests.acceptance.world import LABELS, entity_of, volunteer_number
from tests.simulation.history import A_RUN, FIELDS, DecideAll, Run, Step

from national_sync.errors import FactsChanged
from national_sync.reconcile.facts import facts_of
from national_sync.reconcile.resolving import Choice, resolve
from national_sync.reconcile.search import Filter, page
from national_sync.sync.kinds import DECISIONS, MismatchKind

REREAD_EVERY_NIGHT = Before(policy={"windows": {"reread_nights": 1}})


@dataclass
class Week:
    """One history on one stage."""

    stage: Stage
    made: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    edited_here: dict[tuple[str, str], str] = field(default_factory=dict)
    edited_there: set[tuple[str, str]] = field(default_factory=set)
    is_decided: bool = False
    reference_calls: Counter[str] = field(default_factory=Counter)
    """Writes that took effect, by our reference."""

    def begin(self, *, shows_references: bool) -> None:
        self.stage.begin(REREAD_EVERY_NIGHT)
        self.stage.national.set_capabilities(clientReference=shows_references)

    def live(self, step: Step) -> None:
        match step:
            case Run(kill_at):
                self._run(A_RUN, kill_at)
            case DecideAll(keep):
                self._decide(keep)
            case CreateHere(label) | CreateThere(label) if label in self.made:
                pass
            case EditHere(label) | EditThere(label) | DeleteHere(label) | WithdrawThere(label) if label in self.gone:
                pass
            case _:
                self.stage.both_sides.do(step)
                self._remember(step)

    def _run(self, night: Night, kill_at: int | None = None) -> None:
        self.stage.both_sides.do(Passed(60))
        ended = self.stage.run(night, kill_at=kill_at)
        assert "Traceback" not in ended.error, ended.error
        self._read_the_log()

    def _read_the_log(self) -> None:
        for call in self.stage.national.calls():
            if call["action"].startswith("create") and call["writes"]:
                self.reference_calls.update(call["references"])
        self.stage.national.clear_calls()

    def _decide(self, keep: str) -> None:
        both = self.stage.both_sides
        with self.stage.database.write() as connection:
            for mismatch in page(connection, Filter(), now=both.now):
                if keep in DECISIONS.get(MismatchKind(mismatch["kind"]), ()):
                    seen = facts_of(connection, SEALER, mismatch["id"]).digest
                    with suppress(FactsChanged):
                        resolve(connection, SEALER, OPERATOR, Choice(mismatch["id"], keep, facts=seen), both.now)
                        self.is_decided = True

    def _remember(self, step: Step) -> None:
        match step:
            case CreateHere(label) | CreateThere(label):
                self.made.add(label)
            case DeleteHere(label) | WithdrawThere(label):
                self.gone.add(label)
            case EditHere(label, columns):
                self.edited_here |= {(label, column): str(value) for column, value in columns.items()}
            case EditThere(label, fields):
                self.edited_there |= {
                    (label, column) for column, wire, _ in FIELDS[label] for name in fields if name == wire
                }

    def come_to_rest(self) -> None:
        """No faults any more; nights go by until nothing moves."""
        self.stage.national.set_faults([])
        self.stage.national.set_clock(advance=BEYOND_SETTLING_SECONDS + 3600)
        self._run(A_RUN)
        self.stage.until_quiet(A_RUN)
        self._read_the_log()

    # The laws

    def broken_laws(self) -> list[str]:
        """In words; none when all is well."""
        return [
            *self.stage.broken_invariants(),
            *(f"a difference without an open item: {one}" for one in self.stage.unexplained()),
            *(f"a second run: {words}" for words in self.stage.written_by(A_RUN)),
            *self._made_twice(),
            *(
                f"{reference} took effect {times} times"
                for reference, times in self.reference_calls.items()
                if times > 1
            ),
            *self._seconds_that_differ(),
            *self._lost_edits(),
        ]

    def _made_twice(self) -> Iterator[str]:
        for entity, names in (
            ("training_record", ("volunteerNumber", "albx0282", "albx0284")),
            ("hour_record", ("albx0175", "albx0176", "albx0181")),
        ):
            keys = Counter(
                tuple(record[name] for name in names)
                for record in self.stage.national.records(entity)
                if str(record["isdelete"]) == "0"
            )
            yield from (f"{entity} {key} is there {times} times" for key, times in keys.items() if times > 1)

    def _seconds_that_differ(self) -> Iterator[str]:
        """Invariant I11: the seconds of service of every volunteer add up on both sides."""
        there: Counter[str] = Counter()
        for record in self.stage.national.records("hour_record"):
            if record["albx0174"] == "2" and str(record["isdelete"]) == "0":
                there[record["albx0175"]] += round(float(record["albx0172"]) * 3600)
        with self.stage.database.read() as connection:
            here = _agreed_seconds(connection)
        for number in {*here, *there}:
            if here[number] != there[number]:
                yield f"{number} has {here[number]} seconds here and {there[number]} there"

    def _lost_edits(self) -> Iterator[str]:
        """An edit made here, where nobody edited there and no person decided, has gone out or is on somebody's list."""
        if self.is_decided:
            return
        both = self.stage.both_sides
        with self.stage.database.read() as connection:
            listed = {
                (row.entity, row.row_id)
                for row in connection.exec_driver_sql("SELECT entity, row_id FROM mismatch WHERE state = 'open'")
            }
        for (label, column), value in self.edited_here.items():
            if (label, column) in self.edited_there or label in self.gone:
                continue
            [wire] = [wire for name, wire, _ in FIELDS[label] if name == column]
            [record] = both.national.records(_entity(label), id=both.national_id(label))
            if record[wire] != value and (_entity(label), both.row_id(label)) not in listed:
                yield f"{label}.{column} was set to {value!r} here and is {record[wire]!r} there"


def _entity(label: str) -> str:
    return entity_of(label).value


def _agreed_seconds(connection: Connection) -> Counter[str]:
    """By volunteer number: the effective seconds both sides agreed on, local edits and deletions left aside."""
    rows: dict[int, dict[str, Any]] = {
        row["id"]: dict(row) for row in connection.exec_driver_sql("SELECT * FROM hour_record").mappings()
    }
    changes = connection.exec_driver_sql("SELECT row_id, field, base FROM local_change WHERE entity = 'hour_record'")
    for row_id, name, base in changes:
        if row_id in rows:
            rows[row_id][name] = opened(base)
    deletions = connection.exec_driver_sql("SELECT old_row FROM local_deletion WHERE entity = 'hour_record'")
    kept = [*rows.values(), *(json.loads(old_row) for (old_row,) in deletions)]
    # Whoever was deleted here keeps the hours, so the people of the first day are known by heart.
    people = {int(label[1:]): volunteer_number(label) for label in LABELS if label.startswith("V")}
    numbers = people | dict(connection.exec_driver_sql("SELECT id, number FROM volunteer").all())
    seconds: Counter[str] = Counter()
    for row in kept:
        if row["state"] == "effective" and row["withdrawn_at"] is None and row["national_id"] is not None:
            seconds[str(numbers.get(row["volunteer_id"]))] += int(row["service_seconds"])
    return seconds
