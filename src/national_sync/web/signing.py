"""What a device signs with each request, and whether a signature is genuine. Pure: no database, no clock."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

PREFIX: Final = "NSK1"
_HALF_BYTES: Final = 32
_ECDSA: Final = ec.ECDSA(SHA256())
_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{22,64}")
"""128 random bits at least."""
_TIME: Final = re.compile(r"[0-9]{13}")


class SignedRequest(NamedTuple):
    """A request as it arrived, with what its headers claim."""

    method: str
    target: str
    """Path and query, as they were sent."""
    body: bytes
    device: str
    time_ms: str
    nonce: str
    session: str
    signature: str

    @property
    def is_well_formed(self) -> bool:
        return bool(_NONCE.fullmatch(self.nonce) and _TIME.fullmatch(self.time_ms))

    @property
    def only_reads(self) -> bool:
        return self.method in ("GET", "HEAD")

    @property
    def at(self) -> float:
        """Epoch seconds, by the device's clock."""
        return int(self.time_ms) / 1_000

    @property
    def message(self) -> bytes:
        """What is signed: one line each, so that nothing can be moved from one to the other."""
        digest = hashlib.sha256(self.body).hexdigest()
        lines = (PREFIX, self.method, self.target, digest, self.time_ms, self.nonce, self.device, self.session)
        return "\n".join(lines).encode("utf-8", "surrogateescape")


def pairing_message(code: str) -> bytes:
    """What a device signs when it hands in its key: that it has the private half."""
    return f"{PREFIX} pair\n{code}".encode()


def load_key(spki: bytes) -> ec.EllipticCurvePublicKey:
    """A key as WebCrypto exports it. Raises ValueError for anything but ECDSA P-256."""
    key = load_der_public_key(spki)
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("not a P-256 key")
    return key


def is_genuine(key: ec.EllipticCurvePublicKey, message: bytes, signature: str) -> bool:
    """`signature` is base64url of the two numbers, 32 bytes each, as WebCrypto gives them."""
    raw = unpacked(signature)
    if raw is None or len(raw) != 2 * _HALF_BYTES:
        return False
    first, second = int.from_bytes(raw[:_HALF_BYTES]), int.from_bytes(raw[_HALF_BYTES:])
    try:
        key.verify(encode_dss_signature(first, second), message, _ECDSA)
    except InvalidSignature:
        return False
    return True


def packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unpacked(text: str) -> bytes | None:
    """The bytes of base64url without padding, which has one spelling only; None for anything else."""
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    return raw if packed(raw) == text else None
