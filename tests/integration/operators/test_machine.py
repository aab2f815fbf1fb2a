"""Accounts, keys and the audit on a real machine: what doctor says, and what is written down beside decisions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.login import log_in
from tests.unit.cli.conftest import Terminal

from national_sync import i18n
from national_sync.bootstrap import Bootstrap
from national_sync.operators.rights import Role
from national_sync.store.database import Database


@pytest.fixture
def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """A new installation, without a national side to reach."""
    monkeypatch.chdir(tmp_path)
    environment = {
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "NATIONAL_SYNC_SECRET": "s",
        "NATIONAL_SYNC__NATIONAL__BASE_URL": "http://127.0.0.1:9/open/v1",
        "NATIONAL_SYNC__NATIONAL__ATTEMPTS": "1",
    }
    terminal = Terminal(Bootstrap.from_file, environment)
    assert terminal("init").exit_code == 0
    yield terminal
    i18n.use(i18n.DEFAULT_LANGUAGE)


@pytest.fixture
def database(city: Terminal, tmp_path: Path) -> Iterator[Database]:
    store = Database(f"sqlite:///{tmp_path / 'national-sync.db'}")
    yield store
    store.close()


def sql(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "national-sync.db", isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def check(city: Terminal, name: str) -> dict[str, Any]:
    checks = city("doctor", "--json").json["checks"]
    [found] = [one for one in checks if one["name"] == name]
    return dict(found)


def actions(city: Terminal) -> list[tuple[str, str]]:
    entries = city("audit", "list", "--json").json["entries"]
    return [(entry["actor"], entry["action"]) for entry in reversed(entries)]


def test_doctor_says_whether_there_is_an_administrator(city: Terminal, database: Database, tmp_path: Path) -> None:
    none = check(city, "administrator")
    assert (none["ok"], "national-sync operator add NAME" in none["detail"]) == (True, True)
    log_in(database, city.environment, "chen")
    assert check(city, "administrator") == {"name": "administrator", "ok": True, "detail": "", "hint": ""}
    sql(tmp_path, "UPDATE operator SET state = 'disabled'")
    gone = check(city, "administrator")
    assert (gone["ok"], "operator add" in gone["hint"]) == (False, True)


def test_when_no_administrator_is_left_whoever_has_the_key_begins_again(
    city: Terminal, database: Database, tmp_path: Path
) -> None:
    log_in(database, city.environment, "chen")
    sql(tmp_path, "UPDATE operator SET state = 'disabled'")
    assert "disabled" in city("whoami").err
    (tmp_path / "password").write_text("correct horse")
    assert city("operator", "add", "li", "--password-file", "password").exit_code == 0
    assert city("login", "li", "--password-file", "password").exit_code == 0
    assert ("operator:li", "account.added") in actions(city)


def test_doctor_looks_at_the_audit(city: Terminal, tmp_path: Path) -> None:
    assert check(city, "audit")["detail"] == "entries: 1"
    sql(tmp_path, "DROP TRIGGER audit_entry_sync_keep_update", "UPDATE audit_entry SET at = 0")
    broken = check(city, "audit")
    assert (broken["ok"], broken["detail"]) == (False, "not whole from entry 1 on")
    assert "audit verify" in broken["hint"]


def test_a_new_database_begins_its_audit_and_a_second_init_adds_nothing(city: Terminal) -> None:
    assert city("init").exit_code == 0
    assert actions(city) == [("init", "database.created")]


def test_keys_are_changed_by_an_administrator_once_there_is_an_account(city: Terminal, database: Database) -> None:
    assert city("key", "add").exit_code == 0
    log_in(database, city.environment, "li", Role.CITY_OPERATOR)
    for verb in ("add", "rotate"):
        assert city("key", verb, "--json").json["error"]["code"] == "not_allowed"
    log_in(database, city.environment, "chen")
    assert city("key", "add").exit_code == 0
    assert actions(city)[1:] == [("operator:-", "key.added"), ("operator:chen", "key.added")]


def test_a_login_lasts_as_long_as_the_settings_say(city: Terminal, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("correct horse")
    city("operator", "add", "chen", "--password-file", "password")
    city.environment["NATIONAL_SYNC__OPERATORS__SESSION_HOURS"] = "3"
    assert "ends in 3 hours" in city("login", "chen", "--password-file", "password").out
    sql(tmp_path, "UPDATE operator_session SET expires_at = created_at")
    assert "login of chen has expired" in city("whoami").err
