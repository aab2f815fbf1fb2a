"""What others may read over somebody's shoulder: names and numbers with most of them hidden. Pure."""

from __future__ import annotations

from typing import Final

STAR: Final = "＊"
_SHOWN_ENDS: Final = 4


def masked_name(name: str) -> str:
    """The first character and a star for each other one."""
    return name[:1] + STAR * (len(name) - 1)


def masked_number(number: str) -> str:
    """Both ends, four characters each, so that it can be compared with what is printed."""
    if len(number) <= 2 * _SHOWN_ENDS:
        return number[:2] + STAR * max(0, len(number) - 2)
    hidden = len(number) - 2 * _SHOWN_ENDS
    return number[:_SHOWN_ENDS] + STAR * hidden + number[-_SHOWN_ENDS:]
