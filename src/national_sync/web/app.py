"""The whole service, put together."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException

from national_sync.errors import NationalSyncError, PlaceUnknown, RequestMalformed
from national_sync.store.open_kiosk import say_open
from national_sync.web.api import api
from national_sync.web.checking import checks
from national_sync.web.desk import Desk
from national_sync.web.gate import Gate
from national_sync.web.health import Metering, Meters, health
from national_sync.web.problems import MEDIA_TYPE, problem_of, status_of
from national_sync.web.reference import described, manual
from national_sync.web.screens import pages, problem_screen, screens
from national_sync.web.shield import Shield

log = structlog.get_logger()
_CLEAR_UP_EVERY_SECONDS: Final = 5.0


def kiosk_app(desk: Desk, *, public_key: str | None = None) -> FastAPI:
    """`public_key` verifies cards and certificates."""
    app = FastAPI(
        title="national-sync kiosk",
        version="1",
        docs_url=None,
        redoc_url=None,
        lifespan=_clearing_up,
        description="What volunteers have, what they can have for it, and redeeming it.",
    )
    app.state.desk = desk
    app.state.public_key = public_key
    app.state.gate = Gate(desk.looks, desk.ledger, desk.clock)
    app.state.meters = Meters()
    for router in (api, checks, health, manual, pages, screens):
        # Routes of their own rather than a router within a router, which would look for each of them twice.
        app.router.routes.extend(router.routes)
    app.openapi = described(app)  # type: ignore[method-assign]
    app.add_exception_handler(NationalSyncError, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _not_served)
    app.add_middleware(Metering, meters=app.state.meters)
    app.add_middleware(Shield, tell=_told, clock=desk.clock)
    return app


@asynccontextmanager
async def _clearing_up(app: FastAPI) -> AsyncIterator[None]:
    """While the service runs, a thread signs out those who have gone, and keeps saying that a kiosk is open."""
    stop = threading.Event()
    thread = threading.Thread(target=_clear_up, args=(app.state.desk, stop), name="clear-up", daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join()


def _clear_up(desk: Desk, stop: threading.Event) -> None:
    is_over = False
    while not is_over:
        try:
            say_open(desk.database, desk.clock.now())
            desk.clear_up()
        except Exception as error:
            # Its text may quote a person's data; its kind does not.
            log.error("kiosk_clear_up_failed", kind=type(error).__name__)
        is_over = stop.wait(_CLEAR_UP_EVERY_SECONDS)


# How what went wrong is told


def _told(path: str, error: BaseException, status: int | None = None) -> Response:
    status = status or status_of(error)
    if path.startswith("/screen/"):
        return HTMLResponse(problem_screen(error, path), status)
    return JSONResponse(problem_of(error) | {"status": status}, status, media_type=MEDIA_TYPE)


async def _refused(request: Request, error: Exception) -> Response:
    if status_of(error) >= 500:
        log.warning("kiosk_request_failed", code=getattr(error, "code", ""))
    return _told(request.url.path, error)


async def _malformed(request: Request, _error: Exception) -> Response:
    return _told(request.url.path, RequestMalformed())


async def _not_served(request: Request, error: Exception) -> Response:
    """A path or a method that is not there, or a body that cannot even be decoded."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    if status not in (404, 405):
        return _told(request.url.path, RequestMalformed())
    answer = _told(request.url.path, PlaceUnknown(), status)
    answer.headers.update(getattr(error, "headers", None) or {})
    return answer
