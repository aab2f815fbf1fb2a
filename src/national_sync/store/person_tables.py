"""Which registrations belong to one person: what the office found out and the national side does not know yet."""

from __future__ import annotations

from sqlalchemy import Index, text
from sqlmodel import SQLModel

from national_sync.store.columns import integer, optional_integer, optional_text, serial, text_column


class VolunteerMergeRow(SQLModel, table=True):
    """Two registrations of one person. Local duties count what belongs to `gone_id` for `kept_id`.

    Holds ids only. While a merge stands, neither of the two stands as gone in another one, so no chain is followed.
    """

    __tablename__ = "volunteer_merge"
    __table_args__ = (
        Index(
            "volunteer_merge_gone",
            "gone_id",
            unique=True,
            sqlite_where=text("state = 'merged'"),
            postgresql_where=text("state = 'merged'"),
        ),
        Index("volunteer_merge_kept", "kept_id"),
    )
    id: int | None = serial()
    kept_id: int = integer()
    gone_id: int = integer()
    state: str = text_column(default="merged")
    """merged, undone."""
    steps: str = text_column(default="[]")
    """JSON: what was done to memberships, trainings and unsent hours, for taking it back."""
    merged_at: int = integer()
    merged_by: str = text_column()
    """As in the audit: `operator:chen`."""
    undone_at: int | None = optional_integer()
    undone_by: str | None = optional_text()
