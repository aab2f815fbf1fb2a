"""`national-sync daemon`: the nightly run and the hourly light pull."""

from __future__ import annotations

import os

import click

from national_sync.cli.command import Command
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.i18n import N_, _
from national_sync.stopping import StopFlag, stopping_on_signals


@click.command(
    cls=Command,
    help=N_(
        "Run every night and fetch changes every hour, as the settings say, until SIGTERM. "
        "A missed night is made good once."
    ),
)
@pass_invocation
@click.pass_context
def daemon(ctx: click.Context, invocation: Invocation) -> None:
    from national_sync.daemon import GRACE_SPENT_EXIT_CODE, daemon_of

    bootstrap = invocation.open()
    flag = StopFlag()
    with stopping_on_signals(flag, notice=_say_stopping):
        with bootstrap.database():
            pass  # A daemon that could never work says so now and not at night.
        code = daemon_of(bootstrap, flag).serve()
    if code == GRACE_SPENT_EXIT_CODE:
        os._exit(code)  # A worker thread still waits for the national side; waiting for it is what has been spent.
    ctx.exit(code)


def _say_stopping() -> None:
    click.echo(_(N_("Stopping between two steps; once more stops at once.")), err=True)
