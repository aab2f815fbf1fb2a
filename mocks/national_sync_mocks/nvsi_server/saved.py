"""The state in a file, so that a mock can be ended and go on later. Faults and the journal of writes are not kept."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import msgspec

from national_sync_mocks.nvsi_server.capabilities import Settings
from national_sync_mocks.nvsi_server.clock import Clock
from national_sync_mocks.nvsi_server.state import StarApplication, State, Ticket
from national_sync_mocks.nvsi_server.wire import KINDS

FORM: Final = 1
"""Raised when the file's form changes."""


def save(state: State, path: Path) -> None:
    """Write the file anew, in one step."""
    draft = path.with_name(path.name + ".new")
    draft.write_bytes(msgspec.json.encode(_content(state), order="deterministic"))
    os.replace(draft, path)


def load(path: Path, clock: Clock) -> State:
    """The state of the file, going on by this clock; ValueError when the file is none of ours."""
    try:
        content = msgspec.json.decode(path.read_bytes())
    except msgspec.MsgspecError as error:
        raise ValueError(f"{path} is not a saved state: {error}") from error
    if not isinstance(content, dict) or content.get("form") != FORM:
        raise ValueError(f"{path} is not a saved state of this program")
    return _state(content, clock)


def _content(state: State) -> dict[str, Any]:
    return {
        "form": FORM,
        "seed": state.seed,
        "settings": state.settings.as_dict(),
        "records": {
            segment: [[table.stamp_of[number], table.records[number]] for number in table.ids]
            for segment, table in state.tables.items()
        },
        "tickets": [asdict(ticket) for _, ticket in sorted(state.tickets.items())],
        "stars": [asdict(each) for each in state.stars.values()],
        "references": state.references,
        "answered": state.answered,
        "oddities": state.oddities,
        "graves": sorted(state.graves),
        "deliberate": state.sums.deliberate,
        "stale_people": sorted(state.sums.stale_people),
        "stale_teams": sorted(state.sums.stale_teams),
        "totals_day": state.totals_day,
    }


def _state(content: dict[str, Any], clock: Clock) -> State:
    state = State(seed=content["seed"], clock=clock, settings=Settings().with_values(content["settings"]))
    for segment, stamped in content["records"].items():
        make = KINDS[segment].record
        loaded = [(stamp, make(**record)) for stamp, record in stamped]
        state.tables[segment].load(loaded)
        for stamp, record in loaded:
            state.sums.count(record, 1)
            clock.last_stamp_ms = max(clock.last_stamp_ms, stamp)
    for ticket in content["tickets"]:
        record = KINDS[ticket["segment"]].record(**ticket["record"])
        state.tickets[ticket["ticket"]] = Ticket(**{**ticket, "record": record})
    state.stars = {each["id"]: StarApplication(**each) for each in content.get("stars", [])}
    state.references = {name: (place, number) for name, (place, number) in content["references"].items()}
    state.answered = {key: (digest, answer) for key, (digest, answer) in content["answered"].items()}
    state.oddities = content["oddities"]
    state.graves = set(content["graves"])
    state.sums.deliberate = content["deliberate"]
    state.sums.stale_people = set(content["stale_people"])
    state.sums.stale_teams = set(content["stale_teams"])
    state.totals_day = content["totals_day"]
    return state
