"""The daemon as a process: real settings, a real engine, a real national side over a socket, real signals.

Its schedule lies twelve hours ahead, so that only the night that is owed when it starts is done.
"""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from tests.office import PROGRAM, Office
from tests.postgres import PostgresServer

from national_sync import audit
from national_sync.bootstrap import Bootstrap
from national_sync.clock import PUER_TIME
from national_sync.daemon import GRACE_SPENT_EXIT_CODE, daemon_of
from national_sync.stopping import StopFlag
from national_sync.sync.invariants import broken_invariants
from national_sync.sync.push import WINDOW_CALLS
from national_sync_mocks.nvsi_server.process import MockServer

BOUND_SECONDS = 60.0
"""How long anything may take on a busy machine before a test gives it up."""
EDITS = 6
"""More than go out before a wish to stop is looked for (`sync.push.WINDOW_CALLS`)."""
_SKILLS_ON_THE_WIRE = "albp0039"
_numbers = itertools.count(1)


def schedule(*, grace_seconds: int = 30) -> str:
    night = datetime.now(PUER_TIME) + timedelta(hours=12)
    return (
        "concurrency = 1\n"
        f'\n[schedule]\nnightly = "{night:%H:%M}"\nlight = false\ngrace_seconds = {grace_seconds}\n'
        '\n[log]\nlevel = "debug"\n'
    )


@pytest.fixture(scope="module")
def national() -> Iterator[MockServer]:
    with MockServer(seed=12, volunteers=12, teams=2, projects=3, hours=20) as mock:
        mock.admin.set_capabilities(totalsRefresh="never", asyncResults=False, batchWrite=False)
        mock.admin.snapshot("start")
        yield mock


@pytest.fixture
def _quiet_log() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.fixture
def office(national: MockServer, tmp_path: Path, _quiet_log: None) -> Office:
    """Mirrored by hand, with edits that wait to go out; no night has been done yet."""
    return mirrored(Office.furnished(tmp_path / "office", national, more=schedule()))


@pytest.fixture(params=["sqlite", "postgresql"])
def either_office(
    request: pytest.FixtureRequest, national: MockServer, tmp_path: Path, _quiet_log: None
) -> Iterator[Office]:
    """The same on each store."""
    if request.param == "sqlite":
        yield mirrored(Office.furnished(tmp_path / "office", national, more=schedule()))
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.new_database(f"daemon_{next(_numbers)}") as url:
        yield mirrored(Office.furnished(tmp_path / "office", national, more=schedule(), database_url=url))


def mirrored(office: Office) -> Office:
    office.mock.admin.restore("start")
    office.mock.admin.set_faults([])
    first = office.national_sync("sync", "run")
    assert first.exit_code == 0, first.out + first.err
    office.sql("UPDATE volunteer SET skills = '02,03' WHERE id <= ?", EDITS)
    office.mock.admin.clear_calls()
    return office


class Daemon:
    """`national-sync daemon` at work in an office, and its log."""

    def __init__(self, office: Office) -> None:
        command = [str(PROGRAM), "--config", str(office.settings_file), "daemon"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8", cwd=office.folder)
        self.told: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr
        self.told.extend(iter(self.process.stderr.readline, ""))

    @property
    def events(self) -> list[str]:
        return [json.loads(line)["event"] for line in list(self.told) if line.startswith("{")]

    def wait_for(self, *events: str) -> str:
        """Until it has logged one of these."""
        return wait_until(lambda: next((each for each in events if each in self.events), None), self._story)

    def wait_for_words(self, words: str) -> None:
        wait_until(lambda: any(words in line for line in self.told) or None, self._story)

    def signal(self, number: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    def ended(self) -> int:
        """Its exit code, once it has ended."""
        code = self.process.wait(BOUND_SECONDS)
        self._reader.join(BOUND_SECONDS)
        return code

    def _story(self) -> str:
        return "".join(self.told)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.ended()
        assert self.process.stderr
        self.process.stderr.close()


@contextmanager
def daemon(office: Office) -> Iterator[Daemon]:
    started = Daemon(office)
    try:
        yield started
    finally:
        started.close()


def wait_until(found: Callable[[], Any], story: Callable[[], str] = str) -> Any:
    """What `found` finds, as soon as it is not None."""
    last = time.monotonic() + BOUND_SECONDS
    while (thing := found()) is None:
        assert time.monotonic() < last, f"nothing came of it\n{story()}"
        time.sleep(0.02)
    return thing


def wait_for_call(office: Office, action: str, *, times: int = 1) -> None:
    """Until a call has come in so often; a call whose answer is delayed has come in already."""
    wait_until(lambda: [call["action"] for call in office.mock.admin.calls()].count(action) >= times or None)


def runs(office: Office) -> list[tuple[Any, ...]]:
    return office.sql("SELECT kind, state, slot IS NOT NULL FROM run ORDER BY id")


def assert_all_is_well(office: Office) -> None:
    """Nothing is half done, what could have gone out went out once, and the audit says so up to the head reported."""
    with office.database() as database, database.read() as connection:
        assert broken_invariants(connection) == []
        assert audit.verify(connection).fault is None
        head = str(audit.head_of(connection))
    [(report,)] = office.sql("SELECT report FROM run WHERE state = 'finished' ORDER BY id DESC LIMIT 1")
    assert json.loads(report)["audit_head"] == head
    assert office.sql("SELECT state FROM operation WHERE state NOT IN ('done', 'failed')") == []
    assert office.sql("SELECT * FROM local_change") == []
    assert office.mock.admin.call_counts()["writes"] == EDITS
    there = [office.mock.admin.record("volunteer", each) for (each,) in edited(office)]
    assert [record and record[_SKILLS_ON_THE_WIRE] for record in there] == ["02,03"] * EDITS


def edited(office: Office) -> list[tuple[Any, ...]]:
    return office.sql("SELECT national_id FROM volunteer WHERE id <= ?", EDITS)


def slow(office: Office, seconds: float, path: str = "*", **match: Any) -> None:
    office.mock.admin.set_faults(
        [{"fault": "latency", "match": {"path": path, **match}, "parameters": {"seconds": seconds}}]
    )


def let_the_second_write_hang(office: Office) -> None:
    """Its answer comes too late for anybody. What may be lost then is looked up without waiting for it to settle."""
    (office.folder / "policy.toml").write_text("[windows]\nsettle_seconds = 0\n", encoding="utf-8")
    slow(office, 30, "*/update", nth=2)


# Nights


def test_a_missed_night_is_made_good_once(office: Office) -> None:
    for expected in ("run_ended", "night_is_done"):
        with daemon(office) as started:
            assert started.wait_for("run_ended", "night_is_done") == expected
            started.signal()
            assert started.ended() == 0
    assert runs(office) == [("manual", "finished", False), ("nightly", "finished", True)]
    assert_all_is_well(office)


def test_several_missed_nights_are_one(office: Office) -> None:
    """With the clock passed in: three nights at which the machine was off."""

    @dataclass
    class Wall:
        seconds: float

        def now(self) -> float:
            return self.seconds

        def wait(self, seconds: float) -> None:
            self.seconds += seconds

    bootstrap = Bootstrap.from_file(office.settings_file, {})
    office.mock.admin.set_clock(frozen=True)
    clock = bootstrap.clock = Wall(office.mock.admin.clock()["now"] / 1000)
    for days in (0, 4, 0):
        office.mock.admin.set_clock(advance=days * 86_400)
        clock.seconds += days * 86_400
        daemon_of(bootstrap, StopFlag()).work_nightly()
    nights = [slot for (slot,) in office.sql("SELECT slot FROM run WHERE kind = 'nightly' ORDER BY id")]
    first, last = (datetime.fromisoformat(slot.removeprefix("nightly ")) for slot in nights)
    assert last - first == timedelta(days=4)
    assert_all_is_well(office)


def test_two_daemons_on_one_database_do_the_night_once(either_office: Office) -> None:
    office = either_office
    slow(office, 0.15)
    with daemon(office) as one, daemon(office) as other:
        both = [each.wait_for("run_ended", "run_left_to_another", "night_is_done") for each in (one, other)]
        for each in (one, other):
            each.signal()
        assert [each.ended() for each in (one, other)] == [0, 0]
    assert both.count("run_ended") == 1
    assert runs(office) == [("manual", "finished", False), ("nightly", "finished", True)]
    counts = office.mock.admin.call_counts()["counts"]
    assert (counts["/token"], counts["/volunteer/update"]) == (1, EDITS)
    assert_all_is_well(office)


# Signals


@pytest.mark.parametrize(("action", "sent"), [("list", 0), ("update", WINDOW_CALLS), ("totals", EDITS)])
def test_a_daemon_that_is_told_to_stop_ends_between_two_steps(either_office: Office, action: str, sent: int) -> None:
    office = either_office
    slow(office, 0.4, f"*/{action}")
    with daemon(office) as started:
        wait_for_call(office, action)
        started.signal()
        assert started.ended() == 0
    with office.database() as database, database.read() as connection:
        assert broken_invariants(connection) == []
    assert office.mock.admin.call_counts()["writes"] == sent
    assert office.sql("SELECT COUNT(*) FROM local_change") == [(EDITS - sent,)]
    assert office.sql("SELECT state FROM operation WHERE state NOT IN ('planned', 'done')") == []
    assert runs(office)[1:] == [("nightly", "failed", False)]
    slow(office, 0)
    with daemon(office) as started:
        started.wait_for("run_ended", "night_is_done")
        started.signal()
        assert started.ended() == 0
    assert_all_is_well(office)


def test_a_call_that_hangs_is_not_waited_for_beyond_the_grace_time(office: Office) -> None:
    office.write_settings(more=schedule(grace_seconds=1))
    let_the_second_write_hang(office)
    with daemon(office) as started:
        wait_for_call(office, "update", times=2)
        began = time.monotonic()
        started.signal()
        assert started.ended() == GRACE_SPENT_EXIT_CODE
        assert time.monotonic() - began < 20
        assert "daemon_grace_spent" in started.events
    assert_the_next_daemon_does_the_rest(office)


def test_a_second_signal_stops_at_once(office: Office) -> None:
    let_the_second_write_hang(office)
    with daemon(office) as started:
        wait_for_call(office, "update", times=2)
        began = time.monotonic()
        started.signal()
        started.wait_for_words("再按一次")
        started.signal()
        assert started.ended() == 128 + signal.SIGTERM
        assert time.monotonic() - began < 20
    assert_the_next_daemon_does_the_rest(office)


def assert_the_next_daemon_does_the_rest(office: Office) -> None:
    slow(office, 0)
    with daemon(office) as started:
        assert started.wait_for("run_ended", "run_left_to_another") == "run_ended"
        started.signal()
        assert started.ended() == 0
    assert runs(office)[1:] == [("nightly", "interrupted", False), ("nightly", "finished", True)]
    assert_all_is_well(office)
