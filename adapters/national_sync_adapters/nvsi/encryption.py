"""Bodies as SM4-CBC ciphertext in one field, where the national side requires it."""

from __future__ import annotations

import base64
import binascii
import secrets
from typing import Final

import msgspec
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK_BYTES: Final = 16


class _Sealed(msgspec.Struct, forbid_unknown_fields=True):
    encrypted: str


class BodyCipher:
    """Encrypts requests and decrypts replies with a key drawn from the shared secret."""

    def __init__(self, secret: bytes) -> None:
        digest = hashes.Hash(hashes.SM3())
        digest.update(secret)
        self._key = digest.finalize()[:BLOCK_BYTES]

    def encrypted(self, body: bytes) -> bytes:
        start = secrets.token_bytes(BLOCK_BYTES)
        padder = padding.PKCS7(BLOCK_BYTES * 8).padder()
        padded = padder.update(body) + padder.finalize()
        encryptor = self._cipher(start).encryptor()
        sealed = start + encryptor.update(padded) + encryptor.finalize()
        return msgspec.json.encode(_Sealed(base64.b64encode(sealed).decode()))

    def decrypted(self, body: bytes) -> bytes:
        """The body inside; a body that is not encrypted comes back as it is. ValueError when it cannot be opened."""
        try:
            sealed = base64.b64decode(msgspec.json.decode(body, type=_Sealed).encrypted, validate=True)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return body
        except binascii.Error as error:
            raise ValueError("not base64") from error
        decryptor = self._cipher(sealed[:BLOCK_BYTES]).decryptor()
        padded = decryptor.update(sealed[BLOCK_BYTES:]) + decryptor.finalize()
        unpadder = padding.PKCS7(BLOCK_BYTES * 8).unpadder()
        return unpadder.update(padded) + unpadder.finalize()

    def _cipher(self, start: bytes) -> Cipher[modes.CBC]:
        return Cipher(algorithms.SM4(self._key), modes.CBC(start))
