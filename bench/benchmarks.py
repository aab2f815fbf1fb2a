"""The benchmarks by name. Each gives its figures; what they share is made once in the workshop."""

from __future__ import annotations

import math
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

from bench import exchange_bars, mirror
from bench.kiosk_bars import kiosk
from bench.measure import ROOT, Measured, in_fresh_process
from bench.people import people
from bench.recognition import certificates_as_pdf, stars_of_a_year
from bench.reconcile import reconcile_list, reconcile_resolve
from bench.results import Bar, Result, faster, slower, spaced
from bench.review import review
from bench.server import CONCURRENCY, Night
from bench.stores import Store
from bench.workshop import SECOND_NIGHT, Kind, Workshop, expect, median, say

_BATCH_SIZE: Final = 50
_LATENCY_SECONDS: Final = 0.05
_BYTES_PER_HOUR_RECORD: Final = 600
"""With its indexes, generously."""
_MOST_MB: Final = 300.0


def full(shop: Workshop) -> list[Result]:
    """The whole listing into an empty mirror."""
    results = []
    for store in shop.stores:
        times = 2 if store.name == "sqlite" else 1  # Half a minute each.
        bare, ours = shop.alternating(
            times, partial(shop.bare_full, store, shop.hours), partial(shop.run, Kind.FULL, store, shop.hours)
        )
        limit = 1.6 if store.name == "sqlite" else 1.8
        results.append(slower(f"full/bare loop/{store.name}", median(ours), ("bare loop", median(bare)), limit))
        results.append(_spread(f"full/spread of the bare loop/{store.name}", bare))
        if store.name == "sqlite":
            results.append(faster(f"full/dlt/{store.name}", median(ours), ("dlt", shop.dlt_full().seconds), 4.0))
    return results


def night(shop: Workshop) -> list[Result]:
    """One record in a hundred changed, by the change filter."""
    results = []
    for store in shop.stores:
        shop.loaded(store, shop.hours)
        bare, ours = shop.alternating(
            3, partial(shop.bare_night, store, shop.hours), partial(shop.run, Kind.NIGHT, store, shop.hours)
        )
        results.append(slower(f"night/bare loop/{store.name}", median(ours), ("bare loop", median(bare)), 2.0))
        results.append(_spread(f"night/spread of the bare loop/{store.name}", bare))
        if store.name == "sqlite":
            results.append(faster(f"night/dlt/{store.name}", median(ours), ("dlt", shop.dlt_night().seconds), 2.5))
    return results


def night_scale(shop: Workshop) -> list[Result]:
    """The same changes in a mirror ten times as large."""
    hours = shop.hours // 10 if shop.is_late or not _has_room_for_ten_times(shop) else shop.hours
    urls = [store.copy(shop.loaded(store, hours)) for store in shop.stores]
    say(f"making mirrors of {10 * hours} hour records")
    with ThreadPoolExecutor() as pool:
        made = list(pool.map(lambda url: in_fresh_process(mirror.multiply, url=url, times=10), urls))
    results = []
    for store, url, multiplied in zip(shop.stores, urls, made, strict=True):
        expect(multiplied, 10 * hours)
        in_small, in_large = shop.alternating(
            2,
            partial(shop.run, Kind.NIGHT, store, hours),
            partial(_night_in_large, shop, store, hours, url, multiplied),
        )
        store.drop(url)
        base = (f"with {spaced(hours)} records", median(in_small))
        label = f"night_scale/{spaced(10 * hours)} records"
        results.append(slower(f"{label}/{store.name}", median(in_large), base, 1.3))
    return results


def quiet(shop: Workshop) -> list[Result]:
    """A night in which nothing has changed."""
    few = shop.hours // 100
    results = []
    for store in shop.stores:
        for hours in (few, shop.hours):
            shop.scratch(store, hours)
        in_few, in_many = shop.alternating(
            7, partial(shop.run, Kind.QUIET, store, few), partial(shop.run, Kind.QUIET, store, shop.hours)
        )
        base = (f"with {spaced(few)} records", median(in_few))
        results.append(slower(f"quiet/many records/{store.name}", median(in_many), base, 1.2))
        results.append(_none(f"quiet/rows written here/{store.name}", "rows", _rows_written(in_many[0])))
        results.append(_none(f"quiet/writes sent/{store.name}", "calls", _writes_sent(in_many[0])))
        whole = statistics.median(run.whole_seconds for run in in_many)
        results.append(Result(f"quiet/whole process/{store.name}", whole, "s"))
    return results


def reread(shop: Workshop) -> list[Result]:
    """Everything read and compared again, nothing changed."""
    base = ("get and json.loads", shop.reading().seconds)
    return [
        slower(f"reread/nothing changed/{store.name}", shop.run(Kind.REREAD, store, shop.hours).seconds, base, 5.0)
        for store in shop.stores
    ]


def memory(shop: Workshop) -> list[Result]:
    """The most memory a run holds, and whether it grows with the mirror."""
    tenth = shop.hours // 10
    results = []
    for store in shop.stores:
        for kind in Kind:
            large, small = shop.peak_mb(kind, store, shop.hours), shop.peak_mb(kind, store, tenth)
            results.append(_megabytes(f"memory/{kind}/{store.name}", large, f"{_MOST_MB:.0f} MB", _MOST_MB, 1.0))
            base = f"with {spaced(tenth)} records ({small:.0f} MB)"
            results.append(_megabytes(f"memory/{kind}, growth/{store.name}", large, base, small, 1.2))
    return results


def push(shop: Workshop) -> list[Result]:
    """Local edits sent out, each call taking 50 ms."""
    results = []
    for store in shop.stores:
        results += _push(shop, store, pending=5_000, batches=True)
        results += _push(shop, store, pending=500, batches=False)
    return results


def command(_shop: Workshop) -> list[Result]:
    """How long the program takes to say what it can do."""
    program = Path(sys.executable).with_name("national-sync")
    ours, click = [], []
    for _ in range(11):
        ours.append(_seconds([str(program), "--help"]))
        click.append(_seconds([sys.executable, "-c", "import click"]))
    heavy = _heavy_imports()
    base = ("python -c 'import click'", statistics.median(click))
    return [
        slower("command/--help", statistics.median(ours), base, 2.0),
        _none(f"command/heavy imports{': ' if heavy else ''}{', '.join(heavy)}", "modules", len(heavy)),
    ]


BENCHMARKS: Final[dict[str, Callable[[Workshop], list[Result]]]] = {
    "command": command,
    "full": full,
    "night": night,
    "quiet": quiet,
    "reread": reread,
    "memory": memory,
    "push": push,
    "redemptions": exchange_bars.redemptions,
    "history": exchange_bars.history,
    "kiosk": kiosk,
    "night_scale": night_scale,
    "stars": stars_of_a_year,
    "certificates": certificates_as_pdf,
    "people": people,
    "reconcile_list": reconcile_list,
    "reconcile_resolve": reconcile_resolve,
    "review": review,
}


def _night_in_large(shop: Workshop, store: Store, hours: int, url: str, made: Measured) -> Measured:
    copied = store.copy(url)
    night = Night(
        SECOND_NIGHT,
        has_changes=True,
        digest=shop.city(hours).changed(made.facts["digest"]),
        total=10 * hours,
        effective_seconds=made.facts["effective_seconds"],
    )
    measured = shop.changed_night(store, hours, copied, night)
    store.drop(copied)
    return measured


def _has_room_for_ten_times(shop: Workshop) -> bool:
    """Two copies of such a mirror lie in each store at a time."""
    return shutil.disk_usage(shop.directory).free > 40 * _BYTES_PER_HOUR_RECORD * shop.hours


def _push(shop: Workshop, store: Store, *, pending: int, batches: bool) -> list[Result]:
    hours = 10 * pending
    url = store.copy(shop.loaded(store, hours))
    expect(in_fresh_process(mirror.edit_remarks, url=url, count=pending), pending)
    night = Night(SECOND_NIGHT, latency_seconds=_LATENCY_SECONDS, batches=batches)
    measured = shop.night(store, hours, url, night, count_writes=False)
    store.drop(url)
    calls = measured.facts["calls"]
    least = sum(calls.values()) * _LATENCY_SECONDS / CONCURRENCY
    label = f"push/{spaced(pending)} changes, {'50 a call' if batches else 'one a call'}"
    allowed = math.ceil(pending / (_BATCH_SIZE if batches else 1))
    return [
        slower(f"{label}/{store.name}", measured.seconds, ("calls x latency / concurrency", least), 1.3),
        _calls(f"{label}, reads/{store.name}", _called(calls, "get"), allowed),
        _calls(f"{label}, writes/{store.name}", _writes_sent(measured), allowed),
    ]


def _megabytes(name: str, peak: float, base: str, base_mb: float, bar: float) -> Result:
    return Result(name, peak, "MB", base, peak / base_mb, Bar(bar))


def _calls(name: str, made: int, allowed: int) -> Result:
    return Result(name, made, "calls", f"{allowed} allowed", made / allowed, Bar(1))


def _none(name: str, unit: str, found: int) -> Result:
    """A figure that has to be zero."""
    return Result(name, found, unit, "none allowed", float(found), Bar(0))


def _rows_written(measured: Measured) -> int:
    """Rows written but the run's own."""
    return sum(count for table, count in measured.facts["written"].items() if table != "run")


def _writes_sent(measured: Measured) -> int:
    verbs = ("create", "update", "delete", "createBatch", "updateBatch")
    return sum(_called(measured.facts["calls"], verb) for verb in verbs)


def _called(calls: dict[str, int], verb: str) -> int:
    return sum(count for path, count in calls.items() if path.endswith(f"/{verb}"))


def _spread(name: str, runs: Sequence[Measured]) -> Result:
    seconds = [run.seconds for run in runs]
    return Result(name, 100 * (max(seconds) - min(seconds)) / min(seconds), "%")


def _seconds(command_line: Sequence[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command_line, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


_HEAVY: Final = (
    "alembic apscheduler asyncio cryptography fastapi httpx jinja2 msgspec psycopg pydantic rich sqlalchemy sqlmodel"
    " starlette structlog tenacity textual uvicorn"
)


def _heavy_imports() -> list[str]:
    """Modules that `--help` must do without, and does not."""
    code = (
        "import sys\nsys.argv = ['national-sync', '--help']\nfrom national_sync.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print(*sorted(set('{_HEAVY}'.split()) & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return ended.stdout.splitlines()[-1].split()
