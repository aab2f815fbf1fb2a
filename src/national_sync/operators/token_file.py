"""Where a login is kept: a file of the user of this machine, one for each database, closed to everybody else."""

from __future__ import annotations

import getpass
import hashlib
import os
import socket
import stat
from collections.abc import Mapping
from pathlib import Path

from national_sync.errors import LoginFileUnsafe, LoginFileUnusable


def user_of_machine() -> str:
    """The user of the operating system and the machine: a login counts for these two only."""
    user = str(os.getuid()) if os.name == "posix" else getpass.getuser()
    return f"{user}@{socket.gethostname()}"


def token_file(environment: Mapping[str, str], place: str) -> Path:
    """The file for the database at this place."""
    return _folder(environment) / f"login-{hashlib.blake2b(place.encode(), digest_size=8).hexdigest()}"


def _folder(environment: Mapping[str, str]) -> Path:
    if os.name == "nt":
        local = environment.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "national-sync"
    state = environment.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "national-sync"


def read_token(path: Path) -> str | None:
    """None when nobody has logged in. Raises LoginFileUnsafe for a file that others can read or have put there."""
    try:
        with path.open(encoding="ascii", errors="replace") as file:
            _refuse_strangers(path, os.fstat(file.fileno()))
            return file.readline(200).strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LoginFileUnusable(file=path, reason=error.strerror) from error


def write_token(path: Path, token: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(token + "\n")
        os.replace(draft, path)
    except OSError as error:
        raise LoginFileUnusable(file=path, reason=error.strerror) from error


def remove_token(path: Path) -> None:
    path.unlink(missing_ok=True)


def _refuse_strangers(path: Path, status: os.stat_result) -> None:
    if os.name == "posix" and (status.st_uid != os.getuid() or status.st_mode & (stat.S_IRWXG | stat.S_IRWXO)):
        raise LoginFileUnsafe(file=path)
