"""The first signal asks, the second one ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from national_sync.clock import InterruptibleClock
from national_sync.errors import StopRequested
from national_sync.stopping import StopFlag, stopping_on_signals

_STUBBORN = """
import time
from national_sync.stopping import StopFlag, stopping_on_signals
with stopping_on_signals(StopFlag(), notice=lambda: print("asked", flush=True)):
    print("ready", flush=True)
    while True:
        time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_sets_the_flag_and_says_so_once(number: signal.Signals) -> None:
    flag, notices = StopFlag(), []
    with stopping_on_signals(flag, notice=lambda: notices.append(1)):
        assert not flag()
        os.kill(os.getpid(), number)
        assert flag.wait(5)
    assert notices == [1]


def test_the_usual_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stopping_on_signals(StopFlag()):
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_second_signal_ends_the_process_at_once() -> None:
    process = subprocess.Popen([sys.executable, "-c", _STUBBORN], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for word in ("ready", "asked"):
        assert process.stdout.readline().strip() == word
        process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 128 + signal.SIGTERM
    process.stdout.close()


class _Steps:
    """A clock that counts what it was asked to wait."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    def now(self) -> float:
        return sum(self.waited)

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)


def test_a_wait_that_nobody_ends_takes_its_time() -> None:
    clock = _Steps()
    InterruptibleClock(clock, lambda: False).wait(1.5)
    assert clock.now() == pytest.approx(1.5)


def test_a_wish_to_stop_ends_a_long_wait_at_once() -> None:
    clock = _Steps()
    with pytest.raises(StopRequested):
        InterruptibleClock(clock, lambda: clock.now() > 3).wait(600)
    assert clock.now() < 3.5
