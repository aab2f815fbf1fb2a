"""What a field of the national side says in the core's terms, told a second time and independently of the adapter.

The comparison of the two sides must not lean on the code it judges, so this table is its own. Source: section 2 of
`docs/national-api`. It is as lenient as a comparison may be and no stricter: it checks nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from typing import Any, Final

from national_sync.records import Value

Read = Callable[[str], Value]

ENTITIES: Final = ("team", "volunteer", "membership", "project", "hour_record", "training_record")

_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK: Final = "10X98765432"
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()


def check_digit(first_seventeen: str) -> str:
    """The last character of an ID number (GB 11643)."""
    return _ID_CHECK[sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, first_seventeen, strict=True)) % 11]


def id_number(text: str) -> str:
    """An ID number in its present form of 18 characters; any other document trimmed and in capitals."""
    plain = unicodedata.normalize("NFKC", text).strip().upper()
    if len(plain) == 15 and plain.isdecimal():
        body = f"{plain[:6]}19{plain[6:]}"
        return body + check_digit(body)
    return plain


def _text(text: str) -> Value:
    return text


def _number(text: str) -> Value:
    return int(text)


def _hours(text: str) -> Value:
    whole, _, fraction = text.partition(".")
    return (int(whole) * 100 + int((fraction + "00")[:2])) * 36


@cache
def _day_start(day: str) -> int:
    return (date.fromisoformat(day).toordinal() - _EPOCH_DAY) * 86_400 - 8 * 3600


@cache
def _moment(text: str) -> Value:
    hours, minutes, seconds = text[11:19].split(":")
    return _day_start(text[:10]) + int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def _codes(text: str) -> Value:
    return ",".join(sorted({code.strip() for code in text.split(",")} - {""}))


def _document_type(text: str) -> Value:
    code = text.zfill(2)
    return "99" if code == "08" else code


def _words(words: str) -> Read:
    """`1=one 2=two`: codes and the words for them."""
    table = dict(pair.split("=") for pair in words.split())
    return table.__getitem__


_PROJECT_STATES: Final = (
    "0=waiting 1=waiting 2=waiting 3=recruiting 4=running 5=ended 6=closed_by_hand 7=closed_by_system 8=paused 9=void"
    " 11=disabled 12=back_fill"
)
_TEAM_STATES: Final = "1=approved 2=pending 0=rejected 3=disabled 4=deleted 5=locked"
_SCOPES: Final = "1=public 2=named_teams 3=password 4=closed 5=back_fill"
_METHODS: Final = "0=forced_sign_out 1=team 2=application 3=face 4=check_in"
_HOUR_STATES: Final = "0=applying 1=not_signed_out 2=effective 3=deleted 4=rejected 5=failed"

FIELDS: Final[Mapping[str, Mapping[str, tuple[str, Read]]]] = {
    "team": {
        "name": ("albe0002", _text),
        "team_type": ("albe0003", _words("1=group 2=organisation 3=other")),
        "body_type": ("albe0005", _text),
        "area_id": ("albe0012", _text),
        "categories": ("albe0017", _codes),
        "contact_name": ("albe0018", _text),
        "contact_phone": ("albe0019", _text),
        "leader_name": ("albe0022", _text),
        "leader_number": ("albe0024", _text),
        "contact_organisation": ("albe0038", _text),
        "state": ("albe0026", _words(_TEAM_STATES)),
        "join_rule": ("albe0028", _words("1=review 2=anyone 3=nobody 4=password")),
        "member_count": ("albe0056", _number),
        "total_seconds": ("albe0069", _hours),
    },
    "volunteer": {
        "number": ("albp0029", _text),
        "name": ("albp0003", _text),
        "id_type": ("albp0004", _document_type),
        "id_number": ("albp0005", id_number),
        "sex": ("albp0006", _words("1=male 2=female")),
        "birth_date": ("albp0014", _text),
        "phone": ("albp0010", _text),
        "politics": ("albp0007", _text),
        "ethnicity": ("albp0008", _text),
        "nationality": ("albp0002", _text),
        "education": ("albp0017", _text),
        "occupation": ("albp0018", _text),
        "service_area_id": ("albp0020", _text),
        "service_area_name": ("albp0025", _text),
        "living_area_id": ("albp0028", _text),
        "living_area_name": ("albp0047", _text),
        "categories": ("albp0021", _codes),
        "service_fields": ("albp0022", _codes),
        "skills": ("albp0039", _codes),
        "star": ("albp0026", _number),
        "registered_at": ("albp0034", _moment),
        "real_name_state": ("albp0063", _words("1=passed 0=failed 2=in_review")),
        "total_seconds": ("albp0089", _hours),
        "account_state": ("albp0090", _words("1=enabled 0=disabled")),
        "migration_state": ("albp0023", _words("1=normal 0=migrated")),
        "is_valid": ("albp0058", _number),
    },
    "membership": {
        "volunteer_id": ("albe0133", _text),
        "team_id": ("teamId", _text),
        "state": ("albe0134", _words("1=member 2=applied 3=refused")),
        "joined_at": ("albe0136", _moment),
    },
    "project": {
        "name": ("albx0002", _text),
        "number": ("albx0013", _text),
        "team_id": ("teamId", _text),
        "started_at": ("albx0004", _moment),
        "ended_at": ("albx0005", _moment),
        "recruit_from": ("albx0006", _moment),
        "recruit_until": ("albx0007", _moment),
        "categories": ("albx0009", _codes),
        "people_served": ("albx0014", _text),
        "area_id": ("albx0021", _text),
        "address": ("albx0003", _text),
        "recruit_scope": ("albx0024", _words(_SCOPES)),
        "state": ("albx0015", _words(_PROJECT_STATES)),
        "proof": ("albx0047", _text),
    },
    "hour_record": {
        "volunteer_id": ("albx0175", _text),
        "project_id": ("albx0176", _text),
        "team_id": ("albx0177", _text),
        "started_at": ("albx0181", _moment),
        "ended_at": ("albx0182", _moment),
        "service_seconds": ("albx0172", _hours),
        "method": ("albx0173", _words(_METHODS)),
        "state": ("albx0174", _words(_HOUR_STATES)),
        "kind": ("albx0187", _words("1=credit 2=honour")),
        "entered_at": ("albx0178", _moment),
        "applied_at": ("albx0180", _moment),
        "remark": ("remark", _text),
    },
    "training_record": {
        "volunteer_id": ("volunteerNumber", _text),
        "topic": ("albx0282", _text),
        "content": ("content", _text),
        "organiser": ("organiser", _text),
        "training_date": ("albx0284", _text),
        "place": ("place", _text),
        "training_seconds": ("albx0288", _hours),
        "kind": ("albx0291", _words("1=general 2=post 3=professional")),
        "mode": ("albx0292", _words("1=remote 2=face_to_face")),
    },
}
"""By entity and mirror column: the national field, and how its text is read. A column that names another record reads
as what the national side names that record by."""

NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "volunteer_id": ("volunteer", "number"),
    "team_id": ("team", "national_id"),
    "project_id": ("project", "national_id"),
}
"""Columns that hold the row id of another record: of which table, and what the national side names it by."""

SEALED: Final = frozenset({"contact_phone", "id_number", "phone"})

NATURAL_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "team": ("name", "area_id"),
    "volunteer": ("id_number",),
    "membership": ("volunteer_id", "team_id"),
    "project": ("name", "team_id", "started_at"),
    "hour_record": ("volunteer_id", "project_id", "started_at"),
    "training_record": ("volunteer_id", "topic", "training_date"),
}
"""What makes two records the same thing to a person, by mirror columns."""

_GONE: Final = {"team": ("albe0026", "4"), "hour_record": ("albx0174", "3")}
"""States that mean deletion."""


def national_value(entity: str, column: str, record: Mapping[str, Any]) -> Value:
    """What the national record says in this column; None where it says nothing."""
    wire, read = FIELDS[entity][column]
    text = record[wire].strip()
    return read(text) if text else None


def is_alive(entity: str, record: Mapping[str, Any]) -> bool:
    field, gone = _GONE.get(entity, ("", "-"))
    return str(record["isdelete"]) != "1" and record.get(field) != gone
