"""How soon the page of the kiosk shows something, beside the same bytes from a server that only sends files."""

from __future__ import annotations

import os
import re
import shutil
import statistics
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

from bench import exchange
from bench.kiosk import served
from bench.measure import Measured, stopwatch

_TIMES: Final = 6
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "chrome", "chromium-headless-shell")
_ASSET: Final = re.compile(r'(?:src|href)="(/assets/[^"]+)"')
_IN_STYLE: Final = re.compile(r"url\([\"']?(/assets/[^\"')]+|[^\"'/)][^\"')]*)[\"']?\)")
_PAINTED: Final = """() => new Promise(done => new PerformanceObserver(list => {
  const found = list.getEntriesByName('first-contentful-paint')[0]; if (found) done(found.startTime)
}).observe({type: 'paint', buffered: true}))"""


def browser_program() -> str | None:
    """The program of the environment variable CHROMIUM, or one on the path."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


def has_browser() -> bool:
    return browser_program() is not None


def paints() -> Measured:
    """Medians over fresh visits, in turn."""
    from playwright.sync_api import sync_playwright

    times: dict[str, list[float]] = {"ours_ms": [], "static_ms": []}
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'mirror.db'}"
        exchange.prepare(url=url)
        with (
            served("kiosk", url) as kiosk,
            _static(f"http://127.0.0.1:{kiosk.port}") as static,
            sync_playwright() as playwright,
            stopwatch() as measured,
        ):
            browser = playwright.chromium.launch(
                executable_path=browser_program(), args=["--no-sandbox", "--disable-gpu"]
            )
            for _turn in range(_TIMES):
                times["ours_ms"].append(_painted(browser, f"http://127.0.0.1:{kiosk.port}/"))
                times["static_ms"].append(_painted(browser, static))
            browser.close()
    # The first visit of each warms the browser up.
    measured.facts = {name: statistics.median(found[1:]) for name, found in times.items()}
    return measured


def _painted(browser: Any, address: str) -> float:
    """Milliseconds until something is to be seen, with nothing in any cache."""
    context = browser.new_context(viewport={"width": 1080, "height": 1920})
    page = context.new_page()
    page.goto(address)
    milliseconds: float = page.evaluate(_PAINTED)
    context.close()
    return milliseconds


def first_screen(address: str) -> dict[str, tuple[str, bytes]]:
    """The page and whatever it loads before it can be used, by path: media type and bytes."""
    found: dict[str, tuple[str, bytes]] = {}
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        with urlopen(address + path) as answer:
            kind, body = answer.headers["Content-Type"], answer.read()
        found[path] = (kind, body)
        if kind.startswith("text/html"):
            waiting += _ASSET.findall(body.decode())
        if kind.startswith("text/css"):
            waiting += [
                name if name.startswith("/") else f"/assets/{name}" for name in _IN_STYLE.findall(body.decode())
            ]
    return found


@contextmanager
def _static(address: str) -> Iterator[str]:
    files = first_screen(address)

    class Files(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            kind, body = files.get(self.path, ("", b""))
            self.send_response(200 if kind else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
