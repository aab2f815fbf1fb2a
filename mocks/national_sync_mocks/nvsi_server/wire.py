"""The records as they travel: national field names, every value text.

Records are frozen, so a copy of the tables that hold them is a copy of the whole state. Code lists and
the meaning of the fields: `docs/national-api/openapi.yaml`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec


class WireRecord(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    id: str
    isdelete: str | int = "0"
    createtime: str = ""
    updatetime: str = ""

    @property
    def is_deleted(self) -> bool:
        return str(self.isdelete) == "1"


class Team(WireRecord, frozen=True, gc=False, kw_only=True):
    albe0002: str
    albe0003: str
    albe0005: str
    albe0012: str
    albe0017: str = ""
    albe0018: str = ""
    albe0019: str = ""
    albe0022: str = ""
    albe0024: str = ""
    albe0026: str = "1"
    albe0028: str = "2"
    albe0038: str = ""
    albe0041: str = ""
    albe0056: str = "0"
    albe0069: str = "0.00"


class Volunteer(WireRecord, frozen=True, gc=False, kw_only=True):
    albp0002: str = "156  "
    albp0003: str
    albp0004: str
    albp0005: str
    albp0006: str
    albp0007: str = ""
    albp0008: str = ""
    albp0010: str = ""
    albp0014: str
    albp0017: str = ""
    albp0018: str = ""
    albp0020: str
    albp0021: str = ""
    albp0022: str = ""
    albp0023: str = "1"
    albp0025: str = ""
    albp0026: str = ""
    albp0028: str = ""
    albp0029: str = ""
    albp0034: str = ""
    albp0039: str = ""
    albp0047: str = ""
    albp0058: str = "1"
    albp0063: str = "1"
    albp0089: str = "0.00"
    albp0090: str = "1"


class Membership(WireRecord, frozen=True, gc=False, kw_only=True):
    albe0133: str
    teamId: str
    albe0134: str = "1"
    albe0136: str = ""


class Project(WireRecord, frozen=True, gc=False, kw_only=True):
    albx0002: str
    albx0003: str = ""
    albx0004: str
    albx0005: str
    albx0006: str = ""
    albx0007: str = ""
    albx0009: str = ""
    albx0013: str = ""
    albx0014: str = ""
    albx0015: str = "0"
    albx0021: str
    albx0024: str = "1"
    albx0047: str = ""
    teamId: str


class Hour(WireRecord, frozen=True, gc=False, kw_only=True):
    albx0172: str = ""
    albx0173: str = "1"
    albx0174: str = "2"
    albx0175: str
    albx0176: str
    albx0177: str
    albx0178: str = ""
    albx0180: str = ""
    albx0181: str
    albx0182: str
    albx0187: str = "1"
    remark: str = ""


class Training(WireRecord, frozen=True, gc=False, kw_only=True):
    volunteerNumber: str
    albx0282: str
    albx0284: str
    albx0288: str
    albx0291: str = "1"
    albx0292: str = "2"
    content: str = ""
    organiser: str = ""
    place: str = ""


@dataclass(frozen=True)
class EntityKind:
    """One kind of record: its path segment, its name in the feature lists, what identifies it to people."""

    segment: str
    name: str
    record: type[WireRecord]
    natural_key: Callable[[Any], str]
    date_field: str


KINDS: Final[dict[str, EntityKind]] = {
    kind.segment: kind
    for kind in (
        EntityKind("team", "team", Team, lambda r: f"{r.albe0002}|{r.albe0012}", "createtime"),
        EntityKind("volunteer", "volunteer", Volunteer, lambda r: str(r.albp0005), "albp0034"),
        EntityKind("membership", "membership", Membership, lambda r: f"{r.albe0133}|{r.teamId}", "albe0136"),
        EntityKind("project", "project", Project, lambda r: f"{r.albx0002}|{r.teamId}|{r.albx0004}", "albx0004"),
        EntityKind("hour", "hour_record", Hour, lambda r: f"{r.albx0175}|{r.albx0176}|{r.albx0181}", "albx0181"),
        EntityKind(
            "training",
            "training_record",
            Training,
            lambda r: f"{r.volunteerNumber}|{r.albx0282}|{r.albx0284}",
            "albx0284",
        ),
    )
}

NAMES: Final = {kind.name: kind for kind in KINDS.values()}

COMMON_FIELDS: Final = frozenset({"id", "isdelete", "createtime", "updatetime"})


def kind_named(name: str) -> EntityKind:
    """The kind by path segment or by feature name; KeyError otherwise."""
    return KINDS[name] if name in KINDS else NAMES[name]


def hundredths(text: str) -> int:
    """`12.34` -> 1234, for decimal strings with at most two decimals."""
    whole, _, fraction = text.partition(".")
    sign = -1 if whole.startswith("-") else 1
    return sign * (abs(int(whole or "0")) * 100 + int((fraction + "00")[:2]))


def decimal_text(value: int) -> str:
    """1234 -> `12.34`."""
    sign = "-" if value < 0 else ""
    return f"{sign}{abs(value) // 100}.{abs(value) % 100:02d}"
