"""Who stands before a screen: one person a device, until the person leaves or is idle."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final, NamedTuple

from national_sync.errors import SignedOut
from national_sync.exchange.book import Book
from national_sync.web.devices import Device

IDLE_SECONDS: Final = 70
"""45 before the page asks, 20 for the answer, and what the network takes."""
LONGEST_SECONDS: Final = 900
_TOUCH_EVERY_SECONDS: Final = 5


class Visit(NamedTuple):
    """A person at a device."""

    volunteer_id: int
    device: Device
    nonce: str | None = None
    """The number of this request, where it has still to be noted together with what the request does."""


class Ended(NamedTuple):
    """A visit that is over; its holds are to be released."""

    device_actor: str
    volunteer_id: int


def begin(book: Book, device: Device, volunteer_id: int, now: int) -> str:
    """A new token, known here by its hash only."""
    token = secrets.token_urlsafe(32)
    book.run(
        "INSERT INTO kiosk_session (token_hash, device_id, volunteer_id, begun_at, seen_at) VALUES (?, ?, ?, ?, ?)",
        token_hash(token),
        device.id,
        volunteer_id,
        now,
        now,
    )
    return token


class Session(NamedTuple):
    """A visit as it stands in the database."""

    volunteer_id: int | None
    """None where there is no such visit."""
    begun_at: int
    seen_at: int

    def volunteer_at(self, now: int) -> int:
        """Who is there. Raises SignedOut."""
        if self.volunteer_id is None or now - self.seen_at >= IDLE_SECONDS or now - self.begun_at >= LONGEST_SECONDS:
            raise SignedOut()
        return self.volunteer_id

    def is_time_to_touch(self, now: int) -> bool:
        """Whether to note that the person is still there."""
        return now - self.seen_at >= _TOUCH_EVERY_SECONDS


def touch(book: Book, token: str, now: int) -> None:
    book.run("UPDATE kiosk_session SET seen_at = ? WHERE token_hash = ? AND seen_at < ?", now, token_hash(token), now)


def end_at(book: Book, device: Device) -> list[Ended]:
    """End every visit at this device."""
    gone = book.rows("DELETE FROM kiosk_session WHERE device_id = ? RETURNING volunteer_id", device.id)
    return [Ended(device.actor, volunteer) for (volunteer,) in gone]


def end_idle(book: Book, now: int) -> list[Ended]:
    """End every visit whose person has gone without saying so."""
    gone = book.rows(
        "DELETE FROM kiosk_session WHERE seen_at <= ? OR begun_at <= ?"
        " RETURNING volunteer_id, (SELECT public_id FROM kiosk_device d WHERE d.id = device_id)",
        now - IDLE_SECONDS,
        now - LONGEST_SECONDS,
    )
    return [Ended(f"kiosk:{public_id}", volunteer) for volunteer, public_id in gone]


def token_hash(token: str) -> str:
    return hashlib.blake2b(token.encode(), digest_size=32).hexdigest()
