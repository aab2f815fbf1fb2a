"""The mirror's digest by bucket of ids, kept up by every write of the engine, by the values both sides agreed on.

So that comparing the sides after a quiet night costs nothing, however large the mirror is.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from national_sync.national.port import bucket_of
from national_sync.records import Entity
from national_sync.sync.mirror import value_from_text
from national_sync.sync.plan import counts_as_service
from national_sync.sync.transaction import Transaction

Counted = tuple[int, int, int]
"""What one row adds to its bucket's digest: records, version sum, effective seconds, by its agreed values."""


NOT_COUNTED: Counted = (0, 0, 0)


def counted(tx: Transaction, entity: Entity, row_id: int) -> Counted:
    return counted_of_row(tx, entity, tx.rows(f"SELECT * FROM {entity} WHERE id = :id", id=row_id)[0])


def counted_of_row(tx: Transaction, entity: Entity, row: Mapping[str, Any]) -> Counted:
    if row["national_id"] is None or row["withdrawn_at"] is not None:
        return NOT_COUNTED
    agreed = dict(row)
    if entity is Entity.HOUR_RECORD:
        changes = tx.rows(
            "SELECT field, base FROM local_change WHERE entity = :entity AND row_id = :row_id",
            entity=entity.value,
            row_id=row["id"],
        )
        agreed |= {change["field"]: value_from_text(entity, change["field"], change["base"]) for change in changes}
    seconds = agreed["service_seconds"] if counts_as_service(entity, agreed) else 0
    return (1, row["national_updated_at_ms"] or 0, seconds)


def adjust_digest(tx: Transaction, entity: Entity, national_id: str | None, before: Counted, after: Counted) -> None:
    if national_id is None or before == after:
        return
    tx.execute(
        "INSERT INTO bucket_digest (entity, bucket, records, version_sum, effective_seconds)"
        " VALUES (:entity, :bucket, :records, :versions, :seconds) ON CONFLICT (entity, bucket) DO UPDATE SET"
        " records = bucket_digest.records + excluded.records,"
        " version_sum = bucket_digest.version_sum + excluded.version_sum,"
        " effective_seconds = bucket_digest.effective_seconds + excluded.effective_seconds",
        entity=entity.value,
        bucket=bucket_of(national_id),
        records=after[0] - before[0],
        versions=after[1] - before[1],
        seconds=after[2] - before[2],
    )


@cache
def _digest_sums(entity: Entity) -> str:
    seconds = "0"
    if entity is Entity.HOUR_RECORD:
        seconds = "COALESCE(SUM(CASE WHEN m.state = 'effective' THEN m.service_seconds ELSE 0 END), 0)"
    return (
        f"SELECT '{entity}', substr(m.national_id, 1, 2), {{sign}} * COUNT(*),"
        f" {{sign}} * COALESCE(SUM(m.national_updated_at_ms), 0), {{sign}} * {seconds}"
    )


def digest_statement(entity: Entity, rows: str, *, sign: int) -> str:
    return (
        "INSERT INTO bucket_digest (entity, bucket, records, version_sum, effective_seconds) "
        + _digest_sums(entity).format(sign=sign)
        + f" FROM {rows} GROUP BY substr(m.national_id, 1, 2)"
        " ON CONFLICT (entity, bucket) DO UPDATE SET records = bucket_digest.records + excluded.records,"
        " version_sum = bucket_digest.version_sum + excluded.version_sum,"
        " effective_seconds = bucket_digest.effective_seconds + excluded.effective_seconds"
    )


def rebuild_digest(tx: Transaction, entity: Entity) -> None:
    """Count the mirror's rows anew, by their agreed values."""
    tx.execute("DELETE FROM bucket_digest WHERE entity = :entity", entity=entity.value)
    tx.execute(
        digest_statement(entity, f"{entity} m WHERE m.national_id IS NOT NULL AND m.withdrawn_at IS NULL", sign=1)
    )
    if entity is Entity.HOUR_RECORD:
        # What is edited here counts with the value both sides last agreed on.
        tx.execute(
            "UPDATE bucket_digest SET effective_seconds = effective_seconds + COALESCE((SELECT SUM(CAST(c.base AS"
            " BIGINT) - m.service_seconds) FROM local_change c JOIN hour_record m ON m.id = c.row_id"
            " WHERE c.entity = 'hour_record' AND c.field = 'service_seconds' AND m.state = 'effective'"
            " AND m.withdrawn_at IS NULL AND substr(m.national_id, 1, 2) = bucket_digest.bucket), 0)"
            " WHERE entity = 'hour_record'"
        )
