"""The morning's work on a mirror with many open mismatches, beside the bare SQL that does the same."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Final

from sqlalchemy import text

from bench.measure import ROOT, Measured, in_fresh_process, stopwatch
from bench.results import Result, slower, spaced
from bench.stores import Store, driver_address
from bench.workshop import Workshop, expect, say
from national_sync.operators.rights import Operator, Role
from national_sync.reconcile.resolving import resolve_where
from national_sync.reconcile.search import Filter, page
from national_sync.sealing import Sealer, SealingKey
from national_sync.store.database import Database

OPEN: Final = 100_000
DECIDED: Final = 10_000
NOW: Final = 1_772_400_000
KIND: Final = "hours_not_span"
COUNTY: Final = "530802"
_PAGE: Final = 50
_TIMES: Final = 200
_OPENED: Final = (
    "INSERT INTO mismatch (kind, entity, subject, row_id, national_id, county, state, first_run_id, last_run_id,"
    " first_seen_at, last_seen_at) SELECT CASE id % 2 WHEN 0 THEN 'hours_not_span' ELSE 'hours_overlap' END,"
    " 'hour_record', national_id, id, national_id, '5308' || CASE (id / 2) % 5 WHEN 0 THEN '02' WHEN 1 THEN '21'"
    " WHEN 2 THEN '22' WHEN 3 THEN '23' ELSE '24' END, 'open', 1, 1, :now, :now FROM hour_record ORDER BY id LIMIT :count"
)


def open_many(*, url: str, count: int) -> Measured:
    """Many findings, spread evenly over two kinds and five counties."""
    database = Database(url)
    with stopwatch() as measured, database.write() as connection:
        opened = connection.execute(text(_OPENED), {"count": count, "now": NOW - 86_400})
    measured.facts["rows"] = opened.rowcount
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return measured


def our_page(*, url: str) -> Measured:
    """The first page of a list with two filters, many times over."""
    database = Database(url)
    wanted = Filter(kind=KIND, county=COUNTY)
    with database.read() as connection, stopwatch() as measured:
        for _ in range(_TIMES):
            rows = page(connection, wanted, now=NOW, limit=_PAGE)
    measured.facts["rows"] = len(rows)
    return measured


def bare_page(*, database: str) -> Measured:
    connection = sqlite3.connect(database)
    connection.row_factory = sqlite3.Row
    query = "SELECT * FROM mismatch WHERE state = 'open' AND kind = ? AND county = ? ORDER BY id LIMIT ?"
    with stopwatch() as measured:
        for _ in range(_TIMES):
            rows = [dict(row) for row in connection.execute(query, (KIND, COUNTY, _PAGE))]
    measured.facts["rows"] = len(rows)
    return measured


def our_resolve(*, url: str) -> Measured:
    database = Database(url)
    operator, sealer = Operator(1, "chen", Role.CITY_OPERATOR), Sealer([SealingKey("bench", bytes(32))])
    with stopwatch() as measured, database.write(durable=True) as connection:
        many = resolve_where(connection, sealer, operator, Filter(kind=KIND, county=COUNTY), "national", now=NOW)
    measured.facts["rows"] = many.count
    return measured


def bare_resolve(*, database: str) -> Measured:
    """The same rows updated and the same events inserted, in one transaction."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    fits = "state = 'open' AND kind = ? AND county = ?"
    with stopwatch() as measured:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "INSERT INTO mismatch_event (mismatch_id, at, event, actor, detail)"
            f" SELECT id, ?, 'decided', 'operator:chen', '{{}}' FROM mismatch WHERE {fits}",
            (NOW, KIND, COUNTY),
        )
        updated = connection.execute(
            f"UPDATE mismatch SET decision = 'national', decided_by = 'operator:chen', decided_at = ? WHERE {fits}",
            (NOW, KIND, COUNTY),
        )
        connection.execute("COMMIT")
    measured.facts["rows"] = updated.rowcount
    return measured


def reconcile_list(shop: Workshop) -> list[Result]:
    """A page of the list with two filters, and the whole command."""
    results = []
    for store in _sqlite(shop):
        url = _with_many(shop, store)
        ours, bare = shop.alternating(
            5,
            lambda url=url: _page_of(in_fresh_process(our_page, url=url)),
            lambda url=url: _page_of(in_fresh_process(bare_page, database=driver_address(url))),
        )
        base = ("bare SQL", median(run.seconds for run in bare))
        label = f"reconcile_list/{spaced(OPEN)} open, two filters"
        results.append(slower(f"{label}/{store.name}", median(run.seconds for run in ours), base, 2.0))
        command, page_of_help = _commands(shop.directory, url)
        results.append(
            slower(f"reconcile_list/whole command/{store.name}", command, ("national-sync --help", page_of_help), 3.0)
        )
        store.drop(url)
    return results


def reconcile_resolve(shop: Workshop) -> list[Result]:
    """Ten thousand decided at once."""
    results = []
    for store in _sqlite(shop):
        url = _with_many(shop, store)
        ours, bare = shop.alternating(
            3,
            lambda url=url, store=store: _on_a_copy(store, url, our_resolve, "url"),
            lambda url=url, store=store: _on_a_copy(store, url, bare_resolve, "database"),
        )
        base = ("bare UPDATE and INSERT", median(run.seconds for run in bare))
        label = f"reconcile_resolve/{spaced(DECIDED)} at once"
        results.append(slower(f"{label}/{store.name}", median(run.seconds for run in ours), base, 3.0))
        store.drop(url)
    return results


def _sqlite(shop: Workshop) -> list[Store]:
    return [store for store in shop.stores if store.name == "sqlite"]


def _with_many(shop: Workshop, store: Store) -> str:
    url = store.copy(shop.loaded(store, shop.hours))
    say(f"opening {OPEN} mismatches")
    count = min(OPEN, shop.hours)
    expect(in_fresh_process(open_many, url=url, count=count), count)
    return url


def _page_of(measured: Measured) -> Measured:
    expect(measured, _PAGE)
    return measured


def _on_a_copy(store: Store, url: str, variant: object, name: str) -> Measured:
    copied = store.copy(url)
    place = copied if name == "url" else driver_address(copied)
    measured = in_fresh_process(variant, **{name: place})  # type: ignore[arg-type]
    expect(measured, DECIDED)
    store.drop(copied)
    return measured


def _commands(directory: Path, url: str) -> tuple[float, float]:
    """Seconds of `mismatch list` with two filters, and of `--help`, process and all."""
    settings = directory / "bench.toml"
    settings.write_text(
        f'[database]\nurl = "{url}"\n\n[national]\nbase_url = "https://127.0.0.1:1/open/v1"\napp_id = "bench"\n',
        encoding="utf-8",
    )
    program = str(Path(sys.executable).with_name("national-sync"))
    listing = [program, "--config", str(settings), "mismatch", "list", "--json", "--kind", KIND, "--county", COUNTY]
    ours, bare = [], []
    for _ in range(11):
        ours.append(_timed(listing))
        bare.append(_timed([program, "--help"]))
    return median(ours), median(bare)


def _timed(command: list[str]) -> float:
    started = time.perf_counter()
    ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT, env=dict(os.environ))
    seconds = time.perf_counter() - started
    if command[-1] == COUNTY and len(json.loads(ended.stdout)["mismatches"]) != _PAGE:
        raise SystemExit("the list is not a page long: the measurement is void")
    return seconds
