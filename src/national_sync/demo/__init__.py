"""Two nights against a mock national system, on this machine alone, and an independent look at what they did.

It uses only what every installation has: the files that `init` makes, the database through `sqlite3`, the engine
through `bootstrap`, and the mock's command and admin API.
"""

from __future__ import annotations

import time
from pathlib import Path

from national_sync.demo.clock import StoryClock
from national_sync.demo.directory import DemoDirectory
from national_sync.demo.facts import Facts, facts_of, is_well, write_report
from national_sync.demo.scene import USUAL_EDITS
from national_sync.demo.server import USUAL_PORT, NationalServer, Sizes
from national_sync.demo.story import FIRST_DAY, NIGHT, Story, Tell
from national_sync.keys import load_sealer

__all__ = ["Facts", "Sizes", "is_well", "run_demo"]


def run_demo(
    path: Path,
    *,
    seed: int = 1,
    sizes: Sizes | None = None,
    edits: int = USUAL_EDITS,
    port: int = USUAL_PORT,
    tell: Tell = lambda _part: None,
) -> Facts:
    """Play the story into this directory. Raises `UsageError` when the directory holds anything else.

    The answer is the JSON object of `national-sync demo --json`; it is also written beside the database.
    """
    directory = DemoDirectory(path)
    directory.clear()
    began = time.monotonic()
    tell("set_up")
    moment = f"{FIRST_DAY} {NIGHT}"
    with NationalServer(
        seed=seed, sizes=sizes or Sizes(), moment=moment, state_file=directory.national_state, port=port
    ) as server:
        directory.install(server.address)
        sealer = load_sealer(directory.path / "national-sync.key", {})
        set_up_seconds = round(time.monotonic() - began, 2)
        told = Story(directory, server, StoryClock(moment), sealer, seed, edits, tell).play()
        told.seconds = {"set_up": set_up_seconds, **told.seconds}
        facts = facts_of(told, directory, server, seed)
    facts["seconds"]["all"] = round(time.monotonic() - began, 2)
    write_report(facts, directory)
    return facts
