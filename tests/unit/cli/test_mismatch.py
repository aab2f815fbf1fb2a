"""`mismatch` and `rule` as they are typed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.integration.reconcile.desk import Desk, team, volunteer
from tests.login import log_in
from tests.unit.cli.conftest import FakeEngine, Terminal

from national_sync import i18n
from national_sync.operators.rights import Operator, Role
from national_sync.prose.layout import width
from national_sync.store.database import Database
from national_sync.store.schema import create_or_upgrade
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
    ],
)
def test_incomplete_wish_changes_nothing(national_sync: Terminal, desk: Desk, chen: Operator, arguments: str) -> None:
    answer = national_sync("mismatch", *arguments.split())
    assert answer.exit_code == 2
    assert [one["decision"] for one in desk.listed()] == [None] * 3


def test_many_are_counted_first(national_sync: Terminal, desk: Desk, chen: Operator) -> None:
    tried = national_sync("mismatch", "resolve", "--where", "--keep", "local", "--dry-run", "--json").json
    assert tried == {
        "keep": "local",
        "dry_run": True,
        "decided": {"both_edited": 2},
        "left_out": {"real_name_failed": 1},
    }
    assert "2 mismatches are decided" in national_sync("mismatch", "resolve", "--where", "--keep", "local", "--yes").out
    assert [one["decision"] for one in desk.listed()] == ["local", "local", None]


def test_remark_and_delay_go_with_a_mismatch(national_sync: Terminal, desk: Desk, chen: Operator) -> None:
    assert national_sync("mismatch", "note", "2", "已电话核实").exit_code == 0
    assert national_sync("mismatch", "assign", "2", "chen").exit_code == 0
    assert national_sync("mismatch", "snooze", "2", "--until", "2099-01-01").exit_code == 0
    page = national_sync("mismatch", "show", "2").out
    assert "已电话核实" in page
    assert "With chen" in page
    assert "Put off until 2099-01-01" in page
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
