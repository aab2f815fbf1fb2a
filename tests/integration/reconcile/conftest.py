from __future__ import annotations

import pytest
from tests.integration.reconcile.desk import Desk

from national_sync.store.database import Database


@pytest.fixture
def desk(sqlite_database: Database) -> Desk:
    return Desk(sqlite_database)


@pytest.fixture
def any_desk(database: Database) -> Desk:
    """The same on both stores."""
    return Desk(database)
