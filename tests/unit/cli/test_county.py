"""What an operator of one county sees of the figures of the city: those of the county."""

from __future__ import annotations

import pytest
from tests.integration.reconcile.desk import Desk, team
from tests.login import log_in
from tests.unit.cli.conftest import FakeEngine, Terminal

from national_sync.operators.rights import Role
from national_sync.store.database import Database
from national_sync.sync.preview import PlanPreview

CITY = (
    "UPDATE run SET state = 'finished', ended_at = 2, exit_code = 0, calls = 123, report = '{\"holds_open\": 2}'",
    "INSERT INTO hold (id, run_id, entity, action, reason, records, plan_hash, state) VALUES"
    " (1, 1, 'team', 'send_update', 'too_many_updates', 2, 'abc', 'open'),"
    " (2, 1, 'project', 'send_update', 'too_many_updates', 9, 'abd', 'open')",
    "INSERT INTO quarantine (id, entity, identity, national_id, reason, payload, state, first_run_id, last_run_id)"
    " VALUES (1, 'team', 'i', 'i', 'malformed', NULL, 'open', 1, 1)",
    "INSERT INTO mismatch (id, kind, entity, subject, row_id, state, county) VALUES"
    " (1, 'both_edited', 'team', 'a', 1, 'open', '530822'), (2, 'both_edited', 'team', 'b', 2, 'open', '530821')",
)


@pytest.fixture
def mojiang(store: Database, national_sync: Terminal) -> Terminal:
    """At work for Mojiang, where two counties have something open."""
    desk = Desk(store)
    desk.shows(
        team(name="青松", area_id="530822000000000000"),
        team(name="茶山", area_id="530821000000000000", national_id="bb" * 16),
    )
    desk.edit("UPDATE team SET contact_name = '岩温'")
    with store.write() as connection:
        for row in CITY:
            connection.exec_driver_sql(row)
    log_in(store, national_sync.environment, "li", Role.COUNTY_OPERATOR, "530822")
    return national_sync


def test_the_status_counts_the_own_county(mojiang: Terminal) -> None:
    told = mojiang("sync", "status", "--json").json
    assert told["open"] == {"mismatches": 1, "holds": None, "quarantine": None, "operations": None}
    assert (told["last_run"]["report"], told["last_run"]["calls"]) == (None, None)
    [run] = mojiang("sync", "history", "--json").json["runs"]
    assert (run["report"], run["calls"]) == (None, None)
    assert "Mismatches to be decided: 1." in mojiang("sync", "status").out
    assert "隔离" not in mojiang("sync", "status", language="zh").out


def test_a_held_plan_counts_the_records_of_the_own_county(mojiang: Terminal) -> None:
    [hold] = mojiang("hold", "list", "--json").json["holds"]
    assert (hold["id"], hold["records"]) == (1, 1)
    shown = mojiang("hold", "show", "1", "--json").json
    assert (shown["hold"]["records"], shown["by_county"]) == (1, [{"county": "530822", "records": 1}])
    assert [record["name"] for record in shown["records"]] == ["青松"]
    told = mojiang("hold", "show", "1").out
    assert "茶山" not in told
    assert "hold approve" not in told


@pytest.mark.parametrize("command", ["sync plan", "verify", "quarantine list", "quarantine show 1"])
def test_what_cannot_be_told_by_county_is_not_told(mojiang: Terminal, engine: FakeEngine, command: str) -> None:
    engine.preview = PlanPreview(counts={"team": {"update": 77}}, lines=["team update secret"])
    answer = mojiang(*command.split(), "--json")
    assert answer.exit_code == 2
    assert answer.json["error"]["code"] == "not_allowed"
    assert engine.requests == []


def test_whoever_is_not_bound_to_a_county_sees_the_city(mojiang: Terminal, store: Database) -> None:
    log_in(store, mojiang.environment, "wang", Role.CITY_OPERATOR)
    assert mojiang("sync", "status", "--json").json["open"]["mismatches"] == 2
    assert [hold["records"] for hold in mojiang("hold", "list", "--json").json["holds"]] == [2, 9]
    assert mojiang("quarantine", "list", "--json").json["quarantine"] != []
    assert mojiang("verify").exit_code == 0
