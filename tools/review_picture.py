"""Draw `docs/review.svg`, the full screen in Chinese, with invented people: `python -m tools.review_picture`."""

from __future__ import annotations

import asyncio
import tempfile
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Final

from tests.integration.reconcile.registry import CHEN, NOW, Registry
from textual.strip import Strip

from national_sync import i18n
from national_sync.cli.review.app import Review
from national_sync.cli.review.docket import Docket
from national_sync.policy import Policy
from national_sync.prose.layout import width
from national_sync.reconcile.search import Filter
from national_sync.sealing import Sealer, SealingKey
from national_sync.store.database import Database
from national_sync.store.schema import create_or_upgrade

PICTURE: Final = Path(__file__).parents[1] / "docs" / "review.svg"
_CELL, _LINE, _MARGIN = 9, 20, 12
_DARK, _LIGHT = "#1e1e1e", "#dcdcdc"
_FONTS: Final = "Noto Sans Mono CJK SC, Sarasa Mono SC, Consolas, Menlo, DejaVu Sans Mono, Microsoft YaHei, monospace"
_CLASHES: Final = (
    ("茶城大道 12 号", "茶城大道", "530802"),
    ("宁洱镇民主社区", "宁洱镇", "530821"),
    ("双胞路", "双胞路 3 号", "530822"),
    ("景东县锦屏镇", "锦屏镇", "530823"),
    ("勐朗镇", "勐朗镇竹塘社区", "530828"),
    ("娜允镇", "娜允古镇", "530827"),
    ("恩乐镇", "", "530825"),
)


def _runs(strip: Strip) -> list[tuple[int, str, bool]]:
    """Column, text and whether it is reversed; wide characters, narrow ones and blanks in runs of their own."""
    runs: list[tuple[int, str, bool]] = []
    column = 0
    for segment in strip:
        is_reversed = bool(segment.style and segment.style.reverse)
        for _kind, characters in groupby(segment.text, key=lambda one: (one == " ", width(one))):
            text = "".join(characters)
            runs.append((column, text, is_reversed))
            column += width(text)
    return runs


def _svg(lines: list[list[tuple[int, str, bool]]]) -> str:
    """textual's own picture counts a wide character as one column; here each run is as wide as it is on a screen."""
    across, down = 80 * _CELL + 2 * _MARGIN, len(lines) * _LINE + 2 * _MARGIN
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across} {down}" role="img"'
        ' aria-label="national-sync mismatch review">',
        f'<rect width="{across}" height="{down}" rx="6" fill="{_DARK}"/>',
        f'<g font-family="{_FONTS}" font-size="14">',
    ]
    for number, runs in enumerate(lines):
        for column, text, is_reversed in runs:
            left, top, long = _MARGIN + column * _CELL, _MARGIN + number * _LINE, width(text) * _CELL
            if is_reversed:
                drawn.append(f'<rect x="{left}" y="{top}" width="{long}" height="{_LINE}" fill="{_LIGHT}"/>')
            if text.strip():
                colour = _DARK if is_reversed else _LIGHT
                drawn.append(
                    f'<text x="{left}" y="{top + _LINE - 5}" textLength="{long}" lengthAdjust="spacingAndGlyphs"'
                    f' fill="{colour}">{escape(text)}</text>'
                )
    return "\n".join([*drawn, "</g></svg>", ""])


async def _draw(registry: Registry) -> None:
    docket = Docket(registry.database, registry.sealer, lambda _c: CHEN, Filter(), lambda: NOW, Policy().owners)
    app = Review(docket)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("p", "2", "down")
        await pilot.pause(0.3)
        strips = app.screen._compositor.render_strips()
        PICTURE.write_text(_svg([_runs(strip) for strip in strips]), encoding="utf-8")


def main() -> None:
    i18n.use("zh")
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/picture.sqlite")
        create_or_upgrade(database)
        registry = Registry(database, Sealer([SealingKey("k1", bytes(range(32)))]))
        for ours, theirs, county in _CLASHES:
            registry.clash(ours, theirs, service_area_id=county.ljust(18, "0"))
        asyncio.run(_draw(registry))
        database.close()


if __name__ == "__main__":
    main()
