"""What a driver says of a database that cannot be used, in plain words with the next step."""

from __future__ import annotations

from pathlib import Path

import pytest

from national_sync import i18n
from national_sync.errors import DatabaseUnreachable, DatabaseUnwritable
from national_sync.store.troubles import trouble_with

_OTHERWISE = "the database refused the statement"
SQLITE = [
    ("database disk image is malformed", "the file is damaged", "latest backup"),
    ("database is locked", "locked for more than 30 seconds", "fuser -v"),
    ("file is not a database", "the file is no SQLite database", "national-sync init"),
    ("database or disk is full", "the disk is full", "df -h"),
    ("disk I/O error", "the disk refuses to read or write", "dmesg"),
    ("attempt to write a readonly database", "may only be read", "chmod u+w"),
    ("unable to open database file", "cannot be opened", "ls -ld"),
]
_FAILED = 'connection to server at "127.0.0.1", port 5432 failed: '
POSTGRESQL = [
    (f"{_FAILED}Connection refused\n\tIs the server running?", "nothing answers", "Start the database server"),
    (f'{_FAILED}FATAL:  password authentication failed for user "puer"', "the user or the password", "password_file"),
    (f"{_FAILED}fe_sendauth: no password supplied", "the user or the password", "password_file"),
    (f'{_FAILED}FATAL:  database "mirror" does not exist', "no database of that name", "createdb"),
    (f'{_FAILED}FATAL:  role "puer" does not exist', "does not know this user", "createuser"),
    ('could not extend file "base/1/2": No space left on device', "the disk of the server is full", "df -h"),
    ("cannot execute INSERT in a read-only transaction", "may only be read", "primary server"),
    ("server closed the connection unexpectedly", "the server ended the connection", "Start the database server"),
]


@pytest.mark.parametrize(("words", "reason", "hint"), SQLITE)
def test_each_trouble_of_sqlite_has_words_and_a_next_step_of_its_own(
    words: str, reason: str, hint: str, tmp_path: Path
) -> None:
    told = trouble_with(words, DatabaseUnwritable, tmp_path / "mirror.db")
    assert reason in str(told)
    assert hint in told.hint_template
    assert told.code == "database_unwritable"


@pytest.mark.parametrize(("words", "reason", "hint"), POSTGRESQL)
def test_the_frequent_troubles_of_postgresql_have_words_too(words: str, reason: str, hint: str) -> None:
    told = trouble_with(words, DatabaseUnreachable, None)
    assert reason in str(told)
    assert hint in told.hint_template


@pytest.mark.parametrize("words", [words for words, _reason, _hint in SQLITE + POSTGRESQL])
def test_every_trouble_is_told_in_chinese(words: str) -> None:
    file = Path("mirror.db") if words in [known for known, _reason, _hint in SQLITE] else None
    told = trouble_with(words, DatabaseUnwritable, file)
    i18n.use("zh")
    said = i18n.say(i18n.Phrase(told.template, **told.facts)) + i18n.say(i18n.Phrase(told.hint_template, **told.facts))
    for english in (" the ", " is ", " then ", " cannot "):
        assert english not in said


def test_words_that_may_quote_a_row_are_not_passed_on(tmp_path: Path) -> None:
    told = trouble_with("Failing row contains (1, 李扎迫)", DatabaseUnwritable, tmp_path / "mirror.db")
    assert str(told).endswith(_OTHERWISE)
    assert "李扎迫" not in str(trouble_with("Failing row contains (1, 李扎迫)", DatabaseUnwritable, None))


def test_a_damaged_file_is_not_said_to_be_unwritable(tmp_path: Path) -> None:
    told = trouble_with("database disk image is malformed", DatabaseUnwritable, tmp_path / "mirror.db")
    assert str(told).startswith("The database cannot be read")
