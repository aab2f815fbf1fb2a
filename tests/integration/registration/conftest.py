from __future__ import annotations

import pytest
from tests.integration.registration.office import RegistrationOffice

from national_sync.sealing import Sealer
from national_sync.store.database import Database


@pytest.fixture
def office(database: Database, sealer: Sealer) -> RegistrationOffice:
    """On both stores."""
    return RegistrationOffice(database, sealer)


@pytest.fixture
def sqlite_office(sqlite_database: Database, sealer: Sealer) -> RegistrationOffice:
    return RegistrationOffice(sqlite_database, sealer)
