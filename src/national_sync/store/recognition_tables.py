"""What recognition keeps: star batches and their awards, certificates, units, returned statistics forms.

Persons: an award and a certificate name the volunteer, because clauses A1 and A2 have the three bodies certify a named
person, and order 67, articles 14-17, has a certificate name whom it is for. Name and volunteer number are kept as they
were then, so that what was certified can be printed again. No ID number and no phone is here.
"""

from __future__ import annotations

from sqlalchemy import Index, text
from sqlmodel import SQLModel

from national_sync.store.columns import integer, optional_integer, optional_text, serial, text_column


class StarTallyRow(SQLModel, table=True):
    """The hours of each volunteer that count for the tally described by the mark `star_tally`. Can be made anew."""

    __tablename__ = "star_tally"
    volunteer_id: int = integer(primary_key=True)
    """The kept row of a person who was registered twice."""
    seconds: int = integer()
    records: int = integer()
    is_special: int = integer(default=0)
    """1: not simply the sum of the rows (edits not yet agreed, a merged person); reckoned again every time."""


class StarDueRow(SQLModel, table=True):
    """Volunteers whose tally is to be reckoned again. Empty when nothing is under way."""

    __tablename__ = "star_due"
    volunteer_id: int = integer(primary_key=True)


class StarBatchRow(SQLModel, table=True):
    """One certification: the yearly one of a year, or a supplementary one after it."""

    __tablename__ = "star_batch"
    __table_args__ = (Index("star_batch_number", "year", "batch", unique=True),)
    id: int | None = serial()
    year: int = integer()
    batch: int = integer()
    """1 is the yearly batch, 2 and more are supplementary."""
    state: str = text_column(default="draft")
    """draft, notice, certified, published."""
    rules: str = text_column()
    """The policy's rules as they were applied, as JSON."""
    cut_off: str = text_column()
    """The last service date that counts."""
    cut_off_rev: int = integer()
    """The last recorded change that counts: `sync_rev`."""
    drafted_at: int = integer()
    drafted_by: str = text_column()
    notice_from: str | None = optional_text()
    notice_until: str | None = optional_text()
    """The last day of the notice."""
    certified_at: int | None = optional_integer()
    published_at: int | None = optional_integer()


class StarSignatureRow(SQLModel, table=True):
    """That one of the three bodies has certified a batch."""

    __tablename__ = "star_signature"
    batch_id: int = integer(primary_key=True)
    body: str = text_column(primary_key=True)
    """civilisation_office, guidance_centre or federation."""
    signed_at: int = integer()
    signed_by: str = text_column()


class StarAwardRow(SQLModel, table=True):
    """A star for one person in one batch. Persons: whom it is for."""

    __tablename__ = "star_award"
    __table_args__ = (
        Index("star_award_volunteer", "volunteer_id"),
        Index("star_award_batch", "batch_id", "volunteer_id", unique=True),
        Index("star_award_number", "number", unique=True),
    )
    id: int | None = serial()
    batch_id: int = integer()
    volunteer_id: int = integer()
    volunteer_number: str = text_column()
    volunteer_name: str = text_column()
    county: str = text_column()
    """The six-digit division of the service area."""
    star: int = integer()
    seconds: int = integer()
    records: int = integer()
    star_before: int = integer(default=0)
    state: str = text_column(default="proposed")
    """proposed, frozen (an objection is open), set_aside (frozen when the batch was certified, or the objection was
    right), certified, revoked."""
    number: str | None = optional_text()
    """The certificate's number; what is printed is signed anew each time, with the same result."""


class StarObjectionRow(SQLModel, table=True):
    """An objection made during a public notice."""

    __tablename__ = "star_objection"
    __table_args__ = (Index("star_objection_award", "award_id"),)
    id: int | None = serial()
    award_id: int = integer()
    reason: str = text_column()
    raised_at: int = integer()
    raised_by: str = text_column()
    state: str = text_column(default="open")
    """open, upheld, dismissed."""
    answer: str | None = optional_text()
    settled_at: int | None = optional_integer()
    settled_by: str | None = optional_text()


class StarReviewRow(SQLModel, table=True):
    """A certified star that would not be given today, for a person to decide."""

    __tablename__ = "star_review"
    __table_args__ = (
        Index(
            "star_review_open",
            "award_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )
    id: int | None = serial()
    award_id: int = integer()
    cause: str = text_column()
    """hours_fell, volunteer_gone, merged_away or by_office."""
    seconds_now: int = integer()
    star_now: int = integer()
    found_at: int = integer()
    state: str = text_column(default="open")
    """open, kept, revoked, healed."""
    reason: str | None = optional_text()
    decided_at: int | None = optional_integer()
    decided_by: str | None = optional_text()


class StarApplicationRow(SQLModel, table=True):
    """A star applied for on the national side, as far as is known here. Persons: whom it is for."""

    __tablename__ = "star_application"
    __table_args__ = (Index("star_application_volunteer", "volunteer_id", "star", unique=True),)
    id: int | None = serial()
    volunteer_id: int = integer()
    star: int = integer()
    state: str = text_column()
    """sending, unknown (no answer that can be trusted), pending, passed, failed, expired, refused, missing (handed in, and
    the national side shows none)."""
    national_id: str | None = optional_text()
    words: str | None = optional_text()
    """Why it was refused, in the national side's words."""
    changed_at: int = integer()
    changed_by: str = text_column()


class ServiceCertificateRow(SQLModel, table=True):
    """A service certificate (志愿服务记录证明) as it was issued. Persons: whom it is for."""

    __tablename__ = "service_certificate"
    __table_args__ = (
        Index("service_certificate_number", "number", unique=True),
        Index("service_certificate_volunteer", "volunteer_id"),
    )
    id: int | None = serial()
    number: str = text_column()
    volunteer_id: int = integer()
    content: str = text_column()
    """What is printed, as JSON."""
    issued_at: int = integer()
    issued_by: str = text_column()


class UnitRow(SQLModel, table=True):
    """A unit whose people are to register: clauses R3 and S5. Its head count comes from the unit itself."""

    __tablename__ = "unit"
    __table_args__ = (Index("unit_name", "name", "county", unique=True),)
    id: int | None = serial()
    name: str = text_column()
    kind: str = text_column()
    """government, institution, college, school, company or community."""
    county: str = text_column()
    """Six-digit division."""
    head_count: int | None = optional_integer()
    """Null: not reported."""


class UnitTeamRow(SQLModel, table=True):
    """Which teams are a unit's own: its members are the unit's registered volunteers."""

    __tablename__ = "unit_team"
    __table_args__ = (Index("unit_team_team", "team_id"),)
    unit_id: int = integer(primary_key=True)
    team_id: int = integer(primary_key=True)


class StatisticsReturnRow(SQLModel, table=True):
    """A statistics form (普洱市志愿者统计表) that came back, stamped, and was checked: clause R7."""

    __tablename__ = "statistics_return"
    __table_args__ = (Index("statistics_return_unit", "year", "unit_id", unique=True),)
    id: int | None = serial()
    year: int = integer()
    unit_id: int = integer()
    figures: str = text_column()
    """The form's figures, as a JSON object."""
    received_on: str = text_column()
    is_late: int = integer()
    """1: outside 1 to 30 September."""
    received_by: str = text_column()
