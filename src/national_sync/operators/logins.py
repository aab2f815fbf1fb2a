"""Logging in and out, and who is at work now."""

from __future__ import annotations

import secrets
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync import audit
from national_sync.errors import LoginRefused, LoginRequired
from national_sync.operators.accounts import find_account, has_accounts
from national_sync.operators.passwords import NO_PASSWORD, matches
from national_sync.operators.rights import NOBODY, Operator
from national_sync.operators.sessions import SESSION, hash_of, judged, operator_of
from national_sync.store.database import Database

TRIES: Final = 5
LOCKED_SECONDS: Final = 15 * 60


def log_in(database: Database, name: str, password: str, *, owner: str, now: int, hours: int) -> tuple[Operator, str]:
    """The operator and a new token. Raises LoginRefused, for whatever reason, after the same work.

    The slow part is done outside the transaction, and whether the account is locked is judged inside it, so that many
    guesses at once gain nothing.
    """
    with database.read() as connection:
        account = find_account(connection, name)
    is_right = matches(password, account["password_hash"] if account else NO_PASSWORD)
    with database.write(durable=True) as connection:
        account = find_account(connection, name, locked=True)
        is_let_in = is_right and account is not None and _is_open(account, now)
        token = _let_in(connection, account, owner, now, hours) if is_let_in and account else None
        if token is None:
            _refuse(connection, account, now)
    if token is None or account is None:
        raise LoginRefused(tries=TRIES, minutes=LOCKED_SECONDS // 60)
    return operator_of(account), token


def log_out(connection: Connection, token: str, *, owner: str, now: int) -> None:
    """End a login; one that is over already is no error."""
    session = _session(connection, token, owner)
    if session is None:
        return
    connection.execute(text("DELETE FROM operator_session WHERE token_hash = :hash"), {"hash": session["token_hash"]})
    audit.append(connection, audit.Entry(now, f"operator:{session['name']}", "login.ended"))


def at_work(connection: Connection, token: str | None, *, owner: str, now: int) -> Operator:
    """Whose token this is. Raises LoginRequired or, more precisely, what is wrong with the login."""
    if token is None:
        raise LoginRequired()
    return judged(_session(connection, token, owner), now)


def reader(connection: Connection, token: str | None, *, owner: str, now: int) -> Operator:
    """Who reads: whoever is logged in, and anybody while there is no account yet."""
    return at_work(connection, token, owner=owner, now=now) if has_accounts(connection) else NOBODY


def _is_open(account: Any, now: int) -> bool:
    return account["state"] == "active" and (account["locked_until"] or 0) <= now


def begin_session(connection: Connection, operator_id: int, *, owner: str, now: int, hours: int) -> str:
    """A new token, known by its hash only; sessions that are over are cleared away."""
    token = secrets.token_urlsafe(32)
    connection.execute(text("DELETE FROM operator_session WHERE expires_at <= :now"), {"now": now})
    connection.execute(
        text(
            "INSERT INTO operator_session (token_hash, operator_id, created_at, expires_at)"
            " VALUES (:hash, :id, :now, :end)"
        ),
        {"hash": hash_of(token, owner), "id": operator_id, "now": now, "end": now + hours * 3_600},
    )
    return token


def _let_in(connection: Connection, account: Any, owner: str, now: int, hours: int) -> str:
    token = begin_session(connection, account["operator_id"], owner=owner, now=now, hours=hours)
    _note_tries(connection, account, 0, None)
    audit.append(connection, audit.Entry(now, f"operator:{account['name']}", "login.begun"))
    return token


def _refuse(connection: Connection, account: Any, now: int) -> None:
    """Count the wrong password. A name that nobody has is not written down: it may be a password typed too early."""
    if account is None:
        audit.append(connection, audit.Entry(now, "operator:?", "login.refused"))
        return
    is_locked = not _is_open(account, now)
    tries = account["failed_logins"] + (0 if is_locked else 1)
    locks = tries >= TRIES
    if not is_locked:
        _note_tries(connection, account, 0 if locks else tries, now + LOCKED_SECONDS if locks else None)
    audit.append(connection, audit.Entry(now, f"operator:{account['name']}", "login.refused", detail={"locked": locks}))


def _note_tries(connection: Connection, account: Any, tries: int, locked_until: int | None) -> None:
    connection.execute(
        text("UPDATE operator SET failed_logins = :tries, locked_until = :until WHERE id = :id"),
        {"tries": tries, "until": locked_until, "id": account["operator_id"]},
    )


def _session(connection: Connection, token: str, owner: str) -> Any:
    found = connection.execute(text(SESSION), {"hash": hash_of(token, owner)})
    return found.mappings().first()
