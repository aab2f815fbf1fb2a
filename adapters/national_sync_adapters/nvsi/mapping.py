"""The one table between the national system's field names and the core's records, in both directions.

Source: section 2 of `docs/national-api`. One line is one field: the core's name, the wire's name, the kind of value,
and whether a record must have it. Lines stand in the order of the core's records. Whoever adapts this program to a
successor of the national system changes this file and nothing above it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Final

from national_sync.i18n import N_
from national_sync.national.port import RejectReason
from national_sync.records import (
    AccountState,
    Entity,
    HourKind,
    HourMethod,
    HourState,
    JoinRule,
    MembershipState,
    MigrationState,
    ProjectState,
    RealNameState,
    RecruitScope,
    Sex,
    TeamState,
    TeamType,
    TrainingKind,
    TrainingMode,
    Value,
)
from national_sync_adapters.nvsi.kinds import (
    MOST_TOTAL_HUNDREDTHS,
    Choice,
    Code,
    Codes,
    Day,
    Hours,
    Kind,
    Moment,
    Number,
    Pattern,
    Phone,
    Text,
    Unreadable,
)

READERS_VERSION: Final = 2
"""Raised when a kind of value is read or written differently, for that changes the translation too."""
REMEMBERED_TEXTS: Final = 2048
"""A field: more than any code list, and than the days or areas of a page or two."""


@dataclass(frozen=True)
class Column:
    field: str
    wire: str
    kind: Kind
    is_required: bool = True

    def read(self, value: object) -> Value:
        """The core's value; None for an empty one that need not be there. Raises `Unreadable`."""
        if value is None or value == "" or (isinstance(value, str) and value.isspace()):
            if self.is_required:
                raise Unreadable(RejectReason.MISSING_FIELD, N_("is missing"))
            return None
        read = self.kind.read(value)
        return read if read != "" or self.is_required else None

    @cached_property
    def read_text(self) -> Callable[[str], Value]:
        """The same for texts; the meanings of those that come again and again are remembered."""
        if isinstance(self.kind, Choice | Code | Codes | Day | Hours | Number | Pattern):
            return lru_cache(REMEMBERED_TEXTS)(self.read)
        return self.read

    @property
    def blank(self) -> Value:
        """Stands in where a deleted record no longer shows the field."""
        return self.kind.blank if self.is_required else None


def optional(field: str, wire: str, kind: Kind) -> Column:
    return Column(field, wire, kind, is_required=False)


RECORD_ID: Final = Pattern("[0-9a-fA-F]{32}", N_("is not an id of 32 hexadecimal characters"))
VOLUNTEER_NUMBER: Final = Pattern("[0-9A-Z]{1,32}", N_("is not a volunteer number"))
AREA: Final = Pattern("[0-9]{18}", N_("is not an area id of 18 digits"))
NATIONALITY: Final = Pattern("[0-9]{3}", N_("is not a country code of 3 digits"))
DOCUMENT_NUMBER: Final = Text(40)
"""Checked further by `reading` where the document is a mainland ID card."""
PHONE: Final = Phone()
TOTAL_HOURS: Final = Hours(MOST_TOTAL_HUNDREDTHS)


def _codes(*known: str, **replaced: str) -> Code:
    return Code(known, MappingProxyType({old.removeprefix("old_"): new for old, new in replaced.items()}))


def _numbered(first: int, last: int, *more: str) -> tuple[str, ...]:
    return (*(f"{number:02d}" for number in range(first, last + 1)), *more)


def _words(**words: str) -> Choice:
    return Choice(MappingProxyType({code.removeprefix("_"): str(word) for code, word in words.items()}))


MAINLAND_ID_CARD: Final = "01"
ID_TYPE: Final = _codes("01", "02", "03", "04", "05", "06", "07", "99", old_08="99")
POLITICS: Final = _codes(*_numbered(1, 13, "20"))
ETHNICITY: Final = _codes(*_numbered(1, 56, "97", "98"))
EDUCATION: Final = _codes(*["11", "14", "20", "30", "40", "50", "60", "70", "80", "90", "91", "98", "99", "00"])
OCCUPATION: Final = _codes(*["11", "13", "17", "21", "24", "27", "31", "37", "51", "54", "70", "80", "90"])
BODY_TYPE: Final = _codes(*_numbered(1, 18, "99"))

TEAM: Final = (
    Column("name", "albe0002", Text(200)),
    Column("team_type", "albe0003", _words(_1=TeamType.GROUP, _2=TeamType.ORGANISATION, _3=TeamType.OTHER)),
    Column("body_type", "albe0005", BODY_TYPE),
    Column("area_id", "albe0012", AREA),
    Column("categories", "albe0017", Codes()),
    optional("contact_name", "albe0018", Text(100)),
    optional("contact_phone", "albe0019", PHONE),
    optional("leader_name", "albe0022", Text(100)),
    optional("leader_number", "albe0024", VOLUNTEER_NUMBER),
    optional("contact_organisation", "albe0038", Text(200)),
    Column(
        "state",
        "albe0026",
        _words(
            _1=TeamState.APPROVED,
            _2=TeamState.PENDING,
            _0=TeamState.REJECTED,
            _3=TeamState.DISABLED,
            _4=TeamState.DELETED,
            _5=TeamState.LOCKED,
        ),
    ),
    Column(
        "join_rule",
        "albe0028",
        _words(_1=JoinRule.REVIEW, _2=JoinRule.ANYONE, _3=JoinRule.NOBODY, _4=JoinRule.PASSWORD),
    ),
    Column("member_count", "albe0056", Number()),
    Column("total_seconds", "albe0069", TOTAL_HOURS),
)

VOLUNTEER: Final = (
    optional("number", "albp0029", VOLUNTEER_NUMBER),
    Column("name", "albp0003", Text(100)),
    Column("id_type", "albp0004", ID_TYPE),
    Column("id_number", "albp0005", DOCUMENT_NUMBER),
    Column("sex", "albp0006", _words(_1=Sex.MALE, _2=Sex.FEMALE)),
    Column("birth_date", "albp0014", Day()),
    optional("phone", "albp0010", PHONE),
    optional("politics", "albp0007", POLITICS),
    optional("ethnicity", "albp0008", ETHNICITY),
    optional("nationality", "albp0002", NATIONALITY),
    optional("education", "albp0017", EDUCATION),
    optional("occupation", "albp0018", OCCUPATION),
    Column("service_area_id", "albp0020", AREA),
    optional("service_area_name", "albp0025", Text(200)),
    optional("living_area_id", "albp0028", AREA),
    optional("living_area_name", "albp0047", Text(200)),
    optional("categories", "albp0021", Codes()),
    optional("service_fields", "albp0022", Codes()),
    optional("skills", "albp0039", Codes()),
    optional("star", "albp0026", Number(5)),
    optional("registered_at", "albp0034", Moment()),
    Column(
        "real_name_state",
        "albp0063",
        _words(_1=RealNameState.PASSED, _0=RealNameState.FAILED, _2=RealNameState.IN_REVIEW),
    ),
    Column("total_seconds", "albp0089", TOTAL_HOURS),
    Column("account_state", "albp0090", _words(_1=AccountState.ENABLED, _0=AccountState.DISABLED)),
    Column("migration_state", "albp0023", _words(_1=MigrationState.NORMAL, _0=MigrationState.MIGRATED)),
    Column("is_valid", "albp0058", Number(1)),
)

MEMBERSHIP: Final = (
    Column("volunteer_number", "albe0133", VOLUNTEER_NUMBER),
    Column("team_national_id", "teamId", RECORD_ID),
    Column(
        "state",
        "albe0134",
        _words(_1=MembershipState.MEMBER, _2=MembershipState.APPLIED, _3=MembershipState.REFUSED),
    ),
    optional("joined_at", "albe0136", Moment()),
)

PROJECT: Final = (
    Column("name", "albx0002", Text(50)),
    optional("number", "albx0013", Text(64)),
    Column("team_national_id", "teamId", RECORD_ID),
    Column("started_at", "albx0004", Moment()),
    Column("ended_at", "albx0005", Moment()),
    optional("recruit_from", "albx0006", Moment()),
    optional("recruit_until", "albx0007", Moment()),
    Column("categories", "albx0009", Codes()),
    optional("people_served", "albx0014", Text(200)),
    Column("area_id", "albx0021", AREA),
    optional("address", "albx0003", Text(500)),
    Column(
        "recruit_scope",
        "albx0024",
        _words(
            _1=RecruitScope.PUBLIC,
            _2=RecruitScope.NAMED_TEAMS,
            _3=RecruitScope.PASSWORD,
            _4=RecruitScope.CLOSED,
            _5=RecruitScope.BACK_FILL,
        ),
    ),
    Column(
        "state",
        "albx0015",
        _words(
            _0=ProjectState.WAITING,
            _1=ProjectState.WAITING,
            _2=ProjectState.WAITING,
            _3=ProjectState.RECRUITING,
            _4=ProjectState.RUNNING,
            _5=ProjectState.ENDED,
            _6=ProjectState.CLOSED_BY_HAND,
            _7=ProjectState.CLOSED_BY_SYSTEM,
            _8=ProjectState.PAUSED,
            _9=ProjectState.VOID,
            _11=ProjectState.DISABLED,
            _12=ProjectState.BACK_FILL,
        ),
    ),
    optional("proof", "albx0047", Text(500)),
)

HOUR_RECORD: Final = (
    Column("volunteer_number", "albx0175", VOLUNTEER_NUMBER),
    Column("project_national_id", "albx0176", RECORD_ID),
    Column("team_national_id", "albx0177", RECORD_ID),
    Column("started_at", "albx0181", Moment()),
    Column("ended_at", "albx0182", Moment()),
    Column("service_seconds", "albx0172", Hours()),
    Column(
        "method",
        "albx0173",
        _words(
            _0=HourMethod.FORCED_SIGN_OUT,
            _1=HourMethod.TEAM,
            _2=HourMethod.APPLICATION,
            _3=HourMethod.FACE,
            _4=HourMethod.CHECK_IN,
        ),
    ),
    Column(
        "state",
        "albx0174",
        _words(
            _0=HourState.APPLYING,
            _1=HourState.NOT_SIGNED_OUT,
            _2=HourState.EFFECTIVE,
            _3=HourState.DELETED,
            _4=HourState.REJECTED,
            _5=HourState.FAILED,
        ),
    ),
    Column("kind", "albx0187", _words(_1=HourKind.CREDIT, _2=HourKind.HONOUR)),
    optional("entered_at", "albx0178", Moment()),
    optional("applied_at", "albx0180", Moment()),
    optional("remark", "remark", Text(500, may_have_lines=True)),
)

TRAINING_RECORD: Final = (
    Column("volunteer_number", "volunteerNumber", VOLUNTEER_NUMBER),
    Column("topic", "albx0282", Text(200)),
    optional("content", "content", Text(2000, may_have_lines=True)),
    optional("organiser", "organiser", Text(200)),
    Column("training_date", "albx0284", Day()),
    optional("place", "place", Text(200)),
    Column("training_seconds", "albx0288", Hours()),
    Column(
        "kind",
        "albx0291",
        _words(_1=TrainingKind.GENERAL, _2=TrainingKind.POST, _3=TrainingKind.PROFESSIONAL),
    ),
    Column("mode", "albx0292", _words(_1=TrainingMode.REMOTE, _2=TrainingMode.FACE_TO_FACE)),
)


ID: Final = "id"
IS_DELETED: Final = "isdelete"
UPDATED: Final = "updatetime"
VERSION: Final = "version"
IDENTITY: Final = (ID, IS_DELETED, UPDATED, "createtime", VERSION)
"""Wire fields that every record carries; `version` only where updates can be conditional."""


@dataclass(frozen=True)
class EntityMap:
    """How one entity travels. `segment` is its path; `ignored` are known wire fields that say nothing new."""

    segment: str
    columns: tuple[Column, ...]
    ignored: tuple[str, ...] = ()
    echoed: tuple[tuple[str, str], ...] = ()
    """Wire fields that are sent as copies of others: (field, copy)."""
    deleted_state: str | None = None
    """The value of `state` that means deletion."""
    open_state: str | None = None
    """The value of `state` in which something is still to come: `to_come` need not be there."""
    to_come: tuple[tuple[str, Value], ...] = ()
    """Such fields, with the value that stands for one that is missing."""
    in_order: tuple[tuple[str, str], ...] = ()
    """Pairs of moments of which the second may not lie before the first."""

    @cached_property
    def wire_names(self) -> frozenset[str]:
        """Every field that a wire record of this entity may have."""
        return frozenset(column.wire for column in self.columns).union(self.ignored, IDENTITY)


ENTITIES: Final[dict[Entity, EntityMap]] = {
    Entity.TEAM: EntityMap(
        "team",
        TEAM,
        ignored=("albe0041",),
        echoed=(("albe0038", "albe0041"),),
        deleted_state=TeamState.DELETED,
    ),
    Entity.VOLUNTEER: EntityMap("volunteer", VOLUNTEER),
    Entity.MEMBERSHIP: EntityMap("membership", MEMBERSHIP),
    Entity.PROJECT: EntityMap(
        "project", PROJECT, in_order=(("started_at", "ended_at"), ("recruit_from", "recruit_until"))
    ),
    Entity.HOUR_RECORD: EntityMap(
        "hour",
        HOUR_RECORD,
        deleted_state=HourState.DELETED,
        open_state=HourState.NOT_SIGNED_OUT,
        to_come=(("ended_at", None), ("service_seconds", 0)),
        in_order=(("started_at", "ended_at"),),
    ),
    Entity.TRAINING_RECORD: EntityMap("training", TRAINING_RECORD),
}


def column(entity: Entity, field: str) -> Column:
    """The line of a field of the core; KeyError when the entity has none of that name."""
    for each in ENTITIES[entity].columns:
        if each.field == field:
            return each
    raise KeyError(field)


def version() -> str:
    """Changes whenever this table does."""
    described = repr((READERS_VERSION, [(str(entity), table) for entity, table in ENTITIES.items()]))
    return hashlib.sha256(described.encode()).hexdigest()[:16]
