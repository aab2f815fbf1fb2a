"""What a training may be, by the rules of the national side and clause T1. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from national_sync.i18n import N_
from national_sync.records import TrainingKind, TrainingMode
from national_sync.unfit import Reader, Unfit, one_of, plain

_HOURS: Final = re.compile(r"\d{1,3}(\.\d{1,2})?")
_MOST_HOURS: Final = 200
_HUNDREDTH_SECONDS: Final = 36


class Form(StrEnum):
    """Clause T1."""

    LECTURE = "lecture"
    EXCHANGE = "exchange"
    CASE_STUDY = "case_study"
    ON_SITE = "on_site"


class OrganisedBy(StrEnum):
    """Clause T1: centre and federation train leaders, units train their own people."""

    CENTRE = "centre"
    FEDERATION = "federation"
    UNIT = "unit"


def read_hours(text: str) -> int:
    """Hours with at most two decimals, as the national side keeps them, in seconds. Raises Unfit."""
    if not (text.isascii() and _HOURS.fullmatch(text)) or Decimal(text) > _MOST_HOURS:
        raise Unfit(N_("is no number of hours, such as 2 or 1.5"))
    if not Decimal(text):
        raise Unfit(N_("must be more than zero"))
    return int(Decimal(text) * 100) * _HUNDREDTH_SECONDS


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise Unfit(N_("{given} is no day such as 2026-03-05"), given=text) from None


READERS: Final[Mapping[str, Reader]] = {
    "topic": plain(200),
    "content": plain(500),
    "form": one_of(Form),
    "organised_by": one_of(OrganisedBy),
    "organiser": plain(200),
    "kind": one_of(TrainingKind),
    "mode": one_of(TrainingMode),
    "held_on": _day,
    "place": plain(200),
    "training_seconds": read_hours,
}
"""What can be written about a training, as columns."""
NEEDED: Final = ("topic", "form", "organised_by", "organiser", "kind", "mode", "held_on", "training_seconds")
