"""Disabling a team, and admitting it again: an order that runs carry out, for a team's state is the national side's own.

An order becomes one operation of the engine, committed before it is sent and looked up when no answer came. It is done
when the national side shows the state.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync import audit
from national_sync.acts import Act, row_by_id, rows
from national_sync.errors import TeamRefused
from national_sync.i18n import N_, Lines, Phrase
from national_sync.national.port import Capabilities, Verb
from national_sync.prose.codes import code_word
from national_sync.records import Entity, TeamState
from national_sync.sync.mirror import load_mirrored
from national_sync.sync.operations import plan_operation, record_of_row
from national_sync.sync.transaction import Transaction, Transactions
from national_sync.teams.office import check_is_approved, check_is_here

GONE: Final = "team_gone"
UNDONE: Final = "state_not_kept"


@dataclass(frozen=True)
class Consequences:
    """What disabling a team means for those who have to do with it."""

    members: int
    only_here: int
    """Members who are in no other team."""
    applications: int
    open_projects: int
    open_hours: int
    """Records that wait for their check, or are not signed out."""
    transfers: tuple[int, ...]
    """Under way, to or from the team."""

    def facts(self) -> dict[str, Any]:
        return {**asdict(self), "transfers": list(self.transfers)}


def consequences(connection: Connection, team_id: int, now: int) -> Consequences:
    [counts] = rows(connection, _CONSEQUENCES, team=team_id, now=now)
    transfers = rows(
        connection,
        "SELECT id FROM transfer WHERE state IN ('requested', 'approved', 'stuck')"
        " AND (from_team_id = :team OR to_team_id = :team) ORDER BY id",
        team=team_id,
    )
    return Consequences(**counts, transfers=tuple(row["id"] for row in transfers))


_LIVE: Final = "m.team_id = :team AND m.withdrawn_at IS NULL"
_CONSEQUENCES: Final = f"""
    SELECT (SELECT COUNT(*) FROM membership m WHERE {_LIVE} AND m.state = 'member') AS members,
    (SELECT COUNT(*) FROM membership m WHERE {_LIVE} AND m.state = 'member' AND NOT EXISTS (SELECT 1 FROM membership o
        WHERE o.volunteer_id = m.volunteer_id AND o.team_id <> m.team_id AND o.state = 'member'
        AND o.withdrawn_at IS NULL)) AS only_here,
    (SELECT COUNT(*) FROM membership m WHERE {_LIVE} AND m.state = 'applied') AS applications,
    (SELECT COUNT(*) FROM project p WHERE p.team_id = :team AND p.withdrawn_at IS NULL AND p.ended_at >= :now
        AND p.state IN ('waiting', 'recruiting', 'running', 'paused')) AS open_projects,
    (SELECT COUNT(*) FROM hour_record h WHERE h.team_id = :team AND h.withdrawn_at IS NULL
        AND h.state IN ('applying', 'not_signed_out')) AS open_hours"""


def disable(connection: Connection, team_id: int, reason: str, act: Act) -> tuple[int, Consequences]:
    """Order it. Refused while somebody's transfer or hours would be caught in it. Raises TeamRefused."""
    check_is_approved(row_by_id(connection, "team", team_id))
    found = consequences(connection, team_id, act.now)
    problems = []
    if found.transfers:
        words = N_("transfers to or from it are under way: {numbers}; let them end, or call them off")
        problems.append(Phrase(words, numbers=", ".join(map(str, found.transfers))))
    if found.open_hours:
        words = N_("{count} hour records still wait for their check or sign-out; without the team nobody checks them")
        problems.append(Phrase(words, count=found.open_hours))
    if problems:
        raise TeamRefused(problems=Lines(problems))
    return _order(connection, team_id, TeamState.DISABLED, reason, act), found


def enable(connection: Connection, team_id: int, reason: str, act: Act) -> int:
    """Order that it be admitted again. Raises TeamRefused."""
    team = row_by_id(connection, "team", team_id)
    check_is_here(team)
    if team["state"] != TeamState.DISABLED:
        words = N_("only a disabled team can be enabled; this one is: {state}")
        raise TeamRefused(problems=Phrase(words, state=code_word("state", team["state"])))
    return _order(connection, team_id, TeamState.APPROVED, reason, act)


def _order(connection: Connection, team_id: int, wanted: TeamState, reason: str, act: Act) -> int:
    order_id = connection.execute(
        text(
            "INSERT INTO team_order (team_id, wanted, reason, ordered_at, ordered_by) VALUES"
            " (:team, :wanted, :reason, :now, :actor) ON CONFLICT DO NOTHING RETURNING id"
        ),
        {"team": team_id, "wanted": wanted.value, "reason": reason, "now": act.now, "actor": act.actor},
    ).scalar_one_or_none()
    if order_id is None:
        raise TeamRefused(problems=Phrase(N_("an order about this team is under way; the next run carries it out")))
    act.written_down(connection, "team.ordered", "team", team_id, wanted=wanted.value, order=order_id)
    return int(order_id)


def orders_of(connection: Connection, team_id: int) -> list[dict[str, Any]]:
    found = rows(
        connection,
        "SELECT id, wanted, state, reason, ordered_at, ordered_by, ended_at, outcome FROM team_order"
        " WHERE team_id = :team ORDER BY id",
        team=team_id,
    )
    return [dict(row) for row in found]


# In a run


def carry_out_orders(transactions: Transactions, capabilities: Capabilities) -> bool:
    """The duty that a run carries along (`sync.run.Duty`); whether there is something to send now."""
    with transactions.read() as tx:
        due = [order["id"] for order in _open_orders(tx) if _next(tx, order) != "wait"]
    is_sending = False
    for order_id in due:
        with transactions.write(durable=True) as tx:
            for order in _open_orders(tx, order_id):
                is_sending |= _go_on(tx, order)
    return is_sending


def _open_orders(tx: Transaction, order_id: int | None = None) -> list[Mapping[str, Any]]:
    chosen = "" if order_id is None else f" AND id = {int(order_id)}"
    return tx.rows(f"SELECT * FROM team_order WHERE state = 'open'{chosen} ORDER BY id")


def _go_on(tx: Transaction, order: Mapping[str, Any]) -> bool:
    match _next(tx, order):
        case "wait":
            return False
        case "send":
            return _send(tx, order)
        case "done":
            _end(tx, order, "done", None)
            # What else was changed about the team has waited behind it.
            return True
        case reason:
            _end(tx, order, "refused", reason)
    return False


def _next(tx: Transaction, order: Mapping[str, Any]) -> str:
    """wait, send, done, or why it will not be done."""
    found = tx.rows("SELECT state, national_id, withdrawn_at FROM team WHERE id = :id", id=order["team_id"])
    if not found or found[0]["withdrawn_at"] is not None:
        return GONE
    if found[0]["state"] == order["wanted"]:
        return "done"
    sent = tx.rows(
        "SELECT state, outcome, run_id, fields FROM operation WHERE entity = 'team' AND row_id = :team"
        " AND verb = 'update' AND (sent_at IS NULL OR sent_at >= :since) ORDER BY id DESC",
        team=order["team_id"],
        since=order["ordered_at"],
    )
    if any(operation["state"] in ("planned", "in_flight", "unknown", "pending") for operation in sent):
        return "wait"
    # Moments are whole seconds: what an earlier order sent in the second of this one wanted the opposite.
    own = next((one for one in sent if json.loads(one["fields"]).get("state") == order["wanted"]), None)
    if own is None or own["state"] == "failed":
        return "send"
    if own["state"] == "refused":
        return str(own["outcome"] or own["state"])
    return "wait" if own["run_id"] == tx.run_id else UNDONE


def _send(tx: Transaction, order: Mapping[str, Any]) -> bool:
    mirrored = load_mirrored(tx, Entity.TEAM, row_id=order["team_id"])
    if mirrored is None:
        return False
    agreed = {**mirrored.values, **mirrored.bases}
    [identity] = tx.rows("SELECT national_id, national_updated_at_ms FROM team WHERE id = :id", id=order["team_id"])
    record = record_of_row(tx, Entity.TEAM, {**agreed, "state": order["wanted"]}, identity)
    if record is None:
        return False
    fields = {"state": order["wanted"]}
    plan_operation(tx, Entity.TEAM, order["team_id"], Verb.UPDATE, record, fields, {"state": agreed["state"]})
    return True


def _end(tx: Transaction, order: Mapping[str, Any], state: str, outcome: str | None) -> None:
    tx.execute(
        "UPDATE team_order SET state = :state, ended_at = :now, outcome = :outcome WHERE id = :id",
        state=state,
        now=tx.now,
        outcome=outcome,
        id=order["id"],
    )
    detail = {"order": order["id"], "wanted": order["wanted"], "state": state}
    entry = audit.Entry(tx.now, f"run:{tx.run_id}", "team.order_ended", "team", order["team_id"], tx.run_id, detail)
    audit.append(tx.connection, entry)
