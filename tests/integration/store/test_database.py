"""What the database does when it cannot be written, and what then is left of a transaction."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.outside import Outside, outside_program

from national_sync.errors import DatabaseUnreachable, DatabaseUnwritable
from national_sync.store import schema
from national_sync.store.database import Database, write_many

_NOBODY = 65534


def note(database: Database, name: str, value: str = "1") -> None:
    with database.write() as connection:
        write_many(connection, "INSERT INTO mark (name, value) VALUES (?, ?)", [(name, value)])


def notes(database: Database) -> list[str]:
    with database.read() as connection:
        return [name for (name,) in connection.execute(text("SELECT name FROM mark ORDER BY name"))]


def test_transaction_is_stored_as_a_whole_or_not_at_all(database: Database) -> None:
    note(database, "first")

    with pytest.raises(ZeroDivisionError):
        _note_and_fail(database)

    assert notes(database) == ["first"]


def _note_and_fail(database: Database) -> None:
    with database.write() as connection:
        write_many(connection, "INSERT INTO mark (name, value) VALUES (?, ?)", [("second", "1")])
        raise ZeroDivisionError


def test_reader_sees_one_moment(database: Database) -> None:
    note(database, "first")

    with database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM mark")) == 1
        note(database, "second")
        assert connection.scalar(text("SELECT count(*) FROM mark")) == 1


def test_full_disk_is_told_and_costs_nothing_that_was_stored(sqlite_database: Database) -> None:
    note(sqlite_database, "first")
    with sqlite_database.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    with pytest.raises(DatabaseUnwritable, match="full") as caught:
        note(sqlite_database, "second", "x" * 1_000_000)

    assert "Free disk space" in caught.value.hint_template
    assert notes(sqlite_database) == ["first"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_disk_that_is_really_full(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        database = Database(f"sqlite:///{disk / 'mirror.sqlite'}")
        schema.create_or_upgrade(database)
        note(database, "first")

        with pytest.raises(DatabaseUnwritable, match="the disk is full"):
            note(database, "second", "x" * 8_000_000)

        assert notes(database) == ["first"]
        database.close()
    finally:
        subprocess.run(["umount", disk], check=True)


_WRITE_AS_ANOTHER_USER = """
import os, sys
from sqlalchemy import text
from national_sync.errors import DatabaseUnwritable
from national_sync.store.database import Database
with Database("sqlite://").read() as connection:
    pass  # Imports what it needs while the interpreter's own files can be read.
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
try:
    with Database(sys.argv[1]).write() as connection:
        connection.execute(text("INSERT INTO mark (name, value) VALUES ('second', '1')"))
except DatabaseUnwritable as error:
    print(error)
"""


def test_read_only_file_is_told_and_stays_as_it_is(sqlite_database: Database, tmp_path: Path) -> None:
    note(sqlite_database, "first")
    sqlite_database.close()
    path = Path(sqlite_database.place)
    # Root may write everything, so the writer is somebody else, who needs a way to the file.
    for folder in (tmp_path, *(one for one in tmp_path.parents if "pytest-of-" in str(one))):
        folder.chmod(0o755)
    path.chmod(0o444)
    tmp_path.chmod(0o555)

    done = subprocess.run(
        [sys.executable, "-c", _WRITE_AS_ANOTHER_USER, str(sqlite_database.url), str(_NOBODY)],
        check=False,
        capture_output=True,
        text=True,
    )

    tmp_path.chmod(0o755)
    assert "cannot be written" in done.stdout, done.stderr
    assert notes(sqlite_database) == ["first"]


def test_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "mirror.sqlite"
    path.write_text("This is a letter to the town hall, and long enough to be taken for a page of a database." * 9)

    with pytest.raises(DatabaseUnwritable, match="cannot be read: the file is no SQLite database"):
        schema.create_or_upgrade(Database(f"sqlite:///{path}"))

    assert path.read_text().startswith("This is a letter")


def test_folder_in_the_place_of_the_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnwritable, match="cannot be opened"):
        note(Database(f"sqlite:///{tmp_path}"), "first")


def test_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnreachable, match=r"no server listens at that socket"):
        note(Database(f"postgresql+psycopg://somebody:secret@/mirror?host={tmp_path}"), "first")


def test_place_of_a_database_never_shows_its_password() -> None:
    database = Database("postgresql+psycopg://somebody:secret@host/mirror")

    assert "secret" not in database.place
    assert "host/mirror" in database.place


def test_program_waits_for_another_writer(sqlite_database: Database) -> None:
    with outside_program(sqlite_database) as other:
        other.sql("BEGIN IMMEDIATE")
        other.sql("INSERT INTO mark (name, value) VALUES ('theirs', '1')")
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITE_AS_ANOTHER_USER, str(sqlite_database.url), str(os.geteuid())]
        )
        with pytest.raises(subprocess.TimeoutExpired):
            writer.wait(1.5)
        other.sql("COMMIT")

        assert writer.wait() == 0

    assert notes(sqlite_database) == ["second", "theirs"]


def test_statement_for_many_rows_is_the_same_on_both_stores(database: Database, outside: Outside) -> None:
    rows = [(f"n{n}", "袁") for n in range(500)]

    with database.write() as connection:
        write_many(connection, "INSERT INTO mark (name, value) VALUES (?, ?)", rows)
        write_many(connection, "INSERT INTO mark (name, value) VALUES (?, ?)", [])

    assert outside.one("SELECT count(*) FROM mark WHERE value = '袁'") == 500
