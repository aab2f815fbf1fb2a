"""What Alembic runs: the migrations on a connection that `store.schema` has opened, in its transaction.

The triggers go before the first migration and come anew, from the models, after the last one. So a migration
moves tables only: what it writes is no local edit, and no trigger text of another time stays behind.
"""

from typing import Any, Literal

from alembic import context

from national_sync.store import triggers
from national_sync.store.all_tables import metadata


def is_compared(name: str | None, kind: str, _parents: object) -> bool:
    """The scratch table comes with the triggers."""
    return not (kind == "table" and name == triggers.SCRATCH_TABLE)


def default_as_written(kind: str, value: Any, _autogen_context: object) -> str | Literal[False]:
    """A new migration repeats the model's default; Alembic on SQLite would put it in parentheses."""
    return f"sa.text({value.arg.text!r})" if kind == "server_default" and value is not None else False


connection = context.config.attributes["connection"]
is_upgrade = context.config.attributes.get("is_upgrade", False)
context.configure(
    connection=connection, target_metadata=metadata, include_name=is_compared, render_item=default_as_written
)
with context.begin_transaction():
    if is_upgrade:
        triggers.remove(connection)
    context.run_migrations()
    if is_upgrade:
        triggers.install(connection)
