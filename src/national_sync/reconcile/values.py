"""A value that a person types for a field of the mirror, checked as strictly as one that comes in from outside. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from national_sync.clock import PUER_TIME
from national_sync.code_lists import code_in
from national_sync.errors import ValueRefused
from national_sync.i18n import N_, Phrase
from national_sync.identity import mainland_number
from national_sync.policy import Owner
from national_sync.reconcile.coded import CODES, NATIONAL_LISTS
from national_sync.records import (
    REFERENCES,
    SEALED_FIELDS,
    Entity,
    Value,
    mirror_columns,
)
from national_sync.store.tables import MIRROR, integer_columns
from national_sync.sync.mirror import normalised_secret
from national_sync.sync.sendable import fault_of

_LONGEST: Final[Mapping[str, int]] = {
    "name": 100,
    "contact_name": 100,
    "leader_name": 100,
    "remark": 500,
    "content": 2000,
}
_LONGEST_USUALLY: Final = 200
_AREA: Final = re.compile("[0-9]{6}([0-9]{6}|[0-9]{12})?")
_PHONE: Final = re.compile(r"\+?[0-9][0-9-]{4,19}")
_LISTED_CODES: Final = re.compile("[0-9A-Za-z]+(,[0-9A-Za-z]+)*")
_NUMBERED: Final = frozenset({"categories", "service_fields", "skills"})


def checked(entity: Entity, column: str, typed: str, owners: Mapping[str, Owner]) -> Value:
    """The value to store, in plain. Raises `ValueRefused`; its words never hold the value."""
    _check_column(entity, column, owners)
    text = typed.strip()
    if not text:
        if MIRROR[entity].c[column].nullable:
            return None
        raise ValueRefused(field=column, reason=N_("it cannot be empty"))
    value = _converted(entity, column, text)
    fault = fault_of(entity, column, value)
    if fault is not None:
        raise ValueRefused(field=column, reason=N_("it holds what is no readable text"))
    return value


def _check_column(entity: Entity, column: str, owners: Mapping[str, Owner]) -> None:
    if column not in mirror_columns(entity):
        known = ", ".join(sorted(mirror_columns(entity)))
        raise ValueRefused(field=column, reason=Phrase(N_("there is no such field; there are: {known}"), known=known))
    if owners[column] is Owner.NATIONAL:
        raise ValueRefused(field=column, reason=N_("it belongs to the national side"))
    if column in {reference.column for reference in REFERENCES[entity]}:
        raise ValueRefused(field=column, reason=N_("it names another record"))


def _converted(entity: Entity, column: str, text: str) -> Value:
    if (entity, column) in CODES:
        return _one_of(column, text, [str(code) for code in CODES[entity, column]])
    if column.endswith("_at") or column in ("recruit_from", "recruit_until"):
        return _moment(column, text)
    if column in integer_columns(entity):
        return _number(column, text)
    if column.endswith("_date"):
        return _day(column, text)
    if column.endswith("area_id"):
        return _area(column, text)
    if column in SEALED_FIELDS[entity]:
        return _secret(column, normalised_secret(column, text))
    if column in NATIONAL_LISTS and column not in _NUMBERED:
        text = code_in(NATIONAL_LISTS[column], text) or text
    if column in _NUMBERED and not _LISTED_CODES.fullmatch(text):
        raise ValueRefused(field=column, reason=N_("codes with commas between them are wanted, such as 01,02"))
    longest = 50 if (entity, column) == (Entity.PROJECT, "name") else _LONGEST.get(column, _LONGEST_USUALLY)
    if len(text) > longest:
        raise ValueRefused(field=column, reason=Phrase(N_("at most {longest} characters"), longest=longest))
    return text


def _one_of(column: str, text: str, codes: list[str]) -> str:
    if text not in codes:
        raise ValueRefused(field=column, reason=Phrase(N_("one of: {codes}"), codes=", ".join(codes)))
    return text


def _number(column: str, text: str) -> int:
    if not re.fullmatch("[0-9]{1,12}", text):
        raise ValueRefused(field=column, reason=N_("a whole number is wanted"))
    return int(text)


def _moment(column: str, text: str) -> int:
    """Epoch seconds, from `2026-03-01 09:00` as the clocks in Puer show it."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueRefused(field=column, reason=N_("a moment is wanted, such as 2026-03-01 09:00")) from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=PUER_TIME)).timestamp())


def _day(column: str, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise ValueRefused(field=column, reason=N_("a day is wanted, such as 2026-03-01")) from error


def _area(column: str, text: str) -> str:
    if not _AREA.fullmatch(text):
        raise ValueRefused(field=column, reason=N_("a division's code is wanted: 6, 12 or 18 digits"))
    return text.ljust(18, "0")


def _secret(column: str, text: str) -> str:
    if column == "id_number":
        return _id_number(column, text)
    if not _PHONE.fullmatch(text):
        raise ValueRefused(field=column, reason=N_("a phone number is wanted"))
    return text


def _id_number(column: str, text: str) -> str:
    """The 18-character form; one of 15 digits gets the century and its check digit."""
    number = mainland_number(text)
    if number is None:
        raise ValueRefused(field=column, reason=N_("no such ID number can exist; look at it again"))
    return number
