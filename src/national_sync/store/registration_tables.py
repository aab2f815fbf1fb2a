"""Registrations before they are volunteers, and what volunteers are found by.

Persons: clauses R1-R6 and S1 have each registration form kept by its record office, with the data of the person and,
for a child, of the guardian. ID numbers and phones are sealed. Nothing beyond the form is here.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Index, text
from sqlmodel import SQLModel

from national_sync.store.columns import integer, optional_integer, optional_text, raw_bytes, serial, text_column

_STANDS: Final = text("state NOT IN ('rejected', 'refused')")


class RegistrationRow(SQLModel, table=True):
    """A personal registration form (普洱市个人志愿者注册登记表), clause R4, and how far it has come."""

    __tablename__ = "registration"
    __table_args__ = (
        # One that stands for a person; whoever was rejected or refused may apply again.
        Index(
            "registration_person",
            "id_number_hash",
            unique=True,
            sqlite_where=_STANDS,
            postgresql_where=_STANDS,
        ),
        Index("registration_state", "state", "county"),
        Index("registration_county", "county"),
        Index("registration_sheet", "sheet", "sheet_row"),
    )
    id: int | None = serial()
    state: str = text_column(default="submitted")
    """submitted, approved, rejected, filed, sent, under_review, registered, refused."""
    county: str = text_column()
    """The six-digit division of the service area."""
    approver: str = text_column()
    """federation or county_office: clause R5."""
    name: str = text_column()
    id_type: str = text_column()
    id_number: str = text_column()
    id_number_hash: bytes | None = raw_bytes()
    sex: str = text_column()
    birth_date: str = text_column()
    phone: str = text_column()
    phone_hash: bytes | None = raw_bytes()
    politics: str | None = optional_text()
    ethnicity: str | None = optional_text()
    nationality: str | None = optional_text()
    education: str | None = optional_text()
    occupation: str | None = optional_text()
    service_area_id: str = text_column()
    service_area_name: str | None = optional_text()
    living_area_id: str | None = optional_text()
    living_area_name: str | None = optional_text()
    categories: str | None = optional_text()
    skills: str | None = optional_text()
    recruiting_kind: str = text_column()
    """own_unit, team, centre or station: clause R1."""
    recruiting_body: str = text_column()
    record_office: str = text_column()
    """guidance_centre or federation: clause R1."""
    unit_name: str | None = optional_text()
    unit_level: str = text_column()
    """city or county: whose body the unit is, for the approval."""
    guardian_name: str | None = optional_text()
    guardian_phone: str | None = optional_text()
    guardian_consented_on: str | None = optional_text()
    fitness_stated_on: str | None = optional_text()
    volunteer_id: int | None = optional_integer()
    """From `sent` on: the mirror's row."""
    sheet: str | None = optional_text()
    """Names the import it came with."""
    sheet_row: int | None = optional_integer()
    submitted_at: int = integer()


class RegistrationStepRow(SQLModel, table=True):
    """One step of a registration: who, and when."""

    __tablename__ = "registration_step"
    __table_args__ = (Index("registration_step_registration", "registration_id"),)
    id: int | None = serial()
    registration_id: int = integer()
    state: str = text_column()
    """What it came to; `adopted` stands beside `sent` where the person was a volunteer already."""
    at: int = integer()
    actor: str = text_column()
    """As in the audit, or `national`."""
    reason: str | None = optional_text()


class VolunteerInitialsRow(SQLModel, table=True):
    """The initials of a volunteer's name in pinyin, to be found by. Can be made anew from the names."""

    __tablename__ = "volunteer_initials"
    __table_args__ = (
        Index("volunteer_initials_found", "initials", "volunteer_id"),
        Index(
            "volunteer_initials_local",
            "volunteer_id",
            sqlite_where=text("is_local = 1"),
            postgresql_where=text("is_local = 1"),
        ),
    )
    volunteer_id: int = integer(primary_key=True)
    initials: str = text_column(primary_key=True)
    is_local: int = integer(default=0)
    """1: made from a name that was edited here and is not agreed yet; looked at again every time."""
