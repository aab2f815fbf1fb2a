"""The invariants that can be checked by looking at the database alone; `doctor` and the tests ask for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, text

from national_sync.i18n import N_, Phrase
from national_sync.records import Entity
from national_sync.store import triggers

_CHECKS: Final[Mapping[str, str]] = {
    N_("I3: an operation in flight belongs to a run that is not at work"): (
        "SELECT 1 FROM operation o WHERE o.state = 'in_flight'"
        " AND EXISTS (SELECT 1 FROM run r WHERE r.id = o.run_id AND r.state = 'finished')"
    ),
    N_("I4: one local creation has more than one national record"): (
        "SELECT 1 FROM operation WHERE verb = 'create' AND state = 'done'"
        " GROUP BY entity, row_id HAVING COUNT(DISTINCT national_id) > 1"
    ),
    N_("I4: two unsettled operations concern one row"): (
        "SELECT 1 FROM operation WHERE state IN ('planned', 'in_flight', 'unknown', 'pending')"
        " GROUP BY entity, row_id HAVING COUNT(*) > 1"
    ),
    N_("a run at work has no lease"): "SELECT 1 FROM run WHERE state = 'running' AND lease_until IS NULL",
}

_CHECKS_OF_ENTITY: Final[Mapping[str, str]] = {
    N_("I2: a row of {entity} carries a revision that was never given out"): (
        "SELECT 1 FROM {entity} WHERE sync_rev > (SELECT COALESCE(MAX(CAST(value AS INTEGER)), 0) FROM mark"
        " WHERE name = 'sync_rev') LIMIT 1"
    ),
    N_("I2: a local change of {entity} belongs to no row"): (
        "SELECT 1 FROM local_change c WHERE c.entity = '{entity}'"
        " AND NOT EXISTS (SELECT 1 FROM {entity} m WHERE m.id = c.row_id)"
        " AND NOT EXISTS (SELECT 1 FROM local_deletion d WHERE d.entity = c.entity AND d.row_id = c.row_id)"
    ),
    N_("a linked row of {entity} was never read"): (
        "SELECT 1 FROM {entity} WHERE national_id IS NOT NULL AND sync_rev IS NULL LIMIT 1"
    ),
    N_("the digest of {entity} does not match its rows"): (
        "SELECT 1 FROM (SELECT substr(national_id, 1, 2) AS bucket, COUNT(*) AS records,"
        " SUM(COALESCE(national_updated_at_ms, 0)) AS versions FROM {entity}"
        " WHERE national_id IS NOT NULL AND withdrawn_at IS NULL GROUP BY substr(national_id, 1, 2)) m"
        " JOIN bucket_digest b ON b.entity = '{entity}' AND b.bucket = m.bucket"
        " WHERE (b.records <> m.records OR b.version_sum <> m.versions)"
        " AND NOT EXISTS (SELECT 1 FROM local_deletion d WHERE d.entity = '{entity}')"
    ),
}


def broken_invariants(connection: Connection) -> list[Phrase]:
    """The sentences of the invariants that do not hold; empty when all is well."""
    broken = [Phrase(sentence) for sentence, query in _CHECKS.items() if connection.execute(text(query)).first()]
    missing = triggers.missing(connection)
    if missing:
        broken.append(
            Phrase(N_("The database lacks triggers that notice edits made here: {names}"), names=", ".join(missing))
        )
    for entity in Entity:
        for sentence, query in _CHECKS_OF_ENTITY.items():
            if connection.execute(text(query.format(entity=entity))).first():
                broken.append(Phrase(sentence, entity=entity.value))
    return broken
