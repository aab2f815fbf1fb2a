"""Finds adapters by name, ours and those of others, by the entry-point group `national_sync.adapters`."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from national_sync.errors import SettingsInvalid
from national_sync.i18n import N_, Phrase

GROUP: Final = "national_sync.adapters"


def adapter_names() -> list[str]:
    """The names of all installed adapters."""
    return sorted(entry.name for entry in entry_points(group=GROUP))


def adapter_class(name: str) -> Any:
    """The class of the adapter with this name: its `Settings` are a pydantic model, and its instances are
    `NationalSystem`s made as `adapter(settings, secret=…, meter=…, notebook=…, clock=…)`.

    Raises `SettingsInvalid` when there is no such adapter or it cannot be loaded.
    """
    entry = _entry(name)
    try:
        return entry.load()
    except (ImportError, AttributeError) as error:
        words = N_("[national] adapter: {name} cannot be loaded: {reason}")
        raise SettingsInvalid(problems=Phrase(words, name=name, reason=str(error))) from error


def _entry(name: str) -> EntryPoint:
    for entry in entry_points(group=GROUP):
        if entry.name == name:
            return entry
    words = N_("[national] adapter: there is no {name}; installed: {installed}")
    raise SettingsInvalid(problems=Phrase(words, name=name, installed=", ".join(adapter_names())))
