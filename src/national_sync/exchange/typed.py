"""What people type in for the exchange: names, words, hours. Checked before anything is written."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from national_sync.errors import UsageError
from national_sync.i18n import N_

MOST_HOURS: Final = 10_000
_HOUR_SECONDS: Final = 3_600
_HOURS: Final = re.compile(r"\d{1,6}(\.\d{1,2})?")
_LONGEST_NAME: Final = 100
_LONGEST_WORDS: Final = 500


def check_name(name: str) -> None:
    """Something that stands in tables and on paper: one line. Raises UsageError."""
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise UsageError(N_("A name has 1 to {most} characters, on one line."), most=_LONGEST_NAME)


def check_words(words: str) -> None:
    """A reason, an objection, an answer: it must say something. Raises UsageError."""
    if not words.strip() or len(words) > _LONGEST_WORDS or not words.isprintable():
        raise UsageError(N_("Please say why, in 1 to {most} characters, on one line."), most=_LONGEST_WORDS)


def hours_in_seconds(hours: str) -> int:
    """Hours such as `2`, `0.5` or `1.25`, on the grid of 0.01 h. Raises UsageError."""
    typed = hours.strip()
    seconds = int(Decimal(typed) * _HOUR_SECONDS) if _HOURS.fullmatch(typed) else 0
    if not 0 < seconds <= MOST_HOURS * _HOUR_SECONDS:
        raise UsageError(
            N_("{hours} is no number of hours: above 0 and up to {most}, with at most two decimals"),
            hours=hours,
            most=MOST_HOURS,
        )
    return seconds
