"""Administrative areas: 18-digit ids, the divisions of Pu'er, and what lies in what."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

CITY_PREFIX = "5308"


@dataclass(frozen=True)
class Area:
    id: str
    name: str
    level: str


@cache
def puer() -> dict[str, Area]:
    """Pu'er, its ten counties and its townships by 18-digit id."""
    text = (files(__package__) / "divisions.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    areas = (Area(row["code"].ljust(18, "0"), row["name"], row["level"]) for row in rows)
    return {area.id: area for area in areas}


def counties() -> list[Area]:
    return [area for area in puer().values() if area.level == "county"]


def townships(county_id: str) -> list[Area]:
    return [area for area in puer().values() if area.level == "township" and area.id[:6] == county_id[:6]]


def is_area_id(text: str) -> bool:
    """18 digits; inside Pu'er only the divisions that exist."""
    if len(text) != 18 or not (text.isascii() and text.isdigit()):
        return False
    return text in puer() if text.startswith(CITY_PREFIX) else text[:2] != "00"


def significant_prefix(area_id: str) -> str:
    """The digits that say something: 2 for a province, 4 for a city, 6 for a county, 9 for a township."""
    for start, length in ((6, 9), (4, 6), (2, 4)):
        if area_id[start:length].strip("0"):
            return area_id[:length]
    return area_id[:2]


def is_county_or_below(area_id: str) -> bool:
    return len(significant_prefix(area_id)) >= 6
