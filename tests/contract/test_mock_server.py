"""The mock over a real socket: what only the transport can show."""

from __future__ import annotations

import gzip
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from national_sync_mocks.nvsi_server.process import AdminError, MockServer
from national_sync_mocks.nvsi_server.signing import decrypt, encrypt, signature


@pytest.fixture(scope="module")
def mock() -> Iterator[MockServer]:
    with MockServer(seed=3, clock="2026-03-02 01:00:00", frozen=True) as server:
        server.admin.snapshot("start")
        yield server


@pytest.fixture
def client(mock: MockServer) -> Iterator[httpx.Client]:
    mock.admin.restore("start")
    with httpx.Client(base_url=f"{mock.address}/open/v1", timeout=10) as client:
        client.headers["X-Access-Token"] = sign_in(client, mock)
        yield client


def sign_in(client: httpx.Client, mock: MockServer) -> str:
    timestamp, nonce = mock.admin.clock()["shown"], secrets.token_hex(16)
    sign = signature(mock.secret, mock.app_id, timestamp, nonce)
    body = {"appId": mock.app_id, "timestamp": timestamp, "nonce": nonce, "sign": sign}
    return str(client.post("/token", json=body).json()["data"]["token"])


def fault(mock: MockServer, kind: str, **parameters: Any) -> None:
    mock.admin.set_faults([{"match": {"path": "/team/list", "nth": 1}, "fault": kind, "parameters": parameters}])


def test_the_start_is_told_in_one_json_line() -> None:
    command = [sys.executable, "-m", "national_sync_mocks.nvsi_server.command", "--until-stdin-closes"]
    process = subprocess.Popen(
        [*command, "--capability", "digest=on", "--review-hours", "2"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    line = json.loads(process.stdout.readline())
    switches = httpx.get(f"{line['address']}/admin/capabilities").json()
    assert (switches["digest"], switches["reviewHours"]) == (True, 2.0)
    process.stdin.close()
    assert process.wait(10) == 0
    process.stdout.close()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--capability", "digest"], "NAME=VALUE"),
        (["--capability", "flying=on"], "no capability is called 'flying'"),
        (["--faults", "missing.json"], "missing.json"),
        (["--clock", "yesterday"], "须为"),
    ],
)
def test_wrong_options_are_told(options: list[str], words: str) -> None:
    command = [sys.executable, "-m", "national_sync_mocks.nvsi_server.command", *options]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert words in ended.stderr


def test_one_connection_carries_many_calls(mock: MockServer, client: httpx.Client) -> None:
    streams = {
        client.post("/team/list", json={"pageNum": number}).extensions["network_stream"].get_extra_info("client_addr")
        for number in range(1, 4)
    }
    assert len(streams) == 1


def test_every_reply_tells_the_time_of_the_mock(mock: MockServer, client: httpx.Client) -> None:
    reply = client.post("/team/list", json={})
    assert int(reply.headers["X-Server-Time"]) == mock.admin.clock()["now"]
    assert reply.headers["Date"] == "Sun, 01 Mar 2026 17:00:00 GMT"


def test_long_answers_are_compressed_where_the_caller_takes_it(mock: MockServer, client: httpx.Client) -> None:
    plain = client.post("/team/list", json={}, headers={"Accept-Encoding": "identity"})
    packed = client.post("/team/list", json={}, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.json() == plain.json()


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/team/list", 405, 40001), ("POST", "/team/fly", 404, 40401), ("POST", "/nothing", 404, 40401)],
)
def test_wrong_methods_and_paths(client: httpx.Client, method: str, path: str, status: int, code: int) -> None:
    reply = client.request(method, path)
    assert (reply.status_code, int(reply.json()["code"])) == (status, code)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"pageNum": 1e999}', b"\xff", b"[" * 100_000])
def test_garbage_is_answered_in_the_envelope(client: httpx.Client, body: bytes) -> None:
    reply = client.post("/team/list", content=body)
    assert reply.status_code == 200
    assert int(reply.json()["code"]) in (0, 40001)


def test_a_lost_answer_ends_the_connection_after_the_effect(mock: MockServer, client: httpx.Client) -> None:
    team = mock.admin.records("team")[0]
    mock.admin.set_faults([{"match": {"path": "*/update", "nth": 1}, "fault": "lost-answer"}])
    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/team/update", json={"id": team["id"], "record": {"albe0018": "李青"}})
    changed = mock.admin.record("team", team["id"])
    assert changed is not None
    assert changed["albe0018"] == "李青"


def test_a_lost_request_ends_the_connection_before_any_effect(mock: MockServer, client: httpx.Client) -> None:
    before = mock.admin.dump()
    mock.admin.set_faults([{"match": {"path": "*/update", "nth": 1}, "fault": "lost-request"}])
    team = mock.admin.records("team")[0]
    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/team/update", json={"id": team["id"], "record": {"albe0018": "李青"}})
    assert mock.admin.dump() == before


def test_a_truncated_body_is_shorter_than_promised(mock: MockServer, client: httpx.Client) -> None:
    fault(mock, "truncated")
    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/team/list", json={})
    assert client.post("/team/list", json={}).status_code == 200


def test_a_cut_gzip_cannot_be_unpacked(mock: MockServer, client: httpx.Client) -> None:
    fault(mock, "gzip-cut")
    with client.stream("POST", "/team/list", json={}, headers={"Accept-Encoding": "gzip"}) as reply:
        raw = b"".join(reply.iter_raw())
    with pytest.raises(EOFError):
        gzip.decompress(raw)


def test_a_slow_drip_is_whole_in_the_end(mock: MockServer, client: httpx.Client) -> None:
    fault(mock, "slow-drip", pieces=4, seconds=0.2)
    begun = time.monotonic()
    assert len(client.post("/team/list", json={}).json()["data"]) == 12
    assert time.monotonic() - begun >= 0.15


def test_latency_delays_the_answer(mock: MockServer, client: httpx.Client) -> None:
    fault(mock, "latency", seconds=0.2)
    begun = time.monotonic()
    client.post("/team/list", json={})
    assert time.monotonic() - begun >= 0.2


def test_a_login_page_and_a_redirect_come_instead_of_an_answer(mock: MockServer, client: httpx.Client) -> None:
    fault(mock, "html-login")
    assert client.post("/team/list", json={}).headers["Content-Type"].startswith("text/html")
    fault(mock, "redirect")
    moved = client.post("/team/list", json={})
    assert moved.status_code == 302
    assert ".invalid" in moved.headers["Location"]


def test_odd_numbers_and_odd_text_reach_the_caller(mock: MockServer, client: httpx.Client) -> None:
    fault(mock, "bad-record", variant="lone-surrogates")
    assert b"\\ud800" in client.post("/team/list", json={}).content
    fault(mock, "bad-record", variant="nan-hours")
    assert b"NaN" in client.post("/team/list", json={}).content
    fault(mock, "bad-record", variant="long-string")
    assert len(client.post("/team/list", json={}).content) > 10_000_000


def test_encrypted_bodies_cross_the_wire(mock: MockServer, client: httpx.Client) -> None:
    mock.admin.set_capabilities(encryptedBodies="required")
    reply = client.post("/team/list", json={"encrypted": encrypt(mock.secret, b'{"pageSize": 3}')})
    assert len(decrypt(mock.secret, reply.json()["encrypted"])["data"]) == 3


def test_admin_errors_are_told(mock: MockServer) -> None:
    with pytest.raises(AdminError, match="no such record"):
        mock.admin.edit("team", "0" * 32, albe0018="x")


def test_the_log_counts_calls_and_writes(mock: MockServer, client: httpx.Client) -> None:
    mock.admin.clear_calls()
    team = mock.admin.records("team")[0]
    client.post("/team/update", json={"id": team["id"], "record": {"albe0018": "李青"}})
    client.post("/team/list", json={})
    summary = mock.admin.call_counts()
    assert summary["counts"] == {"/team/update": 1, "/team/list": 1}
    assert summary["writes"] == 1
    assert [call["action"] for call in mock.admin.calls()] == ["update", "list"]
