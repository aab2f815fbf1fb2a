"""Accounts, logging in and the audit as they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.login import log_in
from tests.unit.cli.conftest import Terminal

from national_sync.cli.invocation import Invocation
from national_sync.cli.root import cli
from national_sync.keys import remember_key
from national_sync.operators.rights import Operator, Role
from national_sync.sealing import Sealer
from national_sync.store.database import Database
from national_sync.store.marks import write_mark


@pytest.fixture
def passwords(store: Database, sealer: Sealer, tmp_path: Path) -> tuple[str, str]:
    """Two files with a password each; the database knows its key."""
    with store.write() as connection:
        remember_key(connection, sealer)
    files = (tmp_path / "good", tmp_path / "other")
    files[0].write_text("correct horse\n")
    files[1].write_text("another horse\r\n")
    return str(files[0]), str(files[1])


def test_from_the_first_account_to_the_last_login(national_sync: Terminal, passwords: tuple[str, str]) -> None:
    good, other = passwords
    assert national_sync("operator", "list", "--json").json == {"operators": []}
    added = national_sync("operator", "add", "Chen", "--password-file", good)
    assert "The account chen is made (administrator)" in added.out
    assert national_sync("whoami").exit_code == 2
    assert national_sync("operator", "add", "li", "--password-file", good, "--json").json["error"]["code"] == (
        "login_required"
    )
    refused = national_sync("login", "chen", "--password-file", other)
    assert (refused.exit_code, "name or the password is wrong" in refused.err) == (2, True)
    assert "Welcome, chen" in national_sync("login", "chen", "--password-file", good).out
    assert national_sync("whoami", "--json").json == {
        "operator": {"name": "chen", "role": "administrator", "county": None}
    }

    made = ("operator", "add", "li", "--role", "county_operator", "--county", "530822", "--password-file", other)
    assert national_sync(*made, "--json").json["operator"]["county"] == "530822"
    assert "viewer, active" in national_sync("operator", "role", "li", "viewer").out
    assert "viewer, disabled" in national_sync("operator", "disable", "li").out
    assert "viewer, active" in national_sync("operator", "enable", "li").out
    assert national_sync("operator", "password", "li", "--password-file", good).exit_code == 0
    assert "only administrator" in national_sync("operator", "disable", "chen").err

    assert "Nobody is logged in" in national_sync("logout").out
    assert "This needs a login" in national_sync("operator", "list").err
    assert national_sync("logout", "--json").json == {"operator": None}


def test_whoever_has_the_key_begins_and_nobody_else(
    national_sync: Terminal, store: Database, passwords: object
) -> None:
    with store.write() as connection:
        write_mark(connection, "key_fingerprint", "another")
    answer = national_sync("operator", "add", "chen", "--password-file", "-", "--json")
    assert answer.json["error"]["code"] == "key_unusable"


@pytest.mark.usefixtures("chen")
def test_a_password_is_typed_twice_and_never_shown(
    store: Database, sealer: Sealer, national_sync: Terminal, passwords: object
) -> None:
    def typed(keys: str) -> str:
        invocation = Invocation(environment=national_sync.environment, bootstrap=national_sync.bootstrap)
        result = CliRunner().invoke(cli, ["--lang", "en", "operator", "add", "li"], obj=invocation, input=keys)
        assert "horse" not in result.output
        return result.output

    assert "The two passwords differ" in typed("correct horse\nanother horse\n")
    assert "at least 10 characters" in typed("horse\nhorse\n")
    assert "The account li is made (viewer)" in typed("correct horse\ncorrect horse\n")


def test_an_administrators_commands_refuse_others_before_a_password_is_asked_for(
    national_sync: Terminal, store: Database, passwords: object
) -> None:
    log_in(store, national_sync.environment, "li", Role.CITY_OPERATOR)
    log_in(store, national_sync.environment, "chen")
    log_in(store, national_sync.environment, "li", Role.CITY_OPERATOR)
    for arguments in (("add", "wang"), ("disable", "chen"), ("role", "li", "administrator"), ("password", "chen")):
        answer = national_sync("operator", *arguments, "--json")
        assert answer.json["error"]["code"] == "not_allowed", arguments


@pytest.mark.usefixtures("chen")
def test_nobody_becomes_somebody_else_by_an_option_or_a_variable(national_sync: Terminal) -> None:
    national_sync.environment |= {"USER": "li", "LOGNAME": "li", "NATIONAL_SYNC_OPERATOR": "li"}
    assert national_sync("whoami", "--json").json["operator"]["name"] == "chen"
    for option in ("--operator", "--actor", "--as", "--user"):
        assert national_sync("whoami", option, "li").exit_code == 2


# Holds and quarantine


def held(store: Database) -> None:
    with store.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO hold (run_id, entity, action, reason, records, plan_hash, state)"
            " VALUES (1, 'team', 'update', 'too_many_updates', 30, 'aa', 'open')"
        )
        connection.exec_driver_sql(
            "INSERT INTO quarantine (entity, identity, national_id, reason, field, detail, payload_hash, state, first_run_id,"
            " last_run_id, times) VALUES ('team', 'T1', 'T1', 'bad_text', '', '', x'00', 'open', 1, 1, 1)"
        )


ANSWERS = [
    ("hold", "approve", "1", "--plan", "aa"),
    ("hold", "reject", "1", "--plan", "aa"),
    ("quarantine", "replay", "1"),
    ("quarantine", "drop", "1"),
]


@pytest.mark.parametrize("arguments", ANSWERS, ids=lambda arguments: " ".join(arguments[:2]))
def test_an_answer_needs_a_login_with_the_right_and_is_in_the_audit_under_that_name(
    national_sync: Terminal, store: Database, arguments: tuple[str, ...]
) -> None:
    held(store)
    assert "This needs a login" in national_sync(*arguments).err
    for role, county in ((Role.VIEWER, None), (Role.COUNTY_OPERATOR, "530822")):
        log_in(store, national_sync.environment, "li", role, county)
        assert national_sync(*arguments, "--json").json["error"]["code"] == "not_allowed"
    log_in(store, national_sync.environment, "wang", Role.CITY_OPERATOR)
    assert national_sync(*arguments).exit_code == 0
    entries = national_sync("audit", "list", "--action", arguments[0], "--json").json["entries"]
    assert [(entry["actor"], entry["detail"].get(arguments[0])) for entry in entries] == [("operator:wang", 1)]


def test_what_was_received_is_for_those_who_may_see_persons(national_sync: Terminal, store: Database) -> None:
    held(store)
    show = ("quarantine", "show", "1", "--payload")
    assert national_sync(*show).exit_code == 0
    log_in(store, national_sync.environment, "li", Role.VIEWER)
    assert national_sync(*show).exit_code == 2
    assert national_sync(*show[:-1]).exit_code == 0
    log_in(store, national_sync.environment, "li", Role.CITY_OPERATOR)
    assert national_sync(*show).exit_code == 0


# The audit


def test_the_audit_is_listed_checked_and_exported(national_sync: Terminal, store: Database, tmp_path: Path) -> None:
    held(store)
    log_in(store, national_sync.environment, "chen")
    national_sync(*ANSWERS[0])
    national_sync(*ANSWERS[2])
    listed = national_sync("audit", "list").out
    assert "operator chen" in listed
    assert "plan approved" in listed
    assert national_sync("audit", "list", "--record", "team:9").out == "No entries.\n"
    assert national_sync("audit", "list", "--record", "team").exit_code == 2
    assert len(national_sync("audit", "list", "--since", "2020-01-01", "--json").json["entries"]) == 2

    whole = national_sync("audit", "verify", "--json").json
    assert (whole["ok"], whole["entries"], whole["fault"], whole["entry"]) == (True, 2, None, None)
    assert national_sync("audit", "verify", "--head", whole["head"]).exit_code == 0
    assert national_sync("audit", "verify", "--head", "2:" + "0" * 64).exit_code == 1
    assert national_sync("audit", "verify", "--head", "2").exit_code == 2

    file = str(tmp_path / "audit.jsonl")
    assert national_sync("audit", "export", file, "--json").json == {"file": file, "entries": 2, "head": whole["head"]}
    assert national_sync("audit", "export", file).exit_code == 2
    assert "The audit is whole. Entries: 2" in national_sync("audit", "verify", "--file", file).out


def test_a_broken_audit_is_told_with_its_first_bad_entry(
    national_sync: Terminal, store: Database, chen: Operator
) -> None:
    held(store)
    national_sync(*ANSWERS[0])
    with store.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_entry_sync_keep_update")
        connection.exec_driver_sql("UPDATE audit_entry SET actor = 'operator:li'")
    answer = national_sync("audit", "verify")
    assert answer.exit_code == 1
    assert "Entry 1: it is not as it was written." in answer.out


def test_the_audit_at_large_is_not_for_one_county(national_sync: Terminal, store: Database) -> None:
    log_in(store, national_sync.environment, "li", Role.COUNTY_OPERATOR, "530822")
    assert "bound to county 530822" in national_sync("audit", "list").err
    assert national_sync("audit", "verify").exit_code == 0
