"""The port's contract over a real socket, for a national side with few abilities, the usual ones, and all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest
from tests.contract.nvsi_side import connected

from national_sync.national.port import NationalSystem
from national_sync.testing import NationalSystemContract
from national_sync_mocks.nvsi_server.process import MockServer

SIDES: Final[dict[str, dict[str, Any]]] = {
    "usual": {},
    "poor": {
        "changeFilter": [],
        "tombstones": False,
        "batchWrite": [],
        "batchRead": False,
        "asyncResults": False,
        "totals": False,
        "encryptedBodies": "off",
        "concurrency": 1,
    },
    "rich": {
        "keysetPaging": True,
        "idempotencyKey": True,
        "etag": True,
        "clientReference": True,
        "digest": True,
        "encryptedBodies": "required",
    },
}


@pytest.fixture(scope="module")
def mock() -> Iterator[MockServer]:
    with MockServer(seed=3, volunteers=120, teams=14, projects=25, hours=700) as server:
        server.admin.snapshot("start")
        yield server


class TestNvsi(NationalSystemContract):
    @pytest.fixture(params=SIDES)
    def national(self, request: pytest.FixtureRequest, mock: MockServer) -> Iterator[NationalSystem]:
        mock.admin.restore("start")
        mock.admin.set_capabilities(**SIDES[request.param])
        adapter = connected(mock, page_size=50)
        adapter.open()
        yield adapter
        adapter.close()
