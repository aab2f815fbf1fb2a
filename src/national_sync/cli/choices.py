"""What options can be, light enough for a help page; a test holds each equal to the list that the engine knows."""

from __future__ import annotations

from typing import Any, Final

import click

from national_sync.divisions import check_county

ENTITIES: Final = ("team", "volunteer", "membership", "project", "hour_record", "training_record")


class _County(click.ParamType[str]):
    """One of the ten counties, by its code. Another one is refused: it would find nothing, and say so as if all were well."""

    name = "county"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return check_county(str(value))


COUNTY: Final = _County()
