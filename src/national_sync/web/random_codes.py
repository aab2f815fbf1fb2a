"""Random codes that people read, type and print: no letter that is taken for another."""

from __future__ import annotations

import secrets
from typing import Final

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_GROUP: Final = 4


def random_code(characters: int) -> str:
    """Five random bits a character."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(characters))


def in_groups(code: str) -> str:
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def as_typed(text: str) -> str:
    """One spelling of a code, typed with care or not."""
    return text.strip().upper().translate(_MISREAD)
