"""Calls that are signed, limited, watched by the breaker and, where that is safe, repeated.

A read is repeated until it is served or its deadline comes. A write is repeated only when it certainly was not carried
out: never delivered, refused for speed, or refused for an expired token. Whether a write that failed otherwise took
effect is unknown, and the caller says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NoReturn

import msgspec
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from national_sync.clock import Clock
from national_sync.errors import (
    ClockSkewed,
    CredentialsRefused,
    NationalBusy,
    NationalSideError,
    NationalUnavailable,
    ProtocolBroken,
    QuotaSpent,
    RequestRefused,
    StopRequested,
)
from national_sync.failpoint import failpoint
from national_sync.i18n import N_, Phrase
from national_sync_adapters.nvsi.breaker import Breaker
from national_sync_adapters.nvsi.deadline import Deadline
from national_sync_adapters.nvsi.encryption import BodyCipher
from national_sync_adapters.nvsi.envelope import NOT_DECODED, NOTHING, Code, Garbled, Reply, decoded
from national_sync_adapters.nvsi.http import Answer, NotDelivered, Transport
from national_sync_adapters.nvsi.limits import Limits
from national_sync_adapters.nvsi.settings import NvsiSettings
from national_sync_adapters.nvsi.signing import Token, TokenKeeper, token_request

RENEWALS: Final = 2
"""A fresh token may end on the way once; refused twice, something else is wrong."""
BACKOFF: Final = wait_random_exponential(multiplier=0.5, max=10)
Decoder = msgspec.json.Decoder[Any]

MEANINGS: Final[Mapping[int, str]] = {
    Code.MALFORMED: N_("malformed request"),
    Code.UNKNOWN_FIELD: N_("unknown field"),
    Code.INVALID_VALUE: N_("invalid value"),
    Code.NOT_ALLOWED: N_("not allowed"),
    Code.NOT_FOUND: N_("not found"),
    Code.BATCH_TOO_LARGE: N_("batch too large"),
}
"""Our words for refusals of reading calls: the national side's own may hold personal data, and these reach logs."""


@dataclass(frozen=True)
class Call:
    """What is sent where, and how its reply is decoded."""

    path: str
    payload: Mapping[str, object]
    typed: Decoder | None = None
    on_sent: Callable[[], None] | None = None
    is_metered: bool = True


class Session:
    """Everything between a path with its payload and a reply. Thread-safe."""

    def __init__(
        self,
        settings: NvsiSettings,
        secret: bytes,
        *,
        transport: Transport,
        limits: Limits,
        breaker: Breaker,
        clock: Clock,
    ) -> None:
        self.limits = limits
        self._settings = settings
        self._secret = secret
        self._transport = transport
        self._breaker = breaker
        self._clock = clock
        self._tokens = TokenKeeper(self._fetch_token, clock)
        self._cipher = BodyCipher(secret)
        self.is_encrypting = settings.encrypt_bodies == "always"

    def close(self) -> None:
        self._transport.close()
        self.limits.quota.give_back()

    def read(
        self,
        path: str,
        payload: Mapping[str, object],
        typed: Decoder | None = None,
        *,
        missing_is_none: bool = False,
        is_metered: bool = True,
    ) -> Reply:
        """The reply with code 0; "not found" counts as an empty one on request. Raises a `NationalSideError`.

        `is_metered` is off for calls that the national side does not count against the day's quota.
        """
        reply = self._repeated(Call(path, payload, typed, is_metered=is_metered), _may_read_again)
        if missing_is_none and reply.code == Code.NOT_FOUND:
            return Reply(Code.OK, "", NOTHING)
        if not reply.is_ok:
            meaning = Phrase(MEANINGS.get(reply.code, N_("its own words are not shown")))
            raise RequestRefused(national_code=reply.code, words=meaning)
        return reply

    def write(self, path: str, payload: Mapping[str, object]) -> Reply:
        """The reply, whatever its code. Raises a `NationalSideError`; see `was_not_carried_out`."""
        call = Call(path, payload, on_sent=partial(failpoint, "after_send"))
        try:
            return self._repeated(call, was_not_carried_out)
        except StopRequested as error:
            # Only what certainly had no effect is waited for.
            raise NotDelivered(reason=N_("it was asked to stop")) from error

    def _deadline(self) -> Deadline:
        return Deadline(self._settings.call_deadline_seconds, self._clock)

    def _repeated(self, call: Call, may_repeat: Callable[[BaseException], bool]) -> Reply:
        deadline = self._deadline()
        retrying = Retrying(
            retry=retry_if_exception(may_repeat),
            wait=_wait_seconds,
            stop=lambda state: _is_last(state, deadline) or stop_after_attempt(self._settings.attempts)(state),
            sleep=self._clock.wait,
            reraise=True,
        )
        return retrying(self._once, call, deadline)

    # One attempt

    def _once(self, call: Call, deadline: Deadline) -> Reply:
        refused: str | None = None
        for _ in range(RENEWALS + 1):
            token = self._token(refused)
            reply = self._exchange(call, deadline, token)
            if reply.code != Code.BAD_TOKEN:
                return reply
            refused = token
        raise CredentialsRefused(reason="fresh tokens are not accepted")

    def _token(self, refused: str | None) -> str:
        try:
            return self._tokens.token(refused=refused)
        except NotDelivered:
            raise
        except (NationalUnavailable, ProtocolBroken) as error:
            cause = error.facts.get("reason") or Phrase(error.template)
            reason = Phrase(N_("no access token was given ({reason})"), reason=cause)
            raise NotDelivered(reason=reason, retry_after_seconds=error.facts.get("retry_after_seconds")) from error

    def _fetch_token(self) -> Token:
        try:
            reply = self._token_reply()
        except ClockSkewed:
            reply = self._token_reply()
        if reply.code == Code.NONCE_SEEN:
            raise NationalUnavailable(reason="the number used once was seen before")
        if not reply.is_ok:
            raise CredentialsRefused(reason=Phrase(N_("code {code}"), code=reply.code))
        try:
            data = msgspec.json.decode(reply.data, type=_TokenData)
        except NOT_DECODED as error:
            raise ProtocolBroken(reason="the reply to the token call") from error
        return Token(data.token, self._clock.now() + data.expiresIn)

    def _token_reply(self) -> Reply:
        body = token_request(self._secret, self._settings.app_id, self._clock)
        return self._exchange(Call("/token", body, is_metered=False), self._deadline())

    def _exchange(self, call: Call, deadline: Deadline, token: str | None = None) -> Reply:
        headers = {} if token is None else {"X-Access-Token": token}
        is_encrypted = self.is_encrypting
        body = msgspec.json.encode(call.payload)
        if is_encrypted:
            body = self._cipher.encrypted(body)
        with self._breaker.one_call(), self.limits.one_call(deadline, is_metered=call.is_metered):
            answer = self._transport.post(call.path, body, headers, deadline=deadline, on_sent=call.on_sent)
            reply = self._reply(answer, call.typed, is_encrypted)
        if reply.code == Code.MUST_BE_ENCRYPTED and not is_encrypted and self._settings.encrypt_bodies == "auto":
            self.is_encrypting = True
            return self._exchange(call, deadline, token)
        self._raise_for(reply, answer)
        return reply

    def _reply(self, answer: Answer, typed: Decoder | None, is_encrypted: bool) -> Reply:
        try:
            body = self._cipher.decrypted(answer.body) if is_encrypted else answer.body
            reply = decoded(body, typed, server_time_ms=answer.server_time_ms())
        except (Garbled, ValueError) as error:
            return self._reply_without_envelope(answer, error)
        if answer.status == 429:
            return Reply(Code.TOO_FAST, "", NOTHING)
        if reply.code == Code.MAINTENANCE:
            raise UnderMaintenance(retry_after_seconds=self._asked_pause(answer))
        if answer.status >= 500:
            raise NationalUnavailable(reason=_status(answer))
        return reply

    def _reply_without_envelope(self, answer: Answer, error: Exception) -> Reply:
        match answer.status:
            case 429:
                return Reply(Code.TOO_FAST, "", NOTHING)
            case 503:
                raise Overloaded(reason=_status(answer), retry_after_seconds=self._asked_pause(answer)) from error
            case status if status >= 500:
                raise NationalUnavailable(reason=_status(answer)) from error
            case 401 | 403:
                raise CredentialsRefused(reason=_status(answer)) from error
            case status if status >= 400:
                raise ProtocolBroken(reason=_status(answer)) from error
            case _:
                reason = str(error) if isinstance(error, Garbled) else N_("a body that cannot be decrypted")
                raise NationalUnavailable(reason=reason) from error

    def _asked_pause(self, answer: Answer) -> float | None:
        return answer.retry_after_seconds(self._clock.now())

    def _raise_for(self, reply: Reply, answer: Answer) -> None:
        match reply.code:
            case Code.BAD_CLOCK:
                self._raise_skewed(reply)
            case Code.BAD_SIGNATURE:
                raise CredentialsRefused(reason="the signature or the application id is not accepted")
            case Code.TOO_FAST:
                raise TooFast(retry_after_seconds=self._asked_pause(answer))
            case Code.QUOTA_SPENT:
                raise QuotaSpent(quota=self._settings.calls_per_day)
            case Code.INTERNAL:
                raise NationalUnavailable(reason="internal error on the national side")

    def _raise_skewed(self, reply: Reply) -> NoReturn:
        server_time_ms = reply.server_time_ms
        with suppress(*NOT_DECODED):
            server_time_ms = msgspec.json.decode(reply.data, type=_ClockData).serverTime
        seconds = Phrase(N_("many")) if server_time_ms is None else round(self._clock.now() - server_time_ms / 1000)
        raise ClockSkewed(seconds=seconds)


def _status(answer: Answer) -> Phrase:
    return Phrase(N_("HTTP status {status}"), status=answer.status)


class _TokenData(msgspec.Struct):
    token: str
    expiresIn: float


class _ClockData(msgspec.Struct):
    serverTime: int


class Overloaded(NationalUnavailable):
    """The national system is overloaded: {reason}"""


class TooFast(NationalBusy):
    """The national system asks us to slow down."""


class UnderMaintenance(NationalUnavailable):
    """The national system is under maintenance."""


def was_not_carried_out(error: BaseException) -> bool:
    """True when the call certainly had no effect on the national side and may be sent again."""
    return isinstance(error, NotDelivered | NationalBusy | UnderMaintenance)


def _may_read_again(error: BaseException) -> bool:
    return isinstance(error, NationalSideError) and error.retryable


def _wait_seconds(state: RetryCallState) -> float:
    """As long as the national side asks; otherwise longer each time, at random, so that many clients spread out."""
    error = state.outcome.exception() if state.outcome is not None else None
    asked = error.facts.get("retry_after_seconds") if isinstance(error, NationalSideError) else None
    return float(asked) if isinstance(asked, int | float) else BACKOFF(state)


def _is_last(state: RetryCallState, deadline: Deadline) -> bool:
    return deadline.remaining() <= state.upcoming_sleep
