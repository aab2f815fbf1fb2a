from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.unit.mock.desk import APP_ID, NOW, SECRET, Desk

from national_sync_mocks.nvsi_server.clock import Clock, parse_ms
from national_sync_mocks.nvsi_server.generator import Sizes, generated_state
from national_sync_mocks.nvsi_server.service import Service


@pytest.fixture
def make_desk() -> Callable[..., Desk]:
    def make(sizes: Sizes | None = None, seed: int = 1) -> Desk:
        clock = Clock()
        clock.set_ms(parse_ms(NOW))
        clock.freeze()
        desk = Desk(Service(generated_state(seed, sizes or Sizes(0, 0, 0, 0), clock), APP_ID, SECRET))
        desk.sign_in()
        return desk

    return make


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    """A mock without any record."""
    return make_desk()


@pytest.fixture
def city(make_desk: Callable[..., Desk]) -> Desk:
    """A mock with a small generated city."""
    return make_desk(Sizes(volunteers=120, teams=24, projects=40, hours=1500))
