"""The interface for machines: JSON in, JSON or a problem out."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import asdict
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field

from national_sync.exchange.outcomes import sentence
from national_sync.web import devices, tries
from national_sync.web.asking import TheAddress, TheDesk, TheDevice, TheUnnotedVisit, TheVisit, desk_of, visit_of
from national_sync.web.desk import Choice
from national_sync.web.devices import DeviceKind
from national_sync.web.forms import REFUSALS, VERSION_PATTERN, Body, Key, Name, Whole
from national_sync.web.signing import unpacked
from national_sync.web.version import VERSION
from national_sync.web.vouchers import MOST, good_vouchers

_KEY: Final = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE" + "A" * 86
_SIGNATURE: Final = "A" * 86
_CARD: Final = "NSP1.7K3M9QWERT5Y.ABCDEFGHJKMNPQRSTUVWXYZ234"
_NAME: Final = "k5v2q7xw3mtd4yb6nrc2ghjf3a"


class PairingBody(Body):
    code: str = Field(min_length=1, max_length=40, examples=["7K3M-9QWE-RT5Y-HJ2P"])
    public_key: str = Field(max_length=300, description="ECDSA P-256, SubjectPublicKeyInfo, base64url", examples=[_KEY])
    proof: str = Field(
        max_length=100, description="signature of `NSK1 pair`, a line feed and the code", examples=[_SIGNATURE]
    )
    version: str = Field("", max_length=40, pattern=VERSION_PATTERN, examples=["1"])


class DeviceAnswer(BaseModel):
    device: str = Field(examples=["7Q2M9XK4TB1C"])
    name: str = Field(examples=["大厅"])
    kind: DeviceKind = Field(examples=["kiosk"])


class HeartbeatBody(Body):
    version: str = Field(max_length=40, pattern=VERSION_PATTERN, examples=["1"])


class HeartbeatAnswer(BaseModel):
    name: str = Field(examples=["大厅"])
    time_ms: int = Field(examples=[1_772_476_200_000])
    page: str = Field(description="the version of the page that this server has", examples=["3f9a12c4"])


class VisitBody(Body):
    code: str = Field(min_length=1, max_length=200, description="what the card's QR drawing says", examples=[_CARD])
    pin: str = Field("", max_length=12, description="for a printed card", examples=["204913"])


class VisitAnswer(BaseModel):
    session: str = Field(
        description="goes into `Kiosk-Session` of what follows", examples=["Zm9yIHRoaXMgdmlzaXQgb25seQ"]
    )


class Line(BaseModel):
    at: int = Field(description="epoch seconds", examples=[1_772_380_800])
    seconds: int = Field(examples=[7_200])
    words: str = Field(examples=["志愿服务记录"])


class BalanceAnswer(BaseModel):
    masked_name: str = Field(examples=["岩＊"])
    balance_seconds: int = Field(examples=[23_400])
    usable_seconds: int = Field(examples=[16_200])
    held_seconds: int = Field(examples=[7_200])
    deficit_seconds: int = Field(examples=[0])
    as_of: int | None = Field(
        description="epoch seconds: when the last run with the national side ended", examples=[1_772_476_202]
    )
    is_stale: bool = Field(description="too old to redeem anything", examples=[False])
    lines: list[Line]


class OfferAnswer(BaseModel):
    offer: str = Field(examples=[_NAME])
    title: str = Field(examples=["电影票"])
    merchant: str = Field(examples=["思茅影城"])
    category: str = Field(description="what kind of merchant", examples=["cinema"])
    price_seconds: int = Field(examples=[7_200])
    left_pieces: int | None = Field(examples=[3])
    minimum_star: int = Field(examples=[0])
    refusal: str | None = Field(
        description="stable; null when the person may have it now", examples=["not_enough_hours"]
    )
    reason: str = Field(description="the sentence for it", examples=["账户中的时长不足。"])


class OffersAnswer(BaseModel):
    offers: list[OfferAnswer]


class HoldBody(Body):
    offer: str = Field(max_length=40, examples=[_NAME])
    quantity: Whole = Field(1, ge=1, le=1_000, examples=[1])
    key: Key


class HoldAnswer(BaseModel):
    hold: str = Field(examples=[_NAME])
    seconds: int = Field(examples=[7_200])
    expires_at: int | None = Field(examples=[1_772_508_900])


class VoucherAnswer(BaseModel):
    code: str = Field(description="shown at the till", examples=["7K3M-9QWE-RT5Y-HJ2P"])
    seconds: int = Field(examples=[7_200])
    expires_at: int | None = Field(examples=[1_775_100_600])
    title: str = Field(examples=["电影票"])
    merchant: str = Field(examples=["思茅影城"])


class VouchersAnswer(BaseModel):
    vouchers: list[VoucherAnswer] = Field(max_length=MOST)


api = APIRouter(prefix="/api/v1", responses=REFUSALS)


@api.post("/devices", status_code=201, summary="Hand in a device's key for its one-time code")
def pair(body: PairingBody, desk: TheDesk, address: TheAddress) -> DeviceAnswer:
    desk.count({f"pairing {desk.subject(address)}": tries.PAIRINGS})
    with desk.database.write(durable=True) as connection:
        device = devices.pair(
            connection,
            desk.sealer,
            code=body.code,
            public_key=unpacked(body.public_key) or b"",
            proof=body.proof,
            version=body.version,
            now=desk.now,
        )
    return DeviceAnswer(device=device.public_id, name=device.name, kind=device.kind)


@api.post("/heartbeat", summary="Say that the device is alive, and what it shows")
async def heartbeat(body: HeartbeatBody, device: TheDevice, desk: TheDesk) -> HeartbeatAnswer:
    await desk.ledger.arun(lambda book, now: devices.heartbeat(book, device, body.version, int(now)))
    return HeartbeatAnswer(name=device.name, time_ms=int(desk.clock.now() * 1_000), page=VERSION)


@api.post("/visit", status_code=201, summary="Identify a person; an earlier visit at this device ends")
def begin(body: VisitBody, device: TheDevice, desk: TheDesk, address: TheAddress) -> VisitAnswer:
    return VisitAnswer(session=desk.identify(device, address, body.code, body.pin)[0])


@api.delete("/visit", status_code=204, summary="Sign the person out; holds are given back")
def end(device: TheDevice, desk: TheDesk) -> None:
    desk.sign_out(device)


class _Swift(APIRoute):
    """The route that is asked most often: described like the others, but nothing is solved, checked or looked up for it
    that it does not need, which saves a tenth of its time.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        async def handle(request: Request) -> Response:
            answer: Response = await self.endpoint(await visit_of(request), request)
            return answer

        return handle


async def _balance(visit: TheVisit, request: Request) -> Response:
    return _told(await desk_of(request).astanding(visit))


api.add_api_route(
    "/balance",
    _balance,
    name="balance",
    response_model=BalanceAnswer,
    summary="What the person has, and the last ten lines",
    route_class_override=_Swift,
)


@api.get("/vouchers", summary="What the person has paid for and not collected yet, the latest first")
def vouchers(visit: TheVisit, desk: TheDesk) -> VouchersAnswer:
    return VouchersAnswer(vouchers=[VoucherAnswer(**asdict(voucher)) for voucher in good_vouchers(desk, visit)])


@api.get("/offers", summary="What can be had here; for the others, why not")
def offers(visit: TheVisit, desk: TheDesk) -> OffersAnswer:
    return OffersAnswer(offers=[_offer(choice) for choice in desk.choices(visit)])


def _offer(choice: Choice) -> OfferAnswer:
    return OfferAnswer(
        offer=choice.name,
        title=choice.title,
        merchant=choice.merchant,
        category=choice.category,
        price_seconds=choice.price_seconds,
        left_pieces=choice.left_pieces,
        minimum_star=choice.minimum_star,
        refusal=choice.refusal,
        reason=sentence(choice.refusal) if choice.refusal else "",
    )


@api.post(
    "/holds",
    status_code=201,
    response_model=HoldAnswer,
    summary="Set hours aside; repeated with the same key, the same hold",
)
async def hold(body: HoldBody, visit: TheUnnotedVisit, request: Request) -> Response:
    held = await desk_of(request).ahold(visit, body.offer, body.quantity, body.key)
    return _told({"hold": held.name, "seconds": held.seconds, "expires_at": held.expires_at}, 201)


@api.post(
    "/holds/{hold}/confirm", response_model=VoucherAnswer, summary="Spend what is held; repeated, the same voucher"
)
async def confirm(hold: Name, visit: TheUnnotedVisit, request: Request) -> Response:
    return _told(await desk_of(request).aconfirm(visit, hold))


def _told(answer: object, status: int = 200) -> Response:
    """What is asked for most goes out without being checked against its model once more; tests do that."""
    return Response(msgspec.json.encode(answer), status, media_type="application/json")


@api.post("/holds/{hold}/release", status_code=204, summary="Give what is held back")
def release(hold: Name, visit: TheVisit, desk: TheDesk) -> None:
    desk.release(visit, hold)
