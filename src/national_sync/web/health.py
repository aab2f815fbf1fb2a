"""For those who watch over the service: is it alive, is it ready, how does it do. Counts only."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest
from sqlalchemy import text
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from national_sync.web.asking import TheDesk
from national_sync.web.gate import Gate

health = APIRouter()
_UNKNOWN_ROUTE: Final = "-"


class Meters:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "kiosk_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self.mirror_age = Gauge(
            "kiosk_mirror_age_seconds",
            "Since the last run with the national side; -1 for never",
            registry=self.registry,
        )


class Metering:
    """Counts answers by the route's pattern, which holds no names."""

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self._app = app
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", _UNKNOWN_ROUTE)
                self._meters.requests.labels(_method(scope), route, message["status"]).inc()
            await send(message)

        await self._app(scope, receive, counted if scope["type"] == "http" else send)


def _method(scope: Scope) -> str:
    method: str = scope["method"]
    return method if method in ("GET", "POST", "DELETE", "HEAD") else "other"


@health.get("/healthz", include_in_schema=False)
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"state": "alive"}


@health.get("/readyz", include_in_schema=False)
def readyz(request: Request, desk: TheDesk) -> JSONResponse:
    """It can serve: the database answers, and requests of before its start have become too old to be repeated."""
    gate: Gate = request.app.state.gate
    with desk.database.read() as connection:
        connection.execute(text("SELECT 1"))
    facts: dict[str, Any] = {"ready": gate.is_open, "mirror_age_seconds": desk.mirror_age_seconds()}
    return JSONResponse(facts, 200 if gate.is_open else 503)


@health.get("/metrics", include_in_schema=False)
def metrics(request: Request, desk: TheDesk) -> Response:
    meters: Meters = request.app.state.meters
    age = desk.mirror_age_seconds()
    meters.mirror_age.set(-1 if age is None else age)
    return Response(generate_latest(meters.registry), media_type=CONTENT_TYPE_LATEST)
