"""What this national side can do, and how it behaves: each thing can be switched on and off."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, get_type_hints

from national_sync_mocks.nvsi_server.wire import NAMES

_ALL_ENTITIES = list(NAMES)
_VERBS = ("create", "update")


@dataclass(frozen=True)
class Capabilities:
    """The defaults are what the real national side is assumed to offer. Names are those of the wire."""

    changeFilter: list[str] = field(default_factory=lambda: list(_ALL_ENTITIES))
    tombstones: bool = True
    keysetPaging: bool = False
    batchWrite: list[list[str]] = field(
        default_factory=lambda: [
            ["hour_record", "create"],
            ["hour_record", "update"],
            ["membership", "create"],
        ]
    )
    batchRead: bool = True
    batchSize: int = 50
    idempotencyKey: bool = False
    etag: bool = False
    clientReference: bool = False
    digest: bool = False
    asyncResults: bool = True
    twoMemberships: bool = True
    totals: bool = True
    starApplications: bool = True
    encryptedBodies: str = "accepted"
    concurrency: int = 4


@dataclass(frozen=True)
class Behaviour:
    """What the side does not announce but does."""

    perSecond: int = 1000
    """Calls a second before 42901; 0 for no limit."""
    perDay: int = 10_000_000
    """Calls a day before 42902."""
    reviewHours: float = 24.0
    """How long a review lasts by the mock's clock until it passes by itself."""
    tombstoneDays: int = 30
    """How long a deleted record is still listed."""
    tokenSeconds: int = 7200
    clockToleranceSeconds: int = 300
    """How far the time in a token call may be off; 0 for no limit."""
    clockSkewSeconds: float = 0.0
    """How far the clock that is shown and checked is off from the one that stamps records."""
    totalsRefresh: str = "nightly"
    """When the totals of volunteers and teams follow their hours: `nightly`, `immediate`, `never`."""
    periodsPerSubmission: int = 10
    """Hour records of one person in one project in one batch; 0 for no limit."""


_CHOICES = {
    "encryptedBodies": ("off", "accepted", "required"),
    "totalsRefresh": ("nightly", "immediate", "never"),
}
_WORDS = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}


@dataclass(frozen=True)
class Settings:
    capabilities: Capabilities = field(default_factory=Capabilities)
    behaviour: Behaviour = field(default_factory=Behaviour)

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self.capabilities), **asdict(self.behaviour)}

    def with_value(self, name: str, value: Any) -> Settings:
        """One switch set, by a JSON value or by text as on a command line; ValueError names what is wrong."""
        for part in ("capabilities", "behaviour"):
            holder = getattr(self, part)
            if name in {each.name for each in fields(holder)}:
                checked = _checked(name, value, get_type_hints(type(holder))[name])
                return replace(self, **{part: replace(holder, **{name: checked})})
        raise ValueError(f"no capability is called {name!r}; there are {', '.join(self.as_dict())}")

    def with_values(self, values: dict[str, Any]) -> Settings:
        settings = self
        for name, value in values.items():
            settings = settings.with_value(name, value)
        return settings


def _checked(name: str, value: Any, kind: Any) -> Any:
    if name == "changeFilter":
        return _entity_names(value)
    if name == "batchWrite":
        return _pairs(value)
    if name in _CHOICES:
        word = {True: "accepted", False: "off"}.get(value, value) if isinstance(value, bool) else value
        if word not in _CHOICES[name]:
            raise ValueError(f"{name} must be one of {', '.join(_CHOICES[name])}")
        return word
    if kind is bool:
        switch = _WORDS.get(value.lower()) if isinstance(value, str) else value
        if not isinstance(switch, bool):
            raise ValueError(f"{name} must be on or off")
        return switch
    try:
        return kind(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a number") from None


def _entity_names(value: Any) -> list[str]:
    if isinstance(value, bool) or value in ("all", "on", "none", "off", ""):
        return list(_ALL_ENTITIES) if value in (True, "all", "on") else []
    names = value.split(",") if isinstance(value, str) else list(value)
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        raise ValueError(f"no entity is called {unknown[0]!r}; there are {', '.join(NAMES)}")
    return names


def _pairs(value: Any) -> list[list[str]]:
    if isinstance(value, bool) or value in ("all", "on", "none", "off", ""):
        everything = value in (True, "all", "on")
        return [[name, verb] for name in NAMES for verb in _VERBS] if everything else []
    if isinstance(value, str):
        value = json.loads(value) if value.startswith("[") else [item.split(":") for item in value.split(",")]
    pairs = [list(pair) for pair in value]
    for pair in pairs:
        if len(pair) != 2 or pair[0] not in NAMES or pair[1] not in _VERBS:
            raise ValueError("batchWrite must hold pairs such as hour_record:create")
    return pairs
