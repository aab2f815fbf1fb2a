"""The cards of volunteers: a printed one with a PIN, and a code that is good for a minute and once.

Whatever is wrong, the answer is the same and takes as long: whether a card exists, whether its PIN is locked and whether
its owner may redeem is nobody's business who cannot show both.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from typing import Final, NamedTuple

from sqlalchemy import Connection, text

from national_sync.errors import PersonRefused
from national_sync.exchange.book import Book
from national_sync.exchange.ledger import Ledger
from national_sync.exchange.rows import insert, update
from national_sync.exchange.rows import show as row_of
from national_sync.operators.passwords import NO_PASSWORD, hashed, matches
from national_sync.persons import person_of
from national_sync.sealing import Sealer
from national_sync.store.database import Database
from national_sync.web import readers
from national_sync.web.random_codes import random_code

WRONG_PINS: Final = 5
CODE_SECONDS: Final = 60
_AHEAD_SECONDS: Final = 5
_NUMBER_CHARACTERS: Final = 12
_PIN_DIGITS: Final = 6
_PRINTED: Final = re.compile(r"NSP1\.([0-9A-Z]{12})\.([A-Z2-7]{26})")
_SHOWN: Final = re.compile(r"NSC1\.([0-9A-Z]{12})\.([0-9]{10})\.([0-9A-Z]{12})\.([A-Z2-7]{26})")


class IssuedCard(NamedTuple):
    """What is printed and handed over, once."""

    card_id: int
    code: str
    """For the QR drawing of the card."""
    pin: str


def issue_card(connection: Connection, sealer: Sealer, volunteer_id: int, *, actor: str, now: int) -> IssuedCard:
    """A new card; earlier ones of this person are worth nothing from now on. Raises NotFound."""
    row_of(connection, "volunteer", volunteer_id)
    revoke_cards(connection, volunteer_id)
    number, pin = random_code(_NUMBER_CHARACTERS), _new_pin()
    card_id = insert(
        connection,
        "kiosk_card",
        number=number,
        volunteer_id=volunteer_id,
        pin_hash=hashed(_peppered(sealer, number, pin)),
        issued_at=now,
        issued_by=actor,
    )
    return IssuedCard(card_id, f"NSP1.{number}.{_seal(sealer, number)}", pin)


def new_pin(connection: Connection, sealer: Sealer, card_id: int) -> str:
    """Another PIN for a card, which also unlocks it. Raises NotFound."""
    card, pin = row_of(connection, "kiosk_card", card_id), _new_pin()
    pin_hash = hashed(_peppered(sealer, card["number"], pin))
    update(connection, "kiosk_card", card_id, pin_hash=pin_hash, wrong_pins=0)
    return pin


def revoke_cards(connection: Connection, volunteer_id: int) -> int:
    """The number of cards that were active."""
    done = connection.execute(
        text("UPDATE kiosk_card SET state = 'revoked' WHERE volunteer_id = :volunteer AND state = 'active'"),
        {"volunteer": volunteer_id},
    )
    return done.rowcount


def shown_code(connection: Connection, sealer: Sealer, card_id: int, now: int) -> str:
    """The code that the platform shows on the volunteer's own phone. Raises NotFound."""
    number = row_of(connection, "kiosk_card", card_id)["number"]
    content = f"{number}.{now:010d}.{random_code(_NUMBER_CHARACTERS)}"
    return f"NSC1.{content}.{_seal(sealer, content)}"


def asks_for_pin(code: str) -> bool:
    """Whether a code is that of a printed card, which does not say enough alone."""
    return _PRINTED.fullmatch(code.strip()) is not None


def identify(database: Database, ledger: Ledger, sealer: Sealer, code: str, pin: str, now: int) -> int:
    """The volunteer row that a card and its PIN, or a fresh code, stand for. Raises PersonRefused."""
    code = code.strip()
    printed, shown = _PRINTED.fullmatch(code), _SHOWN.fullmatch(code)
    card: _Card | None = None
    if printed and _is_ours(sealer, printed[1], printed[2]):
        card = _by_printed(ledger, sealer, printed[1], pin)
    elif shown and _is_ours(sealer, f"{shown[1]}.{shown[2]}.{shown[3]}", shown[4]):
        card = _by_shown(ledger, shown[1], int(shown[2]), code, now)
    else:
        card = _by_id_card(ledger, sealer, code, pin, now)
    with database.read() as connection:
        volunteer_id = _active_volunteer(connection, card)
    if volunteer_id is None:
        raise PersonRefused()
    return volunteer_id


def _by_id_card(ledger: Ledger, sealer: Sealer, code: str, pin: str, now: int) -> _Card | None:
    """What a reader read, with the PIN of the volunteer card. Anything else takes as long."""
    id_number = readers.opened(sealer, code, now) or ""
    number = ledger.run(lambda book, _now: readers.card_of(book, sealer, id_number)) if id_number else None
    return _by_printed(ledger, sealer, number or "", pin)


class _Card(NamedTuple):
    id: int
    volunteer_id: int
    pin_hash: str
    wrong_pins: int


def _by_printed(ledger: Ledger, sealer: Sealer, number: str, pin: str) -> _Card | None:
    """The try is counted before the PIN is looked at, so that many guesses at once gain nothing."""
    card = ledger.run(lambda book, _now: _tried(book, number))
    stored = card.pin_hash if card is not None else NO_PASSWORD
    if not matches(_peppered(sealer, number, pin), stored) or card is None:
        return None
    ledger.run(lambda book, _now: book.run("UPDATE kiosk_card SET wrong_pins = 0 WHERE id = ?", card.id))
    return card


def _tried(book: Book, number: str) -> _Card | None:
    """A card with which one more try is allowed; that counts as a wrong one until it turns out right."""
    card = _card(book, number)
    if card is None or card.wrong_pins >= WRONG_PINS:
        return None
    book.run("UPDATE kiosk_card SET wrong_pins = wrong_pins + 1 WHERE id = ?", card.id)
    return card


def _by_shown(ledger: Ledger, number: str, made_at: int, code: str, now: int) -> _Card | None:
    if not now - CODE_SECONDS <= made_at <= now + _AHEAD_SECONDS:
        return None
    return ledger.run(lambda book, _now: _card(book, number) if _is_first(book, code, made_at) else None)


def _is_first(book: Book, code: str, made_at: int) -> bool:
    """Whether a fresh code is shown for the first time."""
    used = "INSERT INTO kiosk_used_code (code_hash, expires_at) VALUES (?, ?) ON CONFLICT (code_hash) DO NOTHING"
    code_hash = hashlib.sha256(code.encode()).hexdigest()
    return book.run(used, code_hash, made_at + CODE_SECONDS + _AHEAD_SECONDS) == 1


def forget_used(book: Book, now: int) -> None:
    book.run("DELETE FROM kiosk_used_code WHERE expires_at < ?", now - CODE_SECONDS)


def _card(book: Book, number: str) -> _Card | None:
    row = book.one(
        "SELECT id, volunteer_id, pin_hash, wrong_pins FROM kiosk_card WHERE number = ? AND state = 'active'"
        + book.row_lock,
        number,
    )
    return _Card._make(row) if row else None


_ACTIVE: Final = (
    "SELECT id FROM volunteer WHERE id = :id AND withdrawn_at IS NULL AND is_valid = 1 AND account_state = 'enabled'"
)


def _active_volunteer(connection: Connection, card: _Card | None) -> int | None:
    """The kept registration of the card's owner, if that person may redeem at all."""
    if card is None:
        return None
    found: int | None = connection.execute(text(_ACTIVE), {"id": person_of(connection, card.volunteer_id)}).scalar()
    return found


def _new_pin() -> str:
    return f"{secrets.randbelow(10**_PIN_DIGITS):0{_PIN_DIGITS}d}"


def _peppered(sealer: Sealer, number: str, pin: str) -> str:
    """A PIN has too few digits to be safe as a hash alone: without the key file nobody can try them all."""
    return sealer.match_hash(f"pin {number} {pin}").hex()


def _seal(sealer: Sealer, content: str) -> str:
    return base64.b32encode(sealer.match_hash(f"card code {content}")).decode().rstrip("=")


def _is_ours(sealer: Sealer, content: str, seal: str) -> bool:
    return hmac.compare_digest(_seal(sealer, content), seal)
