"""The full screen of `mismatch review` beside an empty textual application, with few and with many open mismatches."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.measure import Measured, in_fresh_process
from bench.results import Result, slower, spaced
from bench.workshop import Workshop

FEW: Final = 10
MANY: Final = 100_000
NOW: Final = 1_772_400_000
_PRESSES: Final = 40
_TIMES: Final = 5
_PEOPLE: Final = 1_000
_NUMBERS: Final = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"


def empty() -> Measured:
    """An application with nothing in it."""
    started = time.perf_counter()
    from textual.app import App

    return asyncio.run(_sat_before(App(), started))


def ours(*, folder: str) -> Measured:
    """The program's own way to the screen: settings, key, database, list, page."""
    started = time.perf_counter()
    from national_sync import i18n
    from national_sync.bootstrap import Bootstrap
    from national_sync.cli.review.app import Review
    from national_sync.cli.review.docket import Docket
    from national_sync.operators.rights import Operator, Role
    from national_sync.reconcile.search import Filter

    i18n.use("zh")
    operator = Operator(1, "chen", Role.CITY_OPERATOR)
    bootstrap = Bootstrap.from_file(Path(folder) / "national-sync.toml", os.environ)
    with bootstrap.database() as database:
        docket = Docket(
            database,
            bootstrap.sealer(),
            lambda _connection: operator,
            Filter(),
            lambda: NOW,
            bootstrap.loaded.policy.owners,
        )
        return asyncio.run(_sat_before(Review(docket), started))


async def _sat_before(application: Any, started: float) -> Measured:
    """Seconds until the screen stands, and for a key press."""
    async with application.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        opened = time.perf_counter()
        before = time.process_time()
        await pilot.press(*["down"] * _PRESSES)
        pressed = time.perf_counter()
        worked = time.process_time() - before
    facts = {"press": (pressed - opened) / _PRESSES, "press_cpu": worked / _PRESSES}
    return Measured(opened - started, facts=facts)


def review(shop: Workshop) -> list[Result]:
    """Opening and a key press."""
    folders = {count: _office(shop.directory / f"review-{count}", count) for count in (FEW, MANY)}
    bare, few, many = shop.alternating(
        _TIMES,
        lambda: in_fresh_process(empty),
        lambda: in_fresh_process(ours, folder=str(folders[FEW])),
        lambda: in_fresh_process(ours, folder=str(folders[MANY])),
    )
    label = f"{spaced(MANY)} open"
    opened, opened_few, opened_bare = (median(run.seconds for run in runs) for runs in (many, few, bare))
    pressed, pressed_few, pressed_bare = (median(run.facts["press"] for run in runs) for runs in (many, few, bare))
    worked, worked_bare = (median(run.facts["press_cpu"] for run in runs) for runs in (many, bare))
    return [
        slower(f"review/opens, {label}", opened, ("an empty application", opened_bare), 4.0),
        slower(f"review/opens, {label}, many", opened, (f"with {FEW} open", opened_few), 1.3),
        slower(f"review/key press, {label}", pressed, ("an empty application", pressed_bare), 2.0),
        slower(f"review/key press, {label}, many", pressed, (f"with {FEW} open", pressed_few), 1.3),
        slower(f"review/key press, {label}, processor", worked, ("an empty application", worked_bare), None),
    ]


def _office(folder: Path, count: int) -> Path:
    """A folder as `init` makes it, with so many open mismatches."""
    from sqlalchemy import text

    from national_sync.store.database import Database

    folder.mkdir(parents=True)
    program = Path(sys.executable).with_name("national-sync")
    subprocess.run([str(program), "init"], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    [path] = folder.glob("*.db")
    database = Database(f"sqlite:///{path}")
    with database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO volunteer (name, id_number, sex, birth_date, service_area_id, service_area_name)"
                f" {_NUMBERS} SELECT '白茶' || i, '', 'male', '1990-01-01', '530802000000000000', '茶城路' FROM n"
            ),
            {"count": _PEOPLE},
        )
        connection.execute(
            text(
                "INSERT INTO mismatch (kind, entity, subject, row_id, field, ours, theirs, county, state, first_run_id,"
                f" last_run_id, first_seen_at, last_seen_at) {_NUMBERS} SELECT 'both_edited', 'volunteer', 'row:' || i,"
                " i % :people + 1, 'service_area_name', '茶城路', '茶城路 1 号', '530802', 'open', 1, 1, :now, :now FROM n"
            ),
            {"count": count, "people": _PEOPLE, "now": NOW - 86_400},
        )
    database.close()
    return folder
