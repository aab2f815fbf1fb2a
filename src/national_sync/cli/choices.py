"""What options and arguments can be, light enough for a help page; a test holds `ENTITIES` equal to the engine's own."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from national_sync.cli.command import Option
from national_sync.divisions import check_county
from national_sync.i18n import N_, _

ENTITIES: Final = ("team", "volunteer", "membership", "project", "hour_record", "training_record")
NUMBER: Final = click.IntRange(1, 2**62)
"""Of a row."""
FILE: Final = click.Path(dir_okay=False, path_type=Path)
_FIRST_YEAR, _LAST_YEAR = 1900, 2999


class _County(click.ParamType[str]):
    """One of the ten counties, by its code. Another one is refused: it would find nothing, and say so as if all were well."""

    name = "county"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return check_county(str(value))


class _Day(click.DateTime):
    """A day that can be reckoned with: whoever types the year 9999 means for good, and there is no day after it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        day: datetime = super().convert(value, param, ctx)
        if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
            self.fail(_(N_("a day lies in the years {first} to {last}"), first=_FIRST_YEAR, last=_LAST_YEAR))
        return day


COUNTY: Final = _County()
DAY: Final = _Day(["%Y-%m-%d"])

only_county_option = click.option(
    "--county", cls=Option, type=COUNTY, metavar="CODE", help=N_("Only this county, by its six digits.")
)
limit_option = click.option("--limit", cls=Option, type=click.IntRange(1, 10_000), default=50, show_default=True)
offset_option = click.option("--offset", cls=Option, type=click.IntRange(0), default=0)
