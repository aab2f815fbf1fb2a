"""Every table fits a screen of 80 columns, in both languages, and no number in it is cut."""

from __future__ import annotations

import re

import pytest
from tests.unit.cli.conftest import FakeEngine, Terminal

from national_sync.i18n import Language
from national_sync.prose.layout import SCREEN_WIDTH, width
from national_sync.records import Entity
from national_sync.store.database import Database
from national_sync.sync.report import RunReport

MANY = 12_345_678
ROWS = (
    "INSERT INTO run (id, kind, state, holder, lease_until, started_at, ended_at, exit_code) VALUES"
    f" ({MANY}, 'nightly', 'interrupted', 'x:1', 1, 1790000000, 1790000000, 1)",
    "INSERT INTO hold (id, run_id, entity, action, reason, records, plan_hash, state) VALUES"
    f" ({MANY}, 1, 'training_record', 'send_delete', 'too_many_deletions', {MANY}, 'abc', 'open')",
    "INSERT INTO quarantine (id, entity, identity, national_id, reason, field, detail, state, first_run_id,"
    f" last_run_id, times) VALUES ({MANY}, 'training_record', 'i', 'i', 'two_records_one_id', 'service_area_name',"
    f" 'two different records carry one id', 'open', 1, 1, {MANY})",
    "INSERT INTO mismatch (id, kind, entity, subject, row_id, field, ours, theirs, state) VALUES"
    f" ({MANY}, 'deleted_here_edited_there', 'training_record', 'row:1', 1, 'service_area_name', '{'思茅' * 40}',"
    f" '{'a name ' * 40}', 'open')",
)


def report() -> RunReport:
    counts = dict.fromkeys(("seen", "created", "updated", "withdrawn", "waiting"), MANY)
    pushed = dict.fromkeys(("create", "update", "delete"), MANY)
    return RunReport(
        run=MANY,
        kind="nightly",
        pulled={entity.value: counts for entity in Entity},
        pushed={entity.value: pushed for entity in Entity},
    )


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    "command", ["sync run", "sync plan", "sync history", "verify", "hold list", "quarantine list", "mismatch list"]
)
def test_a_table_fits_the_screen(
    national_sync: Terminal, engine: FakeEngine, store: Database, command: str, language: Language
) -> None:
    with store.write() as connection:
        for row in ROWS:
            connection.exec_driver_sql(row)
    engine.report = report()
    engine.preview.counts = {entity.value: {"send_delete": MANY} for entity in Entity}
    engine.verified.differing = engine.verified.only_here = {entity.value: MANY for entity in Entity}
    lines = national_sync(*command.split(), language=language).out.splitlines()
    ruled = [number for number, line in enumerate(lines) if re.fullmatch("-[- ]*", line)]
    assert ruled, lines
    for rule in ruled:
        end = next((number for number in range(rule, len(lines)) if not lines[number]), len(lines))
        table = lines[rule - 1 : end]
        rows = [line for line in table if str(MANY) in line or line == table[0]]
        assert len(rows) > 1, table
        assert [line for line in rows if width(line) > SCREEN_WIDTH] == []
