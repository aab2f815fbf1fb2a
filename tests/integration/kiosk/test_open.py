"""A run must know that somebody stands at a kiosk."""

from __future__ import annotations

from starlette.testclient import TestClient
from tests.integration.kiosk.hall import Hall

from national_sync.store.open_kiosk import is_open
from national_sync.web.app import kiosk_app


def test_a_service_at_work_says_that_a_kiosk_is_open(hall: Hall) -> None:
    with TestClient(kiosk_app(hall.desk)):
        pass
    with hall.desk.database.read() as connection:
        assert is_open(connection, hall.desk.clock.now())
