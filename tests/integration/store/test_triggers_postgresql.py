"""What only PostgreSQL has: TRUNCATE, roles with few rights, search paths, MERGE and COPY."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from tests.outside import Outside, Refused, outside_program

from national_sync.store.database import Database


@pytest.fixture
def outside(postgresql_database: Database) -> Iterator[Outside]:
    with outside_program(postgresql_database) as program:
        program.give_out(7)
        program.sql("INSERT INTO team (name, area_id, national_id, sync_rev) VALUES ('Sunshine', '5308', 'T1', 7)")
        yield program


def bases(outside: Outside) -> list[tuple[str, str]]:
    return outside.sql("SELECT field, base FROM public.local_change")


def test_truncate_is_refused_with_what_to_do_instead(outside: Outside) -> None:
    with pytest.raises(Refused, match="use DELETE"):
        outside.sql("TRUNCATE team")

    assert outside.one("SELECT count(*) FROM team") == 1


def test_writer_needs_no_right_on_the_notes_of_the_engine(outside: Outside) -> None:
    outside.sql("DROP ROLE IF EXISTS kiosk")
    outside.sql("CREATE ROLE kiosk")
    outside.sql("GRANT SELECT, UPDATE, DELETE ON team TO kiosk")
    outside.sql("SET ROLE kiosk")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        outside.sql("DELETE FROM local_change")

    outside.sql("UPDATE team SET name = 'Moonlight'")

    outside.sql("RESET ROLE")
    assert bases(outside) == [("name", "Sunshine")]
    outside.sql("DROP OWNED BY kiosk")
    outside.sql("DROP ROLE kiosk")


def test_notes_are_found_whatever_the_search_path(outside: Outside) -> None:
    outside.sql("CREATE TEMPORARY TABLE local_change (LIKE public.local_change)")
    outside.sql("SET search_path = pg_temp")

    outside.sql("UPDATE public.team SET name = 'Moonlight'")

    assert bases(outside) == [("name", "Sunshine")]


def test_bytes_of_a_deleted_row_do_not_depend_on_a_setting(outside: Outside) -> None:
    outside.give_out(8)
    outside.sql("UPDATE team SET national_hash = '\\x01ff', sync_rev = 8")
    outside.sql("SET bytea_output = 'escape'")

    outside.sql("DELETE FROM team")

    assert outside.one("SELECT old_row::json ->> 'national_hash' FROM local_deletion") == "01ff"


def test_merge_is_seen_as_the_edits_it_makes(outside: Outside) -> None:
    outside.sql("""
        MERGE INTO team USING (VALUES ('Sunshine', 'Moonlight'), ('none', 'New')) AS wanted (old, new)
        ON team.name = wanted.old
        WHEN MATCHED THEN UPDATE SET name = wanted.new
        WHEN NOT MATCHED THEN INSERT (name, area_id) VALUES (wanted.new, '5308')
    """)

    assert bases(outside) == [("name", "Sunshine")]
    assert outside.one("SELECT count(*) FROM team WHERE sync_rev IS NULL") == 1


def test_edit_inside_another_programs_function_is_seen(outside: Outside) -> None:
    outside.sql("DO $$ BEGIN UPDATE team SET name = 'Moonlight'; END $$")

    assert bases(outside) == [("name", "Sunshine")]
