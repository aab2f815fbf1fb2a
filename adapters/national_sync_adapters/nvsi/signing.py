"""Signatures (HMAC-SM3) and the access token, which all threads share."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives import hashes, hmac

from national_sync.clock import Clock

RENEWED_AHEAD_SECONDS: Final = 30
"""A token this close to its end is renewed first, so that it does not end on the way."""


def signature(secret: bytes, app_id: str, timestamp_ms: int, nonce: str) -> str:
    mac = hmac.HMAC(secret, hashes.SM3())
    mac.update(f"{app_id}\n{timestamp_ms}\n{nonce}".encode())
    return mac.finalize().hex()


def token_request(secret: bytes, app_id: str, clock: Clock) -> dict[str, str | int]:
    """The body of a token call; its nonce is used once."""
    timestamp_ms = int(clock.now() * 1000)
    nonce = secrets.token_hex(16)
    return {
        "appId": app_id,
        "timestamp": timestamp_ms,
        "nonce": nonce,
        "sign": signature(secret, app_id, timestamp_ms, nonce),
    }


@dataclass(frozen=True)
class Token:
    text: str
    ends_at: float

    def is_usable(self, now: float) -> bool:
        return now + RENEWED_AHEAD_SECONDS < self.ends_at


class TokenKeeper:
    """Hands out one token; however many threads find it expired, one call renews it."""

    def __init__(self, fetch: Callable[[], Token], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._token: Token | None = None

    def token(self, *, refused: str | None = None) -> str:
        """The present token. `refused` is one that the national side did not take; it is not handed out again."""
        with self._lock:
            token = self._token
            if token is None or token.text == refused or not token.is_usable(self._clock.now()):
                token = self._token = self._fetch()
            return token.text
