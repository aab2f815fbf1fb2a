"""ID-card readers: one that types like a keyboard, or one whose helper on the kiosk hands in a sealed token.

A card alone proves nobody's presence: whoever comes with one types the PIN of the volunteer card too. The number is
never stored readable, never shown, and leaves the service sealed only, for the minute in which the PIN is typed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import Any, Final

from sqlalchemy import Connection

from national_sync.errors import (
    AlreadySettled,
    KeyUnusable,
    KioskRefused,
    RequestNotSigned,
    RequestRepeated,
    RequestUntimely,
)
from national_sync.exchange.book import Book
from national_sync.exchange.rows import show as row_of
from national_sync.exchange.rows import update
from national_sync.identity import mainland_number
from national_sync.registration.search import hash_of_number
from national_sync.sealing import Sealer
from national_sync.web.devices import Device
from national_sync.web.signing import packed

READ_SECONDS: Final = 60
"""How long a card that was read waits for the page, and then for its PIN."""
FROM_ONE_ADDRESS: Final = 200
"""Tokens that an address may hand in within a period, whatever they are."""
_PAST_MS: Final = 30_000
_AHEAD_MS: Final = 5_000
_PREFIX: Final = "NSI1."
_SEALED: Final = re.compile(r"NSI1\.k[0-9]{1,9}:[A-Za-z0-9+/]{38,200}={0,2}")


def admit_reader(connection: Connection, sealer: Sealer, device_id: int) -> str:
    """The key for the helper beside a kiosk; an earlier one is worth nothing from now on. Raises AlreadySettled."""
    row = row_of(connection, "kiosk_device", device_id)
    if row["state"] == "revoked" or row["kind"] != "kiosk":
        raise AlreadySettled(noun="kiosk_device", id=device_id, state=row["state"])
    salt = secrets.token_hex(16)
    update(connection, "kiosk_device", device_id, reader_salt=salt)
    return _key(sealer, row["public_id"], salt)


def has_reader(book: Book, device: Device) -> bool:
    return book.one("SELECT 1 FROM kiosk_device WHERE id = ? AND reader_salt IS NOT NULL", device.id) is not None


def token_message(device: str, time_ms: int, id_number: str) -> bytes:
    """What a helper seals."""
    return f"NSR1\n{device}\n{time_ms}\n{id_number}".encode()


def token_seal(key: str, message: bytes) -> str:
    return packed(hmac.digest(key.encode(), message, hashlib.sha256))


def hand_in(
    book: Book, sealer: Sealer, *, device: str, time_ms: int, id_number: str, seal: str, now: float
) -> KioskRefused | None:
    """Keep what a reader read until the page beside it asks; or what stands against it."""
    found = book.one(
        "SELECT id, public_id, reader_salt FROM kiosk_device WHERE public_id = ? AND state = 'active'"
        " AND reader_salt IS NOT NULL" + book.row_lock,
        device,
    )
    key = _key(sealer, *found[1:]) if found else _key(sealer, "", "")
    genuine = token_seal(key, token_message(device, time_ms, id_number))
    # As bytes: a seal may come with letters that the comparison of texts cannot take.
    if not (hmac.compare_digest(genuine.encode(), seal.encode("utf-8", "surrogatepass")) and found):
        return RequestNotSigned()
    now_ms = int(now * 1_000)
    if not now_ms - _PAST_MS <= time_ms <= now_ms + _AHEAD_MS:
        return RequestUntimely()
    # Only what was read later than everything before counts, so a token counts once.
    kept = book.run(
        "INSERT INTO kiosk_reading (device_id, time_ms, sealed) VALUES (?, ?, ?) ON CONFLICT (device_id) DO UPDATE"
        " SET time_ms = excluded.time_ms, sealed = excluded.sealed WHERE kiosk_reading.time_ms < excluded.time_ms",
        found[0],
        time_ms,
        sealer.seal(id_number),
    )
    return None if kept == 1 else RequestRepeated()


def is_waiting(book: Book, device: Device) -> bool:
    return book.one("SELECT 1 FROM kiosk_reading WHERE device_id = ? AND sealed <> ''", device.id) is not None


def take(book: Book, sealer: Sealer, device: Device, now: int) -> str | None:
    """The code that stands for what was read at this device just now; given once."""
    row = book.one("SELECT time_ms, sealed FROM kiosk_reading WHERE device_id = ?" + book.row_lock, device.id)
    if row is None or not row[1]:
        return None
    book.run("UPDATE kiosk_reading SET sealed = '' WHERE device_id = ?", device.id)
    return code_of(sealer, sealer.open(row[1]), now) if now - row[0] // 1_000 <= READ_SECONDS else None


def code_of(sealer: Sealer, id_number: str, now: int) -> str:
    """What stands for an ID number on the page: nobody can read it, and it ends within a minute."""
    return _PREFIX + sealer.seal(f"{now} {id_number}")


def is_id_number(typed: str) -> bool:
    return mainland_number(typed) is not None


def opened(sealer: Sealer, code: str, now: int) -> str | None:
    """The ID number of a code that is ours and fresh."""
    if not _SEALED.fullmatch(code):
        return None
    try:
        at, _blank, id_number = sealer.open(code.removeprefix(_PREFIX)).partition(" ")
    except (KeyUnusable, ValueError):
        return None
    return id_number if at.isdigit() and 0 <= now - int(at) <= READ_SECONDS else None


def card_of(book: Book, sealer: Sealer, id_number: str) -> str | None:
    """The number of the volunteer card whose PIN belongs to an ID number: of the person's cards the latest."""
    row = book.one(
        "SELECT c.number FROM kiosk_card c JOIN volunteer v ON v.id = c.volunteer_id WHERE v.id_number_hash = ?"
        " AND v.withdrawn_at IS NULL AND c.state = 'active' ORDER BY c.id DESC LIMIT 1",
        hash_of_number(sealer, id_number),
    )
    return str(row[0]) if row else None


def forget(book: Book, now: int) -> None:
    """What no page has asked for in time."""
    book.run("UPDATE kiosk_reading SET sealed = '' WHERE sealed <> '' AND time_ms < ?", (now - READ_SECONDS) * 1_000)


def _key(sealer: Sealer, public_id: str, salt: Any) -> str:
    """Made from the key file, so that no table holds it."""
    return (sealer.match_hash(f"reader {public_id} {salt}") + sealer.match_hash(f"of {public_id} {salt}")).hex()
