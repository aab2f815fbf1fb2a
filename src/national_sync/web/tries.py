"""How often something may be tried, counted in the database, so that all kiosks and restarts share one count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, text

from national_sync.errors import TooManyTries
from national_sync.store.database import Database

PERIOD_SECONDS: Final = 600
IDENTIFICATIONS: Final = 40
"""At one device within a period: more than a queue of volunteers needs."""
FROM_ONE_ADDRESS: Final = 200
"""A house with several kiosks has one address."""
PAIRINGS: Final = 10
HOLDS: Final = 30
"""By one person."""

_COUNT: Final = text(
    "INSERT INTO kiosk_tries (subject, period, tries) VALUES (:subject, :period, 1)"
    " ON CONFLICT (subject, period) DO UPDATE SET tries = kiosk_tries.tries + 1 RETURNING tries"
)


def count(database: Database, most: Mapping[str, int], now: float) -> None:
    """Count one try for each subject. Raises TooManyTries where that is more than it may have; it is counted all the same."""
    period = int(now) // PERIOD_SECONDS
    with database.write() as connection:
        # In one order, so that two requests never wait for each other.
        tries = {
            subject: connection.execute(_COUNT, {"subject": subject, "period": period}).scalar_one()
            for subject in sorted(most)
        }
    if any(tries[subject] > allowed for subject, allowed in most.items()):
        raise TooManyTries()


def forget(connection: Connection, now: float) -> None:
    """Clear away the counts of periods that are over."""
    connection.execute(
        text("DELETE FROM kiosk_tries WHERE period < :period"), {"period": int(now) // PERIOD_SECONDS - 1}
    )
