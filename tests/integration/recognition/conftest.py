from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.recognition.city import City

from national_sync.store.database import Database


@pytest.fixture
def city(database: Database) -> City:
    return City(database)


@pytest.fixture
def sqlite_city(sqlite_database: Database) -> City:
    return City(sqlite_database)


@pytest.fixture(scope="session")
def migrated_template(_migrated_sqlite: Path) -> Path:
    """A migrated, empty SQLite file, to be copied for each example."""
    return _migrated_sqlite
