"""`national-sync operator`: the accounts of those who decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import click

from national_sync.cli.choices import COUNTY
from national_sync.cli.command import Group, Option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.passwords import asked_twice, password_file_option
from national_sync.cli.rows import moment, row_facts
from national_sync.i18n import N_, _
from national_sync.prose.layout import table
from national_sync.prose.words import word

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from national_sync.operators.rights import Operator

_ROLES: Final = ("viewer", "county_operator", "city_operator", "administrator")
"""The values of `operators.rights.Role`; a test holds the two equal."""


@click.group(cls=Group, help=N_("The accounts of those who decide."))
def operator() -> None:
    pass


def _county_option(command: Any) -> Any:
    option = click.option(
        "--county", cls=Option, type=COUNTY, metavar="CODE", help=N_("The county of a county operator.")
    )
    return option(command)


@operator.command(
    help=N_(
        "Add an account. The first one is an administrator's and needs no login, only the key file; every other is "
        "added by an administrator."
    )
)
@click.argument("name")
@click.option("--role", cls=Option, type=click.Choice(_ROLES), help=N_("What the account may do."))
@_county_option
@password_file_option
@pass_invocation
def add(invocation: Invocation, name: str, role: str | None, county: str | None, password_file: str | None) -> None:
    from national_sync.keys import check_key
    from national_sync.operators.accounts import add_account, check_new, has_administrator, show_account
    from national_sync.operators.rights import Role

    bootstrap = invocation.open()
    sealer = bootstrap.sealer()
    with bootstrap.database() as database:
        with database.read() as connection:
            check_key(connection, sealer)
            by = invocation.operator(connection) if has_administrator(connection) else None
            wanted = Role(role or (Role.VIEWER if by else Role.ADMINISTRATOR))
            check_new(connection, by, name, wanted, county)
        password = asked_twice(password_file)
        with database.write(durable=True) as connection:
            add_account(connection, by, name, wanted, county, password, now=invocation.now)
            facts = row_facts(show_account(connection, name))
    invocation.answer(
        {"operator": facts},
        lambda: _(
            N_("The account {name} is made ({role}). Log in with: national-sync login {name}"),
            name=facts["name"],
            role=word(facts["role"]),
        ),
    )


@operator.command("list", help=N_("List the accounts."))
@pass_invocation
def list_(invocation: Invocation) -> None:
    from national_sync.operators.accounts import list_accounts
    from national_sync.operators.rights import NOBODY, Right, require

    with invocation.open().database() as database, database.read() as connection:
        reader = invocation.reader(connection)
        if reader != NOBODY:
            require(reader, Right.ADMINISTER)
        accounts = [row_facts(row) for row in list_accounts(connection)]
    invocation.answer({"operators": accounts}, lambda: _list_in_words(accounts))


def _list_in_words(accounts: list[dict[str, Any]]) -> str:
    if not accounts:
        return _(N_("There is no account yet. Make the first one: national-sync operator add NAME"))
    headings = [_(N_("Login name")), _(N_("Role")), _(N_("County")), _(N_("State")), _(N_("Since"))]
    rows = [
        (
            account["name"],
            word(account["role"]),
            account["county"] or "-",
            word(account["state"]),
            moment(account["created_at"]),
        )
        for account in accounts
    ]
    return table(headings, rows)


@operator.command(help=N_("Disable an account; its logins end at once. What it did stays in the audit."))
@click.argument("name")
@pass_invocation
def disable(invocation: Invocation, name: str) -> None:
    from national_sync.operators.accounts import set_state

    _change(invocation, name, lambda connection, by: set_state(connection, by, name, "disabled", now=invocation.now))


@operator.command(help=N_("Let a disabled or locked account log in again."))
@click.argument("name")
@pass_invocation
def enable(invocation: Invocation, name: str) -> None:
    from national_sync.operators.accounts import set_state

    _change(invocation, name, lambda connection, by: set_state(connection, by, name, "active", now=invocation.now))


@operator.command(help=N_("Give an account another role."))
@click.argument("name")
@click.argument("role", type=click.Choice(_ROLES))
@_county_option
@pass_invocation
def role(invocation: Invocation, name: str, role: str, county: str | None) -> None:
    from national_sync.operators.accounts import set_role
    from national_sync.operators.rights import Role

    _change(
        invocation,
        name,
        lambda connection, by: set_role(connection, by, name, Role(role), county, now=invocation.now),
    )


@operator.command(
    help=N_("Set a new password; every login of the account ends. One's own, or anybody's as administrator.")
)
@click.argument("name")
@password_file_option
@pass_invocation
def password(invocation: Invocation, name: str, password_file: str | None) -> None:
    from national_sync.operators.accounts import check_may_set_password, set_password

    with invocation.open().database() as database, database.read() as connection:
        check_may_set_password(connection, invocation.operator(connection), name)
    new = asked_twice(password_file)
    _change(invocation, name, lambda connection, by: set_password(connection, by, name, new, now=invocation.now))


def _change(invocation: Invocation, name: str, change: Callable[[Connection, Operator], None]) -> None:
    from national_sync.operators.accounts import show_account

    with invocation.open().database() as database, database.write(durable=True) as connection:
        change(connection, invocation.operator(connection))
        facts = row_facts(show_account(connection, name))
    invocation.answer(
        {"operator": facts},
        lambda: _(
            N_("Account {name}: {role}, {state}."),
            name=facts["name"],
            role=word(facts["role"]),
            state=word(facts["state"]),
        ),
    )
