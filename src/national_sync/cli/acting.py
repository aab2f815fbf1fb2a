"""Who is at the keyboard, as the local duties want to know it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from national_sync.cli.invocation import Invocation

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from national_sync.acts import Act


def deciding(invocation: Invocation, connection: Connection, county: str | None = None) -> Act:
    """Somebody who may decide about this county, or about the whole city. Raises LoginRequired, NotAllowed."""
    from national_sync.acts import Act
    from national_sync.operators.rights import Right, require

    by = invocation.operator(connection)
    require(by, Right.DECIDE, county=county)
    return Act(by.actor, invocation.now)


def reading(invocation: Invocation, connection: Connection, county: str | None = None, *, named: bool = False) -> None:
    """Make sure that whoever is there may look; `named`: at lists with names. Raises LoginRequired, NotAllowed."""
    from national_sync.operators.rights import NOBODY, Right, require

    by = invocation.reader(connection)
    if by is not NOBODY:
        require(by, Right.READ_PERSONAL if named else Right.READ, county=county)
