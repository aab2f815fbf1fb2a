"""The demo's answer: the documented JSON object, and the material of the table in words."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any, Final

from national_sync.demo.directory import DemoDirectory
from national_sync.demo.ledger import Side
from national_sync.demo.server import NationalServer
from national_sync.demo.sides import opened
from national_sync.demo.story import Night, Told
from national_sync.sync.report import RunReport

Facts = dict[str, Any]

_MOST_LISTED: Final = 20


def facts_of(told: Told, directory: DemoDirectory, server: NationalServer, seed: int) -> Facts:
    with closing(opened(directory.database)) as connection:
        return {
            "nights": [_night(night) for night in told.nights],
            "second_run_writes": len(told.second_run_writes),
            "sides_agree": not any(night.unexplained for night in told.nights),
            "seed": seed,
            "day": [report.to_json() for report in told.day],
            "edits": {side.value: told.ledger.acts[side] for side in Side},
            "faults": told.faults_met,
            "reviews": _reviews(server),
            "mismatches": _mismatches(connection),
            "refused": _rows(connection, _REFUSED),
            "quarantine": _rows(connection, "SELECT id, entity, reason, field, detail FROM quarantine ORDER BY id"),
            "holds": _rows(connection, "SELECT id, entity, action, reason, records, plan_hash, state FROM hold"),
            "unexplained": _listed([each for night in told.nights for each in night.unexplained]),
            "duplicates": _listed([each for night in told.nights for each in night.duplicates]),
            "lost": _listed([each for night in told.nights for each in night.lost]),
            "second_run_written": told.second_run_writes[:_MOST_LISTED],
            "exchange": {**exchange_facts(connection), "told": told.redemption},
            "seconds": told.seconds,
            "config": str(directory.config),
            "database": str(directory.database),
            "report": str(directory.report),
            "national": {"address": server.address, "port": server.port, "state": str(directory.national_state)},
        }


def is_well(facts: Facts) -> bool:
    """Whether everything that the program promises has been kept."""
    broken = any(night["duplicates_created"] or night["lost_edits"] for night in facts["nights"])
    broken |= bool(facts["exchange"]["unbalanced"])
    return bool(facts["sides_agree"]) and not facts["second_run_writes"] and not broken


def _night(night: Night) -> Facts:
    report = night.report
    return {
        "run": report.run,
        "moment": night.moment,
        "pulled": report.pulled_records,
        "pushed": report.pushed_records,
        "mismatches": sum(report.mismatches_open.values()),
        "quarantined": report.quarantined_open,
        "held": report.holds_open,
        "duplicates_created": len(night.duplicates),
        "lost_edits": len(night.lost),
        "sides_agree": not night.unexplained,
        "seconds": round(night.seconds, 2),
        "report": _without_seconds(report),
    }


def _without_seconds(report: RunReport) -> Facts:
    """The clock of the story stands still, so the run's own seconds say nothing."""
    return {name: value for name, value in report.to_json().items() if name != "seconds"}


def _reviews(server: NationalServer) -> dict[str, int]:
    tickets = server.ask("tickets")["tickets"]
    return {state: sum(each["state"] == state for each in tickets) for state in ("passed", "refused", "pending")}


_REFUSED: Final = (
    "SELECT id, entity, json_extract(detail, '$.verb') AS verb, json_extract(detail, '$.words') AS words"
    " FROM mismatch WHERE kind = 'refused_by_review' AND state = 'open' ORDER BY id"
)


def _mismatches(connection: sqlite3.Connection) -> list[Facts]:
    """By kind: how many wait, how many are over, and one of them to look at."""
    return _rows(
        connection,
        "SELECT kind, SUM(state = 'open') AS open, SUM(state = 'closed') AS closed,"
        " MAX(CASE WHEN state = 'open' THEN id END) AS example FROM mismatch GROUP BY kind ORDER BY kind",
    )


_OF_THE_EXCHANGE: Final = (
    "account", "merchant", "outlet", "agreement", "benefit", "offer", "redemption", "voucher", "refund", "dispute",
    "suspicion",
)  # fmt: skip
_SETTLED_AND_UNBALANCED: Final = (
    "SELECT (SELECT COUNT(*) FROM settlement), (SELECT COUNT(*) FROM account a WHERE a.balance <>"
    " COALESCE((SELECT SUM(e.seconds) FROM entry e WHERE e.account_id = a.id), 0))"
    " + (SELECT COUNT(*) FROM (SELECT 1 FROM entry GROUP BY posting_id HAVING SUM(seconds) <> 0))"
)
"""How many settlements; how many balances and postings do not add up."""


def exchange_facts(connection: sqlite3.Connection) -> Facts:
    """What the exchange ends up with: how many of everything, by state."""
    counts: Facts = {
        table: dict(connection.execute(f"SELECT state, COUNT(*) FROM {table} GROUP BY state ORDER BY state").fetchall())
        for table in _OF_THE_EXCHANGE
    }
    [(settlements, unbalanced)] = connection.execute(_SETTLED_AND_UNBALANCED)
    return {**counts, "settlement": settlements, "unbalanced": unbalanced}


def _rows(connection: sqlite3.Connection, query: str) -> list[Facts]:
    return [dict(row) for row in connection.execute(query)]


def _listed(found: Sequence[Any]) -> list[Facts]:
    return [each.to_json() for each in found[:_MOST_LISTED]]


def write_report(facts: Facts, directory: DemoDirectory) -> None:
    directory.report.write_text(json.dumps(facts, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
