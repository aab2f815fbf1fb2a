"""What a station may be. Pure."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from national_sync.divisions import COUNTIES
from national_sync.i18n import N_
from national_sync.unfit import Reader, Unfit, area_in_puer, one_of, plain

_HOURS: Final = re.compile(r"\d{1,2}(\.\d{1,2})?")
_DAY_HOURS: Final = 24


def hours_a_day(least: int) -> Reader:
    """Reads the hours of a day as seconds; fewer than clause S6 asks are no hours of a station."""

    def read_hours(text: str) -> int:
        if not (text.isascii() and _HOURS.fullmatch(text)) or Decimal(text) > _DAY_HOURS:
            raise Unfit(N_("is no number of hours of a day, such as 5 or 7.5"))
        if Decimal(text) < least:
            raise Unfit(N_("is below the {hours} hours a day that clause S6 asks of a station"), hours=least)
        return int(Decimal(text) * 3600)

    return read_hours


KINDS: Final = ("community", "public_place", "scenic_spot", "hospital", "transport", "shop", "bank", "other")
"""Where a station stands."""


def readers(least_hours: int) -> dict[str, Reader]:
    """What can be written about a station, as columns."""
    return {
        "name": plain(100),
        "station_kind": one_of(KINDS),
        "area_id": lambda text: area_in_puer(text, COUNTIES),
        "address": plain(200),
        "service_seconds_per_day": hours_a_day(least_hours),
    }
