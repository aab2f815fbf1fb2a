"""Kiosks and a nightly run of the engine write into one SQLite file at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.lobby import KIOSKS, open_lobby


def one_night() -> Iterator[bool]:
    yield True


def test_nobody_meets_a_locked_database_while_a_night_writes(tmp_path: Path) -> None:
    """How fast the answers are is measured where the machine has nothing else to do: `make bench`, `make soak`."""
    with open_lobby(tmp_path, records=2_000, has_changes=True) as lobby:
        counted = lobby.run(one_night)
        assert counted.refused == []
        assert counted.redemptions >= KIOSKS
        assert counted.worst_ms < 2_000
        assert lobby.faults() == []
        assert lobby.look("SELECT kind, state FROM run ORDER BY id DESC LIMIT 1") == [("nightly", "finished")]
