"""The only place that knows everything: it turns the settings into the objects the program works with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import TYPE_CHECKING

from national_sync.clock import Clock, InterruptibleClock, SystemClock
from national_sync.errors import SettingsInvalid
from national_sync.i18n import N_, Phrase
from national_sync.log import configure_log
from national_sync.national.registry import adapter_class
from national_sync.schedule import Schedule
from national_sync.settings import Loaded, load_settings
from national_sync.store.database import Database

if TYPE_CHECKING:
    from national_sync.exchange.keeping_up import KeptUp
    from national_sync.national.port import CallMeter, Capabilities, NationalSystem, Notebook
    from national_sync.sealing import Sealer
    from national_sync.sync.lease import RunMeter
    from national_sync.sync.run import Duty, Engine, Progress
    from national_sync.sync.transaction import Transactions


@dataclass(frozen=True)
class _Duties:
    """Several duties that a run carries along, each in its turn."""

    each: tuple[Duty, ...]

    def __call__(self, transactions: Transactions, capabilities: Capabilities) -> bool:
        are_sending = [duty(transactions, capabilities) for duty in self.each]
        return any(are_sending)


@dataclass
class Bootstrap:
    """Opens the parts of the program, each when it is asked for."""

    loaded: Loaded
    environment: Mapping[str, str]
    clock: Clock = field(default_factory=SystemClock)

    @classmethod
    def from_file(cls, file: Path, environment: Mapping[str, str]) -> Bootstrap:
        """Raises `SettingsInvalid` with everything that is wrong."""
        loaded = load_settings(file, environment, lambda name: adapter_class(name).Settings)
        configure_log(loaded.settings.log.level)
        return cls(loaded, environment)

    @property
    def schedule(self) -> Schedule:
        table = self.loaded.settings.schedule
        return Schedule(
            nightly=time.fromisoformat(table.nightly),
            light_minute=table.light_minute if table.light else None,
            catches_up=table.catch_up,
            grace_seconds=table.grace_seconds,
        )

    @property
    def reports_directory(self) -> Path:
        return self.loaded.path(self.loaded.settings.paths.reports)

    @property
    def session_hours(self) -> int:
        """After how many hours a login ends."""
        return self.loaded.settings.operators.session_hours

    @property
    def key_file(self) -> Path:
        return self.loaded.path(self.loaded.settings.keys.file)

    @property
    def signing_key_file(self) -> Path:
        """What certificates are signed with; it lies beside the key file."""
        return self.key_file.with_name("certificates.key")

    @property
    def database_file(self) -> Path | None:
        """The file of an SQLite database; None for PostgreSQL."""
        place = self.loaded.database_url.removeprefix("sqlite:///")
        return Path(place) if place != self.loaded.database_url else None

    def sealer(self) -> Sealer:
        from national_sync.keys import load_sealer

        return load_sealer(self.key_file, self.environment)

    @contextmanager
    def any_database(self) -> Iterator[Database]:
        """The database as it is, whatever its schema, even before it exists."""
        database = Database(self.loaded.database_url)
        try:
            yield database
        finally:
            database.close()

    @contextmanager
    def database(self) -> Iterator[Database]:
        """The database, made sure to exist and to have this program's schema."""
        from national_sync.store.schema import check_version

        with self.any_database() as database:
            check_version(database)
            yield database

    def national(
        self, *, meter: CallMeter, notebook: Notebook, stop: Callable[[], bool] = lambda: False
    ) -> NationalSystem:
        """The national side, not yet connected. Its waits end when `stop` says so."""
        adapter = adapter_class(self.loaded.settings.national.adapter)
        national: NationalSystem = adapter(
            self.loaded.national,
            secret=self._secret(),
            meter=meter,
            notebook=notebook,
            clock=InterruptibleClock(self.clock, stop),
        )
        return national

    def _secret(self) -> bytes:
        try:
            secret: bytes = self.loaded.national.read_secret(self.environment)
        except ValueError as error:
            raise SettingsInvalid(
                problems=Phrase(N_("{file} [national]: {reason}"), file=self.loaded.file.name, reason=error.args[0])
            ) from error
        return secret

    def meter(self, database: Database) -> RunMeter:
        """The day's quota, shared by every process through the database."""
        from national_sync.sync.lease import RunMeter

        return RunMeter(database, self.clock, self.loaded.national.calls_per_day)

    @contextmanager
    def engine(self, *, stop: Callable[[], bool], progress: Progress) -> Iterator[Engine]:
        """Everything a run needs, opened and checked against one another."""
        from national_sync.keys import check_key
        from national_sync.registration.stages import follow_in_run
        from national_sync.store.marks import MarkNotebook
        from national_sync.sync.lease import holder_name
        from national_sync.sync.run import Engine
        from national_sync.teams.closing import carry_out_orders
        from national_sync.transfer.advance import Advance

        sealer = self.sealer()
        with self.database() as database:
            with database.read() as connection:
                check_key(connection, sealer)
            meter = self.meter(database)
            yield Engine(
                database=database,
                national=self.national(meter=meter, notebook=MarkNotebook(database), stop=stop),
                meter=meter,
                sealer=sealer,
                policy=self.loaded.policy,
                clock=self.clock,
                holder=holder_name(),
                stop=stop,
                progress=progress,
                duty=_Duties((follow_in_run, carry_out_orders, Advance(self.loaded.policy))),
            )


def follow_exchange(bootstrap: Bootstrap) -> KeptUp:
    """The accounts of hours take up what a run has changed: a step of its own, once the run has given its lease back."""
    from national_sync.exchange.keeping_up import keep_up_with

    with bootstrap.database() as database:
        return keep_up_with(database, bootstrap.sealer(), bootstrap.loaded.policy.exchange, bootstrap.clock)
