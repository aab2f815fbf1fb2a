"""Many mismatches in brief: the same as the page of each tells, read with a few queries for all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.reconcile.facts import deleted_among, seen_among
from national_sync.reconcile.proposals import Proposal, Seen, propose
from national_sync.reconcile.showing import Names, limits_shown, read_names, record_in_brief, shown
from national_sync.records import Entity
from national_sync.sealing import Sealer
from national_sync.sync.grounds import Grounds, Row, as_text, digest_of, grounds_among, has_moved, rows_among
from national_sync.sync.kinds import MismatchKind
from national_sync.sync.mismatches import among, plain_text

_NOTHING_SEEN: Final = Seen()


@dataclass(frozen=True, slots=True)
class Brief:
    """Of one mismatch, as shown; see `facts.Facts`."""

    id: int
    kind: MismatchKind
    entity: Entity
    field: str
    county: str | None
    detail: Mapping[str, Any]
    base: str | None
    ours: str | None
    """What the mirror holds now, where that is another value than the mismatch tells."""
    theirs: str | None
    record: Mapping[str, str | None]
    others: tuple[Mapping[str, str | None], ...]
    limits: Mapping[str, str | None]
    proposal: Proposal
    digest: str


def briefs_of(connection: Connection, sealer: Sealer, ids: Sequence[int]) -> list[Brief]:
    """In the order of `ids`; as many as fit into memory with their records."""
    found = connection.execute(text(f"SELECT * FROM mismatch WHERE {among(connection, ids)}")).mappings()
    mismatches = {row["id"]: dict(row) for row in found}
    grounds = grounds_among(connection, sealer, list(mismatches.values()))
    seen = seen_among(connection, sealer, list(mismatches.values()))
    records = _Records(connection, sealer, mismatches.values(), grounds)
    return [
        _facts(sealer, mismatches[one], grounds[one], seen.get(one, _NOTHING_SEEN), records)
        for one in ids
        if one in mismatches
    ]


class _Records:
    """The rows that these mismatches are about or are compared with, and what they go by."""

    def __init__(self, connection: Connection, sealer: Sealer, mismatches: Any, grounds: Mapping[int, Grounds]) -> None:
        self.names = Names(connection)
        self._sealer = sealer
        self._rows: dict[tuple[Entity, int], Row] = {}
        wanted: dict[Entity, set[int]] = {}
        for one in mismatches:
            own = [] if one["row_id"] is None else [one["row_id"]]
            wanted.setdefault(Entity(one["entity"]), set()).update([*own, *grounds[one["id"]].others])
        for entity, row_ids in wanted.items():
            here = rows_among(connection, entity, row_ids)
            known = {**deleted_among(connection, entity, row_ids - here.keys()), **here}
            self._rows.update({(entity, row_id): row for row_id, row in known.items()})
            read_names(self.names, entity, known.values())

    def in_brief(self, entity: Entity, row_id: int | None) -> dict[str, str | None]:
        row = None if row_id is None else self._rows.get((entity, row_id))
        return record_in_brief(self.names, self._sealer, entity, row)


def _facts(sealer: Sealer, mismatch: Row, grounds: Grounds, seen: Seen, records: _Records) -> Brief:
    kind, entity, field = MismatchKind(mismatch["kind"]), Entity(mismatch["entity"]), mismatch["field"]
    sides = {side: plain_text(sealer, entity, field, mismatch[side]) for side in ("base", "ours", "theirs")}
    if has_moved(sealer, mismatch, grounds):
        sides["ours"] = as_text(grounds.values.get(field))
    told = {side: shown(records.names, entity, field, plain) for side, plain in sides.items()}
    return Brief(
        mismatch["id"],
        kind,
        entity,
        field,
        mismatch["county"],
        json.loads(mismatch["detail"]),
        **told,
        record=records.in_brief(entity, mismatch["row_id"]),
        others=tuple({"row_id": str(other), **records.in_brief(entity, other)} for other in grounds.others),
        limits=limits_shown(grounds.limits),
        proposal=propose(kind, seen),
        digest=digest_of(sealer, mismatch, grounds),
    )
