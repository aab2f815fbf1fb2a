"""What only SQLite has: REPLACE, which removes rows without a word, and conflict clauses that reach into triggers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.outside import Outside, Refused, outside_program

from national_sync.store.database import Database
from national_sync.store.triggers import SCRATCH_TABLE

_AGREED = {
    "name": "Sunshine",
    "area_id": "5308",
    "contact_name": "Li",
    "contact_phone": "k1:sealed",
    "contact_phone_hash": b"phone",
    "national_id": "T1",
    "national_hash": b"\x01\xff",
    "national_updated_at_ms": 5,
    "sync_rev": 7,
}
_ENGINE = ("national_id", "national_hash", "national_updated_at_ms", "sync_rev", "withdrawn_at")


@pytest.fixture(params=["recursive_triggers off", "recursive_triggers on"])
def outside(request: pytest.FixtureRequest, sqlite_database: Database) -> Iterator[Outside]:
    """Deletion by REPLACE fires triggers or not, as the other program's connection has it; the end must be the same."""
    with outside_program(sqlite_database) as program:
        program.sql(f"PRAGMA recursive_triggers = {request.param.split()[1]}")
        yield program


def changes(outside: Outside) -> dict[str, Any]:
    return dict(outside.sql("SELECT field, base FROM local_change"))


def engine_columns(outside: Outside) -> list[tuple[Any, ...]]:
    return outside.sql(f"SELECT id, {', '.join(_ENGINE)} FROM team ORDER BY id")


def nothing_is_left_over(outside: Outside) -> bool:
    return outside.sql(f"SELECT * FROM {SCRATCH_TABLE}") == [] and deletions(outside) == []


def deletions(outside: Outside) -> list[tuple[Any, ...]]:
    return outside.sql("SELECT entity, row_id, national_id FROM local_deletion ORDER BY id")


@pytest.mark.parametrize("verb", ["REPLACE INTO", "INSERT OR REPLACE INTO"])
def test_replacing_a_row_is_an_edit(verb: str, outside: Outside) -> None:
    row = outside.insert("team", **_AGREED)
    before = engine_columns(outside)

    outside.sql(f"{verb} team (id, name, area_id, contact_phone) VALUES (?, 'Moonlight', '5308', 'k1:sealed')", row)

    assert changes(outside) == {"name": "Sunshine", "contact_name": "Li"}
    assert engine_columns(outside) == before
    assert outside.one("SELECT contact_phone_hash FROM team") == b"phone"
    assert nothing_is_left_over(outside)


def test_replacing_a_whole_row_as_it_was_read_is_an_edit(outside: Outside) -> None:
    row = outside.insert("team", **_AGREED)
    before = engine_columns(outside)

    outside.insert_or_replace("team", **(_AGREED | {"id": row, "name": "Moonlight"}))

    assert changes(outside) == {"name": "Sunshine"}
    assert engine_columns(outside) == before
    assert nothing_is_left_over(outside)


def test_replacing_an_edited_row_keeps_the_agreed_values(outside: Outside) -> None:
    row = outside.insert("team", **_AGREED)
    outside.sql("UPDATE team SET name = 'Moonlight', contact_name = 'Wang'")

    outside.insert_or_replace("team", **(_AGREED | {"id": row, "name": "Starlight"}))

    assert changes(outside) == {"name": "Sunshine"}
    assert nothing_is_left_over(outside)


def test_replacing_many_rows_in_one_statement(outside: Outside) -> None:
    rows = [outside.insert("team", **(_AGREED | {"national_id": f"T{n}", "name": f"N{n}"})) for n in range(4)]
    before = engine_columns(outside)

    outside.sql("REPLACE INTO team (id, name, area_id, contact_name) SELECT id, 'x', area_id, 'Li' FROM team")

    found = outside.sql("SELECT row_id, base FROM local_change WHERE field = 'name' ORDER BY row_id")
    assert found == [(row, f"N{n}") for n, row in enumerate(rows)]
    assert engine_columns(outside) == before
    assert nothing_is_left_over(outside)


def test_replacing_with_another_sealed_value_leaves_its_hash_to_the_writer(outside: Outside) -> None:
    row = outside.insert("team", **_AGREED)

    outside.sql("REPLACE INTO team (id, name, area_id, contact_phone) VALUES (?, 'x', 'y', '13800000000')", row)

    assert outside.one("SELECT contact_phone_hash FROM team") is None


def test_replacing_a_local_creation_leaves_one_local_creation(outside: Outside) -> None:
    row = outside.insert("team", name="New", area_id="5308")

    outside.sql("REPLACE INTO team (id, name, area_id) VALUES (?, 'Newer', '5308')", row)

    assert changes(outside) == {}
    assert engine_columns(outside) == [(row, None, None, None, None, None)]
    assert nothing_is_left_over(outside)


def test_replacing_by_the_national_id_alone_is_refused(outside: Outside) -> None:
    row = outside.insert("team", **_AGREED)

    with pytest.raises(Refused, match="written by national-sync only"):
        outside.sql("REPLACE INTO team (name, area_id, national_id) VALUES ('Moonlight', '5308', 'T1')")

    assert outside.sql("SELECT id, name FROM team") == [(row, "Sunshine")]
    assert nothing_is_left_over(outside)


def test_replacing_with_a_row_read_before_the_last_run_is_refused(outside: Outside) -> None:
    row = outside.insert("team", **_AGREED)
    outside.give_out(8)
    outside.sql("UPDATE team SET name = 'Moonlight', sync_rev = 8")

    with pytest.raises(Refused, match="synchronised after it was read"):
        outside.insert_or_replace("team", **(_AGREED | {"id": row}))

    assert outside.one("SELECT name FROM team") == "Moonlight"


def test_replacing_cannot_take_a_row_to_another_national_record(outside: Outside) -> None:
    row = outside.insert("team", **_AGREED)

    with pytest.raises(Refused, match="written by national-sync only"):
        outside.insert_or_replace("team", id=row, name="x", area_id="y", national_id="T2")


def test_earlier_deletion_of_another_row_stays(outside: Outside) -> None:
    gone = outside.insert("team", **_AGREED)
    outside.sql("DELETE FROM team")
    row = outside.insert("team", **(_AGREED | {"national_id": "T2"}))

    outside.insert_or_replace("team", id=row, name="x", area_id="y")

    assert deletions(outside) == [("team", gone, "T1")]


def test_row_deleted_and_inserted_again_is_a_deletion_and_a_creation(outside: Outside) -> None:
    row = outside.insert("team", **_AGREED)

    outside.sql("DELETE FROM team")
    outside.insert_or_replace("team", id=row, name="x", area_id="y")
    outside.insert_or_replace("team", id=row, name="z", area_id="y")

    assert deletions(outside) == [("team", row, "T1")]
    assert engine_columns(outside) == [(row, None, None, None, None, None)]
    assert changes(outside) == {}


@pytest.mark.parametrize("verb", ["INSERT OR IGNORE", "INSERT OR FAIL", "INSERT OR ABORT"])
def test_insert_that_fails_leaves_no_trace_that_matters(verb: str, outside: Outside) -> None:
    row = outside.insert("team", **_AGREED)
    statement = f"{verb} INTO team (id, name, area_id) VALUES (?, 'x', 'y')"
    if "IGNORE" in verb:
        outside.sql(statement, row)
    else:
        with pytest.raises(Refused):
            outside.sql(statement, row)
    assert changes(outside) == {}

    outside.sql("DELETE FROM team")
    outside.insert("team", id=row, name="Again", area_id="y")

    assert engine_columns(outside) == [(row, None, None, None, None, None)]
    assert changes(outside) == {}
    assert deletions(outside) == [("team", row, "T1")]


@pytest.mark.parametrize("clause", ["OR REPLACE", "OR IGNORE", "OR FAIL", "OR ABORT", "OR ROLLBACK"])
def test_conflict_clause_of_the_edit_does_not_reach_the_base(clause: str, outside: Outside) -> None:
    outside.insert("team", **_AGREED)

    outside.sql(f"UPDATE {clause} team SET name = 'Moonlight'")
    outside.sql(f"UPDATE {clause} team SET name = 'Starlight'")
    assert changes(outside) == {"name": "Sunshine"}

    outside.sql(f"UPDATE {clause} team SET name = 'Sunshine'")
    assert changes(outside) == {}


@pytest.mark.parametrize("name", ["rowid", "_rowid_", "oid"])
def test_other_names_of_the_id_are_refused_too(name: str, outside: Outside) -> None:
    outside.insert("team", **_AGREED)

    with pytest.raises(Refused, match="the id of a mirrored row never changes"):
        outside.sql(f"UPDATE team SET {name} = 99")


def test_upsert_of_a_known_row_by_the_engine_is_no_edit(outside: Outside) -> None:
    row = outside.insert("team", **_AGREED)
    outside.give_out(8)

    outside.sql(
        "INSERT INTO team (id, name, area_id, sync_rev) VALUES (?, 'x', 'y', 8) "
        "ON CONFLICT (id) DO UPDATE SET name = excluded.name, sync_rev = excluded.sync_rev",
        row,
    )

    assert changes(outside) == {}
    assert deletions(outside) == []


@pytest.mark.parametrize("revision", [8, 9])
def test_replacing_under_a_later_revision_is_refused(revision: int, outside: Outside) -> None:
    """The engine replaces no row, so whoever does it is somebody else, even under the revision given out last."""
    row = outside.insert("team", **_AGREED)
    outside.give_out(8)

    with pytest.raises(Refused, match="given out by national-sync only"):
        outside.insert_or_replace("team", **(_AGREED | {"id": row, "name": "x", "sync_rev": revision}))

    assert outside.sql("SELECT name, sync_rev FROM team") == [("Sunshine", 7)]
