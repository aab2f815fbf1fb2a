"""The command line as a person types it, with a program behind it that needs no machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from tests.login import log_in

from national_sync import i18n
from national_sync.cli.invocation import Invocation
from national_sync.cli.root import cli
from national_sync.clock import SystemClock
from national_sync.operators.rights import Operator
from national_sync.policy import Policy
from national_sync.sealing import Sealer
from national_sync.store.database import Database
from national_sync.sync.preview import PlanPreview, VerifyReport
from national_sync.sync.report import RunReport
from national_sync.sync.run import Progress, RunRequest


@dataclass
class FakeEngine:
    """Gives what it was told to give, and keeps what it was asked for."""

    report: RunReport = field(default_factory=lambda: RunReport(run=7, kind="manual"))
    preview: PlanPreview = field(default_factory=PlanPreview)
    verified: VerifyReport = field(default_factory=VerifyReport)
    error: BaseException | None = None
    requests: list[RunRequest] = field(default_factory=list)

    def run(self, request: RunRequest) -> RunReport:
        self._asked(request)
        return self.report

    def plan(self, request: RunRequest) -> PlanPreview:
        self._asked(request)
        return self.preview

    def verify(self) -> VerifyReport:
        return self.verified

    def _asked(self, request: RunRequest) -> None:
        self.requests.append(request)
        if self.error is not None:
            raise self.error


@dataclass
class FakeBootstrap:
    store: Database
    sealing: Sealer
    fake_engine: FakeEngine
    reports_directory: Path
    clock: SystemClock = field(default_factory=SystemClock)
    session_hours: int = 12
    loaded: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(policy=Policy()))

    @contextmanager
    def database(self) -> Iterator[Database]:
        yield self.store

    def sealer(self) -> Sealer:
        return self.sealing

    @contextmanager
    def engine(self, *, stop: Callable[[], bool], progress: Progress) -> Iterator[FakeEngine]:
        progress.step("observe")
        yield self.fake_engine


@dataclass
class Answer:
    exit_code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Terminal:
    def __init__(self, bootstrap: Callable[[Path, Any], Any], environment: dict[str, str]) -> None:
        self.bootstrap = bootstrap
        self.environment = environment

    def __call__(self, *arguments: str, language: str = "en") -> Answer:
        invocation = Invocation(environment=self.environment, bootstrap=self.bootstrap)
        named = ["--lang", language] if language else []
        result = CliRunner().invoke(cli, [*named, *arguments], obj=invocation, prog_name="national-sync")
        return Answer(result.exit_code, result.stdout, result.stderr)


@pytest.fixture(autouse=True)
def _own_language(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The language of one call is not that of the next."""
    monkeypatch.setenv("LANGUAGE", "en")
    monkeypatch.delenv("NATIONAL_SYNC_LANG", raising=False)
    yield
    i18n.use(i18n.DEFAULT_LANGUAGE)


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def store(sqlite_database: Database) -> Database:
    return sqlite_database


@pytest.fixture
def national_sync(store: Database, sealer: Sealer, engine: FakeEngine, tmp_path: Path) -> Terminal:
    """Type a command: `national_sync("sync", "run", "--json")`."""
    bootstrap = FakeBootstrap(store, sealer, engine, tmp_path / "reports")
    return Terminal(lambda _config, _environment: bootstrap, {"XDG_STATE_HOME": str(tmp_path / "state")})


@pytest.fixture
def chen(store: Database, tmp_path: Path) -> Operator:
    """An administrator who has logged in on this machine."""
    return log_in(store, {"XDG_STATE_HOME": str(tmp_path / "state")})
