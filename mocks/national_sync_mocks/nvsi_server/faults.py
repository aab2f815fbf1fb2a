"""The fault script: which call goes wrong, and how. The same seed and the same calls give the same night.

A script is a list of `{"match": {...}, "fault": NAME, "parameters": {...}}`. Of one call only the first entry
that fires takes effect; an entry that loses its turn so keeps its right to fire on a later call.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from national_sync_mocks.nvsi_server.wire import KINDS, kind_named

if TYPE_CHECKING:
    from national_sync_mocks.nvsi_server.state import Written

ANY, LIST, READ, WRITE, CREATE, BATCH, AUTHORISED = (
    "any",
    "list",
    "read",
    "write",
    "create",
    "batch",
    "authorised",
)

PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "latency": {"seconds": 0.05},
    "429": {"retryAfter": 1},
    "429-date": {"retryAfter": 1},
    "429-no-header": {},
    "5xx": {"status": 503},
    "error-envelope": {"code": 50001, "message": "系统繁忙"},
    "html-login": {},
    "truncated": {"share": 0.5},
    "gzip-cut": {"share": 0.5},
    "lost-answer": {},
    "lost-request": {},
    "duplicate-page": {},
    "shifted-page": {"by": 1},
    "page-repeats-for-ever": {"page": 1},
    "totals-lie": {"by": 7},
    "stale-replica": {"seconds": 3600, "writes": 0},
    "clock-skew": {"seconds": 600},
    "expired-token": {},
    "slow-drip": {"pieces": 5, "seconds": 0.5},
    "partial-batch": {"every": 3, "code": 50001},
    "asynchronous-review": {"hours": 0.0, "refuse": ""},
    "mass-disappearance": {"share": 0.5},
    "undo-writes": {"afterCalls": 3, "silent": True},
    "redirect": {"location": "http://elsewhere.invalid/open/v1"},
    "bad-record": {"variant": "impossible-id-number", "position": 0, "sticky": False, "length": 10_000_000},
}
"""Every fault with its parameters and their defaults."""

APPLIES: Final[dict[str, str]] = {
    "duplicate-page": LIST,
    "shifted-page": LIST,
    "page-repeats-for-ever": LIST,
    "totals-lie": READ,
    "stale-replica": READ,
    "mass-disappearance": READ,
    "bad-record": LIST,
    "partial-batch": BATCH,
    "asynchronous-review": CREATE,
    "undo-writes": WRITE,
    "expired-token": AUTHORISED,
}
"""The calls on which a fault can show; any call where it is not named."""

_CALLS = ("list", "get", "find", "totals", "digest", "create", "update", "delete", "createBatch", "updateBatch")
_ACTIONS: Final[dict[str, frozenset[str]]] = {
    LIST: frozenset({"list"}),
    READ: frozenset({"list", "get", "find", "totals", "digest"}),
    WRITE: frozenset({"create", "update", "delete", "createBatch", "updateBatch"}),
    CREATE: frozenset({"create", "createBatch"}),
    BATCH: frozenset({"createBatch", "updateBatch"}),
    AUTHORISED: frozenset({*_CALLS, "info", "result"}),
}

_MATCH_KEYS = frozenset({"path", "entity", "nth", "every", "after", "times", "probability"})


@dataclass(frozen=True)
class Fault:
    kind: str
    parameters: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.parameters[name]


@dataclass(frozen=True)
class Entry:
    """When a fault fires: on calls to `path` (a pattern) about `entity`.

    From the `nth` of them on, or after the first `after` of them on every `every`th, each with a probability, at
    most `times` times (once if `nth` is given and `times` is not).
    """

    fault: Fault
    path: str = "*"
    entity: str | None = None
    nth: int | None = None
    every: int = 1
    after: int = 0
    times: int | None = None
    probability: float = 1.0

    def concerns(self, path: str, segment: str | None, action: str) -> bool:
        applies = APPLIES.get(self.fault.kind, ANY)
        possible = applies == ANY or action in _ACTIONS[applies]
        same_entity = self.entity is None or (segment is not None and kind_named(self.entity).segment == segment)
        return possible and same_entity and fnmatchcase(path, self.path)

    def fires(self, seen: int, fired: int, chance: float) -> bool:
        if self.times is not None and fired >= self.times:
            return False
        position = seen - self.after
        if self.nth is not None and seen < self.nth:
            return False
        return position > 0 and (self.nth is not None or position % self.every == 0) and chance < self.probability


@dataclass(frozen=True)
class Undo:
    """Writes that will be reverted on the call with this number."""

    due_call: int
    silent: bool
    written: tuple[Written, ...]


@dataclass
class FaultScript:
    entries: tuple[Entry, ...] = ()
    source: list[dict[str, Any]] = field(default_factory=list)
    seed: int = 1
    seen: list[int] = field(default_factory=list)
    fired: list[int] = field(default_factory=list)
    calls: int = 0
    undos: list[Undo] = field(default_factory=list)

    @classmethod
    def of(cls, source: Iterable[dict[str, Any]], seed: int) -> FaultScript:
        """A fresh script; ValueError says which entry is wrong and why."""
        items = list(source)
        entries = tuple(_entry(number, item) for number, item in enumerate(items))
        return cls(entries, items, seed, [0] * len(entries), [0] * len(entries))

    def copy(self) -> FaultScript:
        return FaultScript(
            self.entries,
            self.source,
            self.seed,
            self.seen.copy(),
            self.fired.copy(),
            self.calls,
            self.undos.copy(),
        )

    def pick(self, path: str, segment: str | None, action: str) -> Fault | None:
        """The fault of this call, if there is one; counts the call."""
        self.calls += 1
        chosen: Fault | None = None
        for number, entry in enumerate(self.entries):
            if not entry.concerns(path, segment, action):
                continue
            self.seen[number] += 1
            if chosen is not None:
                continue
            if entry.fires(self.seen[number], self.fired[number], self._chance(number)):
                self.fired[number] += 1
                chosen = entry.fault
        return chosen

    def due_undos(self) -> list[Undo]:
        due = [undo for undo in self.undos if undo.due_call <= self.calls]
        self.undos = [undo for undo in self.undos if undo.due_call > self.calls]
        return due

    def as_list(self) -> list[dict[str, Any]]:
        """The script with how often each entry has matched and fired."""
        return [
            {**item, "seen": seen, "fired": fired}
            for item, seen, fired in zip(self.source, self.seen, self.fired, strict=True)
        ]

    def _chance(self, number: int) -> float:
        digest = blake2b(f"{self.seed}|{number}|{self.seen[number]}".encode(), digest_size=6).digest()
        return int.from_bytes(digest, "big") / 2**48


def read_script(path: Path) -> list[dict[str, Any]]:
    """The entries of a JSON file (a list, or an object with `faults`) or a TOML file (`[[faults]]`)."""
    text = path.read_text(encoding="utf-8")
    content = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    entries = content.get("faults") if isinstance(content, dict) else content
    if not isinstance(entries, list):
        raise ValueError("a fault script is a list of entries")
    return entries


def every_fault() -> list[dict[str, Any]]:
    """The script that comes along, in which every fault fires a bounded number of times."""
    return read_script(Path(__file__).with_name("every_fault.json"))


def _entry(number: int, item: dict[str, Any]) -> Entry:
    kind = item.get("fault")
    if kind not in PARAMETERS:
        raise ValueError(f"entry {number}: no fault is called {kind!r}; there are {', '.join(PARAMETERS)}")
    unknown = set(item) - {"match", "fault", "parameters", "comment"}
    match, given = item.get("match", {}), item.get("parameters", {})
    unknown |= (set(match) - _MATCH_KEYS) | (set(given) - set(PARAMETERS[kind]))
    if unknown:
        raise ValueError(f"entry {number} ({kind}): unknown {', '.join(sorted(unknown))}")
    if kind == "bad-record":
        _check_variant(number, given)
    entity = match.get("entity")
    if entity is not None and entity not in {*KINDS, *(kind.name for kind in KINDS.values())}:
        raise ValueError(f"entry {number} ({kind}): no entity is called {entity!r}")
    times = match.get("times", 1 if "nth" in match else None)
    return Entry(Fault(kind, {**PARAMETERS[kind], **given}), **{**match, "times": times})


def _check_variant(number: int, given: dict[str, Any]) -> None:
    from national_sync_mocks.nvsi_server.distortions import VARIANTS

    if given.get("variant", "impossible-id-number") not in VARIANTS:
        raise ValueError(f"entry {number} (bad-record): variants are {', '.join(VARIANTS)}")
