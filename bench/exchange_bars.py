"""The benchmarks of the exchange, with their bars."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from bench import exchange
from bench.measure import Measured, in_fresh_process
from bench.results import Bar, Result, slower, spaced
from bench.stores import Store
from bench.workshop import Workshop, expect, say

_MANY, _ONE, _AT_POSTGRES, _BESIDE = 6_400, 600, 1_200, 1_600
"""Redemptions in one measurement."""
_POSTGRES_CLIENTS: Final = 8
_NIGHT_SECONDS: Final = 3.0


def redemptions(shop: Workshop) -> list[Result]:
    """Hold and confirm, beside the same rows in bare statements."""
    results = []
    for store in shop.stores:
        with _towns(store) as towns:
            if store.name == "sqlite":
                results += _beside_bare(towns, clients=64, count=_MANY, floor=0.55)
                results += _beside_bare(towns, clients=1, count=_ONE, floor=0.65)
                results += _beside_a_night(towns)
            else:
                results += _beside_bare(towns, clients=_POSTGRES_CLIENTS, count=_AT_POSTGRES, floor=0.8)
    return results


@dataclass
class _Towns:
    """A database with volunteers and offers, and a bare one, to be copied for each measurement."""

    store: Store
    town: str
    bare: str

    @contextmanager
    def copy(self, *, is_bare: bool = False) -> Iterator[str]:
        url = self.store.copy(self.bare if is_bare else self.town)
        yield url
        self.store.drop(url)


@contextmanager
def _towns(store: Store) -> Iterator[_Towns]:
    towns = _Towns(store, store.create(), store.create())
    for url in (towns.town, towns.bare):
        in_fresh_process(exchange.prepare, url=url, is_bare=url == towns.bare)
    yield towns
    store.drop(towns.town)
    store.drop(towns.bare)


def history(shop: Workshop) -> list[Result]:
    """Balance and statement page with a thousand times the entries."""
    few, many = 10_000, 10 * shop.hours
    say(f"making accounts with {spaced(few)} and {spaced(many)} entries")
    with ThreadPoolExecutor() as pool:
        made = list(pool.map(lambda store: (_with_history(store, few), _with_history(store, many)), shop.stores))
    results = []
    for store, urls in zip(shop.stores, made, strict=True):
        in_few, in_many = (min(in_fresh_process(exchange.look, url=url).seconds for _ in range(3)) for url in urls)
        for url in urls:
            store.drop(url)
        name = f"history/{spaced(many)} entries/{store.name}"
        results.append(slower(name, in_many, (f"with {spaced(few)}", in_few), 1.5))
    return results


def _with_history(store: Store, entries: int) -> str:
    url = store.create()
    in_fresh_process(exchange.prepare, url=url)
    expect(in_fresh_process(exchange.add_history, url=url, entries=entries), entries)
    return url


def _beside_bare(towns: _Towns, *, clients: int, count: int, floor: float) -> list[Result]:
    ours, bare = [], []
    for _turn in range(3):
        ours.append(_ours(towns, clients, count))
        bare.append(_bare(towns, clients, count, ours[-1]))
    rate, bare_rate = (count / statistics.median(run.seconds for run in runs) for runs in (ours, bare))
    name, store = f"redemptions/{clients} clients", towns.store.name
    compared = f"bare statements ({bare_rate:.0f}/s)"
    found = [Result(f"{name}/{store}", rate, "/s", compared, rate / bare_rate, Bar(floor, is_floor=True))]
    if clients > _POSTGRES_CLIENTS:
        median, worst = (statistics.median(run.facts[fact] for run in ours) for fact in ("median_ms", "worst_ms"))
        found.append(
            Result(f"{name}, worst wait/{store}", worst, "ms", f"median ({median:.1f} ms)", worst / median, Bar(4))
        )
    return found


def _ours(towns: _Towns, clients: int, count: int) -> Measured:
    say(f"{count} redemptions, {clients} clients, {towns.store.name}")
    with towns.copy() as url:
        measured = in_fresh_process(exchange.redeem, url=url, clients=clients, redemptions=count)
    expect(measured, count)
    return measured


def _bare(towns: _Towns, clients: int, count: int, ours: Measured) -> Measured:
    with towns.copy(is_bare=True) as url:
        if towns.store.name == "sqlite":
            group = max(1, round(ours.facts["group"]))
            measured = in_fresh_process(exchange.bare_sqlite, url=url, redemptions=count, group=group)
        else:
            measured = in_fresh_process(exchange.bare_postgres, url=url, clients=clients, redemptions=count)
    expect(measured, count)
    return measured


def _beside_a_night(towns: _Towns) -> list[Result]:
    """A kiosk in a quiet hour, and while the engine takes up a night's changes in the same file."""
    with towns.copy() as url:
        in_fresh_process(exchange.add_records, url=url)
        quiet = in_fresh_process(exchange.redeem, url=url, clients=4, redemptions=_BESIDE)
        with ThreadPoolExecutor() as pool:
            night = pool.submit(in_fresh_process, exchange.apply_night, url=url, seconds=_NIGHT_SECONDS)
            beside = in_fresh_process(exchange.redeem, url=url, clients=4, redemptions=_BESIDE, turn=_BESIDE)
            chunks = night.result()
    expect(beside, 2 * _BESIDE)
    if not 0 < chunks.facts["rows"] < exchange.RECORDS:
        raise SystemExit(f"the night took up {chunks.facts['rows']} records: the measurement is void")
    chunk, base = chunks.facts["longest_ms"], quiet.facts["p99_ms"]
    p99, worst = beside.facts["p99_ms"], beside.facts["worst_ms"]
    compared = f"longest chunk ({chunk:.1f} ms)"
    return [
        Result("redemptions/beside a night, p99/sqlite", p99, "ms", f"quiet ({base:.1f} ms)", p99 / base, Bar(2.5)),
        Result("redemptions/beside a night, worst/sqlite", worst, "ms", compared, worst / chunk, Bar(3)),
        Result("redemptions/beside a night, longest lock/sqlite", chunk, "ms", "20 ms", chunk / 20, Bar(1)),
    ]
