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

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, Table, Text, text
from sqlmodel import Field, SQLModel

from national_sync.records import RECORD_TYPES, SEALED_FIELDS, Entity, content_fields, mirror_columns

RowIdType = BigInteger().with_variant(Integer, "sqlite")


def _row_id() -> Any:
    return Field(default=None, sa_column=Column(RowIdType, primary_key=True, autoincrement=True))


def _text(*, default: str | None = None, nullable: bool = False, primary_key: bool = False) -> Any:
    server_default = None if default is None else text(f"'{default}'")
    column = Column(Text, nullable=nullable, server_default=server_default, primary_key=primary_key)
    return Field(default=default, sa_column=column)


def _integer(*, default: int | None = None, nullable: bool = False, primary_key: bool = False) -> Any:
    server_default = None if default is None else text(str(default))
    column = Column(
        BigInteger, nullable=nullable, server_default=server_default, primary_key=primary_key, autoincrement=False
    )
    return Field(default=default, sa_column=column)


def _bytes() -> Any:
    return Field(default=None, sa_column=Column(LargeBinary, nullable=True))


def _optional_text() -> Any:
    return _text(nullable=True)


def _optional_integer() -> Any:
    return _integer(nullable=True)


class TeamRow(SQLModel, table=True):
    """A volunteer team. Persons: its contact and leader, to reach them."""

    __tablename__ = "team"
    __table_args__ = (
        Index("team_national_id", "national_id", unique=True),
        Index("team_area", "area_id"),
        Index("team_sync_rev", "sync_rev"),
    )
    id: int | None = _row_id()
    name: str = _text()
    team_type: str = _text(default="group")
    body_type: str = _text(default="99")
    area_id: str = _text()
    categories: str = _text(default="0099")
    contact_name: str | None = _optional_text()
    contact_phone: str | None = _optional_text()
    leader_name: str | None = _optional_text()
    leader_number: str | None = _optional_text()
    contact_organisation: str | None = _optional_text()
    state: str = _text(default="pending")
    join_rule: str = _text(default="review")
    member_count: int = _integer(default=0)
    total_seconds: int = _integer(default=0)
    contact_phone_hash: bytes | None = _bytes()
    national_id: str | None = _optional_text()
    national_hash: bytes | None = _bytes()
    national_updated_at_ms: int | None = _optional_integer()
    sync_rev: int | None = _optional_integer()
    withdrawn_at: int | None = _optional_integer()


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
    id: int | None = _row_id()
    number: str | None = _optional_text()
    name: str = _text()
    id_type: str = _text(default="01")
    id_number: str = _text()
    sex: str = _text()
    birth_date: str = _text()
    phone: str | None = _optional_text()
    politics: str | None = _optional_text()
    ethnicity: str | None = _optional_text()
    nationality: str | None = _text(default="156", nullable=True)
    education: str | None = _optional_text()
    occupation: str | None = _optional_text()
    service_area_id: str = _text()
    service_area_name: str | None = _optional_text()
    living_area_id: str | None = _optional_text()
    living_area_name: str | None = _optional_text()
    categories: str | None = _optional_text()
    service_fields: str | None = _optional_text()
    skills: str | None = _optional_text()
    star: int | None = _optional_integer()
    registered_at: int | None = _optional_integer()
    real_name_state: str = _text(default="in_review")
    total_seconds: int = _integer(default=0)
    account_state: str = _text(default="enabled")
    migration_state: str = _text(default="normal")
    is_valid: int = _integer(default=1)
    id_number_hash: bytes | None = _bytes()
    phone_hash: bytes | None = _bytes()
    national_id: str | None = _optional_text()
    national_hash: bytes | None = _bytes()
    national_updated_at_ms: int | None = _optional_integer()
    sync_rev: int | None = _optional_integer()
    withdrawn_at: int | None = _optional_integer()


class MembershipRow(SQLModel, table=True):
    """A volunteer's place in a team: clauses X1-X3."""

    __tablename__ = "membership"
    __table_args__ = (
        Index("membership_national_id", "national_id", unique=True),
        Index("membership_volunteer", "volunteer_id", "team_id"),
        Index("membership_team", "team_id"),
        Index("membership_sync_rev", "sync_rev"),
    )
    id: int | None = _row_id()
    volunteer_id: int = _integer()
    team_id: int = _integer()
    state: str = _text(default="applied")
    joined_at: int | None = _optional_integer()
    national_id: str | None = _optional_text()
    national_hash: bytes | None = _bytes()
    national_updated_at_ms: int | None = _optional_integer()
    sync_rev: int | None = _optional_integer()
    withdrawn_at: int | None = _optional_integer()


class ProjectRow(SQLModel, table=True):
    """A service project or activity: clause S2."""

    __tablename__ = "project"
    __table_args__ = (
        Index("project_national_id", "national_id", unique=True),
        Index("project_team", "team_id"),
        Index("project_sync_rev", "sync_rev"),
    )
    id: int | None = _row_id()
    name: str = _text()
    number: str | None = _optional_text()
    team_id: int = _integer()
    started_at: int = _integer()
    ended_at: int = _integer()
    recruit_from: int | None = _optional_integer()
    recruit_until: int | None = _optional_integer()
    categories: str = _text(default="0099")
    people_served: str | None = _optional_text()
    area_id: str = _text()
    address: str | None = _optional_text()
    recruit_scope: str = _text(default="public")
    state: str = _text(default="waiting")
    proof: str | None = _optional_text()
    national_id: str | None = _optional_text()
    national_hash: bytes | None = _bytes()
    national_updated_at_ms: int | None = _optional_integer()
    sync_rev: int | None = _optional_integer()
    withdrawn_at: int | None = _optional_integer()


class HourRecordRow(SQLModel, table=True):
    """One recorded stretch of service of one volunteer: clause S2."""

    __tablename__ = "hour_record"
    __table_args__ = (
        Index("hour_record_national_id", "national_id", unique=True),
        # Covers the checks of overlap, span and sum, which read all hours of a volunteer.
        Index("hour_record_volunteer", "volunteer_id", "started_at", "ended_at", "service_seconds", "state"),
        Index("hour_record_sync_rev", "sync_rev"),
    )
    id: int | None = _row_id()
    volunteer_id: int = _integer()
    project_id: int = _integer()
    team_id: int = _integer()
    started_at: int = _integer()
    ended_at: int = _integer()
    service_seconds: int = _integer()
    method: str = _text(default="team")
    state: str = _text(default="applying")
    kind: str = _text(default="credit")
    entered_at: int | None = _optional_integer()
    applied_at: int | None = _optional_integer()
    remark: str | None = _optional_text()
    national_id: str | None = _optional_text()
    national_hash: bytes | None = _bytes()
    national_updated_at_ms: int | None = _optional_integer()
    sync_rev: int | None = _optional_integer()
    withdrawn_at: int | None = _optional_integer()


class TrainingRecordRow(SQLModel, table=True):
    """A training a volunteer attended: clauses S3 and T1."""

    __tablename__ = "training_record"
    __table_args__ = (
        Index("training_record_national_id", "national_id", unique=True),
        Index("training_record_volunteer", "volunteer_id"),
        Index("training_record_sync_rev", "sync_rev"),
    )
    id: int | None = _row_id()
    volunteer_id: int = _integer()
    topic: str = _text()
    content: str | None = _optional_text()
    organiser: str | None = _optional_text()
    training_date: str = _text()
    place: str | None = _optional_text()
    training_seconds: int = _integer()
    kind: str = _text(default="general")
    mode: str = _text(default="face_to_face")
    national_id: str | None = _optional_text()
    national_hash: bytes | None = _bytes()
    national_updated_at_ms: int | None = _optional_integer()
    sync_rev: int | None = _optional_integer()
    withdrawn_at: int | None = _optional_integer()


class StationRow(SQLModel, table=True):
    """A service station (学雷锋志愿服务站点), clause S6. Kept locally: the national side has no such record."""

    __tablename__ = "station"
    id: int | None = _row_id()
    name: str = _text()
    station_kind: str = _text(default="community")
    area_id: str = _text()
    address: str | None = _optional_text()
    team_id: int | None = _optional_integer()
    service_seconds_per_day: int = _integer(default=5 * 3600)
    opened_on: str | None = _optional_text()
    closed_on: str | None = _optional_text()


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
    id: int | None = _row_id()
    kind: str = _text()
    state: str = _text()
    """running, finished, interrupted, failed."""
    slot: str | None = _optional_text()
    """The scheduled moment this run stands for; two daemons cannot take the same one."""
    scope: str = _text(default="{}")
    holder: str = _text()
    lease_until: int = _integer()
    started_at: int = _integer()
    ended_at: int | None = _optional_integer()
    exit_code: int | None = _optional_integer()
    calls: int = _integer(default=0)
    report: str | None = _optional_text()


class MarkRow(SQLModel, table=True):
    """Small named values the engine remembers, as JSON text."""

    __tablename__ = "mark"
    name: str = _text(primary_key=True)
    value: str = _text()


class PullRow(SQLModel, table=True):
    """How far an entity has been observed, and where an unfinished pull goes on."""

    __tablename__ = "pull"
    entity: str = _text(primary_key=True)
    covered_until_ms: int | None = _optional_integer()
    listing_count: int = _integer(default=0)
    """Complete exact listings so far; absence is judged by them."""
    open_request: str | None = _optional_text()
    """The unfinished pull's request as JSON, null when none is open."""
    open_resume: str | None = _optional_text()


class LocalChangeRow(SQLModel, table=True):
    """The base of one locally edited field: the value both sides last agreed on. Written by triggers."""

    __tablename__ = "local_change"
    entity: str = _text(primary_key=True)
    row_id: int = _integer(primary_key=True)
    field: str = _text(primary_key=True)
    """A mirror column's name."""
    base: str | None = _optional_text()
    """As text, whatever the column's type; null is null."""


class LocalDeletionRow(SQLModel, table=True):
    """A mirror row that somebody deleted, whole. May hold a person's sealed data until the deletion is settled."""

    __tablename__ = "local_deletion"
    id: int | None = _row_id()
    entity: str = _text()
    row_id: int = _integer()
    national_id: str | None = _optional_text()
    old_row: str = _text()
    """JSON object of all columns; hashes as hexadecimal text."""


class OperationRow(SQLModel, table=True):
    """One outgoing write, committed before it is sent (invariant I3)."""

    __tablename__ = "operation"
    __table_args__ = (
        Index("operation_reference", "reference", unique=True),
        Index("operation_row", "entity", "row_id"),
        Index("operation_state", "state"),
    )
    id: int | None = _row_id()
    reference: str = _text()
    entity: str = _text()
    row_id: int = _integer()
    national_id: str | None = _optional_text()
    verb: str = _text()
    fields: str = _text()
    """JSON object of what is set, by content field; sealed fields sealed."""
    before: str = _text(default="{}")
    """What an update replaces, in the same form: if it stands there again, the update was undone."""
    record: str = _text()
    """JSON array of the whole record as it will be; sealed fields sealed."""
    state: str = _text()
    """planned, in_flight, done, unknown, pending, refused, failed."""
    attempts: int = _integer(default=0)
    run_id: int = _integer()
    sent_at: int | None = _optional_integer()
    ticket: str | None = _optional_text()
    outcome: str | None = _optional_text()
    """The national side's words or our reason, for a person to read."""


class QuarantineRow(SQLModel, table=True):
    """A record from the national side that could not be understood. `payload` is sealed: it may hold anything."""

    __tablename__ = "quarantine"
    __table_args__ = (Index("quarantine_identity", "entity", "identity", unique=True),)
    id: int | None = _row_id()
    entity: str = _text()
    identity: str = _text()
    """The national id, or a keyed hash of the payload where it has none."""
    national_id: str | None = _optional_text()
    reason: str = _text()
    field: str = _text(default="")
    detail: str = _text(default="")
    payload: bytes | None = _bytes()
    payload_hash: bytes | None = _bytes()
    state: str = _text(default="open")
    """open, replay (asked for again in the next run), solved, dropped."""
    first_run_id: int = _integer()
    last_run_id: int = _integer()
    times: int = _integer(default=1)


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
        Index("mismatch_state", "state"),
    )
    id: int | None = _row_id()
    kind: str = _text()
    entity: str = _text()
    subject: str = _text()
    """What it is about: the national id, or `row:<id>` for a row without one."""
    row_id: int | None = _optional_integer()
    national_id: str | None = _optional_text()
    field: str = _text(default="")
    base: str | None = _optional_text()
    ours: str | None = _optional_text()
    theirs: str | None = _optional_text()
    detail: str = _text(default="{}")
    """JSON object of facts, without personal data."""
    state: str = _text(default="open")
    """open, closed."""
    resolution: str | None = _optional_text()
    """How it was closed: local, national, cause_gone, restored, …"""
    decision: str | None = _optional_text()
    """A person's choice that the next run carries out: local or national."""
    first_run_id: int | None = _optional_integer()
    last_run_id: int | None = _optional_integer()
    closed_run_id: int | None = _optional_integer()
    times: int = _integer(default=1)


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
    id: int | None = _row_id()
    run_id: int = _integer()
    entity: str = _text()
    action: str = _text()
    """create, update, withdraw (into the mirror) or send_create, send_update, send_delete (to the national side)."""
    reason: str = _text()
    """too_many_withdrawals, too_many_updates, total_dropped, mapping_changed, …"""
    records: int = _integer()
    plan_hash: str = _text()
    state: str = _text(default="open")
    """open, approved, rejected, executed, superseded."""
    begun_run_id: int | None = _optional_integer()
    """The run that began to carry out the approved plan; if it was killed, the next one carries out what is left."""


class AbsenceRow(SQLModel, table=True):
    """A mirror row that complete listings did not show (invariant I5)."""

    __tablename__ = "absence"
    entity: str = _text(primary_key=True)
    row_id: int = _integer(primary_key=True)
    listings_missed: int = _integer(default=1)
    last_listing: int = _integer()


class BucketDigestRow(SQLModel, table=True):
    """Count and version sum of the mirror's rows per bucket of national ids; kept up by every apply."""

    __tablename__ = "bucket_digest"
    entity: str = _text(primary_key=True)
    bucket: str = _text(primary_key=True)
    records: int = _integer(default=0)
    version_sum: int = _integer(default=0)
    effective_seconds: int = _integer(default=0)
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
        Column("national_id", Text, primary_key=True),
        *columns,
        *hashes,
        Column("updated_at_ms", BigInteger, nullable=False),
        Column("is_deleted", Boolean, nullable=False),
        Column("national_hash", LargeBinary, nullable=False),
        Column("mirror_hash", LargeBinary, nullable=True),
        Column("row_id", BigInteger, nullable=True),
        sqlite_with_rowid=False,
    )


OBSERVED: Final[dict[Entity, Table]] = {entity: _observed_table(entity) for entity in Entity}
"""What the national side said in this run, staged page by page. `mirror_hash` and `row_id` are what the mirror held
when the page was stored: the precondition of every action planned on it. A record that is as the mirror has it leaves
its content null, and leaves no row at all unless the pull is a whole listing."""


@cache
def integer_columns(entity: Entity) -> frozenset[str]:
    """The mirror columns that hold whole numbers."""
    table = MIRROR[entity]
    return frozenset(name for name in mirror_columns(entity) if isinstance(table.c[name].type, BigInteger))


def synced_columns(entity: Entity) -> tuple[str, ...]:
    """The mirror columns in which an edit counts as a local change."""
    return mirror_columns(entity)


__all__ = ["MIRROR", "OBSERVED", "metadata", "synced_columns"]
