"""Accounts: who makes them, who changes them, and what stays when one goes."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection
from tests.login import operator

from national_sync.audit import list_entries
from national_sync.errors import NotAllowed, NotFound, UsageError
from national_sync.operators import accounts
from national_sync.operators.rights import Operator, Role
from national_sync.store.database import Database

GOOD = "correct horse"
NOW = 1_795_000_000


@pytest.fixture
def chen(sqlite_database: Database) -> Operator:
    """An administrator."""
    return operator(sqlite_database, "chen")


def add(connection: Connection, by: Operator | None, name: str, role: Role = Role.VIEWER, **more: Any) -> None:
    county, password = more.get("county"), more.get("password", GOOD)
    accounts.add_account(connection, by, name, role, county, password, now=NOW)


def test_the_first_account_is_an_administrators_and_needs_nobody(database: Database) -> None:
    with database.write() as connection:
        with pytest.raises(UsageError, match="first account is an administrator's"):
            add(connection, None, "chen", Role.VIEWER)
        add(connection, None, "Chen", Role.ADMINISTRATOR)
        with pytest.raises(UsageError, match="Only an administrator"):
            add(connection, None, "li", Role.ADMINISTRATOR)

        [account] = accounts.list_accounts(connection)
        assert (account["name"], account["role"], account["state"]) == ("chen", "administrator", "active")
        assert "password_hash" not in account
        [entry] = list_entries(connection)
        assert (entry["actor"], entry["action"], entry["at"]) == ("operator:chen", "account.added", NOW)


def test_only_an_administrator_adds_and_changes_accounts(sqlite_database: Database, chen: Operator) -> None:
    with sqlite_database.write() as connection:
        add(connection, chen, "li", Role.CITY_OPERATOR)
        li = Operator(2, "li", Role.CITY_OPERATOR)
        for attempt in (
            lambda: add(connection, li, "wang"),
            lambda: accounts.set_state(connection, li, "chen", "disabled", now=NOW),
            lambda: accounts.set_role(connection, li, "li", Role.ADMINISTRATOR, None, now=NOW),
            lambda: accounts.set_password(connection, li, "chen", "another horse", now=NOW),
        ):
            with pytest.raises(NotAllowed, match="li"):
                attempt()
        accounts.set_password(connection, li, "LI", "another horse", now=NOW)


def test_the_last_administrator_can_neither_be_disabled_nor_given_another_role(
    sqlite_database: Database, chen: Operator
) -> None:
    with sqlite_database.write() as connection:
        with pytest.raises(UsageError, match="only administrator"):
            accounts.set_state(connection, chen, "chen", "disabled", now=NOW)
        with pytest.raises(UsageError, match="only administrator"):
            accounts.set_role(connection, chen, "chen", Role.VIEWER, None, now=NOW)
        add(connection, chen, "li", Role.ADMINISTRATOR)
        accounts.set_state(connection, chen, "chen", "disabled", now=NOW)
        assert accounts.show_account(connection, "chen")["state"] == "disabled"


def test_a_name_is_never_given_to_somebody_else(sqlite_database: Database, chen: Operator) -> None:
    with sqlite_database.write() as connection:
        add(connection, chen, "李明")
        accounts.set_state(connection, chen, "李明", "disabled", now=NOW)
        with pytest.raises(UsageError, match="never given to somebody else"):
            add(connection, chen, "李明")


@pytest.mark.parametrize("name", ["x", "li ming", "li:ming", "13800000000", "li5308021990", "a" * 33])
def test_a_name_that_would_not_read_well_in_the_audit_is_refused(
    sqlite_database: Database, chen: Operator, name: str
) -> None:
    with sqlite_database.write() as connection, pytest.raises(UsageError, match="login name"):
        add(connection, chen, name)


def test_a_county_operator_has_a_county_and_nobody_else(sqlite_database: Database, chen: Operator) -> None:
    with sqlite_database.write() as connection:
        with pytest.raises(UsageError, match="--county"):
            add(connection, chen, "li", Role.COUNTY_OPERATOR)
        with pytest.raises(UsageError, match="--county"):
            add(connection, chen, "li", Role.VIEWER, county="530822")
        with pytest.raises(UsageError):
            add(connection, chen, "li", Role.COUNTY_OPERATOR, county="110101")
        add(connection, chen, "li", Role.COUNTY_OPERATOR, county="530822")
        accounts.set_role(connection, chen, "li", Role.CITY_OPERATOR, None, now=NOW)
        assert accounts.show_account(connection, "li")["county"] is None


def test_every_change_is_in_the_audit_with_no_password(sqlite_database: Database, chen: Operator) -> None:
    with sqlite_database.write() as connection:
        add(connection, chen, "li", Role.VIEWER)
        accounts.set_role(connection, chen, "li", Role.CITY_OPERATOR, None, now=NOW)
        accounts.set_password(connection, chen, "li", "another horse", now=NOW)
        accounts.set_state(connection, chen, "li", "disabled", now=NOW)
        accounts.set_state(connection, chen, "li", "disabled", now=NOW)
        accounts.set_state(connection, chen, "li", "active", now=NOW)
        entries = list_entries(connection, actor="operator:chen", action="account")
    assert [entry["action"].partition(".")[2] for entry in reversed(entries)] == [
        "added",
        "role_changed",
        "password_changed",
        "disabled",
        "enabled",
    ]
    assert "horse" not in str(entries)


def test_who_is_not_there_cannot_be_changed(sqlite_database: Database, chen: Operator) -> None:
    with sqlite_database.write() as connection, pytest.raises(NotFound, match="operator wang"):
        accounts.set_state(connection, chen, "wang", "disabled", now=NOW)
