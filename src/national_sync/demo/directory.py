"""The demo's directory: what `init` makes, with the address and the secret of the mock national system filled in."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from national_sync.errors import UsageError
from national_sync.i18n import N_
from national_sync.installation import install

MARKER: Final = ".national-sync-demo"
"""Only a directory with this file in it is ever replaced."""
APP_ID: Final = "puer-platform"
SECRET: Final = "not-a-secret-for-the-mock-only"
"""What the mock expects when it is started by hand without other words."""

_MADE: Final = (
    "national-sync.toml",
    "policy.toml",
    "national-sync.key",
    "national-sync.db",
    "national-sync.db-wal",
    "national-sync.db-shm",
    "national.secret",
    "national-state.json",
    "certificates.key",
    "kiosk.pdf",
    "reports/demo.json",
    "reports/run-*.json",
    "reports/run-*.txt",
)


@dataclass(frozen=True)
class DemoDirectory:
    path: Path

    @property
    def config(self) -> Path:
        return self.path / "national-sync.toml"

    @property
    def database(self) -> Path:
        return self.path / "national-sync.db"

    @property
    def national_state(self) -> Path:
        return self.path / "national-state.json"

    @property
    def report(self) -> Path:
        return self.path / "reports" / "demo.json"

    def clear(self) -> None:
        """Make way for a new demo; what the demo did not make is never touched."""
        if self._holds_other_things():
            raise UsageError(
                N_("{directory} holds other things; the demo only replaces what a demo has made."),
                hint=N_("Name a directory of its own: national-sync demo --directory NAME"),
                directory=self.path,
            )
        try:
            self.report.parent.mkdir(parents=True, exist_ok=True)
            (self.path / MARKER).touch()
            for made in [path for name in _MADE for path in self.path.glob(name)]:
                made.unlink()
        except OSError as error:
            raise UsageError(N_("{file} cannot be written: {reason}"), file=self.path, reason=error.strerror) from error

    def _holds_other_things(self) -> bool:
        if not self.path.is_dir():
            return self.path.exists()
        return not (self.path / MARKER).exists() and any(self.path.iterdir())

    def install(self, address: str) -> None:
        """Settings, policy, key and database as `init` makes them, ready for the national side at this address."""
        # What is set in the environment is meant for the real installation, not for the demo.
        install(self.config, {})
        secret = self.path / "national.secret"
        with open(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
            opened.write(SECRET + "\n")
        self._fill_in(
            {"base_url": _base_url(address), "app_id": APP_ID, "secret_file": secret.name, "level": "warning"}
        )

    def point_to(self, address: str) -> None:
        """The national side runs at another address this time."""
        self._fill_in({"base_url": _base_url(address)})

    def _fill_in(self, values: Mapping[str, str]) -> None:
        text = self.config.read_text(encoding="utf-8")
        for key, value in values.items():
            text, found = re.subn(rf"(?m)^(# )?{key} =.*$", f'{key} = "{value}"', text, count=1)
            assert found, key
        self.config.write_text(text, encoding="utf-8")


def _base_url(address: str) -> str:
    return f"{address}/open/v1"
