"""Whatever arrives, the answer is a problem with a sentence and a next step, and nothing more."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.integration.kiosk.hall import Hall, kind_of

from national_sync.web import shield
from national_sync.web.shield import Shield


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

    scope = {"type": "http", "path": "/api/v1/devices", "method": "POST", "headers": []}
    app = next(layer for layer in layers_of(hall) if isinstance(layer, Shield))
    asyncio.run(app(scope, drip, send))
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


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


@pytest.mark.parametrize("path", ["/nowhere", "/assets/../app.py", "/assets/%2e%2e%2fapp.py", "/docs", "/assets/"])
def test_a_path_that_is_not_there_is_told_like_any_other(hall: Hall, path: str) -> None:
    answer = hall.client.get(path)
    assert (kind_of(answer), answer.status_code) == ("place_unknown", 404)


def test_every_route_but_the_open_ones_asks_for_a_signature(hall: Hall) -> None:
    is_open = {"/", "/en", "/assets/{name}", "/healthz", "/readyz", "/metrics", "/api/v1/devices", "/openapi.json"}
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


def test_the_interface_is_described(hall: Hall) -> None:
    described = hall.client.get("/openapi.json").json()
    assert described["components"]["securitySchemes"]["device"]["name"] == "Kiosk-Signature"
    assert {path for path in described["paths"] if not path.startswith("/api/v1/")} == set()
    assert described["paths"]["/api/v1/balance"]["get"]["security"] == [{"device": []}]
    assert "security" not in described["paths"]["/api/v1/devices"]["post"]
