"""The signature that a certificate or a card carries in its code: Ed25519, verified anywhere with the public key alone.

A code is `NS1|kind|number|name|what is certified|day|signature`: whoever scans it reads what it says; the signature,
base64url without padding, covers everything before its bar. Signing the same facts gives the same code, so a reprint
is like the first print.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from national_sync.errors import CodeRefused, SigningKeyMissing
from national_sync.i18n import N_, Phrase
from national_sync.private_files import CLOSE_IT, OpenToOthers, read_private

_PREFIX: Final = "NS1"
_BAR: Final = "|"
_RAW: Final = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)


class Facts(NamedTuple):
    """What a certificate or a card says, as far as its code vouches for it."""

    kind: str
    """star, service or card."""
    number: str
    name: str
    certified: str
    """Stars `1` to `5`, or seconds of service; of a card, the six-digit division of the service area."""
    day: str
    """`YYYY-MM-DD`: the cut-off of a star, the issue of a service certificate, the registration of a card's bearer."""


class Signer:
    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @property
    def public_key(self) -> str:
        """For those who verify; no secret."""
        return _text(self._key.public_key().public_bytes(*_RAW))

    def code(self, facts: Facts) -> str:
        content = _BAR.join([_PREFIX, *(part.replace(_BAR, "/") for part in facts)])
        return f"{content}{_BAR}{_text(self._key.sign(content.encode()))}"


def create_key(file: Path) -> bool:
    """Make the key, readable by its owner only; false when there is one already, which stays."""
    raw = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    )
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w", encoding="ascii") as opened:
        opened.write(_text(raw) + "\n")
    return True


def load_signer(file: Path) -> Signer:
    """Raises SigningKeyMissing."""
    try:
        raw = _bytes(read_private(file).decode("ascii").strip())
        return Signer(Ed25519PrivateKey.from_private_bytes(raw))
    except FileNotFoundError as error:
        raise SigningKeyMissing(file=file) from error
    except OpenToOthers as error:
        raise SigningKeyMissing(
            N_("The key that certificates are signed with cannot be used: {reason}"),
            reason=error.reason,
            file=file,
            hint=CLOSE_IT,
        ) from error
    except (OSError, ValueError) as error:
        raise SigningKeyMissing(
            N_("The key that certificates are signed with is none: {file}"),
            file=file,
            hint=N_("Restore it from the copy kept apart. Nothing was certified."),
        ) from error


def verify(code: str, public_key: str) -> Facts:
    """What a code vouches for. Raises CodeRefused when it is not genuine."""
    content, _bar, signature = code.strip().rpartition(_BAR)
    try:
        key = Ed25519PublicKey.from_public_bytes(_bytes(public_key.strip()))
    except ValueError as error:
        raise CodeRefused(reason=Phrase(N_("the public key is not one"))) from error
    prefix, *facts = content.split(_BAR)
    try:
        if prefix != _PREFIX:
            raise ValueError(prefix)
        key.verify(_bytes(signature), content.encode())
        return Facts(*facts)
    except (ValueError, TypeError) as error:
        raise CodeRefused(reason=Phrase(N_("it is not a code of this program, or not whole"))) from error
    except InvalidSignature as error:
        raise CodeRefused(reason=Phrase(N_("its signature does not fit: changed, or of another city"))) from error


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    """Strict: a code has one spelling only."""
    raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _text(raw) != text:
        raise ValueError(text)
    return raw
