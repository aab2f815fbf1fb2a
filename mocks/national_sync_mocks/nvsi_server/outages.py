"""The answers of faults that strike before a call is looked at."""

from __future__ import annotations

from typing import Final

import msgspec

from national_sync_mocks.nvsi_server import refusal
from national_sync_mocks.nvsi_server.clock import http_date
from national_sync_mocks.nvsi_server.envelope import Answer
from national_sync_mocks.nvsi_server.faults import Fault

_BUSY: Final = msgspec.json.encode({"code": refusal.TOO_FAST, "message": "调用过于频繁", "data": None})
_LOGIN_PAGE: Final = (
    "<!DOCTYPE html><html><head><title>登录</title></head><body><form>请登录</form></body></html>".encode()
)


def outage(fault: Fault, shown_ms: int) -> Answer | None:
    """The answer instead of the true one; None if this fault lets the call through."""
    match fault.kind:
        case "429":
            return Answer(_BUSY, shown_ms, 429, headers=(("Retry-After", str(fault["retryAfter"])),))
        case "429-date":
            moment = http_date(shown_ms + 999 + fault["retryAfter"] * 1000)
            return Answer(_BUSY, shown_ms, 429, headers=(("Retry-After", moment),))
        case "429-no-header":
            return Answer(_BUSY, shown_ms, 429)
        case "5xx":
            return Answer(b"upstream not available", shown_ms, fault["status"], "text/plain")
        case "error-envelope":
            content = {"code": fault["code"], "message": fault["message"], "data": None}
            return Answer(msgspec.json.encode(content), shown_ms)
        case "html-login":
            return Answer(_LOGIN_PAGE, shown_ms, 200, "text/html;charset=UTF-8")
        case "redirect":
            return Answer(b"", shown_ms, 302, headers=(("Location", fault["location"]),))
        case "lost-request":
            return Answer(b"", shown_ms, fault=fault)
        case _:
            return None
