"""The tables of the kiosk: devices, the cards of volunteers, who stands before a screen now, tries that are counted.

Volunteers stand here by the id of their mirror row and nothing else: a card must lead to its owner (clause E2). Codes,
PINs and tokens are stored as hashes.
"""

from __future__ import annotations

from sqlalchemy import Index
from sqlmodel import SQLModel

from national_sync.store.columns import (
    integer,
    optional_integer,
    optional_text,
    raw_bytes,
    serial,
    text_column,
)


class KioskDeviceRow(SQLModel, table=True):
    """A screen in a lobby, or a merchant's till. Its private key never leaves it."""

    __tablename__ = "kiosk_device"
    __table_args__ = (
        Index("kiosk_device_public", "public_id", unique=True),
        Index("kiosk_device_code", "code_hash", unique=True),
    )
    id: int | None = serial()
    public_id: str = text_column()
    """What the device is called outside: random."""
    name: str = text_column()
    kind: str = text_column(default="kiosk")
    """kiosk, till."""
    merchant_id: int | None = optional_integer()
    """Of a till: whose vouchers it collects."""
    outlet_id: int | None = optional_integer()
    """Where it stands; null for a kiosk of the city, which is at no merchant's."""
    state: str = text_column(default="unpaired")
    """unpaired (it has handed in no key yet), active, suspended, revoked."""
    public_key: bytes | None = raw_bytes()
    """ECDSA P-256, as SubjectPublicKeyInfo."""
    code_hash: bytes | None = raw_bytes()
    """Of the one-time code with which it hands in its key; null when that is done."""
    code_expires_at: int | None = optional_integer()
    reader_salt: str | None = optional_text()
    """Of the key of the ID-card reader beside it, which is made anew from the key file; null without a reader."""
    version: str | None = optional_text()
    """Of the page it shows, as it said last."""
    seen_at: int | None = optional_integer()
    created_at: int = integer()
    created_by: str = text_column()


class KioskCardRow(SQLModel, table=True):
    """A volunteer's card: a printed one with a PIN, which also lets the platform show a short-lived code for it."""

    __tablename__ = "kiosk_card"
    __table_args__ = (
        Index("kiosk_card_number", "number", unique=True),
        Index("kiosk_card_volunteer", "volunteer_id"),
    )
    id: int | None = serial()
    number: str = text_column()
    """Random."""
    volunteer_id: int = integer()
    pin_hash: str = text_column()
    wrong_pins: int = integer(default=0)
    """Since the last right one, on all devices together; at five the PIN is locked until the office sets another."""
    state: str = text_column(default="active")
    """active, revoked."""
    issued_at: int = integer()
    issued_by: str = text_column()


class KioskSessionRow(SQLModel, table=True):
    """A person who has signed in at a device. The token is known to that screen only."""

    __tablename__ = "kiosk_session"
    __table_args__ = (Index("kiosk_session_device", "device_id"), Index("kiosk_session_seen", "seen_at"))
    token_hash: str = text_column(primary_key=True)
    device_id: int = integer()
    volunteer_id: int = integer()
    begun_at: int = integer()
    seen_at: int = integer()


class KioskUsedCodeRow(SQLModel, table=True):
    """A short-lived code that has been shown to a kiosk; it counts once. Kept until it would be too old anyway."""

    __tablename__ = "kiosk_used_code"
    code_hash: str = text_column(primary_key=True)
    expires_at: int = integer()


class KioskNonceRow(SQLModel, table=True):
    """The number of a request that changed something, so that no service takes it twice. Kept for as long as it is timely."""

    __tablename__ = "kiosk_nonce"
    __table_args__ = (Index("kiosk_nonce_received", "received_at"), {"sqlite_with_rowid": False})
    device_id: int = integer(primary_key=True)
    nonce: str = text_column(primary_key=True)
    received_at: int = integer()


class KioskReadingRow(SQLModel, table=True):
    """The ID card that the reader beside a kiosk read last; sealed, and emptied when the page has asked for it."""

    __tablename__ = "kiosk_reading"
    device_id: int = integer(primary_key=True)
    time_ms: int = integer()
    """By the reader's helper. Later ones only are taken, so that none counts twice."""
    sealed: str = text_column(default="")


class KioskTriesRow(SQLModel, table=True):
    """How often something was tried within one period, by device, by person or by network address (as a keyed hash)."""

    __tablename__ = "kiosk_tries"
    subject: str = text_column(primary_key=True)
    period: int = integer(primary_key=True)
    tries: int = integer(default=0)
