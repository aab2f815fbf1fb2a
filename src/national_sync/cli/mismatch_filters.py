"""The options that say which mismatches are meant, and what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from national_sync.cli.choices import COUNTY, ENTITIES
from national_sync.cli.command import Option
from national_sync.i18n import N_

if TYPE_CHECKING:
    from national_sync.reconcile.search import Filter


def filters(command: Any) -> Any:
    """The options that say which mismatches are meant."""
    for option in reversed(
        (
            click.option("--kind", cls=Option, help=N_("Only this kind, by its code.")),
            click.option(
                "--county", cls=Option, type=COUNTY, metavar="CODE", help=N_("Only this county, by its six digits.")
            ),
            click.option(
                "--entity", cls=Option, type=click.Choice(ENTITIES), help=N_("Only this entity, such as volunteer.")
            ),
            click.option("--team", cls=Option, help=N_("Only of this team, by name or national id.")),
            click.option(
                "--volunteer", cls=Option, help=N_("Only of this person, by volunteer number, name or national id.")
            ),
            click.option(
                "--older",
                "min_age_days",
                cls=Option,
                type=click.IntRange(0),
                metavar="DAYS",
                help=N_("Only those first seen so many days ago, or earlier."),
            ),
            click.option(
                "--assigned", "assigned_to", cls=Option, metavar="NAME", help=N_("Only those with this operator.")
            ),
            click.option("--snoozed", cls=Option, is_flag=True, help=N_("Also those that were put off.")),
            click.option("--text", cls=Option, help=N_("Only those in which this text occurs.")),
        )
    ):
        command = option(command)
    return command


def filter_of(*, state: str = "open", **chosen: Any) -> Filter:
    from national_sync.errors import UsageError
    from national_sync.reconcile.search import Filter
    from national_sync.sync.kinds import MismatchKind

    kinds = [kind.value for kind in MismatchKind]
    if chosen["kind"] is not None and chosen["kind"] not in kinds:
        raise UsageError(
            N_("There is no kind of mismatch {kind}."),
            hint=N_("All kinds: national-sync mismatch explain"),
            kind=chosen["kind"],
        )
    return Filter(state=state, **chosen)
