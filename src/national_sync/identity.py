"""ID numbers of persons (GB 11643), as far as they can be checked without a register."""

from __future__ import annotations

import unicodedata
from datetime import date
from operator import mul
from typing import Final

WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_DIGITS: Final = "10X98765432"
DIGITS: Final = frozenset("0123456789")


def check_digit(first_seventeen: str) -> str:
    """The eighteenth character that belongs to seventeen digits."""
    return CHECK_DIGITS[sum(map(mul, WEIGHTS, map(int, first_seventeen))) % 11]


def normalised_number(text: str) -> str:
    """Half-width, upper-case, without spaces around; the form in which documents of any type are kept."""
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).strip().upper()


def mainland_number(text: str) -> str | None:
    """The 18-character form of a mainland ID number; None when no such number can exist.

    Numbers of 15 digits still occur: they get the century and the check digit. Checksum and date are checked only: a
    list of division codes would refuse real older numbers.
    """
    number = normalised_number(text)
    if len(number) == 15 and DIGITS.issuperset(number):
        number = f"{number[:6]}19{number[6:]}"
        number += check_digit(number)
    if len(number) != 18 or not DIGITS.issuperset(number[:17]) or check_digit(number[:17]) != number[17]:
        return None
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
    return number
