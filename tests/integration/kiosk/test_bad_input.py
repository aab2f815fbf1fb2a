"""Whatever arrives, the answer is a problem with a sentence and a next step, and nothing more."""

from __future__ import annotations

import asyncio
import socket
import urllib.request
from typing import Any

import pytest
from tests.integration.kiosk.hall import Hall, kind_of, served

from national_sync.web import patience, shield
from national_sync.web.devices import DeviceKind
from national_sync.web.shield import Shield
from national_sync.web.version import VERSION


def test_a_body_of_ten_megabytes_is_refused_before_it_is_read_whole(hall: Hall) -> None:
    answer = hall.client.post("/api/v1/devices", content=b"x" * 10_000_000)
    assert (kind_of(answer), answer.status_code) == ("request_too_large", 413)


def test_a_body_that_drips_is_given_up(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shield, "BODY_SECONDS", 0.01)
    sent: list[Any] = []

    async def drip() -> Any:
        return await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/api/v1/devices", "method": "POST", "headers": [(b"content-length", b"9")]}
    app = next(layer for layer in layers_of(hall) if isinstance(layer, Shield))
    asyncio.run(app(scope, drip, send))
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


def test_a_head_that_drips_is_given_up_and_others_are_served_meanwhile(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "HEAD_SECONDS", 0.3)
    with served(hall) as address:
        host, port = address.removeprefix("http://").split(":")
        fresh, used = (socket.create_connection((host, int(port)), timeout=5) for _ in range(2))
        used.sendall(b"GET /healthz HTTP/1.1\r\nHost: kiosk\r\n\r\n")
        assert used.recv(4_096).startswith(b"HTTP/1.1 200")
        for connection in (fresh, used):
            with connection:
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: ki")
                with urllib.request.urlopen(f"{address}/healthz", timeout=5) as answer:
                    assert answer.status == 200
                # What an earlier answer had behind its head may still come; then there is an end.
                while connection.recv(4_096):
                    pass


def layers_of(hall: Hall) -> list[Any]:
    hall.client.get("/healthz")
    layer, found = hall.client.app.middleware_stack, []  # type: ignore[attr-defined]
    while layer is not None:
        found.append(layer)
        layer = getattr(layer, "app", getattr(layer, "_app", None))
    return found


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"version": 1}', b'{"version": "1", "more": 1}', b"\xff", b"version=1"]
)
def test_a_body_of_another_form_is_refused_and_not_quoted(hall: Hall, body: bytes) -> None:
    kiosk = hall.kiosk()
    answer = hall.client.post(
        "/api/v1/heartbeat", content=body, headers=kiosk.signed("POST", "/api/v1/heartbeat", body)
    )
    assert (kind_of(answer), answer.status_code) == ("request_malformed", 422)


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", ""])
def test_a_wrong_content_type_is_refused(hall: Hall, content_type: str) -> None:
    kiosk, body = hall.kiosk(), b'{"version":"1"}'
    headers = kiosk.signed("POST", "/api/v1/heartbeat", body, **{"Content-Type": content_type})
    assert kind_of(hall.client.post("/api/v1/heartbeat", content=body, headers=headers)) == "request_malformed"


@pytest.mark.parametrize("path", ["/nowhere", "/assets/../app.py", "/assets/%2e%2e%2fapp.py", "/redoc", "/assets/"])
def test_a_path_that_is_not_there_is_told_like_any_other(hall: Hall, path: str) -> None:
    answer = hall.client.get(path)
    assert (kind_of(answer), answer.status_code) == ("place_unknown", 404)


def test_every_route_but_the_open_ones_asks_for_a_signature(hall: Hall) -> None:
    is_open = {
        "/", "/en", "/assets/{name}", "/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/api/v1/devices",
        "/api/v1/readings",
    }  # fmt: skip
    routes = [route for route in all_routes(hall.client.app) if route.path not in is_open]
    assert len(routes) > 15
    for route in routes:
        for method in route.methods - {"HEAD"}:
            path = route.path.replace("{hold}", "a" * 26)
            answer = hall.client.request(method, path, json={"key": "k", "code": "c", "offer": "o", "version": "1"})
            assert answer.status_code == 401, (method, path)


def all_routes(app: Any) -> list[Any]:
    """Those of included routers too."""
    found, waiting = [], list(app.routes)
    while waiting:
        route = waiting.pop()
        if hasattr(route, "original_router"):
            waiting += [*route.original_router.routes]
        elif hasattr(route, "methods"):
            found.append(route)
    return found


def test_a_fault_of_our_own_is_told_without_particulars(hall: Hall, capsys: pytest.CaptureFixture[str]) -> None:
    kiosk = hall.kiosk().welcome(hall.town.volunteer(name="岩温香"))
    with hall.town.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE lot RENAME TO gone")
    answer = kiosk.ask("GET", "/api/v1/balance")
    with hall.town.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO lot")
    assert (kind_of(answer), answer.status_code) == ("internal", 500)
    assert "lot" not in answer.text
    said = capsys.readouterr()
    assert "kiosk_request_failed" in said.out + said.err
    assert "SELECT" not in said.out + said.err


def test_every_answer_keeps_the_browser_strict(hall: Hall) -> None:
    for path in ("/", "/assets/kiosk.js", "/nowhere", "/api/v1/balance"):
        headers = hall.client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
    assert hall.client.get("/").headers["cache-control"] == "no-store"


def test_a_problem_speaks_the_language_that_was_asked_for(hall: Hall) -> None:
    chinese = hall.client.get("/nowhere", headers={"Accept-Language": "de"}).json()["title"]
    assert chinese == "这里没有内容。"
    assert (
        hall.client.get("/nowhere", headers={"Accept-Language": "en-GB,zh"}).json()["title"] == "There is nothing here."
    )


def test_the_page_tells_a_problem_as_a_screen(hall: Hall) -> None:
    answer = hall.client.post("/screen/home")
    assert (answer.status_code, answer.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert "这个请求不是来自本处已登记的设备。" in answer.text


def test_who_watches_over_the_service_sees_counts_and_no_persons(hall: Hall) -> None:
    kiosk = hall.kiosk().welcome(hall.town.volunteer(name="岩温香"))
    kiosk.ask("GET", "/api/v1/balance")
    assert hall.client.get("/healthz").json() == {"state": "alive"}
    assert hall.client.get("/readyz").json() == {"ready": True, "mirror_age_seconds": 0}
    metrics = hall.client.get("/metrics").text
    assert 'kiosk_requests_total{method="GET",route="/api/v1/balance",status="200"} 1.0' in metrics
    assert "kiosk_mirror_age_seconds 0.0" in metrics
    assert kiosk.session not in metrics
    assert kiosk.device not in metrics


def test_a_page_older_than_the_server_is_told_to_load_itself_anew(hall: Hall) -> None:
    kiosk = hall.kiosk().welcome(hall.town.volunteer(hours=2))
    for version, status in ((VERSION, 200), ("older", 409)):
        headers = kiosk.signed("POST", "/screen/home", **{"Kiosk-Page": version})
        answer = hall.client.post("/screen/home", headers=headers)
        assert answer.status_code == status
    assert "data-reload" in answer.text
    assert "This page is older than the server" in answer.text
    told = kiosk.ask("POST", "/api/v1/heartbeat", {"version": "older"}).json()["page"]
    assert f'data-version="{told}"' in hall.client.get("/").text
    assert f"kiosk.js?v={told}" in hall.client.get("/").text


@pytest.mark.parametrize(
    "code",
    ["https://example.org/pay?x=1", "6901234567892", "NSP1.", "NSC1.x.y.z", "NS2|card|1", "530802199003072474", ""],
)
def test_a_code_of_something_else_is_told_at_the_kiosk_and_at_the_till(hall: Hall, code: str) -> None:
    kiosk = hall.kiosk()
    till = hall.kiosk(DeviceKind.TILL, hall.town.outlet(hall.town.cinema()))
    answer = kiosk.tap("card", code=code)
    assert (answer.status_code, "The card or the PIN was not accepted." in answer.text) == (403, True)
    assert "five wrong PINs lock the PIN" in answer.text
    answer = till.tap("voucher", code=code)
    assert (answer.status_code, "This code is not valid here." in answer.text) == (409, True)
    assert not code or code not in answer.text


def test_a_photo_of_a_code_is_worth_nothing_after_a_minute(hall: Hall) -> None:
    kiosk, card = hall.kiosk(), hall.card(hall.town.volunteer())
    photo = hall.shown(card)
    hall.town.clock.time += 61
    answer = kiosk.tap("card", code=photo)
    assert (answer.status_code, "Kiosk-Session" in answer.headers) == (403, False)


def test_the_interface_is_described(hall: Hall) -> None:
    described = hall.client.get("/openapi.json").json()
    assert described["components"]["securitySchemes"]["device"]["name"] == "Kiosk-Signature"
    assert {path for path in described["paths"] if not path.startswith("/api/v1/")} == set()
    assert described["paths"]["/api/v1/balance"]["get"]["security"] == [{"device": []}]
    assert "security" not in described["paths"]["/api/v1/devices"]["post"]
