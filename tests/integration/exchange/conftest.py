"""A town on each store, whose books must be right when a test is over."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.integration.exchange.town import Town, town_in

from national_sync.store.database import Database

MEMORY = Path("/dev/shm")
"""Where there is such a place nobody waits for the disk: what these tests show does not depend on it."""


@pytest.fixture
def sqlite_database(_migrated_sqlite: Path) -> Iterator[Database]:
    with TemporaryDirectory(prefix="town-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as folder:
        path = Path(folder) / "mirror.sqlite"
        shutil.copy(_migrated_sqlite, path)
        database = Database(f"sqlite:///{path}")
        yield database
        database.close()


@pytest.fixture
def town(database: Database) -> Iterator[Town]:
    with town_in(database) as town:
        yield town
        assert town.faults() == []


@pytest.fixture
def sqlite_town(sqlite_database: Database) -> Iterator[Town]:
    """Where the store makes no difference."""
    with town_in(sqlite_database) as town:
        yield town
        assert town.faults() == []
