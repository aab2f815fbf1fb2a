"""Where the settings are, and where the database is when that can be told without checking them. Light to import."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

CONFIG_VARIABLE: Final = "NATIONAL_SYNC_CONFIG"
DEFAULT_CONFIG: Final = Path("national-sync.toml")
DEFAULT_DATABASE: Final = "sqlite:///national-sync.db"
ENVIRONMENT_PREFIX: Final = "NATIONAL_SYNC__"
_DATABASE_VARIABLE: Final = f"{ENVIRONMENT_PREFIX}DATABASE__URL"
_SQLITE: Final = "sqlite:///"


def sqlite_file(file: Path, environment: Mapping[str, str]) -> Path | None:
    """The SQLite file that these settings name, if it is there. None when only the whole settings can tell."""
    named = {name.upper(): value for name, value in environment.items()}.get(_DATABASE_VARIABLE)
    url = named if named is not None else _written_url(file)
    if url is None or not url.startswith(_SQLITE) or any(character in url for character in "?%#"):
        return None
    place = file.absolute().parent / url.removeprefix(_SQLITE)
    return place if place.is_file() else None


def _written_url(file: Path) -> str | None:
    try:
        written = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return None
    table = written.get("database", {})
    url = table.get("url", DEFAULT_DATABASE) if isinstance(table, dict) else None
    return url if isinstance(url, str) else None
