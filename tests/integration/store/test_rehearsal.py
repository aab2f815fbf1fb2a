"""A rehearsal writes beside what is there, and nothing of it stays."""

from __future__ import annotations

from sqlalchemy import Connection, text

from national_sync.store.database import Database
from national_sync.store.rehearsal import Rehearsal


def _quarantine(connection: Connection, identity: str) -> None:
    connection.execute(
        text(
            "INSERT INTO quarantine (entity, identity, reason, first_run_id, last_run_id)"
            " VALUES ('team', :identity, 'malformed', 1, 1)"
        ),
        {"identity": identity},
    )


def _event(connection: Connection) -> None:
    connection.execute(
        text("INSERT INTO mismatch_event (mismatch_id, at, event, actor) VALUES (1, 1, 'closed', 'run:1')")
    )


def test_new_rows_stand_beside_copied_ones_and_vanish(database: Database) -> None:
    with database.write() as connection:
        _quarantine(connection, "known")
        _event(connection)
    with Rehearsal(database).open() as rehearsal:
        with rehearsal.write() as connection:
            _quarantine(connection, "new")
            _event(connection)
        with rehearsal.read() as connection:
            assert connection.scalar(text("SELECT COUNT(*) FROM quarantine")) == 2
            assert connection.scalar(text("SELECT COUNT(*) FROM mismatch_event")) == 1
    with database.read() as connection:
        assert connection.scalar(text("SELECT COUNT(*) FROM quarantine")) == 1
        assert connection.scalar(text("SELECT COUNT(*) FROM mismatch_event")) == 1
