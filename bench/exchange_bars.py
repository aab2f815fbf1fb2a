"""The benchmarks of the exchange, with their bars."""

from __future__ import annotations

import statistics
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from bench import exchange
from bench.measure import Measured, in_fresh_process
from bench.results import Bar, Result, slower, spaced
from bench.stores import Store
from bench.workshop import Workshop, expect, say

_MANY, _ONE = 12_800, 1_600
_POSTGRES_CLIENTS: Final = 8
_NIGHT_SECONDS: Final = 5.0


def redemptions(shop: Workshop) -> list[Result]:
    """Hold and confirm, beside the same rows in bare statements."""
    results = []
    for store in shop.stores:
        if store.name == "sqlite":
            results += _beside_bare(store, clients=64, count=_MANY, floor=0.55)
            results += _beside_bare(store, clients=1, count=_ONE, floor=0.65)
            results += _beside_a_night(store)
        else:
            results += _beside_bare(store, clients=_POSTGRES_CLIENTS, count=_MANY // 4, floor=0.8)
    return results


def history(shop: Workshop) -> list[Result]:
    """Balance and statement page with a thousand times the entries."""
    few, many = 10_000, 10 * shop.hours
    results = []
    for store in shop.stores:
        seconds = {}
        for entries in (few, many):
            url = _prepared(store)
            say(f"{spaced(entries)} entries, {store.name}")
            expect(in_fresh_process(exchange.add_history, url=url, entries=entries), entries)
            seconds[entries] = min(in_fresh_process(exchange.look, url=url).seconds for _ in range(3))
            store.drop(url)
        name = f"history/{spaced(many)} entries/{store.name}"
        results.append(slower(name, seconds[many], (f"with {spaced(few)}", seconds[few]), 1.5))
    return results


def _beside_bare(store: Store, *, clients: int, count: int, floor: float) -> list[Result]:
    ours, bare = [], []
    for _turn in range(3):
        ours.append(_ours(store, clients, count))
        bare.append(_bare(store, clients, count, ours[-1]))
    rate, bare_rate = (count / statistics.median(run.seconds for run in runs) for runs in (ours, bare))
    name = f"redemptions/{clients} clients"
    compared = f"bare statements ({bare_rate:.0f}/s)"
    found = [Result(f"{name}/{store.name}", rate, "/s", compared, rate / bare_rate, Bar(floor, is_floor=True))]
    if clients > _POSTGRES_CLIENTS:
        median, worst = (statistics.median(run.facts[fact] for run in ours) for fact in ("median_ms", "worst_ms"))
        found.append(
            Result(f"{name}, worst wait/{store.name}", worst, "ms", f"median ({median:.1f} ms)", worst / median, Bar(4))
        )
    return found


def _ours(store: Store, clients: int, count: int) -> Measured:
    url = _prepared(store)
    say(f"{count} redemptions, {clients} clients, {store.name}")
    measured = in_fresh_process(exchange.redeem, url=url, clients=clients, redemptions=count)
    expect(measured, count)
    store.drop(url)
    return measured


def _bare(store: Store, clients: int, count: int, ours: Measured) -> Measured:
    url = _prepared(store, is_bare=True)
    if store.name == "sqlite":
        group = max(1, round(ours.facts["group"]))
        measured = in_fresh_process(exchange.bare_sqlite, url=url, redemptions=count, group=group)
    else:
        measured = in_fresh_process(exchange.bare_postgres, url=url, clients=clients, redemptions=count)
    expect(measured, count)
    store.drop(url)
    return measured


def _prepared(store: Store, *, is_bare: bool = False) -> str:
    url = store.create()
    in_fresh_process(exchange.prepare, url=url, is_bare=is_bare)
    return url


def _beside_a_night(store: Store) -> list[Result]:
    """A kiosk in a quiet hour, and while a night writes into the same file."""
    url = _prepared(store)
    in_fresh_process(exchange.add_records, url=url)
    quiet = in_fresh_process(exchange.redeem, url=url, clients=4, redemptions=2_000)
    store.drop(url)
    url = _prepared(store)
    in_fresh_process(exchange.add_records, url=url)
    with ThreadPoolExecutor() as pool:
        night = pool.submit(in_fresh_process, exchange.apply_night, url=url, seconds=_NIGHT_SECONDS)
        beside = in_fresh_process(exchange.redeem, url=url, clients=4, redemptions=2_000)
        chunk = night.result().facts["longest_ms"]
    expect(beside, 2_000)
    store.drop(url)
    p99, worst = beside.facts["p99_ms"], beside.facts["worst_ms"]
    base = quiet.facts["p99_ms"]
    return [
        Result("redemptions/beside a night, p99/sqlite", p99, "ms", f"quiet ({base:.1f} ms)", p99 / base, Bar(2.5)),
        Result(
            "redemptions/beside a night, worst/sqlite",
            worst,
            "ms",
            f"longest chunk ({chunk:.1f} ms)",
            worst / chunk,
            Bar(3),
        ),
    ]
