"""The initials of names in pinyin: `李文秀` is found by LWX."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

from pypinyin import Style, lazy_pinyin

_SURNAMES: Final = {
    "单": "S", "曾": "Z", "解": "X", "仇": "Q", "区": "O", "查": "Z", "乐": "Y", "覃": "Q", "种": "C", "岩": "A",
    "折": "S", "缪": "M", "秘": "B", "朴": "P", "尉": "Y", "万": "W", "翟": "Z", "祭": "Z", "黑": "H", "召": "S",
}  # fmt: skip
"""How these are read as the beginning of a name; 岩 so in names of the Dai, and elsewhere as usual."""
_LONGEST: Final = 20


def initials_of(name: str) -> tuple[str, ...]:
    """One for each way in which the name may be read."""
    letters = "".join(_initial(character) for character in name[:_LONGEST])
    surname = _SURNAMES.get(name[:1])
    return tuple(dict.fromkeys(filter(None, (letters, surname and surname + letters[1:]))))


def as_initials(text: str) -> str | None:
    """A text as initials to look for; None for what is no such thing."""
    written = unicodedata.normalize("NFKC", text).strip().upper()
    return written if written.isascii() and written.isalpha() else None


@lru_cache(maxsize=16_384)
def _initial(character: str) -> str:
    """One letter, or nothing for what has none."""
    plain = unicodedata.normalize("NFKD", lazy_pinyin(character, style=Style.FIRST_LETTER)[0])[:1].upper()
    return plain if plain.isascii() and plain.isalpha() else ""
