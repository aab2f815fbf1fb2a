"""The story: a first night, a day of edits on both sides, a second night, the same night once more; then redemptions."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Set
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from national_sync.bootstrap import Bootstrap, follow_exchange
from national_sync.demo import clashes, edits_here, edits_there
from national_sync.demo.clock import StoryClock
from national_sync.demo.comparison import Difference, duplicates, unexplained_differences
from national_sync.demo.deck import Card, Deck
from national_sync.demo.directory import DemoDirectory
from national_sync.demo.exchange import play_exchange
from national_sync.demo.ledger import Edit, Ledger, lost_edits
from national_sync.demo.mapping import ENTITIES
from national_sync.demo.scene import Scene
from national_sync.demo.server import NationalServer
from national_sync.demo.sides import opened, read_sides
from national_sync.demo.snapshot import take_snapshot, writes_between
from national_sync.demo.writers import NationalOffice, Platform
from national_sync.records import Entity
from national_sync.sealing import Sealer
from national_sync.sync.report import RunReport
from national_sync.sync.run import RunKind, RunRequest, Silent

FIRST_DAY: Final = "2026-03-02"
SECOND_DAY: Final = "2026-03-03"
NIGHT: Final = "02:30:00"
RETRY_AFTER_SECONDS: Final = 2
REVIEW_WORDS: Final = "照片与证件不符"

Tell = Callable[[str], None]
"""Hears which part of the story begins."""


@dataclass(frozen=True)
class Night:
    """A run of the night and what an independent look at both sides found after it."""

    report: RunReport
    moment: str
    seconds: float
    unexplained: list[Difference]
    duplicates: list[Difference]
    lost: list[Edit]


@dataclass
class Told:
    """What happened."""

    nights: list[Night] = field(default_factory=list)
    day: list[RunReport] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)
    faults_met: dict[str, int] = field(default_factory=dict)
    """How often each fault of the national side has struck."""
    second_run_writes: list[str] = field(default_factory=list)
    """Where the second run of the second night has written."""
    redemption: list[dict[str, Any]] = field(default_factory=list)
    """One redemption, step by step."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Real seconds by part of the story."""


@dataclass
class Story:
    directory: DemoDirectory
    server: NationalServer
    clock: StoryClock
    sealer: Sealer
    seed: int
    edits: int
    tell: Tell
    told: Told = field(default_factory=Told)

    def play(self) -> Told:
        with self._part("night_one"):
            there_before = self._national_ids()
            self._night(f"{FIRST_DAY} {NIGHT}", there_before)
        with self._part("day"), closing(opened(self.directory.database)) as connection:
            self._day(self._scene(connection))
        with self._part("night_two"):
            self._meet("429", {"path": "/hour/list", "nth": 1}, retryAfter=RETRY_AFTER_SECONDS)
            self._night(f"{SECOND_DAY} {NIGHT}", there_before)
            self._count_faults()
        with self._part("again"):
            before = take_snapshot(self.server, self.directory.database)
            self._run(RunRequest(kind=RunKind.NIGHTLY))
            self._follow_exchange()
            after = take_snapshot(self.server, self.directory.database)
            self.told.second_run_writes = writes_between(before, after)
        with self._part("exchange"):
            self.told.redemption = play_exchange(self._bootstrap(), self.clock)
        self._date_histories()
        return self.told

    # Nights

    def _night(self, moment: str, there_before: dict[str, set[str]]) -> None:
        self._set_clock(moment)
        began = time.monotonic()
        report = self._run(RunRequest(kind=RunKind.NIGHTLY, slot=moment))
        seconds = time.monotonic() - began
        self._follow_exchange()
        sides = read_sides(self.server, self.directory.database, self.sealer)
        known: dict[str, Set[str]] = {
            entity: there_before[entity] | self.told.ledger.made_on_purpose[entity] for entity in ENTITIES
        }
        self.told.nights.append(
            Night(
                report,
                moment,
                seconds,
                unexplained_differences(sides),
                duplicates(sides, known=known),
                lost_edits(sides, self.told.ledger.edits),
            )
        )

    def _national_ids(self) -> dict[str, set[str]]:
        dump = self.server.ask("dump", stamps=0)["records"]
        return {entity: {record["id"] for record in dump[entity]} for entity in ENTITIES}

    # The day

    def _day(self, scene: Scene) -> None:
        stubborn, vanishing = scene.deck.one("volunteer"), scene.deck.one("training_record")
        edits_here.newcomers_of_the_morning(scene)
        refused = edits_here.registered(scene, scene.person())
        scene.here.change(stubborn, phone=scene.phone())
        self._light("09:15:00")
        self._undo_phone(scene, stubborn)
        scene.there.purge(vanishing)
        scene.here.lose(scene.deck.one("training_record"))
        # Absence counts only after two complete listings; these two look for one missing training. They also show one
        # that is missing here.
        for moment in ("10:00:00", "11:00:00"):
            self._run_by_day(moment, RunRequest(kind=RunKind.MANUAL, full=True, entities=(Entity.TRAINING_RECORD,)))
        self._decide_reviews(refused)
        self._light("12:15:00")
        self._undo_phone(scene, stubborn)
        edits_here.sign_in_sheets_of_the_afternoon(scene)
        self._meet("lost-answer", {"path": "/hour/createBatch", "nth": 1})
        self._light("15:15:00")
        self._undo_phone(scene, stubborn)
        self._count_faults()
        self._set_clock(f"{FIRST_DAY} 18:00:00")
        # The clashes first: they need rare cards.
        clashes.evening(scene)
        edits_here.evening(scene)
        edits_there.evening(scene)

    def _scene(self, connection: sqlite3.Connection) -> Scene:
        dice = random.Random(f"edits {self.seed}")
        deck = Deck(read_sides(self.server, self.directory.database, self.sealer), dice)
        here = Platform(connection, self.told.ledger)
        there = NationalOffice(self.server, self.told.ledger)
        scene = Scene(deck, here, there, dice, date.fromisoformat(FIRST_DAY), self.edits)
        scene.reserve_teams()
        return scene

    def _light(self, moment: str) -> None:
        self._run_by_day(moment, RunRequest(kind=RunKind.LIGHT))

    def _run_by_day(self, moment: str, request: RunRequest) -> None:
        self._set_clock(f"{FIRST_DAY} {moment}")
        self.told.day.append(self._run(request))

    def _undo_phone(self, scene: Scene, stubborn: Card) -> None:
        """The national side puts its own value back each time."""
        scene.there.change(stubborn, albp0010=str(stubborn.wire["albp0010"]))

    def _decide_reviews(self, refused_row: int) -> None:
        """One of the new registrations is refused, the others pass."""
        with closing(opened(self.directory.database)) as connection:
            [(refused,)] = connection.execute(
                "SELECT ticket FROM operation WHERE entity = 'volunteer' AND row_id = ?", (refused_row,)
            )
        for ticket in self.server.ask("tickets")["tickets"]:
            number, is_refused = ticket["ticket"], ticket["ticket"] in refused
            decision, message = ("refuse", REVIEW_WORDS) if is_refused else ("pass", "")
            self.server.tell("review", decision=decision, ticket=number, message=message)

    # What both need

    def _run(self, request: RunRequest) -> RunReport:
        with self._bootstrap().engine(stop=lambda: False, progress=Silent()) as engine:
            return engine.run(request)

    def _follow_exchange(self) -> None:
        """As after every run."""
        follow_exchange(self._bootstrap())

    def _bootstrap(self) -> Bootstrap:
        bootstrap = Bootstrap.from_file(self.directory.config, {})
        bootstrap.clock = self.clock
        return bootstrap

    def _set_clock(self, moment: str) -> None:
        self._date_histories()
        self.clock.set(moment)
        self.server.tell("clock", set=moment)

    def _date_histories(self) -> None:
        """The triggers ask the database's clock, which knows nothing of the story's."""
        now = int(self.clock.now())
        with closing(opened(self.directory.database)) as connection, connection:
            connection.execute("UPDATE row_history SET at = ? WHERE at > ?", (now, now))

    def _meet(self, fault: str, match: dict[str, Any], **parameters: Any) -> None:
        """The national side will go wrong in this way."""
        self.server.tell("faults", faults=[{"fault": fault, "match": match, "parameters": parameters}])

    def _count_faults(self) -> None:
        for entry in self.server.ask("faults")["faults"]:
            kind = entry["fault"]
            self.told.faults_met[kind] = self.told.faults_met.get(kind, 0) + entry["fired"]

    @contextmanager
    def _part(self, name: str) -> Iterator[None]:
        self.tell(name)
        began = time.monotonic()
        yield
        self.told.seconds[name] = round(time.monotonic() - began, 2)
