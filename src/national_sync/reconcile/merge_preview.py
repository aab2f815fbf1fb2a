"""What a merge of two registrations would do, read from the database and shown before it is done."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, text

from national_sync import audit
from national_sync.errors import MergeRefused, NotFound
from national_sync.i18n import N_, Phrase, joined
from national_sync.operators.rights import Operator, Right, require
from national_sync.persons import doubled_seconds, effective_spans, person_of, rows_of_person
from national_sync.prose.fields import field_name
from national_sync.reconcile.effects import STAR_HOURS, Effect, effect_of
from national_sync.reconcile.facts import BalanceOf, no_account
from national_sync.reconcile.merge_plan import Belonging, Keeper, Step, plan_steps
from national_sync.records import Entity, HourState
from national_sync.sync.operations import UNSETTLED

_OPEN_HOURS: Final = (HourState.APPLYING, HourState.NOT_SIGNED_OUT, HourState.EFFECTIVE)


@dataclass(frozen=True)
class Registration:
    """One of the two, as shown."""

    id: int
    number: str | None
    name: str
    county: str
    birth_date: str
    total_seconds: int
    """By the national side."""


@dataclass(frozen=True)
class Overlap:
    """Two effective records of the person that both claim some time."""

    kept_record: int
    gone_record: int
    seconds: int


@dataclass(frozen=True)
class MergePlan:
    """What a merge does, as shown before it is done."""

    kept: Registration
    gone: Registration
    steps: tuple[Step, ...]
    hour_records: Mapping[str, int]
    """Of the gone one, by state: they stay under its number and count for the kept one."""
    overlaps: tuple[Overlap, ...]
    doubled_seconds: int
    """Claimed by both, counted once."""
    effect: Effect
    """On the kept one's hours, star and balance."""
    gone_balance: int | None
    differences: tuple[str, ...] = ()
    """By which the two seem to be two people; none where they may be one."""

    @property
    def digest(self) -> str:
        """Another one means that something has changed since it was shown."""
        return audit.digest_of([json.dumps(asdict(self), sort_keys=True)])[:8]

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "digest": self.digest}


def plan_merge(
    connection: Connection,
    operator: Operator,
    kept_id: int,
    gone_id: int,
    *,
    star_hours: Sequence[int] = STAR_HOURS,
    balance_of: BalanceOf = no_account,
    right: Right = Right.READ,
) -> MergePlan:
    """Raises NotFound, NotAllowed, or MergeRefused with the reason."""
    kept, gone = _volunteer(connection, kept_id), _volunteer(connection, gone_id)
    for row in (kept, gone):
        require(operator, right, county=row["county"])
    _check(connection, kept, gone)
    before = _person_seconds(connection, rows_of_person(connection, kept_id))
    after = _person_seconds(connection, [*rows_of_person(connection, kept_id), gone_id])
    doubled = before + _person_seconds(connection, [gone_id]) - after
    balances = balance_of(connection, kept_id), balance_of(connection, gone_id)
    return MergePlan(
        _registration(kept),
        _registration(gone),
        tuple(plan_steps(_keeper(connection, kept), _belongings(connection, gone_id))),
        _hours_by_state(connection, gone_id),
        tuple(_overlaps(connection, kept_id, gone_id)),
        doubled,
        effect_of(before, after - before, balances[0], star_hours),
        balances[1],
        _differences(kept, gone),
    )


# What decides


def _volunteer(connection: Connection, volunteer_id: int) -> Mapping[str, Any]:
    found = connection.execute(
        text("SELECT v.*, substr(v.service_area_id, 1, 6) AS county FROM volunteer v WHERE id = :id"),
        {"id": volunteer_id},
    ).mappings()
    row = found.first()
    if row is None:
        raise NotFound(noun="volunteer", id=volunteer_id)
    return dict(row)


def _registration(row: Mapping[str, Any]) -> Registration:
    return Registration(row["id"], row["number"], row["name"], row["county"], row["birth_date"], row["total_seconds"])


def _check(connection: Connection, kept: Mapping[str, Any], gone: Mapping[str, Any]) -> None:
    if kept["id"] == gone["id"]:
        raise MergeRefused(reason=N_("they are one and the same registration"))
    for row in (kept, gone):
        if row["national_id"] is None:
            raise MergeRefused(reason=N_("one of them has no national record yet; wait for the next run"))
        if row["withdrawn_at"] is not None:
            raise MergeRefused(reason=N_("one of them has been withdrawn; the national side has settled it already"))
        if person_of(connection, row["id"]) != row["id"]:
            raise MergeRefused(reason=N_("one of them has been merged into another already; name that one"))
    if len(rows_of_person(connection, gone["id"])) > 1:
        raise MergeRefused(
            reason=N_("others were merged into the one that would go; name it first, as the one to keep")
        )


def _differences(kept: Mapping[str, Any], gone: Mapping[str, Any]) -> tuple[str, ...]:
    """Nothing where `volunteer duplicates` would find them: one ID number however it is written, or one name and day."""
    if kept["id_number_hash"] is not None and kept["id_number_hash"] == gone["id_number_hash"]:
        return ()
    differing = tuple(name for name in ("name", "birth_date") if kept[name] != gone[name])
    return ("id_number", *differing) if differing else ()


def check_one_person(plan: MergePlan, *, although_different: bool) -> None:
    """Raises MergeRefused for two that nothing but the request says to be one."""
    if plan.differences and not although_different:
        raise MergeRefused(
            reason=Phrase(
                N_("they differ in the ID number and in: {fields}"),
                fields=joined(field_name(name) for name in plan.differences if name != "id_number"),
            ),
            hint=N_("Look at both with --dry-run. If they are one person all the same: --although-different"),
        )


def _keeper(connection: Connection, kept: Mapping[str, Any]) -> Keeper:
    bound = {"volunteer": kept["id"]}
    live = "volunteer_id = :volunteer AND withdrawn_at IS NULL"
    teams = connection.execute(
        text(f"SELECT team_id, state FROM membership WHERE {live} AND state IN ('member', 'applied')"), bound
    )
    trainings = connection.execute(text(f"SELECT topic, training_date FROM training_record WHERE {live}"), bound)
    hours = connection.execute(
        text(
            f"SELECT started_at, ended_at FROM hour_record WHERE {live} AND ended_at IS NOT NULL AND state IN :open"
        ).bindparams(bindparam("open", list(_OPEN_HOURS), expanding=True)),
        bound,
    )
    return Keeper(
        kept["real_name_state"],
        kept["account_state"],
        {row.team_id: row.state for row in sorted(teams.all(), key=lambda row: row.state)},
        frozenset((topic, day) for topic, day in trainings),
        [(start, end) for start, end in hours],
    )


_BELONGINGS: Final[Mapping[Entity, str]] = {
    Entity.MEMBERSHIP: (
        "SELECT r.*, t.name AS label, t.state AS team_state, t.join_rule FROM membership r"
        " JOIN team t ON t.id = r.team_id WHERE {live} ORDER BY r.id"
    ),
    Entity.TRAINING_RECORD: "SELECT r.*, r.topic AS label FROM training_record r WHERE {live} ORDER BY r.id",
    Entity.HOUR_RECORD: (
        "SELECT r.*, p.name AS label FROM hour_record r LEFT JOIN project p ON p.id = r.project_id"
        " WHERE {live} AND r.sync_rev IS NULL ORDER BY r.id"
    ),
}


def _belongings(connection: Connection, gone_id: int) -> list[Belonging]:
    """Memberships, trainings and the hours that were never sent. On PostgreSQL the rows stay locked."""
    locking = "" if connection.dialect.name == "sqlite" else " FOR UPDATE OF r"
    found = []
    for entity, query in _BELONGINGS.items():
        statement = query.format(live="r.volunteer_id = :volunteer AND r.withdrawn_at IS NULL")
        for row in connection.execute(text(statement + locking), {"volunteer": gone_id}).mappings().all():
            on_its_way = exists_for(connection, f"operation WHERE state IN {UNSETTLED} AND", entity, row["id"])
            has_edits = exists_for(connection, "local_change WHERE", entity, row["id"])
            found.append(
                Belonging(
                    entity, row["id"], row["label"] or "", row["sync_rev"] is None, on_its_way, has_edits, dict(row)
                )
            )
    return found


def exists_for(connection: Connection, where: str, entity: Entity, row_id: int, **more: int) -> bool:
    condition = "entity = :entity AND row_id = :row_id" + "".join(f" AND id > :{name}" for name in more)
    found = connection.execute(
        text(f"SELECT 1 FROM {where} {condition} LIMIT 1"), {"entity": entity.value, "row_id": row_id, **more}
    )
    return found.first() is not None


def _hours_by_state(connection: Connection, gone_id: int) -> dict[str, int]:
    rows = connection.execute(
        text(
            "SELECT state, COUNT(*) AS records FROM hour_record WHERE volunteer_id = :gone AND withdrawn_at IS NULL"
            " AND sync_rev IS NOT NULL GROUP BY state ORDER BY state"
        ),
        {"gone": gone_id},
    )
    return {row.state: row.records for row in rows}


def _person_seconds(connection: Connection, volunteer_ids: Sequence[int]) -> int:
    """Recorded seconds that count for these rows together, none of them twice."""
    total = connection.execute(
        text(
            "SELECT COALESCE(SUM(service_seconds), 0) FROM hour_record WHERE volunteer_id IN :rows"
            " AND state = 'effective' AND withdrawn_at IS NULL"
        ).bindparams(bindparam("rows", list(volunteer_ids), expanding=True))
    ).scalar_one()
    return int(total) - doubled_seconds(effective_spans(connection, volunteer_ids))


def _overlaps(connection: Connection, kept_id: int, gone_id: int) -> list[Overlap]:
    effective = "{row}.state = 'effective' AND {row}.withdrawn_at IS NULL"
    rows = connection.execute(
        text(
            "SELECT k.id, g.id, k.started_at, k.ended_at, g.started_at, g.ended_at FROM hour_record g"
            " JOIN hour_record k ON k.volunteer_id = :kept AND k.started_at < g.ended_at AND g.started_at < k.ended_at"
            f" WHERE g.volunteer_id = :gone AND {effective.format(row='k')} AND {effective.format(row='g')}"
            " ORDER BY g.started_at, g.id, k.id"
        ),
        {"kept": kept_id, "gone": gone_id},
    )
    return [
        Overlap(kept, gone, min(kept_end, gone_end) - max(kept_start, gone_start))
        for kept, gone, kept_start, kept_end, gone_start, gone_end in rows
    ]
