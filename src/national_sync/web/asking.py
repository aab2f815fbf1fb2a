"""Who asks: what every route but the open ones depends on."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from fastapi import Depends, Request, Security
from fastapi.openapi.models import APIKey, APIKeyIn
from fastapi.security.base import SecurityBase

from national_sync.web.desk import Desk
from national_sync.web.devices import Device
from national_sync.web.gate import Admitted, Gate
from national_sync.web.sessions import Visit
from national_sync.web.signing import SignedRequest

_ADMITTED: Final = "kiosk.admitted"
_SIGNED_HEADERS: Final = (b"kiosk-device", b"kiosk-time", b"kiosk-nonce", b"kiosk-session", b"kiosk-signature")
"""In the order of `SignedRequest`."""
_SIGNATURE: Final = APIKey(
    **{"in": APIKeyIn.header},
    name="Kiosk-Signature",
    description=(
        "ECDSA P-256 over SHA-256, base64url of the two numbers, of these lines joined by line feeds: `NSK1`, method,"
        " path with query, SHA-256 of the body in hex, `Kiosk-Time` (epoch milliseconds), `Kiosk-Nonce` (22 to 64"
        " characters of base64url), `Kiosk-Device`, `Kiosk-Session` or nothing."
    ),
)


class _Signed(SecurityBase):
    """A signature as a dependency that checks it. There is one a route: each further level of dependencies costs time."""

    model = _SIGNATURE
    scheme_name = "device"


class _ByDevice(_Signed):
    async def __call__(self, request: Request) -> Device:
        return (await _noted(request)).device


class _InVisit(_Signed):
    async def __call__(self, request: Request) -> Visit:
        return await visit_of(request)


class _InVisitUnnoted(_Signed):
    """For a route that notes the request's number together with what it does: one commit instead of two."""

    async def __call__(self, request: Request) -> Visit:
        return await desk_of(request).visit(await _admitted(request))


async def visit_of(request: Request) -> Visit:
    """Whose signed request this is. Raises what the gate and the desk raise."""
    return await desk_of(request).visit(await _noted(request))


def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


async def _admitted(request: Request) -> Admitted:
    """Whose request it is; one that two dependencies ask for is let in once."""
    admitted: Admitted | None = request.scope.get(_ADMITTED)
    if admitted is None:
        gate: Gate = request.app.state.gate
        request.scope[_ADMITTED] = admitted = await gate.admit(_signed(request, await request.body()))
    return admitted


async def _noted(request: Request) -> Admitted:
    admitted = await _admitted(request)
    if admitted.nonce:
        gate: Gate = request.app.state.gate
        await gate.note(admitted)
        request.scope[_ADMITTED] = admitted = admitted._replace(nonce=None)
    return admitted


def _signed(request: Request, body: bytes) -> SignedRequest:
    query = request.scope["query_string"].decode("latin-1")
    path = request.scope["raw_path"].decode("latin-1")
    headers = dict(request.scope["headers"])
    return SignedRequest(
        request.method,
        f"{path}?{query}" if query else path,
        body,
        *(headers.get(name, b"").decode("latin-1") for name in _SIGNED_HEADERS),
    )


async def public_key_of(request: Request) -> str | None:
    """What codes of cards and certificates are verified with; None where the office has none yet."""
    key: str | None = request.app.state.public_key
    return key


ThePublicKey: TypeAlias = Annotated[str | None, Depends(public_key_of)]


async def _desk(request: Request) -> Desk:
    return desk_of(request)


TheDesk: TypeAlias = Annotated[Desk, Depends(_desk)]
TheDevice: TypeAlias = Annotated[Device, Security(_ByDevice())]
TheVisit: TypeAlias = Annotated[Visit, Security(_InVisit())]
TheUnnotedVisit: TypeAlias = Annotated[Visit, Security(_InVisitUnnoted())]


async def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


TheAddress: TypeAlias = Annotated[str, Depends(address_of)]
