"""Who asks: what every route but the open ones depends on."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader
from starlette.concurrency import run_in_threadpool

from national_sync.web.desk import Desk
from national_sync.web.devices import Device
from national_sync.web.gate import Gate
from national_sync.web.sessions import Visit
from national_sync.web.signing import SignedRequest

_signature = APIKeyHeader(
    name="Kiosk-Signature",
    scheme_name="device",
    auto_error=False,
    description=(
        "ECDSA P-256 over SHA-256, base64url of the two numbers, of these lines joined by line feeds: `NSK1`, method,"
        " path with query, SHA-256 of the body in hex, `Kiosk-Time` (epoch milliseconds), `Kiosk-Nonce` (22 to 64"
        " characters of base64url), `Kiosk-Device`, `Kiosk-Session` or nothing."
    ),
)


def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


async def _admitted(request: Request, signature: Annotated[str | None, Security(_signature)]) -> Device:
    gate: Gate = request.app.state.gate
    return await run_in_threadpool(gate.admit, _signed(request, await request.body(), signature or ""))


def _signed(request: Request, body: bytes, signature: str) -> SignedRequest:
    query = request.scope["query_string"].decode("latin-1")
    path = request.scope["raw_path"].decode("latin-1")
    headers = request.headers
    return SignedRequest(
        method=request.method,
        target=f"{path}?{query}" if query else path,
        body=body,
        device=headers.get("Kiosk-Device", ""),
        time_ms=headers.get("Kiosk-Time", ""),
        nonce=headers.get("Kiosk-Nonce", ""),
        session=headers.get("Kiosk-Session", ""),
        signature=signature,
    )


TheDesk: TypeAlias = Annotated[Desk, Depends(desk_of)]
TheDevice: TypeAlias = Annotated[Device, Depends(_admitted)]


def _visit(request: Request, device: TheDevice, desk: TheDesk) -> Visit:
    return desk.visit(device, request.headers.get("Kiosk-Session", ""))


TheVisit: TypeAlias = Annotated[Visit, Depends(_visit)]


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


TheAddress: TypeAlias = Annotated[str, Depends(address_of)]
