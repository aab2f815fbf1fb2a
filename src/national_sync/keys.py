"""The key file: what personal data is sealed with.

One key a line, `key-id:base64 of 32 bytes` (ids are k1, k2 …), the current one first and the oldest last; `#` begins a
comment. The file is the owner's alone (mode 0600). A machine that keeps its secrets elsewhere gives the same lines,
separated by blanks, in the environment variable NATIONAL_SYNC_KEYS instead.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text

from national_sync.errors import KeyUnusable
from national_sync.i18n import N_, Phrase
from national_sync.private_files import CLOSE_IT, OpenToOthers, read_private
from national_sync.sealing import Sealer, SealingKey

KEYS_VARIABLE: Final = "NATIONAL_SYNC_KEYS"

_SECRET_BYTES: Final = 32
_KEY_LINE: Final = re.compile(r"(?P<id>k[0-9]{1,9}):(?P<secret>[A-Za-z0-9+/]+=*)")
_MARK: Final = "key_fingerprint"
_HEADER: Final = (
    "# Keys of national-sync. Keep a copy apart from the database: sealed values cannot be read without them.\n"
)


def load_sealer(path: Path, environment: Mapping[str, str] = os.environ) -> Sealer:
    """The sealer with the keys of the environment variable, or else of the file. Raises KeyUnusable."""
    given = environment.get(KEYS_VARIABLE, "").split()
    return Sealer(_parsed(given, KEYS_VARIABLE) if given else _read(path))


def create_key_file(path: Path) -> bool:
    """Make a key file with one new key, unless there is a file already; true if one was made."""
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _written_beside(path, [_new_key(1)])
    try:
        # Unlike a rename, a link never takes the place of a file that another process made meanwhile.
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    _sync_folder(path.parent)
    return True


def add_key(path: Path) -> str:
    """Put a new key before the others, to seal with from now on; its id. The old ones go on opening and matching."""
    keys = _read(path)
    numbers = [int(key.key_id[1:]) for key in keys if re.fullmatch(r"k[0-9]{1,9}", key.key_id)]
    key = _new_key(max(numbers, default=0) + 1)
    os.replace(_written_beside(path, [key, *keys]), path)
    _sync_folder(path.parent)
    return key.key_id


def remember_key(connection: Connection, sealer: Sealer) -> None:
    """Note in a new database which key it is made with; in one that knows, the same as `check_key`."""
    if _remembered(connection) is not None:
        check_key(connection, sealer)
        return
    note = {"name": _MARK, "value": json.dumps(sealer.fingerprint)}
    connection.execute(text("INSERT INTO mark (name, value) VALUES (:name, :value)"), note)


def check_key(connection: Connection, sealer: Sealer) -> None:
    """Raises KeyUnusable unless the database was made with this key."""
    remembered = _remembered(connection)
    if remembered is None:
        raise KeyUnusable(
            "The database does not say which key it was made with.", hint="Finish it with: national-sync init"
        )
    if remembered != sealer.fingerprint:
        raise KeyUnusable(reason="the database was made with another key")


def _remembered(connection: Connection) -> str | None:
    value = connection.execute(text("SELECT value FROM mark WHERE name = :name"), {"name": _MARK}).scalar()
    return None if value is None else str(json.loads(value))


def _read(path: Path) -> list[SealingKey]:
    try:
        return _parsed(read_private(path).decode("utf-8").splitlines(), str(path))
    except OpenToOthers as error:
        raise KeyUnusable(reason=error.reason, hint=CLOSE_IT, file=path) from error
    except FileNotFoundError as error:
        raise KeyUnusable(reason=Phrase(N_("{file} does not exist"), file=path)) from error
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else N_("it is not UTF-8 text")
        raise KeyUnusable(reason=Phrase(N_("{file}: {reason}"), file=path, reason=reason)) from error


def _parsed(lines: list[str], place: str) -> list[SealingKey]:
    keys = [
        _parsed_key(line.strip(), number, place)
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.startswith("#")
    ]
    if not keys:
        raise KeyUnusable(reason=Phrase(N_("{place} holds no key"), place=place))
    if len({key.key_id for key in keys}) < len(keys):
        raise KeyUnusable(reason=Phrase(N_("{place} names two keys alike"), place=place))
    return keys


def _parsed_key(line: str, number: int, place: str) -> SealingKey:
    match = _KEY_LINE.fullmatch(line)
    try:
        secret = base64.b64decode(match["secret"], validate=True) if match else b""
    except binascii.Error:
        secret = b""
    if match is None or len(secret) != _SECRET_BYTES:
        # Never the line itself: it may hold most of a secret.
        words = N_("line {number} of {place} is not key-id:base64 of {bytes} bytes")
        raise KeyUnusable(reason=Phrase(words, number=number, place=place, bytes=_SECRET_BYTES))
    return SealingKey(match["id"], secret)


def _new_key(number: int) -> SealingKey:
    return SealingKey(f"k{number}", secrets.token_bytes(_SECRET_BYTES))


def _written_beside(path: Path, keys: list[SealingKey]) -> Path:
    """A file next to `path` that holds these keys and is on the disk; `mkstemp` makes it the owner's alone."""
    lines = [f"{key.key_id}:{base64.b64encode(key.secret).decode()}\n" for key in keys]
    descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines([_HEADER, *lines])
        file.flush()
        os.fsync(file.fileno())
    return Path(draft)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
