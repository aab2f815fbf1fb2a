"""schemathesis against the kiosk over a real socket, from its own document, every request signed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from requests.auth import AuthBase
from tests.integration.exchange.town import SetClock, town_in
from tests.integration.kiosk.hall import Kiosk, hall_in, served

from national_sync.store.database import Database
from national_sync.web.app import kiosk_app

bounded = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


DESCRIBED = kiosk_app(SimpleNamespace(looks=None, ledger=None, clock=SetClock())).openapi()  # type: ignore[arg-type]
"""The document depends on no desk."""

schema = schemathesis.openapi.from_dict(DESCRIBED)
schema.config.phases.coverage.enabled = False
# Every request is signed below; that unsigned ones are refused on every route has a test of its own.
schema.config.generation.with_security_parameters = False


class Signing(AuthBase):
    """Signs what is sent, as it is sent; time passes a little with each."""

    def __init__(self, kiosk: Kiosk) -> None:
        self.kiosk = kiosk

    def __call__(self, request: Any) -> Any:
        self.kiosk.hall.town.clock.time += 0.25
        body = request.body or b""
        parts = urlsplit(request.url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        signed = self.kiosk.signed(request.method, target, body.encode() if isinstance(body, str) else body)
        request.headers.update({name: value for name, value in signed.items() if name.startswith("Kiosk-")})
        return request


class Server(NamedTuple):
    address: str
    kiosk: Kiosk


@pytest.fixture(scope="module")
def server(_migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Somebody with five hours stands before a kiosk."""
    path = shutil.copy(_migrated_sqlite, tmp_path_factory.mktemp("kiosk") / "mirror.sqlite")
    database = Database(f"sqlite:///{path}")
    with town_in(database) as town, hall_in(town) as hall, served(hall) as address:
        town.offer()
        yield Server(address, hall.kiosk().welcome(town.volunteer(hours=5)))
    database.close()


@schema.parametrize()
@bounded
def test_every_call_keeps_to_the_document(case: schemathesis.Case, server: Server) -> None:
    case.call_and_validate(base_url=server.address, auth=Signing(server.kiosk))
