"""A person who has logged in, without the slow hashing of a password."""

from __future__ import annotations

import time
from collections.abc import Mapping

from sqlalchemy import text

from national_sync.operators.logins import begin_session
from national_sync.operators.rights import Operator, Role
from national_sync.operators.token_file import token_file, user_of_machine, write_token
from national_sync.store.database import Database


def operator(
    database: Database, name: str = "chen", role: Role = Role.ADMINISTRATOR, county: str | None = None
) -> Operator:
    """An account with this name, made or changed to this role."""
    with database.write() as connection:
        number: int = connection.execute(
            text(
                "INSERT INTO operator (name, role, county, password_hash, state, failed_logins, created_at)"
                " VALUES (:name, :role, :county, '', 'active', 0, 0)"
                " ON CONFLICT (name) DO UPDATE SET role = excluded.role, county = excluded.county RETURNING id"
            ),
            {"name": name, "role": role.value, "county": county},
        ).scalar_one()
    return Operator(number, name, role, county)


def log_in(
    database: Database,
    environment: Mapping[str, str],
    name: str = "chen",
    role: Role = Role.ADMINISTRATOR,
    county: str | None = None,
    *,
    now: float | None = None,
) -> Operator:
    """Log in on this machine, as `login NAME` does; the token lies below `XDG_STATE_HOME` of the environment."""
    person = operator(database, name, role, county)
    moment = int(time.time() if now is None else now)
    with database.write() as connection:
        token = begin_session(connection, person.id, owner=user_of_machine(), now=moment, hours=12)
    write_token(token_file(environment, database.url.render_as_string(hide_password=True)), token)
    return person
