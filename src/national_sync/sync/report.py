"""What a run did, as counts: stored with the run, printed by the faces in their own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text


@dataclass
class RunReport:
    """The documented contract of `sync run --json`. Numbers are records unless they say otherwise."""

    run: int
    kind: str
    exit_code: int = 0
    seconds: float = 0.0
    pulled: dict[str, dict[str, int]] = field(default_factory=dict)
    """By entity: seen, created, updated, withdrawn, waiting."""
    pushed: dict[str, dict[str, int]] = field(default_factory=dict)
    """By entity: create, update, delete."""
    refused: int = 0
    unknown: int = 0
    pending: int = 0
    not_sent: int = 0
    stopped: str = ""
    sealed: int = 0
    decided: int = 0
    decisions_withdrawn: int = 0
    """Decisions that were not carried out, because the facts they rest on had changed; a person is asked anew."""
    mismatches_new: dict[str, int] = field(default_factory=dict)
    mismatches_closed: dict[str, int] = field(default_factory=dict)
    mismatches_open: dict[str, int] = field(default_factory=dict)
    quarantined_new: int = 0
    quarantined_open: int = 0
    holds_open: int = 0
    differences: list[dict[str, Any]] = field(default_factory=list)
    """Counts that still differ between the sides beyond what open items explain."""
    calls: int = 0
    """Calls to the national side that were reserved from the day's quota."""
    audit_head: str = ""
    """The newest entry of the audit at the end of the run, `NUMBER:HASH`: whoever keeps the report can check by it."""

    def to_json(self) -> dict[str, Any]:
        return dict(vars(self))

    @property
    def pulled_records(self) -> int:
        return sum(counts[name] for counts in self.pulled.values() for name in ("created", "updated", "withdrawn"))

    @property
    def pushed_records(self) -> int:
        return sum(sum(counts.values()) for counts in self.pushed.values())


def count_open_items(connection: Connection, report: RunReport) -> None:
    """Fill in what a person finds in the morning."""
    run = {"run": report.run}
    report.mismatches_new = _by_kind(connection, "first_run_id = :run", run)
    report.mismatches_closed = _by_kind(connection, "state = 'closed' AND closed_run_id = :run", run)
    report.mismatches_open = _by_kind(connection, "state = 'open'", {})
    report.decisions_withdrawn = _count(connection, "mismatch_event WHERE event = 'withdrawn' AND run_id = :run", run)
    report.quarantined_new = _count(connection, "quarantine WHERE first_run_id = :run", run)
    report.quarantined_open = _count(connection, "quarantine WHERE state = 'open'", {})
    report.holds_open = _count(connection, "hold WHERE state = 'open'", {})
    report.calls = int(connection.execute(text("SELECT calls FROM run WHERE id = :run"), run).scalar_one())


def _by_kind(connection: Connection, condition: str, parameters: Mapping[str, int]) -> dict[str, int]:
    rows = connection.execute(
        text(f"SELECT kind, COUNT(*) AS records FROM mismatch WHERE {condition} GROUP BY kind ORDER BY kind"),
        parameters,
    )
    return {row.kind: row.records for row in rows}


def _count(connection: Connection, rows: str, parameters: Mapping[str, int]) -> int:
    return int(connection.execute(text(f"SELECT COUNT(*) FROM {rows}"), parameters).scalar_one())
