"""The personal registration form (普洱市个人志愿者注册登记表), clause R4, in two copies: for the record office and the unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from national_sync.clock import local_date
from national_sync.code_lists import LISTS, words_of
from national_sync.divisions import COUNTIES
from national_sync.printing.forms import pdf, pictures
from national_sync.registration.routing import Approver
from national_sync.sealing import Sealer

_COPIES: Final = ("第一联 备案机构留存", "第二联 所在单位留存")
_PERSON: Final = (
    ("姓名", "name"),
    ("性别", "sex"),
    ("出生日期", "birth_date"),
    ("民族", "ethnicity"),
    ("证件类型", "id_type"),
    ("证件号码", "id_number"),
    ("联系电话", "phone"),
    ("政治面貌", "politics"),
    ("文化程度", "education"),
    ("职业", "occupation"),
)
_WIDE: Final = (
    ("工作（学习）单位", "unit_name"),
    ("服务区域", "service_area_name"),
    ("居住区域", "living_area_name"),
    ("服务类别", "categories"),
    ("服务技能", "skills"),
)


def form_number(registration: Mapping[str, Any]) -> str:
    return f"DJ{local_date(registration['submitted_at']).year}-{registration['id']:06}"


def registration_form(registrations: Sequence[Mapping[str, Any]], sealer: Sealer) -> bytes:
    """Both copies of each, as PDF; sealed values are opened. Raises GlyphMissing."""
    return pdf("registration_form", form_data(registrations, sealer))


def form_pictures(registrations: Sequence[Mapping[str, Any]], sealer: Sealer) -> list[bytes]:
    return pictures("registration_form", form_data(registrations, sealer))


def form_data(registrations: Sequence[Mapping[str, Any]], sealer: Sealer) -> dict[str, Any]:
    return {
        "title": "普洱市个人志愿者注册登记表",
        "copies": _COPIES,
        "forms": [_form(registration, sealer) for registration in registrations],
    }


def _form(registration: Mapping[str, Any], sealer: Sealer) -> dict[str, Any]:
    shown = {name: _shown(name, value, sealer) for name, value in registration.items() if not isinstance(value, bytes)}
    kind = words_of("recruiting_kind", registration["recruiting_kind"])
    return {
        "number": form_number(registration),
        "person": [[label, shown[name]] for label, name in _PERSON],
        "wide": [[label, shown[name]] for label, name in _WIDE]
        + [["招募注册机构", f"{registration['recruiting_body']}（{kind}）"]]
        + _guardian(shown),
        "record_office": words_of("record_office", registration["record_office"]),
        "approver": _approver(registration),
        "submitted_on": _chinese_day(local_date(registration["submitted_at"])),
    }


def _shown(name: str, value: Any, sealer: Sealer) -> str:
    if value is None:
        return ""
    if name in ("id_number", "phone", "guardian_phone"):
        return sealer.plain(str(value)) or ""
    return words_of(name, str(value)) if name in LISTS else str(value)


def _guardian(shown: Mapping[str, str]) -> list[list[str]]:
    """Lines that only children and older people need."""
    lines = []
    if shown["guardian_name"]:
        words = f"{shown['guardian_name']}  电话 {shown['guardian_phone']}  {shown['guardian_consented_on']} 同意"
        lines.append(["监护人", words])
    if shown["fitness_stated_on"]:
        lines.append(["身体状况", f"{shown['fitness_stated_on']} 声明具备参加志愿服务活动的基本条件和身体条件"])
    return lines


def _approver(registration: Mapping[str, Any]) -> str:
    if registration["approver"] == Approver.FEDERATION:
        return "普洱市志愿服务联合会"
    return f"{COUNTIES[registration['county']]}文明办（受普洱市志愿服务联合会委托）"


def _chinese_day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
