"""The audit in a database and in a file: nobody changes it by accident, and whoever does is found out."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest
from tests.outside import Outside, Refused, outside_program

from national_sync import audit
from national_sync.audit import EMPTY, Entry, Fault, Head, append, head_of, list_entries, verify
from national_sync.audit_file import export_to, verify_file
from national_sync.errors import UsageError
from national_sync.store import append_only, triggers
from national_sync.store.database import Database

ENTRIES: Final = 6


def fill(database: Database) -> Head:
    for number in range(1, ENTRIES + 1):
        with database.write() as connection:
            append(
                connection, Entry(1_000 + number, "operator:陈", "hold.approved", "team", number, None, {"b": number})
            )
    with database.read() as connection:
        return head_of(connection)


@pytest.fixture
def head(database: Database) -> Head:
    return fill(database)


def verdict(database: Database, **more: Any) -> tuple[Fault | None, Any]:
    with database.read() as connection:
        found = verify(connection, **more)
    return found.fault, found.entry


def drop_triggers(database: Database) -> None:
    with database.write() as connection:
        for name in append_only.trigger_names(connection.dialect.name):
            if name.startswith("audit_entry"):
                on = "" if database.is_sqlite else " ON audit_entry"
                connection.exec_driver_sql(f"DROP TRIGGER {name}{on}")


def test_an_empty_audit_is_whole(sqlite_database: Database) -> None:
    with sqlite_database.read() as connection:
        assert verify(connection) == (EMPTY, None, None)


def test_entries_are_numbered_and_linked_in_the_order_in_which_they_came(database: Database, head: Head) -> None:
    with database.read() as connection:
        assert verify(connection) == (head, None, None)
        assert head.number == ENTRIES
        assert [entry["id"] for entry in list_entries(connection)] == list(range(ENTRIES, 0, -1))


def test_what_is_taken_back_leaves_no_gap(database: Database, head: Head) -> None:
    with suppress(ZeroDivisionError), database.write() as connection:
        append(connection, Entry(1, "run:1", "rows.applied"))
        raise ZeroDivisionError
    with database.write() as connection:
        append(connection, Entry(1, "run:1", "rows.applied"))
        append(connection, Entry(1, "run:1", "rows.applied"))
    with database.read() as connection:
        assert verify(connection).head.number == head.number + 2


@pytest.mark.usefixtures("head")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET actor = 'operator:li' WHERE id = 2",
        "UPDATE audit_entry SET id = 9 WHERE id = 2",
        "DELETE FROM audit_entry WHERE id = 2",
        "DELETE FROM audit_entry",
        "UPDATE mismatch_event SET actor = 'operator:li'",
        "DELETE FROM mismatch_event",
    ],
)
def test_no_program_changes_or_removes_an_entry(database: Database, outside: Outside, statement: str) -> None:
    outside.sql("INSERT INTO mismatch_event (mismatch_id, at, event, actor) VALUES (1, 2, 'noted', 'operator:chen')")
    with pytest.raises(Refused, match="only grows"):
        outside.sql(statement)
    assert verdict(database) == (None, None)


def test_truncate_is_refused(postgresql_database: Database) -> None:
    with outside_program(postgresql_database) as outside:
        for table in append_only.TABLES:
            with pytest.raises(Refused, match="only grows"):
                outside.sql(f"TRUNCATE {table}")


@pytest.mark.parametrize("key", ["id", "rowid"])
def test_replace_is_refused(sqlite_database: Database, key: str) -> None:
    fill(sqlite_database)
    statement = f"REPLACE INTO audit_entry ({key}, at, actor, action, detail) VALUES (2, 1, 'a', 'b', '{{}}')"
    with outside_program(sqlite_database) as outside, pytest.raises(Refused, match="only grows"):
        outside.sql(statement)
    assert verdict(sqlite_database) == (None, None)


def test_a_run_misses_a_trigger_that_was_dropped(database: Database) -> None:
    drop_triggers(database)
    with database.read() as connection:
        assert "audit_entry_sync_keep" in " ".join(triggers.missing(connection))


_CONTENT = "at, actor, action, entity, row_id, run_id, detail, previous_hash, entry_hash"


@pytest.mark.usefixtures("head")
@pytest.mark.parametrize(
    ("statements", "fault", "entry"),
    [
        (["UPDATE audit_entry SET actor = 'operator:li' WHERE id = 3"], Fault.CHANGED, 3),
        (["UPDATE audit_entry SET detail = '{\"b\":3}' WHERE id = 3"], Fault.CHANGED, 3),
        (["UPDATE audit_entry SET entry_hash = previous_hash WHERE id = 3"], Fault.CHANGED, 3),
        (["UPDATE audit_entry SET entry_hash = NULL WHERE id = 6"], Fault.CHANGED, 6),
        (["DELETE FROM audit_entry WHERE id = 3"], Fault.MISSING, 3),
        (["DELETE FROM audit_entry WHERE id = 1"], Fault.MISSING, 1),
        (["DELETE FROM audit_entry WHERE id > 4"], Fault.CUT, 5),
        (["DELETE FROM audit_entry"], Fault.CUT, 1),
        ([f"INSERT INTO audit_entry (id, {_CONTENT}) SELECT -2, {_CONTENT} FROM audit_entry WHERE id = 2"],
         Fault.FOREIGN, -2),
        ([f"INSERT INTO audit_entry (id, {_CONTENT}) SELECT 7, {_CONTENT} FROM audit_entry WHERE id = 6"],
         Fault.CHANGED, 7),
        (
            [
                "UPDATE audit_entry SET id = 99 WHERE id = 2",
                "UPDATE audit_entry SET id = 2 WHERE id = 4",
                "UPDATE audit_entry SET id = 4 WHERE id = 99",
            ],
            Fault.CHANGED,
            2,
        ),
        (
            ["DELETE FROM audit_entry WHERE id = 3", "UPDATE audit_entry SET id = id - 1 WHERE id > 3"],
            Fault.CHANGED,
            3,
        ),
        (["DELETE FROM mark WHERE name = 'audit_head'"], Fault.UNNOTED, 6),
        (["UPDATE mark SET value = '\"?\"' WHERE name = 'audit_head'"], Fault.UNNOTED, 6),
    ],
)  # fmt: skip
def test_whoever_drops_the_triggers_is_found_out(
    database: Database, outside: Outside, statements: list[str], fault: Fault, entry: int
) -> None:
    drop_triggers(database)
    for statement in statements:
        outside.sql(statement)
    assert verdict(database) == (fault, entry)


def test_the_report_of_a_run_and_a_note_on_paper_tell_of_a_tail_that_is_gone_with_its_mark(
    database: Database, head: Head, outside: Outside
) -> None:
    drop_triggers(database)
    shorter = outside.one("SELECT entry_hash FROM audit_entry WHERE id = 4")
    outside.sql("DELETE FROM audit_entry WHERE id > 4")
    outside.sql("UPDATE mark SET value = ? WHERE name = 'audit_head'", json.dumps(str(Head(4, bytes(shorter)))))
    assert verdict(database) == (None, None)
    assert verdict(database, also=[head]) == (Fault.CUT, 5)
    outside.sql(
        "INSERT INTO run (kind, state, scope, holder, lease_until, started_at, calls, report)"
        " VALUES ('manual', 'finished', '{}', 'office:1', 0, 0, 0, ?)",
        json.dumps({"audit_head": str(head)}),
    )
    assert verdict(database) == (Fault.CUT, 5)
    for told_nothing in ("", "?", "[]", '{"audit_head": ""}'):
        outside.sql(
            "INSERT INTO run (kind, state, scope, holder, lease_until, started_at, calls, report)"
            " VALUES ('manual', 'failed', '{}', 'office:1', 0, 0, 0, ?)",
            told_nothing,
        )
    assert verdict(database) == (Fault.CUT, 5)


def test_the_newest_entries_can_be_checked_alone(database: Database, outside: Outside, head: Head) -> None:
    drop_triggers(database)
    outside.sql("UPDATE audit_entry SET actor = 'operator:li' WHERE id = 2")
    assert verdict(database, newest=3) == (None, None)
    assert verdict(database, newest=5) == (Fault.CHANGED, 2)
    assert verdict(database, newest=50) == (Fault.CHANGED, 2)


@pytest.mark.usefixtures("head")
@pytest.mark.parametrize(
    ("statement", "ends"),
    [
        ("DELETE FROM mark WHERE name = 'audit_head'", (None, None)),
        ("UPDATE mark SET value = '?' WHERE name = 'audit_head'", (None, None)),
        (f"INSERT INTO audit_entry (id, {_CONTENT}) SELECT 7, {_CONTENT} FROM audit_entry WHERE id = 6",
         (Fault.CHANGED, 7)),
    ],
)  # fmt: skip
def test_nothing_that_another_program_writes_here_stops_the_night(
    database: Database, outside: Outside, statement: str, ends: tuple[Fault | None, Any]
) -> None:
    outside.sql(statement)
    assert verdict(database) != (None, None)
    for _time in range(2):
        with database.write() as connection:
            append(connection, Entry(1, "run:1", "rows.applied"))
    assert verdict(database) == ends


def test_two_programs_append_one_after_the_other(postgresql_database: Database) -> None:
    begun = threading.Barrier(4)

    def write() -> None:
        begun.wait()
        for number in range(5):
            with postgresql_database.write() as connection:
                append(connection, Entry(number, "run:1", "rows.applied"))

    threads = [threading.Thread(target=write) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with postgresql_database.read() as connection:
        assert verify(connection)[0].number == 20
        assert verify(connection).fault is None


# Filters


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        ({"actor": "operator:陈"}, ENTRIES),
        ({"actor": "operator:li"}, 0),
        ({"action": "hold.approved"}, ENTRIES),
        ({"action": "hold"}, ENTRIES),
        ({"action": "hol"}, 0),
        ({"since": 1_005}, 2),
        ({"record": ("team", 3)}, 1),
        ({"record": ("volunteer", 3)}, 0),
        ({"limit": 2, "offset": 5}, 1),
    ],
)
def test_entries_are_found_by_who_what_when_and_about_what(
    sqlite_database: Database, chosen: dict[str, Any], count: int
) -> None:
    fill(sqlite_database)
    with sqlite_database.read() as connection:
        assert len(list_entries(connection, **chosen)) == count


# As a file


@pytest.fixture
def file(database: Database, head: Head, tmp_path: Path) -> Path:
    path = tmp_path / "audit.jsonl"
    with database.read() as connection:
        assert export_to(connection, str(path)) == head
    return path


def test_an_exported_audit_is_checked_without_the_database(file: Path, head: Head) -> None:
    assert verify_file(str(file)) == (head, None, None)
    assert json.loads(file.read_text("utf-8").splitlines()[0])["actor"] == "operator:陈"


def test_nothing_is_written_over_a_file(database: Database, file: Path) -> None:
    with database.read() as connection:
        with pytest.raises(UsageError, match="there already"):
            export_to(connection, str(file))
        with pytest.raises(UsageError, match="cannot be written"):
            export_to(connection, str(file / "below"))
    with pytest.raises(UsageError, match="cannot be read"):
        verify_file(str(file) + "x")


@pytest.mark.parametrize(
    ("tamper", "fault", "entry"),
    [
        (lambda lines: lines[:-1], Fault.CUT, 7),
        (lambda lines: lines[:3], Fault.CUT, 4),
        (lambda lines: [*lines[:4], lines[-1]], Fault.CUT, 5),
        (lambda lines: [*lines[:2], *lines[3:]], Fault.MISSING, 3),
        (lambda lines: [lines[1], lines[0], *lines[2:]], Fault.MISSING, 1),
        (lambda lines: [*lines[:2], lines[2].replace("陈", "李"), *lines[3:]], Fault.CHANGED, 3),
        (lambda lines: [*lines[:2], lines[2][:40], *lines[3:]], Fault.FOREIGN, None),
        (lambda lines: [*lines[:2], "[]", *lines[3:]], Fault.FOREIGN, None),
        (lambda lines: [], Fault.CUT, 1),
    ],
)
def test_a_file_that_was_tampered_with_is_found_out(
    sqlite_database: Database,
    tmp_path: Path,
    tamper: Callable[[list[str]], list[str]],
    fault: Fault,
    entry: int | None,
) -> None:
    fill(sqlite_database)
    path = tmp_path / "audit.jsonl"
    with sqlite_database.read() as connection:
        export_to(connection, str(path))
    lines = path.read_text("utf-8").splitlines()
    path.write_text("".join(f"{line}\n" for line in tamper(lines)), "utf-8")
    found = verify_file(str(path))
    assert (found.fault, found.entry) == (fault, entry)


def test_a_digest_stands_for_many_values_in_their_order() -> None:
    assert audit.digest_of(["a", "b"]) == audit.digest_of(["a", "b"]) != audit.digest_of(["b", "a"])
    assert audit.digest_of(["ab"]) != audit.digest_of(["a", "b"])
