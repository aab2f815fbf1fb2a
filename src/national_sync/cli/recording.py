"""What the commands about hours share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from national_sync.cli.invocation import Invocation
from national_sync.i18n import say

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from national_sync.bootstrap import Bootstrap
    from national_sync.recording.entering import Recorder


def recorder(invocation: Invocation, bootstrap: Bootstrap, connection: Connection) -> Recorder:
    """Whoever is logged in, at work. Raises LoginRequired."""
    from national_sync.recording.entering import Recorder

    policy = bootstrap.loaded.policy
    return Recorder(invocation.operator(connection), policy.recording, policy.calendar, invocation.now)


def time_of_day(given: str) -> int:
    from national_sync.recording.written import read_time
    from national_sync.unfit import Unfit

    try:
        return read_time(given)
    except Unfit as error:
        raise click.BadParameter(say(error.reason)) from error
