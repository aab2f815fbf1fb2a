"""The mock's own clock: real, frozen, advanced or set; Asia/Shanghai on the wire, milliseconds inside."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

SHANGHAI = timezone(timedelta(hours=8))
DAY_MS = 86_400_000
_TEXT = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d{1,3})?")


@dataclass
class Clock:
    """Milliseconds since the epoch = real time + offset, or a fixed moment when frozen."""

    offset_ms: int = 0
    frozen_at_ms: int | None = None
    last_stamp_ms: int = 0

    def now_ms(self) -> int:
        if self.frozen_at_ms is not None:
            return self.frozen_at_ms
        return time.time_ns() // 1_000_000 + self.offset_ms

    def stamp_ms(self) -> int:
        """The update time of the next write: never twice the same, never backwards."""
        self.last_stamp_ms = max(self.last_stamp_ms + 1, self.now_ms())
        return self.last_stamp_ms

    def set_ms(self, moment_ms: int) -> None:
        if self.frozen_at_ms is not None:
            self.frozen_at_ms = moment_ms
        else:
            self.offset_ms = moment_ms - time.time_ns() // 1_000_000

    def advance_ms(self, by_ms: int) -> None:
        self.set_ms(self.now_ms() + by_ms)

    def freeze(self) -> None:
        self.frozen_at_ms = self.now_ms()

    def run(self) -> None:
        """Go on from where the clock stands."""
        if self.frozen_at_ms is not None:
            moment, self.frozen_at_ms = self.frozen_at_ms, None
            self.set_ms(moment)

    def copy(self) -> Clock:
        return Clock(self.offset_ms, self.frozen_at_ms, self.last_stamp_ms)


def local(moment_ms: int) -> datetime:
    return datetime.fromtimestamp(moment_ms // 1000, SHANGHAI)


def millisecond_text(moment_ms: int) -> str:
    """`2026-03-01 08:15:00.123`."""
    return f"{local(moment_ms):%Y-%m-%d %H:%M:%S}.{moment_ms % 1000:03d}"


def second_text(moment_ms: int) -> str:
    """`2026-03-01 08:15:00.0`."""
    return f"{local(moment_ms):%Y-%m-%d %H:%M:%S}.0"


def day_text(moment_ms: int) -> str:
    return f"{local(moment_ms):%Y-%m-%d}"


@lru_cache(maxsize=65_536)
def parse_ms(text: str) -> int:
    """Milliseconds of a wire time; ValueError when it is none. A fraction is optional."""
    if not _TEXT.fullmatch(text) or not text.isascii():
        raise ValueError("须为 YYYY-MM-DD HH:mm:ss 格式，秒后可带小数")
    head, _, fraction = text.partition(".")
    moment = datetime.strptime(head, "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI)
    return int(moment.timestamp()) * 1000 + int((fraction + "000")[:3])


def parse_day(text: str) -> str:
    """The day itself; ValueError when there is no such day."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) or not text.isascii():
        raise ValueError("须为 YYYY-MM-DD 格式")
    datetime.strptime(text, "%Y-%m-%d")
    return text


def http_date(moment_ms: int) -> str:
    return f"{datetime.fromtimestamp(moment_ms // 1000, UTC):%a, %d %b %Y %H:%M:%S} GMT"
