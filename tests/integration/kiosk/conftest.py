"""A lobby on each store, and one on SQLite where the store makes no difference."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.integration.exchange.conftest import sqlite_database, sqlite_town, town
from tests.integration.exchange.town import Town
from tests.integration.kiosk.hall import Hall, hall_in

__all__ = ["sqlite_database", "sqlite_town", "town"]


@pytest.fixture
def hall(sqlite_town: Town) -> Iterator[Hall]:
    with hall_in(sqlite_town) as hall:
        yield hall


@pytest.fixture
def each_hall(town: Town) -> Iterator[Hall]:
    with hall_in(town) as hall:
        yield hall
