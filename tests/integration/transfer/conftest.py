from __future__ import annotations

import pytest
from tests.integration.recognition.city import City

from national_sync.store.database import Database


@pytest.fixture
def city(database: Database) -> City:
    """A small city on each store: a volunteer in the team 1, and the team 2 to go to."""
    city = City(database)
    city.join(city.volunteer(), city.team("白茶志愿服务队"))
    city.team("普洱志愿服务队")
    return city
