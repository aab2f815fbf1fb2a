"""Every command's answer, in words and as JSON, and its exit code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.unit.cli.conftest import FakeEngine, Terminal

from national_sync.errors import NationalUnavailable, RunInProgress, StopRequested
from national_sync.national.port import Scope
from national_sync.records import Entity
from national_sync.store.database import Database
from national_sync.sync.report import RunReport
from national_sync.sync.run import RunKind


def test_a_run_takes_everything_when_nothing_is_said(national_sync: Terminal, engine: FakeEngine) -> None:
    assert national_sync("sync", "run").exit_code == 0
    request = engine.requests[0]
    assert (request.kind, request.full, request.entities) == (RunKind.MANUAL, False, tuple(Entity))
    assert request.scope.is_everything


def test_a_run_can_be_limited(national_sync: Terminal, engine: FakeEngine) -> None:
    limits = ["--full", "--entity", "team", "--entity", "project", "--county", "530821"]
    national_sync("sync", "run", *limits, "--from", "2026-01-02", "--until", "2026-01-31")
    request = engine.requests[0]
    assert request.full
    assert request.entities == (Entity.TEAM, Entity.PROJECT)
    assert request.scope.county == "530821"
    assert str(request.scope.date_from), str(request.scope.date_until) == ("2026-01-02", "2026-01-31")


def test_every_entity_can_be_named(national_sync: Terminal, engine: FakeEngine) -> None:
    for entity in Entity:
        assert national_sync("sync", "run", "--entity", entity.value).exit_code == 0
    assert national_sync("sync", "run", "--entity", "station").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--county", "5308"], "5308 is no county of Puer. Its counties: 530802 思茅区, 530821 "),
        (["--county", "530899"], "530899 is no county of Puer."),
        (["--from", "2026-02-01", "--until", "2026-01-01"], "The first day 2026-02-01 lies after the last day"),
        (["--from", "2026-02-31"], "does not match the format"),
    ],
)
def test_an_impossible_limit_is_refused(national_sync: Terminal, arguments: list[str], message: str) -> None:
    answer = national_sync("sync", "run", *arguments)
    assert answer.exit_code == 2
    assert message in answer.err


def test_a_report_tells_what_moved_and_what_waits(national_sync: Terminal, engine: FakeEngine) -> None:
    engine.report = RunReport(
        run=7,
        kind="nightly",
        exit_code=4,
        seconds=12.5,
        pulled={"team": {"seen": 9, "created": 1, "updated": 2, "withdrawn": 0, "waiting": 0}},
        pushed={"volunteer": {"create": 3, "update": 4}},
        unknown=1,
        mismatches_new={"both_edited": 1},
        mismatches_open={"both_edited": 2},
        holds_open=1,
    )
    answer = national_sync("sync", "run")
    assert answer.exit_code == 4
    assert "Run 7 (nightly) took 12.5 s" in answer.out
    assert "Writes without a certain answer: 1;" in answer.out
    assert "Mismatches to be decided: 2 (1 new). Look at them: national-sync mismatch list" in answer.out
    assert "Plans waiting for approval: 1. Look at them: national-sync hold list" in answer.out


def test_a_report_is_one_json_object(national_sync: Terminal, engine: FakeEngine) -> None:
    answer = national_sync("sync", "run", "--json")
    facts = answer.json
    assert set(facts.pop("exchange").values()) == {0}
    assert facts == engine.report.to_json()


def test_a_run_leaves_its_report_as_files(national_sync: Terminal, engine: FakeEngine, tmp_path: Path) -> None:
    national_sync("sync", "run", language="zh")
    assert json.loads((tmp_path / "reports/run-000007.json").read_text("utf-8")) == engine.report.to_json()
    assert (tmp_path / "reports/run-000007.txt").read_text("utf-8").startswith("第 7 次同步（手动）")


def test_a_report_that_cannot_be_written_is_no_failure(national_sync: Terminal, tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("in the way")
    assert national_sync("sync", "run").exit_code == 0


def test_progress_is_no_part_of_the_answer(national_sync: Terminal) -> None:
    answer = national_sync("sync", "run", "--json")
    assert "Reading the national side" in answer.err


def test_a_plan_with_changes_says_so_by_its_exit_code(national_sync: Terminal, engine: FakeEngine) -> None:
    assert national_sync("sync", "plan").exit_code == 0
    engine.preview.counts, engine.preview.plan_hash = {"team": {"create": 2}}, "abc"
    engine.preview.lines = ["team create 1f"]
    answer = national_sync("sync", "plan")
    assert answer.exit_code == 3
    assert "Plan: abc" in answer.out
    assert "… and 1 more" in answer.out
    assert national_sync("sync", "run", "--dry-run", "--json").json["plan_hash"] == "abc"
    assert engine.requests[-1].scope == Scope()


def test_verify_tells_what_nothing_explains(national_sync: Terminal, engine: FakeEngine) -> None:
    engine.verified.differing = {"team": 1}
    assert national_sync("verify").exit_code == 0
    engine.verified.unexplained = [{"entity": "team", "national_id": "1f", "row_id": None}]
    answer = national_sync("verify")
    assert answer.exit_code == 1
    assert "Differences that nothing explains: 1" in answer.out
    assert national_sync("verify", "--json").json["sides_agree"] is False


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (RunInProgress(run=3, holder="other:1"), 5),
        (NationalUnavailable(reason="refused"), 6),
        (StopRequested(), 6),
        (ZeroDivisionError("张三"), 7),
        (KeyboardInterrupt(), 130),
    ],
)
def test_an_error_has_its_exit_code_and_is_json_when_asked(
    national_sync: Terminal, engine: FakeEngine, error: BaseException, exit_code: int
) -> None:
    engine.error = error
    answer = national_sync("sync", "run", "--json")
    assert answer.exit_code == exit_code
    assert set(answer.json["error"]) == {"code", "message", "hint"}
    assert "张三" not in answer.out + answer.err
    assert "Traceback" not in answer.err


def test_the_trace_is_shown_on_demand(national_sync: Terminal, engine: FakeEngine) -> None:
    engine.error = ZeroDivisionError()
    assert "Traceback" in national_sync("--debug", "sync", "run").err


def test_an_error_is_followed_by_what_to_do(national_sync: Terminal, engine: FakeEngine) -> None:
    engine.error = RunInProgress(run=3, holder="other:1")
    assert national_sync("sync", "run").err.splitlines()[-2:] == [
        "Error: Run 3 is at work (held by other:1).",
        "What to do: Wait for it, or watch it with: national-sync sync status",
    ]
    assert national_sync("sync", "run", language="").err.splitlines()[-2:] == [
        "错误：第 3 次同步正在运行（由 other:1 执行）。",
        "怎么办：请等待其结束，或查看：national-sync sync status",
    ]


def test_a_wrong_command_line_is_answered_in_the_form_asked_for(national_sync: Terminal) -> None:
    answer = national_sync("sync", "frobnicate", "--json")
    assert answer.exit_code == 2
    assert answer.json["error"]["code"] == "usage"
    assert "没有" in national_sync("sync", "frobnicate", language="").err


def test_general_options_stand_before_or_behind_the_command(national_sync: Terminal) -> None:
    assert "error" not in national_sync("--json", "sync", "history").json
    assert "error" not in national_sync("sync", "history", "--json", "--lang", "en", "--debug").json


def test_status_and_history_of_a_new_database(national_sync: Terminal) -> None:
    assert "There has been no run yet" in national_sync("sync", "status").out
    assert "There has been no run yet" in national_sync("sync", "history").out
    assert national_sync("sync", "status", "--json").json == {
        "running": None,
        "last_run": None,
        "open": {"mismatches": 0, "holds": 0, "quarantine": 0, "operations": {}},
    }


@pytest.mark.parametrize("noun", ["mismatch", "hold", "quarantine"])
def test_an_empty_list_says_so(national_sync: Terminal, noun: str) -> None:
    answer = national_sync(noun, "list")
    assert answer.exit_code == 0
    assert len(answer.out.splitlines()) == 1


@pytest.mark.parametrize("noun", ["mismatch", "hold", "quarantine"])
def test_what_is_not_there_cannot_be_shown(national_sync: Terminal, noun: str) -> None:
    answer = national_sync(noun, "show", "9")
    assert answer.exit_code == 2
    assert answer.err.startswith("Error: There is no ")


# What is under way


def keep_operations(store: Database, **counts: int) -> None:
    columns = "reference, entity, row_id, verb, fields, record, state, run_id"
    with store.write() as connection:
        for state, count in counts.items():
            for number in range(count):
                values = f"'{state}{number}', 'team', {number}, 'update', '{{}}', '[]', '{state}', 1"
                connection.exec_driver_sql(f"INSERT INTO operation ({columns}) VALUES ({values})")


def keep_run(store: Database, holder: str, lease_until: int) -> None:
    with store.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO run (kind, state, holder, lease_until, started_at) VALUES"
            f" ('nightly', 'running', '{holder}', {lease_until}, 1790000000)"
        )


def test_status_shows_the_writes_that_are_not_settled(national_sync: Terminal, store: Database) -> None:
    keep_operations(store, unknown=1, pending=2, planned=3, done=4, refused=5)
    open_items = national_sync("sync", "status", "--json").json["open"]
    assert open_items["operations"] == {"pending": 2, "planned": 3, "unknown": 1}
    told = national_sync("sync", "status").out
    assert "Writes without a certain answer: 1; the next run looks them up first." in told
    assert "Writes under national review: 2." in told
    assert "Writes not sent: 3; the next run sends them." in told


def test_a_plan_shows_them_too(national_sync: Terminal, engine: FakeEngine) -> None:
    engine.preview.operations = {"in_flight": 1, "pending": 2}
    told = national_sync("sync", "plan")
    assert told.exit_code == 0
    assert "Writes without a certain answer: 1" in told.out
    assert "Writes under national review: 2." in told.out
    assert national_sync("sync", "plan", "--json").json["operations"] == {"in_flight": 1, "pending": 2}


def test_status_after_a_killed_run_says_so(national_sync: Terminal, store: Database) -> None:
    keep_run(store, "a-machine-that-is-gone:1", 1)
    status = national_sync("sync", "status", "--json").json
    assert status["running"] is None
    assert status["last_run"]["state"] == "interrupted"
    told = national_sync("sync", "status").out
    assert "No run is at work." in told
    assert "The last run, 1, was cut off" in told
    assert "national-sync sync run" in told


def test_status_during_a_run_names_it(national_sync: Terminal, store: Database) -> None:
    keep_run(store, "another-machine:1", 4_000_000_000)
    keep_operations(store, in_flight=1)
    assert national_sync("sync", "status", "--json").json["running"]["id"] == 1
    told = national_sync("sync", "status").out
    assert "Run 1 is at work since" in told
    assert "Writes being sent now: 1." in told


def test_verify_says_what_its_columns_mean(national_sync: Terminal, engine: FakeEngine) -> None:
    engine.verified.differing = {"team": 1}
    told = national_sync("verify").out
    for column in ("different:", "only here:", "explained:"):
        assert column in told


def test_counts_need_no_plural(national_sync: Terminal, engine: FakeEngine) -> None:
    one = {"unknown": 1, "refused": 1, "pending": 1, "not_sent": 1, "sealed": 1, "decided": 1}
    engine.report = RunReport(7, "nightly", **one, mismatches_open={"both_edited": 1}, holds_open=1, quarantined_open=1)
    told = national_sync("sync", "run").out
    assert not re.search(r"\b1 (\w+ )?(writes|records|plans|mismatches|decisions|values|calls)\b", told), told
