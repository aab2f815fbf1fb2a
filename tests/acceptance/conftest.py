"""The stages on which the scenarios are played, one a store, made once a session."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.acceptance.grounds import PostgresGround, SqliteGround
from tests.acceptance.stage import Stage, national_city, stage_on
from tests.postgres import PostgresServer

MEMORY = Path("/dev/shm")
"""Where there is such a place, thousands of runs need not wait for the disk: a kill does not lose what was written."""


@pytest.fixture(scope="session")
def sqlite_stage() -> Iterator[Stage]:
    place = MEMORY if os.access(MEMORY, os.W_OK) else None
    with (
        TemporaryDirectory(prefix="stage-", dir=place) as folder,
        national_city() as mock,
        stage_on(SqliteGround(Path(folder)), mock) as stage,
    ):
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
