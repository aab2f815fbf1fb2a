"""A folder in memory with a migrated database in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.integration.exchange.conftest import MEMORY

from national_sync.store.database import Database


@pytest.fixture
def template(_migrated_sqlite: Path) -> Path:
    """A migrated, empty SQLite database, to be copied."""
    return _migrated_sqlite


@pytest.fixture
def sqlite_database(template: Path) -> Iterator[Database]:
    with TemporaryDirectory(prefix="ledger-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as folder:
        path = Path(folder) / "mirror.sqlite"
        shutil.copy(template, path)
        database = Database(f"sqlite:///{path}")
        yield database
        database.close()
