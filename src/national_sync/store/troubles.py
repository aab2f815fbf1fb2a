"""What is wrong with the place of a database, in plain words with the next step: the drivers' own words are neither.

A driver's sentence may quote a row, so it is only recognised and never passed on.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from national_sync.errors import DatabaseUnwritable
from national_sync.i18n import N_, Phrase

_UNREADABLE: Final = N_("The database cannot be read: {reason}")


@dataclass(frozen=True)
class Trouble:
    sign: str
    """A pattern in what the driver says."""
    reason: str
    hint: str = ""
    message: str = ""
    """Where "cannot be written" would say too little."""

    def told(self, kind: type[DatabaseUnwritable], file: Path | None) -> DatabaseUnwritable:
        return kind(self.message, hint=self.hint, reason=Phrase(self.reason), file=file or "")


_FREE_THE_DISK: Final = N_(
    "Free disk space (df -h shows where it is short), then run the same command again. What was stored so far is kept."
)
_ALLOW_WRITING: Final = N_(
    "Let this program's user write the file and its folder: ls -ld shows their rights, chmod u+w and chown change them. "
    "Then run the same command again. What was stored so far is kept."
)
_START_SERVER: Final = N_(
    "Start the database server or correct [database] url, then look with: national-sync doctor. "
    "What was stored so far is kept."
)

_READ_ONLY_FILE: Final = Trouble("readonly database", N_("the database file may only be read"), _ALLOW_WRITING)
_READ_ONLY_FOLDER: Final = Trouble(
    "unable to open database file",
    N_("the folder of the database file may only be read, and SQLite must make files beside it"),
    _ALLOW_WRITING,
)
_READ_ONLY_DISK: Final = Trouble(
    "",
    N_("the disk that it lies on is mounted read-only"),
    N_(
        "Ask why it is: a disk with errors is often made read-only by the system (dmesg tells). When it can be written "
        "again, run the same command. Until then the lists and sync status still show what is stored."
    ),
)

_SQLITE: Final = (
    Trouble("database or disk is full", N_("the disk is full"), _FREE_THE_DISK),
    Trouble(
        "database is locked",
        N_("another program has kept it locked for more than 30 seconds"),
        N_(
            "Find the program with: fuser -v {file}. Let it end its transaction, then run the same command again. "
            "What was stored so far is kept."
        ),
    ),
    Trouble(
        "disk image is malformed",
        N_("the file is damaged"),
        N_(
            "Let nothing write to it, keep a copy of {file} with the -wal file beside it, and put the latest backup in "
            "its place. Then compare with: national-sync verify"
        ),
        _UNREADABLE,
    ),
    Trouble(
        "file is not a database",
        N_("the file is no SQLite database"),
        N_(
            "Correct [database] url, or put the file {file} elsewhere and begin a new database: national-sync init. "
            "The file was not changed."
        ),
        _UNREADABLE,
    ),
    _READ_ONLY_FILE,
    Trouble(
        "disk I/O error",
        N_("the disk refuses to read or write"),
        N_(
            "Look for a full disk, a quota or a failing disk (df -h and dmesg tell), then run the same command again. "
            "What was stored so far is kept."
        ),
    ),
    Trouble(
        "unable to open database file",
        N_("its file cannot be opened"),
        N_("See that {file} is a file and that this program's user may read and write it: ls -ld. Then try again."),
    ),
)

_POSTGRESQL: Final = (
    Trouble("Connection refused", N_("nothing answers at that address and port"), _START_SERVER),
    Trouble("No such file or directory", N_("no server listens at that socket"), _START_SERVER),
    Trouble(
        "could not translate host name",
        N_("the name of the server is not known"),
        N_("Correct the host in [database] url, then look with: national-sync doctor"),
    ),
    Trouble("timeout expired", N_("the server does not answer in time"), _START_SERVER),
    Trouble(
        "password",
        N_("the server refused the user or the password"),
        N_("Correct user and password_file under [database], then look with: national-sync doctor"),
    ),
    Trouble(
        "no pg_hba.conf entry",
        N_("the server does not let this user in from this machine"),
        N_("Ask the administrator of the database for a line in pg_hba.conf, then look with: national-sync doctor"),
    ),
    Trouble(
        'role ".*" does not exist',
        N_("the server does not know this user"),
        N_("Correct the user in [database] url or let it be made with createuser, then: national-sync doctor"),
    ),
    Trouble(
        'database ".*" does not exist',
        N_("there is no database of that name on the server"),
        N_("Let it be made with createdb, or correct [database] url, then: national-sync init"),
    ),
    Trouble("server closed the connection", N_("the server ended the connection"), _START_SERVER),
    Trouble("terminating connection", N_("the server ended the connection"), _START_SERVER),
    Trouble("the connection is closed", N_("the server ended the connection"), _START_SERVER),
    Trouble("connection is bad", N_("the connection was lost"), _START_SERVER),
    Trouble(
        "too many clients",
        N_("the server has no free connection"),
        N_("Let other programs end theirs or raise max_connections, then run the same command again."),
    ),
    Trouble("No space left on device", N_("the disk of the server is full"), _FREE_THE_DISK),
    Trouble(
        "read-only transaction",
        N_("the server may only be read: it is a standby or was set so"),
        N_("Point [database] url to the primary server, then run the same command again."),
    ),
    Trouble(
        "permission denied",
        N_("the user lacks a right in the database"),
        N_("Let the owner of the database give this user its rights, then look with: national-sync doctor"),
    ),
)

_OTHER: Final = Trouble("", N_("the database refused the statement"))
_NAMES_ONLY: Final = re.compile(r"(table|index|trigger) \w+ already exists")


def trouble_with(words: str, kind: type[DatabaseUnwritable], file: Path | None) -> DatabaseUnwritable:
    """The error to raise for what a driver said; `file` is that of an SQLite database."""
    if file is None:
        return _recognised(_POSTGRESQL, words).told(kind, None)
    first_line = words.splitlines()[0] if words else ""
    if _NAMES_ONLY.fullmatch(first_line):
        return kind(reason=first_line, file=file)
    return _at_the_place(_recognised(_SQLITE, words), file).told(kind, file.absolute())


def _recognised(known: tuple[Trouble, ...], words: str) -> Trouble:
    return next((trouble for trouble in known if re.search(trouble.sign, words)), _OTHER)


def _at_the_place(trouble: Trouble, file: Path) -> Trouble:
    """SQLite says the same of a closed file, a closed folder and a disk mounted read-only; the place itself tells."""
    if trouble.sign not in (_READ_ONLY_FILE.sign, _READ_ONLY_FOLDER.sign) or not file.is_file():
        return trouble
    if _is_read_only_disk(file):
        return _READ_ONLY_DISK
    if os.access(file, os.W_OK) and not os.access(file.parent, os.W_OK):
        return _READ_ONLY_FOLDER
    return _READ_ONLY_FILE if not os.access(file, os.W_OK) else trouble


def may_be_written(file: Path) -> bool:
    """Whether SQLite can write an existing file: it needs the folder as well, for the files beside it."""
    return os.access(file, os.W_OK) and os.access(file.absolute().parent, os.W_OK)


def _is_read_only_disk(file: Path) -> bool:
    if os.name != "posix":
        return False
    return bool(os.statvfs(file).f_flag & os.ST_RDONLY)
