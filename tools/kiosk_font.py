"""Cut the kiosk's font out of the bundled Chinese one: `python -m tools.kiosk_font`. Needs the package brotli.

Two files: what the page itself says, which every first screen loads; and the common Chinese characters besides (GB 2312,
first level), which a browser fetches when a name or an offer has one of them. Rarer ones fall to the system's font.
"""

from __future__ import annotations

from pathlib import Path

import pylopdf_fonts_zh_cn
from fontTools import subset

from national_sync import errors
from national_sync.exchange import outcomes, statement
from national_sync.i18n import translated
from national_sync.web import verifying, wording

ASSETS = Path(wording.__file__).with_name("assets")
_ALWAYS = "".join(chr(code) for code in range(0x20, 0x7F)) + "，。、；：？！“”（）《》·—…−＊￥☆★"


def page_characters() -> set[str]:
    """Everything that the page says of its own accord, in Chinese."""
    refusals = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.KioskRefused)
    ]
    texts = [
        *wording.WORDS.values(), *outcomes.SENTENCES.values(), *statement.SENTENCES.values(),
        *verifying.SENTENCES.values(), *verifying.KINDS.values(),
        *(kind.__doc__ or "" for kind in refusals), *(kind.hint for kind in refusals),
    ]  # fmt: skip
    return set(_ALWAYS).union(*(translated(text, "zh") for text in texts), "ABCDEFGHJKLMNPQRSTUVWXYZ")


def common_characters() -> set[str]:
    """GB 2312, first level: rows 16 to 55."""
    codes = (bytes((row, cell)) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF))
    return {code.decode("gb2312", "ignore") for code in codes} - {""}


def write(name: str, characters: set[str]) -> None:
    options = subset.Options(flavor="woff2", layout_features=["kern", "palt"], hinting=False, desubroutinize=True)
    font = subset.load_font(str(pylopdf_fonts_zh_cn.sans_path()), options)
    cutter = subset.Subsetter(options)
    cutter.populate(text="".join(sorted(characters)))
    cutter.subset(font)
    subset.save_font(font, str(ASSETS / name), options)


if __name__ == "__main__":
    of_the_page = page_characters()
    write("kiosk-sans.woff2", of_the_page)
    write("kiosk-sans-more.woff2", common_characters() - of_the_page)
