"""The `{code, message, data, totalCount, pageCount}` around every reply, with its known quirks.

The code comes as number or text, counts too; errors come with HTTP 200. A body that is no envelope (an HTML login
page, half a body) raises `Garbled`, whose reason holds nothing of the body.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import msgspec

from national_sync.i18n import N_

NOT_DECODED: Final = (msgspec.MsgspecError, UnicodeDecodeError)
NOTHING: Final = msgspec.Raw(b"null")
LONG_DIGITS: Final = re.compile(r"\d{11,}[xX]?")
LONGEST_WORDS: Final = 500


class Code(IntEnum):
    """The codes that mean something to this adapter."""

    OK = 0
    MALFORMED = 40001
    UNKNOWN_FIELD = 40002
    INVALID_VALUE = 40003
    MUST_BE_ENCRYPTED = 40005
    BAD_SIGNATURE = 40101
    BAD_TOKEN = 40102
    BAD_CLOCK = 40103
    NONCE_SEEN = 40104
    NOT_ALLOWED = 40301
    NOT_FOUND = 40401
    VERSION_CONFLICT = 40901
    ALREADY_EXISTS = 40902
    TIME_OVERLAP = 40903
    FACTS_DIFFER = 42210
    BATCH_TOO_LARGE = 42250
    TOO_FAST = 42901
    QUOTA_SPENT = 42902
    REVIEW_REFUSED = 46000
    INTERNAL = 50001
    MAINTENANCE = 50301


class Garbled(Exception):
    """The body is no envelope."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One envelope. `data` is undecoded JSON, or what the decoder given to `decoded` made of it."""

    code: int
    words: str
    data: Any
    total: int | None = None
    server_time_ms: int | None = None
    body: bytes = b""
    """The whole envelope, where a decoder has already made something else of the data."""

    @property
    def is_ok(self) -> bool:
        return self.code == Code.OK


class _PageHead(msgspec.Struct, kw_only=True):
    code: int | str
    message: str | None = None
    totalCount: int | float | str | None = None


class _Envelope(_PageHead, kw_only=True):
    data: msgspec.Raw = NOTHING


def page_decoder(row_type: Any) -> msgspec.json.Decoder[Any]:
    """A decoder of envelopes whose data is a list of `row_type`."""
    data: tuple[str, Any] = ("data", list[row_type])
    return msgspec.json.Decoder(msgspec.defstruct("PageEnvelope", [data], bases=(_PageHead,), kw_only=True))


_ENVELOPES: Final = msgspec.json.Decoder(_Envelope)


def decoded(
    body: bytes,
    typed: msgspec.json.Decoder[Any] | None = None,
    *,
    server_time_ms: int | None = None,
) -> Reply:
    """Read an envelope; `typed` is tried first. Raises `Garbled`."""
    envelope = _typed(body, typed) if typed is not None else None
    is_typed = envelope is not None
    if envelope is None:
        envelope = _plain(body)
    return Reply(
        _code(envelope.code),
        masked(envelope.message or ""),
        envelope.data,
        count_of(envelope.totalCount),
        server_time_ms,
        body if is_typed else b"",
    )


def _typed(body: bytes, decoder: msgspec.json.Decoder[Any]) -> Any:
    try:
        return decoder.decode(body)
    except NOT_DECODED:
        return None


def _plain(body: bytes) -> _Envelope:
    try:
        return _ENVELOPES.decode(body)
    except NOT_DECODED:
        return _patient(body)


def _patient(body: bytes) -> _Envelope:
    """The same for bodies that only a lenient decoder reads: NaN, half characters. One such record is no reason to
    lose the other records of its page."""
    if body.lstrip()[:1] == b"<":
        raise Garbled(N_("an HTML page instead of JSON"))
    try:
        found = loads(body)
    except (ValueError, RecursionError) as error:
        raise Garbled(N_("a body that is not JSON, or half of one")) from error
    if not isinstance(found, dict) or not isinstance(found.get("code"), int | str):
        raise Garbled(N_("JSON without a code"))
    message, total = found.get("message"), found.get("totalCount")
    return _Envelope(
        code=found["code"],
        message=message if isinstance(message, str) else None,
        totalCount=total if isinstance(total, int | str) else None,
        data=msgspec.Raw(json.dumps(found.get("data")).encode()),
    )


def loads(body: bytes) -> Any:
    """JSON, leniently: half characters are kept, numbers with a fraction and NaN stay text."""
    return json.loads(body.decode("utf-8", "surrogatepass"), parse_float=str, parse_constant=str)


def rows_of(data: Any) -> list[msgspec.Raw]:
    """The JSON of each element of a list, undecoded. `Garbled` when it is no list."""
    try:
        return msgspec.json.decode(data, type=list[msgspec.Raw] | None) or []
    except NOT_DECODED:
        pass
    rows = loads(bytes(data))
    if not isinstance(rows, list):
        raise Garbled(N_("no list where one belongs"))
    return [msgspec.Raw(json.dumps(row).encode()) for row in rows]


def _code(code: int | str) -> int:
    try:
        return int(code)
    except ValueError as error:
        raise Garbled(N_("a code that is no number")) from error


def count_of(value: object) -> int | None:
    """A count given as number or digits; None when it is neither."""
    text = str(value).strip()
    return int(text) if text.isascii() and text.isdigit() else None


def masked(words: str) -> str:
    """The national side's words without ID numbers and phones, for the eyes of an operator."""
    shown = LONG_DIGITS.sub("***", words[: LONGEST_WORDS * 2])
    return "".join(_visible(shown))[:LONGEST_WORDS]


def _visible(text: Iterable[str]) -> Iterable[str]:
    return (character if character.isprintable() else " " for character in text)
