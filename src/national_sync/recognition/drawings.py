"""Small drawings as SVG text, and the page around them. No script, no address, nothing to fetch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from national_sync.divisions import COUNTIES

_TILES: Final = {
    "530825": (2, 0),
    "530823": (3, 0),
    "530824": (1, 1),
    "530821": (2, 1),
    "530822": (3, 1),
    "530828": (0, 2),
    "530802": (1, 2),
    "530826": (2, 2),
    "530829": (0, 3),
    "530827": (1, 3),
}
"""Column and row of each county: a tile a county, roughly where it lies."""
_TILE: Final = 96
_GAP: Final = 6
_SHADES: Final = ((50, "#f3d9b8"), (80, "#d8e3b0"), (95, "#a9cf9b"), (float("inf"), "#6fb182"))
_UNKNOWN_SHADE: Final = "#e6e6e6"
_COLOURS: Final = ("#7a9cc0", "#d08a3e", "#6fb182", "#9a78b5", "#b9b04a")
_CHART_WIDTH: Final = 720
_CHART_HEIGHT: Final = 150
_CHART_TOP: Final = 28
_BAR_HEIGHT: Final = 22
_LABEL_WIDTH: Final = 64
_PLOT_WIDTH: Final = 520


def tile_map(percents: Mapping[str, float | None]) -> str:
    """The ten counties as tiles, shaded and labelled with their percentage; an unknown one is grey and says so."""
    tiles = "".join(_tile(county, percents.get(county)) for county in _TILES)
    size = 4 * (_TILE + _GAP)
    return (
        f"<svg class='map' viewBox='0 0 {size} {size}' width='{size}' height='{size}' role='img'"
        f" aria-label='各县（区）注册率分布图'>{tiles}</svg>"
    )


def _tile(county: str, percent: float | None) -> str:
    column, row = _TILES[county]
    x, y = column * (_TILE + _GAP), row * (_TILE + _GAP)
    shade = _UNKNOWN_SHADE if percent is None else next(shade for limit, shade in _SHADES if percent < limit)
    value = "未知" if percent is None else f"{percent:g}%"
    middle = x + _TILE / 2
    return (
        f"<g><title>{escape(COUNTIES[county])} {value}</title>"
        f"<rect x='{x}' y='{y}' width='{_TILE}' height='{_TILE}' rx='6' fill='{shade}'/>"
        f"<text x='{middle:g}' y='{y + 42}' class='place'>{escape(COUNTIES[county][:2])}</text>"
        f"<text x='{middle:g}' y='{y + 66}' class='value'>{value}</text></g>"
    )


def bars(values: Sequence[tuple[str, float | None]]) -> str:
    """Horizontal bars with their figures; an unknown one has no bar and says so."""
    most = max((value for _label, value in values if value), default=0) or 1
    height = len(values) * (_BAR_HEIGHT + _GAP)
    width = _LABEL_WIDTH + _PLOT_WIDTH + 90
    lines = "".join(_bar(number, label, value, most) for number, (label, value) in enumerate(values))
    return f"<svg viewBox='0 0 {width} {height}' width='{width}' height='{height}' role='img' aria-label='柱状图'>{lines}</svg>"


def _bar(number: int, label: str, value: float | None, most: float) -> str:
    y = number * (_BAR_HEIGHT + _GAP)
    length = _PLOT_WIDTH * (value or 0) / most
    words = "未知" if value is None else f"{value:.2f}"
    return (
        f"<text x='0' y='{y + 16}'>{escape(label)}</text>"
        f"<rect x='{_LABEL_WIDTH}' y='{y}' width='{length:.1f}' height='{_BAR_HEIGHT}' fill='#7a9cc0'/>"
        f"<text x='{_LABEL_WIDTH + length + 6:.1f}' y='{y + 16}' class='figure'>{words}</text>"
    )


def columns(labels: Sequence[str], series: Mapping[str, Sequence[float | None]]) -> str:
    """A group of columns at each label, one a series; what is not known has no column. A legend stands above."""
    most = max((value for values in series.values() for value in values if value), default=0) or 1
    group = _CHART_WIDTH / len(labels)
    width = (group - 2 * _GAP) / max(1, len(series))
    drawn = "".join(
        _column(
            place * group + _GAP + number * width,
            width,
            value,
            most,
            f"{label} {name}",
            _COLOURS[number % len(_COLOURS)],
        )
        for number, (name, values) in enumerate(series.items())
        for place, (label, value) in enumerate(zip(labels, values, strict=True))
        if value is not None
    )
    legend = "".join(
        f"<rect x='{number * 90}' y='2' width='14' height='14' fill='{_COLOURS[number % len(_COLOURS)]}'/>"
        f"<text x='{number * 90 + 20}' y='14'>{escape(name)}</text>"
        for number, name in enumerate(series)
    )
    marks = "".join(
        f"<text x='{(place + 0.5) * group:.1f}' y='{_CHART_TOP + _CHART_HEIGHT + 18}' class='place'>{escape(label)}</text>"
        for place, label in enumerate(labels)
    )
    height = _CHART_TOP + _CHART_HEIGHT + 26
    highest = f"<text x='{_CHART_WIDTH}' y='14' text-anchor='end'>最高 {most:,.0f}</text>"
    return (
        f"<svg viewBox='0 0 {_CHART_WIDTH} {height}' width='{_CHART_WIDTH}' height='{height}' role='img'"
        f" aria-label='分月柱状图'>{legend}{highest}{drawn}{marks}</svg>"
    )


def _column(x: float, width: float, value: float, most: float, label: str, colour: str) -> str:
    height = _CHART_HEIGHT * value / most
    y = _CHART_TOP + _CHART_HEIGHT - height
    return (
        f"<rect x='{x:.1f}' y='{y:.1f}' width='{width:.1f}' height='{height:.1f}' fill='{colour}'>"
        f"<title>{escape(label)}：{value:,.2f}</title></rect>"
    )


def document(title: str, body: str) -> str:
    return (
        "<!DOCTYPE html>\n<html lang='zh-CN'><head><meta charset='utf-8'/>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'/>"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


_STYLE: Final = """
body{font:15px/1.6 "Noto Sans SC","PingFang SC","Microsoft YaHei",sans-serif;color:#222}
body{max-width:72rem;margin:1.5rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .6rem;border-bottom:1px solid #ccc}
small{font-size:.65em;font-weight:normal;color:#666;margin-left:.8em}
.note{color:#555;margin:.3rem 0 1rem}svg{max-width:100%;height:auto}
svg text{font:14px "Noto Sans SC","PingFang SC","Microsoft YaHei",sans-serif;fill:#222}
.place,.value{text-anchor:middle}.value{font-size:15px;font-weight:bold}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.85rem;margin:.6rem 0}
th,td{border:1px solid #ccc;padding:.25rem .5rem;text-align:left;white-space:nowrap}th{background:#eef2f5}
.number{text-align:right}.missed{color:#9b1c1c;font-weight:bold}.unknown{color:#666;font-style:italic}
@media print{body{max-width:none;margin:0}h2{break-after:avoid}tr{break-inside:avoid}}
"""
