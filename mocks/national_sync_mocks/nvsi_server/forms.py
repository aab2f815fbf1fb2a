"""What one record must look like by itself: its fields, their formats and codes, who may set them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from national_sync_mocks.nvsi_server import codes
from national_sync_mocks.nvsi_server.areas import is_area_id, is_county_or_below
from national_sync_mocks.nvsi_server.clock import parse_day, parse_ms
from national_sync_mocks.nvsi_server.refusal import INVALID_VALUE, UNKNOWN_FIELD, Refusal, invalid
from national_sync_mocks.nvsi_server.wire import COMMON_FIELDS, KINDS

_PHONE = re.compile(r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}")
_HOURS = re.compile(r"\d{1,5}(\.\d{1,2})?")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class Form:
    """What the caller may and must send for one kind of record."""

    required: tuple[str, ...]
    assigned: frozenset[str]
    """Set by the national side alone: passed over on creation, refused when an update would change them."""
    fixed: frozenset[str] = frozenset()
    """Set on creation and never changed after."""
    longest: dict[str, int] | None = None
    """The most characters of a text, where it is not 200."""


FORMS: Final[dict[str, Form]] = {
    "team": Form(
        required=("albe0002", "albe0003", "albe0005", "albe0012"),
        assigned=frozenset({"albe0056", "albe0069"}),
        longest={"albe0002": 50, "albe0018": 50, "albe0022": 50},
    ),
    "volunteer": Form(
        required=("albp0003", "albp0004", "albp0005", "albp0006", "albp0014", "albp0020"),
        assigned=frozenset({"albp0023", "albp0029", "albp0058", "albp0063", "albp0089", "albp0090"}),
        fixed=frozenset({"albp0034"}),
        longest={"albp0003": 50},
    ),
    "membership": Form(
        required=("albe0133", "teamId"),
        assigned=frozenset(),
        fixed=frozenset({"albe0133", "teamId"}),
    ),
    "project": Form(
        required=("albx0002", "albx0004", "albx0005", "albx0009", "albx0021", "teamId"),
        assigned=frozenset({"albx0013"}),
        fixed=frozenset({"teamId"}),
        longest={"albx0002": 50},
    ),
    "hour": Form(
        required=("albx0175", "albx0176", "albx0177", "albx0181", "albx0182"),
        assigned=frozenset(),
        fixed=frozenset({"albx0175", "albx0176", "albx0177"}),
        longest={"remark": 500},
    ),
    "training": Form(
        required=("volunteerNumber", "albx0282", "albx0284", "albx0288"),
        assigned=frozenset(),
        fixed=frozenset({"volunteerNumber"}),
        longest={"content": 500},
    ),
}

MOMENTS: Final = frozenset(
    {
        "albp0034",
        "albe0136",
        "albx0004",
        "albx0005",
        "albx0006",
        "albx0007",
        "albx0178",
        "albx0180",
        "albx0181",
        "albx0182",
    }
)
DAYS: Final = frozenset({"albp0014", "albx0284"})
AREAS: Final = frozenset({"albe0012", "albp0020", "albp0028", "albx0021"})
HOURS: Final = frozenset({"albx0172", "albx0288"})
PHONES: Final = frozenset({"albe0019", "albp0010"})
MOST_CATEGORIES: Final = 4


def new_record(segment: str, content: Any) -> Any:
    """The record that a creation asks for, not yet stored; the refusal names the field."""
    form, record_type = FORMS[segment], KINDS[segment].record
    checked = _checked(segment, content)
    wanted = {name: value for name, value in checked.items() if name not in form.assigned}
    for name in form.required:
        if not wanted.get(name):
            raise invalid(name, "不能为空")
    return record_type(id="", **_without_empty_codes(wanted))


def changed_record(segment: str, present: Any, content: Any) -> Any:
    """The present record with the changes that an update asks for."""
    form = FORMS[segment]
    checked = _checked(segment, content)
    for name, value in checked.items():
        if name in form.assigned | form.fixed and value != getattr(present, name):
            raise invalid(name, "不能通过本接口修改")
        if name in form.required and not value:
            raise invalid(name, "不能为空")
    return msgspec.structs.replace(present, **checked)


def _checked(segment: str, content: Any) -> dict[str, str]:
    if not isinstance(content, dict):
        raise Refusal(INVALID_VALUE, "record 须为对象")
    allowed = set(KINDS[segment].record.__struct_fields__) - COMMON_FIELDS
    for name, value in content.items():
        if name in COMMON_FIELDS:
            raise invalid(name, "由全国系统生成，不能填写")
        if name not in allowed:
            raise Refusal(UNKNOWN_FIELD, f"未知字段 {name[:40]!a}")
        _check_value(segment, name, value)
    return {name: _as_stored(name, value) for name, value in content.items()}


def _as_stored(name: str, value: str) -> str:
    """Times are kept to the second and end in `.0`."""
    return f"{value.partition('.')[0]}.0" if name in MOMENTS and value else value


def _check_value(segment: str, name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise invalid(name, "须为字符串")
    if _CONTROL.search(value):
        raise invalid(name, "含有非文字字符")
    if len(value) > ((FORMS[segment].longest or {}).get(name) or 200):
        raise invalid(name, "过长")
    if value:
        _check_format(name, value)


def _check_format(name: str, value: str) -> None:
    if name in codes.SINGLE:
        _check_code(name, value)
    elif name in codes.SEVERAL:
        _check_codes(name, value)
    elif name in MOMENTS or name in DAYS:
        _check_time(name, value)
    elif name in AREAS:
        _check_area(name, value)
    elif name in HOURS and not (value.isascii() and _HOURS.fullmatch(value)):
        raise invalid(name, "须为最多两位小数的数字")
    elif name in PHONES and not (value.isascii() and _PHONE.fullmatch(value)):
        raise invalid(name, "须为电话号码")


def _check_code(name: str, value: str) -> None:
    forms = {value, value.zfill(2), "99" if value == "08" else value}
    known = codes.code_lists()[codes.SINGLE[name]]
    if name == "albp0004" and forms & known:
        return
    if value not in known:
        raise invalid(name, "不在代码表内")


def _check_codes(name: str, value: str) -> None:
    parts = value.split(",")
    if len(set(parts)) != len(parts):
        raise invalid(name, "代码重复")
    if not all(codes.is_known(codes.SEVERAL[name], part) for part in parts):
        raise invalid(name, "含有不在代码表内的代码")
    if name == "albp0021" and len(parts) > MOST_CATEGORIES:
        raise invalid(name, f"最多填 {MOST_CATEGORIES} 类")


def _check_time(name: str, value: str) -> None:
    try:
        parse_day(value) if name in DAYS else parse_ms(value)
    except ValueError as error:
        raise invalid(name, str(error) if str(error).startswith("须为") else "日期不存在") from error


def _check_area(name: str, value: str) -> None:
    if not is_area_id(value):
        raise invalid(name, "不是有效的区划编号")
    if name in ("albp0020", "albe0012") and not is_county_or_below(value):
        raise invalid(name, "须填到县级或以下")


def _without_empty_codes(wanted: dict[str, str]) -> dict[str, str]:
    """An empty code on creation means the default."""
    return {name: value for name, value in wanted.items() if value or name not in codes.SINGLE}
