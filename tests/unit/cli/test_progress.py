"""Progress: a line now and then where nobody watches, bars on a terminal."""

from __future__ import annotations

import io

from national_sync import i18n
from national_sync.cli.progress import LineProgress, shown_progress


class Seconds:
    """A stopwatch that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class TerminalStream(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_for_each_step_and_one_every_ten_seconds() -> None:
    i18n.use("en")
    stream, seconds = io.StringIO(), Seconds()
    progress = LineProgress(stream, seconds)
    progress.step("observe")
    for page in range(1, 31):
        seconds.now += 1
        progress.advance("observe_hour_record", page * 500, 20_000)
    assert stream.getvalue().splitlines() == [
        "Reading the national side",
        "  hour record 5000/20000",
        "  hour record 10000/20000",
        "  hour record 15000/20000",
    ]


def test_an_unknown_total_is_left_out() -> None:
    stream, seconds = io.StringIO(), Seconds()
    progress = LineProgress(stream, seconds)
    seconds.now = 11
    progress.advance("apply_team", 7, None)
    assert stream.getvalue() == "  队伍 7\n"


def test_a_terminal_sees_bars() -> None:
    stream = TerminalStream()
    with shown_progress(stream) as progress:
        progress.step("observe")
        progress.advance("observe_team", 1, 4)
        progress.advance("observe_team", 4, 4)
        progress.step("push")
    told = stream.getvalue()
    assert "读取全国系统" in told
    assert "上报" in told
