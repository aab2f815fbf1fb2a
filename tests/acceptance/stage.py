"""One pair of sides on which scenarios are played: set up, run, killed, resumed, compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from tests.acceptance import world
from tests.acceptance.both_sides import BothSides, Labels
from tests.acceptance.events import (
    DeleteHere,
    Event,
    Meanwhile,
    Night,
    Passed,
    WithdrawThere,
    create_here,
    edit_here,
    edit_there,
)
from tests.acceptance.grounds import Ground
from tests.acceptance.nursery import Ended, Nursery, Order, Sides
from tests.acceptance.pictures import (
    Picture,
    differences,
    exact_mirror,
    exact_national,
    meaning_of_mirror,
    meaning_of_national,
)
from tests.acceptance.scenario import Before
from tests.acceptance.world import hours

from national_sync.audit import verify
from national_sync.store.database import Database
from national_sync.store.schema import create_or_upgrade
from national_sync.sync.invariants import broken_invariants
from national_sync_mocks.nvsi_server.process import AdminClient, MockServer

HOUR: Final = 3600
BEYOND_SETTLING_SECONDS: Final = 700
"""Longer than a lost write may still take effect (`windows.settle_seconds`)."""
RUNS_UNTIL_QUIET: Final = 6
REHEARSAL: Final[Sequence[Sequence[Event]]] = (
    (),
    (Passed(HOUR),),
    (
        edit_here("V1", skills="01,02", phone="13900001111"),
        edit_here("V2", name="玉光", total_seconds=1),
        create_here("H99", volunteer="V1", project="P1", team="T1", **hours("2026-02-20 09:00", "2026-02-20 10:00")),
        DeleteHere("M2"),
        edit_there("V2", albp0003="玉喜"),
        WithdrawThere("H2"),
        Passed(HOUR),
    ),
    (Passed(HOUR),),
)
"""What the nursery does itself once, so that its children do not each have to load and compile it."""


@dataclass(frozen=True)
class End:
    """Both sides at the end of a scenario, by meaning."""

    mirror: Picture
    national: Picture

    def unlike(self, other: End) -> list[str]:
        return differences(self.mirror, other.mirror) + differences(self.national, other.national)


@dataclass
class Stage:
    ground: Ground
    national: AdminClient
    nursery: Nursery
    database: Database
    labels: Labels = field(default_factory=Labels.of_city)
    policy: Mapping[str, Any] = field(default_factory=dict)

    def set_up(self) -> None:
        """Once: an empty mirror, and one that mirrors the city."""
        self.ground.keep("empty")
        self.national.restore("city")
        for events in REHEARSAL:
            self.do(events)
            self.nursery.run(Order(Night(), self.labels, is_rehearsal=True))
        self.ground.bring_back("empty")
        self.national.restore("city")
        self.labels = Labels.of_city()
        ended = self.run(Night())
        assert ended.report is not None, ended.error
        self.keep("mirrored")

    def begin(self, before: Before) -> None:
        self.labels, self.policy = Labels.of_city(), before.policy
        self.go_back("mirrored")
        if before.mirror_is_empty:
            self.ground.bring_back("empty")
        self.national.clear_calls()
        self.do(before.events)

    # Events and runs

    def do(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, Night):
                self.night(event)
            else:
                self.both_sides.do(event)

    def night(self, night: Night) -> Ended:
        """A run as the scenario tells it."""
        self.both_sides.do(Passed(night.hours_later * HOUR))
        ended = self.run(night)
        assert ended.error == (night.raises or ""), f"the run ended with {ended.error or 'no error'}"
        assert len(ended.happened) == len(night.meanwhile), "not everything happened that was to happen meanwhile"
        return ended

    def run(self, night: Night, *, kill_at: int | None = None, meanwhile: Sequence[Meanwhile] | None = None) -> Ended:
        self.database.close()
        wanted = night.meanwhile if meanwhile is None else tuple(meanwhile)
        ended = self.nursery.run(Order(night, self.labels, self.policy, kill_at, wanted))
        if ended.labels.national_ids:
            self.labels = ended.labels
        return ended

    @property
    def both_sides(self) -> BothSides:
        return BothSides(self.database, self.national, self.labels)

    # Looking

    def unexplained(self) -> list[Any]:
        """What the program itself finds different between the sides without an open item to explain it."""
        self.database.close()
        ended = self.nursery.run(Order(None, self.labels, self.policy))
        assert ended.report is not None, ended.error
        return list(ended.report["unexplained"])

    def broken_invariants(self) -> list[str]:
        """The broken ones of the engine, and the audit where it is not whole."""
        with self.database.read() as connection:
            fault = verify(connection).fault
            return [*broken_invariants(connection), *([fault] if fault else [])]

    def end(self) -> End:
        return End(meaning_of_mirror(self.database), meaning_of_national(self.national))

    def written_by(self, night: Night) -> list[str]:
        """What a run writes on either side, the run's own row left out."""
        mirror, national = exact_mirror(self.database), exact_national(self.national)
        self.national.clear_calls()
        ended = self.run(night)
        assert not ended.error, ended.error
        words = differences(mirror, exact_mirror(self.database))
        if exact_national(self.national) != national:
            words.append("the national side changed")
        words += [f"a write to {call['path']}" for call in self.national.calls() if _is_write(call)]
        return words

    # Until nothing moves any more

    def until_quiet(self, first: Night, *, at_once: bool = False, wanted: End | None = None) -> None:
        """Let runs follow until one of them writes nothing: the first as told, and `at_once` or after a while.

        An end that is known to be quiet may be given; when it is reached, that is enough.
        """
        for number in range(RUNS_UNTIL_QUIET):
            if number or not at_once:
                self.national.set_clock(advance=BEYOND_SETTLING_SECONDS)
            mirror, national = exact_mirror(self.database), exact_national(self.national)
            ended = self.run(Night(entities=first.entities) if number else first)
            assert "Traceback" not in ended.error, ended.error
            if not ended.error and wanted is not None and not self.end().unlike(wanted):
                return
            if not ended.error and (mirror, national) == (exact_mirror(self.database), exact_national(self.national)):
                return
        raise AssertionError(f"after {RUNS_UNTIL_QUIET} runs there is still something to write")

    # Copies

    def keep(self, name: str) -> None:
        self.database.close()
        self.ground.keep(name)
        self.national.snapshot(name)

    def go_back(self, name: str) -> None:
        self.database.close()
        self.ground.bring_back(name)
        self.national.restore(name)


def _is_write(call: Mapping[str, Any]) -> bool:
    return call["action"].startswith(("create", "update", "delete"))


@contextmanager
def stage_on(ground: Ground, mock: MockServer) -> Iterator[Stage]:
    """A stage on this database and this mock, which holds the city."""
    database = Database(ground.url)
    create_or_upgrade(database)
    database.close()
    ground.keep("bare")
    mock.admin.restore("city")
    with Nursery(Sides(ground.url, mock.address, mock.app_id, mock.secret)) as nursery:
        ground.bring_back("bare")
        stage = Stage(ground, mock.admin, nursery, database)
        stage.set_up()
        yield stage
        database.close()


@contextmanager
def national_city() -> Iterator[MockServer]:
    with MockServer(seed=1, volunteers=0, teams=0, projects=0, hours=0, clock=world.EVENING, frozen=True) as mock:
        world.settle_in(mock.admin)
        yield mock
