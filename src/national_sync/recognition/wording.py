"""The words of printed forms and sheets: Chinese in front, English below, whatever language the screen speaks."""

from __future__ import annotations

from datetime import date
from typing import Final

BODIES: Final = (
    "普洱市精神文明建设指导委员会办公室",
    "普洱市志愿服务发展指导中心",
    "普洱市志愿服务联合会",
)
"""The three who certify, in full: clause A1."""
STAR_NAMES: Final = {1: "一星级", 2: "二星级", 3: "三星级", 4: "四星级", 5: "五星级"}
BASES: Final = {
    "accumulated": "在全国志愿服务信息系统记录的志愿服务时长累计",
    "calendar_year": "在全国志愿服务信息系统记录的本年度志愿服务时长为",
}
SEXES: Final = {"male": "男", "female": "女"}


def chinese_day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def english_stars(star: int) -> str:
    return f"{star} star{'s' if star > 1 else ''}"
