"""Whether a local value can go out at all: other programs may write anything into a column. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from national_sync.records import Entity, HourState, Value
from national_sync.store.tables import integer_columns

UNREADABLE: Final = "\ufffd"
"""Stands for text that is no text: broken UTF-8, or a sealed value that does not open."""
_MANY_LINES: Final = frozenset({"remark", "content"})


class Fault(StrEnum):
    NOT_A_WHOLE_NUMBER = "not_a_whole_number"
    NOT_TEXT = "not_text"
    INVISIBLE_CHARACTERS = "invisible_characters"
    UNREADABLE = "unreadable"
    MISSING = "missing"


def fault_of(entity: Entity, column: str, value: Any) -> Fault | None:
    """What is wrong with one value of a mirror column; None when it can be sent."""
    if value is None:
        return None
    if column in integer_columns(entity):
        return None if isinstance(value, int) else Fault.NOT_A_WHOLE_NUMBER
    if not isinstance(value, str):
        return Fault.NOT_TEXT
    if UNREADABLE in value:
        return Fault.UNREADABLE
    visible = value.replace("\n", "").replace("\t", "").replace("\r", "") if column in _MANY_LINES else value
    return None if visible.isprintable() else Fault.INVISIBLE_CHARACTERS


def faults_of(entity: Entity, values: Mapping[str, Value]) -> dict[str, Fault]:
    """The faulty columns of a row."""
    found = {column: fault_of(entity, column, value) for column, value in values.items()}
    if entity is Entity.HOUR_RECORD and "ended_at" in values and values["ended_at"] is None and not is_open(values):
        found["ended_at"] = Fault.MISSING
    return {column: fault for column, fault in found.items() if fault is not None}


def is_open(values: Mapping[str, Value]) -> bool:
    """Whether hours are still being served: a sign-in without a sign-out is not sent before it has its end."""
    return values.get("state") == HourState.NOT_SIGNED_OUT
