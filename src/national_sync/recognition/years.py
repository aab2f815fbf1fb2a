"""Years side by side: volunteers, active volunteers, hours and stars of each county, month by month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from typing import Any, Final

from sqlalchemy import Connection

from national_sync.acts import rows
from national_sync.divisions import COUNTIES
from national_sync.policy import StarRules
from national_sync.prose.amounts import hours
from national_sync.puer_time import AHEAD_SECONDS, midnight
from national_sync.recognition import drawings
from national_sync.recognition.tally import Recipe

_MONTH: Final = {
    "sqlite": "strftime('%Y-%m', {moment}, 'unixepoch')",
    "postgresql": "to_char(to_timestamp({moment}) AT TIME ZONE 'UTC', 'YYYY-MM')",
}


@dataclass(frozen=True)
class Years:
    """Counts by county and month (`YYYY-MM`), from the first month to the last."""

    first: int
    last: int
    until: date
    """The last day that is counted."""
    registered: Mapping[tuple[str, str], int]
    """Volunteers who registered in the month and are still there."""
    before: Mapping[str, int]
    """Those who had registered before the first month."""
    active: Mapping[tuple[str, str], int]
    """Volunteers with effective hours in the month."""
    seconds: Mapping[tuple[str, str], int]
    stars: Mapping[tuple[str, int], int]
    """By county and year: stars certified, whatever their number, and not revoked."""

    @property
    def months(self) -> list[str]:
        """Every month that has begun."""
        every = [f"{year}-{month:02}" for year in range(self.first, self.last + 1) for month in range(1, 13)]
        return [month for month in every if month <= self.until.isoformat()[:7]]

    def volunteers(self, county: str) -> dict[str, int]:
        """How many there were at the end of each month."""
        total, found = self.before.get(county, 0), {}
        for month in self.months:
            total += self.registered.get((county, month), 0)
            found[month] = total
        return found

    def facts(self) -> dict[str, Any]:
        return {
            "first": self.first,
            "last": self.last,
            "until": self.until.isoformat(),
            "months": [
                {
                    "county": county,
                    "month": month,
                    "volunteers": count,
                    "active": self.active.get((county, month), 0),
                    "seconds": self.seconds.get((county, month), 0),
                }
                for county in COUNTIES
                for month, count in self.volunteers(county).items()
            ],
            "stars": [
                {"county": county, "year": year, "stars": self.stars.get((county, year), 0)}
                for county in COUNTIES
                for year in range(self.first, self.last + 1)
            ],
        }


def count(connection: Connection, first: int, last: int, until: date) -> Years:
    """Rows that the national side does not have are left out; a service belongs to the month in which it began."""
    begin, end = midnight(date(first, 1, 1)), midnight(min(date(last, 12, 31), until) + timedelta(days=1))
    served = rows(connection, _served(connection), begin=begin, end=end)
    registered = rows(connection, _registered(connection), begin=begin, end=end)
    stars = rows(
        connection,
        "SELECT a.county, b.year, COUNT(*) AS stars FROM star_award a JOIN star_batch b ON b.id = a.batch_id"
        " WHERE a.state = 'certified' AND b.year BETWEEN :first AND :last GROUP BY a.county, b.year",
        first=first,
        last=last,
    )
    return Years(
        first=first,
        last=last,
        until=until,
        registered={(row["county"], row["month"]): row["people"] for row in registered if row["month"]},
        before={row["county"]: row["people"] for row in registered if not row["month"]},
        active={(row["county"], row["month"]): row["people"] for row in served},
        seconds={(row["county"], row["month"]): int(row["seconds"]) for row in served},
        stars={(row["county"], row["year"]): row["stars"] for row in stars},
    )


def _served(connection: Connection) -> str:
    counting = Recipe(StarRules(), date.max - timedelta(days=1)).condition("h")
    return (
        f"SELECT substr(v.service_area_id, 1, 6) AS county, s.month, COUNT(*) AS people, SUM(s.seconds) AS seconds"
        f" FROM (SELECT h.volunteer_id, {_month(connection, 'h.started_at')} AS month, SUM(h.service_seconds) AS seconds"
        f" FROM hour_record h WHERE {counting} AND h.started_at >= :begin AND h.started_at < :end"
        " AND h.national_id IS NOT NULL GROUP BY 1, 2) s JOIN volunteer v ON v.id = s.volunteer_id GROUP BY 1, 2"
    )


def _registered(connection: Connection) -> str:
    """With an empty month for those who had registered before."""
    return (
        "SELECT county, month, COUNT(*) AS people FROM (SELECT substr(v.service_area_id, 1, 6) AS county,"
        f" CASE WHEN v.registered_at >= :begin THEN {_month(connection, 'v.registered_at')} ELSE '' END AS month"
        " FROM volunteer v WHERE v.national_id IS NOT NULL AND v.withdrawn_at IS NULL AND v.registered_at < :end"
        " AND NOT EXISTS (SELECT 1 FROM volunteer_merge m WHERE m.gone_id = v.id AND m.state = 'merged')) r"
        " GROUP BY county, month"
    )


def _month(connection: Connection, moment: str) -> str:
    return _MONTH[connection.dialect.name].format(moment=f"{moment} + {AHEAD_SECONDS}")


# The page


def page(years: Years) -> str:
    """One HTML page: no script, no address."""
    span = f"{years.first}–{years.last}"
    parts = [
        f"<h1>普洱市志愿服务年度比较 {span}<small lang='en'>Years side by side</small></h1>",
        f"<p class='note'>统计至 {years.until}；以全国志愿服务信息系统的有效记录为准。</p>",
        *_charts(years, COUNTIES, "h2"),
        "<h2>认定星级<small lang='en'>Certified stars</small></h2>",
        _stars(years),
        "<h2>各县（区）各年度<small lang='en'>Counties and years</small></h2>",
        _table(years),
        "<h2>各县（区）各月<small lang='en'>Counties and months</small></h2>",
        *(_county(years, county) for county in COUNTIES),
    ]
    return drawings.document(f"普洱市志愿服务年度比较 {span}", "\n".join(parts))


def _county(years: Years, county: str) -> str:
    return f"<details><summary>{escape(COUNTIES[county])}</summary>{''.join(_charts(years, [county], 'h3'))}</details>"


def _charts(years: Years, counties: Iterable[str], heading: str) -> list[str]:
    """Hours, active people and volunteers of these counties together, month by month."""
    chosen = frozenset(counties)
    volunteers = {(county, month): n for county in chosen for month, n in years.volunteers(county).items()}
    return [
        f"<{heading}>{chinese}<small lang='en'>{english}</small></{heading}>\n{_chart(years, by_month, unit, chosen)}"
        for chinese, english, by_month, unit in (
            ("每月服务小时", "Hours a month", years.seconds, 3600),
            ("每月有服务的志愿者", "Active volunteers a month", years.active, 1),
            ("志愿者总数", "Volunteers at the end of each month", volunteers, 1),
        )
    ]


def _stars(years: Years) -> str:
    """Certified once a year: a group of columns a county, one a year."""
    span = range(years.first, years.last + 1)
    series = {str(year): [float(years.stars.get((county, year), 0)) for county in COUNTIES] for year in span}
    return drawings.columns([name[:2] for name in COUNTIES.values()], series)


def _chart(years: Years, by_month: Mapping[tuple[str, str], int], unit: int, counties: frozenset[str]) -> str:
    """A group of columns a month, one a year."""
    city: dict[str, int] = defaultdict(int)
    for (county, month), value in by_month.items():
        city[month] += value if county in counties else 0
    series = {
        str(year): [
            city[month] / unit if (month := f"{year}-{number:02}") in years.months else None for number in range(1, 13)
        ]
        for year in range(years.first, years.last + 1)
    }
    return drawings.columns([f"{number}月" for number in range(1, 13)], series)


def _table(years: Years) -> str:
    headings = ["县（区）", "年度", "年末志愿者", "有服务的人次（按月）", "服务小时", "认定星级"]
    body = "".join(_line(years, county, year) for county in COUNTIES for year in range(years.first, years.last + 1))
    head = "".join(f"<th scope='col'>{heading}</th>" for heading in headings)
    return f"<div class='wide'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _line(years: Years, county: str, year: int) -> str:
    months = [month for month in years.months if month.startswith(str(year))]
    cells: Sequence[Any] = [
        years.volunteers(county)[months[-1]] if months else "—",
        sum(years.active.get((county, month), 0) for month in months),
        hours(sum(years.seconds.get((county, month), 0) for month in months)),
        years.stars.get((county, year), 0),
    ]
    numbers = "".join(f"<td class='number'>{cell}</td>" for cell in cells)
    return f"<tr><td>{escape(COUNTIES[county])}</td><td>{year}</td>{numbers}</tr>"
