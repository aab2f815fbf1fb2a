"""What was recorded at stations, day by day: clause S6.

What counts are effective hours that the national side has, of the team that runs a station.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.puer_time import day_number_sql, midnight

_DAY: Final = day_number_sql("h.started_at")
_RECORDED: Final = (
    f"SELECT s.id AS station_id, s.name, {_DAY} AS day, SUM(h.service_seconds) AS seconds,"
    " MAX(s.service_seconds_per_day) AS wanted, MAX(s.opened_on) AS opened_on, MAX(s.closed_on) AS closed_on"
    " FROM station s JOIN hour_record h ON h.team_id = s.team_id"
    " WHERE h.state = 'effective' AND h.started_at >= :begin AND h.started_at < :end AND h.national_id IS NOT NULL"
)
_BY_DAY: Final = f" GROUP BY s.id, s.name, {_DAY} ORDER BY s.id, {_DAY}"


def station_days(
    connection: Connection, first: date, last: date, station_id: int | None = None
) -> Iterator[Mapping[str, Any]]:
    """A row a station and day on which something was recorded while it was open; `station_id` for one of them."""
    begin, end = midnight(first), midnight(last + timedelta(days=1))
    chosen = "" if station_id is None else f" AND s.id = {int(station_id)}"
    found = connection.execute(
        text(f"{_RECORDED}{chosen}{_BY_DAY}").execution_options(yield_per=1_000), {"begin": begin, "end": end}
    )
    for row in found.mappings():
        written = (date(1970, 1, 1) + timedelta(days=row["day"])).isoformat()
        if (row["opened_on"] or "") <= written <= (row["closed_on"] or written):
            is_met = row["seconds"] >= row["wanted"]
            yield {**row, "day": written, "seconds": int(row["seconds"]), "is_met": is_met}


def days_open(station: Mapping[str, Any], first: date, last: date) -> tuple[date, int]:
    """The first day of that time on which a station was open, and on how many days it was."""
    begin = max(first, date.fromisoformat(station["opened_on"] or first.isoformat()))
    end = min(last, date.fromisoformat(station["closed_on"] or last.isoformat()))
    return begin, max(0, (end - begin).days + 1)
