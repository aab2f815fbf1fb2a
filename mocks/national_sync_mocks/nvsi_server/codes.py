"""The code lists of the national side: which values a coded field may take."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import Final


@cache
def code_lists() -> dict[str, frozenset[str]]:
    """The codes of each list by the name of the list."""
    text = (files(__package__) / "codes.csv").read_text(encoding="utf-8")
    lists: dict[str, set[str]] = {}
    for row in csv.DictReader(text.splitlines()):
        lists.setdefault(row["list"], set()).add(row["code"])
    lists["ethnicity"] = {f"{number:02d}" for number in range(1, 57)} | {"97", "98"}
    lists["body_type"] |= {"17", "18"}
    lists["star"] = {"1", "2", "3", "4", "5"}
    lists["flag"] = {"0", "1"}
    return {name: frozenset(codes) for name, codes in lists.items()}


SINGLE: Final[dict[str, str]] = {
    "albe0003": "team_type",
    "albe0005": "body_type",
    "albe0026": "team_state",
    "albe0028": "join_rule",
    "albp0004": "id_type",
    "albp0006": "sex",
    "albp0007": "politics",
    "albp0008": "ethnicity",
    "albp0017": "education",
    "albp0018": "occupation",
    "albp0023": "flag",
    "albp0026": "star",
    "albp0058": "flag",
    "albp0063": "real_name_state",
    "albp0090": "flag",
    "albe0134": "membership_state",
    "albx0015": "project_state",
    "albx0024": "recruit_scope",
    "albx0173": "hour_method",
    "albx0174": "hour_state",
    "albx0187": "hour_kind",
    "albx0291": "training_kind",
    "albx0292": "training_mode",
}
"""Fields that hold one code, and its list."""

SEVERAL: Final[dict[str, str]] = {
    "albe0017": "service_category",
    "albp0021": "service_category",
    "albp0022": "service_category",
    "albp0039": "skill",
    "albx0009": "service_category",
    "albx0014": "people_served",
}
"""Fields that hold codes joined by commas, and their list."""


def is_regional_category(code: str) -> bool:
    """A category of one region: begins with a province prefix, at least six digits."""
    return len(code) >= 6 and code.isdigit() and code[:2] != "00"


def is_known(list_name: str, code: str) -> bool:
    if code in code_lists()[list_name]:
        return True
    return list_name == "service_category" and is_regional_category(code)
