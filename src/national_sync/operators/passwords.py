"""Passwords: scrypt, salted, with its parameters beside each so that they can be raised later."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import unicodedata
from typing import Final

from national_sync.errors import UsageError
from national_sync.i18n import N_

LEAST_CHARACTERS: Final = 10
_COST: Final = 2**15
_BLOCKS: Final = 8
_MOST_MEMORY: Final = 64 * 2**20
_SALT_BYTES: Final = 16


def check_strength(password: str, *, name: str) -> None:
    """Raises UsageError for a password that is too short or is the name."""
    if len(_normal(password)) < LEAST_CHARACTERS:
        raise UsageError(N_("A password has at least {least} characters."), least=LEAST_CHARACTERS)
    if _normal(password).casefold() == name.casefold():
        raise UsageError(N_("The password must not be the name."))


def hashed(password: str) -> str:
    salt = secrets.token_bytes(_SALT_BYTES)
    return _written(_COST, salt, _scrypt(password, _COST, salt))


def matches(password: str, stored: str) -> bool:
    _kind, cost, salt, expected = stored.split("$")
    found = _scrypt(password, int(cost), base64.b64decode(salt))
    return hmac.compare_digest(found, base64.b64decode(expected))


def _written(cost: int, salt: bytes, digest: bytes) -> str:
    return f"scrypt${cost}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


NO_PASSWORD: Final = _written(_COST, bytes(_SALT_BYTES), bytes(64))
"""Matches nothing, and takes as long about it as a real one: for names that nobody has."""


def _scrypt(password: str, cost: int, salt: bytes) -> bytes:
    return hashlib.scrypt(_normal(password).encode(), salt=salt, n=cost, r=_BLOCKS, p=1, maxmem=_MOST_MEMORY)


def _normal(password: str) -> str:
    """An input method may give full-width letters for the same keys."""
    return unicodedata.normalize("NFKC", password)
