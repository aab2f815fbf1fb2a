"""The interface for machines: JSON in, JSON or a problem out."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from national_sync.exchange.outcomes import sentence
from national_sync.web import devices, tries
from national_sync.web.asking import TheAddress, TheDesk, TheDevice, TheVisit
from national_sync.web.desk import Choice
from national_sync.web.devices import DeviceKind
from national_sync.web.problems import MEDIA_TYPE
from national_sync.web.signing import unpacked


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


Key = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_-]+$", examples=["3b1f0c7e9d"])]
Name = Annotated[str, Path(min_length=26, max_length=26, pattern="^[a-z2-7]{26}$")]


class Problem(BaseModel):
    """RFC 9457. `type` is stable; `title` and `hint` are sentences for a person."""

    type: str = Field(examples=["urn:national-sync:problem:not_enough_hours"])
    title: str = Field(examples=["账户中的时长不足。"])
    status: int = Field(examples=[409])
    hint: str


class PairingBody(_Body):
    code: str = Field(min_length=1, max_length=40, examples=["7K3M-9QWE-RT5Y-HJ2P"])
    public_key: str = Field(max_length=300, description="ECDSA P-256, SubjectPublicKeyInfo, base64url")
    proof: str = Field(max_length=100, description="signature of `NSK1 pair`, a line feed and the code")
    version: str = Field("", max_length=40)


class DeviceAnswer(BaseModel):
    device: str
    name: str
    kind: DeviceKind


class HeartbeatBody(_Body):
    version: str = Field(max_length=40, examples=["1"])


class HeartbeatAnswer(BaseModel):
    name: str
    time_ms: int


class VisitBody(_Body):
    code: str = Field(min_length=1, max_length=200, description="what the card's QR drawing says")
    pin: str = Field("", max_length=12, description="for a printed card")


class VisitAnswer(BaseModel):
    session: str


class Line(BaseModel):
    at: int
    seconds: int
    words: str


class BalanceAnswer(BaseModel):
    masked_name: str = Field(examples=["岩＊"])
    balance_seconds: int
    usable_seconds: int
    held_seconds: int
    deficit_seconds: int
    as_of: int | None = Field(description="epoch seconds: when the last run with the national side ended")
    is_stale: bool = Field(description="too old to redeem anything")
    lines: list[Line]


class OfferAnswer(BaseModel):
    offer: str
    title: str
    merchant: str
    price_seconds: int
    left_pieces: int | None
    minimum_star: int
    refusal: str | None = Field(description="stable; null when the person may have it now")
    reason: str = Field(description="the sentence for it")


class OffersAnswer(BaseModel):
    offers: list[OfferAnswer]


class HoldBody(_Body):
    offer: str = Field(max_length=40)
    quantity: int = Field(1, ge=1, le=1_000)
    key: Key


class HoldAnswer(BaseModel):
    hold: str
    seconds: int
    expires_at: int | None


class VoucherAnswer(BaseModel):
    code: str
    seconds: int
    expires_at: int | None
    title: str
    merchant: str


class CollectBody(_Body):
    code: str = Field(min_length=1, max_length=40)
    key: Key


class CollectAnswer(BaseModel):
    title: str
    seconds: int


_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": Problem, "description": words, "content": {MEDIA_TYPE: {}}}
    for status, words in (
        (401, "no genuine, timely, first request of an admitted device; or the visit is over"),
        (403, "not accepted"),
        (408, "arrived too slowly"),
        (409, "refused; `type` says why"),
        (413, "too large"),
        (422, "not of the expected form"),
        (429, "tried too often"),
        (503, "not at present"),
    )
}
api = APIRouter(prefix="/api/v1", responses=_REFUSALS)


@api.post("/devices", status_code=201, summary="Hand in a device's key for its one-time code")
def pair(body: PairingBody, desk: TheDesk, address: TheAddress) -> DeviceAnswer:
    tries.count(desk.database, {f"pairing {desk.subject(address)}": tries.PAIRINGS}, desk.now)
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
def heartbeat(body: HeartbeatBody, device: TheDevice, desk: TheDesk) -> HeartbeatAnswer:
    with desk.database.write() as connection:
        devices.heartbeat(connection, device, body.version, desk.now)
    return HeartbeatAnswer(name=device.name, time_ms=int(desk.clock.now() * 1_000))


@api.post("/visit", status_code=201, summary="Identify a person; an earlier visit at this device ends")
def begin(body: VisitBody, device: TheDevice, desk: TheDesk, address: TheAddress) -> VisitAnswer:
    return VisitAnswer(session=desk.identify(device, address, body.code, body.pin))


@api.delete("/visit", status_code=204, summary="Sign the person out; holds are given back")
def end(device: TheDevice, desk: TheDesk) -> None:
    desk.sign_out(device)


@api.get("/balance", summary="What the person has, and the last ten lines")
def balance(visit: TheVisit, desk: TheDesk) -> BalanceAnswer:
    standing = desk.standing(visit)
    return BalanceAnswer(
        masked_name=standing.masked_name,
        balance_seconds=standing.balance_seconds,
        usable_seconds=standing.usable_seconds,
        held_seconds=standing.held_seconds,
        deficit_seconds=standing.deficit_seconds,
        as_of=standing.as_of,
        is_stale=standing.is_stale,
        lines=[Line(**line) for line in standing.lines],
    )


@api.get("/offers", summary="What can be had here; for the others, why not")
def offers(visit: TheVisit, desk: TheDesk) -> OffersAnswer:
    return OffersAnswer(offers=[_offer(choice) for choice in desk.choices(visit)])


def _offer(choice: Choice) -> OfferAnswer:
    return OfferAnswer(
        offer=choice.name,
        title=choice.title,
        merchant=choice.merchant,
        price_seconds=choice.price_seconds,
        left_pieces=choice.left_pieces,
        minimum_star=choice.minimum_star,
        refusal=choice.refusal,
        reason=sentence(choice.refusal) if choice.refusal else "",
    )


@api.post("/holds", status_code=201, summary="Set hours aside; repeated with the same key, the same hold")
def hold(body: HoldBody, visit: TheVisit, desk: TheDesk) -> HoldAnswer:
    held = desk.hold(visit, body.offer, body.quantity, body.key)
    return HoldAnswer(hold=held.name, seconds=held.seconds, expires_at=held.expires_at)


@api.post("/holds/{hold}/confirm", summary="Spend what is held; repeated, the same voucher")
def confirm(hold: Name, visit: TheVisit, desk: TheDesk) -> VoucherAnswer:
    voucher = desk.confirm(visit, hold)
    return VoucherAnswer(
        code=voucher.code,
        seconds=voucher.seconds,
        expires_at=voucher.expires_at,
        title=voucher.title,
        merchant=voucher.merchant,
    )


@api.post("/holds/{hold}/release", status_code=204, summary="Give what is held back")
def release(hold: Name, visit: TheVisit, desk: TheDesk) -> None:
    desk.release(visit, hold)


@api.post("/vouchers/collect", summary="At a till: hand over what a voucher is for, once")
def collect(body: CollectBody, device: TheDevice, desk: TheDesk) -> CollectAnswer:
    title, seconds = desk.collect(device, body.code, body.key)
    return CollectAnswer(title=title, seconds=seconds)
