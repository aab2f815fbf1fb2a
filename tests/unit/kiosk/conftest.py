"""The command line of the other command tests."""

from __future__ import annotations

from tests.unit.cli.conftest import _own_language, chen, engine, national_sync, store

__all__ = ["_own_language", "chen", "engine", "national_sync", "store"]
