"""Making a database, bringing it up to date, and refusing one that does not fit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from tests.outside import Outside

from national_sync.errors import DatabaseMissing, DatabaseOutdated, DatabaseTooNew
from national_sync.records import Entity
from national_sync.store import schema, triggers
from national_sync.store.database import Database
from national_sync.store.tables import metadata

_VERSIONS = Path(schema.__file__).parent / "migrations" / "versions"


def test_database_is_made_once(empty_url: str) -> None:
    database = Database(empty_url)

    assert schema.create_or_upgrade(database) is True
    schema.check_version(database)
    assert schema.create_or_upgrade(database) is False

    database.close()


def test_migrations_make_what_the_models_describe(database: Database) -> None:
    with database.read() as connection:
        options = {"compare_type": True, "compare_server_default": True, "include_name": _is_no_scratch}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_migrations_and_models_make_the_same_database(database: Database) -> None:
    """Down to the last default and trigger, which a comparison with the models alone does not see."""
    with database.write() as connection:
        migrated = _shape(connection)
        triggers.remove(connection)
        metadata.drop_all(connection)
        metadata.create_all(connection)
        triggers.install(connection)
        assert _shape(connection) == migrated


def _is_no_scratch(name: str | None, kind: str, _parents: object) -> bool:
    return not (kind == "table" and name == triggers.SCRATCH_TABLE)


def _shape(connection: Connection) -> dict[str, object]:
    """Everything the database itself says of its schema, but Alembic's own table."""
    catalogue = _SQLITE_CATALOGUE if connection.dialect.name == "sqlite" else _POSTGRESQL_CATALOGUE
    objects = {tuple(row) for row in connection.execute(text(catalogue)) if "alembic_version" not in str(row)}
    return {"objects": objects, "triggers": triggers.installed(connection)}


_SQLITE_CATALOGUE = "SELECT type, name, sql FROM sqlite_master WHERE type <> 'trigger'"

_POSTGRESQL_CATALOGUE = """
    SELECT table_name, column_name, ordinal_position::text, data_type, is_nullable, column_default
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT tablename, indexname, indexdef, '', '', '' FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', '', ''
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
"""


def test_every_mirrored_table_has_its_triggers(database: Database) -> None:
    with database.read() as connection:
        names = set(triggers.installed(connection))

    events = ("guard", "update", "delete", "insert", "replace" if database.is_sqlite else "truncate")
    assert {f"{entity}_sync_{event}" for entity in Entity for event in events} <= names


def test_triggers_can_be_made_anew(database: Database) -> None:
    with database.write() as connection:
        before = triggers.installed(connection)
        triggers.install(connection)
        assert triggers.installed(connection) == before
        triggers.remove(connection)
        assert triggers.installed(connection) == {}


def test_known_revisions_are_those_of_the_migrations(sqlite_database: Database) -> None:
    assert tuple(script.revision for script in _scripts(sqlite_database)) == schema.REVISIONS


def test_changed_triggers_come_with_a_migration(sqlite_database: Database) -> None:
    """Otherwise a database made before the change would keep its old triggers."""
    newest = list(_scripts(sqlite_database))[-1]

    assert newest.module.triggers_digest == triggers.digest()


def _scripts(database: Database) -> list:  # type: ignore[type-arg]
    with database.read() as connection:
        scripts = ScriptDirectory.from_config(schema.alembic_config(connection))
    return list(scripts.walk_revisions())[::-1]


def test_missing_database_is_named_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "mirror.sqlite"
    database = Database(f"sqlite:///{path}")

    with pytest.raises(DatabaseMissing, match=r"mirror\.sqlite") as caught:
        schema.check_version(database)

    assert "national-sync init" in caught.value.hint
    assert not path.exists()


def test_empty_database_counts_as_missing(empty_url: str) -> None:
    database = Database(empty_url)
    if database.is_sqlite:
        Path(database.place).parent.mkdir()
        Path(database.place).touch()

    with pytest.raises(DatabaseMissing):
        schema.check_version(database)

    database.close()


def test_database_of_a_newer_program_is_refused_and_left_alone(database: Database) -> None:
    _set_revision(database, "9999")

    for attempt in (schema.check_version, schema.create_or_upgrade):
        with pytest.raises(DatabaseTooNew, match=f"schema 9999, this program knows {schema.KNOWN_REVISION}"):
            attempt(database)

    with database.read() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


def test_database_of_an_older_program_is_named(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "KNOWN_REVISION", "0002")

    with pytest.raises(DatabaseOutdated, match=r"\(0001, this program needs 0002\)"):
        schema.check_version(database)


def _set_revision(database: Database, revision: str) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def test_failed_migration_leaves_nothing_behind(empty_url: str) -> None:
    database = Database(empty_url)
    if database.is_sqlite:
        Path(database.place).parent.mkdir()
    with database.write() as connection:
        # Alphabetically behind most others, so that the migration is well under way when it fails.
        connection.execute(text("CREATE TABLE training_record (id INTEGER)"))

    with pytest.raises(Exception, match="training_record"):
        schema.create_or_upgrade(database)

    with database.read() as connection:
        assert inspect(connection).get_table_names() == ["training_record"]
    database.close()


def test_what_a_migration_writes_is_no_local_edit(database: Database, outside: Outside, tmp_path: Path) -> None:
    outside.give_out(7)
    outside.sql("INSERT INTO team (name, area_id, national_id, sync_rev) VALUES ('Sunshine', '5308', 'T1', 7)")
    (tmp_path / "0002_shout.py").write_text(_SHOUTING_MIGRATION)

    with database.write() as connection:
        config = schema.alembic_config(connection)
        config.attributes["is_upgrade"] = True
        config.set_main_option("version_locations", f"{_VERSIONS}{os.pathsep}{tmp_path}")
        command.upgrade(config, "head")

    assert outside.one("SELECT name FROM team") == "SUNSHINE"
    assert outside.sql("SELECT * FROM local_change") == []
    outside.sql("UPDATE team SET name = 'Moonlight'")
    assert outside.one("SELECT base FROM local_change") == "SUNSHINE"


_SHOUTING_MIGRATION = """
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.execute("UPDATE team SET name = upper(name), contact_name = 'x'")
"""


@pytest.mark.parametrize("entity", list(Entity))
def test_secondary_indexes_go_and_come_back(entity: Entity, database: Database) -> None:
    with database.write() as connection:
        before = _shape(connection)
        schema.drop_secondary_indexes(connection, entity)
        schema.drop_secondary_indexes(connection, entity)
        assert inspect(connection).get_indexes(entity) == []
        schema.create_missing_indexes(connection, entity)
        schema.create_missing_indexes(connection, entity)
        assert _shape(connection) == before


def test_looking_at_the_version_does_not_import_alembic(sqlite_database: Database) -> None:
    program = (
        "import sys; from national_sync.store import schema; from national_sync.store.database import Database;"
        "schema.check_version(Database(sys.argv[1])); sys.exit('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(sqlite_database.url)], check=False)

    assert done.returncode == 0


def test_two_programs_may_make_the_database_at_once(empty_url: str) -> None:
    program = (
        "import sys; from national_sync.store import schema; from national_sync.store.database import Database;"
        "schema.create_or_upgrade(Database(sys.argv[1]))"
    )
    racers = [subprocess.Popen([sys.executable, "-c", program, empty_url]) for _ in range(3)]

    assert [racer.wait() for racer in racers] == [0, 0, 0]
    database = Database(empty_url)
    schema.check_version(database)
    database.close()
