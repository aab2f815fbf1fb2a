"""The two stores, made once a session and copied for each test."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.outside import Outside, outside_program
from tests.postgres import PostgresServer

from national_sync.sealing import Sealer, SealingKey
from national_sync.store.database import Database
from national_sync.store.schema import create_or_upgrade

_numbers = itertools.count(1)
_TEMPLATE = "migrated"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test session's own."""
    with PostgresServer(in_memory=True) as server:
        yield server


@pytest.fixture(scope="session")
def _migrated_postgres(postgres: PostgresServer) -> PostgresServer:
    _migrate(postgres.create(_TEMPLATE))
    return postgres


@pytest.fixture(scope="session")
def _migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "migrated.sqlite"
    _migrate(f"sqlite:///{path}")
    return path


def _migrate(url: str) -> None:
    database = Database(url)
    create_or_upgrade(database)
    database.close()


@pytest.fixture
def sqlite_database(_migrated_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    """A migrated, empty SQLite database."""
    path = tmp_path / "mirror.sqlite"
    shutil.copy(_migrated_sqlite, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture
def postgresql_database(_migrated_postgres: PostgresServer) -> Iterator[Database]:
    """A migrated, empty PostgreSQL database."""
    with _migrated_postgres.new_database(f"mirror_{next(_numbers)}", template=_TEMPLATE) as url:
        database = Database(url)
        yield database
        database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """A migrated, empty database: each test that asks for it runs on both stores."""
    store: Database = request.getfixturevalue(f"{request.param}_database")
    return store


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a database may be made, on each store."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new' / 'mirror.sqlite'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.new_database(f"empty_{next(_numbers)}") as url:
        yield url


@pytest.fixture
def outside(database: Database) -> Iterator[Outside]:
    """Another program of the platform, which knows nothing of ours and speaks plain SQL."""
    with outside_program(database) as program:
        yield program


@pytest.fixture
def sealer() -> Sealer:
    return Sealer([SealingKey("k1", bytes(range(32)))])
