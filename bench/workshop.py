"""What the benchmarks share: cities, prepared and loaded mirrors, and the runs that were measured already."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, assert_never

from bench import bare, dlt_environment, exchange, mirror
from bench.city import RunningCity, running_city
from bench.measure import Measured, in_fresh_process
from bench.population import Size
from bench.server import Night
from bench.stores import Store, driver_address

SECOND_NIGHT: Final = 24.0
"""Hours after the epoch at which every measured night begins; all changes lie before it."""
SINCE: Final = "2026-03-01 01:50:00"
"""The change filter of the second night for those who keep no cursor: the epoch less ten minutes."""

_LATE_SECONDS: Final = 400.0


class Kind(StrEnum):
    """The runs that are measured."""

    FULL = "full"
    NIGHT = "night"
    QUIET = "quiet"
    REREAD = "reread"


@dataclass
class Workshop:
    directory: Path
    hours: int
    stores: list[Store]
    stack: ExitStack
    """What is opened here is closed with it."""
    _started: float = field(default_factory=time.monotonic)
    _cities: dict[int, RunningCity] = field(default_factory=dict)
    _prepared: dict[tuple[str, int], str] = field(default_factory=dict)
    _loaded: dict[tuple[str, int], str] = field(default_factory=dict)
    _scratch: dict[tuple[str, int], str] = field(default_factory=dict)
    _peaks: dict[tuple[Kind, str, int], float] = field(default_factory=dict)
    _histories: dict[tuple[str, int], str] = field(default_factory=dict)
    _reading: Measured | None = None
    _dlt_full: Measured | None = None

    def city(self, hours: int) -> RunningCity:
        if hours not in self._cities:
            say(f"rendering {hours} hour records")
            size = Size(hours, changes=min(10_000, hours // 10))
            self._cities[hours] = self.stack.enter_context(running_city(self.directory / f"city-{hours}", size))
        return self._cities[hours]

    @property
    def is_late(self) -> bool:
        """On a slow machine comparisons are made once instead of several times, so that all is done in ten minutes."""
        return time.monotonic() - self._started > _LATE_SECONDS

    def alternating(self, times: int, *variants: Callable[[], Measured]) -> list[list[Measured]]:
        """Each variant so many times, in turn, so that a slow minute of the machine hits all of them."""
        runs: list[list[Measured]] = [[] for _variant in variants]
        for turn in range(times):
            if turn and self.is_late:
                break
            for place, variant in zip(runs, variants, strict=True):
                place.append(variant())
        return runs

    # Mirrors to begin with

    def prepared(self, store: Store, hours: int) -> str:
        """A mirror with everything but hour records."""
        key = (store.name, hours)
        if key not in self._prepared:
            say(f"preparing {store.name} for {hours} hour records")
            url = store.create()
            in_fresh_process(mirror.prepare, server=self._first_night(hours).address, url=url)
            self._prepared[key] = url
        return self._prepared[key]

    def loaded(self, store: Store, hours: int) -> str:
        """A mirror after its first full run, to be copied and never changed."""
        if (store.name, hours) not in self._loaded:
            self.run(Kind.FULL, store, hours)
        return self._loaded[(store.name, hours)]

    def scratch(self, store: Store, hours: int) -> str:
        """A copy of it for runs that leave the records as they are."""
        key = (store.name, hours)
        if key not in self._scratch:
            self._scratch[key] = store.copy(self.loaded(store, hours))
        return self._scratch[key]

    def history(self, store: Store, entries: int) -> str:
        """A ledger with so many entries. Whoever works on it leaves the entries as they are."""
        key = (store.name, entries)
        if key not in self._histories:
            say(f"{entries} entries, {store.name}")
            self._histories[key] = url = store.create()
            in_fresh_process(exchange.prepare, url=url)
            expect(in_fresh_process(exchange.add_history, url=url, entries=entries), entries)
        return self._histories[key]

    # Our runs

    def run(self, kind: Kind, store: Store, hours: int) -> Measured:
        """One measured run that has done what its kind has to do."""
        match kind:
            case Kind.FULL:
                measured = self._full(store, hours)
            case Kind.NIGHT:
                url = store.copy(self.loaded(store, hours))
                measured = self.changed_night(store, hours, url, Night(SECOND_NIGHT, has_changes=True))
                store.drop(url)
            case Kind.QUIET:
                measured = self.night(store, hours, self.scratch(store, hours), Night(SECOND_NIGHT))
            case Kind.REREAD:
                measured = self.night(store, hours, self.scratch(store, hours), Night(SECOND_NIGHT), full=True)
                _expect_written(measured, 0)
            case _:
                assert_never(kind)
        key = (kind, store.name, hours)
        self._peaks[key] = max(measured.peak_mb, self._peaks.get(key, 0.0))
        return measured

    def peak_mb(self, kind: Kind, store: Store, hours: int) -> float:
        """The peak of such a run, from one that was measured already if there is one."""
        if (kind, store.name, hours) not in self._peaks:
            self.run(kind, store, hours)
        return self._peaks[(kind, store.name, hours)]

    def _full(self, store: Store, hours: int) -> Measured:
        url = store.copy(self.prepared(store, hours))
        say(f"full mirror, {store.name}, {hours}")
        is_kept = (store.name, hours) not in self._loaded
        city = self._first_night(hours)
        measured = in_fresh_process(
            mirror.run_hours, server=city.address, url=url, hours_since_epoch=0.0, is_kept=is_kept
        )
        expect(measured, hours)
        if is_kept:
            self._loaded[(store.name, hours)] = url
        else:
            store.drop(url)
        return measured

    def changed_night(self, store: Store, hours: int, url: str, night: Night) -> Measured:
        measured = self.night(store, hours, url, night)
        _expect_written(measured, self.city(hours).size.changes)
        return measured

    def night(
        self, store: Store, hours: int, url: str, night: Night, *, full: bool = False, count_writes: bool = True
    ) -> Measured:
        """One run on this very mirror."""
        say(f"{'full re-read' if full else 'night'}, {store.name}, {hours}")
        city = self.city(hours)
        city.night(night)
        measured = in_fresh_process(
            mirror.run_hours,
            server=city.address,
            url=url,
            hours_since_epoch=night.hours_since_epoch,
            full=full,
            count_writes=count_writes,
        )
        measured.facts["calls"] = city.calls()
        return measured

    # What they are compared with

    def bare_full(self, store: Store, hours: int) -> Measured:
        url = store.copy(self.prepared(store, hours))
        say(f"bare loop, {store.name}, {hours}")
        address = self._first_night(hours).address
        if store.name == "sqlite":
            measured = in_fresh_process(bare.full_sqlite, server=address, database=driver_address(url))
        else:
            measured = in_fresh_process(bare.full_postgres, server=address, database=driver_address(url))
        expect(measured, hours)
        store.drop(url)
        return measured

    def bare_night(self, store: Store, hours: int) -> Measured:
        url = store.copy(self.loaded(store, hours))
        say(f"bare night, {store.name}, {hours}")
        city = self.city(hours)
        city.night(Night(SECOND_NIGHT, has_changes=True))
        variant = bare.night_sqlite if store.name == "sqlite" else bare.night_postgres
        measured = in_fresh_process(variant, server=city.address, database=driver_address(url), since=SINCE)
        expect(measured, hours)
        store.drop(url)
        return measured

    def reading(self) -> Measured:
        """Get and `json.loads` alone, measured once."""
        if self._reading is None:
            say(f"reading alone, {self.hours}")
            self._reading = in_fresh_process(bare.reading, server=self._first_night(self.hours).address)
        return self._reading

    def dlt_full(self) -> Measured:
        """dlt's first load, measured once; its file stays for the night."""
        if self._dlt_full is None:
            dlt_environment.ensure()
            say(f"dlt, {self.hours}")
            self._dlt_full = self._dlt(self._first_night(self.hours), None)
        return self._dlt_full

    def dlt_night(self) -> Measured:
        self.dlt_full()
        say(f"dlt night, {self.hours}")
        city = self.city(self.hours)
        city.night(Night(SECOND_NIGHT, has_changes=True))
        return self._dlt(city, SINCE)

    def _dlt(self, city: RunningCity, since: str | None) -> Measured:
        database, directory = self.directory / "dlt.db", self.directory / "dlt"
        measured = dlt_environment.run(server=city.address, database=database, directory=directory, since=since)
        expect(measured, self.hours)
        return measured

    def _first_night(self, hours: int) -> RunningCity:
        city = self.city(hours)
        city.night(Night())
        return city


def expect(measured: Measured, rows: int) -> None:
    """A figure counts only if the work was done."""
    if measured.facts["rows"] != rows:
        raise SystemExit(f"{measured.facts['rows']} rows instead of {rows}: the measurement is void")


def _expect_written(measured: Measured, rows: int) -> None:
    written = measured.facts["written"].get("hour_record", 0)
    if written != rows:
        raise SystemExit(f"{written} hour records were written instead of {rows}: the measurement is void")


def median(runs: list[Measured]) -> float:
    return statistics.median(run.seconds for run in runs)


def say(line: str) -> None:
    print(f"… {line}", file=sys.stderr, flush=True)
