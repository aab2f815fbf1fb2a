"""Two people who decide many at once, on the store that lets their transactions run side by side."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sqlalchemy import text
from tests.integration.reconcile.county import fill_in
from tests.integration.reconcile.findings import CITY_OPERATOR, NOW, Findings

from national_sync.reconcile.resolving import resolve_where
from national_sync.reconcile.search import Filter
from national_sync.reconcile.sheet_taking import apply, judge
from national_sync.reconcile.sheet_writing import export_to
from national_sync.reconcile.sheets import Name
from national_sync.sealing import Sealer
from national_sync.store.database import Database
from national_sync.sync.kinds import MismatchKind

_LONG_ENOUGH: Final = 10.0
_WAITING: Final = (
    "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


class _Desk:
    """Somebody who does one thing, and what went wrong with it."""

    def __init__(self, does: Callable[[], object]) -> None:
        self._does = does
        self.errors: list[Exception] = []
        self.thread = threading.Thread(target=self._do)

    def _do(self) -> None:
        try:
            self._does()
        except Exception as error:
            self.errors.append(error)


def begin_and_wait_for_a_lock(database: Database, desk: _Desk, waiting: int) -> None:
    desk.thread.start()
    until = time.monotonic() + _LONG_ENOUGH
    while time.monotonic() < until:
        with database.read() as connection:
            if connection.execute(text(_WAITING)).scalar_one() >= waiting:
                return
        desk.thread.join(0.01)
    raise AssertionError("nobody waits")


def test_a_sheet_and_a_decision_about_many_do_not_wait_for_each_other(
    postgresql_database: Database, sealer: Sealer, tmp_path: Path
) -> None:
    """Both want the audit and a mismatch that a third person holds; whichever gets that first lets the other go on."""
    database = postgresql_database
    findings = Findings(database, sealer)
    clash, total = findings.clash(), findings.wrong_total()
    path = tmp_path / "out.xlsx"
    export_to(database, sealer, CITY_OPERATOR, Filter(), path, now=NOW)
    filled = fill_in(path, {clash: {Name.DECISION: "local"}, total: {Name.NOTE: "核对中"}})
    with database.read() as connection:
        judged = judge(connection, sealer, CITY_OPERATOR, filled)
    assert not judged.is_refused

    def decide_all_totals() -> None:
        wanted = Filter(kind=MismatchKind.TOTAL_NOT_SUM.value)
        with database.write() as connection:
            resolve_where(connection, sealer, CITY_OPERATOR, wanted, "national", now=NOW)

    def take_the_sheet() -> None:
        with database.write() as connection:
            apply(connection, sealer, CITY_OPERATOR, judged, now=NOW)

    desks = [_Desk(decide_all_totals), _Desk(take_the_sheet)]
    with database.write() as connection:
        connection.execute(text("SELECT id FROM mismatch WHERE id = :id FOR UPDATE"), {"id": total})
        for number, desk in enumerate(desks, 1):
            begin_and_wait_for_a_lock(database, desk, number)
    for desk in desks:
        desk.thread.join(_LONG_ENOUGH)
    assert [desk.errors for desk in desks] == [[], []]
    assert [findings.stored(one)["decision"] for one in (clash, total)] == ["local", "national"]
