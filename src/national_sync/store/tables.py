"""The tables of the mirror and of the engine's own memory.

Why personal data is here: the Measures (clauses S1-S3, R1-R6) and order 67 of the Ministry of Civil Affairs, articles
5-10, require the city to keep these records; nothing beyond their lists is stored. ID numbers and phones are sealed
(`national_sync.sealing`) beside a keyed hash for matching.

Units: `*_at` are UTC epoch seconds, `*_at_ms` UTC epoch milliseconds, dates ISO text, service time seconds, truth
values 0 and 1. The engine's own columns are `national_id`, `national_hash`, `national_updated_at_ms`, `sync_rev` and
`withdrawn_at`; every other column of a mirrored table may be written by any program. A writer that leaves `sync_rev`
alone makes a local edit, which the triggers (`store.triggers`) catch.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, MetaData, Table, Text, text
from sqlmodel import SQLModel

from national_sync.records import RECORD_TYPES, SEALED_FIELDS, Entity, content_fields, mirror_columns
from national_sync.store.columns import (
    RowIdType,
    integer,
    optional_integer,
    optional_text,
    raw_bytes,
    serial,
    text_column,
)


class TeamRow(SQLModel, table=True):
    """A volunteer team. Persons: its contact and leader, to reach them."""

    __tablename__ = "team"
    __table_args__ = (
        Index("team_national_id", "national_id", unique=True),
        Index("team_area", "area_id"),
        Index("team_sync_rev", "sync_rev"),
    )
    id: int | None = serial()
    name: str = text_column()
    team_type: str = text_column(default="group")
    body_type: str = text_column(default="99")
    area_id: str = text_column()
    categories: str = text_column(default="0099")
    contact_name: str | None = optional_text()
    contact_phone: str | None = optional_text()
    leader_name: str | None = optional_text()
    leader_number: str | None = optional_text()
    contact_organisation: str | None = optional_text()
    state: str = text_column(default="pending")
    join_rule: str = text_column(default="review")
    member_count: int = integer(default=0)
    total_seconds: int = integer(default=0)
    contact_phone_hash: bytes | None = raw_bytes()
    national_id: str | None = optional_text()
    national_hash: bytes | None = raw_bytes()
    national_updated_at_ms: int | None = optional_integer()
    sync_rev: int | None = optional_integer()
    withdrawn_at: int | None = optional_integer()


class VolunteerRow(SQLModel, table=True):
    """A registered person: clause S1."""

    __tablename__ = "volunteer"
    __table_args__ = (
        Index("volunteer_national_id", "national_id", unique=True),
        Index("volunteer_number", "number"),
        Index("volunteer_id_number_hash", "id_number_hash"),
        Index("volunteer_name_birth", "name", "birth_date"),
        Index("volunteer_sync_rev", "sync_rev"),
    )
    id: int | None = serial()
    number: str | None = optional_text()
    name: str = text_column()
    id_type: str = text_column(default="01")
    id_number: str = text_column()
    sex: str = text_column()
    birth_date: str = text_column()
    phone: str | None = optional_text()
    politics: str | None = optional_text()
    ethnicity: str | None = optional_text()
    nationality: str | None = text_column(default="156", nullable=True)
    education: str | None = optional_text()
    occupation: str | None = optional_text()
    service_area_id: str = text_column()
    service_area_name: str | None = optional_text()
    living_area_id: str | None = optional_text()
    living_area_name: str | None = optional_text()
    categories: str | None = optional_text()
    service_fields: str | None = optional_text()
    skills: str | None = optional_text()
    star: int | None = optional_integer()
    registered_at: int | None = optional_integer()
    real_name_state: str = text_column(default="in_review")
    total_seconds: int = integer(default=0)
    account_state: str = text_column(default="enabled")
    migration_state: str = text_column(default="normal")
    is_valid: int = integer(default=1)
    id_number_hash: bytes | None = raw_bytes()
    phone_hash: bytes | None = raw_bytes()
    national_id: str | None = optional_text()
    national_hash: bytes | None = raw_bytes()
    national_updated_at_ms: int | None = optional_integer()
    sync_rev: int | None = optional_integer()
    withdrawn_at: int | None = optional_integer()


class MembershipRow(SQLModel, table=True):
    """A volunteer's place in a team: clauses X1-X3."""

    __tablename__ = "membership"
    __table_args__ = (
        Index("membership_national_id", "national_id", unique=True),
        Index("membership_volunteer", "volunteer_id", "team_id"),
        Index("membership_team", "team_id"),
        Index("membership_sync_rev", "sync_rev"),
    )
    id: int | None = serial()
    volunteer_id: int = integer()
    team_id: int = integer()
    state: str = text_column(default="applied")
    joined_at: int | None = optional_integer()
    national_id: str | None = optional_text()
    national_hash: bytes | None = raw_bytes()
    national_updated_at_ms: int | None = optional_integer()
    sync_rev: int | None = optional_integer()
    withdrawn_at: int | None = optional_integer()


class ProjectRow(SQLModel, table=True):
    """A service project or activity: clause S2."""

    __tablename__ = "project"
    __table_args__ = (
        Index("project_national_id", "national_id", unique=True),
        Index("project_team", "team_id"),
        Index("project_sync_rev", "sync_rev"),
    )
    id: int | None = serial()
    name: str = text_column()
    number: str | None = optional_text()
    team_id: int = integer()
    started_at: int = integer()
    ended_at: int = integer()
    recruit_from: int | None = optional_integer()
    recruit_until: int | None = optional_integer()
    categories: str = text_column(default="0099")
    people_served: str | None = optional_text()
    area_id: str = text_column()
    address: str | None = optional_text()
    recruit_scope: str = text_column(default="public")
    state: str = text_column(default="waiting")
    proof: str | None = optional_text()
    national_id: str | None = optional_text()
    national_hash: bytes | None = raw_bytes()
    national_updated_at_ms: int | None = optional_integer()
    sync_rev: int | None = optional_integer()
    withdrawn_at: int | None = optional_integer()


class HourRecordRow(SQLModel, table=True):
    """One recorded stretch of service of one volunteer: clause S2."""

    __tablename__ = "hour_record"
    __table_args__ = (
        Index("hour_record_national_id", "national_id", unique=True),
        # Covers the checks of overlap, span and sum, which read all hours of a volunteer.
        Index("hour_record_volunteer", "volunteer_id", "started_at", "ended_at", "service_seconds", "state"),
        Index("hour_record_sync_rev", "sync_rev"),
    )
    id: int | None = serial()
    volunteer_id: int = integer()
    project_id: int = integer()
    team_id: int = integer()
    started_at: int = integer()
    ended_at: int | None = optional_integer()
    """Null while the volunteer has not signed out."""
    service_seconds: int = integer()
    method: str = text_column(default="team")
    state: str = text_column(default="applying")
    kind: str = text_column(default="credit")
    entered_at: int | None = optional_integer()
    applied_at: int | None = optional_integer()
    remark: str | None = optional_text()
    national_id: str | None = optional_text()
    national_hash: bytes | None = raw_bytes()
    national_updated_at_ms: int | None = optional_integer()
    sync_rev: int | None = optional_integer()
    withdrawn_at: int | None = optional_integer()


class TrainingRecordRow(SQLModel, table=True):
    """A training a volunteer attended: clauses S3 and T1."""

    __tablename__ = "training_record"
    __table_args__ = (
        Index("training_record_national_id", "national_id", unique=True),
        Index("training_record_volunteer", "volunteer_id"),
        Index("training_record_sync_rev", "sync_rev"),
    )
    id: int | None = serial()
    volunteer_id: int = integer()
    topic: str = text_column()
    content: str | None = optional_text()
    organiser: str | None = optional_text()
    training_date: str = text_column()
    place: str | None = optional_text()
    training_seconds: int = integer()
    kind: str = text_column(default="general")
    mode: str = text_column(default="face_to_face")
    national_id: str | None = optional_text()
    national_hash: bytes | None = raw_bytes()
    national_updated_at_ms: int | None = optional_integer()
    sync_rev: int | None = optional_integer()
    withdrawn_at: int | None = optional_integer()


class StationRow(SQLModel, table=True):
    """A service station (学雷锋志愿服务站点), clause S6. Kept locally: the national side has no such record."""

    __tablename__ = "station"
    id: int | None = serial()
    name: str = text_column()
    station_kind: str = text_column(default="community")
    area_id: str = text_column()
    address: str | None = optional_text()
    team_id: int | None = optional_integer()
    service_seconds_per_day: int = integer(default=5 * 3600)
    opened_on: str | None = optional_text()
    closed_on: str | None = optional_text()


class RunRow(SQLModel, table=True):
    """One run of the engine. The row at work is also the lease: its id is the fencing number."""

    __tablename__ = "run"
    __table_args__ = (
        Index(
            "run_at_work",
            "state",
            unique=True,
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
        Index("run_slot", "slot", unique=True),
    )
    id: int | None = serial()
    kind: str = text_column()
    state: str = text_column()
    """running, finished, interrupted, failed."""
    slot: str | None = optional_text()
    """The scheduled moment this run stands for; two daemons cannot take the same one."""
    scope: str = text_column(default="{}")
    holder: str = text_column()
    lease_until: int = integer()
    started_at: int = integer()
    ended_at: int | None = optional_integer()
    exit_code: int | None = optional_integer()
    calls: int = integer(default=0)
    report: str | None = optional_text()


class MarkRow(SQLModel, table=True):
    """Small named values the engine remembers, as JSON text."""

    __tablename__ = "mark"
    name: str = text_column(primary_key=True)
    value: str = text_column()


class PullRow(SQLModel, table=True):
    """How far an entity has been observed, and where an unfinished pull goes on."""

    __tablename__ = "pull"
    entity: str = text_column(primary_key=True)
    covered_until_ms: int | None = optional_integer()
    listing_count: int = integer(default=0)
    """Complete exact listings so far; absence is judged by them."""
    open_request: str | None = optional_text()
    """The unfinished pull's request as JSON, null when none is open."""
    open_resume: str | None = optional_text()


class LocalChangeRow(SQLModel, table=True):
    """The base of one locally edited field: the value both sides last agreed on. Written by triggers."""

    __tablename__ = "local_change"
    entity: str = text_column(primary_key=True)
    row_id: int = integer(primary_key=True)
    field: str = text_column(primary_key=True)
    """A mirror column's name."""
    base: str | None = optional_text()
    """As text, whatever the column's type; null is null."""


class LocalDeletionRow(SQLModel, table=True):
    """A mirror row that somebody deleted, whole. May hold a person's sealed data until the deletion is settled."""

    __tablename__ = "local_deletion"
    id: int | None = serial()
    entity: str = text_column()
    row_id: int = integer()
    national_id: str | None = optional_text()
    old_row: str = text_column()
    """JSON object of all columns; hashes as hexadecimal text."""


class OperationRow(SQLModel, table=True):
    """One outgoing write, committed before it is sent (invariant I3)."""

    __tablename__ = "operation"
    __table_args__ = (
        Index("operation_reference", "reference", unique=True),
        Index("operation_row", "entity", "row_id"),
        Index("operation_state", "state"),
        Index("operation_run", "run_id"),
    )
    id: int | None = serial()
    reference: str = text_column()
    entity: str = text_column()
    row_id: int = integer()
    national_id: str | None = optional_text()
    verb: str = text_column()
    fields: str = text_column()
    """JSON object of what is set, by content field; sealed fields sealed."""
    before: str = text_column(default="{}")
    """What an update replaces, in the same form: if it stands there again, the update was undone."""
    record: str = text_column()
    """JSON array of the whole record as it will be; sealed fields sealed."""
    state: str = text_column()
    """planned, in_flight, done, unknown, pending, refused, failed."""
    attempts: int = integer(default=0)
    run_id: int = integer()
    sent_at: int | None = optional_integer()
    ticket: str | None = optional_text()
    outcome: str | None = optional_text()
    """The national side's words or our reason, for a person to read."""


class QuarantineRow(SQLModel, table=True):
    """A record from the national side that could not be understood. `payload` is sealed: it may hold anything."""

    __tablename__ = "quarantine"
    __table_args__ = (Index("quarantine_identity", "entity", "identity", unique=True),)
    id: int | None = serial()
    entity: str = text_column()
    identity: str = text_column()
    """The national id, or a keyed hash of the payload where it has none."""
    national_id: str | None = optional_text()
    reason: str = text_column()
    field: str = text_column(default="")
    detail: str = text_column(default="")
    payload: bytes | None = raw_bytes()
    payload_hash: bytes | None = raw_bytes()
    state: str = text_column(default="open")
    """open, replay (asked for again in the next run), solved, dropped."""
    first_run_id: int = integer()
    last_run_id: int = integer()
    times: int = integer(default=1)


class MismatchRow(SQLModel, table=True):
    """A difference between the sides, or within a record, that a person or a later run has to settle."""

    __tablename__ = "mismatch"
    __table_args__ = (
        Index(
            "mismatch_open",
            "kind",
            "entity",
            "subject",
            "field",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index("mismatch_row", "entity", "row_id"),
        Index("mismatch_state", "state", "kind", "county"),
        Index("mismatch_county", "state", "county"),
        Index(
            "mismatch_decided",
            "id",
            sqlite_where=text("state = 'open' AND decision IS NOT NULL"),
            postgresql_where=text("state = 'open' AND decision IS NOT NULL"),
        ),
    )
    id: int | None = serial()
    kind: str = text_column()
    entity: str = text_column()
    subject: str = text_column()
    """What it is about: the national id, or `row:<id>` for a row without one."""
    row_id: int | None = optional_integer()
    national_id: str | None = optional_text()
    field: str = text_column(default="")
    base: str | None = optional_text()
    ours: str | None = optional_text()
    theirs: str | None = optional_text()
    detail: str = text_column(default="{}")
    """JSON object of facts, without personal data."""
    county: str | None = optional_text()
    """The six-digit division it belongs to, null where the record names none."""
    first_seen_at: int = integer(default=0)
    last_seen_at: int = integer(default=0)
    assigned_to: str | None = optional_text()
    """An operator's name."""
    snoozed_until: int | None = optional_integer()
    state: str = text_column(default="open")
    """open, closed."""
    resolution: str | None = optional_text()
    """How it was closed: local, national, cause_gone, restored, …"""
    decision: str | None = optional_text()
    """What the next run carries out: local, national or set."""
    decided_field: str | None = optional_text()
    """With `set`: the mirror column."""
    decided_value: str | None = optional_text()
    """With `set`: the value to take, sealed where the field is."""
    decided_facts: str | None = optional_text()
    """The digest of the facts that the person saw (`sync.grounds`)."""
    decided_by: str | None = optional_text()
    """`operator:chen` or `rule:3`."""
    decided_at: int | None = optional_integer()
    first_run_id: int | None = optional_integer()
    last_run_id: int | None = optional_integer()
    closed_run_id: int | None = optional_integer()
    times: int = integer(default=1)


class HoldRow(SQLModel, table=True):
    """A class of actions that a guard stopped until a person approves exactly this plan."""

    __tablename__ = "hold"
    __table_args__ = (
        Index(
            "hold_open",
            "entity",
            "action",
            unique=True,
            sqlite_where=text("state IN ('open', 'approved', 'rejected')"),
            postgresql_where=text("state IN ('open', 'approved', 'rejected')"),
        ),
    )
    id: int | None = serial()
    run_id: int = integer()
    entity: str = text_column()
    action: str = text_column()
    """create, update, withdraw (into the mirror) or send_create, send_update, send_delete (to the national side)."""
    reason: str = text_column()
    """too_many_withdrawals, too_many_updates, total_dropped, mapping_changed, …"""
    records: int = integer()
    plan_hash: str = text_column()
    state: str = text_column(default="open")
    """open, approved, rejected, executed, superseded."""
    begun_run_id: int | None = optional_integer()
    """The run that began to carry out the approved plan; if it was killed, the next one carries out what is left."""


class AbsenceRow(SQLModel, table=True):
    """A mirror row that complete listings did not show (invariant I5)."""

    __tablename__ = "absence"
    entity: str = text_column(primary_key=True)
    row_id: int = integer(primary_key=True)
    listings_missed: int = integer(default=1)
    last_listing: int = integer()


class BucketDigestRow(SQLModel, table=True):
    """Count and version sum of the mirror's rows per bucket of national ids; kept up by every apply."""

    __tablename__ = "bucket_digest"
    entity: str = text_column(primary_key=True)
    bucket: str = text_column(primary_key=True)
    records: int = integer(default=0)
    version_sum: int = integer(default=0)
    effective_seconds: int = integer(default=0)
    """Of hour records: the seconds of the effective ones."""


metadata: MetaData = SQLModel.metadata

MIRROR: Final[dict[Entity, Table]] = {entity: metadata.tables[entity.value] for entity in Entity}

for _entity, _table in MIRROR.items():
    # An id is never given twice: operations and deletions speak of a row by it after the row is gone.
    _table.dialect_kwargs["sqlite_autoincrement"] = True
    # Local creations are found without a scan; the index is empty on a quiet day.
    Index(
        f"{_entity}_new",
        _table.c.id,
        sqlite_where=text("sync_rev IS NULL"),
        postgresql_where=text("sync_rev IS NULL"),
    )


def _observed_table(entity: Entity) -> Table:
    content = RECORD_TYPES[entity].__annotations__
    integers = {name for name, annotation in content.items() if str(annotation).startswith("int")}
    columns: list[Column[Any]] = [
        Column(name, BigInteger if name in integers else Text, nullable=True) for name in content_fields(entity)
    ]
    hashes = [Column(f"{name}_hash", LargeBinary, nullable=True) for name in SEALED_FIELDS[entity]]
    return Table(
        f"observed_{entity}",
        metadata,
        Column("id", RowIdType, primary_key=True, autoincrement=True),
        Column("national_id", Text, nullable=False, unique=True),
        *columns,
        *hashes,
        Column("updated_at_ms", BigInteger, nullable=False),
        Column("is_deleted", Boolean, nullable=False),
        Column("national_hash", LargeBinary, nullable=False),
        Column("mirror_hash", LargeBinary, nullable=True),
        Column("row_id", BigInteger, nullable=True),
    )


OBSERVED: Final[dict[Entity, Table]] = {entity: _observed_table(entity) for entity in Entity}
"""What the national side said in this run, staged page by page, in the order in which it came. `mirror_hash` and
`row_id` are what the mirror held when the page was stored: the precondition of every action planned on it. A record
that is as the mirror has it leaves its content null, and leaves no row at all unless the pull is a whole listing."""


@cache
def integer_columns(entity: Entity) -> frozenset[str]:
    """The mirror columns that hold whole numbers."""
    table = MIRROR[entity]
    return frozenset(name for name in mirror_columns(entity) if isinstance(table.c[name].type, BigInteger))


def synced_columns(entity: Entity) -> tuple[str, ...]:
    """The mirror columns in which an edit counts as a local change."""
    return mirror_columns(entity)


__all__ = ["MIRROR", "OBSERVED", "metadata", "synced_columns"]
