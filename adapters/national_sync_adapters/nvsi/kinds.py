"""The kinds of values on the wire: how each is read, checked and written.

`read` takes what the decoder found (text, or a bare number) and returns the core's value, or raises `Unreadable`.
`write` is its inverse. The reason never quotes the value, for it may be personal data. Times on the wire are Puer
time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final, Protocol

from national_sync.clock import local_text
from national_sync.i18n import N_
from national_sync.national.port import RejectReason
from national_sync.records import Value

SECONDS_OF_EIGHT_HOURS: Final = 8 * 3600
EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
SECONDS_A_HUNDREDTH: Final = 36
DAYS_REMEMBERED: Final = 4096
"""Ten years; the days of a table come again and again."""
MOST_RECORD_HUNDREDTHS: Final = 100_000
"""1000 h: no single service or training lasts longer; above it the value is damaged."""
MOST_TOTAL_HUNDREDTHS: Final = 100_000_000_000
"""10^9 h: the whole nation has 5.4 billion, so no team or person comes near."""

LONGEST_PATTERN: Final = 64
"""No text of a fixed form is longer."""

FORBIDDEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
"""Control characters, marks that turn the writing direction, half characters: none belongs in a name or a remark."""
LINE_BREAKS: Final = re.compile("[\t\n\r]")
DAY: Final = re.compile("([0-9]{4})-([0-9]{2})-([0-9]{2})")
TIME_OF_DAY: Final = re.compile("[ T]([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])(?:\\.([0-9]{1,9}))?")
NO_TIME: Final = re.compile("(?: 00:00:00(?:\\.0{1,6})?)?")
DECIMAL: Final = re.compile("([0-9]{1,12})(?:\\.([0-9]{1,2})0*)?")
WHOLE: Final = re.compile("[0-9]{1,12}")


class Unreadable(Exception):
    """A value cannot be understood."""

    def __init__(self, reason: RejectReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Kind(Protocol):
    """One kind of value. `blank` stands in where a deleted record no longer shows it."""

    @property
    def blank(self) -> Value: ...

    def read(self, value: object) -> Value: ...

    def write(self, value: Value) -> str: ...


def text_of(value: object) -> str:
    """The value as text without surrounding spaces; bare numbers count as their text."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(value)
    raise Unreadable(RejectReason.MALFORMED, N_("is neither text nor a number"))


@lru_cache(DAYS_REMEMBERED)
def day_start(text: str) -> int:
    """UTC epoch seconds of the midnight with which this day begins in Puer."""
    found = DAY.fullmatch(text)
    if found is None:
        raise Unreadable(RejectReason.BAD_DATE, N_("is not a date YYYY-MM-DD"))
    try:
        ordinal = date(int(found[1]), int(found[2]), int(found[3])).toordinal()
    except ValueError as error:
        raise Unreadable(RejectReason.BAD_DATE, N_("is no day of the calendar")) from error
    return (ordinal - EPOCH_DAY) * 86_400 - SECONDS_OF_EIGHT_HOURS


def time_of_day(text: str) -> int:
    """Milliseconds since midnight of ` HH:MM:SS` with an optional fraction; a `T` may stand for the space."""
    found = TIME_OF_DAY.fullmatch(text)
    if found is None:
        raise Unreadable(RejectReason.BAD_DATE, N_("is not a time YYYY-MM-DD HH:MM:SS"))
    hours, minutes, seconds, fraction = found.groups()
    whole = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
    return whole * 1000 + int(((fraction or "0") + "00")[:3])


def moment_ms(value: object) -> int:
    """UTC epoch milliseconds of a Puer timestamp."""
    text = text_of(value)
    return day_start(text[:10]) * 1000 + time_of_day(text[10:])


def hundredths(value: object, most: int) -> int:
    """Hundredths of an hour in a decimal text with at most two decimals (more only if they are zeros)."""
    found = DECIMAL.fullmatch(text_of(value))
    if found is None:
        raise Unreadable(RejectReason.BAD_HOURS, N_("is not a number of hours with two decimals"))
    amount = int(found[1]) * 100 + int(((found[2] or "0") + "0")[:2])
    if amount > most:
        raise Unreadable(RejectReason.BAD_HOURS, N_("is more than {0} hours").format(most // 100))
    return amount


def _must_be_text(value: Value) -> str:
    return value if isinstance(value, str) else str(value)


def _must_be_number(value: Value) -> int:
    if not isinstance(value, int):
        raise TypeError("a number is needed here")
    return value


@dataclass(frozen=True)
class Text:
    longest: int
    may_have_lines: bool = False
    blank: str = ""

    def read(self, value: object) -> str:
        text = text_of(value)
        if len(text) > self.longest:
            raise Unreadable(RejectReason.TOO_LONG, N_("is longer than {0} characters").format(self.longest))
        if FORBIDDEN.search(text) or (not self.may_have_lines and LINE_BREAKS.search(text)):
            raise Unreadable(RejectReason.BAD_TEXT, N_("holds control, direction or half characters"))
        return text

    def write(self, value: Value) -> str:
        return _must_be_text(value)


@dataclass(frozen=True)
class Phone(Text):
    """A phone number; digits may come in full width."""

    longest: int = 30

    def read(self, value: object) -> str:
        return unicodedata.normalize("NFKC", Text.read(self, value))


@dataclass(frozen=True)
class Pattern:
    """Text of one exact form."""

    form: str
    otherwise: str
    """What a text of another form is told to be."""
    blank: str = ""

    def read(self, value: object) -> str:
        text = text_of(value)
        if len(text) > LONGEST_PATTERN:
            raise Unreadable(RejectReason.TOO_LONG, N_("is longer than {0} characters").format(LONGEST_PATTERN))
        if FORBIDDEN.search(text):
            raise Unreadable(RejectReason.BAD_TEXT, N_("holds control, direction or half characters"))
        if re.fullmatch(self.form, text) is None:
            raise Unreadable(RejectReason.MALFORMED, self.otherwise)
        return text

    def write(self, value: Value) -> str:
        return _must_be_text(value)


@dataclass(frozen=True)
class Choice:
    """A closed list: national code -> the core's word. The first code of a word is the one written."""

    words: Mapping[str, str]
    blank: str = ""

    def read(self, value: object) -> str:
        word = self.words.get(text_of(value))
        if word is None:
            raise Unreadable(RejectReason.UNKNOWN_CODE, N_("is a code that is not in the list"))
        return word

    def write(self, value: Value) -> str:
        for code, word in self.words.items():
            if word == value:
                return code
        raise ValueError("has no national code")


@dataclass(frozen=True)
class Code:
    """A national code that the core keeps as it is; shorter forms are padded, old ones replaced."""

    known: tuple[str, ...]
    replaced: Mapping[str, str]
    blank: str = ""

    def read(self, value: object) -> str:
        width = len(self.known[0])
        code = text_of(value).rjust(width, "0")
        code = self.replaced.get(code, code)
        if code not in self.known:
            raise Unreadable(RejectReason.UNKNOWN_CODE, N_("is a code that is not in the list"))
        return code

    def write(self, value: Value) -> str:
        return _must_be_text(value)


@dataclass(frozen=True)
class Codes:
    """Several codes joined by commas, kept sorted. Regional ones begin with a province prefix, so any digits pass."""

    longest: int = 200
    blank: str = ""

    def read(self, value: object) -> str:
        text = text_of(value)
        if len(text) > self.longest:
            raise Unreadable(RejectReason.TOO_LONG, N_("is longer than {0} characters").format(self.longest))
        codes = {code.strip() for code in text.split(",")} - {""}
        if not all(re.fullmatch("[0-9]{1,18}", code) for code in codes):
            raise Unreadable(RejectReason.UNKNOWN_CODE, N_("holds a code that is not made of digits"))
        return ",".join(sorted(codes))

    def write(self, value: Value) -> str:
        return _must_be_text(value)


@dataclass(frozen=True)
class Moment:
    """A Puer timestamp; seconds of UTC. Fractions, always `.0` or noise, are dropped."""

    blank: int = 0

    def read(self, value: object) -> int:
        return moment_ms(value) // 1000

    def write(self, value: Value) -> str:
        return f"{local_text(_must_be_number(value))}.0"


@dataclass(frozen=True)
class Day:
    """A calendar day; a midnight behind it is dropped."""

    blank: str = ""

    def read(self, value: object) -> str:
        text = text_of(value)
        day_start(text[:10])
        if NO_TIME.fullmatch(text[10:]) is None:
            raise Unreadable(RejectReason.BAD_DATE, N_("is not a date YYYY-MM-DD"))
        return text[:10]

    def write(self, value: Value) -> str:
        return _must_be_text(value)


@dataclass(frozen=True)
class Hours:
    """A decimal text of hours with two decimals; seconds here, on the grid of 36 s."""

    most_hundredths: int = MOST_RECORD_HUNDREDTHS
    blank: int = 0

    def read(self, value: object) -> int:
        return hundredths(value, self.most_hundredths) * SECONDS_A_HUNDREDTH

    def write(self, value: Value) -> str:
        amount = (_must_be_number(value) + SECONDS_A_HUNDREDTH // 2) // SECONDS_A_HUNDREDTH
        return f"{amount // 100}.{amount % 100:02d}"


@dataclass(frozen=True)
class Number:
    most: int = 10**12 - 1
    blank: int = 0

    def read(self, value: object) -> int:
        text = text_of(value)
        if WHOLE.fullmatch(text) is None or int(text) > self.most:
            raise Unreadable(RejectReason.MALFORMED, N_("is not a whole number up to {0}").format(self.most))
        return int(text)

    def write(self, value: Value) -> str:
        return str(_must_be_number(value))
