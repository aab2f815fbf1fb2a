"""The national side of the benchmarks: a process of its own that sends pages rendered beforehand.

It speaks the wire protocol of `docs/national-api` as far as a run needs it, over plain sockets with a thread for each
connection, and checks nothing: what is measured is the other side. Beside the protocol, `/bench/night` sets what the
next night sees and `/bench/calls` counts the calls since it was last asked.

    python -m bench.server DIRECTORY     prints the port it listens on
"""

from __future__ import annotations

import json
import socket
import socketserver
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

from bench.book import CHANGED_HOUR, HOUR, PROJECT, TEAM, TOTALS, VOLUNTEER, Book, Digest
from bench.population import EPOCH_MS

_PUER = timezone(timedelta(hours=8))
_BATCH_SIZE: Final = 50
CONCURRENCY: Final = 4


@dataclass
class Night:
    """What the next run meets."""

    hours_since_epoch: float = 0.0
    has_changes: bool = False
    """Whether lists with a change filter show the changed hour records or nothing."""
    latency_seconds: float = 0.0
    batches: bool = True
    """Whether up to 50 records can be read or written in one call."""
    digest: Digest | None = None
    """Replaces the digest of hour records, for a mirror larger than the listing."""
    total: int | None = None
    effective_seconds: int | None = None


@dataclass
class City:
    """The books of a directory, and the hour records by id once somebody writes."""

    books: dict[str, Book]
    effective_seconds: int
    night: Night = field(default_factory=Night)
    started: float = field(default_factory=time.monotonic)
    calls: Counter[str] = field(default_factory=Counter)
    writes_lock: threading.Lock = field(default_factory=threading.Lock)
    _hours: dict[str, dict[str, Any]] = field(default_factory=dict)
    _moved: Counter[str] = field(default_factory=Counter)
    """By how much writes have moved the version sums of the buckets."""

    def begin(self, night: Night) -> None:
        """Everything is as it was rendered, and the clock stands at the night's beginning."""
        self.night, self.started = night, time.monotonic()
        self._hours, self._moved = {}, Counter()
        if night.latency_seconds:
            # Such a night reads and writes single records; taking them from the book is none of its calls' time.
            self.load_hours()

    @property
    def now_ms(self) -> int:
        return EPOCH_MS + int((time.monotonic() - self.started + self.night.hours_since_epoch * 3600) * 1000)

    @property
    def hours(self) -> dict[str, dict[str, Any]]:
        self.load_hours()
        return self._hours

    def load_hours(self) -> None:
        with self.writes_lock:
            if not self._hours:
                self._hours = {record["id"]: record for record in self.books[HOUR].records()}

    def write(self, national_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The record as it then is."""
        record, now_ms = self.hours[national_id], self.now_ms
        with self.writes_lock:
            self._moved[national_id[:2]] += now_ms - _milliseconds(record["updatetime"])
            record.update(fields, updatetime=_stamp(now_ms))
        return record

    def digest(self, entity: str) -> Digest:
        if entity != HOUR:
            return self.books[entity].digest if entity in self.books else {}
        rendered = self.books[HOUR].digest_later if self.night.has_changes else self.books[HOUR].digest
        sums = rendered if self.night.digest is None else self.night.digest
        return {bucket: [count, versions + self._moved[bucket]] for bucket, (count, versions) in sums.items()}


def open_city(directory: Path) -> City:
    books = {name: Book(directory / name) for name in (TEAM, VOLUNTEER, PROJECT, HOUR, CHANGED_HOUR)}
    return City(books, json.loads((directory / TOTALS).read_bytes())["effective_seconds"])


def answer(city: City, path: str, body: dict[str, Any]) -> bytes | memoryview:
    """The reply body to one call."""
    match path.strip("/").split("/"):
        case ["bench", "night"]:
            city.begin(Night(**body))
            return b"{}"
        case ["bench", "calls"]:
            counted, city.calls = city.calls, Counter()
            return json.dumps(counted).encode()
        case ["open", "v1", "token"]:
            return _reply({"token": "t" * 32, "expiresIn": 86_400})
        case ["open", "v1", "system", "info"]:
            return _reply(_system_info(city))
        case ["open", "v1", entity, "list"]:
            return _list(city, entity, body)
        case ["open", "v1", entity, verb] if verb in _ANSWERS:
            return _reply(_ANSWERS[verb](city, entity, body))
    return b'{"code":40001,"message":"no such call","data":null,"totalCount":0,"pageCount":0}'


def _reply(content: object, total: int = 0, pages: int = 0) -> bytes:
    reply = {"code": 0, "message": "ok", "data": content, "totalCount": total, "pageCount": pages}
    return json.dumps(reply, ensure_ascii=False).encode()


def _system_info(city: City) -> dict[str, Any]:
    return {
        "serverTime": city.now_ms,
        "name": "benchmark",
        "features": {
            "changeFilter": ["team", "volunteer", "membership", "project", "hour_record", "training_record"],
            "tombstones": True,
            "keysetPaging": False,
            "batchWrite": [["hour_record", "create"], ["hour_record", "update"]] if city.night.batches else [],
            "batchRead": city.night.batches,
            "batchSize": _BATCH_SIZE,
            "idempotencyKey": False,
            "etag": False,
            "clientReference": False,
            "digest": True,
            "asyncResults": False,
            "twoMemberships": True,
            "totals": True,
            "encryptedBodies": "off",
            "concurrency": CONCURRENCY,
        },
        "quota": {"perDay": 10_000_000, "used": 0},
        "rate": {"perSecond": 1_000_000},
    }


def _list(city: City, entity: str, body: Mapping[str, Any]) -> bytes | memoryview:
    if body.get("updatedFrom"):
        book = city.books[CHANGED_HOUR] if entity == HOUR and city.night.has_changes else None
    else:
        book = city.books.get(entity)
    if book is None:
        return _reply([])
    page = book.page(int(body.get("pageNum", 1)))
    return _reply([], book.total, len(book)) if page is None else page


def _get(city: City, _entity: str, body: Mapping[str, Any]) -> object:
    if "ids" in body:
        return [city.hours[wanted] for wanted in body["ids"] if wanted in city.hours]
    return city.hours.get(body["id"])


def _totals(city: City, entity: str, _body: Mapping[str, Any]) -> object:
    book = city.books.get(entity)
    if book is None or entity != HOUR:
        return {"count": book.total if book else 0}
    seconds = city.night.effective_seconds or city.effective_seconds
    hundredths = seconds // 36
    return {"count": city.night.total or book.total, "hours": f"{hundredths // 100}.{hundredths % 100:02}"}


def _digest(city: City, entity: str, _body: Mapping[str, Any]) -> object:
    return [
        {"bucket": bucket, "count": count, "versionSum": str(version_sum)}
        for bucket, (count, version_sum) in city.digest(entity).items()
    ]


def _update(city: City, _entity: str, body: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": body["id"], "record": city.write(body["id"], body["record"])}


def _stamp(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds // 1000, _PUER)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{milliseconds % 1000:03}"


def _milliseconds(stamp: str) -> int:
    return int(datetime.fromisoformat(f"{stamp[:19]}+08:00").timestamp()) * 1000 + int(stamp[20:])


def _update_batch(city: City, entity: str, body: Mapping[str, Any]) -> object:
    return {
        "results": [
            {"index": index, "code": 0, "message": "ok", **_update(city, entity, item)}
            for index, item in enumerate(body["items"])
        ]
    }


def _find(_city: City, _entity: str, _body: Mapping[str, Any]) -> object:
    return []


_ANSWERS: Final[dict[str, Callable[[City, str, Mapping[str, Any]], object]]] = {
    "get": _get,
    "find": _find,
    "totals": _totals,
    "digest": _digest,
    "update": _update,
    "updateBatch": _update_batch,
}


class _Connection(socketserver.StreamRequestHandler):
    server: _Server
    disable_nagle_algorithm = True

    def handle(self) -> None:
        while request := self._read_request():
            path, body = request
            city = self.server.city
            reply = answer(city, path, body)
            if not path.startswith("/bench/"):
                city.calls[path] += 1
                if city.night.latency_seconds:
                    time.sleep(city.night.latency_seconds)
            self._send(reply)

    def _read_request(self) -> tuple[str, dict[str, Any]] | None:
        words = self.rfile.readline().split()
        if len(words) < 2:
            return None
        length = 0
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            if line[:15].lower() == b"content-length:":
                length = int(line[15:])
        return words[1].decode(), json.loads(self.rfile.read(length) or b"{}")

    def _send(self, reply: bytes | memoryview) -> None:
        header = (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\n"
            f"Content-Length: {len(reply)}\r\nX-Server-Time: {self.server.city.now_ms}\r\n\r\n"
        )
        self.connection.sendall(header.encode(), socket.MSG_MORE)
        self.connection.sendall(reply)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, city: City) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.city = city


def main() -> None:
    with _Server(open_city(Path(sys.argv[1]))) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
