"""What a person does at a kiosk, whichever face asks: the interface for machines or the touch page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from national_sync.clock import Clock
from national_sync.errors import (
    MirrorStale,
    NationalSyncError,
    RedemptionRefused,
    RequestRepeated,
    StillRunning,
    TooManyTries,
    WrongDevice,
)
from national_sync.exchange.book import Book, BulkBook
from national_sync.exchange.ledger import Job, Ledger
from national_sync.exchange.offers import open_offers
from national_sync.exchange.outcomes import SENTENCES, Outcome, Refusal
from national_sync.exchange.steps import HoldRequest, Steps
from national_sync.sealing import Sealer
from national_sync.store.database import Database
from national_sync.web import cards, readers, sessions, tries
from national_sync.web.devices import Device, DeviceKind, forget_nonces, is_first
from national_sync.web.gate import MEMORY_SECONDS, Admitted
from national_sync.web.looking import Looks
from national_sync.web.names import Names
from national_sync.web.sessions import Ended, Visit
from national_sync.web.standing import Standing, mirror_as_of, standing_of

log = structlog.get_logger()

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Choice:
    """An offer, and what stands against it for this person at this moment."""

    name: str
    """Outside."""
    title: str
    merchant: str
    category: str
    """What kind of merchant: `national_sync.exchange.merchants.Category`."""
    price_seconds: int
    left_pieces: int | None
    minimum_star: int
    refusal: Refusal | None


@dataclass(frozen=True)
class Held:
    name: str
    seconds: int
    expires_at: int | None
    title: str
    merchant: str


@dataclass(frozen=True)
class Voucher:
    code: str
    seconds: int
    expires_at: int | None
    title: str
    merchant: str


@dataclass(frozen=True)
class Collectable:
    """What a voucher is good for, at its merchant's till."""

    title: str
    pieces: int
    seconds: int
    expires_at: int | None


class Desk:
    """Everything that is written goes through the ledger: its one writer on SQLite keeps the requests from each other's
    way. What is asked for most has a second form, with an `a` before its name, that takes no thread while it waits.
    """

    def __init__(
        self, *, database: Database, ledger: Ledger, steps: Steps, sealer: Sealer, clock: Clock, names: Names
    ) -> None:
        self.database = database
        self.clock = clock
        self.sealer = sealer
        self.looks = Looks(database)
        self.ledger = ledger
        self._steps = steps
        self._names = names

    @property
    def now(self) -> int:
        return int(self.clock.now())

    # Coming and going

    def identify(self, device: Device, address: str, code: str, pin: str) -> tuple[str, Visit]:
        """The token of a new visit, and the visit. Raises WrongDevice, TooManyTries, PersonRefused."""
        if device.kind is not DeviceKind.KIOSK:
            raise WrongDevice()
        self.count({f"device:{device.id}": tries.IDENTIFICATIONS, self.subject(address): tries.FROM_ONE_ADDRESS})
        volunteer_id = cards.identify(self.database, self.ledger, self.sealer, code, pin, self.now)

        def change_over(book: Book, now: float) -> tuple[list[Ended], str]:
            return sessions.end_at(book, device), sessions.begin(book, device, volunteer_id, int(now))

        ended, token = self.ledger.run(change_over)
        self._give_back(ended)
        log.info("kiosk_visit_begun", device=device.public_id)
        return token, Visit(volunteer_id, device)

    def count(self, most: Mapping[str, int]) -> None:
        """Count a try for each subject. Raises TooManyTries."""
        if not self.ledger.run(lambda book, now: tries.count(book, most, now)):
            raise TooManyTries()

    def subject(self, address: str) -> str:
        """A network address, as it is counted: not to be read back."""
        return f"address:{self.sealer.match_hash(f'address {address}').hex()}"

    async def visit(self, admitted: Admitted) -> Visit:
        """Who is there, which is noted. Raises SignedOut."""
        volunteer_id = admitted.session.volunteer_at(self.now)
        if admitted.session.is_time_to_touch(self.now):
            await self.ledger.arun(lambda book, now: sessions.touch(book, admitted.token, int(now)))
        return Visit(volunteer_id, admitted.device, admitted.nonce)

    def sign_out(self, device: Device) -> None:
        """Nobody is at this device any more; what was held and not confirmed is given back."""
        self._give_back(self.ledger.run(lambda book, _now: sessions.end_at(book, device)))

    def clear_up(self) -> None:
        """What time brings about: the idle are signed out, counts that are over are forgotten."""
        self._give_back(self.ledger.run(_forget))

    def _give_back(self, ended: Sequence[Ended]) -> None:
        for one in ended:
            for redemption_id in self._held_by(one):
                self.ledger.run(
                    lambda book, now, held=redemption_id, device=one.device_actor: self._steps.release(  # type: ignore[misc]
                        book, now, held, device=device
                    )
                )

    def _held_by(self, ended: Ended) -> list[int]:
        sql = "SELECT id FROM redemption WHERE volunteer_id = ? AND device = ? AND state = 'held'"
        found = self.looks.look_here(lambda book: book.rows(sql, ended.volunteer_id, ended.device_actor))
        return [redemption_id for (redemption_id,) in found]

    # Looking

    def standing(self, visit: Visit) -> Standing:
        return self.looks.look_here(lambda book: self._standing(book, visit))

    async def astanding(self, visit: Visit) -> Standing:
        return await self.looks.look(lambda book: self._standing(book, visit))

    def _standing(self, book: Book, visit: Visit) -> Standing:
        return standing_of(book, visit.volunteer_id, self.now, self._is_stale)

    def _is_stale(self, as_of: int | None) -> bool:
        return as_of is None or self.now - as_of > self._steps.policy.stale_hours * 3_600

    def mirror_age_seconds(self) -> int | None:
        """How long ago the last run with the national side ended."""
        as_of = self.looks.look_here(mirror_as_of)
        return None if as_of is None else self.now - as_of

    def choices(self, visit: Visit) -> list[Choice]:
        """The offers of this place; first those that the person may take now."""
        with self.database.read() as connection:
            book = BulkBook(connection)
            found = [self._choice(book, visit, offer) for offer in open_offers(connection, self.now)]
        here = [choice for choice in found if choice.refusal is not Refusal.WRONG_OUTLET]
        return sorted(here, key=lambda choice: choice.refusal is not None)

    def _choice(self, book: BulkBook, visit: Visit, offer: Mapping[str, Any]) -> Choice:
        asked = HoldRequest("-", visit.volunteer_id, offer["id"], 1, visit.device.actor, visit.device.outlet_id)
        return Choice(
            name=self._names.outside("offer", offer["id"]),
            title=offer["name"],
            merchant=offer["merchant"],
            category=offer["category"],
            price_seconds=offer["price_seconds"],
            left_pieces=offer["left_pieces"],
            minimum_star=offer["minimum_star"],
            refusal=self._steps.judge(book, self.now, asked),
        )

    # Redeeming

    def hold(self, visit: Visit, offer: str, quantity: int, key: str) -> Held:
        """Raises MirrorStale, TooManyTries, RedemptionRefused, KeyMissing, KeyReused."""
        return _granted(self.ledger.run(self._holding(visit, offer, quantity, key)))

    async def ahold(self, visit: Visit, offer: str, quantity: int, key: str) -> Held:
        return _granted(await self.ledger.arun(self._holding(visit, offer, quantity, key)))

    def _holding(self, visit: Visit, offer: str, quantity: int, key: str) -> Job[Held | NationalSyncError]:
        request = HoldRequest(
            # A key counts for its own device and person: nobody can claim, or spoil, somebody else's.
            f"{visit.device.actor} {visit.volunteer_id} {key}" if key.strip() else "",
            visit.volunteer_id,
            self._names.inside("offer", offer) or 0,
            quantity,
            visit.device.actor,
            visit.device.outlet_id,
        )

        def job(book: Book, now: float) -> Held | NationalSyncError:
            if not _is_first(book, visit, now):
                return RequestRepeated()
            if self._is_stale(mirror_as_of(book)):
                return MirrorStale()
            if not tries.count(book, {f"person:{visit.volunteer_id}": tries.HOLDS}, now):
                return TooManyTries()
            outcome = self._steps.hold(book, now, request)
            if outcome.refusal:
                return refused(outcome.refusal)
            held = outcome.redemption_id or 0
            titles = _titles(book, visit, held) or ("", "")
            return Held(self._names.outside("redemption", held), outcome.seconds, outcome.expires_at, *titles)

        return job

    def confirm(self, visit: Visit, hold: str) -> Voucher:
        """Spend what is held; repeated, it gives the same voucher. Raises RedemptionRefused."""
        return self._told(visit, _granted(self.ledger.run(self._confirming(visit, hold))))

    async def aconfirm(self, visit: Visit, hold: str) -> Voucher:
        return self._told(visit, _granted(await self.ledger.arun(self._confirming(visit, hold))))

    def _confirming(self, visit: Visit, hold: str) -> Job[Voucher | NationalSyncError]:
        held = self._names.inside("redemption", hold)

        def job(book: Book, now: float) -> Voucher | NationalSyncError:
            if not _is_first(book, visit, now):
                return RequestRepeated()
            titles = _titles(book, visit, held)
            if held is None or titles is None:
                return refused(Refusal.UNKNOWN_REDEMPTION)
            outcome = self._steps.confirm(book, now, held, None, device=visit.device.actor)
            if outcome.refusal:
                return refused(outcome.refusal)
            if outcome.code is None:
                return StillRunning()
            return Voucher(outcome.code, outcome.seconds, outcome.expires_at, *titles)

        return job

    def _told(self, visit: Visit, voucher: Voucher) -> Voucher:
        log.info("kiosk_redeemed", device=visit.device.public_id, seconds=voucher.seconds)
        return voucher

    def release(self, visit: Visit, hold: str) -> None:
        """Raises RedemptionRefused."""
        held = self._names.inside("redemption", hold)

        def job(book: Book, now: float) -> Outcome | NationalSyncError:
            if held is None or _titles(book, visit, held) is None:
                return refused(Refusal.UNKNOWN_REDEMPTION)
            return _unless_refused(self._steps.release(book, now, held, device=visit.device.actor))

        _granted(self.ledger.run(job))

    def check_voucher(self, device: Device, code: str) -> Collectable:
        """What a till would hand over for a voucher; nothing changes. Raises WrongDevice, RedemptionRefused."""
        merchant_id = _merchant_of(device)

        def job(book: Book, now: float) -> Collectable | NationalSyncError:
            outcome, pieces = self._steps.look(book, now, code, merchant_id=merchant_id, device=device.actor)
            if outcome.refusal:
                return refused(outcome.refusal)
            title, _merchant = _what(book, outcome.redemption_id or 0)
            return Collectable(title, pieces, outcome.seconds, outcome.expires_at)

        return _granted(self.ledger.run(job))

    def collect(self, device: Device, code: str, key: str) -> tuple[str, int]:
        """Hand over, at a till, what a voucher is for: its title and the hours it cost. Raises RedemptionRefused."""
        merchant_id = _merchant_of(device)

        def job(book: Book, now: float) -> tuple[str, int] | NationalSyncError:
            outcome = self._steps.collect(
                book,
                now,
                code,
                key=f"{device.actor} {key}" if key.strip() else "",
                merchant_id=merchant_id,
                outlet_id=device.outlet_id,
                device=device.actor,
            )
            if outcome.refusal:
                return refused(outcome.refusal)
            return _what(book, outcome.redemption_id or 0)[0], outcome.seconds

        return _granted(self.ledger.run(job))


def _forget(book: Book, now: float) -> list[Ended]:
    """Sign the idle out, and clear away what is too old to count."""
    cards.forget_used(book, int(now))
    readers.forget(book, int(now))
    tries.forget(book, now)
    forget_nonces(book, int(now) - MEMORY_SECONDS)
    return sessions.end_idle(book, int(now))


def _is_first(book: Book, visit: Visit, now: float) -> bool:
    """Note the request's number, if that is still to be done; whether it came for the first time."""
    return visit.nonce is None or is_first(book, visit.device, visit.nonce, int(now))


def _titles(book: Book, visit: Visit, redemption_id: int | None) -> tuple[str, str] | None:
    """Of the offer and its merchant, for a redemption that this person began at this device.

    Another's and one that never was get the same answer.
    """
    row = book.one(
        "SELECT o.name, m.name FROM redemption r JOIN offer o ON o.id = r.offer_id"
        " JOIN merchant m ON m.id = o.merchant_id WHERE r.id = ? AND r.volunteer_id = ? AND r.device = ?",
        redemption_id or 0,
        visit.volunteer_id,
        visit.device.actor,
    )
    return (row[0], row[1]) if row else None


def _what(book: Book, redemption_id: int) -> tuple[str, str]:
    """The titles of an offer and of its merchant."""
    row = book.one(
        "SELECT o.name, m.name FROM redemption r JOIN offer o ON o.id = r.offer_id"
        " JOIN merchant m ON m.id = o.merchant_id WHERE r.id = ?",
        redemption_id,
    )
    return (row[0], row[1]) if row else ("", "")


def _merchant_of(device: Device) -> int:
    """Whose till it is. Raises WrongDevice."""
    if device.kind is not DeviceKind.TILL or device.merchant_id is None:
        raise WrongDevice()
    return device.merchant_id


def refused(refusal: Refusal) -> RedemptionRefused:
    return RedemptionRefused(reason=SENTENCES[refusal], refusal=refusal.value)


def _unless_refused(outcome: Outcome) -> Outcome | NationalSyncError:
    return refused(outcome.refusal) if outcome.refusal else outcome


def _granted(answer: Answer | NationalSyncError) -> Answer:
    """Jobs return what speaks against them: what they have written all the same must stay."""
    if isinstance(answer, NationalSyncError):
        raise answer
    return answer
