"""Which requests are let in: signed by an admitted device, just now, and for the first time."""

from __future__ import annotations

import threading
from collections import deque
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from national_sync.clock import Clock
from national_sync.errors import RequestNotSigned, RequestRepeated, RequestUntimely, TooManyTries
from national_sync.store.database import Database
from national_sync.web.devices import Device, open_device
from national_sync.web.signing import SignedRequest, is_genuine, load_key

PAST_SECONDS: Final = 30
AHEAD_SECONDS: Final = 5
_A_MINUTE: Final = 300
"""Requests of one device: five a second."""


class Gate:
    """What was received is remembered in memory for as long as it would be timely.

    A service that starts anew remembers nothing, so it takes no request that could have been sent to the one before it.
    There is one service for a database.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
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

    def admit(self, request: SignedRequest) -> Device:
        """Whose request it is. Raises RequestNotSigned; and for a genuine one RequestUntimely, RequestRepeated, TooManyTries."""
        with self._database.read() as connection:
            found = open_device(connection, request.device)
        # The same work for a device that does not exist.
        key = _key(found[1]) if found else _nobodys_key()
        if not (is_genuine(key, request.message, request.signature) and found and request.is_well_formed):
            raise RequestNotSigned()
        now = self._clock.now()
        if not max(now - PAST_SECONDS, self._earliest) <= request.at <= now + AHEAD_SECONDS:
            raise RequestUntimely()
        self._remember(found[0].id, request.nonce, now)
        return found[0]

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
        while self._in_order and self._in_order[0][0] < now - 60:
            _at, device_id, nonce = self._in_order.popleft()
            self._seen.discard((device_id, nonce))
            self._requests[device_id] -= 1


@lru_cache(maxsize=1_000)
def _key(spki: bytes) -> ec.EllipticCurvePublicKey:
    return load_key(spki)


@lru_cache(maxsize=1)
def _nobodys_key() -> ec.EllipticCurvePublicKey:
    return ec.generate_private_key(ec.SECP256R1()).public_key()
