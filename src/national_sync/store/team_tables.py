"""What the office keeps about teams and trainings beside the mirror's own rows.

Persons: who leads a team, and who attended a training, by row id only. Clause T1 has everybody trained and leaders trained
first, order 67 of the Ministry of Civil Affairs has trainings recorded; the national record of a team names one leader.
"""

from __future__ import annotations

from sqlalchemy import Index, text
from sqlmodel import SQLModel

from national_sync.store.columns import integer, optional_integer, optional_text, serial, text_column


class TeamLeaderRow(SQLModel, table=True):
    """Who leads a team, from when until when. A team may have several at a time."""

    __tablename__ = "team_leader"
    __table_args__ = (
        Index(
            "team_leader_now",
            "team_id",
            "volunteer_id",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
        Index("team_leader_volunteer", "volunteer_id"),
    )
    id: int | None = serial()
    team_id: int = integer()
    volunteer_id: int = integer()
    is_first: int = integer(default=0)
    """1: the one whom the national record names."""
    since: str = text_column()
    until: str | None = optional_text()
    """The last day; null while it lasts."""


class TeamOrderRow(SQLModel, table=True):
    """That the national side is to disable a team, or to admit it again. Only the national side changes a team's state."""

    __tablename__ = "team_order"
    __table_args__ = (
        Index(
            "team_order_open",
            "team_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )
    id: int | None = serial()
    team_id: int = integer()
    wanted: str = text_column()
    """disabled or approved: the team's state as it is to be."""
    state: str = text_column(default="open")
    """open, done, refused."""
    reason: str = text_column()
    ordered_at: int = integer()
    ordered_by: str = text_column()
    ended_at: int | None = optional_integer()
    outcome: str | None = optional_text()
    """Why it was refused."""


class TrainingSessionRow(SQLModel, table=True):
    """One training that is held: clauses T1 and S3."""

    __tablename__ = "training_session"
    __table_args__ = (Index("training_session_day", "held_on"),)
    id: int | None = serial()
    topic: str = text_column()
    content: str | None = optional_text()
    form: str = text_column()
    """lecture, exchange, case_study or on_site: clause T1."""
    organised_by: str = text_column()
    """centre, federation or unit: clause T1."""
    organiser: str = text_column()
    kind: str = text_column()
    mode: str = text_column()
    held_on: str = text_column()
    place: str | None = optional_text()
    training_seconds: int = integer()
    county: str | None = optional_text()
    """The six-digit division that holds it; null for the whole city."""


class TrainingAttendanceRow(SQLModel, table=True):
    """That somebody attended a training."""

    __tablename__ = "training_attendance"
    __table_args__ = (Index("training_attendance_volunteer", "volunteer_id"),)
    session_id: int = integer(primary_key=True)
    volunteer_id: int = integer(primary_key=True)
    training_record_id: int = integer()
    """The mirror's row that was made, or that said so already."""
