"""Forms as PDF: `pdf("star_certificate", {...})`.

A template is a typst file in `templates/`; it reads its data as JSON, never as source text, so that no name can become
a command. The font comes with the program and system fonts are ignored, so the same data gives the same bytes anywhere.
typst prints nothing where the font lacks a character; so that no name is printed with a hole, characters are checked
before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import typst

from national_sync.errors import GlyphMissing

_TEMPLATES: Final = Path(__file__).with_name("templates")
_MOST_NAMED: Final = 20


def pdf(template: str, data: Mapping[str, Any]) -> bytes:
    """The form filled with the data. Raises GlyphMissing."""
    document = _compiled(template, data, "pdf")
    assert isinstance(document, bytes)
    return document


def pictures(template: str, data: Mapping[str, Any], *, dots_per_inch: int = 70) -> list[bytes]:
    """The same form as PNG, a picture a page, for looking at it."""
    pages = _compiled(template, data, "png", dots_per_inch)
    return pages if isinstance(pages, list) else [pages]


def check_glyphs(data: Any) -> None:
    """Raises GlyphMissing with the characters that the font for printing lacks."""
    lacking = sorted({*"".join(_texts(data))} - _printable())
    if lacking:
        named = [f"{character} (U+{ord(character):04X})" for character in lacking[:_MOST_NAMED]]
        raise GlyphMissing(characters=", ".join(named))


def _compiled(template: str, data: Mapping[str, Any], form: Any, dots_per_inch: int = 0) -> bytes | list[bytes]:
    check_glyphs(data)
    made = typst.compile(
        str(_TEMPLATES / f"{template}.typ"),
        root=str(_TEMPLATES),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        format=form,
        ppi=dots_per_inch or None,
        timestamp=0,
    )
    assert made is not None
    return made


def _texts(data: Any) -> Iterator[str]:
    match data:
        case str():
            # Drawings are long, and the font has all of ASCII.
            if not (data.isascii() and data.isprintable()):
                yield data
        case Mapping():
            for value in data.values():
                yield from _texts(value)
        case list() | tuple():
            for value in data:
                yield from _texts(value)


@cache
def _fonts() -> typst.Fonts:
    import pylopdf_fonts_zh_cn

    folder = pylopdf_fonts_zh_cn.serif_path().parent
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


@cache
def _printable() -> frozenset[str]:
    """The characters of the font that all forms are set in."""
    import pylopdf_fonts_zh_cn
    from fontTools.ttLib import TTFont

    with TTFont(pylopdf_fonts_zh_cn.serif_path(), lazy=True) as font:
        return frozenset({*map(chr, font.getBestCmap()), "\n"})
