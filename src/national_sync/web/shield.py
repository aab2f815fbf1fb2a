"""Around everything: bodies are bounded in size and time, answers carry the headers that keep a browser strict."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import structlog
from starlette.datastructures import MutableHeaders
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
TIME_HEADER: Final = "Kiosk-Time"
"""By it a device reckons its own requests' time."""
_ASSETS: Final = "/assets/"


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
        accepted = dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1")
        with speaking(language_of(accepted)):
            await self._serve(scope, receive, self._guarded(scope, send))

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_answered = False

        async def answered(message: Message) -> None:
            nonlocal is_answered
            is_answered = True
            await send(message)

        try:
            body = await _in_time(_whole_body(receive))
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
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers[TIME_HEADER] = str(int(self._clock.now() * 1_000))
                if not scope["path"].startswith(_ASSETS):
                    headers["Cache-Control"] = "no-store"
            await send(message)

        return guarded


async def _in_time(body: Awaitable[bytes]) -> bytes:
    try:
        return await asyncio.wait_for(body, BODY_SECONDS)
    except TimeoutError as error:
        raise RequestTooSlow() from error


async def _whole_body(receive: Receive) -> bytes:
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
