"""What is asked about hour records that this side may not simply change: corrections of audited ones, and objections.

Persons: order 67 of the Ministry of Civil Affairs, articles 11-13, lets the volunteer object to a record and has the
organisation check and answer; clause S2. Nothing is kept beyond what was asked, by whom it was decided, and when.
"""

from __future__ import annotations

from sqlalchemy import Index
from sqlmodel import SQLModel

from national_sync.store.columns import integer, optional_integer, optional_text, serial, text_column


class HourCaseRow(SQLModel, table=True):
    """One request about the hours of one volunteer."""

    __tablename__ = "hour_case"
    __table_args__ = (
        Index("hour_case_state", "kind", "state", "county"),
        Index("hour_case_record", "hour_record_id"),
    )
    id: int | None = serial()
    kind: str = text_column()
    """correction or objection."""
    state: str = text_column(default="received")
    """received, checked, rejected; a correction: sent; an objection: corrected."""
    county: str = text_column()
    """The six-digit division of the team that recorded, for an objection without a record that of the volunteer."""
    volunteer_id: int = integer()
    hour_record_id: int | None = optional_integer()
    """Null where an objection says that a service was not recorded at all."""
    service_day: str = text_column()
    reason: str = text_column()
    started_at: int | None = optional_integer()
    """Of a correction: what the record ought to say; with what it says at the time of the request beside it."""
    ended_at: int | None = optional_integer()
    service_seconds: int | None = optional_integer()
    old_started_at: int | None = optional_integer()
    old_ended_at: int | None = optional_integer()
    old_service_seconds: int | None = optional_integer()
    objection_id: int | None = optional_integer()
    """Of a correction: the objection that it answers."""
    received_at: int = integer()


class HourCaseStepRow(SQLModel, table=True):
    """One step of a case: who, and when."""

    __tablename__ = "hour_case_step"
    __table_args__ = (Index("hour_case_step_case", "case_id"),)
    id: int | None = serial()
    case_id: int = integer()
    state: str = text_column()
    at: int = integer()
    actor: str = text_column()
    """As in the audit."""
    note: str | None = optional_text()
