"""Why somebody has a star or not: every record of the person, counted or left out with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from national_sync.acts import rows
from national_sync.clock import local_text
from national_sync.recognition.hours import services_of
from national_sync.recognition.stars import Service, Verdict, star_of, verdict_of
from national_sync.recognition.tally import Recipe, special, total_of


def explain(connection: Connection, volunteer_id: int, recipe: Recipe, *, revision: int | None) -> dict[str, Any]:
    """The evidence by a recipe. `revision`: records written after it are marked as changed since then."""
    found = special(connection, recipe)
    person = found.kept_by_gone.get(volunteer_id, volunteer_id)
    services = services_of(connection, found.rows_of(person), found.local)
    total = total_of(services, recipe)
    records = [_facts(one, recipe, revision) for each in services.values() for one in each]
    return {
        "volunteer": _volunteer(connection, person),
        "registrations": found.rows_of(person),
        "cut_off": recipe.cut_off.isoformat(),
        "basis": recipe.rules.basis.value,
        "seconds": total.seconds,
        "records_counted": total.records,
        "doubled_seconds": total.doubled_seconds,
        "star": star_of(total.seconds, recipe.rules),
        "seconds_to_next_star": _missing(total.seconds, recipe),
        "awards": _awards(connection, found.rows_of(person)),
        "records": _with_projects(connection, records),
    }


def _facts(service: Service, recipe: Recipe, revision: int | None) -> dict[str, Any]:
    verdict = verdict_of(service, recipe.rules, recipe.period)
    return {
        "record_id": service.record_id,
        "volunteer_id": service.volunteer_id,
        "started": local_text(service.started_at),
        "seconds": service.service_seconds,
        "state": service.state,
        "kind": service.kind,
        "verdict": verdict.value,
        "is_counted": verdict is Verdict.COUNTED,
        "changed_since": revision is not None and (service.sync_rev or 0) > revision,
    }


def _missing(seconds: int, recipe: Recipe) -> int | None:
    return next((hours * 3600 - seconds for hours in recipe.rules.hours if hours * 3600 > seconds), None)


def _volunteer(connection: Connection, volunteer_id: int) -> Mapping[str, Any]:
    return rows(
        connection,
        "SELECT id, number, name, star AS national_star, substr(service_area_id, 1, 6) AS county, real_name_state,"
        " withdrawn_at FROM volunteer WHERE id = :id",
        id=volunteer_id,
    )[0]


def _awards(connection: Connection, volunteer_ids: Sequence[int]) -> list[Mapping[str, Any]]:
    chosen = ", ".join(str(one) for one in volunteer_ids)
    return rows(
        connection,
        "SELECT a.id, b.year, b.batch, a.star, a.seconds, a.state, a.number FROM star_award a"
        f" JOIN star_batch b ON b.id = a.batch_id WHERE a.volunteer_id IN ({chosen}) ORDER BY b.year, b.batch, a.id",
    )


def _with_projects(connection: Connection, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    statement = text("SELECT p.name FROM hour_record h JOIN project p ON p.id = h.project_id WHERE h.id = :id")
    for record in records:
        record["project"] = connection.execute(statement, {"id": record["record_id"]}).scalar_one_or_none()
    return records
