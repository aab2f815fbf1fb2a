"""The accounts of the operators. Whoever changes them is checked by the caller's `Operator`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync import audit
from national_sync.divisions import check_county
from national_sync.errors import NotFound, UsageError
from national_sync.i18n import N_
from national_sync.operators.passwords import check_strength, hashed
from national_sync.operators.rights import Operator, Right, Role, require

_NAME: Final = re.compile(r"[\w.-]{2,32}")
_SHOWN: Final = "id, name, role, county, state, created_at, locked_until"


def has_accounts(connection: Connection) -> bool:
    return connection.execute(text("SELECT 1 FROM operator LIMIT 1")).first() is not None


def has_administrator(connection: Connection, *, but: str = "") -> bool:
    """Whether there is an administrator who can log in, `but` for one account."""
    return (
        connection.execute(
            text("SELECT 1 FROM operator WHERE role = :role AND state = 'active' AND name <> :but LIMIT 1"),
            {"role": Role.ADMINISTRATOR.value, "but": but},
        ).first()
        is not None
    )


def list_accounts(connection: Connection) -> list[dict[str, Any]]:
    """Every account, without its password."""
    return [dict(row) for row in connection.execute(text(f"SELECT {_SHOWN} FROM operator ORDER BY name")).mappings()]


def show_account(connection: Connection, name: str) -> dict[str, Any]:
    row = connection.execute(
        text(f"SELECT {_SHOWN} FROM operator WHERE name = :name"), {"name": plain_name(name)}
    ).mappings()
    found = row.first()
    if found is None:
        raise NotFound(noun="operator", id=name)
    return dict(found)


def find_account(connection: Connection, name: str, *, locked: bool = False) -> Mapping[str, Any] | None:
    """An account with its password's hash; `locked` until the transaction ends."""
    ending = " FOR UPDATE" if locked and connection.dialect.name != "sqlite" else ""
    rows = connection.execute(
        text(
            "SELECT id AS operator_id, name, role, county, password_hash, state, failed_logins, locked_until"
            f" FROM operator WHERE name = :name{ending}"
        ),
        {"name": plain_name(name)},
    )
    found = rows.mappings().first()
    return None if found is None else dict(found)


def plain_name(name: str) -> str:
    """One spelling of a name: an input method may give full-width or capital letters."""
    return unicodedata.normalize("NFKC", name).casefold()


def check_new(connection: Connection, by: Operator | None, name: str, role: Role, county: str | None) -> None:
    """Raises UsageError or NotAllowed when such an account cannot be added: known before a password is asked for."""
    _check_name(plain_name(name))
    _check_role(role, county)
    if by is None:
        _check_first(connection, role)
    else:
        require(by, Right.ADMINISTER)
    if find_account(connection, name) is not None:
        raise UsageError(
            N_("There is an account {name} already; a name is never given to somebody else."), name=plain_name(name)
        )


def add_account(
    connection: Connection, by: Operator | None, name: str, role: Role, county: str | None, password: str, *, now: int
) -> None:
    """`by` None makes the first administrator, for whom nobody can vouch. Raises UsageError, NotAllowed."""
    check_new(connection, by, name, role, county)
    name = plain_name(name)
    check_strength(password, name=name)
    connection.execute(
        text(
            "INSERT INTO operator (name, role, county, password_hash, state, failed_logins, created_at)"
            " VALUES (:name, :role, :county, :password_hash, 'active', 0, :now)"
        ),
        {"name": name, "role": role.value, "county": county, "password_hash": hashed(password), "now": now},
    )
    detail = {"account": name, "role": role.value, "county": county}
    _note(connection, by or Operator(0, name, role), "account.added", now, detail)


def set_state(connection: Connection, by: Operator, name: str, state: str, *, now: int) -> None:
    """`active` or `disabled`; a disabled account's logins end at once."""
    require(by, Right.ADMINISTER)
    account = show_account(connection, name)
    if account["state"] == state:
        return
    if state != "active":
        _keep_an_administrator(connection, account)
    _update(connection, account, "state = :state, failed_logins = 0, locked_until = NULL", state=state)
    _note(
        connection, by, f"account.{'enabled' if state == 'active' else 'disabled'}", now, {"account": account["name"]}
    )


def set_role(connection: Connection, by: Operator, name: str, role: Role, county: str | None, *, now: int) -> None:
    require(by, Right.ADMINISTER)
    _check_role(role, county)
    account = show_account(connection, name)
    if role is not Role.ADMINISTRATOR:
        _keep_an_administrator(connection, account)
    _update(connection, account, "role = :role, county = :county", role=role.value, county=county)
    detail = {"account": account["name"], "role": role.value, "county": county, "before": account["role"]}
    _note(connection, by, "account.role_changed", now, detail)


def check_may_set_password(connection: Connection, by: Operator, name: str) -> None:
    """Everybody may change their own. Raises NotFound, NotAllowed."""
    if by.name != plain_name(name):
        require(by, Right.ADMINISTER)
    show_account(connection, name)


def set_password(connection: Connection, by: Operator, name: str, password: str, *, now: int) -> None:
    """Every login of the account ends, for somebody else may hold one."""
    check_may_set_password(connection, by, name)
    account = show_account(connection, name)
    check_strength(password, name=account["name"])
    _update(connection, account, "password_hash = :hash, failed_logins = 0, locked_until = NULL", hash=hashed(password))
    connection.execute(text("DELETE FROM operator_session WHERE operator_id = :id"), {"id": account["id"]})
    _note(connection, by, "account.password_changed", now, {"account": account["name"]})


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or re.search(r"\d{7}", name):
        raise UsageError(
            N_("A login name has 2 to 32 letters, digits, dots or hyphens, and no phone or ID number in it.")
        )


def _check_role(role: Role, county: str | None) -> None:
    if (role is Role.COUNTY_OPERATOR) != (county is not None):
        raise UsageError(N_("A county operator is bound to a county with --county, and nobody else is."))
    if county is not None:
        check_county(county)


def _check_first(connection: Connection, role: Role) -> None:
    if has_administrator(connection):
        raise UsageError(N_("Only an administrator adds accounts."), hint="national-sync login NAME")
    if role is not Role.ADMINISTRATOR:
        raise UsageError(N_("The first account is an administrator's: leave --role out."))


def _keep_an_administrator(connection: Connection, account: Mapping[str, Any]) -> None:
    if account["role"] == Role.ADMINISTRATOR and not has_administrator(connection, but=account["name"]):
        raise UsageError(
            N_("{name} is the only administrator; without one nobody could add or change accounts."),
            hint=N_("Make another one first: national-sync operator add NAME --role administrator"),
            name=account["name"],
        )


def _update(connection: Connection, account: Mapping[str, Any], assignments: str, **values: Any) -> None:
    connection.execute(text(f"UPDATE operator SET {assignments} WHERE id = :id"), {**values, "id": account["id"]})


def _note(connection: Connection, by: Operator, action: str, now: int, detail: Mapping[str, Any]) -> None:
    audit.append(connection, audit.Entry(now, by.actor, action, detail=detail))
