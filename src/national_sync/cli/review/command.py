"""The command that opens the full screen."""

from __future__ import annotations

import sys
from typing import Any

import click

from national_sync.cli.command import Command
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.mismatch_filters import filter_of, filters
from national_sync.i18n import N_


@click.command(cls=Command, help=N_("Decide mismatches on the full screen, one key a choice."))
@filters
@pass_invocation
def review(invocation: Invocation, /, **chosen: Any) -> None:
    from national_sync.cli.review.app import Review
    from national_sync.cli.review.docket import Docket
    from national_sync.cli.review.terminal import check_terminal
    from national_sync.errors import UsageError
    from national_sync.operators.rights import Right, require
    from national_sync.reconcile.search import within

    if invocation.as_json:
        raise UsageError(N_("The full screen has no --json."), hint=N_("Use: national-sync mismatch list --json"))
    check_terminal(sys.stdout, invocation.environment)
    bootstrap = invocation.open()
    with bootstrap.database() as database:
        with database.read() as connection:
            operator = invocation.operator(connection)
            require(operator, Right.DECIDE, county=operator.county)
        wanted = within(filter_of(**chosen), operator)
        docket = Docket(
            database,
            bootstrap.sealer(),
            invocation.operator,
            wanted,
            lambda: invocation.now,
            bootstrap.loaded.policy.owners,
        )
        Review(docket).run()
