"""How often something may be tried, counted in the database, so that all kiosks and restarts share one count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from national_sync.exchange.book import Book

PERIOD_SECONDS: Final = 600
IDENTIFICATIONS: Final = 40
"""At one device within a period: more than a queue of volunteers needs."""
FROM_ONE_ADDRESS: Final = 200
"""A house with several kiosks has one address."""
PAIRINGS: Final = 10
HOLDS: Final = 30
"""By one person."""

_COUNT: Final = (
    "INSERT INTO kiosk_tries (subject, period, tries) VALUES (?, ?, 1)"
    " ON CONFLICT (subject, period) DO UPDATE SET tries = kiosk_tries.tries + 1 RETURNING tries"
)


def count(book: Book, most: Mapping[str, int], now: float) -> bool:
    """Count one try for each subject; whether all of them may have it. It is counted in any case."""
    period = int(now) // PERIOD_SECONDS
    # In one order, so that two requests never wait for each other.
    tries = {subject: book.rows(_COUNT, subject, period)[0][0] for subject in sorted(most)}
    return all(tries[subject] <= allowed for subject, allowed in most.items())


def forget(book: Book, now: float) -> None:
    """Clear away the counts of periods that are over."""
    book.run("DELETE FROM kiosk_tries WHERE period < ?", int(now) // PERIOD_SECONDS - 1)
