"""The ASGI application: HTTP in, HTTP out, and the faults that only the transport can make."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Final

from national_sync_mocks.nvsi_server.admin import Admin
from national_sync_mocks.nvsi_server.clock import http_date
from national_sync_mocks.nvsi_server.connection import Connection, Headers, Receive, Scope, Send
from national_sync_mocks.nvsi_server.envelope import Answer
from national_sync_mocks.nvsi_server.refusal import MALFORMED, NOT_FOUND
from national_sync_mocks.nvsi_server.service import ACTIONS, BASE, Call, Service
from national_sync_mocks.nvsi_server.wire import KINDS

SMALLEST_GZIP: Final = 1000
"""Below this many bytes an answer is not worth compressing."""

PATHS: Final = frozenset(
    {"/token", "/system/info", "/result", "/star/list", "/star/apply"} | {f"/{e}/{a}" for e in KINDS for a in ACTIONS}
)


class Application:
    def __init__(self, service: Service) -> None:
        self.service = service
        self.admin = Admin(service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        connection = Connection(scope, receive, send)
        body = await connection.body()
        if connection.path.startswith("/admin/"):
            await self._admin(connection, body)
        elif not connection.path.startswith(BASE + "/") or connection.path.removeprefix(BASE) not in PATHS:
            await self._refuse(connection, 404, NOT_FOUND, "没有这个接口")
        elif connection.method != "POST":
            await self._refuse(connection, 405, MALFORMED, "各接口均须用 POST 调用")
        else:
            token = connection.headers.get(b"x-access-token", "")
            answer = self.service.answer(Call(connection.path.removeprefix(BASE), token, body))
            await _deliver(connection, answer)

    async def _admin(self, connection: Connection, body: bytes) -> None:
        status, content = self.admin.answer(connection.method, connection.path, connection.query, body)
        headers = _headers({"Content-Type": "application/json"}, len(content))
        if status == 405:
            headers.append((b"allow", self.admin.methods(connection.path).encode()))
        await connection.reply(status, headers, content)

    async def _refuse(self, connection: Connection, status: int, code: int, message: str) -> None:
        content = json.dumps({"code": code, "message": message, "data": None}).encode()
        named = {"Content-Type": "application/json;charset=UTF-8"} | ({"Allow": "POST"} if status == 405 else {})
        now = self.service.state.shown_now_ms()
        await connection.reply(status, _headers(named, len(content), now), content)


async def _deliver(connection: Connection, answer: Answer) -> None:
    fault = answer.fault
    kind = fault.kind if fault else ""
    if kind in ("lost-answer", "lost-request"):
        await connection.hang_up()
        return
    if fault and kind == "latency":
        await asyncio.sleep(fault["seconds"])
    body, named = answer.body, {"Content-Type": answer.content_type, **dict(answer.headers)}
    takes_gzip = "gzip" in connection.headers.get(b"accept-encoding", "")
    if (takes_gzip and len(body) >= SMALLEST_GZIP) or kind == "gzip-cut":
        body = gzip.compress(body, 1, mtime=0)
        named |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    if fault and kind == "gzip-cut":
        body = body[: max(1, int(len(body) * fault["share"]))]
    headers = _headers(named, len(body), answer.server_time_ms)
    if fault and kind == "truncated":
        await connection.break_off(answer.status, headers, body[: int(len(body) * fault["share"])])
    elif fault and kind == "slow-drip":
        await connection.drip(answer.status, headers, body, fault["pieces"], fault["seconds"])
    else:
        await connection.reply(answer.status, headers, body)


def _headers(named: dict[str, str], length: int, server_time_ms: int | None = None) -> Headers:
    pairs = {**named, "Content-Length": str(length)}
    if server_time_ms is not None:
        pairs |= {"X-Server-Time": str(server_time_ms), "Date": http_date(server_time_ms)}
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in pairs.items()]
