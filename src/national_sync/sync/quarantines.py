"""Looking at quarantined records and answering them."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.errors import AlreadySettled, NotFound
from national_sync.national.port import NationalSystem, Reject
from national_sync.records import Entity
from national_sync.sealing import Sealer
from national_sync.sync.slices import slices
from national_sync.sync.stage import quarantine, solve_quarantine, stage_records
from national_sync.sync.transaction import Transactions

ASKED_AGAIN_A_RUN: Final = 200
_LISTED: Final = "id, entity, identity, national_id, reason, field, detail, state, first_run_id, last_run_id, times"


def list_quarantine(connection: Connection, *, state: str | None = "open", limit: int = 50) -> list[dict[str, Any]]:
    """Entries without their payload."""
    condition = "" if state is None else " WHERE state = :state"
    rows = connection.execute(
        text(f"SELECT {_LISTED} FROM quarantine{condition} ORDER BY id LIMIT :limit"),
        {"limit": limit, **({"state": state} if state else {})},
    )
    return [dict(row) for row in rows.mappings()]


def show_quarantine(connection: Connection, sealer: Sealer, quarantine_id: int) -> dict[str, Any]:
    """One entry with its payload opened: it may hold personal data, for the eyes of the operator only."""
    row = connection.execute(text("SELECT * FROM quarantine WHERE id = :id"), {"id": quarantine_id}).mappings().first()
    if row is None:
        raise NotFound(noun="quarantine", id=quarantine_id)
    entry = dict(row)
    payload = entry.pop("payload")
    entry.pop("payload_hash")
    entry["payload"] = None if payload is None else sealer.open_bytes(bytes(payload)).decode("utf-8", "replace")
    return entry


def replay(connection: Connection, quarantine_id: int) -> None:
    """Ask for the record again in the next run."""
    _set_state(connection, quarantine_id, "replay")


def drop(connection: Connection, quarantine_id: int) -> None:
    """Know of it and ask no more; it opens again when the record changes nationally."""
    _set_state(connection, quarantine_id, "dropped")


def ask_again(transactions: Transactions, national: NationalSystem) -> None:
    """Fetch quarantined records once more, those an operator wants replayed first: they may have been spoilt on the way.

    What is understood now is staged like any observation; what is as it was is not written again.
    """
    with transactions.read() as tx:
        wanted = tx.rows(
            "SELECT entity, national_id FROM quarantine WHERE (state = 'replay' OR (state = 'open'"
            " AND last_run_id < :run)) AND national_id IS NOT NULL"
            " ORDER BY CASE WHEN state = 'replay' THEN 0 ELSE 1 END, id LIMIT :most",
            most=ASKED_AGAIN_A_RUN,
            run=tx.run_id,
        )
    for entity in Entity:
        national_ids = [row["national_id"] for row in wanted if row["entity"] == entity]
        capabilities = national.capabilities()
        for some in slices(national_ids, capabilities.batch_size if capabilities.batch_read else 1):
            answers = national.get(entity, some)
            with transactions.write() as tx:
                for national_id, answer in zip(some, answers, strict=True):
                    if isinstance(answer, Reject):
                        quarantine(tx, entity, [answer])
                    else:
                        solve_quarantine(tx, entity, [national_id])
                        stage_records(tx, entity, [answer] if answer else [], keep_unchanged=False)


def _set_state(connection: Connection, quarantine_id: int, state: str) -> None:
    found = connection.execute(
        text("SELECT state FROM quarantine WHERE id = :id"), {"id": quarantine_id}
    ).scalar_one_or_none()
    if found is None:
        raise NotFound(noun="quarantine", id=quarantine_id)
    if found == "solved":
        raise AlreadySettled(noun="quarantine", id=quarantine_id, state=found)
    connection.execute(
        text("UPDATE quarantine SET state = :state WHERE id = :id"), {"state": state, "id": quarantine_id}
    )
