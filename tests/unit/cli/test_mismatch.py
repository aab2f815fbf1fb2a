"""`mismatch` and `rule` as they are typed."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.integration.reconcile.desk import Desk, hours, project, team, volunteer
from tests.login import log_in
from tests.unit.cli.conftest import FakeEngine, Terminal

from national_sync import i18n
from national_sync.clock import local_date
from national_sync.operators.rights import Operator, Role
from national_sync.prose.layout import width
from national_sync.records import Entity
from national_sync.store.database import Database
from national_sync.store.schema import create_or_upgrade
from national_sync.sync.kinds import MismatchKind
from national_sync.sync.merge import Conflict
from national_sync.sync.mismatches import open_mismatch
from national_sync.sync.run import RunKind


@pytest.fixture
def desk(store: Database) -> Desk:
    """One conflict about a phone (1), one about an occupation (2), a failed check (3)."""
    desk = Desk(store)
    desk.shows(team(), volunteer(1, occupation="24"))
    desk.edit("UPDATE team SET contact_phone = '13887900002'")
    desk.edit("UPDATE volunteer SET occupation = '13'")
    desk.shows(
        team(version=2, contact_phone="13887911003"),
        volunteer(1, version=2, occupation="37", real_name_state="failed"),
    )
    desk.run()
    return desk


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_fits_a_screen_and_shows_no_whole_phone(
    national_sync: Terminal, desk: Desk, chen: Operator, language: i18n.Language
) -> None:
    pages = ["mismatch list", "mismatch list --totals", "mismatch explain", "mismatch explain both_edited"]
    for command in [*pages, *(f"mismatch show {one['id']}" for one in desk.listed())]:
        answer = national_sync(*command.split(), language=language)
        assert answer.exit_code == 0, answer.err
        assert max(width(line) for line in answer.out.splitlines()) <= 80, command
        assert "1388790000" not in answer.out
        assert "k1:" not in answer.out


def test_page_of_a_conflict_has_all_that_a_decision_takes(national_sync: Terminal, desk: Desk, chen: Operator) -> None:
    page = national_sync("mismatch", "show", "2").out
    for words in ("Agreed before", "24", "13", "37", "^", "Proposed: ", "--set occupation=VALUE", "Hours stay 0.00"):
        assert words in page
    assert "There is no exchange account yet." in page


def test_list_is_filtered_and_counted(national_sync: Terminal, desk: Desk, chen: Operator) -> None:
    assert len(national_sync("mismatch", "list", "--json", "--kind", "both_edited").json["mismatches"]) == 2
    totals = national_sync("mismatch", "list", "--totals", "--json").json["totals"]
    assert {(row["kind"], row["mismatches"]) for row in totals} == {("both_edited", 2), ("real_name_failed", 1)}
    assert "There is no kind of mismatch" in national_sync("mismatch", "list", "--kind", "rain").err


@pytest.mark.parametrize("language", ["zh", "en"])
def test_list_says_whom_or_what_a_row_is_about(
    national_sync: Terminal, store: Database, chen: Operator, language: i18n.Language
) -> None:
    desk = Desk(store)
    desk.shows(team(), project(), volunteer(1), hours())
    desk.edit("UPDATE team SET join_rule = 'nobody'")
    desk.shows(team(version=2, join_rule="anyone"), volunteer(1, version=2, real_name_state="failed"))
    desk.edit("UPDATE hour_record SET ended_at = ended_at + 60")
    desk.run()
    [person] = desk.rows("SELECT name FROM volunteer")
    [group] = desk.rows("SELECT name FROM team")
    [served] = desk.rows("SELECT started_at FROM hour_record")
    answer = national_sync("mismatch", "list", "--json").json["mismatches"]
    day = f"{person['name']} {local_date(served['started_at'])}"
    assert {(one["entity"], one["about"]) for one in answer} == {
        ("team", group["name"]),
        ("volunteer", person["name"]),
        ("hour_record", day),
    }
    page = national_sync("mismatch", "list", language=language).out
    assert max(width(line) for line in page.splitlines()) <= 80
    assert all(name in page for name in (person["name"], group["name"], day))
    assert ("rule of joining: nob" if language == "en" else "加入方式: 不允许加入") in page


def test_page_tells_what_happened_in_the_order_of_time(
    national_sync: Terminal, desk: Desk, chen: Operator, store: Database
) -> None:
    national_sync("mismatch", "note", "2", "先记一笔")
    with store.write() as connection:
        connection.execute(text("UPDATE row_history SET at = 4000000000 WHERE entity = 'volunteer'"))
    page = national_sync("mismatch", "show", "2").out.partition("What happened:")[2]
    moments = [line[2:18] for line in page.splitlines() if line[2:4] == "20"]
    assert moments == sorted(moments)
    assert len(moments) > 2


def test_page_offers_to_take_back_only_what_undo_takes_back(
    national_sync: Terminal, desk: Desk, chen: Operator
) -> None:
    national_sync("mismatch", "resolve", "2", "--keep", "national")
    desk.run()
    assert "mismatch undo 2" in national_sync("mismatch", "show", "2").out
    desk.edit("UPDATE volunteer SET occupation = '11'")
    assert "mismatch undo 2" not in national_sync("mismatch", "show", "2").out
    assert national_sync("mismatch", "undo", "2").exit_code != 0


def test_page_of_audited_hours_shows_what_stands_here_now(
    national_sync: Terminal, store: Database, chen: Operator
) -> None:
    """Audited hours that were edited here, decided once, and edited again: undone only as far as it can be."""
    desk = Desk(store)
    desk.shows(team(), project(), volunteer(1), hours())
    desk.edit("UPDATE hour_record SET service_seconds = 5400")
    [record] = desk.rows("SELECT id, national_id, service_seconds FROM hour_record")
    with desk.transactions.write() as tx:
        open_mismatch(
            tx,
            MismatchKind.AUDITED_EDIT,
            Entity.HOUR_RECORD,
            row_id=record["id"],
            national_id=record["national_id"],
            conflict=Conflict("service_seconds", 7200, 5400, 7200),
        )
    number = str(desk.one("audited_edit")["id"])
    assert "Here it now says" not in national_sync("mismatch", "show", number).out
    desk.edit("UPDATE hour_record SET service_seconds = 3600")
    assert "Here it now says: 1.00 h" in national_sync("mismatch", "show", number).out
    facts = national_sync("mismatch", "show", number, "--json").json["mismatch"]["digest"]
    assert national_sync("mismatch", "resolve", number, "--keep", "national", "--facts", facts).exit_code == 0
    desk.run()
    page = national_sync("mismatch", "show", number).out
    assert "mismatch undo" not in page
    assert f"national-sync history hour {record['id']}" in page


def test_deciding_needs_a_login(national_sync: Terminal, desk: Desk) -> None:
    answer = national_sync("mismatch", "resolve", "2", "--keep", "local", "--json")
    assert (answer.exit_code, answer.json["error"]["code"]) == (2, "login_required")


def test_county_operator_sees_nothing_of_another_county(
    national_sync: Terminal, desk: Desk, store: Database, tmp_path: Path
) -> None:
    log_in(store, {"XDG_STATE_HOME": str(tmp_path / "state")}, "li", Role.COUNTY_OPERATOR, "530821")
    assert national_sync("mismatch", "list", "--json").json == {"mismatches": []}
    for command in ("mismatch show 2", "mismatch list --county 530802", "mismatch resolve 2 --keep local"):
        assert national_sync(*command.split(), "--json").json["error"]["code"] == "not_allowed"


def test_value_is_set_and_taken_back(national_sync: Terminal, desk: Desk, chen: Operator) -> None:
    answer = national_sync("mismatch", "resolve", "1", "--set", "contact_phone=13887900009", "--json")
    assert answer.json["mismatch"]["decided_value"] == "***"
    assert "is taken back" in national_sync("mismatch", "undo", "1").out
    assert national_sync("mismatch", "undo", "1", "--json").json["error"]["code"] == "cannot_undo"
    facts = national_sync("mismatch", "show", "2", "--json").json["mismatch"]["digest"]
    assert national_sync("mismatch", "resolve", "2", "--keep", "local", "--facts", facts).exit_code == 0
    stale = national_sync("mismatch", "resolve", "2", "--keep", "local", "--facts", "00000000", "--json")
    assert stale.json["error"]["code"] == "facts_changed"


def test_decision_can_go_out_at_once(national_sync: Terminal, desk: Desk, chen: Operator, engine: FakeEngine) -> None:
    answer = national_sync("mismatch", "resolve", "2", "--keep", "local", "--now", "--json")
    assert engine.requests[0].kind is RunKind.DECISIONS
    assert set(answer.json) == {"mismatch", "run"}


@pytest.mark.parametrize(
    "arguments",
    [
        "resolve 2",
        "resolve --keep local",
        "resolve 2 --where --keep local",
        "resolve 2 --keep local --set a=b",
        "resolve --where --set a=b",
        "resolve --where --keep local",
        "resolve 2 --keep local --county 530802",
        "resolve 2 --keep local --snoozed --dry-run",
        "resolve 2 --set occupation=",
        "resolve 2 --set occupation= --facts 00000000",
        "resolve --where --keep local --county 999999 --yes",
        "note 2 \u3000",
    ],
)
def test_incomplete_wish_changes_nothing(national_sync: Terminal, desk: Desk, chen: Operator, arguments: str) -> None:
    answer = national_sync("mismatch", *arguments.split())
    assert answer.exit_code == 2
    assert [one["decision"] for one in desk.listed()] == [None] * 3


def test_one_can_be_tried_without_being_decided(national_sync: Terminal, desk: Desk, chen: Operator) -> None:
    tried = national_sync("mismatch", "resolve", "2", "--keep", "national", "--dry-run")
    assert "Mismatch 2 would be decided" in tried.out
    assert "Given up here: occupation" in tried.out
    answer = national_sync("mismatch", "resolve", "2", "--keep", "national", "--dry-run", "--json").json
    assert (answer["dry_run"], answer["given_up"]) == (True, ["occupation"])
    assert desk.events(2) == []
    assert [one["decision"] for one in desk.listed()] == [None] * 3


def test_county_that_is_none_is_refused_with_the_ten(national_sync: Terminal, chen: Operator) -> None:
    rule = ["rule", "add", "--entity", "volunteer", "--keep", "local"]
    for command in (["mismatch", "list"], ["mismatch", "export", "x.xlsx"], rule, ["volunteer", "duplicates"]):
        answer = national_sync(*command, "--county", "999999")
        assert answer.exit_code == 2
        assert "530802 思茅区" in answer.err


def test_many_are_counted_first(national_sync: Terminal, desk: Desk, chen: Operator) -> None:
    tried = national_sync("mismatch", "resolve", "--where", "--keep", "local", "--dry-run", "--json").json
    assert tried == {
        "keep": "local",
        "dry_run": True,
        "decided": {"both_edited": 2},
        "left_out": {"real_name_failed": 1},
        "facts_changed": {},
    }
    assert "2 mismatches are decided" in national_sync("mismatch", "resolve", "--where", "--keep", "local", "--yes").out
    assert [one["decision"] for one in desk.listed()] == ["local", "local", None]


def test_remark_and_delay_go_with_a_mismatch(national_sync: Terminal, desk: Desk, chen: Operator) -> None:
    assert national_sync("mismatch", "note", "2", "已电话核实").exit_code == 0
    assert national_sync("mismatch", "assign", "2", "chen").exit_code == 0
    day = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    assert national_sync("mismatch", "snooze", "2", "--until", day).exit_code == 0
    assert national_sync("mismatch", "snooze", "2", "--until", "2999-01-01").exit_code == 2
    page = national_sync("mismatch", "show", "2").out
    assert "已电话核实" in page
    assert "With chen" in page
    assert f"Put off until {day}" in page
    assert len(national_sync("mismatch", "list", "--json").json["mismatches"]) == 2
    assert len(national_sync("mismatch", "list", "--json", "--snoozed", "--assigned", "chen").json["mismatches"]) == 1
    assert national_sync("mismatch", "snooze", "2").exit_code == 0
    assert len(national_sync("mismatch", "list", "--json").json["mismatches"]) == 3


def test_rule_is_added_tested_listed_and_removed(national_sync: Terminal, desk: Desk, chen: Operator) -> None:
    terms = ["--entity", "volunteer", "--field", "occupation", "--county", "530802", "--keep", "local"]
    assert national_sync("rule", "test", *terms, "--json").json["test"]["open"] == 1
    assert national_sync("rule", "add", *terms, "--json").json["rule"]["created_by"] == "operator:chen"
    assert national_sync("rule", "add", *terms, "--json").json["error"]["code"] == "already_settled"
    assert "1 open mismatches fit" in national_sync("rule", "test", "1").out
    assert "530802: volunteer occupation" in national_sync("rule", "list").out
    assert national_sync("rule", "remove", "1").exit_code == 0
    assert "There is no rule" in national_sync("rule", "list").out


HEAVY = ("sqlalchemy", "sqlmodel", "pydantic", "alembic", "httpx", "cryptography", "structlog")


def test_list_of_an_sqlite_mirror_is_read_without_anything_heavy(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'mirror.db'}")
    create_or_upgrade(database)
    desk = Desk(database)
    desk.shows(volunteer(1, real_name_state="failed"))
    desk.run()
    log_in(database, {"XDG_STATE_HOME": str(tmp_path / "state")}, "li", Role.COUNTY_OPERATOR, "530802")
    database.close()
    settings = tmp_path / "national-sync.toml"
    settings.write_text('[database]\nurl = "sqlite:///mirror.db"\n', encoding="utf-8")
    code = (
        "import os, sys\n"
        f"os.environ['XDG_STATE_HOME'] = {str(tmp_path / 'state')!r}\n"
        "from national_sync.cli.root import cli\n"
        f"try: cli(['--config', {str(settings)!r}, 'mismatch', 'list', '--json', '--county', '530802'])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert '"kind": "real_name_failed"' in ended.stdout
    assert ended.stderr.strip() == "[]"


def test_what_is_wrong_with_a_wish_is_said_in_chinese(national_sync: Terminal, desk: Desk, chen: Operator) -> None:
    for command, words in (
        ("show abc", "整数"),
        ("resolve 3 --keep local", "不能这样处理"),
        ("explain nope", "没有"),
    ):
        told = national_sync("--lang", "zh", "mismatch", *command.split())
        assert told.exit_code == 2
        assert words in told.err
        assert not {"integer", "kind", "Possible", "keeping"} & set(told.err.replace("national-sync", "").split())
