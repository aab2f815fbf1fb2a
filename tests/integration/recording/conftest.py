from __future__ import annotations

import pytest
from tests.integration.recognition.city import City
from tests.integration.recording.office import NOW, RecordingOffice

from national_sync.store.database import Database


@pytest.fixture
def office(database: Database) -> RecordingOffice:
    """On each store: two members of a team, a project of 5 March 2026, and an evening two weeks later."""
    city = City(database)
    office = RecordingOffice(city, NOW)
    team = city.team()
    city.project(team, day="2026-03-05", state="running", ended_at=NOW + 30 * 86_400)
    for _ in range(2):
        city.join(city.volunteer(), team)
    return office
