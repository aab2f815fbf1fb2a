"""The city's office: a folder with settings, key, secret and database, and `national-sync` as it is typed there."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from click.testing import CliRunner
from tests.login import log_in
from tests.outside import outside_program

from national_sync import i18n
from national_sync.cli.invocation import Invocation
from national_sync.cli.root import cli
from national_sync.store.database import Database
from national_sync_mocks.nvsi_server.process import MockServer

PROGRAM: Final = Path(sys.executable).parent / "national-sync"
SETTINGS: Final = """\
[database]
url = "{database_url}"

[national]
base_url = "{address}/open/v1"
app_id = "{app_id}"
secret_file = "national.secret"
attempts = 2
calls_per_second = 10000
"""


@dataclass
class Told:
    """What the program answered."""

    exit_code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Office:
    folder: Path
    mock: MockServer
    database_url: str = "sqlite:///national-sync.db"
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.environment.setdefault("XDG_STATE_HOME", str(self.folder / "state"))

    @classmethod
    def furnished(cls, folder: Path, mock: MockServer, *, more: str = "", **places: Any) -> Office:
        """With settings, key and an empty database."""
        office = cls(folder, mock, **places)
        folder.mkdir(parents=True, exist_ok=True)
        office.write_settings(more=more)
        office.secret_file.write_text(mock.secret, encoding="utf-8")
        office.secret_file.chmod(0o600)
        assert office.national_sync("init").exit_code == 0
        return office

    def log_in(self, **account: Any) -> None:
        """Whoever types from now on does so under this account; an administrator's, if nothing else is said."""
        with self.database() as database:
            log_in(database, self.environment, **account)

    def moved_to(self, folder: Path) -> Office:
        """A copy in another folder."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Office(folder, self.mock, self.database_url)

    # The files

    @property
    def settings_file(self) -> Path:
        return self.folder / "national-sync.toml"

    @property
    def secret_file(self) -> Path:
        return self.folder / "national.secret"

    @property
    def key_file(self) -> Path:
        return self.folder / "national-sync.key"

    @property
    def database_file(self) -> Path:
        return self.folder / "national-sync.db"

    def write_settings(self, *, address: str | None = None, more: str = "") -> None:
        """The settings, with another address of the national side, and with more at their end."""
        usual = SETTINGS.format(
            database_url=self.database_url, address=address or self.mock.address, app_id=self.mock.app_id
        )
        self.settings_file.write_text(usual + more, encoding="utf-8")

    # The program

    def national_sync(self, *arguments: str, language: i18n.Language = "zh") -> Told:
        """Type a command."""
        invocation = Invocation(environment=self.environment)
        invocation.config = self.settings_file
        result = CliRunner().invoke(
            cli, ["--lang", language, *arguments], obj=invocation, prog_name="national-sync", catch_exceptions=False
        )
        return Told(result.exit_code, result.stdout, result.stderr)

    def in_a_process(self, *arguments: str, before: Callable[[], object] | None = None) -> Told:
        """The same in a process of its own, in which something happens `before`."""
        ended = subprocess.run(
            [PROGRAM, *arguments],
            cwd=self.folder,
            preexec_fn=before,
            env=os.environ | self.environment | {"PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        return Told(ended.returncode, ended.stdout, ended.stderr)

    # The platform's other programs, and what they see

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.database() as database, outside_program(database) as program:
            return program.sql(statement, *values)

    def content(self, *, but: tuple[str, ...] = ()) -> list[str]:
        """The whole SQLite database as SQL, `but` for the rows of some tables."""
        inserts = tuple(f'INSERT INTO "{table}" ' for table in but)
        with closing(sqlite3.connect(self.database_file)) as connection:
            return [line for line in connection.iterdump() if not (inserts and line.startswith(inserts))]

    @contextmanager
    def database(self) -> Iterator[Database]:
        url = self.database_url
        database = Database(f"sqlite:///{self.database_file}" if url.startswith("sqlite") else url)
        try:
            yield database
        finally:
            database.close()
