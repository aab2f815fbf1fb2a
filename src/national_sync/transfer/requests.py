"""What persons do with a transfer: ask for it, approve it, let it go on, call it off. Each in the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.acts import Act, find_team, find_volunteer, row_by_id, rows
from national_sync.divisions import COUNTIES
from national_sync.errors import AlreadySettled, TransferRefused, UsageError
from national_sync.i18n import N_, Phrase
from national_sync.persons import person_of
from national_sync.policy import Policy
from national_sync.transfer.steps import Goal
from national_sync.workdays import LastDay, last_of_working_days

_AREA_DIGITS: Final = (6, 9, 12, 18)
_FULL_AREA: Final = 18
_BEGUN: Final = ("joined_row_id", "left_row_id", "areas_before", "rejoined_row_id")


class Reason(StrEnum):
    """Clause X1."""

    HOUSEHOLD = "household"
    ADDRESS = "address"
    EMPLOYER = "employer"


@dataclass(frozen=True)
class Wanted:
    """What the volunteer asks for, as it was given: numbers, names, codes."""

    volunteer: str
    from_team: str
    to_team: str
    reason: Reason
    requested_on: date | None = None
    service_area: str | None = None
    living_area: str | None = None


@dataclass(frozen=True)
class Requested:
    id: int
    due: LastDay


def request(connection: Connection, policy: Policy, wanted: Wanted, act: Act) -> Requested:
    """Write a request down. Raises NotFound, or TransferRefused with the reason."""
    volunteer_id = find_volunteer(connection, wanted.volunteer)
    if person_of(connection, volunteer_id) != volunteer_id:
        raise TransferRefused(reason=N_("this registration was merged into another one of the same person; name that"))
    old, new = find_team(connection, wanted.from_team), find_team(connection, wanted.to_team)
    if old == new:
        raise TransferRefused(reason=N_("old and new team are the same"))
    membership = _membership(connection, volunteer_id, old)
    asked_on = wanted.requested_on or act.today
    if asked_on > act.today:
        raise TransferRefused(reason=N_("the day of the request lies in the future"))
    due = last_of_working_days(asked_on + timedelta(days=1), policy.transfer.working_days, policy.calendar)
    areas = {**_area("service", wanted.service_area), **_area("living", wanted.living_area)}
    transfer_id = connection.execute(
        text(
            "INSERT INTO transfer (volunteer_id, from_team_id, to_team_id, old_row_id, reason, areas, requested_on,"
            " due_on, requested_at, requested_by) VALUES (:volunteer, :old, :new, :membership, :reason, :areas,"
            " :asked_on, :due_on, :now, :actor) ON CONFLICT DO NOTHING RETURNING id"
        ),
        {
            "volunteer": volunteer_id,
            "old": old,
            "new": new,
            "membership": membership,
            "reason": wanted.reason.value,
            "areas": json.dumps(areas, ensure_ascii=False),
            "asked_on": asked_on.isoformat(),
            "due_on": due.day.isoformat(),
            "now": act.now,
            "actor": act.actor,
        },
    ).scalar_one_or_none()
    if transfer_id is None:
        raise TransferRefused(reason=_under_way(connection, volunteer_id))
    _note(connection, act, transfer_id, volunteer_id, "requested", {"reason": wanted.reason.value})
    return Requested(int(transfer_id), due)


def approve(connection: Connection, transfer_id: int, act: Act) -> None:
    """From now on every run takes the steps that are due. Raises NotFound, AlreadySettled."""
    transfer = row_by_id(connection, "transfer", transfer_id)
    if transfer["state"] != "requested":
        raise AlreadySettled(noun="transfer", id=transfer_id, state=transfer["state"])
    _set(connection, transfer_id, state="approved", approved_at=act.now, approved_by=act.actor)
    _note(connection, act, transfer_id, transfer["volunteer_id"], "approved", {})


def resume(connection: Connection, transfer_id: int, act: Act) -> None:
    """Let a transfer that is stuck, or that was called off on its way, go on towards the new team."""
    transfer = _under_work(connection, transfer_id)
    if transfer["state"] == "requested":
        raise UsageError(
            N_("Transfer {id} has not been approved yet."),
            hint=N_("Approve it with: national-sync transfer approve {id}"),
            id=transfer_id,
        )
    put_back_to_work(connection, transfer, Goal.MOVE)
    _note(connection, act, transfer_id, transfer["volunteer_id"], "resumed", {"goal": Goal.MOVE.value})


def cancel(connection: Connection, transfer_id: int, act: Act) -> bool:
    """Call a transfer off; False where something was done already that the next runs will put back."""
    transfer = _under_work(connection, transfer_id)
    has_begun = any(transfer[name] is not None for name in _BEGUN)
    if has_begun:
        put_back_to_work(connection, transfer, Goal.BACK)
    else:
        _set(connection, transfer_id, state="called_off", ended_at=act.now, waits_for="")
    _note(connection, act, transfer_id, transfer["volunteer_id"], "cancelled", {"begun": has_begun})
    return not has_begun


def put_back_to_work(connection: Connection, transfer: Mapping[str, Any], goal: Goal) -> None:
    """With a clean slate: refusals are counted anew, and a rejected application counts for nothing any more."""
    _set(connection, transfer["id"], state="approved", goal=goal.value, tries=0, waits_for="")
    for column in ("joined_row_id", "rejoined_row_id"):
        connection.execute(
            text(
                f"UPDATE transfer SET {column} = NULL WHERE id = :id AND {column} IN"
                " (SELECT m.id FROM membership m WHERE m.state = 'refused' AND m.sync_rev IS NOT NULL)"
            ),
            {"id": transfer["id"]},
        )


def county_of(connection: Connection, team_ids: tuple[int, int]) -> str | None:
    """The six digits of the county that both teams lie in; None where a transfer crosses from one to another."""
    found = {
        row["county"]
        for row in rows(
            connection,
            "SELECT DISTINCT substr(area_id, 1, 6) AS county FROM team WHERE id IN (:old, :new)",
            old=team_ids[0],
            new=team_ids[1],
        )
    }
    return str(found.pop()) if len(found) == 1 else None


def _membership(connection: Connection, volunteer_id: int, team_id: int) -> int:
    found = rows(
        connection,
        "SELECT id FROM membership WHERE volunteer_id = :volunteer AND team_id = :team AND state = 'member'"
        " AND withdrawn_at IS NULL ORDER BY id LIMIT 1",
        volunteer=volunteer_id,
        team=team_id,
    )
    if not found:
        raise TransferRefused(reason=N_("the volunteer is no member of the old team"))
    return int(found[0]["id"])


def _area(kind: str, given: str | None) -> dict[str, str | None]:
    """The two columns of an area, from a division's code; the name is known of Puer's counties only."""
    if not given:
        return {}
    is_code = given.isascii() and given.isdigit() and len(given) in _AREA_DIGITS
    if not is_code or "00" in (given[:2], given[2:4], given[4:6]):
        words = N_("{area} is no code of a county, township or village: 6, 9, 12 or 18 digits")
        raise TransferRefused(reason=Phrase(words, area=given))
    code = given.ljust(_FULL_AREA, "0")
    name = COUNTIES.get(code[:6]) if not code[6:].strip("0") else None
    return {f"{kind}_area_id": code, f"{kind}_area_name": name}


def _under_way(connection: Connection, volunteer_id: int) -> Phrase:
    [active] = rows(
        connection,
        "SELECT id FROM transfer WHERE volunteer_id = :volunteer AND state IN ('requested', 'approved', 'stuck')",
        volunteer=volunteer_id,
    )
    return Phrase(N_("transfer {id} of the same person is under way"), id=active["id"])


def _under_work(connection: Connection, transfer_id: int) -> Mapping[str, Any]:
    transfer = row_by_id(connection, "transfer", transfer_id)
    if transfer["state"] in ("done", "called_off"):
        raise AlreadySettled(noun="transfer", id=transfer_id, state=transfer["state"])
    return transfer


def _set(connection: Connection, transfer_id: int, **columns: Any) -> None:
    assignments = ", ".join(f"{name} = :{name}" for name in columns)
    connection.execute(text(f"UPDATE transfer SET {assignments} WHERE id = :id"), {"id": transfer_id, **columns})


def _note(
    connection: Connection, act: Act, transfer_id: int, volunteer_id: int, event: str, detail: Mapping[str, Any]
) -> None:
    connection.execute(
        text(
            "INSERT INTO transfer_event (transfer_id, at, event, actor, detail)"
            " VALUES (:transfer, :at, :event, :actor, :detail)"
        ),
        {
            "transfer": transfer_id,
            "at": act.now,
            "event": event,
            "actor": act.actor,
            "detail": json.dumps(dict(detail), sort_keys=True),
        },
    )
    act.written_down(connection, f"transfer.{event}", "volunteer", volunteer_id, transfer=transfer_id, **detail)
