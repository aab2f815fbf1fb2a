"""One request's way back to the caller, whole or broken."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from national_sync_mocks.nvsi_server.service import LARGEST_BODY

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


class Connection:
    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: bytes = scope.get("query_string", b"")
        self.headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}

    async def body(self) -> bytes:
        """The body, or a little more of it than the largest that is looked at."""
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await self._receive()
            part = message.get("body", b"")
            if size <= LARGEST_BODY:
                parts.append(part)
            size += len(part)
            more = message.get("more_body", False)
        return b"".join(parts)

    async def reply(self, status: int, headers: Headers, body: bytes) -> None:
        await self._start(status, headers)
        await self._piece(b"" if self.method == "HEAD" else body, False)

    async def drip(self, status: int, headers: Headers, body: bytes, pieces: int, seconds: float) -> None:
        """The whole body, slowly."""
        size = max(1, -(-len(body) // max(1, pieces)))
        await self._start(status, headers)
        for start in range(0, len(body), size):
            await asyncio.sleep(seconds / max(1, pieces))
            await self._piece(body[start : start + size], start + size < len(body))

    async def break_off(self, status: int, headers: Headers, body: bytes) -> None:
        """Less body than the headers promise, then the end of the connection."""
        await self._start(status, headers)
        await self._piece(body, True)
        self._scope["state"]["transport"].close()
        await self._gone()

    async def hang_up(self) -> None:
        """The end of the connection without a word."""
        self._scope["state"]["transport"].abort()
        await self._gone()

    async def _gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _start(self, status: int, headers: Headers) -> None:
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def _piece(self, body: bytes, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": more})
