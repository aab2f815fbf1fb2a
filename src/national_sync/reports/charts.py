"""Where the bars of a chart stand: pure geometry, which the page's template draws as SVG.

Units are those of the viewBox. A chart is a column for each night, with what grew above its zero line and what shrank
below it, each made of stacked pieces.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

WIDTH: Final = 720
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 8, 18, 26
_GAP: Final = 4
_OUTLIER: Final = 5
"""A column this many times as high as the next one is cut off: a first load must not flatten all later nights."""
_MOST_OUTLIERS: Final = 3
_LABELS_EVERY: Final = 5


@dataclass(frozen=True)
class Column:
    """One night's values by series, above and below the zero line."""

    label: str
    above: Mapping[str, int]
    below: Mapping[str, int] = field(default_factory=dict)
    is_failed: bool = False


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    series: str
    title: str


@dataclass(frozen=True)
class Mark:
    """A word at a place."""

    x: float
    y: float
    text: str
    is_minor: bool = False
    """Left out where there is little room."""


@dataclass(frozen=True)
class Cut(Mark):
    """The number of a column that is higher than the chart, and where the column is broken."""

    notch: float = 0.0


@dataclass(frozen=True)
class Chart:
    height: float
    plot_left: float
    plot_right: float
    zero: float
    bars: tuple[Bar, ...]
    cuts: tuple[Cut, ...]
    ticks: tuple[Mark, ...]
    labels: tuple[Mark, ...]
    failed: tuple[Mark, ...]
    limit: float | None
    """The height of a line across, such as the day's quota."""


def chart(columns: Sequence[Column], *, plot_height: float = 130, limit: int | None = None) -> Chart:
    """With a `limit` that is in sight, a line at it."""
    up, down = _ceiling(_sums(columns, "above")), _ceiling(_sums(columns, "below"))
    if limit is not None and limit <= 2 * up:
        up = max(up, _rounded_up(limit))
    if down:
        up = down = max(up, down)
    up = up or _rounded_up(1)
    scale = plot_height / (up + down)
    zero = _TOP + up * scale
    step = (WIDTH - _LEFT - _RIGHT) / max(len(columns), 1)
    places = [(_LEFT + step * position, column) for position, column in enumerate(columns)]
    bottom = _TOP + plot_height
    return Chart(
        height=bottom + _BOTTOM,
        plot_left=_LEFT,
        plot_right=WIDTH - _RIGHT,
        zero=_rounded(zero),
        bars=tuple(bar for x, column in places for bar in _bars(x, column, step - _GAP, zero, scale, up, down)),
        cuts=tuple(mark for x, column in places for mark in _cuts(x + step / 2, column, bottom, up, down)),
        ticks=tuple(_ticks(up, down, zero, scale)),
        labels=tuple(_labels(places, step, bottom + 18)),
        failed=tuple(Mark(_rounded(x + step / 2), _rounded(zero), "×") for x, column in places if column.is_failed),
        limit=_rounded(zero - limit * scale) if limit is not None and limit <= up else None,
    )


def _bars(x: float, column: Column, width: float, zero: float, scale: float, up: float, down: float) -> Iterable[Bar]:
    """The pieces of a column from the zero line outwards, cut where the chart ends."""
    for pieces, room, is_above in ((column.above, up, True), (column.below, down, False)):
        start = 0.0
        for series, value in pieces.items():
            end = min(start + value, room)
            if end > start:
                height = (end - start) * scale
                y = zero - end * scale if is_above else zero + start * scale
                title = f"{column.label}: {value:,}"
                yield Bar(_rounded(x + _GAP / 2), _rounded(y), _rounded(width), _rounded(height), series, title)
            start = end


def _cuts(middle: float, column: Column, bottom: float, up: float, down: float) -> Iterable[Cut]:
    above, below = sum(column.above.values()), sum(column.below.values())
    if above > up:
        yield Cut(_rounded(middle), _TOP - 5, f"{above:,}", notch=_TOP + 10)
    if below > down:
        yield Cut(_rounded(middle), _rounded(bottom + 3), f"{below:,}", notch=_rounded(bottom - 16))


def _ticks(up: float, down: float, zero: float, scale: float) -> Iterable[Mark]:
    """At the zero line and at each end; in the middle too where there is only one half."""
    heights = [0, up, -down] if down else [0, up / 2, up]
    for value in sorted(set(heights)):
        yield Mark(_LEFT - 6, _rounded(zero - value * scale), _short(abs(value)))


def _labels(places: Sequence[tuple[float, Column]], step: float, y: float) -> Iterable[Mark]:
    last = len(places) - 1
    for position, (x, column) in enumerate(places):
        if (last - position) % _LABELS_EVERY == 0:
            is_minor = (last - position) % (2 * _LABELS_EVERY) != 0
            yield Mark(_rounded(x + step / 2), y, column.label, is_minor)


def _sums(columns: Sequence[Column], side: str) -> list[int]:
    return [sum(getattr(column, side).values()) for column in columns]


def _ceiling(values: Sequence[int]) -> float:
    """The round number up to which the chart goes: the highest value, but for outliers."""
    ordered = sorted(values, reverse=True)
    for higher, next_one in pairwise(ordered[: _MOST_OUTLIERS + 1]):
        if next_one and higher > _OUTLIER * next_one:
            return _ceiling(ordered[ordered.index(next_one) :])
    return _rounded_up(ordered[0]) if ordered and ordered[0] else 0


def _rounded_up(value: float) -> float:
    """The next of 2, 4, 6, 8, 10, 20, 30, 40, 50, 60, 80, 100 …: half of it is a whole number too."""
    power = 1
    while power * 10 < value:
        power *= 10
    leading = (2, 4, 6, 8, 10) if power == 1 else (2, 3, 4, 5, 6, 8, 10)
    return next(power * number for number in leading if power * number >= value)


def _short(value: float) -> str:
    return f"{value / 1000:,.0f}k" if value >= 10_000 and value % 1000 == 0 else f"{value:,.0f}"


def _rounded(value: float) -> float:
    """A tenth of a unit cannot be seen, and keeps the page small."""
    return round(value, 1)
