"""`national-sync login`, `logout` and `whoami`: who acts is known from a login, never from an option."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from national_sync.cli.command import Command
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.passwords import asked, password_file_option
from national_sync.i18n import N_, _
from national_sync.prose.words import word

if TYPE_CHECKING:
    from national_sync.operators.rights import Operator


@click.command(cls=Command, help=N_("Log in, to act under one's own name until the login expires."))
@click.argument("name")
@password_file_option
@pass_invocation
def login(invocation: Invocation, name: str, password_file: str | None) -> None:
    from national_sync.operators.logins import log_in
    from national_sync.operators.token_file import user_of_machine, write_token

    bootstrap = invocation.open()
    hours = bootstrap.session_hours
    with bootstrap.database() as database:
        password = asked(password_file)
        operator, token = log_in(database, name, password, owner=user_of_machine(), now=invocation.now, hours=hours)
        write_token(invocation.login_file(database.url), token)
    facts = _facts(operator)
    invocation.answer(
        {"operator": facts},
        lambda: _(N_("Welcome, {name} ({role}). The login ends in {hours} hours."), hours=hours, **_worded(facts)),
    )


@click.command(cls=Command, help=N_("End the login on this machine."))
@pass_invocation
def logout(invocation: Invocation) -> None:
    from national_sync.operators.logins import log_out
    from national_sync.operators.token_file import read_token, remove_token, user_of_machine

    with invocation.open().database() as database:
        file = invocation.login_file(database.url)
        token = read_token(file)
        if token is not None:
            with database.write(durable=True) as connection:
                log_out(connection, token, owner=user_of_machine(), now=invocation.now)
        remove_token(file)
    invocation.answer({"operator": None}, lambda: _(N_("Nobody is logged in on this machine now.")))


@click.command(cls=Command, help=N_("Say who is logged in on this machine, and what the account may do."))
@pass_invocation
def whoami(invocation: Invocation) -> None:
    with invocation.open().database() as database, database.read() as connection:
        facts = _facts(invocation.operator(connection))
    invocation.answer({"operator": facts}, lambda: _in_words(facts))


def _facts(operator: Operator) -> dict[str, Any]:
    return {"name": operator.name, "role": operator.role.value, "county": operator.county}


def _worded(facts: dict[str, Any]) -> dict[str, str]:
    return {"name": facts["name"], "role": word(facts["role"])}


def _in_words(facts: dict[str, Any]) -> str:
    if facts["county"]:
        return _(N_("{name}, {role}, county {county}"), county=facts["county"], **_worded(facts))
    return _(N_("{name}, {role}"), **_worded(facts))
