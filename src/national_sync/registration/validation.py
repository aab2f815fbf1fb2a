"""Whether a registration can be taken as it was written, and in which form it is kept: clauses R1 and S1. Pure.

What people write comes in many forms: full-width digits, lower-case `x`, 15 digits, dates in five shapes, codes or their
words. All of it ends in one. Every fault of a form is found at once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from national_sync.code_lists import LISTS, MAINLAND, code_of
from national_sync.divisions import COUNTIES
from national_sync.i18n import N_, Phrase
from national_sync.identity import DIGITS, check_digit, mainland_number, normalised_number

FIELDS: Final = (
    "name",
    "id_type",
    "id_number",
    "sex",
    "birth_date",
    "phone",
    "politics",
    "ethnicity",
    "nationality",
    "education",
    "occupation",
    "service_area_id",
    "service_area_name",
    "living_area_id",
    "living_area_name",
    "categories",
    "skills",
    "recruiting_kind",
    "recruiting_body",
    "record_office",
    "unit_name",
    "unit_level",
    "guardian_name",
    "guardian_phone",
    "guardian_consented_on",
    "fitness_stated_on",
)
"""What a form may hold, as columns of the table `registration`."""
REQUIRED: Final = ("name", "id_number", "phone", "service_area_id", "recruiting_kind", "recruiting_body")
DEFAULTS: Final[Mapping[str, str]] = {
    "id_type": MAINLAND,
    "nationality": "156",
    "record_office": "guidance_centre",
    "unit_level": "county",
}
_LONGEST: Final[Mapping[str, int]] = {"name": 100, "guardian_name": 100}
_LONGEST_TEXT: Final = 200
_MOST_CATEGORIES: Final = 4
_EARLIEST: Final = "1900-01-01"
_DATE: Final = re.compile(r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?(?: 00:00)?|(\d{4})(\d{2})(\d{2})")
_MOBILE: Final = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")
_SEPARATORS: Final = re.compile(r"[,，、;；\s]+")
_NAME: Final = re.compile(r"[^\W\d_]+(?:[ ·'.-]{1,2}[^\W\d_]+)*\.?")
_DOTS: Final = str.maketrans("•‧・∙⋅", "·····")
_COUNTY_CODES: Final = {name: code for code, name in COUNTIES.items()}


class Unfit(ValueError):
    """A value that cannot be taken; the message is for people."""

    def __init__(self, words: str, /, **facts: object) -> None:
        super().__init__(words)
        self.reason = Phrase(words, **facts)


@dataclass(frozen=True)
class Fault:
    """What is wrong with one field."""

    field: str
    reason: Phrase


@dataclass(frozen=True)
class Checked:
    """A form in the shape in which it is kept; of no use while there are faults."""

    values: Mapping[str, str | None]
    """Every field of `FIELDS`."""
    faults: tuple[Fault, ...] = ()

    @property
    def county(self) -> str:
        return (self.values["service_area_id"] or "")[:6]


def check(written: Mapping[str, str | None], today: date) -> Checked:
    """Check a form; what it has beside `FIELDS` is a fault too."""
    unknown = () if _KNOWN.issuperset(written) else sorted(written.keys() - _KNOWN)
    faults = [Fault(name, Phrase(N_("there is no such field"))) for name in unknown]
    values = _EMPTY.copy()
    for name, given in written.items():
        if given and name in _KNOWN:
            value, reason = (_taken if name in _OWN else _taken_often)(name, given)
            if reason is not None:
                faults.append(Fault(name, reason))
                values[name] = None
            elif value is not None:
                values[name] = value
    faulty = {fault.field for fault in faults}
    faults += [
        Fault(name, Phrase(N_("is missing"))) for name in REQUIRED if values[name] is None and name not in faulty
    ]
    faults += _check_identity(values, faulty, today)
    _complete(values)
    return Checked(values, tuple(faults))


_KNOWN: Final = frozenset(FIELDS)
_EMPTY: Final[dict[str, str | None]] = {name: DEFAULTS.get(name) for name in FIELDS}


_OWN: Final = frozenset({"name", "id_number", "phone", "living_area_name"})
"""What is another for each person; of the rest the same values come again and again."""


def _taken(name: str, given: str) -> tuple[str | None, Phrase | None]:
    """What is kept of what was written, nothing for blanks; and what is wrong with it."""
    text = _tidy(given)
    return _read(name, text) if text else (None, None)


@lru_cache(maxsize=8_192)
def _taken_often(name: str, given: str) -> tuple[str | None, Phrase | None]:
    return _taken(name, given)


def _tidy(text: str) -> str:
    """One line in half width, without what cannot be seen."""
    if text.isalnum() and unicodedata.is_normalized("NFKC", text):
        return text
    normal = unicodedata.normalize("NFKC", text)
    visible = "".join(character for character in normal if unicodedata.category(character) != "Cf")
    return " ".join(visible.split())


def _read(name: str, text: str) -> tuple[str | None, Phrase | None]:
    try:
        return _READERS.get(name, _plain)(name, text), None
    except Unfit as unfit:
        return None, unfit.reason


def fault_in(name: str, written: str) -> Phrase | None:
    """What is wrong with one answer by itself; an empty one is not wrong yet."""
    value, reason = _taken(name, written)
    looks_mainland = name == "id_number" and value is not None and len(value) == 18 and DIGITS.issuperset(value[:17])
    return _what_is_wrong_with(value) if looks_mainland and value and mainland_number(value) is None else reason


# One reader for each kind of field


def _plain(name: str, text: str) -> str:
    if len(text) > _LONGEST.get(name, _LONGEST_TEXT):
        raise Unfit(N_("is longer than {most} characters"), most=_LONGEST.get(name, _LONGEST_TEXT))
    if not text.isprintable():
        raise Unfit(N_("holds characters that cannot be printed"))
    if text[0] in "=+-@":
        raise Unfit(N_("begins like a formula"))
    return text


def _person(name: str, text: str) -> str:
    written = _plain(name, text).translate(_DOTS)
    if not _NAME.fullmatch(written):
        raise Unfit(N_("is no name: letters only, parts joined by a dot or a space"))
    return written


def _phone(_name: str, text: str) -> str:
    found = _MOBILE.fullmatch(text.replace(" ", "").replace("-", ""))
    if found is None:
        raise Unfit(N_("is no mobile number of 11 digits"))
    return found[1]


@lru_cache(maxsize=4_096)
def _coded(name: str, text: str) -> str:
    code = code_of(name, text)
    if code is None:
        raise Unfit(N_("is not in the list: {known}"), known=", ".join(f"{k} {v}" for k, v in LISTS[name].items()))
    return code


@lru_cache(maxsize=4_096)
def _several(name: str, text: str) -> str:
    codes = dict.fromkeys(_coded(name, one) for one in _SEPARATORS.split(text) if one)
    if name == "categories" and len(codes) > _MOST_CATEGORIES:
        raise Unfit(N_("names more than {most}"), most=_MOST_CATEGORIES)
    return ",".join(codes)


@lru_cache(maxsize=8_192)
def _day(_name: str, text: str) -> str:
    return read_date(text).isoformat()


def read_date(text: str) -> date:
    """`2026-03-05`, `2026/3/5`, `2026.3.5`, `20260305` or `2026年3月5日`. Raises Unfit."""
    found = _DATE.fullmatch(text)
    try:
        year, month, day = (int(part) for part in (found.groups() if found else ()) if part)
        return date(year, month, day)
    except ValueError:
        raise Unfit(N_("is no date such as 2026-03-05")) from None


@lru_cache(maxsize=4_096)
def _service_area(name: str, text: str) -> str:
    area = _area(name, text)
    if area[:6] not in COUNTIES:
        raise Unfit(N_("lies in no county of Puer: give its code or its name, at least to the county"))
    return area


@lru_cache(maxsize=4_096)
def _area(_name: str, text: str) -> str:
    """18 digits from a code of 6, 9, 12 or 18, or from the name of a county."""
    code = _COUNTY_CODES.get(text, text)
    if not DIGITS.issuperset(code) or len(code) not in (6, 9, 12, 18):
        raise Unfit(N_("is no division code of 6, 9, 12 or 18 digits, and no county of Puer by its full name"))
    return code.ljust(18, "0")


def _country(_name: str, text: str) -> str:
    if text in ("中国", "中华人民共和国"):
        return "156"
    if not DIGITS.issuperset(text) or len(text) != 3:
        raise Unfit(N_("is no country code of 3 digits"))
    return text


def _document(_name: str, text: str) -> str:
    number = normalised_number(text).replace(" ", "")
    if not number.isascii() or not number.isprintable() or len(number) > 40:
        raise Unfit(N_("is no number of a document"))
    return number


_READERS: Final[Mapping[str, Callable[[str, str], str]]] = {
    "name": _person,
    "guardian_name": _person,
    "phone": _phone,
    "guardian_phone": _phone,
    "id_number": _document,
    "birth_date": _day,
    "guardian_consented_on": _day,
    "fitness_stated_on": _day,
    "service_area_id": _service_area,
    "living_area_id": _area,
    "nationality": _country,
    "categories": _several,
    "skills": _several,
    **dict.fromkeys(
        (
            "id_type",
            "sex",
            "politics",
            "ethnicity",
            "education",
            "occupation",
            "recruiting_kind",
            "record_office",
            "unit_level",
        ),
        _coded,
    ),
}


# What several fields say together


def _check_identity(values: dict[str, str | None], faulty: Iterable[str], today: date) -> list[Fault]:
    """The mainland ID number says birth and sex by itself; for any other document they have to be given."""
    number, faults = values["id_number"], []
    if number is not None and values["id_type"] == MAINLAND:
        whole = mainland_number(number)
        if whole is None:
            return [Fault("id_number", _what_is_wrong_with(number))]
        values["id_number"] = whole
        born = f"{whole[6:10]}-{whole[10:12]}-{whole[12:14]}"
        faults += _same(values, "birth_date", born) + _same(values, "sex", "male" if int(whole[16]) % 2 else "female")
    else:
        faults += [
            Fault(name, Phrase(N_("is missing")))
            for name in ("birth_date", "sex")
            if values[name] is None and name not in faulty
        ]
    born_on = values["birth_date"]
    if born_on is not None and not _EARLIEST <= born_on <= today.isoformat():
        faults.append(Fault("birth_date", Phrase(N_("lies in the future, or before 1900"))))
    return faults


def _same(values: dict[str, str | None], name: str, by_number: str) -> list[Fault]:
    written, values[name] = values[name], by_number
    return [] if written in (None, by_number) else [Fault(name, Phrase(N_("is another one than the ID number says")))]


def _what_is_wrong_with(number: str) -> Phrase:
    if len(number) == 18 and DIGITS.issuperset(number[:17]):
        if check_digit(number[:17]) != number[17]:
            return Phrase(N_("its last digit does not fit the others: one of them is wrong"))
        return Phrase(N_("the birth date in it is none"))
    if len(number) == 15 and DIGITS.issuperset(number):
        return Phrase(N_("the birth date in it is none"))
    return Phrase(N_("has {length} characters; an ID number has 18, an old one 15"), length=len(number))


def _complete(values: dict[str, str | None]) -> None:
    """What follows from the rest."""
    area = values["service_area_id"]
    if area and not values["service_area_name"]:
        values["service_area_name"] = COUNTIES[area[:6]]
    if values["recruiting_kind"] == "own_unit" and not values["unit_name"]:
        values["unit_name"] = values["recruiting_body"]
