"""Tables that only grow: triggers that refuse to change or remove a row, whatever program asks.

They keep out accidents and ordinary programs. Who owns the database can drop a trigger: then the chain of the audit
tells (`national_sync.audit`), and `doctor` and every run miss the trigger.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "audit_entry": ("id",),
    "mismatch_event": ("id",),
    "transfer_event": ("id",),
    "posting": ("id",),
    "entry": ("account_id", "version"),
    "settlement": ("id",),
}
"""By table its primary key."""
_MAY_BE_REPLACED: Final = frozenset({"posting", "entry"})
"""Without the trigger against REPLACE on SQLite: it costs a tenth of a redemption, and `ledger verify` would tell."""

FUNCTION: Final = "sync_append_only"
"""Of PostgreSQL."""

_REFUSED: Final = "national-sync: this table only grows; its rows are neither changed nor removed"

FUNCTION_BODY: Final = f"  RAISE EXCEPTION USING MESSAGE = '{_REFUSED}', ERRCODE = 'integrity_constraint_violation';"


def create_statements(dialect: str) -> Iterator[str]:
    """The SQL that makes the triggers of every such table; on PostgreSQL the function must be there."""
    for table, key in TABLES.items():
        if dialect == "sqlite":
            yield from _sqlite_triggers(table, key)
        else:
            yield (
                f"CREATE TRIGGER {table}_sync_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
                f" FOR EACH STATEMENT EXECUTE FUNCTION {FUNCTION}()"
            )


def trigger_names(dialect: str) -> Iterator[str]:
    for table in TABLES:
        events = ("keep_update", "keep_delete", "keep_insert") if dialect == "sqlite" else ("keep",)
        yield from (f"{table}_sync_{event}" for event in events)


def _sqlite_triggers(table: str, key: tuple[str, ...]) -> Iterator[str]:
    same_row = " AND ".join(f"{column} = NEW.{column}" for column in key)
    refuse = f"BEGIN\n  SELECT RAISE(ABORT, '{_REFUSED}');\nEND"
    yield f"CREATE TRIGGER {table}_sync_keep_update BEFORE UPDATE ON {table} {refuse}"
    yield f"CREATE TRIGGER {table}_sync_keep_delete BEFORE DELETE ON {table} {refuse}"
    if table in _MAY_BE_REPLACED:
        return
    # REPLACE removes the old row without telling the trigger of deletions. A row that gets its id from the table
    # has -1 here.
    yield (
        f"CREATE TRIGGER {table}_sync_keep_insert BEFORE INSERT ON {table}\n"
        f"WHEN NEW.{key[0]} <> -1 AND EXISTS (SELECT 1 FROM {table} WHERE {same_row})\n{refuse}"
    )
