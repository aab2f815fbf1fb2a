"""Around everything: bodies are bounded in size and time, answers carry the headers that keep a browser strict."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeAlias

import structlog
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from national_sync.clock import Clock
from national_sync.errors import RequestTooLarge, RequestTooSlow
from national_sync.i18n import speaking
from national_sync.web.problems import language_of

log = structlog.get_logger()
MOST_BYTES: Final = 16_384
BODY_SECONDS: Final = 10.0
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self';"
        " connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_FOR_PAGES: Final = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
_FOR_MACHINES: Final = _FOR_PAGES[:2]
"""What is no document needs no more; each further header costs a request of a machine some microseconds."""
_NOT_KEPT: Final = (b"cache-control", b"no-store")
TIME_HEADER: Final = b"kiosk-time"
"""By it a device reckons its own requests' time."""
_ASSETS: Final = "/assets/"
_API: Final = "/api/"


Tell: TypeAlias = Callable[[str, BaseException], Response]
"""What went wrong at a path, as an answer."""


class Shield:
    def __init__(self, app: ASGIApp, tell: Tell, clock: Clock) -> None:
        self._app = app
        self._tell = tell
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        has_body = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
        with speaking(language_of(headers.get(b"accept-language", b"").decode("latin-1"))):
            await self._serve(scope, receive, self._guarded(scope, send), has_body=has_body)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, *, has_body: bool) -> None:
        is_answered = False

        async def answered(message: Message) -> None:
            nonlocal is_answered
            is_answered = True
            await send(message)

        try:
            body = await _whole_body(receive) if has_body else b""
            await self._app(scope, _given(body, receive), answered)
        except (RequestTooSlow, RequestTooLarge) as error:
            response = self._tell(scope["path"], error)
            response.headers["Connection"] = "close"
            await response(scope, receive, send)
        except Exception as error:
            # The text of a foreign error may quote a person's data; its kind does not.
            log.error("kiosk_request_failed", kind=type(error).__name__)
            if not is_answered:
                await self._tell(scope["path"], error)(scope, receive, send)

    def _guarded(self, scope: Scope, send: Send) -> Send:
        is_asset, is_for_machines = (scope["path"].startswith(place) for place in (_ASSETS, _API))

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *(pair for pair in message["headers"] if is_asset or pair[0] != _NOT_KEPT[0]),
                    *(_FOR_MACHINES if is_for_machines else _FOR_PAGES),
                    (TIME_HEADER, b"%d" % (self._clock.now() * 1_000)),
                    *(() if is_asset else (_NOT_KEPT,)),
                ]
            await send(message)

        return guarded


async def _whole_body(receive: Receive) -> bytes:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _parts_of(receive)
    except TimeoutError as error:
        raise RequestTooSlow() from error


async def _parts_of(receive: Receive) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size > MOST_BYTES:
            raise RequestTooLarge()
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def _given(body: bytes, receive: Receive) -> Receive:
    is_given = False

    async def give() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return give
