"""The simulation is played on the stage of the scenarios."""

from __future__ import annotations

from tests.acceptance.conftest import sqlite_stage

__all__ = ["sqlite_stage"]
