"""The triggers that catch local edits, whatever program makes them: generated from the models.

What they do to a mirrored table:
- An UPDATE that leaves `sync_rev` alone keeps, for each synced column it changes, the value both sides last
  agreed on in `local_change`; a value edited back takes its entry away. An UPDATE that raises `sync_rev` is
  the engine's.
- A DELETE keeps the whole old row in `local_deletion`.
- An INSERT without `sync_rev` is a local creation and needs no note: a partial index finds it.
- Refused with a sentence: another `id`, the engine's own columns, a `sync_rev` older than the stored one (a
  program that writes back a row it read before the last run) or other than the one given out last, under which only
  the engine writes, and TRUNCATE, which tells no trigger what it removes.
- What a row held before is kept in `row_history` (`store.history_triggers`), whoever changes it.

REPLACE on SQLite removes the old row without a word and inserts another. Where the row's id is the same this
is an edit: the columns of the engine are put back and the differences become local changes. For this the
row's base is kept in `replaced_value` before the insert, because afterwards it is gone. Where only the
national id collides, the statement is refused.

An outer `OR REPLACE` or `OR IGNORE` overrides the conflict clause of every statement inside a trigger on
SQLite, so the statements below are written to meet no conflict at all.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from sqlalchemy import Column, Connection, LargeBinary, text

from national_sync.records import SEALED_FIELDS, Entity
from national_sync.store import append_only, history_triggers
from national_sync.store.history_triggers import LATEST_REVISION, NOTHING, NOW, sqlite_changes, sqlite_deleted
from national_sync.store.tables import MIRROR, synced_columns

OWN_COLUMNS: Final = ("national_id", "national_hash", "national_updated_at_ms", "withdrawn_at")
"""Written by the engine only, and only together with a new `sync_rev`."""

SCRATCH_TABLE: Final = "replaced_value"
"""Belongs to the triggers of SQLite; holds the base of one row while REPLACE is at work on it."""

_ID_CHANGED: Final = "national-sync: the id of a mirrored row never changes; leave it out of the update"
_ROW_STALE: Final = "national-sync: this row was synchronised after it was read; read it again, or leave sync_rev out"
_REVISION_FOREIGN: Final = "national-sync: sync_rev is given out by national-sync only; leave it out"
_OWN_WRITTEN: Final = f"national-sync: {', '.join(OWN_COLUMNS)} are written by national-sync only; leave them out"
_TRUNCATED: Final = "national-sync: TRUNCATE hides which rows are removed; use DELETE"


def install(connection: Connection) -> None:
    """Make the triggers anew, in the caller's transaction."""
    remove(connection)
    dialect = connection.dialect.name
    for statement in create_statements(dialect, _schema(connection)):
        connection.exec_driver_sql(statement)


def remove(connection: Connection) -> None:
    """Drop the triggers that are there: for a migration, whose own writes are no local edits."""
    for statement in _drop_statements(connection):
        connection.exec_driver_sql(statement)


def create_statements(dialect: str, schema: str = "public") -> list[str]:
    """The SQL that makes every trigger, for `sqlite` or `postgresql`; `schema` is PostgreSQL's, quoted."""
    if dialect == "sqlite":
        own = (sql for entity in Entity for sql in _sqlite_triggers(entity))
        return [_SQLITE_SCRATCH, *own, *append_only.create_statements(dialect)]
    functions = [_postgresql_function(name, schema, body) for name, body in _POSTGRESQL_BODIES.items()]
    functions += [_postgresql_history(entity, schema) for entity in Entity]
    own = (sql for entity in Entity for sql in _postgresql_triggers(entity))
    return [*functions, *own, *append_only.create_statements(dialect)]


@contextmanager
def suspended(connection: Connection, entity: Entity) -> Iterator[None]:
    """Inside a write transaction, without the triggers that look at rows inserted into one table: for thousands of the
    engine's own at once. What is updated or deleted is seen as ever.

    Nobody else can write meanwhile: on SQLite the transaction holds the only write lock, and a transaction that fails
    takes the dropping back with it. It costs some milliseconds and saves 1.7 µs for each row inserted. PostgreSQL's
    triggers cost the engine next to nothing and stay.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    with _dropped(connection, f"{entity}_sync_replace", f"{entity}_sync_insert"):
        yield


@contextmanager
def unseen(connection: Connection, entity: Entity) -> Iterator[None]:
    """Inside a write transaction, without the triggers that note edits and keep histories of one table: for writing its
    values in another form. `sync_rev` must stay.

    Nobody else can write to the table meanwhile, on PostgreSQL by the lock that switching a trigger off takes.
    """
    if connection.dialect.name == "sqlite":
        with _dropped(connection, f"{entity}_sync_update", f"{entity}_sync_history"):
            yield
        return
    names = (f"{entity}_sync_update", f"{entity}_sync_history_update")
    _switch(connection, entity, "DISABLE", names)
    yield
    _switch(connection, entity, "ENABLE", names)


@contextmanager
def _dropped(connection: Connection, *names: str) -> Iterator[None]:
    own = {name: sql for name, sql in installed(connection).items() if name in names}
    for name in own:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    yield
    for sql in own.values():
        connection.exec_driver_sql(sql)


def _switch(connection: Connection, entity: Entity, how: str, names: Iterable[str]) -> None:
    for name in names:
        connection.exec_driver_sql(f"ALTER TABLE {entity} {how} TRIGGER {name}")


def digest() -> str:
    """Changes when any trigger does; the last migration carries it, so no database keeps an older one."""
    statements = "".join(create_statements("sqlite") + create_statements("postgresql"))
    return hashlib.blake2b(statements.encode(), digest_size=8).hexdigest()


def installed(connection: Connection) -> dict[str, str]:
    """Our triggers (and functions) as the database holds them: name to text."""
    return {name: body for name, _, body in connection.execute(text(_catalogue(connection)))}


def missing(connection: Connection) -> list[str]:
    """Triggers that another program has dropped, for instance by making a table anew: edits would go unnoticed."""
    return sorted(_made_names(connection.dialect.name) - set(installed(connection)))


@cache
def _made_names(dialect: str) -> frozenset[str]:
    """The names that occur on this store."""
    made = "".join(create_statements(dialect))
    return frozenset(_all_names(dialect)).intersection(re.findall(r"\w+", made))


def _schema(connection: Connection) -> str:
    if connection.dialect.name == "sqlite":
        return "main"
    schema: str = connection.execute(text("SELECT quote_ident(current_schema())")).scalar_one()
    return schema


def _drop_statements(connection: Connection) -> list[str]:
    found = connection.execute(text(_catalogue(connection))).all()
    if connection.dialect.name == "sqlite":
        return [f"DROP TRIGGER {name}" for name, _, _ in found]
    functions = [name for name, table, _ in found if not table]
    triggers = [f"DROP TRIGGER {name} ON {table}" for name, table, _ in found if table]
    return triggers + [f"DROP FUNCTION {name}" for name in functions]


def _catalogue(connection: Connection) -> str:
    names = ", ".join(f"'{name}'" for name in _all_names(connection.dialect.name))
    if connection.dialect.name == "sqlite":
        return f"SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' AND name IN ({names})"
    return f"""
        SELECT tgname, relname, pg_get_triggerdef(t.oid)
        FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = tgrelid
        WHERE relnamespace = current_schema()::regnamespace AND tgname IN ({names})
        UNION ALL
        SELECT proname, '', pg_get_functiondef(oid)
        FROM pg_proc WHERE pronamespace = current_schema()::regnamespace AND proname IN ({names})
    """


def _all_names(dialect: str) -> Iterator[str]:
    if dialect == "postgresql":
        yield from _POSTGRESQL_BODIES
        yield from (f"{entity}_sync_history_{event}" for entity in Entity for event in ("insert", "update", "delete"))
    yield from append_only.trigger_names(dialect)
    for entity in Entity:
        for event in ("guard", "update", "delete", "insert", "replace", "truncate", "history"):
            yield f"{entity}_sync_{event}"


# SQLite


_SQLITE_SCRATCH: Final = (
    f"CREATE TABLE IF NOT EXISTS {SCRATCH_TABLE} (entity TEXT NOT NULL, row_id INTEGER NOT NULL, "
    "field TEXT NOT NULL, value, PRIMARY KEY (entity, row_id, field)) WITHOUT ROWID"
)


def _sqlite_triggers(entity: Entity) -> list[str]:
    return [
        _sqlite_guard(entity),
        _sqlite_update(entity),
        history_triggers.sqlite_history(entity, is_put_back=_sqlite_is_put_back(entity)),
        _sqlite_delete(entity),
        _sqlite_before_insert(entity),
        _sqlite_after_insert(entity),
    ]


def _sqlite_guard(entity: Entity) -> str:
    own_written = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in OWN_COLUMNS)
    return f"""CREATE TRIGGER {entity}_sync_guard BEFORE UPDATE ON {entity}
WHEN NEW.id IS NOT OLD.id
  OR CASE WHEN NEW.sync_rev IS OLD.sync_rev THEN {own_written} ELSE NEW.sync_rev IS NOT {LATEST_REVISION} END
BEGIN
  SELECT RAISE(ABORT, '{_ID_CHANGED}') WHERE NEW.id IS NOT OLD.id;
  SELECT RAISE(ABORT, '{_ROW_STALE}') WHERE NEW.sync_rev < OLD.sync_rev;
  SELECT RAISE(ABORT, '{_OWN_WRITTEN}') WHERE NEW.sync_rev IS OLD.sync_rev;
  SELECT RAISE(ABORT, '{_REVISION_FOREIGN}') WHERE NOT {_sqlite_is_put_back(entity)};
END"""


def _sqlite_is_put_back(entity: Entity) -> str:
    """Of an UPDATE: it gives a replaced row the `sync_rev` that the row had."""
    return (
        f"EXISTS (SELECT 1 FROM {SCRATCH_TABLE} WHERE entity = '{entity}' AND row_id = NEW.id AND field = 'sync_rev'"
        " AND value = NEW.sync_rev)"
    )


def _sqlite_update(entity: Entity) -> str:
    edits = _rows(f"('{name}', CAST(OLD.{name} AS TEXT), CAST(NEW.{name} AS TEXT))" for name in synced_columns(entity))
    return f"""CREATE TRIGGER {entity}_sync_update AFTER UPDATE ON {entity}
WHEN OLD.sync_rev IS NOT NULL AND NEW.sync_rev IS OLD.sync_rev
BEGIN
  DELETE FROM {SCRATCH_TABLE};
  INSERT INTO local_change (entity, row_id, field, base)
  SELECT '{entity}', OLD.id, edit.column1, edit.column2
  FROM (VALUES
    {edits}
  ) AS edit
  WHERE edit.column2 IS NOT edit.column3 AND NOT EXISTS (
    SELECT 1 FROM local_change AS kept
    WHERE kept.entity = '{entity}' AND kept.row_id = OLD.id AND kept.field = edit.column1
  );
  DELETE FROM local_change
  WHERE entity = '{entity}' AND row_id = OLD.id AND EXISTS (
    SELECT 1 FROM (VALUES
    {edits}
    ) AS edit
    WHERE edit.column1 = local_change.field AND edit.column3 IS local_change.base
      AND edit.column2 IS NOT edit.column3
  );
END"""


def _sqlite_delete(entity: Entity) -> str:
    members = _rows(f"'{column.name}', {_sqlite_json_value(column)}" for column in MIRROR[entity].c)
    return f"""CREATE TRIGGER {entity}_sync_delete AFTER DELETE ON {entity}
BEGIN
  INSERT INTO local_deletion (entity, row_id, national_id, old_row)
  VALUES ('{entity}', OLD.id, OLD.national_id, json_object(
    {members}
  ));
  DELETE FROM local_change WHERE entity = '{entity}' AND row_id = OLD.id;
  {sqlite_deleted(entity)};
END"""


def _sqlite_json_value(column: Column[Any]) -> str:
    name = column.name
    if isinstance(column.type, LargeBinary):
        return f"CASE WHEN OLD.{name} IS NOT NULL THEN lower(hex(OLD.{name})) END"
    return f"OLD.{name}" if column.type.python_type is int else f"CAST(OLD.{name} AS TEXT)"


def _sqlite_before_insert(entity: Entity) -> str:
    """Keeps the base of a row that may be about to be replaced, and what will change about it; the next edit drops what
    was kept in vain.

    In a BEFORE trigger the id of a row that gets its id from the table reads -1; the test for it spares the
    engine's bulk inserts a look-up each.
    """
    kept = "\n  UNION ALL ".join(
        f"SELECT '{entity}', id, '{field}', {value} FROM {entity} AS stood WHERE id = NEW.id"
        for field, value in _sqlite_kept_values(entity)
    )
    return f"""CREATE TRIGGER {entity}_sync_replace BEFORE INSERT ON {entity}
WHEN NEW.sync_rev IS NULL OR NEW.id <> -1
BEGIN
  DELETE FROM {SCRATCH_TABLE};
  INSERT INTO {SCRATCH_TABLE} (entity, row_id, field, value)
  {kept};
  UPDATE {SCRATCH_TABLE} SET value = (
    SELECT base FROM local_change AS kept
    WHERE kept.entity = '{entity}' AND kept.row_id = NEW.id AND kept.field = {SCRATCH_TABLE}.field
  ) WHERE EXISTS (
    SELECT 1 FROM local_change AS kept
    WHERE kept.entity = '{entity}' AND kept.row_id = NEW.id AND kept.field = {SCRATCH_TABLE}.field
  );
END"""


def _sqlite_kept_values(entity: Entity) -> Iterator[tuple[str, str]]:
    for name in synced_columns(entity):
        yield name, f"CAST({name} AS TEXT)"
    for name in (*OWN_COLUMNS, "sync_rev"):
        yield name, name
    for name in SEALED_FIELDS[entity]:
        # A matching hash stays with the sealed value it belongs to.
        yield f"{name}_hash", f"CASE WHEN NEW.{name} IS {name} THEN {name}_hash ELSE NEW.{name}_hash END"
    yield "last_deletion", "(SELECT coalesce(max(id), 0) FROM local_deletion)"
    yield "last_history", "(SELECT coalesce(max(id), 0) FROM row_history)"
    yield "before", sqlite_changes(entity, synced_columns(entity), old="stood", new="NEW")


def _sqlite_after_insert(entity: Entity) -> str:
    def kept(field: str) -> str:
        return (
            f"(SELECT value FROM {SCRATCH_TABLE} WHERE entity = '{entity}' AND row_id = NEW.id AND field = '{field}')"
        )

    values = _rows(f"('{name}', CAST(NEW.{name} AS TEXT))" for name in synced_columns(entity))
    put_back = [*OWN_COLUMNS, "sync_rev", *(f"{name}_hash" for name in SEALED_FIELDS[entity])]
    assignments = ",\n    ".join(f"{name} = {kept(name)}" for name in put_back)
    was_there = (
        f"EXISTS (SELECT 1 FROM {SCRATCH_TABLE} WHERE entity = '{entity}' AND row_id = NEW.id AND field = 'sync_rev')"
    )
    return f"""CREATE TRIGGER {entity}_sync_insert AFTER INSERT ON {entity}
WHEN NEW.sync_rev IS NULL OR NEW.sync_rev IS NOT {LATEST_REVISION} OR {was_there}
BEGIN
  SELECT RAISE(ABORT, '{_OWN_WRITTEN}')
  WHERE NEW.national_id IS NOT NULL AND NEW.national_id IS NOT {kept("national_id")}
    AND (NEW.sync_rev IS NULL OR {was_there});
  SELECT RAISE(ABORT, '{_ROW_STALE}') WHERE NEW.sync_rev < {kept("sync_rev")};
  SELECT RAISE(ABORT, '{_REVISION_FOREIGN}')
  WHERE NEW.sync_rev IS NOT NULL AND NEW.sync_rev IS NOT {kept("sync_rev")};
  DELETE FROM row_history WHERE entity = '{entity}' AND row_id = NEW.id AND id > {kept("last_history")};
  INSERT INTO row_history (entity, row_id, at, before)
  SELECT '{entity}', NEW.id, {NOW["sqlite"]}, coalesce({kept("before")}, '{NOTHING}')
  WHERE {kept("before")} IS NOT '{{}}';
  DELETE FROM local_deletion WHERE entity = '{entity}' AND row_id = NEW.id AND id > {kept("last_deletion")};
  DELETE FROM local_change WHERE entity = '{entity}' AND row_id = NEW.id;
  INSERT INTO local_change (entity, row_id, field, base)
  SELECT '{entity}', NEW.id, edit.column1, kept.value
  FROM (VALUES
    {values}
  ) AS edit
  JOIN {SCRATCH_TABLE} AS kept
    ON kept.entity = '{entity}' AND kept.row_id = NEW.id AND kept.field = edit.column1
  WHERE kept.value IS NOT edit.column2 AND {kept("sync_rev")} IS NOT NULL;
  UPDATE {entity} SET
    {assignments}
  WHERE id = NEW.id AND {was_there};
  DELETE FROM {SCRATCH_TABLE};
END"""


def _rows(rows: Iterable[str]) -> str:
    return ",\n    ".join(rows)


# PostgreSQL


def _postgresql_function(name: str, schema: str, body: str, settings: str = "") -> str:
    """Runs with the owner's rights: who may write to the mirror need not be able to write the engine's notes.

    The search path is fixed, as functions with the owner's rights must have it, and so is how bytes are
    written.
    """
    return f"""CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = {schema}, pg_temp SET bytea_output = 'hex' {settings} AS $body$
BEGIN
{body}
END
$body$"""


def _postgresql_history(entity: Entity, schema: str) -> str:
    body = history_triggers.postgresql_body(entity, refusal=_REVISION_FOREIGN)
    name = history_triggers.postgresql_function_name(entity)
    return _postgresql_function(name, schema, body, history_triggers.FUNCTION_SETTINGS)


_POSTGRESQL_BODIES: Final = {
    "sync_refuse": f"""  IF TG_OP = 'TRUNCATE' THEN
    RAISE EXCEPTION USING MESSAGE = '{_TRUNCATED}', ERRCODE = 'integrity_constraint_violation';
  ELSIF TG_OP = 'UPDATE' AND NEW.id IS DISTINCT FROM OLD.id THEN
    RAISE EXCEPTION USING MESSAGE = '{_ID_CHANGED}', ERRCODE = 'integrity_constraint_violation';
  ELSIF TG_OP = 'UPDATE' AND NEW.sync_rev < OLD.sync_rev THEN
    RAISE EXCEPTION USING MESSAGE = '{_ROW_STALE}', ERRCODE = 'integrity_constraint_violation';
  END IF;
  RAISE EXCEPTION USING MESSAGE = '{_OWN_WRITTEN}', ERRCODE = 'integrity_constraint_violation';""",
    "sync_keep_base": """  INSERT INTO local_change (entity, row_id, field, base)
  SELECT TG_TABLE_NAME, OLD.id, name, to_jsonb(OLD) ->> name
  FROM unnest(TG_ARGV) AS name
  WHERE to_jsonb(OLD) ->> name IS DISTINCT FROM to_jsonb(NEW) ->> name
  ON CONFLICT DO NOTHING;
  DELETE FROM local_change AS kept
  WHERE kept.entity = TG_TABLE_NAME AND kept.row_id = OLD.id AND kept.field = ANY (TG_ARGV)
    AND to_jsonb(NEW) ->> kept.field IS NOT DISTINCT FROM kept.base
    AND to_jsonb(OLD) ->> kept.field IS DISTINCT FROM to_jsonb(NEW) ->> kept.field;
  RETURN NULL;""",
    "sync_keep_row": """  INSERT INTO local_deletion (entity, row_id, national_id, old_row)
  VALUES (TG_TABLE_NAME, OLD.id, OLD.national_id, (to_jsonb(OLD) || (
    SELECT jsonb_object_agg(name, substr(to_jsonb(OLD) ->> name, 3)) FROM unnest(TG_ARGV) AS name
  ))::text);
  DELETE FROM local_change WHERE entity = TG_TABLE_NAME AND row_id = OLD.id;
  RETURN NULL;""",
    append_only.FUNCTION: append_only.FUNCTION_BODY,
}


def _postgresql_triggers(entity: Entity) -> list[str]:
    own_written = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in OWN_COLUMNS)
    synced = ", ".join(f"'{name}'" for name in synced_columns(entity))
    bytes_columns = [column.name for column in MIRROR[entity].c if isinstance(column.type, LargeBinary)]
    hashes = ", ".join(f"'{name}'" for name in bytes_columns)
    return [
        f"""CREATE TRIGGER {entity}_sync_guard BEFORE UPDATE ON {entity} FOR EACH ROW
WHEN (NEW.id IS DISTINCT FROM OLD.id OR NEW.sync_rev < OLD.sync_rev
  OR NEW.sync_rev IS NOT DISTINCT FROM OLD.sync_rev AND ({own_written}))
EXECUTE FUNCTION sync_refuse()""",
        f"""CREATE TRIGGER {entity}_sync_update AFTER UPDATE ON {entity} FOR EACH ROW
WHEN (OLD.sync_rev IS NOT NULL AND NEW.sync_rev IS NOT DISTINCT FROM OLD.sync_rev)
EXECUTE FUNCTION sync_keep_base({synced})""",
        f"""CREATE TRIGGER {entity}_sync_delete AFTER DELETE ON {entity} FOR EACH ROW
EXECUTE FUNCTION sync_keep_row({hashes})""",
        f"""CREATE TRIGGER {entity}_sync_insert AFTER INSERT ON {entity} FOR EACH ROW
WHEN (NEW.sync_rev IS NULL AND NEW.national_id IS NOT NULL)
EXECUTE FUNCTION sync_refuse()""",
        *history_triggers.postgresql_triggers(entity),
        f"""CREATE TRIGGER {entity}_sync_truncate BEFORE TRUNCATE ON {entity} FOR EACH STATEMENT
EXECUTE FUNCTION sync_refuse()""",
    ]
