"""The interface for machines, continued: codes that are looked at, of papers and of vouchers."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel, Field

from national_sync.i18n import _
from national_sync.web import readers
from national_sync.web.asking import TheAddress, TheDesk, TheDevice, ThePublicKey
from national_sync.web.forms import REFUSALS, Body, Key, Whole
from national_sync.web.verifying import SENTENCES, Counts, certified_in_words, verified_at

_VOUCHER: Final = "7K3M-9QWE-RT5Y-HJ2P"


class VerificationBody(Body):
    code: str = Field(
        min_length=1, max_length=1_000, description="of a card or a certificate", examples=["NS1|star|X2026-000001|…"]
    )


class VerificationAnswer(BaseModel):
    kind: str = Field(description="star, service or card", examples=["star"])
    number: str = Field(examples=["X2026-000001"])
    masked_name: str = Field(examples=["岩＊＊"])
    certified: str = Field(examples=["三星，时长截至 2025-12-31"])
    counts: Counts = Field(examples=["valid"])
    words: str = Field(examples=["真实有效。"])


class CheckBody(Body):
    code: str = Field(min_length=1, max_length=40, examples=[_VOUCHER])


class CheckAnswer(BaseModel):
    """A voucher that can be collected here now."""

    title: str = Field(examples=["电影票"])
    pieces: int = Field(examples=[1])
    seconds: int = Field(examples=[7_200])
    expires_at: int | None = Field(examples=[1_775_100_600])


class CollectBody(Body):
    code: str = Field(min_length=1, max_length=40, examples=[_VOUCHER])
    key: Key


class CollectAnswer(BaseModel):
    title: str = Field(examples=["电影票"])
    seconds: int = Field(examples=[7_200])


class ReadingBody(Body):
    """What the helper of an ID-card reader hands in; the seal vouches for all of it."""

    device: str = Field(
        min_length=1,
        max_length=40,
        pattern="^[0-9A-Z]+$",
        description="of the kiosk beside it",
        examples=["7Q2M9XK4TB1C"],
    )
    id_number: str = Field(
        min_length=15, max_length=18, pattern="^[0-9]{14,17}[0-9X]$", examples=["530802199003072474"]
    )
    time_ms: Whole = Field(ge=0, le=9_999_999_999_999, description="epoch milliseconds", examples=[1_772_476_200_000])
    seal: str = Field(
        max_length=100,
        description="HMAC-SHA256 with the reader's key, base64url, of `NSR1`, device, time_ms and id_number, joined by"
        " line feeds",
        examples=["A" * 43],
    )


checks = APIRouter(prefix="/api/v1", responses=REFUSALS)


@checks.post("/verifications", summary="Whether a card or a certificate is genuine, and still counts")
def verify(body: VerificationBody, device: TheDevice, desk: TheDesk, public_key: ThePublicKey) -> VerificationAnswer:
    found = verified_at(desk, device, body.code, public_key)
    return VerificationAnswer(
        kind=found.kind,
        number=found.number,
        masked_name=found.masked_name,
        certified=certified_in_words(found),
        counts=found.counts,
        words=_(SENTENCES[found.counts]),
    )


@checks.post("/vouchers/check", summary="At a till: what a voucher is for; nothing changes")
def check(body: CheckBody, device: TheDevice, desk: TheDesk) -> CheckAnswer:
    found = desk.check_voucher(device, body.code)
    return CheckAnswer(title=found.title, pieces=found.pieces, seconds=found.seconds, expires_at=found.expires_at)


@checks.post("/vouchers/collect", summary="At a till: hand over what a voucher is for, once")
def collect(body: CollectBody, device: TheDevice, desk: TheDesk) -> CollectAnswer:
    title, seconds = desk.collect(device, body.code, body.key)
    return CollectAnswer(title=title, seconds=seconds)


@checks.post(
    "/readings", status_code=204, summary="From an ID-card reader's helper: what it read, for the kiosk beside it"
)
def hand_in(body: ReadingBody, desk: TheDesk, address: TheAddress) -> None:
    desk.count({f"reading {desk.subject(address)}": readers.FROM_ONE_ADDRESS})
    against = desk.ledger.run(
        lambda book, now: readers.hand_in(
            book,
            desk.sealer,
            device=body.device,
            time_ms=body.time_ms,
            id_number=body.id_number,
            seal=body.seal,
            now=now,
        )
    )
    if against:
        raise against
