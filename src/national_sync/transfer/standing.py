"""How the transfers stand: read from the mirror, the operations and the open mismatches, many at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from national_sync.acts import rows
from national_sync.joining import Person, Team, obstacles, province
from national_sync.records import MembershipState
from national_sync.sync.kinds import MismatchKind
from national_sync.sync.operations import UNSETTLED
from national_sync.sync.transaction import Transaction
from national_sync.transfer.steps import Areas, Goal, Known, Place

ACTIVE: Final = "('approved', 'stuck')"
AREA_COLUMNS: Final = ("service_area_id", "service_area_name", "living_area_id", "living_area_name")
_OWN_ROWS: Final = ("old_row_id", "joined_row_id", "left_row_id", "rejoined_row_id")
_TRANSFERS: Final = (
    "SELECT x.*, v.national_id AS person_national_id, v.number, v.withdrawn_at AS person_withdrawn_at,"
    f" v.real_name_state, v.account_state, {', '.join(f'v.{name}' for name in AREA_COLUMNS)},"
    " n.national_id AS team_national_id, n.withdrawn_at AS team_withdrawn_at, n.state AS team_state, n.join_rule,"
    " n.area_id AS team_area,"
    " (SELECT COUNT(*) FROM volunteer_merge g WHERE g.gone_id = x.volunteer_id AND g.state = 'merged') AS merges,"
    " (SELECT COUNT(*) FROM hour_record h WHERE h.volunteer_id = x.volunteer_id AND h.team_id = x.from_team_id"
    " AND h.withdrawn_at IS NULL AND h.state IN ('applying', 'not_signed_out')) AS open_hours,"
    " (SELECT COUNT(*) FROM volunteer w JOIN membership m ON m.volunteer_id = w.id AND m.team_id = x.to_team_id"
    " WHERE w.name = v.name AND w.birth_date = v.birth_date AND w.id <> v.id AND w.withdrawn_at IS NULL"
    " AND m.withdrawn_at IS NULL AND m.state = 'member') AS namesakes"
    " FROM transfer x LEFT JOIN volunteer v ON v.id = x.volunteer_id LEFT JOIN team n ON n.id = x.to_team_id"
)


class Terms(NamedTuple):
    """What holds for every transfer."""

    two_memberships: bool
    """The national side lets a person be in two teams at once."""
    tries: int


@dataclass(frozen=True)
class Standing:
    """One transfer with what surrounds it."""

    transfer: Mapping[str, Any]
    known: Known
    old_rows: tuple[int, ...] = ()
    """The live memberships in the old team, rejected applications left out."""
    new_rows: tuple[int, ...] = ()
    half_done: str | None = None
    """Its mismatch: `open`, how that was resolved, or None where there was none."""


@dataclass
class _Around:
    """What was read about some transfers, by row."""

    memberships: dict[int, list[Mapping[str, Any]]] = field(default_factory=dict)
    """By transfer."""
    deleted: set[int] = field(default_factory=set)
    under_way: set[int] = field(default_factory=set)
    refused_in: dict[tuple[str, int], int] = field(default_factory=dict)
    """The run of the last refusal, by entity and row."""
    mismatches: dict[tuple[str, int], list[Mapping[str, Any]]] = field(default_factory=dict)
    """Open ones, and those of half done transfers, by entity and row."""
    edited: set[tuple[int, str]] = field(default_factory=set)
    """Volunteers and their edited area columns."""


def active_ids(tx: Transaction) -> list[int]:
    return list(tx.execute(f"SELECT id FROM transfer WHERE state IN {ACTIVE} ORDER BY id").scalars())


def standings(tx: Transaction, ids: Sequence[int], terms: Terms) -> list[Standing]:
    """How these transfers stand, whatever their state."""
    transfers = with_surroundings(tx.connection, ids)
    around = _look_around(tx, transfers)
    return [_standing(tx, transfer, around, terms) for transfer in transfers]


def with_surroundings(connection: Connection, ids: Iterable[int]) -> list[Mapping[str, Any]]:
    """Transfers beside what matters of their volunteers and new teams, of which either may have been deleted here."""
    return rows(connection, f"{_TRANSFERS} WHERE x.id IN ({_listed(ids)}) ORDER BY x.id")


def obstacles_of(transfer: Mapping[str, Any]) -> tuple[Any, ...]:
    """What stands in the way of a transfer as `standings` reads it."""
    wanted = json.loads(transfer["areas"])
    person = Person(
        is_withdrawn=transfer["person_withdrawn_at"] is not None,
        is_national=transfer["person_national_id"] is not None and transfer["number"] is not None,
        is_merged=transfer["merges"] > 0,
        real_name_state=transfer["real_name_state"],
        account_state=transfer["account_state"],
        service_area=wanted.get("service_area_id", transfer["service_area_id"]) or "",
        has_open_hours=transfer["open_hours"] > 0,
        has_namesake=transfer["namesakes"] > 0,
    )
    return obstacles(person, team_of(transfer))


def team_of(transfer: Mapping[str, Any]) -> Team:
    """The new team as `standings` reads it."""
    return Team(
        is_withdrawn=transfer["team_withdrawn_at"] is not None,
        is_national=transfer["team_national_id"] is not None,
        state=transfer["team_state"],
        join_rule=transfer["join_rule"],
        area=transfer["team_area"] or "",
    )


# Reading


def _look_around(tx: Transaction, transfers: Sequence[Mapping[str, Any]]) -> _Around:
    around = _Around()
    for row in _memberships(tx, transfers):
        around.memberships.setdefault(row["transfer_id"], []).append(row)
    live = {row["id"] for some in around.memberships.values() for row in some}
    own = {transfer[name] for transfer in transfers for name in _OWN_ROWS if transfer[name] is not None}
    people = {transfer["volunteer_id"] for transfer in transfers}
    around.deleted = _rows_where(tx, "local_deletion WHERE entity = 'membership'", own)
    around.under_way = _rows_where(tx, f"operation WHERE entity = 'membership' AND state IN {UNSETTLED}", live | own)
    for entity, concerned in (("membership", live | own), ("volunteer", people)):
        around.refused_in.update(_refusals(tx, entity, concerned))
        for mismatch in _mismatches(tx, entity, concerned):
            around.mismatches.setdefault((entity, mismatch["row_id"]), []).append(mismatch)
    edits = tx.rows(
        f"SELECT row_id, field FROM local_change WHERE entity = 'volunteer' AND row_id IN ({_listed(people)})"
        f" AND field IN ({', '.join(repr(name) for name in AREA_COLUMNS)})"
    )
    around.edited = {(edit["row_id"], edit["field"]) for edit in edits}
    return around


def _memberships(tx: Transaction, transfers: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return tx.rows(
        "SELECT x.id AS transfer_id, m.id, m.team_id, m.state, m.sync_rev FROM transfer x JOIN membership m"
        " ON m.volunteer_id = x.volunteer_id AND m.team_id IN (x.from_team_id, x.to_team_id)"
        f" WHERE m.withdrawn_at IS NULL AND x.id IN ({_listed(transfer['id'] for transfer in transfers)}) ORDER BY m.id"
    )


def _rows_where(tx: Transaction, condition: str, row_ids: Iterable[int]) -> set[int]:
    return set(tx.execute(f"SELECT row_id FROM {condition} AND row_id IN ({_listed(row_ids)})").scalars())


def _refusals(tx: Transaction, entity: str, row_ids: Iterable[int]) -> dict[tuple[str, int], int]:
    found = tx.execute(
        "SELECT row_id, MAX(run_id) FROM operation WHERE state = 'refused' AND entity = :entity"
        f" AND row_id IN ({_listed(row_ids)}) GROUP BY row_id",
        entity=entity,
    )
    return {(entity, row_id): run_id for row_id, run_id in found}


def _mismatches(tx: Transaction, entity: str, row_ids: Iterable[int]) -> list[Mapping[str, Any]]:
    return tx.rows(
        "SELECT row_id, kind, field, state, resolution, detail FROM mismatch WHERE entity = :entity"
        f" AND row_id IN ({_listed(row_ids)}) AND (state = 'open' OR kind = :half_done) ORDER BY id",
        entity=entity,
        half_done=MismatchKind.TRANSFER_HALF_DONE.value,
    )


def _listed(ids: Iterable[int]) -> str:
    """SQL for a list that may be empty."""
    return ", ".join(str(int(one)) for one in sorted(ids)) or "NULL"


# Judging


def _standing(tx: Transaction, transfer: Mapping[str, Any], around: _Around, terms: Terms) -> Standing:
    old_rows = _rows_of(transfer["from_team_id"], transfer, around)
    new_rows = _rows_of(transfer["to_team_id"], transfer, around)
    concerned = {*old_rows, *new_rows, *(transfer[name] for name in _OWN_ROWS)}
    subjects = [("volunteer", transfer["volunteer_id"]), *(("membership", row) for row in concerned)]
    known = Known(
        goal=Goal(transfer["goal"]),
        old=_place(around, old_rows, transfer["rejoined_row_id"], transfer["left_row_id"] or transfer["old_row_id"]),
        new=_place(around, new_rows, transfer["joined_row_id"], transfer["joined_row_id"]),
        areas=_areas(transfer, around),
        areas_first=province(transfer["service_area_id"] or "") != province(transfer["team_area"] or ""),
        obstacles=obstacles_of(transfer),
        two_memberships=terms.two_memberships,
        has_left=transfer["left_row_id"] is not None,
        has_joined=transfer["joined_row_id"] in (new_rows.keys() | around.deleted),
        is_under_way=bool(concerned & around.under_way),
        is_refused_now=any(around.refused_in.get(subject) == tx.run_id for subject in subjects),
        tries=transfer["tries"],
        tries_allowed=terms.tries,
        stuck_at=transfer["waits_for"] if transfer["state"] == "stuck" else "",
    )
    to_leave = tuple(row_id for row_id, row in old_rows.items() if row["state"] != MembershipState.REFUSED)
    return Standing(transfer, known, to_leave, tuple(new_rows), _half_done(transfer, around))


def _rows_of(team_id: int, transfer: Mapping[str, Any], around: _Around) -> dict[int, Mapping[str, Any]]:
    found = around.memberships.get(transfer["id"], [])
    return {row["id"]: row for row in found if row["team_id"] == team_id}


def _place(
    around: _Around, live: Mapping[int, Mapping[str, Any]], made_row_id: int | None, ended_row_id: int | None
) -> Place:
    """The best that the rows of one team show; an old rejection that is not of this transfer's making counts for
    nothing."""
    found = {_place_of(around, row, is_ours=row_id == made_row_id) for row_id, row in live.items()}
    for place in (Place.DISPUTED, Place.MEMBER, Place.APPLIED, Place.TURNED_DOWN, Place.JOINING):
        if place in found:
            return place
    if ended_row_id in around.deleted:
        return _place_of_deleted(around, ended_row_id)
    return Place.REJECTED if Place.REJECTED in found else Place.NONE


def _place_of(around: _Around, row: Mapping[str, Any], *, is_ours: bool) -> Place:
    kinds = {mismatch["kind"] for mismatch in _open(around, "membership", row["id"])}
    if row["sync_rev"] is None:
        return Place.TURNED_DOWN if kinds else Place.JOINING
    if kinds:
        return Place.DISPUTED
    match row["state"]:
        case MembershipState.MEMBER:
            return Place.MEMBER
        case MembershipState.APPLIED:
            return Place.APPLIED
        case _:
            return Place.REJECTED if is_ours else Place.NONE


def _place_of_deleted(around: _Around, row_id: int) -> Place:
    kinds = {mismatch["kind"] for mismatch in _open(around, "membership", row_id)}
    if not kinds:
        return Place.LEAVING
    return Place.KEPT if kinds == {MismatchKind.REFUSED_BY_REVIEW} else Place.DISPUTED


def _open(around: _Around, entity: str, row_id: int) -> list[Mapping[str, Any]]:
    return [one for one in around.mismatches.get((entity, row_id), []) if one["state"] == "open"]


def _areas(transfer: Mapping[str, Any], around: _Around) -> Areas:
    """The areas are written once in each direction: what somebody makes of them afterwards is theirs to say."""
    wanted = json.loads(transfer["areas"])
    before = json.loads(transfer["areas_before"]) if transfer["areas_before"] else None
    present = {name: transfer[name] for name in wanted}
    if transfer["goal"] == Goal.BACK:
        if before is not None and present == wanted != before:
            return Areas.DUE
    elif before is None and present != wanted:
        return Areas.DUE
    return Areas.AGREED if before is None else _on_the_way(transfer, around)


def _on_the_way(transfer: Mapping[str, Any], around: _Around) -> Areas:
    volunteer_id = transfer["volunteer_id"]
    edited = {name for name in AREA_COLUMNS if (volunteer_id, name) in around.edited}
    if not edited:
        return Areas.AGREED
    for mismatch in _open(around, "volunteer", volunteer_id):
        fields = {mismatch["field"], *json.loads(mismatch["detail"]).get("fields", ())}
        if edited & fields:
            refused = mismatch["kind"] == MismatchKind.REFUSED_BY_REVIEW
            return Areas.TURNED_DOWN if refused else Areas.DISPUTED
    return Areas.UNDER_WAY


def _half_done(transfer: Mapping[str, Any], around: _Around) -> str | None:
    ours = [
        mismatch
        for mismatch in around.mismatches.get(("volunteer", transfer["volunteer_id"]), [])
        if mismatch["kind"] == MismatchKind.TRANSFER_HALF_DONE
        and json.loads(mismatch["detail"]).get("transfer") == transfer["id"]
    ]
    if not ours:
        return None
    return "open" if ours[-1]["state"] == "open" else str(ours[-1]["resolution"])
