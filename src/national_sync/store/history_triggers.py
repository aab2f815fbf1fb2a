"""The triggers that keep what a mirrored row held before a change: `row_history`, generated from the models.

- An UPDATE that changes a synced column, or that is the engine's, leaves one row with the old values of what changed.
- A DELETE leaves one with every old value.
- An INSERT of another program leaves one that says that nothing stood there. The engine's own leave none: a first load
  needs no history, and `sync_rev` tells which transaction made a row.

Read backwards from the row as it stands they give every earlier value (`provenance`). Values are texts, as in
`local_change`. A sealed column's old value is kept only in sealed form: a plain one, which another program wrote, is
`false`, and `true` where it is being sealed now, so that the new value is the old one.

PostgreSQL does it once a statement, from the rows before and after: for each row by itself it would cost three times as
much.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from national_sync.records import SEALED_FIELDS, Entity
from national_sync.store.tables import synced_columns

NOW: Final = {
    "sqlite": "CAST(strftime('%s', 'now') AS INTEGER)",
    "postgresql": "CAST(floor(extract(epoch FROM clock_timestamp())) AS BIGINT)",
}
"""The database's own clock, by store."""

LATEST_REVISION: Final = "(SELECT CAST(value AS BIGINT) FROM mark WHERE name = 'sync_rev')"
"""The `sync_rev` given out last: the only one under which the engine writes."""

NOTHING: Final = "null"
"""What stood before a row was made."""

_RUN_AT_WORK: Final = "(SELECT id FROM run WHERE state = 'running')"
_COLUMNS: Final = "(entity, row_id, at, sync_rev, run_id, before)"
FUNCTION_SETTINGS: Final = "SET enable_nestloop = off"
"""Of PostgreSQL: the plan made for a statement of one row is kept and must not be a loop over loops for thousands."""


def kept_columns(entity: Entity) -> tuple[str, ...]:
    """What `before` speaks of: the synced columns, then of the engine's own those that mean something to people."""
    return (*synced_columns(entity), "national_id", "withdrawn_at", "sync_rev")


# SQLite


def sqlite_history(entity: Entity, *, is_put_back: str) -> str:
    """`is_put_back` is true of an update that puts back the engine's columns of a replaced row."""
    is_changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in ("sync_rev", *synced_columns(entity)))
    by_engine = "CASE WHEN NEW.sync_rev IS NOT OLD.sync_rev THEN {} END"
    return f"""CREATE TRIGGER {entity}_sync_history AFTER UPDATE ON {entity}
WHEN ({is_changed}) AND (OLD.sync_rev IS NOT NULL OR NOT {is_put_back})
BEGIN
  INSERT INTO row_history {_COLUMNS}
  VALUES ('{entity}', OLD.id, {NOW["sqlite"]}, {by_engine.format("NEW.sync_rev")}, {by_engine.format(_RUN_AT_WORK)},
    {sqlite_changes(entity, kept_columns(entity), old="OLD", new="NEW")}
  );
END"""


def sqlite_deleted(entity: Entity) -> str:
    """For the trigger of deletions."""
    members = " || ',' ||\n    ".join(
        f"""'"{name}":' || {_sqlite_value(entity, name)}""" for name in kept_columns(entity)
    )
    return f"""INSERT INTO row_history {_COLUMNS}
  VALUES ('{entity}', OLD.id, {NOW["sqlite"]}, NULL, NULL, '{{' ||
    {members}
  || '}}')"""


def sqlite_changes(entity: Entity, columns: Sequence[str], *, old: str, new: str) -> str:
    """A JSON object of the old values that differ from the new ones."""
    members = " ||\n    ".join(
        f"""CASE WHEN {new}.{name} IS NOT {old}.{name} THEN ',"{name}":' || {_sqlite_value(entity, name, old, new)}"""
        " ELSE '' END"
        for name in columns
    )
    return f"'{{' || substr(\n    {members}\n    , 2) || '}}'"


def _sqlite_value(entity: Entity, name: str, old: str = "OLD", new: str | None = None) -> str:
    quoted = f"json_quote(CAST({old}.{name} AS TEXT))"
    if name not in SEALED_FIELDS[entity]:
        return quoted
    sealed_now = f"WHEN {_sqlite_is_sealed(f'{new}.{name}')} THEN 'true' " if new else ""
    return (
        f"CASE WHEN {old}.{name} IS NULL OR {_sqlite_is_sealed(f'{old}.{name}')} THEN {quoted}"
        f" {sealed_now}ELSE 'false' END"
    )


def _sqlite_is_sealed(value: str) -> str:
    """The same form as `sealing.is_sealed` looks for, as far as GLOB can tell."""
    return f"({value} GLOB 'k[0-9]*:*' AND length({value}) > 40 AND {value} NOT GLOB '*[^A-Za-z0-9+/=:]*')"


# PostgreSQL


def postgresql_function_name(entity: Entity) -> str:
    return f"{entity}_sync_history"


def postgresql_body(entity: Entity, *, refusal: str) -> str:
    """`refusal` is raised where a `sync_rev` is written that was not given out just now."""
    foreign = f"n.sync_rev IS DISTINCT FROM {LATEST_REVISION}"
    insert = f"INSERT INTO row_history {_COLUMNS}\n    SELECT '{entity}'"
    at = NOW["postgresql"]
    refuse = f"RAISE EXCEPTION USING MESSAGE = '{refusal}', ERRCODE = 'integrity_constraint_violation';"
    by_engine = "CASE WHEN n.sync_rev IS DISTINCT FROM o.sync_rev THEN {} END"
    is_changed = " OR ".join(f"n.{name} IS DISTINCT FROM o.{name}" for name in ("sync_rev", *synced_columns(entity)))
    return f"""  IF TG_OP = 'DELETE' THEN
    {insert}, o.id, {at}, NULL, NULL, {_postgresql_object(entity, new=None)}
    FROM old_rows AS o ORDER BY o.id;
  ELSIF TG_OP = 'INSERT' THEN
    IF EXISTS (SELECT 1 FROM new_rows AS n WHERE n.sync_rev IS NOT NULL AND {foreign}) THEN
      {refuse}
    END IF;
    {insert}, n.id, {at}, NULL, NULL, '{NOTHING}'
    FROM new_rows AS n WHERE n.sync_rev IS NULL ORDER BY n.id;
  ELSE
    IF EXISTS (SELECT 1 FROM new_rows AS n WHERE {foreign}) AND EXISTS (
      SELECT 1 FROM new_rows AS n JOIN old_rows AS o ON o.id = n.id
      WHERE n.sync_rev IS DISTINCT FROM o.sync_rev AND {foreign}
    ) THEN
      {refuse}
    END IF;
    {insert}, o.id, {at}, {by_engine.format("n.sync_rev")}, {by_engine.format(_RUN_AT_WORK)},
      {_postgresql_object(entity, new="n")}
    FROM old_rows AS o JOIN new_rows AS n ON n.id = o.id
    WHERE {is_changed};
  END IF;
  RETURN NULL;"""


def postgresql_triggers(entity: Entity) -> list[str]:
    rows = {"insert": "NEW TABLE AS new_rows", "delete": "OLD TABLE AS old_rows"}
    rows["update"] = f"{rows['delete']} {rows['insert']}"
    return [
        f"CREATE TRIGGER {entity}_sync_history_{event} AFTER {event.upper()} ON {entity} REFERENCING {tables}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {postgresql_function_name(entity)}()"
        for event, tables in rows.items()
    ]


def _postgresql_object(entity: Entity, *, new: str | None) -> str:
    """A JSON object of the old values; where there are new ones, of those that differ."""
    members = (f"""'"{name}":' || {_postgresql_value(entity, name, new)}""" for name in kept_columns(entity))
    if new is None:
        return "'{' || " + " || ',' ||\n      ".join(members) + " || '}'"
    changed = ",\n      ".join(
        f"CASE WHEN {new}.{name} IS DISTINCT FROM o.{name} THEN {member} END"
        for name, member in zip(kept_columns(entity), members, strict=True)
    )
    return f"'{{' || concat_ws(',',\n      {changed}) || '}}'"


def _postgresql_value(entity: Entity, name: str, new: str | None) -> str:
    quoted = f"coalesce(CAST(to_json(CAST(o.{name} AS TEXT)) AS TEXT), 'null')"
    if name not in SEALED_FIELDS[entity]:
        return quoted
    sealed_now = f"WHEN {_postgresql_is_sealed(f'{new}.{name}')} THEN 'true' " if new else ""
    return (
        f"CASE WHEN o.{name} IS NULL OR {_postgresql_is_sealed(f'o.{name}')} THEN {quoted} {sealed_now}ELSE 'false' END"
    )


def _postgresql_is_sealed(value: str) -> str:
    return f"coalesce({value} ~ '^k[0-9]{{1,9}}:[A-Za-z0-9+/]{{38,}}={{0,2}}$', FALSE)"
