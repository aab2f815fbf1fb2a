"""The kiosk's service beside a bare one: a FastAPI route that does one indexed SELECT on the same file, and nothing else.

Each is served by uvicorn in a process of its own, the kiosk with its guard against slow senders; a third process asks.
Signatures are made before the clock starts, or, where they depend on an answer, by the asking process.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import IO, Any, Final, NamedTuple
from urllib.request import urlopen

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Connection, text

from bench.exchange import OFFERS, BenchClock
from bench.measure import ROOT, Measured, stopwatch
from bench.stores import driver_address
from national_sync.clock import Clock
from national_sync.exchange.accounts import exchangeable
from national_sync.exchange.book import BulkBook
from national_sync.exchange.codes import VoucherCodes
from national_sync.exchange.ledger import open_ledger
from national_sync.exchange.rows import insert
from national_sync.exchange.steps import Steps
from national_sync.policy import Exchange
from national_sync.sealing import Sealer, SealingKey
from national_sync.store.database import Database
from national_sync.web import sessions
from national_sync.web.devices import Device, DeviceKind
from national_sync.web.names import Names
from national_sync.web.patience import PatientProtocol
from national_sync.web.serving import settle
from national_sync.web.signing import SignedRequest, packed

SEALER: Final = Sealer([SealingKey("bench", bytes(range(32)))])
VISITORS: Final = 500
"""Screens with somebody before each: the limits of one device and of one person stay far away."""
_OFFER_NAMES: Final = [Names(SEALER).outside("offer", offer) for offer in range(1, OFFERS + 1)]


# The services


class ShiftedClock(BenchClock):
    """The machine's seconds in another calendar."""

    def __init__(self, shift: float) -> None:
        self._shift = shift

    def now(self) -> float:
        return super().now() + self._shift


def serve(kind: str, url: str, shift: str) -> None:
    """Print the port, then serve until the process is ended. What the service logs goes nowhere."""
    import uvicorn

    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    with bare_app(url) if kind == "bare" else _kiosk_app(url, ShiftedClock(float(shift))) as app:
        protocol: Any = "auto" if kind == "bare" else PatientProtocol
        config = uvicorn.Config(app, port=0, http=protocol, log_level="error", access_log=False, timeout_keep_alive=60)
        settle()
        asyncio.run(_serve(uvicorn.Server(config), answers))


async def _serve(server: Any, answers: IO[str]) -> None:
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    print(server.servers[0].sockets[0].getsockname()[1], file=answers, flush=True)
    await serving


@contextmanager
def bare_app(url: str) -> Iterator[Any]:
    """One asynchronous route, one SELECT by primary key."""
    from fastapi import FastAPI

    app = FastAPI(docs_url=None, redoc_url=None)
    db = sqlite3.connect(driver_address(url), isolation_level=None)

    @app.get("/bare/{account}")
    async def bare(account: int) -> dict[str, int]:
        return {"balance": db.execute("SELECT balance FROM account WHERE id = ?", (account,)).fetchone()[0]}

    yield app
    db.close()


@contextmanager
def _kiosk_app(url: str, clock: Clock) -> Iterator[Any]:
    from national_sync.web.app import kiosk_app
    from national_sync.web.desk import Desk

    database = Database(url)
    steps = Steps(Exchange(limits=("1000 per day",)), VoucherCodes(SEALER))
    with open_ledger(database, clock) as ledger:
        desk = Desk(database=database, ledger=ledger, steps=steps, sealer=SEALER, clock=clock, names=Names(SEALER))
        with closing(desk.looks):
            yield kiosk_app(desk)
    database.close()


class Service(NamedTuple):
    port: int
    process_id: int


@contextmanager
def served(kind: str, url: str, shift: float = 0.0) -> Iterator[Service]:
    command = [sys.executable, "-m", __name__, kind, url, str(shift)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield Service(int(process.stdout.readline()), process.pid)
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def wait_until_ready(service: Service) -> None:
    """A service that has just started takes no request that could have been sent to the one before."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            with urlopen(f"http://127.0.0.1:{service.port}/readyz"):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the kiosk's service does not get ready")


# Screens with people before them


@dataclass
class Visitor:
    key: ec.EllipticCurvePrivateKey
    device: str
    session: str
    shift: float = 0.0
    _turns: int = field(default=0)

    def signed(self, method: str, path: str, body: bytes = b"") -> bytes:
        """A whole request as it goes over the wire."""
        self._turns += 1
        at, nonce = str(int((time.time() + self.shift) * 1_000)), f"{time.monotonic_ns()}-{self._turns:08d}"
        message = SignedRequest(method, path, body, self.device, at, nonce, self.session, "").message
        first, second = decode_dss_signature(self.key.sign(message, ec.ECDSA(SHA256())))
        signature = packed(first.to_bytes(32) + second.to_bytes(32))
        content = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if method == "POST" else ""
        return (
            f"{method} {path} HTTP/1.1\r\nHost: kiosk\r\n{content}"
            f"Accept-Language: zh-CN\r\nKiosk-Device: {self.device}\r\n"
            f"Kiosk-Time: {at}\r\nKiosk-Nonce: {nonce}\r\nKiosk-Session: {self.session}\r\n"
            f"Kiosk-Signature: {signature}\r\n\r\n"
        ).encode() + body


def _visitors(url: str) -> list[Visitor]:
    database, now = Database(url), int(time.time())
    with database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO run (kind, state, holder, lease_until, started_at, ended_at)"
                " VALUES ('nightly', 'finished', 'bench:1', 0, :now, :now)"
            ),
            {"now": now},
        )
        visitors = [visitor_at(connection, volunteer, now) for volunteer in range(1, VISITORS + 1)]
    database.close()
    return visitors


def visitor_at(connection: Connection, volunteer: int, now: int, shift: float = 0.0) -> Visitor:
    """A screen of its own, and somebody before it."""
    key = ec.generate_private_key(ec.SECP256R1())
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    name = f"{time.monotonic_ns()}"
    row_id = insert(
        connection, "kiosk_device", public_id=name, name="大厅", kind="kiosk", state="active", public_key=spki,
        created_at=now, created_by="bench",
    )  # fmt: skip
    device = Device(row_id, name, "大厅", DeviceKind.KIOSK, None, None)
    return Visitor(key, name, sessions.begin(BulkBook(connection), device, volunteer, now), shift)


# Those who ask


class Refused(Exception):
    """An answer that is none: the measurement is void."""


class Line(asyncio.Protocol):
    """A connection that stays open, with one request at a time."""

    def __init__(self) -> None:
        self._transport: Any = None
        self._received = b""
        self._answered: asyncio.Future[bytes] | None = None
        self.waits: list[float] = []

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        if len(body) == length and self._answered is not None:
            self._received = b""
            if head[9:11] != b"20":
                self._answered.set_exception(Refused(body.decode()))
            else:
                self._answered.set_result(body)

    async def ask(self, request: bytes) -> bytes:
        self._answered = asyncio.get_running_loop().create_future()
        started = time.perf_counter()
        self._transport.write(request)
        body = await self._answered
        self.waits.append(time.perf_counter() - started)
        return body

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(Refused("the connection was closed"))

    def close(self) -> None:
        self._transport.close()


@asynccontextmanager
async def lines_to(port: int, count: int) -> AsyncIterator[list[Line]]:
    loop = asyncio.get_running_loop()
    lines = [(await loop.create_connection(Line, "127.0.0.1", port))[1] for _ in range(count)]
    try:
        yield lines
    finally:
        for line in lines:
            line.close()
        await asyncio.sleep(0)  # Closed lines are done away with in the loop's next round.


async def _answered(port: int, connections: int, requests: Sequence[bytes]) -> float:
    """So many requests a second."""
    waiting = iter(requests)

    async def client(line: Line) -> None:
        for request in waiting:
            await line.ask(request)

    async with lines_to(port, connections) as lines:
        started = time.perf_counter()
        await asyncio.gather(*(client(line) for line in lines))
        return len(requests) / (time.perf_counter() - started)


def _bare_requests(count: int) -> list[bytes]:
    accounts = cycle(exchangeable(volunteer) for volunteer in range(1, VISITORS + 1))
    return [f"GET /bare/{account} HTTP/1.1\r\nHost: kiosk\r\n\r\n".encode() for account in islice(accounts, count)]


def balances(*, url: str, connections: int, requests: int, rounds: int) -> Measured:
    """The signed balance with its last ten lines, and the bare route, in turn."""
    rates: dict[str, list[float]] = {"ours": [], "bare": []}
    with served("kiosk", url) as kiosk, served("bare", url) as bare, stopwatch() as measured:
        wait_until_ready(kiosk)
        visitors = _visitors(url)
        for _round in range(rounds):
            asked = [one.signed("GET", "/api/v1/balance") for one in islice(cycle(visitors), requests)]
            rates["ours"].append(asyncio.run(_answered(kiosk.port, connections, asked)))
            rates["bare"].append(asyncio.run(_answered(bare.port, connections, _bare_requests(2 * requests))))
    measured.facts = {name: statistics.median(found) for name, found in rates.items()}
    return measured


def redemptions(*, url: str, connections: int, count: int, rounds: int) -> Measured:
    """Signed hold and confirm, each committed, and the bare route, in turn; rates are of requests."""
    rates: dict[str, list[float]] = {"ours": [], "bare": []}
    waits: list[float] = []
    with served("kiosk", url) as kiosk, served("bare", url) as bare, stopwatch() as measured:
        wait_until_ready(kiosk)
        visitors = _visitors(url)
        for _round in range(rounds):
            rate, waited = asyncio.run(_redeemed(kiosk.port, connections, list(islice(cycle(visitors), count))))
            rates["ours"].append(rate)
            waits += waited
            rates["bare"].append(asyncio.run(_answered(bare.port, connections, _bare_requests(4 * count))))
    measured.facts = {name: statistics.median(found) for name, found in rates.items()}
    waits.sort()
    measured.facts["median_ms"] = 1_000 * statistics.median(waits)
    measured.facts["p99_ms"] = 1_000 * waits[len(waits) * 99 // 100]
    measured.facts["worst_ms"] = 1_000 * waits[-1]
    measured.facts["rows"] = _vouchers(url)
    return measured


async def _redeemed(port: int, connections: int, visitors: Sequence[Visitor]) -> tuple[float, list[float]]:
    waiting = enumerate(visitors)

    async def client(line: Line) -> None:
        for number, visitor in waiting:
            key = f"{visitor.device}-{time.monotonic_ns()}"
            wish = f'{{"offer":"{_OFFER_NAMES[number % OFFERS]}","key":"{key}"}}'.encode()
            held = await line.ask(visitor.signed("POST", "/api/v1/holds", wish))
            hold = held.partition(b'"hold":"')[2][:26].decode()
            await line.ask(visitor.signed("POST", f"/api/v1/holds/{hold}/confirm"))

    async with lines_to(port, connections) as lines:
        started = time.perf_counter()
        await asyncio.gather(*(client(line) for line in lines))
        seconds = time.perf_counter() - started
        return 2 * len(visitors) / seconds, [wait for line in lines for wait in line.waits]


def _vouchers(url: str) -> int:
    db = sqlite3.connect(driver_address(url))
    [count] = db.execute("SELECT COUNT(*) FROM voucher").fetchone()
    db.close()
    return int(count)


if __name__ == "__main__":
    serve(*sys.argv[1:])
