"""What the codes that a mismatch is about stand for: of this program, of the national lists, of the counties. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from national_sync.code_lists import BODY_TYPES, LISTS
from national_sync.divisions import COUNTIES
from national_sync.i18n import N_, _
from national_sync.prose.codes import code_word
from national_sync.records import Entity, JoinRule, RecruitScope, Sex, TeamType, TrainingKind, TrainingMode

CODES: Final[Mapping[tuple[Entity, str], type[StrEnum]]] = {
    (Entity.TEAM, "team_type"): TeamType,
    (Entity.TEAM, "join_rule"): JoinRule,
    (Entity.VOLUNTEER, "sex"): Sex,
    (Entity.PROJECT, "recruit_scope"): RecruitScope,
    (Entity.TRAINING_RECORD, "kind"): TrainingKind,
    (Entity.TRAINING_RECORD, "mode"): TrainingMode,
}
"""Columns that hold a code of this program's own, as far as a person may set them."""
NATIONAL_LISTS: Final[Mapping[str, Mapping[str, str]]] = {
    "body_type": BODY_TYPES,
    "service_fields": LISTS["categories"],
    **{name: LISTS[name] for name in ("id_type", "politics", "ethnicity", "education", "occupation")},
    **{name: LISTS[name] for name in ("categories", "skills")},
}
"""By column: the words of the national lists, which have no others."""


def with_words(column: str, shown: str) -> str:
    """A value as shown, and in brackets what it stands for where it is a code."""
    words = _words(column, shown)
    return _(N_("{value} ({words})"), value=shown, words=words) if words and words != shown else shown


def _words(column: str, shown: str) -> str:
    if column.endswith("area_id"):
        return COUNTIES.get(shown[:6], "")
    if column in NATIONAL_LISTS:
        listed = NATIONAL_LISTS[column]
        codes = shown.split(",")
        return "、".join(listed.get(code, code) for code in codes) if any(code in listed for code in codes) else ""
    return code_word(column, shown)


def codes_to_set(entity: Entity, column: str) -> list[str]:
    """The codes that can be given for a field, each with its words; none for a field that takes any value."""
    if column in NATIONAL_LISTS:
        return [f"{code} {words}" for code, words in NATIONAL_LISTS[column].items()]
    if (entity, column) in CODES:
        return [with_words(column, code.value) for code in CODES[entity, column]]
    return []
