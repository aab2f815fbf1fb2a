"""Text in columns, where a Chinese character takes two: wrapping, cutting, tables."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

SCREEN_WIDTH: Final = 80
_GAP: Final = "  "
_NARROWEST_COLUMN: Final = 6
_NO_LINE_START: Final = "，。；：、）》」？！,.;:)]"


def readable(text: str) -> str:
    """Without characters that would steer the terminal or turn the writing round: other programs may have written any
    into the mirror. Line ends and every kind of space stay."""
    return "".join(character if _is_readable(character) else "?" for character in text)


def _is_readable(character: str) -> bool:
    return character.isprintable() or character == "\n" or unicodedata.category(character) == "Zs"


def width(text: str) -> int:
    """Columns on a screen."""
    return sum(_width_of(character) for character in text)


def padded(text: str, columns: int) -> str:
    return text + " " * (columns - width(text))


def cut(text: str, columns: int) -> str:
    """At most this many columns, ending in … where something was cut away."""
    if width(text) <= columns:
        return text
    kept = ""
    for character in text:
        if width(kept + character) > columns - 1:
            break
        kept += character
    return kept + "…"


def wrapped(text: str, columns: int) -> list[str]:
    """Lines of at most this many columns: broken at spaces, and between Chinese characters anywhere."""
    lines = [""]
    for piece in _pieces(text):
        if width(lines[-1]) + width(piece.rstrip()) <= columns or piece in _NO_LINE_START:
            lines[-1] += piece
        else:
            lines.append(piece.lstrip())
    return [line.rstrip() for line in lines]


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, columns: int = SCREEN_WIDTH) -> str:
    """Aligned columns under their headings, numbers to the right; the widest texts are cut until a row fits, numbers
    never are."""
    given = [list(row) for row in rows]
    cells = [[" ".join(str(cell).split()) for cell in row] for row in given]
    right = [
        bool(column) and all(isinstance(cell, int | float) for cell in column) for column in zip(*given, strict=True)
    ]
    right = right or [False] * len(headings)
    widths = _fitted([max(map(width, column)) for column in zip(headings, *cells, strict=True)], right, columns)
    ruled = [list(headings), ["-" * columns for columns in widths], *cells]
    return "\n".join(_line(row, widths, right) for row in ruled)


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    return _GAP.join(
        _cell(cut(cell, space), space, to_right) for cell, space, to_right in zip(cells, widths, right, strict=True)
    ).rstrip()


def _cell(text: str, columns: int, to_right: bool) -> str:
    return " " * (columns - width(text)) + text if to_right else padded(text, columns)


def _fitted(widths: list[int], are_numbers: Sequence[bool], columns: int) -> list[int]:
    too_much = sum(widths) + len(_GAP) * (len(widths) - 1) - columns
    texts = [position for position, is_number in enumerate(are_numbers) if not is_number]
    while too_much > 0 and texts:
        widest = max(texts, key=widths.__getitem__)
        if widths[widest] <= _NARROWEST_COLUMN:
            break
        widths[widest] -= 1
        too_much -= 1
    return widths


def _width_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _pieces(text: str) -> Iterable[str]:
    """Words with the spaces behind them, and wide characters one by one."""
    word = ""
    for character in text:
        if _width_of(character) == 2:
            if word:
                yield word
                word = ""
            yield character
        elif character == " ":
            yield word + character
            word = ""
        else:
            word += character
    if word:
        yield word
