"""The national algorithms: SM3 signatures of the token call and SM4-CBC bodies."""

from __future__ import annotations

import base64
import json
import os
from typing import Any

from cryptography.hazmat.primitives import constant_time, hashes, hmac, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from national_sync_mocks.nvsi_server.refusal import MALFORMED, Refusal


def signature(secret: str, app_id: str, timestamp: int, nonce: str) -> str:
    """HMAC-SM3 over application, milliseconds and nonce, joined by line feeds; lower-case hex."""
    mac = hmac.HMAC(secret.encode(), hashes.SM3())
    mac.update(f"{app_id}\n{timestamp}\n{nonce}".encode(errors="surrogatepass"))
    return mac.finalize().hex()


def is_signed(secret: str, app_id: str, timestamp: int, nonce: str, sign: str) -> bool:
    expected = signature(secret, app_id, timestamp, nonce).encode()
    return constant_time.bytes_eq(expected, sign.encode(errors="replace"))


def body_key(secret: str) -> bytes:
    """The first 16 bytes of SM3 over the secret."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(secret.encode())
    return digest.finalize()[:16]


def encrypt(secret: str, plain: bytes, iv: bytes | None = None) -> str:
    """base64 of the 16 bytes of the IV and the SM4-CBC ciphertext, padded by PKCS #7."""
    start = os.urandom(16) if iv is None else iv
    padder = padding.PKCS7(128).padder()
    padded = padder.update(plain) + padder.finalize()
    cipher = Cipher(algorithms.SM4(body_key(secret)), modes.CBC(start)).encryptor()
    return base64.b64encode(start + cipher.update(padded) + cipher.finalize()).decode()


def decrypt(secret: str, text: str) -> Any:
    """The JSON value inside; a refusal when it cannot be opened."""
    try:
        raw = base64.b64decode(text, validate=True)
        cipher = Cipher(algorithms.SM4(body_key(secret)), modes.CBC(raw[:16])).decryptor()
        unpadder = padding.PKCS7(128).unpadder()
        padded = cipher.update(raw[16:]) + cipher.finalize()
        return json.loads(unpadder.update(padded) + unpadder.finalize())
    except ValueError as error:
        raise Refusal(MALFORMED, "密文无法解开") from error
