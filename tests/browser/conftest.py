"""A browser before the page: Chromium, driven by playwright, and the service on a real socket."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.integration.exchange.conftest import sqlite_database, sqlite_town
from tests.integration.exchange.town import Town
from tests.integration.kiosk.hall import Hall, hall_in, served

from national_sync.web.devices import DeviceKind

__all__ = ["sqlite_database", "sqlite_town"]
_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "chromium-headless-shell")


def chromium() -> str | None:
    """The program of the environment variable CHROMIUM, or one on the path."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Closed before the next module begins: playwright keeps an event loop running in this thread meanwhile."""
    program = chromium()
    if program is None:
        pytest.skip("no Chromium here: make browser installs one; or name one in CHROMIUM")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e .[dev]")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@dataclass
class Screen:
    """What somebody before a kiosk sees and touches."""

    page: Any
    hall: Hall
    address: str
    errors: list[str]

    def set_up(self, kind: DeviceKind = DeviceKind.KIOSK, outlet: int | None = None) -> None:
        _number, code = self.hall.new_code(kind, outlet)
        self.page.fill("#pair-code", code)
        self.page.press("#pair-code", "Enter")
        self.page.wait_for_selector("#code")

    def show_card(self, code: str) -> None:
        """A reader types what it reads, and Enter."""
        self.page.fill("#code", code)
        self.page.press("#code", "Enter")

    def type_pin(self, pin: str) -> None:
        for digit in pin:
            self.page.click(f"[data-digit='{digit}']")
        self.page.click(".keys .main")

    def come(self, volunteer: int) -> None:
        card = self.hall.card(volunteer)
        self.show_card(card.code)
        self.page.wait_for_selector("#pin")
        self.type_pin(card.pin)
        self.page.wait_for_selector(".number")

    def tap(self, words: str) -> None:
        self.page.get_by_role("button", name=words, exact=True).first.click()

    def sees(self, words: str) -> None:
        self.page.get_by_text(words).first.wait_for()

    def let_pass(self, seconds: int) -> None:
        self.hall.town.clock.time += seconds
        self.page.clock.run_for(seconds * 1_000)


@pytest.fixture
def hall(sqlite_town: Town) -> Iterator[Hall]:
    with hall_in(sqlite_town) as hall:
        yield hall


@contextmanager
def screen_of(browser: Any, hall: Hall, address: str, **size: int) -> Iterator[Screen]:
    context = browser.new_context(viewport={"width": 1280, "height": 800} | size, locale="zh-CN")
    context.set_default_timeout(15_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
    page.clock.install(time=hall.town.clock.now())
    page.goto(address)
    screen = Screen(page, hall, address, errors)
    yield screen
    context.close()
    assert errors == []


@pytest.fixture
def address(hall: Hall) -> Iterator[str]:
    with served(hall) as address:
        yield address


@pytest.fixture
def screen(browser: Any, hall: Hall, address: str) -> Iterator[Screen]:
    """A kiosk that has just been set up."""
    with screen_of(browser, hall, address) as screen:
        screen.page.wait_for_selector("#pair-code")
        screen.set_up()
        yield screen


@pytest.fixture
def pictures() -> Path | None:
    """Where screenshots are kept when the environment variable PICTURES names a folder."""
    named = os.environ.get("PICTURES")
    return Path(named) if named else None
