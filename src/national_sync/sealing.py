"""Sealing of personal data at rest: AES-256-GCM for reading back, keyed BLAKE2b for matching.

A sealed value is `key-id:base64(nonce + ciphertext)`. Plain ID numbers and phones hold no colon, so the two are told
apart by it. Source: 等保2.0 and PIPL ask for encryption at rest; see docs/decisions.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from dataclasses import dataclass

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from national_sync.errors import KeyUnusable
from national_sync.i18n import N_, Phrase
from national_sync.records import Record

_NONCE_BYTES = 12
_SEALED = re.compile(r"\bk[0-9]{1,9}:[A-Za-z0-9+/]{38,}={0,2}")
"""A nonce and a tag alone are 28 bytes."""


@dataclass(frozen=True)
class SealingKey:
    key_id: str
    secret: bytes
    """32 bytes."""


class Sealer:
    """Seals with the first key, opens with any of them."""

    def __init__(self, keys: list[SealingKey]) -> None:
        if not keys:
            raise KeyUnusable(reason="it holds no key")
        self._current = keys[0]
        self._ciphers = {key.key_id: AESGCM(key.secret) for key in keys}
        # Matching must survive rotation, so the hash key belongs to the oldest key.
        self._hash_key = hashlib.blake2b(b"match", key=keys[-1].secret, digest_size=32).digest()
        self._record_encoder = msgspec.msgpack.Encoder()

    @property
    def fingerprint(self) -> str:
        """Tells whether a database was made with this key, without revealing it."""
        return hashlib.blake2b(b"fingerprint", key=self._hash_key, digest_size=8).hexdigest()

    @property
    def key_ids(self) -> list[str]:
        """All keys, the one that seals first."""
        return list(self._ciphers)

    def seal(self, plain: str) -> str:
        return self._current.key_id + ":" + base64.b64encode(self._encrypt(plain.encode())).decode()

    def seal_bytes(self, plain: bytes) -> bytes:
        return self._current.key_id.encode() + b":" + self._encrypt(plain)

    def _encrypt(self, plain: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._ciphers[self._current.key_id].encrypt(nonce, plain, None)

    def open(self, sealed: str) -> str:
        key_id, _, body = sealed.partition(":")
        return self._decrypt(base64.b64decode(body), key_id).decode()

    def open_bytes(self, sealed: bytes) -> bytes:
        key_id, _, body = sealed.partition(b":")
        return self._decrypt(body, key_id.decode("ascii", "replace"))

    def _decrypt(self, sealed: bytes, key_id: str) -> bytes:
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise KeyUnusable(
                reason=Phrase(N_("it lacks the key {key_id} that a value was sealed with"), key_id=key_id)
            )
        try:
            return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
        except InvalidTag as error:
            words = N_("key {key_id} does not open a sealed value")
            raise KeyUnusable(reason=Phrase(words, key_id=key_id)) from error

    def plain(self, stored: str | None) -> str | None:
        """The plain value of a stored one, whether it is sealed already or was written plain by another program."""
        return self.open(stored) if stored is not None and is_sealed(stored) else stored

    def resealed(self, text: str) -> str:
        """The text with every value in it that another key sealed sealed with the current one. What does not open stays
        as it is: nobody could read it before either."""
        return _SEALED.sub(lambda found: self._resealed(found[0]), text)

    def _resealed(self, sealed: str) -> str:
        if sealed.startswith(f"{self._current.key_id}:"):
            return sealed
        try:
            return self.seal(self.open(sealed))
        except (KeyUnusable, ValueError):
            return sealed

    def resealed_bytes(self, sealed: bytes) -> bytes:
        """The same for one sealed value of bytes."""
        try:
            return self.seal_bytes(self.open_bytes(sealed))
        except KeyUnusable:
            return sealed

    def match_hash(self, plain: str) -> bytes:
        """Equal for equal values, useless without the key; 16 bytes."""
        return hashlib.blake2b(plain.encode(), key=self._hash_key, digest_size=16).digest()

    def record_hash(self, record: Record) -> bytes:
        """The hash of a whole record as the national side gave it; 16 bytes, keyed because it covers personal data."""
        return hashlib.blake2b(self._record_encoder.encode(record), key=self._hash_key, digest_size=16).digest()


def is_sealed(stored: str) -> bool:
    """Whether it has the form of a sealed value; what merely holds a colon is plain."""
    return _SEALED.fullmatch(stored) is not None
