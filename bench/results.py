"""What a benchmark found, as lines, as JSON and as `RESULTS.md`."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Bar:
    """What a ratio has to keep to."""

    limit: float
    is_floor: bool = False

    def holds(self, ratio: float) -> bool:
        return ratio >= self.limit if self.is_floor else ratio <= self.limit

    def __str__(self) -> str:
        return f"{'at least' if self.is_floor else 'at most'} {self.limit:g}"


@dataclass(frozen=True)
class Result:
    """One figure. Its name is `benchmark/what/store`, or without the store where there is none.

    Without a bar it is shown for information. `ratio` is value by comparison, or the other way round where the bar
    is a floor ("so many times faster").
    """

    name: str
    value: float
    unit: str
    compared_with: str = ""
    ratio: float | None = None
    bar: Bar | None = None

    @property
    def holds(self) -> bool | None:
        return None if self.bar is None or self.ratio is None else self.bar.holds(self.ratio)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value": round(self.value, 4),
            "unit": self.unit,
            "compared_with": self.compared_with or None,
            "ratio": None if self.ratio is None else round(self.ratio, 3),
            "bar": None if self.bar is None else str(self.bar),
            "holds": self.holds,
        }

    def __str__(self) -> str:
        return "  ".join(part for part in (f"{self.name:<34}", self.figure, self.verdict) if part)

    @property
    def figure(self) -> str:
        text = f"{_number(self.value)} {self.unit}"
        if self.ratio is None:
            return text
        if self.bar == Bar(0):
            return f"{text}, {self.compared_with}"
        relation = "times faster than" if self.bar and self.bar.is_floor else "x"
        return f"{text} = {self.ratio:.2f} {relation} {self.compared_with}"

    @property
    def verdict(self) -> str:
        return "" if self.bar is None else f"[bar: {self.bar}: {'holds' if self.holds else 'DOES NOT HOLD'}]"


def slower(name: str, seconds: float, than: tuple[str, float], bar: float | None) -> Result:
    """A time as a multiple of another."""
    label, base = than
    compared = f"{label} ({_number(base)} s)"
    return Result(name, seconds, "s", compared, seconds / base, None if bar is None else Bar(bar))


def faster(name: str, seconds: float, than: tuple[str, float], bar: float) -> Result:
    label, base = than
    return Result(name, seconds, "s", f"{label} ({_number(base)} s)", base / seconds, Bar(bar, is_floor=True))


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")


STORES = ("sqlite", "postgresql")


def write_markdown(path: Path, results: Sequence[Result], *, hours: int, seconds: float) -> None:
    held = [result for result in results if result.holds is not None]
    failed = [result for result in held if not result.holds]
    verdict = "All bars hold." if not failed else f"{len(failed)} of {len(held)} bars do not hold."
    lines = [
        "# Results of `make bench`",
        "",
        f"{verdict} {spaced(hours)} hour records; {_machine()}; {date.today()}; {seconds:.0f} s in all.",
        "",
        "Each figure is a time or a size measured in a fresh process, beside what it is compared with in the same run",
        "on the same machine. Without a bar it is for information. [README.md](README.md) says what is measured.",
        "",
        "| figure | SQLite | PostgreSQL | bar | holds |",
        "|---|---|---|---|---|",
        *_rows(results),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _rows(results: Iterable[Result]) -> list[str]:
    by_figure: dict[str, dict[str, Result]] = {}
    for result in results:
        figure, _, store = result.name.rpartition("/")
        if store not in STORES:
            figure, store = result.name, STORES[0]
        by_figure.setdefault(figure, {})[store] = result
    return [_row(figure, by_store) for figure, by_store in by_figure.items()]


def _row(figure: str, by_store: dict[str, Result]) -> str:
    cells = [by_store[store].figure if store in by_store else "" for store in STORES]
    bars = dict.fromkeys(str(result.bar) for result in by_store.values() if result.bar)
    verdicts = ["yes" if result.holds else "**no**" for result in by_store.values() if result.holds is not None]
    # In the order of the stores, and once where they agree.
    verdict = ", ".join(verdicts if len(set(verdicts)) > 1 else verdicts[:1])
    return f"| {figure} | {' | '.join(cells)} | {', '.join(bars)} | {verdict} |"


def _machine() -> str:
    return (
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()},"
        f" SQLite {sqlite3.sqlite_version}"
    )
