"""What the contract tests of `nvsi` share: the mock in its own process, and adapters connected to it."""

from __future__ import annotations

from typing import Any

from tests.unit.nvsi.side import Meter, Notes

from national_sync.clock import Clock, SystemClock
from national_sync_adapters.nvsi.adapter import NvsiAdapter
from national_sync_adapters.nvsi.settings import NvsiSettings
from national_sync_mocks.nvsi_server.process import MockServer


class HastyClock:
    """The machine's clock, but what should be waited is only written down."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    def now(self) -> float:
        return SystemClock().now()

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)


def connected(
    mock: MockServer, *, secret: str | None = None, clock: Clock | None = None, notebook: Notes | None = None,
    meter: Meter | None = None, **settings: Any,
) -> NvsiAdapter:  # fmt: skip
    """An adapter for this mock, not yet opened."""
    base_url = f"{mock.address}/open/v1"
    return NvsiAdapter(
        NvsiSettings(**{"base_url": base_url, "app_id": mock.app_id, **settings}),
        secret=(secret or mock.secret).encode(),
        meter=meter or Meter(),
        notebook=notebook or Notes(),
        clock=clock or HastyClock(),
    )
