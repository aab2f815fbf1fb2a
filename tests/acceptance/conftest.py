"""The stages on which the scenarios are played, one a store, made once a session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.acceptance.grounds import PostgresGround, SqliteGround
from tests.acceptance.stage import Stage, national_city, stage_on
from tests.postgres import PostgresServer


@pytest.fixture(scope="session")
def sqlite_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with national_city() as mock, stage_on(SqliteGround(tmp_path_factory.mktemp("stage")), mock) as stage:
        yield stage


@pytest.fixture(scope="session")
def postgresql_stage(postgres: PostgresServer) -> Iterator[Stage]:
    with national_city() as mock, stage_on(PostgresGround(postgres, "stage"), mock) as stage:
        yield stage


@pytest.fixture(params=["sqlite", "postgresql"])
def stage(request: pytest.FixtureRequest) -> Stage:
    """Each test that asks for it is played on both stores."""
    found: Stage = request.getfixturevalue(f"{request.param}_stage")
    return found
