"""How hard the ledger is tried: little in every test run, `LEDGER_EFFORT=20` times as hard when somebody wants to know."""

from __future__ import annotations

import os
from typing import Final

EFFORT: Final = int(os.environ.get("LEDGER_EFFORT", "1"))
