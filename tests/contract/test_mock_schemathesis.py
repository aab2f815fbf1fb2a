"""schemathesis against the mock over a real socket, from the document alone."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from national_sync_mocks.nvsi_server.process import MockServer
from national_sync_mocks.nvsi_server.signing import signature

DOCUMENT = Path(__file__).parents[2] / "docs" / "national-api" / "openapi.yaml"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]
"""Left out: the checks that want a 4xx status for a refusal, for this interface refuses with status 200."""

THOROUGH = ["system", "hour"]
"""Tags for which every keyword of every schema is driven to its limits; the other entities are built alike."""

thorough = schemathesis.openapi.from_path(DOCUMENT).include(tag=THOROUGH)
quick = schemathesis.openapi.from_path(DOCUMENT).exclude(tag=["admin", *THOROUGH])
quick.config.phases.coverage.enabled = False
bounded = settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@pytest.fixture(scope="module")
def mock() -> Iterator[MockServer]:
    switches = {
        "batchWrite": "all",
        "digest": True,
        "keysetPaging": True,
        "etag": True,
        "idempotencyKey": True,
        "clientReference": True,
        "asyncResults": False,
        "perSecond": 0,
    }
    sizes = {"volunteers": 60, "teams": 12, "projects": 12, "hours": 200}
    with MockServer(seed=5, frozen=True, capabilities=switches, **sizes) as server:
        yield server


@pytest.fixture(scope="module")
def token(mock: MockServer) -> str:
    timestamp, nonce = mock.admin.clock()["shown"], secrets.token_hex(16)
    sign = signature(mock.secret, mock.app_id, timestamp, nonce)
    body = {"appId": mock.app_id, "timestamp": timestamp, "nonce": nonce, "sign": sign}
    return str(httpx.post(f"{mock.address}/open/v1/token", json=body).json()["data"]["token"])


@thorough.parametrize()
@bounded
def test_every_limit_of_the_document_is_kept(case: schemathesis.Case, mock: MockServer, token: str) -> None:
    case.call_and_validate(base_url=mock.address, headers={"X-Access-Token": token}, checks=CHECKS)


@quick.parametrize()
@bounded
def test_every_call_keeps_to_the_document(case: schemathesis.Case, mock: MockServer, token: str) -> None:
    case.call_and_validate(base_url=mock.address, headers={"X-Access-Token": token}, checks=CHECKS)
