"""Kiosks and nights on one file for half an hour: `make soak`, or `make soak SECONDS=60`."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.lobby import open_lobby

SECONDS = int(os.environ.get("SOAK_SECONDS", "0"))
_WARM_SECONDS = 15
_BETWEEN_NIGHTS_SECONDS = 5


@pytest.mark.soak
@pytest.mark.skipif(not SECONDS, reason="make soak says for how long")
def test_a_lobby_stands_its_nights(tmp_path: Path) -> None:
    with open_lobby(tmp_path, records=20_000, has_changes=False, people=80, pace_seconds=5) as lobby:
        started, warm_mb = time.monotonic(), 0.0

        def nights() -> Iterator[bool]:
            nonlocal warm_mb
            turn = 0
            while time.monotonic() - started < SECONDS:
                turn += 1
                lobby.edit(turn, rows=500)
                yield True
                time.sleep(_BETWEEN_NIGHTS_SECONDS)
                if not warm_mb and time.monotonic() - started > _WARM_SECONDS:
                    warm_mb = lobby.service_mb()

        counted = lobby.run(nights)
        grown = lobby.service_mb() / (warm_mb or lobby.service_mb())
        print(
            f"\n{counted.requests} requests, {counted.redemptions} holds, {counted.nights} nights,"
            f" worst answer {counted.worst_ms:.0f} ms, memory x{grown:.2f}"
        )
        assert counted.refused == []
        assert counted.nights > 1
        assert counted.worst_ms < 250
        assert grown < 1.2
        assert lobby.faults() == []
