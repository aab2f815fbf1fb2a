"""What a person does at a kiosk, whichever face asks: the interface for machines or the touch page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlalchemy import Connection, text

from national_sync.clock import Clock
from national_sync.errors import MirrorStale, RedemptionRefused, StillRunning, WrongDevice
from national_sync.exchange.accounts import exchangeable
from national_sync.exchange.book import BulkBook
from national_sync.exchange.ledger import Ledger
from national_sync.exchange.offers import open_offers
from national_sync.exchange.outcomes import SENTENCES, Outcome, Refusal
from national_sync.exchange.statement import account_facts, line_in_words, page
from national_sync.exchange.steps import HoldRequest, Steps
from national_sync.sealing import Sealer
from national_sync.store.database import Database
from national_sync.web import cards, sessions, tries
from national_sync.web.devices import Device, DeviceKind
from national_sync.web.names import Names
from national_sync.web.sessions import Ended, Visit

log = structlog.get_logger()

LINES: Final = 10
_STAR: Final = "＊"


@dataclass(frozen=True)
class Standing:
    """What a person has, as the mirror knew it at `as_of`."""

    masked_name: str
    balance_seconds: int
    usable_seconds: int
    held_seconds: int
    deficit_seconds: int
    as_of: int | None
    """When the last run with the national side ended; None before the first."""
    is_stale: bool
    """Too old: nothing can be redeemed."""
    lines: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Choice:
    """An offer, and what stands against it for this person at this moment."""

    name: str
    """Outside."""
    title: str
    merchant: str
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


class Desk:
    def __init__(
        self, *, database: Database, ledger: Ledger, steps: Steps, sealer: Sealer, clock: Clock, names: Names
    ) -> None:
        self.database = database
        self.clock = clock
        self.sealer = sealer
        self._ledger = ledger
        self._steps = steps
        self._names = names

    @property
    def now(self) -> int:
        return int(self.clock.now())

    # Coming and going

    def identify(self, device: Device, address: str, code: str, pin: str) -> str:
        """The token of a new visit. Raises WrongDevice, TooManyTries, PersonRefused."""
        if device.kind is not DeviceKind.KIOSK:
            raise WrongDevice()
        most = {f"device:{device.id}": tries.IDENTIFICATIONS, self.subject(address): tries.FROM_ONE_ADDRESS}
        tries.count(self.database, most, self.now)
        volunteer_id = cards.identify(self.database, self.sealer, code, pin, self.now)
        with self.database.write(durable=True) as connection:
            ended = sessions.end_at(connection, device)
            token = sessions.begin(connection, device, volunteer_id, self.now)
        self._give_back(ended)
        log.info("kiosk_visit_begun", device=device.public_id)
        return token

    def subject(self, address: str) -> str:
        """A network address, as it is counted: not to be read back."""
        return f"address:{self.sealer.match_hash(f'address {address}').hex()}"

    def visit(self, device: Device, token: str) -> Visit:
        """Raises SignedOut."""
        with self.database.read() as connection:
            visit, is_time = sessions.find(connection, device, token, self.now)
        if is_time:
            with self.database.write() as connection:
                sessions.touch(connection, token, self.now)
        return visit

    def sign_out(self, device: Device) -> None:
        """Nobody is at this device any more; what was held and not confirmed is given back."""
        with self.database.write(durable=True) as connection:
            ended = sessions.end_at(connection, device)
        self._give_back(ended)

    def clear_up(self) -> None:
        """What time brings about: the idle are signed out, counts that are over are forgotten."""
        with self.database.write() as connection:
            ended = sessions.end_idle(connection, self.now)
            cards.forget_used(connection, self.now)
            tries.forget(connection, self.now)
        self._give_back(ended)

    def _give_back(self, ended: Sequence[Ended]) -> None:
        for one in ended:
            for redemption_id in self._held_by(one):
                self._ledger.run(
                    lambda book, now, held=redemption_id, device=one.device_actor: self._steps.release(  # type: ignore[misc]
                        book, now, held, device=device
                    )
                )

    def _held_by(self, ended: Ended) -> list[int]:
        with self.database.read() as connection:
            found = connection.execute(
                text(
                    "SELECT id FROM redemption WHERE volunteer_id = :volunteer AND device = :device AND state = 'held'"
                ),
                {"volunteer": ended.volunteer_id, "device": ended.device_actor},
            )
            return list(found.scalars())

    # Looking

    def standing(self, visit: Visit) -> Standing:
        with self.database.read() as connection:
            facts = account_facts(connection, visit.volunteer_id, self.now)
            lines = page(connection, exchangeable(visit.volunteer_id), limit=LINES)
            as_of = _as_of(connection)
            name = connection.execute(
                text("SELECT name FROM volunteer WHERE id = :id"), {"id": visit.volunteer_id}
            ).scalar()
        return Standing(
            masked_name=masked(name or ""),
            balance_seconds=facts["balance_seconds"],
            usable_seconds=facts["usable_seconds"],
            held_seconds=facts["held_seconds"],
            deficit_seconds=facts["deficit_seconds"],
            as_of=as_of,
            is_stale=self._is_stale(as_of),
            lines=[
                {"at": line["at"], "seconds": line["seconds"], "words": line_in_words(_without_numbers(line))}
                for line in lines
            ],
        )

    def _is_stale(self, as_of: int | None) -> bool:
        return as_of is None or self.now - as_of > self._steps.policy.stale_hours * 3_600

    def mirror_age_seconds(self) -> int | None:
        """How long ago the last run with the national side ended."""
        with self.database.read() as connection:
            as_of = _as_of(connection)
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
            price_seconds=offer["price_seconds"],
            left_pieces=offer["left_pieces"],
            minimum_star=offer["minimum_star"],
            refusal=self._steps.judge(book, self.now, asked),
        )

    # Redeeming

    def hold(self, visit: Visit, offer: str, quantity: int, key: str) -> Held:
        """Raises MirrorStale, TooManyTries, RedemptionRefused, KeyMissing, KeyReused."""
        with self.database.read() as connection:
            is_stale = self._is_stale(_as_of(connection))
        if is_stale:
            raise MirrorStale()
        tries.count(self.database, {f"person:{visit.volunteer_id}": tries.HOLDS}, self.now)
        request = HoldRequest(
            # A key counts for its own device and person: nobody can claim, or spoil, somebody else's.
            f"{visit.device.actor} {visit.volunteer_id} {key}" if key.strip() else "",
            visit.volunteer_id,
            self._names.inside("offer", offer) or 0,
            quantity,
            visit.device.actor,
            visit.device.outlet_id,
        )
        outcome = _granted(self._ledger.run(lambda book, now: self._steps.hold(book, now, request)))
        held = outcome.redemption_id or 0
        return Held(self._names.outside("redemption", held), outcome.seconds, outcome.expires_at, *self._what(held))

    def confirm(self, visit: Visit, hold: str) -> Voucher:
        """Spend what is held; repeated, it gives the same voucher. Raises RedemptionRefused."""
        held = self._own(visit, hold)
        outcome = _granted(
            self._ledger.run(lambda book, now: self._steps.confirm(book, now, held, None, device=visit.device.actor))
        )
        if outcome.code is None:
            raise StillRunning()
        log.info("kiosk_redeemed", device=visit.device.public_id, redemption=held)
        return Voucher(outcome.code, outcome.seconds, outcome.expires_at, *self._what(held))

    def release(self, visit: Visit, hold: str) -> None:
        """Raises RedemptionRefused."""
        held = self._own(visit, hold)
        _granted(self._ledger.run(lambda book, now: self._steps.release(book, now, held, device=visit.device.actor)))

    def collect(self, device: Device, code: str, key: str) -> tuple[str, int]:
        """Hand over, at a till, what a voucher is for: its title and the hours it cost. Raises RedemptionRefused."""
        if device.kind is not DeviceKind.TILL or device.merchant_id is None:
            raise WrongDevice()
        merchant_id = device.merchant_id
        outcome = _granted(
            self._ledger.run(
                lambda book, now: self._steps.collect(
                    book,
                    now,
                    code,
                    key=f"{device.actor} {key}" if key.strip() else "",
                    merchant_id=merchant_id,
                    outlet_id=device.outlet_id,
                    device=device.actor,
                )
            )
        )
        title, _merchant = self._what(outcome.redemption_id or 0)
        return title, outcome.seconds

    def _own(self, visit: Visit, hold: str) -> int:
        """A redemption that this person began at this device. Another's and one that never was get the same answer."""
        held = self._names.inside("redemption", hold)
        with self.database.read() as connection:
            found = connection.execute(
                text("SELECT 1 FROM redemption WHERE id = :id AND volunteer_id = :volunteer AND device = :device"),
                {"id": held or 0, "volunteer": visit.volunteer_id, "device": visit.device.actor},
            ).first()
        if held is None or found is None:
            raise refused(Refusal.UNKNOWN_REDEMPTION)
        return held

    def _what(self, redemption_id: int) -> tuple[str, str]:
        """The titles of an offer and of its merchant."""
        with self.database.read() as connection:
            row = connection.execute(
                text(
                    "SELECT o.name, m.name FROM redemption r JOIN offer o ON o.id = r.offer_id"
                    " JOIN merchant m ON m.id = o.merchant_id WHERE r.id = :id"
                ),
                {"id": redemption_id},
            ).first()
        return (row[0], row[1]) if row else ("", "")


def masked(name: str) -> str:
    """The first character and a star for each other one."""
    return name[:1] + _STAR * (len(name) - 1)


def refused(refusal: Refusal) -> RedemptionRefused:
    return RedemptionRefused(reason=SENTENCES[refusal], refusal=refusal.value)


def _granted(outcome: Outcome) -> Outcome:
    if outcome.refusal:
        raise refused(outcome.refusal)
    return outcome


def _without_numbers(line: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers of rows stay inside."""
    return {**line, "record_id": "", "redemption_id": ""}


def _as_of(connection: Connection) -> int | None:
    """When the last run that read the national side ended."""
    found: int | None = connection.execute(
        text(
            "SELECT ended_at FROM run WHERE state = 'finished' AND kind <> 'decisions' AND ended_at IS NOT NULL"
            " ORDER BY id DESC LIMIT 1"
        )
    ).scalar()
    return found
