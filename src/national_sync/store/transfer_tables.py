"""Transfers of volunteers between teams: clauses X1-X3.

Persons: a transfer names the volunteer by row id, because clause X1 has it made at that person's request. Of the person's
data it holds the areas that are to change (X3) and those they replace; no name, ID number or phone.
"""

from __future__ import annotations

from sqlalchemy import Index, text
from sqlmodel import SQLModel

from national_sync.store.columns import integer, optional_integer, optional_text, serial, text_column


class TransferRow(SQLModel, table=True):
    """One transfer. At most one of a person is under way."""

    __tablename__ = "transfer"
    __table_args__ = (
        Index(
            "transfer_active",
            "volunteer_id",
            unique=True,
            sqlite_where=text("state IN ('requested', 'approved', 'stuck')"),
            postgresql_where=text("state IN ('requested', 'approved', 'stuck')"),
        ),
        Index("transfer_state", "state", "due_on"),
    )
    id: int | None = serial()
    volunteer_id: int = integer()
    from_team_id: int = integer()
    to_team_id: int = integer()
    reason: str = text_column()
    """household, address, employer (clause X1)."""
    areas: str = text_column(default="{}")
    """JSON object: the volunteer's area columns as they are to be."""
    areas_before: str | None = optional_text()
    """The same columns as they were before this transfer wrote them; null while it has not."""
    state: str = text_column(default="requested")
    """requested, approved, stuck (a person decides how it goes on), done, called_off."""
    goal: str = text_column(default="move")
    """move, or back once it was called off on its way."""
    waits_for: str = text_column(default="")
    """What it waits for, or why it is stuck, as a code; empty when nothing stands in the way."""
    tries: int = integer(default=0)
    """Refusals by the national side since a person last decided."""
    old_row_id: int = integer()
    """The membership in the old team as it was when the transfer was requested."""
    joined_row_id: int | None = optional_integer()
    """The membership that this transfer made in the new team."""
    left_row_id: int | None = optional_integer()
    """The membership that this transfer ended in the old team."""
    rejoined_row_id: int | None = optional_integer()
    """The membership that it made in the old team to put things back."""
    requested_on: str = text_column()
    """The day on which the volunteer asked."""
    due_on: str = text_column()
    """The last day of the time that the policy allows."""
    requested_at: int = integer()
    requested_by: str = text_column()
    approved_at: int | None = optional_integer()
    approved_by: str | None = optional_text()
    ended_at: int | None = optional_integer()


class TransferEventRow(SQLModel, table=True):
    """One step in the life of a transfer. Append only."""

    __tablename__ = "transfer_event"
    __table_args__ = (Index("transfer_event_transfer", "transfer_id"),)
    id: int | None = serial()
    transfer_id: int = integer()
    at: int = integer()
    event: str = text_column()
    """requested, approved, resumed, cancelled (by a person); waits, areas, join, leave, unjoin, rejoin, restore,
    areas_back, try_again, stop, finish, called_off (by a run)."""
    actor: str = text_column()
    """As in the audit."""
    run_id: int | None = optional_integer()
    detail: str = text_column(default="{}")
    """JSON object: rows, codes, and the words of a refusal."""
