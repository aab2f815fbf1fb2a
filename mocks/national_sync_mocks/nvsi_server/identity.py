"""ID numbers (GB 11643), volunteer numbers and record ids."""

from __future__ import annotations

import unicodedata
from datetime import date
from hashlib import blake2b

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"


def check_digit(first_seventeen: str) -> str:
    return _CHECK_DIGITS[sum(w * int(d) for w, d in zip(_WEIGHTS, first_seventeen, strict=True)) % 11]


def normalised(id_number: str) -> str:
    """Half width, upper-case X, 18 digits where 15 were given; other documents trimmed and upper case."""
    text = unicodedata.normalize("NFKC", id_number).strip().upper()
    if len(text) == 15 and text.isascii() and text.isdigit():
        body = f"{text[:6]}19{text[6:]}"
        return body + check_digit(body)
    return text


def id_number_fault(id_number: str) -> str | None:
    """What is wrong with the ID number of the mainland, in words; None if it is sound."""
    text = normalised(id_number)
    if len(text) != 18 or not text.isascii() or not text[:17].isdigit():
        return "须为 18 位"
    if birth_date(text) is None:
        return "中的出生日期无效"
    if text[17] != check_digit(text[:17]):
        return "校验码错误"
    return None


def birth_date(eighteen: str) -> date | None:
    try:
        return date(int(eighteen[6:10]), int(eighteen[10:12]), int(eighteen[12:14]))
    except ValueError:
        return None


def sex_code(eighteen: str) -> str:
    return "1" if int(eighteen[16]) % 2 else "2"


def record_id(seed: int, segment: str, natural_key: str, occurrence: int) -> str:
    """32 hex characters, which follow from what the record says and not from the order of the calls.

    Two nights that do the same in another order so end with the same state.
    """
    return blake2b(
        f"{seed}|{segment}|{natural_key}|{occurrence}".encode(errors="surrogatepass"), digest_size=16
    ).hexdigest()


def number_serial(seed: int, key: str) -> int:
    """Where the search for a free six-digit serial begins."""
    digest = blake2b(f"{seed}|number|{key}".encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % 1_000_000
