"""Files that are their owner's alone: keys, secrets, passwords. What others can read is no secret, and is not used."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from national_sync.i18n import N_, Phrase

CLOSE_IT: Final = N_("Close it with: chmod 600 {file}")
"""The hint beside `openness`."""


class OpenToOthers(Exception):
    """A secret file can be read by other users of this machine. `reason` says so, with its mode."""

    def __init__(self, reason: Phrase) -> None:
        super().__init__(str(reason))
        self.reason = reason


def read_private(path: Path) -> bytes:
    """What the file holds. Raises `OpenToOthers` before anything is read, and OSError."""
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            words = N_("{file} is open to other users of this machine (mode {mode})")
            raise OpenToOthers(Phrase(words, file=path, mode=f"{mode:04o}"))
        return file.read()
