"""Which requests are let in: signed by an admitted device, just now, and for the first time."""

from __future__ import annotations

import threading
from collections import deque
from functools import lru_cache
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec

from national_sync.clock import Clock
from national_sync.errors import RequestNotSigned, RequestRepeated, RequestUntimely, TooManyTries
from national_sync.exchange.book import Book
from national_sync.exchange.ledger import Ledger
from national_sync.web.devices import Device, DeviceKind, is_first
from national_sync.web.looking import Looks
from national_sync.web.sessions import Session, token_hash
from national_sync.web.signing import SignedRequest, is_genuine, load_key

PAST_SECONDS: Final = 30
AHEAD_SECONDS: Final = 5
MEMORY_SECONDS: Final = 60
_A_MINUTE: Final = 300
"""Requests of one device: five a second."""


_OPEN: Final = (
    "SELECT d.id, d.public_id, d.name, d.kind, d.merchant_id, d.outlet_id, d.public_key,"
    " s.volunteer_id, s.begun_at, s.seen_at"
    " FROM kiosk_device d LEFT JOIN kiosk_session s ON s.token_hash = ? AND s.device_id = d.id"
    " WHERE d.public_id = ? AND d.state = 'active' AND d.public_key IS NOT NULL"
)


class OpenDevice(NamedTuple):
    device: Device
    public_key: bytes
    session: Session
    """The visit that was asked for."""


def open_device(book: Book, public_id: str, session_hash: str = "") -> OpenDevice | None:
    """A device that is admitted at this moment, with its key and a visit at it."""
    row = book.one(_OPEN, session_hash, public_id)
    if row is None:
        return None
    number, name_outside, name, kind, merchant_id, outlet_id, key = row[:7]
    device = Device(number, name_outside, name, DeviceKind(kind), merchant_id, outlet_id)
    return OpenDevice(device, bytes(key), Session._make(row[7:]))


class Admitted(NamedTuple):
    """A request that was let in."""

    device: Device
    session: Session
    token: str
    """Of the visit."""
    nonce: str | None
    """Its number, where that is still to be noted in the database."""


class Gate:
    """What was received is remembered for as long as it would be timely: in memory, and what changes something in the
    database too, so that no other service on the same database takes it either.

    A service that starts anew remembers nothing of what was only read, so it takes no request that could have been sent
    to the one before it.
    """

    def __init__(self, looks: Looks, ledger: Ledger, clock: Clock) -> None:
        self._looks = looks
        self._ledger = ledger
        self._clock = clock
        self._earliest = clock.now() + AHEAD_SECONDS
        self._lock = threading.Lock()
        self._seen: set[tuple[int, str]] = set()
        self._in_order: deque[tuple[float, int, str]] = deque()
        self._requests: dict[int, int] = {}
        """By device, among those that are remembered."""

    @property
    def is_open(self) -> bool:
        return self._clock.now() >= self._earliest

    async def admit(self, request: SignedRequest) -> Admitted:
        """Whose request it is. Raises RequestNotSigned; and for a genuine one RequestUntimely, RequestRepeated, TooManyTries."""
        session_hash = token_hash(request.session)
        found = await self._looks.glance(lambda book: open_device(book, request.device, session_hash))
        # The same work for a device that does not exist.
        key = _key(found.public_key) if found else _nobodys_key()
        if not (is_genuine(key, request.message, request.signature) and found and request.is_well_formed):
            raise RequestNotSigned()
        now = self._clock.now()
        if not max(now - PAST_SECONDS, self._earliest) <= request.at <= now + AHEAD_SECONDS:
            raise RequestUntimely()
        self._remember(found.device.id, request.nonce, now)
        return Admitted(found.device, found.session, request.session, None if request.only_reads else request.nonce)

    async def note(self, admitted: Admitted) -> None:
        """In the database: the number of a request that changes something. Raises RequestRepeated."""
        device, nonce = admitted.device, admitted.nonce
        if nonce and not await self._ledger.arun(lambda book, now: is_first(book, device, nonce, int(now))):
            raise RequestRepeated()

    def _remember(self, device_id: int, nonce: str, now: float) -> None:
        with self._lock:
            self._forget(now)
            if (device_id, nonce) in self._seen:
                raise RequestRepeated()
            if self._requests.get(device_id, 0) >= _A_MINUTE:
                raise TooManyTries()
            self._seen.add((device_id, nonce))
            self._in_order.append((now, device_id, nonce))
            self._requests[device_id] = self._requests.get(device_id, 0) + 1

    def _forget(self, now: float) -> None:
        """What is remembered longer than it could be timely. A clock that steps back only makes it remembered longer."""
        while self._in_order and self._in_order[0][0] < now - MEMORY_SECONDS:
            _at, device_id, nonce = self._in_order.popleft()
            self._seen.discard((device_id, nonce))
            self._requests[device_id] -= 1


@lru_cache(maxsize=1_000)
def _key(spki: bytes) -> ec.EllipticCurvePublicKey:
    return load_key(spki)


@lru_cache(maxsize=1)
def _nobodys_key() -> ec.EllipticCurvePublicKey:
    return ec.generate_private_key(ec.SECP256R1()).public_key()
