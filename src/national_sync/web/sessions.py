"""Who stands before a screen: one person a device, until the person leaves or is idle."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final, NamedTuple

from sqlalchemy import Connection, text

from national_sync.errors import SignedOut
from national_sync.web.devices import Device

IDLE_SECONDS: Final = 70
"""45 before the page asks, 20 for the answer, and what the network takes."""
LONGEST_SECONDS: Final = 900
_TOUCH_EVERY_SECONDS: Final = 5


class Visit(NamedTuple):
    """A person at a device."""

    volunteer_id: int
    device: Device


class Ended(NamedTuple):
    """A visit that is over; its holds are to be released."""

    device_actor: str
    volunteer_id: int


def begin(connection: Connection, device: Device, volunteer_id: int, now: int) -> str:
    """A new token, known here by its hash only."""
    token = secrets.token_urlsafe(32)
    connection.execute(
        text(
            "INSERT INTO kiosk_session (token_hash, device_id, volunteer_id, begun_at, seen_at)"
            " VALUES (:token, :device, :volunteer, :now, :now)"
        ),
        {"token": _hash(token), "device": device.id, "volunteer": volunteer_id, "now": now},
    )
    return token


def find(connection: Connection, device: Device, token: str, now: int) -> tuple[Visit, bool]:
    """Whose visit this is, and whether it is time to note that the person is still there. Raises SignedOut."""
    row = connection.execute(
        text(
            "SELECT volunteer_id, begun_at, seen_at FROM kiosk_session WHERE token_hash = :token AND device_id = :device"
        ),
        {"token": _hash(token), "device": device.id},
    ).first()
    if row is None or now - row[2] >= IDLE_SECONDS or now - row[1] >= LONGEST_SECONDS:
        raise SignedOut()
    return Visit(row[0], device), now - row[2] >= _TOUCH_EVERY_SECONDS


def touch(connection: Connection, token: str, now: int) -> None:
    connection.execute(
        text("UPDATE kiosk_session SET seen_at = :now WHERE token_hash = :token AND seen_at < :now"),
        {"token": _hash(token), "now": now},
    )


def end_at(connection: Connection, device: Device) -> list[Ended]:
    """End every visit at this device."""
    gone = connection.execute(
        text("DELETE FROM kiosk_session WHERE device_id = :device RETURNING volunteer_id"), {"device": device.id}
    )
    return [Ended(device.actor, volunteer) for (volunteer,) in gone]


def end_idle(connection: Connection, now: int) -> list[Ended]:
    """End every visit whose person has gone without saying so."""
    gone = connection.execute(
        text(
            "DELETE FROM kiosk_session WHERE seen_at <= :idle OR begun_at <= :long"
            " RETURNING volunteer_id, (SELECT public_id FROM kiosk_device d WHERE d.id = device_id)"
        ),
        {"idle": now - IDLE_SECONDS, "long": now - LONGEST_SECONDS},
    )
    return [Ended(f"kiosk:{public_id}", volunteer) for volunteer, public_id in gone]


def _hash(token: str) -> str:
    return hashlib.blake2b(token.encode(), digest_size=32).hexdigest()
