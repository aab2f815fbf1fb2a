"""The core's own records: what both sides speak about, in English names and exact units.

Units: times are integers of UTC epoch seconds (`*_at`), update stamps integers of UTC epoch
milliseconds, service time integers of seconds, dates ISO text `YYYY-MM-DD` of the Puer calendar,
codes the values of the enums below. Fields: clauses S1-S3 of the Measures and section 2 of
`docs/national-api`. The last three fields of every record are its identity and version on the
national side, the rest is content; field order is storage order.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NewType, TypeAlias

import msgspec

NationalId = NewType("NationalId", str)
Value: TypeAlias = str | int | None


class Entity(StrEnum):
    """What is mirrored, in the order in which creations are sent (removals go the other way round)."""

    TEAM = "team"
    VOLUNTEER = "volunteer"
    MEMBERSHIP = "membership"
    PROJECT = "project"
    HOUR_RECORD = "hour_record"
    TRAINING_RECORD = "training_record"


class TeamType(StrEnum):
    GROUP = "group"
    ORGANISATION = "organisation"
    OTHER = "other"


class TeamState(StrEnum):
    APPROVED = "approved"
    PENDING = "pending"
    REJECTED = "rejected"
    DISABLED = "disabled"
    DELETED = "deleted"
    LOCKED = "locked"


class JoinRule(StrEnum):
    REVIEW = "review"
    ANYONE = "anyone"
    NOBODY = "nobody"
    PASSWORD = "password"


class Sex(StrEnum):
    MALE = "male"
    FEMALE = "female"


class RealNameState(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    IN_REVIEW = "in_review"


class AccountState(StrEnum):
    ENABLED = "enabled"
    DISABLED = "disabled"


class MigrationState(StrEnum):
    NORMAL = "normal"
    MIGRATED = "migrated"


class MembershipState(StrEnum):
    MEMBER = "member"
    APPLIED = "applied"
    REFUSED = "refused"


class ProjectState(StrEnum):
    WAITING = "waiting"
    RECRUITING = "recruiting"
    RUNNING = "running"
    ENDED = "ended"
    CLOSED_BY_HAND = "closed_by_hand"
    CLOSED_BY_SYSTEM = "closed_by_system"
    PAUSED = "paused"
    VOID = "void"
    DISABLED = "disabled"
    BACK_FILL = "back_fill"


class RecruitScope(StrEnum):
    PUBLIC = "public"
    NAMED_TEAMS = "named_teams"
    PASSWORD = "password"
    CLOSED = "closed"
    BACK_FILL = "back_fill"


class HourMethod(StrEnum):
    FORCED_SIGN_OUT = "forced_sign_out"
    TEAM = "team"
    APPLICATION = "application"
    FACE = "face"
    CHECK_IN = "check_in"


class HourState(StrEnum):
    APPLYING = "applying"
    NOT_SIGNED_OUT = "not_signed_out"
    EFFECTIVE = "effective"
    DELETED = "deleted"
    REJECTED = "rejected"
    FAILED = "failed"


class HourKind(StrEnum):
    CREDIT = "credit"
    HONOUR = "honour"


class TrainingKind(StrEnum):
    GENERAL = "general"
    POST = "post"
    PROFESSIONAL = "professional"


class TrainingMode(StrEnum):
    REMOTE = "remote"
    FACE_TO_FACE = "face_to_face"


class Team(msgspec.Struct, frozen=True, array_like=True, gc=False):
    name: str
    team_type: str
    body_type: str
    area_id: str
    categories: str
    contact_name: str | None
    contact_phone: str | None
    leader_name: str | None
    leader_number: str | None
    contact_organisation: str | None
    state: str
    join_rule: str
    member_count: int
    total_seconds: int
    national_id: str
    updated_at_ms: int
    is_deleted: bool = False


class Volunteer(msgspec.Struct, frozen=True, array_like=True, gc=False):
    number: str | None
    name: str
    id_type: str
    id_number: str
    sex: str
    birth_date: str
    phone: str | None
    politics: str | None
    ethnicity: str | None
    nationality: str | None
    education: str | None
    occupation: str | None
    service_area_id: str
    service_area_name: str | None
    living_area_id: str | None
    living_area_name: str | None
    categories: str | None
    service_fields: str | None
    skills: str | None
    star: int | None
    registered_at: int | None
    real_name_state: str
    total_seconds: int
    account_state: str
    migration_state: str
    is_valid: int
    national_id: str
    updated_at_ms: int
    is_deleted: bool = False


class Membership(msgspec.Struct, frozen=True, array_like=True, gc=False):
    volunteer_number: str
    team_national_id: str
    state: str
    joined_at: int | None
    national_id: str
    updated_at_ms: int
    is_deleted: bool = False


class Project(msgspec.Struct, frozen=True, array_like=True, gc=False):
    name: str
    number: str | None
    team_national_id: str
    started_at: int
    ended_at: int
    recruit_from: int | None
    recruit_until: int | None
    categories: str
    people_served: str | None
    area_id: str
    address: str | None
    recruit_scope: str
    state: str
    proof: str | None
    national_id: str
    updated_at_ms: int
    is_deleted: bool = False


class HourRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    volunteer_number: str
    project_national_id: str
    team_national_id: str
    started_at: int
    ended_at: int | None
    """None while the volunteer has not signed out; then no time is recorded yet either."""
    service_seconds: int
    method: str
    state: str
    kind: str
    entered_at: int | None
    applied_at: int | None
    remark: str | None
    national_id: str
    updated_at_ms: int
    is_deleted: bool = False


class TrainingRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    volunteer_number: str
    topic: str
    content: str | None
    organiser: str | None
    training_date: str
    place: str | None
    training_seconds: int
    kind: str
    mode: str
    national_id: str
    updated_at_ms: int
    is_deleted: bool = False


Record: TypeAlias = Team | Volunteer | Membership | Project | HourRecord | TrainingRecord

RECORD_TYPES: Final[dict[Entity, type[Record]]] = {
    Entity.TEAM: Team,
    Entity.VOLUNTEER: Volunteer,
    Entity.MEMBERSHIP: Membership,
    Entity.PROJECT: Project,
    Entity.HOUR_RECORD: HourRecord,
    Entity.TRAINING_RECORD: TrainingRecord,
}

IDENTITY_FIELDS: Final = ("national_id", "updated_at_ms", "is_deleted")


def content_fields(entity: Entity) -> tuple[str, ...]:
    """The names of a record's content, in storage order, without its identity and version."""
    return RECORD_TYPES[entity].__struct_fields__[: -len(IDENTITY_FIELDS)]


class Reference(msgspec.Struct, frozen=True):
    """A field that names another record: the mirror keeps the local row id in `column`."""

    field: str
    column: str
    target: Entity
    target_field: str


_VOLUNTEER = Reference("volunteer_number", "volunteer_id", Entity.VOLUNTEER, "number")
_TEAM = Reference("team_national_id", "team_id", Entity.TEAM, "national_id")
_PROJECT = Reference("project_national_id", "project_id", Entity.PROJECT, "national_id")

REFERENCES: Final[dict[Entity, tuple[Reference, ...]]] = {
    Entity.TEAM: (),
    Entity.VOLUNTEER: (),
    Entity.MEMBERSHIP: (_VOLUNTEER, _TEAM),
    Entity.PROJECT: (_TEAM,),
    Entity.HOUR_RECORD: (_VOLUNTEER, _PROJECT, _TEAM),
    Entity.TRAINING_RECORD: (_VOLUNTEER,),
}

SEALED_FIELDS: Final[dict[Entity, tuple[str, ...]]] = {
    Entity.TEAM: ("contact_phone",),
    Entity.VOLUNTEER: ("id_number", "phone"),
    Entity.MEMBERSHIP: (),
    Entity.PROJECT: (),
    Entity.HOUR_RECORD: (),
    Entity.TRAINING_RECORD: (),
}

NATURAL_KEYS: Final[dict[Entity, tuple[str, ...]]] = {
    Entity.TEAM: ("name", "area_id"),
    Entity.VOLUNTEER: ("id_number",),
    Entity.MEMBERSHIP: ("volunteer_number", "team_national_id"),
    Entity.PROJECT: ("name", "team_national_id", "started_at"),
    Entity.HOUR_RECORD: ("volunteer_number", "project_national_id", "started_at"),
    Entity.TRAINING_RECORD: ("volunteer_number", "topic", "training_date"),
}
"""By what a record is looked up when its national id is not known (a lost answer, an adoption)."""


def mirror_columns(entity: Entity) -> tuple[str, ...]:
    """The mirror's synced columns, in the order of `content_fields`: references become local row ids."""
    by_field = {reference.field: reference.column for reference in REFERENCES[entity]}
    return tuple(by_field.get(name, name) for name in content_fields(entity))
