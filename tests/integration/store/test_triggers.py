"""Local edits by programs that know nothing of ours, on both stores (through `sqlite3` and `psycopg`)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import insert, update
from tests.outside import Outside, Refused

from national_sync.records import Entity
from national_sync.store import triggers
from national_sync.store.database import Database
from national_sync.store.tables import MIRROR, synced_columns

_REV = 7


def team(outside: Outside, **columns: Any) -> int:
    """A team that both sides agree on, written as the engine writes."""
    agreed = {"name": "Sunshine", "area_id": "5308", "national_id": "T1", "national_hash": b"\x01\xff"}
    return outside.insert("team", **(agreed | {"national_updated_at_ms": 5, "sync_rev": _REV} | columns))


def changes(outside: Outside) -> dict[tuple[str, int, str], str | None]:
    rows = outside.sql("SELECT entity, row_id, field, base FROM local_change")
    return {(entity, row_id, field): base for entity, row_id, field, base in rows}


def deletions(outside: Outside) -> list[tuple[str, int, str | None, dict[str, Any]]]:
    rows = outside.sql("SELECT entity, row_id, national_id, old_row FROM local_deletion ORDER BY id")
    return [(entity, row_id, national_id, json.loads(old_row)) for entity, row_id, national_id, old_row in rows]


# Edits


def test_edit_keeps_the_agreed_value_of_each_edited_field(outside: Outside) -> None:
    row = team(outside, contact_name="Li", member_count=3)

    outside.sql("UPDATE team SET contact_name = 'Wang', member_count = 4, name = 'Sunshine'")

    assert changes(outside) == {("team", row, "contact_name"): "Li", ("team", row, "member_count"): "3"}


def test_second_edit_keeps_the_first_base(outside: Outside) -> None:
    row = team(outside, contact_name="Li")

    outside.sql("UPDATE team SET contact_name = 'Wang'")
    outside.sql("UPDATE team SET contact_name = 'Zhao'")

    assert changes(outside) == {("team", row, "contact_name"): "Li"}


def test_value_edited_back_is_no_local_change(outside: Outside) -> None:
    row = team(outside, contact_name="Li", leader_name="He")

    outside.sql("UPDATE team SET contact_name = 'Wang', leader_name = 'Ma'")
    outside.sql("UPDATE team SET contact_name = 'Li'")

    assert changes(outside) == {("team", row, "leader_name"): "He"}


def test_null_is_a_value_like_any_other(outside: Outside) -> None:
    row = team(outside, contact_name=None, leader_name="He")

    outside.sql("UPDATE team SET contact_name = '', leader_name = NULL")
    assert changes(outside) == {("team", row, "contact_name"): None, ("team", row, "leader_name"): "He"}

    outside.sql("UPDATE team SET contact_name = NULL, leader_name = 'He'")
    assert changes(outside) == {}


def test_edit_that_changes_nothing_writes_nothing(outside: Outside) -> None:
    team(outside)

    outside.sql("UPDATE team SET name = name, member_count = member_count")

    assert changes(outside) == {}


def test_one_statement_may_edit_many_rows(outside: Outside) -> None:
    rows = [team(outside, name=f"Team {n}", national_id=f"T{n}") for n in range(5)]

    outside.sql("UPDATE team SET area_id = '5309' WHERE name <> 'Team 2'")

    assert set(changes(outside)) == {("team", row, "area_id") for row in rows if row != rows[2]}


def test_upsert_is_an_edit_where_the_row_exists_and_a_creation_where_not(outside: Outside) -> None:
    row = team(outside)
    statement = """
        INSERT INTO team (id, name, area_id) VALUES (?, ?, '5301')
        ON CONFLICT (id) DO UPDATE SET name = excluded.name
    """

    outside.sql(statement, row, "Moonlight")
    outside.sql(statement, row + 1, "New")

    assert changes(outside) == {("team", row, "name"): "Sunshine"}
    assert outside.sql("SELECT name, sync_rev FROM team ORDER BY id") == [("Moonlight", _REV), ("New", None)]


def test_upsert_by_national_id_is_an_edit(outside: Outside) -> None:
    row = team(outside)

    outside.sql("""
        INSERT INTO team (national_id, name, area_id) VALUES ('T1', 'Moonlight', '5308')
        ON CONFLICT (national_id) DO UPDATE SET name = excluded.name
    """)

    assert changes(outside) == {("team", row, "name"): "Sunshine"}


def test_ignored_insert_changes_nothing(outside: Outside) -> None:
    row = team(outside)

    outside.sql("INSERT INTO team (id, name, area_id) VALUES (?, 'x', 'y') ON CONFLICT DO NOTHING", row)
    outside.sql("DELETE FROM team")
    outside.sql("INSERT INTO team (id, name, area_id) VALUES (?, 'Again', '5308')", row)

    assert changes(outside) == {}
    assert [(entity, row_id) for entity, row_id, _, _ in deletions(outside)] == [("team", row)]
    assert outside.sql("SELECT national_id, sync_rev FROM team") == [(None, None)]


def test_edit_of_a_column_that_is_not_synced_is_no_local_change(outside: Outside) -> None:
    team(outside)

    outside.sql("UPDATE team SET contact_phone_hash = NULL")

    assert changes(outside) == {}


def test_edit_of_a_local_creation_needs_no_base(outside: Outside) -> None:
    outside.insert("team", name="New", area_id="5308")

    outside.sql("UPDATE team SET name = 'Newer'")

    assert changes(outside) == {}


def test_rolled_back_edit_leaves_nothing(outside: Outside) -> None:
    team(outside)

    outside.sql("BEGIN")
    outside.sql("UPDATE team SET name = 'Moonlight'")
    outside.sql("ROLLBACK")

    assert changes(outside) == {}


@pytest.mark.parametrize("entity", list(Entity))
def test_every_synced_column_of_every_table_is_watched(entity: Entity, database: Database, outside: Outside) -> None:
    table = MIRROR[entity]
    before = {name: _some_value(table.c[name].type.python_type, "1") for name in synced_columns(entity)}
    after = {name: _some_value(table.c[name].type.python_type, "2") for name in synced_columns(entity)}
    outside.give_out(_REV)
    with database.write() as connection:
        connection.execute(insert(table).values(id=1, national_id="N1", sync_rev=_REV, **before))

    assignments = ", ".join(f"{name} = ?" for name in after)
    outside.sql(f"UPDATE {entity} SET {assignments}", *after.values())

    assert changes(outside) == {(entity, 1, name): str(value) for name, value in before.items()}
    outside.sql(f"UPDATE {entity} SET {assignments}", *before.values())
    assert changes(outside) == {}


def _some_value(kind: type, digit: str) -> Any:
    return int(digit) if kind is int else f"text {digit}"


@pytest.mark.parametrize("value", ["", "袁隆平", "a'b\"c\\", "\u202eabc\u200b", "𠮷野", " x ", "null", "line\nline"])
def test_base_is_kept_to_the_letter(value: str, outside: Outside) -> None:
    row = team(outside, contact_name=value)

    outside.sql("UPDATE team SET contact_name = 'other'")
    assert changes(outside) == {("team", row, "contact_name"): value}

    outside.sql("UPDATE team SET contact_name = ?", value)
    assert changes(outside) == {}


def test_large_numbers_keep_every_digit(outside: Outside) -> None:
    row = team(outside, total_seconds=2**62 + 1)

    outside.sql("UPDATE team SET total_seconds = total_seconds + 1")

    assert changes(outside) == {("team", row, "total_seconds"): str(2**62 + 1)}


# The engine


def test_engine_hears_no_echo_of_its_own_writes(database: Database, outside: Outside) -> None:
    row = team(outside, contact_name="Li")
    outside.sql("UPDATE team SET contact_name = 'Wang'")
    table = MIRROR[Entity.TEAM]
    outside.give_out(_REV + 1)

    with database.write() as connection:
        values = {"name": "Moonlight", "national_hash": b"2", "withdrawn_at": 9, "sync_rev": _REV + 1}
        connection.execute(update(table).values(**values))

    assert changes(outside) == {("team", row, "contact_name"): "Li"}


def test_engine_takes_up_a_creation_without_an_echo(outside: Outside) -> None:
    outside.insert("team", name="New", area_id="5308")

    outside.give_out(8)
    outside.sql("UPDATE team SET name = 'Neu', national_id = 'T9', sync_rev = 8")

    assert changes(outside) == {}


# Deletions


def test_deletion_keeps_the_whole_row(outside: Outside) -> None:
    row = team(outside, contact_name="Li", contact_phone_hash=b"\x00\xab")
    outside.sql("UPDATE team SET contact_name = 'Wang', leader_name = '段\"x'")

    outside.sql("DELETE FROM team WHERE id = ?", row)

    [(entity, row_id, national_id, old_row)] = deletions(outside)
    assert (entity, row_id, national_id) == ("team", row, "T1")
    assert set(old_row) == set(MIRROR[Entity.TEAM].c.keys())
    assert old_row["contact_name"] == "Wang"
    assert old_row["leader_name"] == '段"x'
    assert old_row["leader_number"] is None
    assert old_row["total_seconds"] == 0
    assert old_row["sync_rev"] == _REV
    assert old_row["national_hash"] == "01ff"
    assert old_row["contact_phone_hash"] == "00ab"
    assert changes(outside) == {}


def test_deletion_of_all_rows_is_seen_row_by_row(outside: Outside) -> None:
    rows = [team(outside, national_id=f"T{n}") for n in range(4)]

    outside.sql("DELETE FROM team")

    assert [row_id for _, row_id, _, _ in deletions(outside)] == rows


def test_deletion_of_a_local_creation_is_kept_too(outside: Outside) -> None:
    row = outside.insert("volunteer", name="Li", id_number="x", sex="male", birth_date="", service_area_id="")

    outside.sql("DELETE FROM volunteer")

    [(entity, row_id, national_id, old_row)] = deletions(outside)
    assert (entity, row_id, national_id, old_row["sync_rev"]) == ("volunteer", row, None, None)


def test_id_of_a_deleted_row_is_never_given_again(outside: Outside) -> None:
    row = team(outside)

    outside.sql("DELETE FROM team")

    assert outside.insert("team", name="New", area_id="5308") > row


# What is refused


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE team SET id = id + 100", "the id of a mirrored row never changes"),
        ("UPDATE team SET id = id + 100, sync_rev = sync_rev + 1", "the id of a mirrored row never changes"),
        ("UPDATE team SET national_id = 'T2'", "written by national-sync only"),
        ("UPDATE team SET national_id = NULL", "written by national-sync only"),
        ("UPDATE team SET national_hash = NULL", "written by national-sync only"),
        ("UPDATE team SET national_updated_at_ms = 0", "written by national-sync only"),
        ("UPDATE team SET withdrawn_at = 1", "written by national-sync only"),
        ("UPDATE team SET name = 'old', sync_rev = sync_rev - 1", "synchronised after it was read"),
        ("INSERT INTO team (name, area_id, national_id) VALUES ('x', 'y', 'T5')", "by national-sync only"),
        ("UPDATE team SET name = 'x', sync_rev = sync_rev + 1", "given out by national-sync only"),
        ("UPDATE team SET sync_rev = NULL", "given out by national-sync only"),
        ("INSERT INTO team (name, area_id, sync_rev) VALUES ('x', 'y', 8)", "given out by national-sync only"),
        ("INSERT INTO team (name, area_id, sync_rev) VALUES ('x', 'y', 6)", "given out by national-sync only"),
    ],
)
def test_refusal_says_why_and_changes_nothing(statement: str, sentence: str, outside: Outside) -> None:
    team(outside)
    before = outside.sql("SELECT * FROM team")

    with pytest.raises(Refused, match=sentence):
        outside.sql(statement)

    assert outside.sql("SELECT * FROM team") == before
    assert changes(outside) == {}


def test_a_whole_row_written_back_unchanged_is_allowed(outside: Outside) -> None:
    row = team(outside)

    outside.sql(
        "UPDATE team SET id = ?, name = 'Moonlight', national_id = 'T1', national_hash = ?, sync_rev = ?",
        row,
        b"\x01\xff",
        _REV,
    )

    assert changes(outside) == {("team", row, "name"): "Sunshine"}


def test_revision_of_another_row_is_refused(outside: Outside) -> None:
    """A program that copies a row over another one would pass for the engine."""
    team(outside)
    row = team(outside, national_id="T2", sync_rev=9)
    outside.give_out(11)

    with pytest.raises(Refused, match="given out by national-sync only"):
        outside.sql("UPDATE team SET sync_rev = (SELECT sync_rev FROM team WHERE id = ?) WHERE id <> ?", row, row)


def test_national_id_of_a_local_creation_cannot_be_set_from_outside(outside: Outside) -> None:
    outside.insert("team", name="New", area_id="5308")

    with pytest.raises(Refused, match="written by national-sync only"):
        outside.sql("UPDATE team SET national_id = 'T5'")


# Without triggers


def test_suspended_triggers_are_back_before_anybody_else_can_write(database: Database, outside: Outside) -> None:
    outside.give_out(_REV)
    with database.write() as connection:
        before = triggers.installed(connection)
        with triggers.suspended(connection, Entity.TEAM):
            values = {"name": "Sunshine", "area_id": "5308", "national_id": "T1", "sync_rev": _REV}
            connection.execute(insert(MIRROR[Entity.TEAM]).values(**values))
        assert triggers.installed(connection) == before

    outside.sql("UPDATE team SET name = 'Moonlight'")

    assert list(changes(outside).values()) == ["Sunshine"]


def test_failure_while_triggers_are_suspended_leaves_them_as_they_were(database: Database) -> None:
    with database.read() as connection:
        before = triggers.installed(connection)

    with pytest.raises(ZeroDivisionError):
        _fail_without_triggers(database)

    with database.read() as connection:
        assert triggers.installed(connection) == before


def _fail_without_triggers(database: Database) -> None:
    with database.write() as connection, triggers.suspended(connection, Entity.TEAM):
        raise ZeroDivisionError
