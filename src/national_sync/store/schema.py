"""The shape of the database: making it, bringing it up to date, refusing one that does not fit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Index, inspect, text

from national_sync.errors import DatabaseMissing, DatabaseOutdated, DatabaseTooNew, DatabaseUnwritable
from national_sync.i18n import N_, Phrase
from national_sync.records import Entity
from national_sync.store import triggers
from national_sync.store.database import Database
from national_sync.store.revisions import KNOWN_REVISION, REVISIONS
from national_sync.store.tables import MIRROR

if TYPE_CHECKING:
    from alembic.config import Config

_ONE_AT_A_TIME: Final = 0x6E73796E63
"""The advisory lock under which PostgreSQL databases are upgraded."""


def create_or_upgrade(database: Database) -> bool:
    """Bring the database to `KNOWN_REVISION`, all or nothing; true if there was anything to do.

    Raises DatabaseTooNew, DatabaseUnwritable.
    """
    if database.is_sqlite:
        _make_private_file(Path(database.place))
    found = _found_revision(database)
    if found == KNOWN_REVISION:
        return _put_back_triggers(database)
    _refuse_newer(found)
    with database.write(durable=True) as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
        upgrade(connection)
    return True


def _put_back_triggers(database: Database) -> bool:
    with database.read() as connection:
        if not triggers.missing(connection):
            return False
    with database.write(durable=True) as connection:
        triggers.install(connection)
    return True


def check_version(database: Database) -> None:
    """Raises DatabaseMissing, DatabaseTooNew or DatabaseOutdated unless it fits; changes nothing."""
    if database.is_sqlite and not Path(database.place).exists():
        raise DatabaseMissing(place=database.place)
    found = _found_revision(database)
    if found is None:
        raise DatabaseMissing(place=database.place)
    _refuse_newer(found)
    if found != KNOWN_REVISION:
        raise DatabaseOutdated(found=found, known=KNOWN_REVISION)


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the migrations that are missing, in the caller's transaction."""
    from alembic import command

    config = alembic_config(connection)
    config.attributes["is_upgrade"] = True
    command.upgrade(config, revision)


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration, without a file: migrations from inside the package, on this connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def drop_secondary_indexes(connection: Connection, entity: Entity) -> None:
    """Drop every index but the primary key: a first load is several times faster without them."""
    for index in _indexes(entity):
        index.drop(connection, checkfirst=True)


def create_missing_indexes(connection: Connection, entity: Entity) -> None:
    """Make the indexes that `drop_secondary_indexes` dropped; those that are there stay."""
    for index in _indexes(entity):
        index.create(connection, checkfirst=True)


def _indexes(entity: Entity) -> list[Index]:
    return sorted(MIRROR[entity].indexes, key=lambda index: str(index.name))


def _found_revision(database: Database) -> str | None:
    with database.read() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found


def _refuse_newer(found: str | None) -> None:
    if found is not None and found not in REVISIONS:
        raise DatabaseTooNew(found=found, known=KNOWN_REVISION)


def _make_private_file(path: Path) -> None:
    """A new database is readable by its owner only: it holds persons."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        reason = Phrase(N_("{file}: {reason}"), file=path.parent, reason=error.strerror)
        raise DatabaseUnwritable(reason=reason) from error
