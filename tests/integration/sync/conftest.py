"""What the tests of the engine on a real database share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def migrated_template(_migrated_sqlite: Path) -> Path:
    """A migrated, empty SQLite file, to be copied for each example."""
    return _migrated_sqlite
