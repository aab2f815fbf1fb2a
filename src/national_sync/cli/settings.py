"""`national-sync settings`: the example files as the program would write them."""

from __future__ import annotations

import click

from national_sync.cli.command import Group
from national_sync.i18n import N_


@click.group(cls=Group, hidden=True, help=N_("Print the files a new city starts from."))
def settings() -> None:
    pass


@settings.command(help=N_("Print an example of the settings file."))
def example() -> None:
    from national_sync.example import settings_text
    from national_sync.national.registry import adapter_class
    from national_sync.settings import NationalTable

    click.echo(settings_text(adapter_class(NationalTable().adapter).Settings), nl=False)


@settings.command(help=N_("Print the built-in policy."))
def policy() -> None:
    from national_sync.example import policy_text

    click.echo(policy_text(), nl=False)
