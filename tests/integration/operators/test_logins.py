"""Logging in: the same answer whatever is wrong, a lock after five, and an end to every login."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable

import pytest
from sqlalchemy import text
from tests.login import operator

from national_sync.audit import list_entries
from national_sync.errors import AccountDisabled, LoginExpired, LoginRefused, LoginRequired, LoginUnknown
from national_sync.operators import accounts
from national_sync.operators.logins import LOCKED_SECONDS, at_work, begin_session, log_in, log_out, reader
from national_sync.operators.rights import NOBODY, Operator, Role
from national_sync.store.database import Database

GOOD, NOW, ME = "correct horse", 1_795_000_000, "1000@office"


@pytest.fixture
def chen(sqlite_database: Database) -> Operator:
    """An administrator whose password is kept as one of an earlier, weaker time, so that many tries are quick."""
    person = operator(sqlite_database, "chen")
    digest = hashlib.scrypt(GOOD.encode(), salt=b"salt", n=2, r=8, p=1)
    stored = f"scrypt$2${b64encode(b'salt').decode()}${b64encode(digest).decode()}"
    with sqlite_database.write() as connection:
        connection.execute(text("UPDATE operator SET password_hash = :hash"), {"hash": stored})
    return person


def try_in(database: Database, password: str, *, now: int = NOW, name: str = "chen") -> bool:
    try:
        log_in(database, name, password, owner=ME, now=now, hours=12)
    except LoginRefused:
        return False
    return True


def test_a_login_is_a_token_that_the_database_knows_by_its_hash_only(database: Database) -> None:
    with database.write() as connection:
        accounts.add_account(connection, None, "chen", Role.ADMINISTRATOR, None, GOOD, now=NOW)
    person, token = log_in(database, "ＣＨＥＮ", GOOD, owner=ME, now=NOW, hours=12)
    assert (person.name, person.role) == ("chen", Role.ADMINISTRATOR)
    with database.write() as connection:
        assert at_work(connection, token, owner=ME, now=NOW + 12 * 3600 - 1) == person
        [stored] = connection.execute(text("SELECT token_hash FROM operator_session")).scalars()
        assert token not in stored
        log_out(connection, token, owner=ME, now=NOW)
        log_out(connection, token, owner=ME, now=NOW)
        with pytest.raises(LoginUnknown):
            at_work(connection, token, owner=ME, now=NOW)
        assert [entry["action"] for entry in list_entries(connection, action="login")] == ["login.ended", "login.begun"]


def test_a_wrong_password_an_unknown_name_and_a_disabled_account_get_one_answer(
    sqlite_database: Database, chen: Operator
) -> None:
    with sqlite_database.write() as connection:
        accounts.add_account(connection, chen, "li", Role.VIEWER, None, GOOD, now=NOW)
        accounts.set_state(connection, chen, "li", "disabled", now=NOW)
    answers = set()
    for name, password in (("chen", "wrong horse"), ("nobody", GOOD), ("li", GOOD)):
        with pytest.raises(LoginRefused) as refused:
            log_in(sqlite_database, name, password, owner=ME, now=NOW, hours=12)
        answers.add((str(refused.value), refused.value.hint_template, str(refused.value.facts)))
    assert len(answers) == 1


@pytest.mark.usefixtures("chen")
def test_a_refused_name_is_written_down_only_when_somebody_has_it(sqlite_database: Database) -> None:
    assert not try_in(sqlite_database, GOOD, name="correct horse")
    assert not try_in(sqlite_database, "wrong")
    with sqlite_database.read() as connection:
        entries = list_entries(connection, action="login.refused")
    assert [entry["actor"] for entry in entries] == ["operator:chen", "operator:?"]
    assert "horse" not in str(entries)


@pytest.mark.usefixtures("chen")
def test_five_wrong_passwords_lock_for_a_quarter_of_an_hour(sqlite_database: Database) -> None:
    assert not any(try_in(sqlite_database, "wrong") for _try in range(5))
    assert not try_in(sqlite_database, GOOD, now=NOW + LOCKED_SECONDS - 1)
    assert try_in(sqlite_database, GOOD, now=NOW + LOCKED_SECONDS)


@pytest.mark.usefixtures("chen")
def test_a_right_password_forgets_the_wrong_ones(sqlite_database: Database) -> None:
    for _round in range(2):
        assert not any(try_in(sqlite_database, "wrong") for _try in range(4))
        assert try_in(sqlite_database, GOOD)


def test_an_administrator_lifts_a_lock(sqlite_database: Database, chen: Operator) -> None:
    assert not any(try_in(sqlite_database, "wrong") for _try in range(6))
    with sqlite_database.write() as connection:
        accounts.set_password(connection, chen, "chen", GOOD, now=NOW)
    assert try_in(sqlite_database, GOOD)


def session_of(database: Database, person: Operator) -> str:
    with database.write() as connection:
        return begin_session(connection, person.id, owner=ME, now=NOW, hours=12)


def test_a_login_ends_by_itself(sqlite_database: Database, chen: Operator) -> None:
    token = session_of(sqlite_database, chen)
    with sqlite_database.read() as connection, pytest.raises(LoginExpired, match="login of chen has expired"):
        at_work(connection, token, owner=ME, now=NOW + 12 * 3600)


def test_a_copied_token_is_worth_nothing_to_another_user_or_machine(sqlite_database: Database, chen: Operator) -> None:
    token = session_of(sqlite_database, chen)
    with sqlite_database.read() as connection:
        for thief in ("1001@office", "1000@elsewhere"):
            with pytest.raises(LoginUnknown, match="another user's"):
                at_work(connection, token, owner=thief, now=NOW)


def test_a_token_of_another_database_is_not_known(
    sqlite_database: Database, postgresql_database: Database, chen: Operator
) -> None:
    token = session_of(sqlite_database, chen)
    with postgresql_database.read() as connection, pytest.raises(LoginUnknown, match="another database's"):
        at_work(connection, token, owner=ME, now=NOW)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda c, by: accounts.set_state(c, by, "li", "disabled", now=NOW), AccountDisabled),
        (lambda c, by: accounts.set_password(c, by, "li", "another horse", now=NOW), LoginUnknown),
    ],
    ids=["disabled", "new password"],
)
def test_an_account_that_is_changed_in_between_is_out_at_once(
    sqlite_database: Database, chen: Operator, change: Callable[..., None], error: type[LoginRequired]
) -> None:
    token = session_of(sqlite_database, operator(sqlite_database, "li", Role.CITY_OPERATOR))
    with sqlite_database.write() as connection:
        change(connection, chen)
        with pytest.raises(error):
            at_work(connection, token, owner=ME, now=NOW)


def test_another_role_counts_at_once(sqlite_database: Database, chen: Operator) -> None:
    token = session_of(sqlite_database, operator(sqlite_database, "li", Role.CITY_OPERATOR))
    with sqlite_database.write() as connection:
        accounts.set_role(connection, chen, "li", Role.COUNTY_OPERATOR, "530822", now=NOW)
        assert at_work(connection, token, owner=ME, now=NOW).county == "530822"


def test_anybody_reads_while_there_is_no_account_and_nobody_decides(sqlite_database: Database) -> None:
    with sqlite_database.read() as connection:
        assert reader(connection, None, owner=ME, now=NOW) is NOBODY
        with pytest.raises(LoginRequired):
            at_work(connection, None, owner=ME, now=NOW)
    operator(sqlite_database, "chen")
    with sqlite_database.read() as connection, pytest.raises(LoginRequired):
        reader(connection, None, owner=ME, now=NOW)
