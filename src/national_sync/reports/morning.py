"""The morning report as numbers: one run, the thirty nights up to it, and what waits for a person.

A night is a day of the Puer calendar with all its runs. Nothing that came after the reported run is counted, so the
report of a run can be asked for again; holds and quarantine alone are told as they stand now. Ids, codes, counts and
names of teams; no person (invariant I12).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.clock import local_date
from national_sync.errors import NotFound
from national_sync.puer_time import AHEAD_SECONDS, DAY_SECONDS, day_number_sql

NIGHTS: Final = 30
_NIGHT_KINDS: Final = ("nightly", "manual")
"""An hourly run is no night, nor is one that only carries out decisions."""
_ORDER_OF_NIGHTS: Final = f" ORDER BY CASE WHEN kind IN {_NIGHT_KINDS} THEN 0 ELSE 1 END, id DESC LIMIT 1"


@dataclass(frozen=True)
class _View:
    """Up to where the report looks."""

    connection: Connection
    run_id: int
    until: int
    """When the reported run ended; of one at work, now."""
    last: date
    county: str | None = None
    """Six digits: only mismatches of this county are counted."""

    @property
    def days(self) -> list[date]:
        return [self.last - timedelta(days=back) for back in reversed(range(NIGHTS))]

    @property
    def here(self) -> str:
        """SQL that keeps to the county."""
        return "" if self.county is None else " AND m.county = :county"

    def rows(self, sql: str) -> list[dict[str, Any]]:
        first_day = (self.days[0] - date(1970, 1, 1)).days
        first = first_day * DAY_SECONDS - AHEAD_SECONDS
        known = {"run": self.run_id, "until": self.until, "first": first, "county": self.county}
        used = {name: value for name, value in known.items() if f":{name}" in sql}
        return [dict(row) for row in self.connection.execute(text(sql), used).mappings()]


def morning_facts(
    connection: Connection,
    *,
    run_id: int | None,
    calls_per_day: int,
    now: int,
    overdue_transfers: int = 0,
    missing_hours: int = 0,
    county: str | None = None,
) -> dict[str, Any]:
    """The documented object of `report morning --json`. Without a number: of the last night.

    With a county, what is told of the whole city only (records, calls, held plans, quarantine) is left out.
    Raises NotFound for a run that never was.
    """
    run = _reported_run(connection, run_id)
    if run is None:
        return {"county": county, **_before_the_first_run(calls_per_day)}
    until = now if run["ended_at"] is None else run["ended_at"]
    view = _View(connection, run["id"], until, local_date(run["started_at"]), county)
    report = json.loads(run["report"]) if run["report"] else None
    facts: dict[str, Any] = {
        "county": county,
        "run": _run_facts(run, report),
        "report": report,
        "came_in": came_in(report or {}),
        "went_out": went_out(report or {}),
        "calls_per_day": calls_per_day,
        "nights": _nights(view),
        "mismatches": _mismatches(view),
        "decisions": _decisions(view),
        "counties": _counties(view),
        "holds": view.rows(
            "SELECT id, entity, action, reason, records FROM hold WHERE state = 'open' AND run_id <= :run ORDER BY id"
        ),
        "quarantine": view.rows(
            "SELECT entity, reason, COUNT(*) AS records FROM quarantine WHERE state = 'open' AND first_run_id <= :run"
            " GROUP BY entity, reason ORDER BY records DESC, entity, reason"
        ),
    }
    if county is not None:
        facts |= _NOT_FOR_A_COUNTY
        facts["nights"] = [{**night, **dict.fromkeys(("came_in", "went_out", "calls"))} for night in facts["nights"]]
    return {**facts, "to_do": _to_do({**facts, "overdue_transfers": overdue_transfers, "missing_hours": missing_hours})}


_NOT_FOR_A_COUNTY: Final[Mapping[str, Any]] = {
    "report": None,
    "came_in": {},
    "went_out": {},
    "calls_per_day": None,
    "holds": [],
    "quarantine": [],
}


def _before_the_first_run(calls_per_day: int) -> dict[str, Any]:
    return {
        "run": None,
        "report": None,
        "came_in": {},
        "went_out": {},
        "calls_per_day": calls_per_day,
        "nights": [],
        "mismatches": {"waiting": 0, "new": 0, "decided": 0, "snoozed": 0, "by_kind": []},
        "decisions": {"people": 0, "rules": 0},
        "counties": [],
        "holds": [],
        "quarantine": [],
        "to_do": [{"what": "first_run", "count": 1}],
    }


def _reported_run(connection: Connection, run_id: int | None) -> Mapping[str, Any] | None:
    which, known = (_ORDER_OF_NIGHTS, {}) if run_id is None else (" WHERE id = :run", {"run": run_id})
    run = connection.execute(text(f"SELECT * FROM run{which}"), known).mappings().first()
    if run is None and run_id is not None:
        raise NotFound(noun="run", id=run_id)
    return None if run is None else dict(run)


def _run_facts(run: Mapping[str, Any], report: Mapping[str, Any] | None) -> dict[str, Any]:
    facts = {name: run[name] for name in ("id", "kind", "state", "started_at", "ended_at", "exit_code")}
    ended_at = run["ended_at"]
    return {
        **facts,
        "seconds": None if ended_at is None else ended_at - run["started_at"],
        "stopped": report["stopped"] if report else "",
    }


# The thirty nights


def _nights(view: _View) -> list[dict[str, Any]]:
    nights = {day: _empty_night(day) for day in view.days}
    runs = view.rows(
        "SELECT kind, state, started_at, ended_at, calls, report FROM run"
        " WHERE id <= :run AND started_at >= :first ORDER BY id"
    )
    # The night's own run speaks for the day, wherever among the hourly ones it stands.
    for run in sorted(runs, key=lambda run: run["kind"] in _NIGHT_KINDS):
        _add_run(nights[min(view.last, local_date(run["started_at"]))], run)
    for name, seen in (("opened", _opened(view)), ("closed", _closed(view))):
        for row in seen:
            # What a run finds after midnight still belongs to its night.
            counts = nights[min(view.last, local_date(row["day"] * DAY_SECONDS))][name]
            counts[row["kind"]] = counts.get(row["kind"], 0) + row["records"]
    return list(nights.values())


def _empty_night(day: date) -> dict[str, Any]:
    counts: dict[str, Any] = dict.fromkeys(("runs", "came_in", "went_out", "calls"), 0)
    return {"date": day.isoformat(), "state": None, "seconds": None, **counts, "opened": {}, "closed": {}}


def _add_run(night: dict[str, Any], run: Mapping[str, Any]) -> None:
    report = json.loads(run["report"]) if run["report"] else {}
    night["runs"] += 1
    night["calls"] += run["calls"]
    night["came_in"] += sum(came_in(report).values())
    night["went_out"] += sum(went_out(report).values())
    night["state"] = run["state"]
    night["seconds"] = None if run["ended_at"] is None else run["ended_at"] - run["started_at"]


def came_in(report: Mapping[str, Any]) -> dict[str, int]:
    """Records by entity that a run took in."""
    return _moved(report.get("pulled", {}), ("created", "updated", "withdrawn"))


def went_out(report: Mapping[str, Any]) -> dict[str, int]:
    return _moved(report.get("pushed", {}), ("create", "update", "delete"))


def _moved(counts: Mapping[str, Mapping[str, int]], names: tuple[str, ...]) -> dict[str, int]:
    sums = {entity: sum(numbers.get(name, 0) for name in names) for entity, numbers in counts.items()}
    return {entity: count for entity, count in sums.items() if count}


def _opened(view: _View) -> list[dict[str, Any]]:
    return view.rows(
        f"SELECT {day_number_sql('m.first_seen_at')} AS day, m.kind, COUNT(*) AS records FROM mismatch m"
        f" WHERE m.first_seen_at >= :first AND m.first_seen_at <= :until{view.here} GROUP BY 1, 2 ORDER BY 1, 2"
    )


def _closed(view: _View) -> list[dict[str, Any]]:
    return view.rows(
        f"SELECT {day_number_sql('r.started_at')} AS day, m.kind, COUNT(*) AS records FROM mismatch m"
        " JOIN run r ON r.id = m.closed_run_id WHERE m.state = 'closed' AND r.id <= :run AND r.started_at >= :first"
        f"{view.here} GROUP BY 1, 2 ORDER BY 1, 2"
    )


# What waits for a person

_WAS_OPEN: Final = "m.first_seen_at <= :until AND (m.state = 'open' OR m.closed_run_id > :run)"
_WAS_DECIDED: Final = "m.decision IS NOT NULL AND m.decided_at <= :until"
_WAS_WAITING: Final = f"{_WAS_OPEN} AND NOT COALESCE({_WAS_DECIDED}, FALSE)"
_IS_SNOOZED: Final = "COALESCE(m.snoozed_until, 0) > :until"


def _mismatches(view: _View) -> dict[str, Any]:
    by_kind = view.rows(
        "SELECT m.kind, COUNT(*) AS open,"
        f" SUM(CASE WHEN {_WAS_DECIDED} THEN 1 ELSE 0 END) AS decided,"
        f" SUM(CASE WHEN {_WAS_WAITING} AND {_IS_SNOOZED} THEN 1 ELSE 0 END) AS snoozed,"
        " SUM(CASE WHEN m.first_run_id = :run THEN 1 ELSE 0 END) AS new"
        f" FROM mismatch m WHERE {_WAS_OPEN}{view.here} GROUP BY m.kind ORDER BY open DESC, m.kind"
    )
    for row in by_kind:
        row["waiting"] = row["open"] - row["decided"] - row["snoozed"]
    totals = {name: sum(row[name] for row in by_kind) for name in ("waiting", "new", "decided", "snoozed")}
    return {**totals, "by_kind": by_kind}


def _decisions(view: _View) -> dict[str, int]:
    """Made in the day up to the end of the run, by whom."""
    of_county = (
        "" if view.county is None else f" AND mismatch_id IN (SELECT m.id FROM mismatch m WHERE TRUE{view.here})"
    )
    rows = view.rows(
        "SELECT CASE WHEN actor LIKE 'rule:%' THEN 'rules' ELSE 'people' END AS who, COUNT(*) AS decisions"
        f" FROM mismatch_event WHERE event = 'decided' AND at > :until - {DAY_SECONDS} AND at <= :until{of_county}"
        " GROUP BY 1"
    )
    return {"people": 0, "rules": 0} | {row["who"]: row["decisions"] for row in rows}


def _counties(view: _View) -> list[dict[str, Any]]:
    """By county: how many wait, and the one that has waited longest. Null: records that name no county."""
    rows = view.rows(
        "SELECT oldest.id, oldest.kind, oldest.county, oldest.waiting, oldest.first_seen_at, team.name AS team"
        " FROM (SELECT m.id, m.kind, m.county, m.entity, m.row_id, m.first_seen_at,"
        " COUNT(*) OVER (PARTITION BY m.county) AS waiting,"
        " ROW_NUMBER() OVER (PARTITION BY m.county ORDER BY m.first_seen_at, m.id) AS place"
        f" FROM mismatch m WHERE {_WAS_WAITING} AND NOT {_IS_SNOOZED}{view.here}) oldest"
        " LEFT JOIN hour_record h ON oldest.entity = 'hour_record' AND h.id = oldest.row_id"
        " LEFT JOIN project p ON oldest.entity = 'project' AND p.id = oldest.row_id"
        " LEFT JOIN membership s ON oldest.entity = 'membership' AND s.id = oldest.row_id"
        " LEFT JOIN team ON team.id = CASE oldest.entity WHEN 'team' THEN oldest.row_id"
        " ELSE COALESCE(h.team_id, p.team_id, s.team_id) END"
        " WHERE oldest.place = 1 ORDER BY oldest.first_seen_at, oldest.id"
    )
    return [_county(row, view.until) for row in rows]


def _county(row: Mapping[str, Any], until: int) -> dict[str, Any]:
    oldest = {name: row[name] for name in ("id", "kind", "team", "first_seen_at")}
    oldest["days"] = (local_date(until) - local_date(row["first_seen_at"])).days
    return {"county": row["county"], "waiting": row["waiting"], "oldest": oldest}


def _to_do(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a person has to look after, the most pressing first."""
    counts = {
        "failed_run": int(facts["run"]["state"] in ("failed", "interrupted")),
        "holds": len(facts["holds"]),
        "mismatches": facts["mismatches"]["waiting"],
        "quarantine": sum(row["records"] for row in facts["quarantine"]),
        "overdue_transfers": facts["overdue_transfers"],
        "missing_hours": facts["missing_hours"],
    }
    return [{"what": what, "count": count} for what, count in counts.items() if count]
