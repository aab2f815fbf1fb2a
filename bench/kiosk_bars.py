"""The benchmarks of the kiosk, with their bars. SQLite only: it is what a city's kiosks stand on."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench import exchange, first_paint
from bench import kiosk as load
from bench.lobby import open_lobby
from bench.measure import Measured, in_fresh_process
from bench.results import Bar, Result, spaced
from bench.stores import Store
from bench.workshop import Workshop, expect, say

_FEW: Final = 10_000
_KEEP_ALIVE, _MANY_LINES = 16, 64
_REQUESTS, _REDEMPTIONS, _ROUNDS = 2_000, 800, 3
_TEN_LINES_EACH: Final = _FEW // 10
_NIGHT_RECORDS: Final = 20_000
_MOST_MS: Final = 250.0


def kiosk(shop: Workshop) -> list[Result]:
    """The service beside a bare route, with a long history and with a short one; beside a night; its first screen."""
    store = next((store for store in shop.stores if store.name == "sqlite"), None)
    if store is None:
        return []
    return [*_balances(shop, store), *_redemptions(store), _beside_a_night(), *_paint()]


def _balances(shop: Workshop, store: Store) -> list[Result]:
    many = 10 * shop.hours
    url = _with_short_history(store)
    short, long = _asked(url, _FEW), _asked(shop.history(store, many), many)
    store.drop(url)
    name = f"kiosk/balance, {spaced(many)} entries"
    return [
        _rate(f"{name}/sqlite", long, 0.38),
        Result(
            f"{name}, beside {spaced(_FEW)}/sqlite", long.facts["ours"], "/s",
            f"its rate with {spaced(_FEW)} ({short.facts['ours']:.0f}/s)", long.facts["ours"] / short.facts["ours"],
            Bar(0.8, is_floor=True),
        ),
    ]  # fmt: skip


def _with_short_history(store: Store) -> str:
    """Those who ask have ten lines each, so that answers of one length are compared."""
    url = store.create()
    in_fresh_process(exchange.prepare, url=url)
    in_fresh_process(exchange.add_history, url=url, entries=_FEW, volunteers=_TEN_LINES_EACH)
    return url


def _asked(url: str, entries: int) -> Measured:
    say(f"signed balances, {spaced(entries)} entries")
    return in_fresh_process(load.balances, url=url, connections=_KEEP_ALIVE, requests=_REQUESTS, rounds=_ROUNDS)


def _redemptions(store: Store) -> list[Result]:
    url = store.create()
    in_fresh_process(exchange.prepare, url=url)
    say(f"signed holds and confirmations, {_MANY_LINES} connections")
    measured = in_fresh_process(load.redemptions, url=url, connections=_MANY_LINES, count=_REDEMPTIONS, rounds=_ROUNDS)
    expect(measured, _ROUNDS * _REDEMPTIONS)
    store.drop(url)
    name, p99, median = f"kiosk/hold and confirm, {_MANY_LINES} connections", *_waits(measured)
    return [
        _rate(f"{name}/sqlite", measured, 0.35),
        Result(f"{name}, p99/sqlite", p99, "ms", f"median ({median:.1f} ms)", p99 / median, Bar(5)),
    ]


def _waits(measured: Measured) -> tuple[float, float]:
    return measured.facts["p99_ms"], measured.facts["median_ms"]


def _rate(name: str, measured: Measured, floor: float) -> Result:
    ours, bare = measured.facts["ours"], measured.facts["bare"]
    return Result(name, ours, "/s", f"a bare route ({bare:.0f}/s)", ours / bare, Bar(floor, is_floor=True))


def _beside_a_night() -> Result:
    """Nobody may be refused, and nobody may wait."""

    def one_night() -> Iterator[bool]:
        yield True

    say("kiosks beside a night")
    with (
        tempfile.TemporaryDirectory(prefix="national-sync-lobby-") as folder,
        open_lobby(Path(folder), records=_NIGHT_RECORDS, has_changes=True) as lobby,
    ):
        counted = lobby.run(one_night)
    if counted.refused:
        raise SystemExit(f"a kiosk was refused beside a night: the measurement is void: {counted.refused[0]}")
    worst = counted.worst_ms
    name = f"kiosk/beside a night, worst of {counted.requests} answers/sqlite"
    return Result(name, worst, "ms", f"{_MOST_MS:.0f} ms allowed", worst / _MOST_MS, Bar(1))


def _paint() -> list[Result]:
    if not first_paint.has_browser():
        say("no Chromium here: first paint is not measured")
        return []
    say("first paint")
    facts = in_fresh_process(first_paint.paints).facts
    ours, static = facts["ours_ms"], facts["static_ms"]
    name = "kiosk/first paint"
    return [Result(name, ours, "ms", f"a static page of the same bytes ({static:.0f} ms)", ours / static, Bar(1.5))]
