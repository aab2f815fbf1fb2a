"""A process without threads whose children are runs: warm from the start, and free to be killed at any moment.

It is started by `Nursery`, does the runs of a rehearsal itself so that everything is loaded and compiled, and from then
on forks a child for each run it is asked for. A child passes the failpoints with a hook that counts them, ends the process with
SIGKILL at one of them, or lets something else happen there. What a child has to say comes through a pipe, so that what
it said before it was killed is heard.
"""

from __future__ import annotations

import gc
import os
import pickle
import random
import select
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

from tests.acceptance.both_sides import SEALER, BothSides, Labels
from tests.acceptance.events import Meanwhile, Night

from national_sync import failpoint
from national_sync.errors import NationalSyncError
from national_sync.national.port import Scope
from national_sync.policy import Policy
from national_sync.records import Entity
from national_sync.store.database import Database
from national_sync.store.marks import MarkNotebook
from national_sync.sync.lease import RunMeter, holder_name
from national_sync.sync.run import Engine, RunKind, RunRequest
from national_sync.transfer.advance import Advance
from national_sync_adapters.nvsi.adapter import NvsiAdapter
from national_sync_mocks.nvsi_server.process import AdminClient

ROOT: Final = Path(__file__).parents[2]
LONGEST_RUN_SECONDS: Final = 120.0


@dataclass(frozen=True)
class Sides:
    """Where the two sides are."""

    url: str
    address: str
    app_id: str
    secret: str


@dataclass(frozen=True)
class Order:
    """One run that is wanted; without a night it is the check that both sides agree."""

    night: Night | None
    labels: Labels
    policy: Mapping[str, Any] = field(default_factory=dict)
    kill_at: int | None = None
    """The failpoint, counted from 1, at which the process is killed."""
    meanwhile: tuple[Meanwhile, ...] = ()
    is_rehearsal: bool = False
    """Done by the nursery itself, so that its children find everything loaded and compiled."""


@dataclass
class Ended:
    """How a run ended."""

    report: dict[str, Any] | None = None
    error: str = ""
    """The code of the error it ended with, or the whole traceback of one that is no error of ours."""
    was_killed: bool = False
    passed: list[str] = field(default_factory=list)
    """The failpoints passed, in order."""
    happened: list[int] = field(default_factory=list)
    """Which of the things that were to happen meanwhile did."""
    labels: Labels = field(default_factory=Labels)


class SteeredClock:
    """The mock's clock, which stands still but for waiting."""

    def __init__(self, national: AdminClient) -> None:
        self._national = national
        self.look()

    def look(self) -> None:
        self._now = self._national.clock()["now"] / 1000

    def now(self) -> float:
        return self._now

    def wait(self, seconds: float) -> None:
        self._national.set_clock(advance=seconds)
        self.look()


class Nursery:
    """The process, seen from the tests."""

    def __init__(self, sides: Sides) -> None:
        self._sides = sides

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.acceptance.nursery"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
        self._tell(self._sides)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(LONGEST_RUN_SECONDS)
        self._process.stdout.close()

    def run(self, order: Order) -> Ended:
        self._tell(order)
        ended: Ended = self._heard()
        return ended

    def _tell(self, what: Any) -> None:
        assert self._process.stdin
        pickle.dump(what, self._process.stdin)
        self._process.stdin.flush()

    def _heard(self) -> Any:
        assert self._process.stdout
        return pickle.load(self._process.stdout)


@dataclass
class Parent:
    """The process, seen from inside."""

    sides: Sides
    database: Database

    def rehearse(self, order: Order) -> Ended:
        report = self.one_run(order.night, order.policy, self.database)
        self.database.close()
        gc.collect()
        gc.freeze()
        return Ended(report, labels=order.labels)

    def carry_out(self, order: Order) -> Ended:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            self._be_a_run(order, writing)
        os.close(writing)
        return _overheard(child, reading)

    def _be_a_run(self, order: Order, writing: int) -> None:
        """Never returns."""
        try:
            with os.fdopen(writing, "wb", buffering=0) as pipe:
                self._run(order, pipe)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)

    def _run(self, order: Order, pipe: IO[bytes]) -> None:
        gc.disable()
        random.seed(20260302)
        self.database.engine.dispose(close=False)
        watch = Watch(self, order, lambda said: pickle.dump(said, pipe))
        ended = Ended(labels=order.labels)
        try:
            failpoint.install(watch)
            ended.report = self.one_run(order.night, order.policy, self.database)
        except NationalSyncError as error:
            ended.error = error.code
        except BaseException:
            ended.error = traceback.format_exc()
        failpoint.install(None)
        ended.passed = watch.passed
        pickle.dump(ended, pipe)

    def one_run(self, night: Night | None, policy: Mapping[str, Any], database: Database) -> dict[str, Any]:
        engine = self._engine(night or Night(), SteeredClock(self._national()), policy, database)
        if night is None:
            return engine.verify().to_json()
        request = RunRequest(
            kind=RunKind(night.kind),
            full=night.full,
            entities=tuple(Entity(name) for name in night.entities) or tuple(Entity),
            scope=Scope(**night.scope),
            slot=night.slot,
        )
        return engine.run(request).to_json()

    def _engine(self, night: Night, clock: SteeredClock, policy: Mapping[str, Any], database: Database) -> Engine:
        meter = RunMeter(database, clock, night.calls_per_day)
        usual = {
            "base_url": f"{self.sides.address}/open/v1",
            "app_id": self.sides.app_id,
            "fetch_ahead_pages": 0,
            "concurrency": 1,
            "calls_per_day": night.calls_per_day,
            "quota_block": 50,
            "silence_seconds": 5,
        }
        settings = NvsiAdapter.Settings.model_validate({**usual, **night.adapter})
        national = NvsiAdapter(
            settings, secret=self.sides.secret.encode(), meter=meter, notebook=MarkNotebook(database), clock=clock
        )
        return Engine(
            database=database,
            national=national,
            meter=meter,
            sealer=SEALER,
            policy=Policy.model_validate(policy),
            clock=clock,
            holder=night.holder or holder_name(),
            duty=Advance(Policy.model_validate(policy)),
        )

    def _national(self) -> AdminClient:
        return AdminClient(self.sides.address)


class Watch:
    """Stands at the failpoints of a run."""

    def __init__(self, parent: Parent, order: Order, say: Callable[[Any], None]) -> None:
        self._parent = parent
        self._order = order
        self._say = say
        self._waiting = list(enumerate(order.meanwhile))
        self._is_busy = False
        self.passed: list[str] = []

    def __call__(self, name: str) -> None:
        if self._is_busy:
            return
        self.passed.append(name)
        if len(self.passed) == self._order.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        for number, meanwhile in list(self._waiting):
            if meanwhile.failpoint == name and self._is_time(meanwhile):
                self._waiting.remove((number, meanwhile))
                self._let_happen(number, meanwhile)

    def _is_time(self, meanwhile: Meanwhile) -> bool:
        database = Database(str(self._parent.sides.url))
        try:
            with database.read() as connection:
                return connection.exec_driver_sql(meanwhile.when).first() is not None
        finally:
            database.close()

    def _let_happen(self, number: int, meanwhile: Meanwhile) -> None:
        self._is_busy = True
        database = Database(str(self._parent.sides.url))
        both = BothSides(database, AdminClient(self._parent.sides.address), self._order.labels)
        for event in meanwhile.do:
            if isinstance(event, Night):
                self._run_beside(event, database)
            else:
                both.do(event)
        database.close()
        self._say(number)
        self._is_busy = False

    def _run_beside(self, night: Night, database: Database) -> None:
        """Another daemon on the same database."""
        error = ""
        try:
            self._parent.one_run(night, self._order.policy, database)
        except NationalSyncError as raised:
            error = raised.code
        assert error == (night.raises or ""), f"the other run ended with {error!r}"


def _overheard(child: int, reading: int) -> Ended:
    with os.fdopen(reading, "rb") as pipe:
        if not select.select([pipe], [], [], LONGEST_RUN_SECONDS)[0]:
            os.kill(child, signal.SIGKILL)
        said = _all_said(pipe)
    _, status = os.waitpid(child, 0)
    ended = said.pop() if said and isinstance(said[-1], Ended) else Ended()
    ended.happened = said
    ended.was_killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    return ended


def _all_said(pipe: IO[bytes]) -> list[Any]:
    said = []
    while True:
        try:
            said.append(pickle.load(pipe))
        except EOFError:
            return said


def main() -> None:
    orders, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sides: Sides = pickle.load(orders)
    parent = Parent(sides, Database(sides.url))
    while True:
        try:
            order = pickle.load(orders)
        except EOFError:
            return
        _answer(answers, parent.rehearse(order) if order.is_rehearsal else parent.carry_out(order))


def _answer(answers: IO[bytes], what: Any) -> None:
    pickle.dump(what, answers)
    answers.flush()


if __name__ == "__main__":
    # So that what is pickled here has the same name there.
    from tests.acceptance import nursery

    nursery.main()
