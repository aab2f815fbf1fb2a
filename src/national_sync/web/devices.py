"""The devices that are admitted: a one-time code first, then a key that only the device has."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, text

from national_sync import audit
from national_sync.errors import AlreadySettled, DeviceCodeRefused, UsageError
from national_sync.exchange.book import Book
from national_sync.exchange.rows import insert, listed, update
from national_sync.exchange.rows import show as row_of
from national_sync.i18n import N_
from national_sync.sealing import Sealer
from national_sync.web.random_codes import as_typed, in_groups, random_code
from national_sync.web.signing import is_genuine, load_key, pairing_message

CODE_SECONDS: Final = 600
_CODE_CHARACTERS: Final = 16
_ID_CHARACTERS: Final = 12
_LONGEST_VERSION: Final = 40


class DeviceKind(StrEnum):
    KIOSK = "kiosk"
    """Serves volunteers."""
    TILL = "till"
    """Collects the vouchers of one merchant."""


class Device(NamedTuple):
    """A device as a request needs it."""

    id: int
    public_id: str
    name: str
    kind: DeviceKind
    merchant_id: int | None
    outlet_id: int | None

    @property
    def actor(self) -> str:
        """How redemptions and the audit name it."""
        return f"kiosk:{self.public_id}"


# What the office does. Whoever calls has made sure that the actor may.


def add_device(
    connection: Connection,
    sealer: Sealer,
    *,
    name: str,
    kind: DeviceKind,
    outlet_id: int | None,
    actor: str,
    now: int,
) -> tuple[dict[str, Any], str]:
    """The new device and its one-time code. Raises NotFound, UsageError."""
    code = random_code(_CODE_CHARACTERS)
    device_id = insert(
        connection,
        "kiosk_device",
        public_id=random_code(_ID_CHARACTERS),
        name=_checked_name(name),
        kind=kind.value,
        **_place(connection, kind, outlet_id),
        code_hash=_code_hash(sealer, code),
        code_expires_at=now + CODE_SECONDS,
        created_at=now,
        created_by=actor,
    )
    return show_device(connection, device_id), in_groups(code)


def roll_device(connection: Connection, sealer: Sealer, device_id: int, *, now: int) -> str:
    """A one-time code for a new key; the old key counts until the new one is handed in. Raises UsageError."""
    if row_of(connection, "kiosk_device", device_id)["state"] == "revoked":
        raise AlreadySettled(noun="kiosk_device", id=device_id, state="revoked")
    code = random_code(_CODE_CHARACTERS)
    update(
        connection, "kiosk_device", device_id, code_hash=_code_hash(sealer, code), code_expires_at=now + CODE_SECONDS
    )
    return in_groups(code)


def rename_device(connection: Connection, device_id: int, name: str) -> None:
    show_device(connection, device_id)
    update(connection, "kiosk_device", device_id, name=_checked_name(name))


def move_device(connection: Connection, device_id: int, outlet_id: int | None) -> None:
    """To another outlet, or to none. Raises NotFound, UsageError."""
    kind = DeviceKind(show_device(connection, device_id)["kind"])
    update(connection, "kiosk_device", device_id, **_place(connection, kind, outlet_id))


def suspend_device(connection: Connection, device_id: int) -> None:
    """Refuse it from its next request on, until it is resumed."""
    _change_state(connection, device_id, ("active",), "suspended")


def resume_device(connection: Connection, device_id: int) -> None:
    _change_state(connection, device_id, ("suspended",), "active")


def revoke_device(connection: Connection, device_id: int) -> None:
    """Refuse it for good: its key and its code are forgotten, whoever stands before it is signed out."""
    _change_state(connection, device_id, ("unpaired", "active", "suspended"), "revoked")
    update(connection, "kiosk_device", device_id, public_key=None, code_hash=None, code_expires_at=None)


def _change_state(connection: Connection, device_id: int, before: tuple[str, ...], after: str) -> None:
    found = show_device(connection, device_id)["state"]
    if found not in before:
        raise AlreadySettled(noun="kiosk_device", id=device_id, state=found)
    update(connection, "kiosk_device", device_id, state=after)
    # Whoever is there has been away for ever: signed out at once, and cleared up with the others who left.
    connection.execute(text("UPDATE kiosk_session SET seen_at = 0 WHERE device_id = :id"), {"id": device_id})


def _place(connection: Connection, kind: DeviceKind, outlet_id: int | None) -> dict[str, Any]:
    if outlet_id is None:
        if kind is DeviceKind.TILL:
            raise UsageError(N_("A till belongs to an outlet: name it with --outlet."))
        return {"merchant_id": None, "outlet_id": None}
    return {"merchant_id": row_of(connection, "outlet", outlet_id)["merchant_id"], "outlet_id": outlet_id}


def _checked_name(name: str) -> str:
    if not name.strip() or len(name) > 60 or not name.isprintable():
        raise UsageError(N_("A device has a name of 1 to 60 characters."))
    return name.strip()


_SHOWN: Final = (
    "id",
    "name",
    "kind",
    "state",
    "merchant_id",
    "outlet_id",
    "version",
    "seen_at",
    "created_at",
    "created_by",
)


def show_device(connection: Connection, device_id: int) -> dict[str, Any]:
    """Raises NotFound."""
    return _shown(row_of(connection, "kiosk_device", device_id))


def list_devices(connection: Connection, *, limit: int, offset: int) -> list[dict[str, Any]]:
    return [_shown(row) for row in listed(connection, "kiosk_device", limit=limit, offset=offset)]


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in _SHOWN} | {"device": row["public_id"]}


# What the device does


def pair(
    connection: Connection, sealer: Sealer, *, code: str, public_key: bytes, proof: str, version: str, now: int
) -> Device:
    """Take a device's key for its one-time code. Raises DeviceCodeRefused, whatever is wrong."""
    device_id = _awaited_device(connection, _code_hash(sealer, as_typed(code)), now)
    try:
        has_private_half = is_genuine(load_key(public_key), pairing_message(code), proof)
    except ValueError:
        has_private_half = False
    if device_id is None or not has_private_half:
        raise DeviceCodeRefused()
    update(
        connection,
        "kiosk_device",
        device_id,
        public_key=public_key,
        state="active",
        code_hash=None,
        code_expires_at=None,
        version=version[:_LONGEST_VERSION],
        seen_at=now,
    )
    row = row_of(connection, "kiosk_device", device_id)
    audit.append(
        connection, audit.Entry(now, f"kiosk:{row['public_id']}", "kiosk_device.paired", "kiosk_device", device_id)
    )
    return Device(
        device_id, row["public_id"], row["name"], DeviceKind(row["kind"]), row["merchant_id"], row["outlet_id"]
    )


def _awaited_device(connection: Connection, code_hash: bytes, now: int) -> int | None:
    """A suspended device stays so whatever code it has."""
    ending = "" if connection.dialect.name == "sqlite" else " FOR UPDATE"
    found: int | None = connection.execute(
        text(
            "SELECT id FROM kiosk_device WHERE code_hash = :code AND code_expires_at > :now"
            f" AND state IN ('unpaired', 'active'){ending}"
        ),
        {"code": code_hash, "now": now},
    ).scalar()
    return found


def heartbeat(book: Book, device: Device, version: str, now: int) -> None:
    book.run(
        "UPDATE kiosk_device SET version = ?, seen_at = ? WHERE id = ?", version[:_LONGEST_VERSION], now, device.id
    )


# The numbers that a device gives its requests, each once


def is_first(book: Book, device: Device, nonce: str, now: int) -> bool:
    """Whether no request of this device had this number; from now on one had."""
    added = "INSERT INTO kiosk_nonce (device_id, nonce, received_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    return book.run(added, device.id, nonce, now) == 1


def forget_nonces(book: Book, before: int) -> None:
    book.run("DELETE FROM kiosk_nonce WHERE received_at < ?", before)


def _code_hash(sealer: Sealer, code: str) -> bytes:
    return sealer.match_hash(f"device code {code}")
