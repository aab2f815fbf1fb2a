"""What the commands about registrations share: who does something about them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from national_sync.cli.invocation import Invocation

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from national_sync.bootstrap import Bootstrap
    from national_sync.registration.desk import Desk


def desk_of(invocation: Invocation, bootstrap: Bootstrap, connection: Connection) -> Desk:
    """Whoever is logged in, at work. Raises LoginRequired."""
    from national_sync.registration.desk import Desk

    rules = bootstrap.loaded.policy.registration
    return Desk(invocation.operator(connection), bootstrap.sealer(), rules, invocation.now)


@contextmanager
def at_work(invocation: Invocation) -> Iterator[tuple[Connection, Desk]]:
    """A durable transaction and the desk."""
    bootstrap = invocation.open()
    with bootstrap.database() as database, database.write(durable=True) as connection:
        yield connection, desk_of(invocation, bootstrap, connection)
