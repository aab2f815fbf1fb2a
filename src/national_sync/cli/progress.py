"""How far a run is, on standard error: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol, TextIO

from national_sync.i18n import N_, _
from national_sync.prose.words import word

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

_SECONDS_BETWEEN_LINES: Final = 10.0
"""A log file needs to show that the night is alive, not every page of it."""

_STEPS: Final[dict[str, str]] = {
    "prepare": N_("Clearing up what the last run left"),
    "observe": N_("Reading the national side"),
    "apply": N_("Comparing and writing here"),
    "push": N_("Sending"),
    "verify": N_("Verifying"),
    "examine": N_("Examining the records"),
}


class Progress(Protocol):
    def step(self, name: str) -> None: ...

    def advance(self, name: str, done: int, total: int | None) -> None: ...


@contextmanager
def shown_progress(stream: TextIO | None = None) -> Iterator[Progress]:
    """Bars with rate and time left on a terminal, a line now and then elsewhere."""
    stream = stream or sys.stderr
    if not stream.isatty():
        yield LineProgress(stream, time.monotonic)
        return
    from rich.console import Console

    with _bars(Console(file=stream)) as bars:
        yield BarProgress(bars)


class LineProgress:
    """A line for each step, and one every ten seconds within it."""

    def __init__(self, stream: TextIO, seconds: Callable[[], float]) -> None:
        self._stream = stream
        self._seconds = seconds
        self._last_line_at = seconds()

    def step(self, name: str) -> None:
        self._write(_step(name))

    def advance(self, name: str, done: int, total: int | None) -> None:
        if self._seconds() - self._last_line_at >= _SECONDS_BETWEEN_LINES:
            amount = f"{done}/{total}" if total else str(done)
            self._write(f"  {_entity(name)} {amount}")

    def _write(self, line: str) -> None:
        self._last_line_at = self._seconds()
        print(line, file=self._stream, flush=True)


class BarProgress:
    """One bar for each entity of the step at work."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def step(self, name: str) -> None:
        self._tasks.clear()
        for task in self._bars.task_ids:
            self._bars.remove_task(task)
        self._bars.console.print(_step(name))

    def advance(self, name: str, done: int, total: int | None) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(_entity(name), total=total)
        self._bars.update(self._tasks[name], completed=done, total=total)


def _step(name: str) -> str:
    return _(_STEPS[name]) if name in _STEPS else name


def _entity(name: str) -> str:
    """The engine names its steps `step_entity`, as in observe_hour_record."""
    return word(name.partition("_")[2])


def _bars(console: Any) -> Bars:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class RateColumn(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(_(N_("{rate}/s"), rate=f"{task.finished_speed or task.speed or 0:,.0f}"))

    return Progress(
        TextColumn("  {task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        RateColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
