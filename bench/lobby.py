"""A lobby full of kiosks on one SQLite file, in which nightly runs of the engine write meanwhile.

The national side, the service, the run and those who ask are processes of their own, as they are in a city.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path

from sqlalchemy import text

from bench import exchange, mirror
from bench.city import RunningCity, running_city
from bench.kiosk import SEALER, Line, Refused, Service, Visitor, lines_to, served, visitor_at, wait_until_ready
from bench.measure import in_fresh_process
from bench.population import EPOCH_MS, Size
from bench.server import Night
from national_sync.exchange.book import BulkBook
from national_sync.store.database import Database
from national_sync.web import cards

KIOSKS = 12
_FIRST_NIGHT_HOURS = 24.0
_STAYS_TURNS = 12
"""Then the next person comes; one may hold 30 times in ten minutes, and a house may identify 200 people."""


_WHO_MAY = (
    "SELECT id FROM volunteer WHERE account_state = 'enabled' AND is_valid = 1 AND withdrawn_at IS NULL"
    " ORDER BY id LIMIT :people"
)


_UNEVEN = "SELECT posting_id FROM entry GROUP BY posting_id HAVING SUM(seconds) <> 0"
_WITHOUT_VOUCHER = (
    "SELECT r.id FROM redemption r LEFT JOIN voucher v ON v.redemption_id = r.id"
    " WHERE (r.state = 'confirmed') <> (v.redemption_id IS NOT NULL)"
)


@dataclass
class Counted:
    """What came of it."""

    requests: int = 0
    redemptions: int = 0
    nights: int = 0
    refused: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    @property
    def worst_ms(self) -> float:
        return 1_000 * max(self.waits)


@dataclass
class Lobby:
    url: str
    city: RunningCity
    service: Service
    shift: float
    """From the machine's seconds to those of the service and the engine."""
    visitors: list[Visitor]
    coming: Iterator[int]
    """The cards of those who come, one after the other and again from the first."""
    pace_seconds: float
    """From one wish to the next at a kiosk; each makes five requests, and a device may ask five times a second."""

    @property
    def now(self) -> float:
        return time.time() + self.shift

    def run(self, nights: Callable[[], Iterator[bool]]) -> Counted:
        """Let people come for as long as there are nights; each step of `nights` runs one."""
        counted = Counted()
        with ThreadPoolExecutor(1) as pool:
            going = pool.submit(self._nights, nights, counted)
            asyncio.run(self._visits(counted, going.done))
            going.result()
        return counted

    def _nights(self, nights: Callable[[], Iterator[bool]], counted: Counted) -> None:
        for _night in nights():
            in_fresh_process(
                mirror.run_hours, server=self.city.address, url=self.url, hours_since_epoch=self._hours_since_epoch
            )
            counted.nights += 1

    @property
    def _hours_since_epoch(self) -> float:
        return (self.now - EPOCH_MS / 1_000) / 3_600

    async def _visits(self, counted: Counted, is_over: Callable[[], bool]) -> None:
        async with lines_to(self.service.port, len(self.visitors)) as lines:
            await asyncio.gather(
                *(self._kiosk(line, one, counted, is_over) for line, one in zip(lines, self.visitors, strict=True))
            )
            counted.waits = [wait for line in lines for wait in line.waits]
            counted.requests = len(counted.waits)

    async def _kiosk(self, line: Line, visitor: Visitor, counted: Counted, is_over: Callable[[], bool]) -> None:
        try:
            await asyncio.sleep(self.pace_seconds * self.visitors.index(visitor) / len(self.visitors))
            for turn in count():
                if is_over():
                    return
                if turn % _STAYS_TURNS == 0:
                    await self._come(line, visitor)
                await self._turn(line, visitor, turn)
                counted.redemptions += 1
                await asyncio.sleep(self.pace_seconds)
        except Refused as refused:
            counted.refused.append(str(refused))

    async def _come(self, line: Line, visitor: Visitor) -> None:
        """The next person, with the code on a phone."""
        code = await asyncio.to_thread(self._shown_code, next(self.coming))
        visitor.session = ""
        body = json.dumps({"code": code}).encode()
        visitor.session = json.loads(await line.ask(visitor.signed("POST", "/api/v1/visit", body)))["session"]

    def _shown_code(self, card: int) -> str:
        database = Database(self.url)
        with database.read() as connection:
            code = cards.shown_code(connection, SEALER, card, int(self.now))
        database.close()
        return code

    async def _turn(self, line: Line, visitor: Visitor, turn: int) -> None:
        await line.ask(visitor.signed("GET", "/api/v1/balance"))
        offers = json.loads(await line.ask(visitor.signed("GET", "/api/v1/offers")))["offers"]
        wish = json.dumps({"offer": offers[turn % len(offers)]["offer"], "key": f"k{time.monotonic_ns()}"}).encode()
        hold = json.loads(await line.ask(visitor.signed("POST", "/api/v1/holds", wish)))["hold"]
        step = "confirm" if turn % 3 else "release"
        await line.ask(visitor.signed("POST", f"/api/v1/holds/{hold}/{step}"))
        await line.ask(visitor.signed("POST", "/api/v1/heartbeat", b'{"version":"1"}'))

    # What stands in the books

    def faults(self) -> list[object]:
        """Postings that do not add up to zero, and redemptions without a voucher or with one too early."""
        return [*self.look(_UNEVEN), *self.look(_WITHOUT_VOUCHER)]

    def look(self, sql: str) -> list[tuple[object, ...]]:
        db = sqlite3.connect(self.url.removeprefix("sqlite:///"))
        rows = db.execute(sql).fetchall()
        db.close()
        return rows

    def edit(self, turn: int, rows: int) -> None:
        """Another program edits hour records that the next night has to send."""
        db = sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=30)
        with db:
            db.execute(
                "UPDATE hour_record SET remark = ? WHERE id IN"
                " (SELECT id FROM hour_record WHERE state = 'applying' ORDER BY id LIMIT ?)",
                (f"edited {turn}", rows),
            )
        db.close()

    def service_mb(self) -> float:
        """What the service holds in memory, without the file that it reads through it."""
        status = Path(f"/proc/{self.service.process_id}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("RssAnon")).split()[1]) / 1_024


@contextmanager
def open_lobby(
    folder: Path, *, records: int, has_changes: bool, people: int = KIOSKS, pace_seconds: float = 1.2
) -> Iterator[Lobby]:
    """A mirror after its first run, with hours to spend, and people before every kiosk."""
    url = f"sqlite:///{folder / 'mirror.db'}"
    with running_city(folder / "city", Size(records, changes=records // 10)) as city:
        city.night(Night())
        in_fresh_process(mirror.prepare, server=city.address, url=url)
        in_fresh_process(mirror.run_hours, server=city.address, url=url, hours_since_epoch=0.0, is_kept=True)
        shift = EPOCH_MS / 1_000 + _FIRST_NIGHT_HOURS * 3_600 - time.time()
        with served("kiosk", url, shift) as service:
            visitors, cards_of_all = _furnish(url, shift, people)
            wait_until_ready(service)
            lobby = Lobby(url, city, service, shift, visitors, cycle(cards_of_all), pace_seconds)
            city.night(Night(lobby._hours_since_epoch, has_changes=has_changes))
            yield lobby


def _furnish(url: str, shift: float, people: int) -> tuple[list[Visitor], list[int]]:
    """Accounts and cards for everybody, and screens."""
    database, now = Database(url), int(time.time() + shift)
    with database.write() as connection:
        volunteers = list(connection.execute(text(_WHO_MAY), {"people": people}).scalars())
        exchange.furnish(BulkBook(connection), volunteers, now=now)
        issued = [cards.issue_card(connection, SEALER, one, actor="bench", now=now).card_id for one in volunteers]
        visitors = [visitor_at(connection, volunteers[0], now, shift) for _kiosk in range(KIOSKS)]
    database.close()
    return visitors, issued
