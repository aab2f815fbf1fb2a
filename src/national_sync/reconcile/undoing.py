"""Taking a decision about a mismatch back, as far as that is possible. Inside the caller's transaction, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from national_sync.errors import CannotUndo, FactsChanged
from national_sync.i18n import N_, Phrase
from national_sync.operators.rights import Operator
from national_sync.reconcile.resolving import locked, what_is_now, write_step
from national_sync.records import Entity
from national_sync.sealing import Sealer
from national_sync.sync.grounds import as_text, grounds_of
from national_sync.sync.kinds import ACCEPT_KINDS, FIELD_KINDS, MismatchKind
from national_sync.sync.mirror import sealed_row, value_from_text
from national_sync.sync.mismatches import NO_DECISION, plain_text, stored_text
from national_sync.sync.operations import UNSETTLED


def undo(connection: Connection, sealer: Sealer, operator: Operator, mismatch_id: int, now: int) -> str:
    """Take back the last decision; returns what became of it.

    `dropped`: it had not been carried out. `reopened`: it changed nothing, and the mismatch is open again. `put_back`:
    the other value stands here again as an edit, which goes out with the next push. `asked_again`: it gave a third
    value; ours stands here again, and the mismatch is open again. Raises CannotUndo otherwise.
    """
    row = locked(connection, operator, mismatch_id)
    written: dict[str, Any] = {}
    if row["state"] == "open":
        outcome = _drop_decision(connection, row)
    elif row["decision"] is None or row["resolution"] != row["decision"]:
        raise CannotUndo(id=mismatch_id, reason=N_("it was not closed by a decision, but because its cause was gone"))
    elif MismatchKind(row["kind"]) in ACCEPT_KINDS:
        outcome = _reopen(connection, row)
    elif MismatchKind(row["kind"]) in FIELD_KINDS:
        is_third = row["decision"] == "set"
        if is_third:
            _check_nothing_under_way(connection, row)
        outcome = _put_back(connection, sealer, row)
        written = {"history": _latest_note(connection, row)}
        if is_third:
            outcome = _ask_again(connection, sealer, row)
    else:
        raise CannotUndo(
            id=mismatch_id,
            reason=N_("it has been carried out, and what it gave up is not kept as an edit"),
            hint=N_("See what stood here before, and enter it anew: national-sync history {entity} {row_id}"),
            entity=row["entity"].removesuffix("_record"),
            row_id=row["row_id"] or row["subject"],
        )
    write_step(
        connection, operator, row, "undone", {"decision": row["decision"], "outcome": outcome}, now, only_here=written
    )
    return outcome


def _drop_decision(connection: Connection, row: Mapping[str, Any]) -> str:
    if row["decision"] is None:
        raise CannotUndo(id=row["id"], reason=N_("nothing has been decided"))
    connection.execute(text(f"UPDATE mismatch SET {NO_DECISION} WHERE id = :id"), {"id": row["id"]})
    return "dropped"


def _reopen(connection: Connection, row: Mapping[str, Any]) -> str:
    again = connection.execute(
        text(
            "SELECT id FROM mismatch WHERE state = 'open' AND kind = :kind AND entity = :entity"
            " AND subject = :subject AND field = :field"
        ),
        {name: row[name] for name in ("kind", "entity", "subject", "field")},
    ).scalar_one_or_none()
    if again is not None:
        raise CannotUndo(id=row["id"], reason=Phrase(N_("the same is open again as number {again}"), again=again))
    connection.execute(
        text(
            f"UPDATE mismatch SET state = 'open', resolution = NULL, closed_run_id = NULL, {NO_DECISION} WHERE id = :id"
        ),
        {"id": row["id"]},
    )
    return "reopened"


def _put_back(connection: Connection, sealer: Sealer, row: Mapping[str, Any]) -> str:
    """The value that was given up takes the place of the kept one, like any edit made here."""
    entity, field = Entity(row["entity"]), row["field"]
    kept, other = _kept_and_other(sealer, row)
    grounds = grounds_of(connection, sealer, row)
    if not grounds.is_here:
        raise CannotUndo(id=row["id"], reason=N_("the record is no longer here"))
    if as_text(grounds.values[field]) != kept:
        raise FactsChanged(id=row["id"], reason=what_is_now(sealer, row, grounds))
    if kept == other:
        raise CannotUndo(id=row["id"], reason=N_("both sides hold that value now"))
    values = sealed_row(sealer, entity, {field: value_from_text(entity, field, other)})
    assignments = ", ".join(f"{name} = :{name}" for name in values)
    connection.execute(
        text(f"UPDATE {entity} SET {assignments} WHERE id = :row_id"), {**values, "row_id": row["row_id"]}
    )
    return "put_back"


def _check_nothing_under_way(connection: Connection, row: Mapping[str, Any]) -> None:
    """What the national side will hold must be known before anybody is asked about it."""
    under_way = connection.execute(
        text(
            f"SELECT 1 FROM operation WHERE entity = :entity AND row_id = :row_id AND state IN {UNSETTLED}"
            " AND (state <> 'planned' OR attempts > 0) LIMIT 1"
        ),
        {"entity": row["entity"], "row_id": row["row_id"]},
    )
    if under_way.first() is not None:
        raise CannotUndo(
            id=row["id"],
            reason=N_("what was set is being sent, and it is not known yet what becomes of it"),
            hint=N_("Try again after the next run: national-sync sync run"),
        )


def _ask_again(connection: Connection, sealer: Sealer, row: Mapping[str, Any]) -> str:
    """Ours stands here again, as an edit of what the national side holds: its own value, or the one that was sent."""
    edit = connection.execute(
        text("SELECT base FROM local_change WHERE entity = :entity AND row_id = :row_id AND field = :field"),
        {name: row[name] for name in ("entity", "row_id", "field")},
    ).first()
    if edit is None:
        raise CannotUndo(id=row["id"], reason=N_("both sides hold that value now"))
    entity, field = Entity(row["entity"]), row["field"]
    theirs = stored_text(sealer, entity, field, plain_text(sealer, entity, field, edit.base))
    connection.execute(text("UPDATE mismatch SET theirs = :theirs WHERE id = :id"), {"theirs": theirs, "id": row["id"]})
    _reopen(connection, row)
    return "asked_again"


def may_be_undone(connection: Connection, sealer: Sealer, row: Mapping[str, Any]) -> bool:
    """Whether a decision that was carried out can be taken back as things stand."""
    if row["state"] != "closed" or row["decision"] is None or row["resolution"] != row["decision"]:
        return False
    if MismatchKind(row["kind"]) in ACCEPT_KINDS:
        return True
    if MismatchKind(row["kind"]) not in FIELD_KINDS:
        return False
    grounds = grounds_of(connection, sealer, row)
    kept, other = _kept_and_other(sealer, row)
    return grounds.is_here and as_text(grounds.values[row["field"]]) == kept != other


def _latest_note(connection: Connection, row: Mapping[str, Any]) -> int | None:
    """The note that the history keeps of what was just written, so that it can tell who did it."""
    latest: int | None = connection.execute(
        text("SELECT MAX(id) FROM row_history WHERE entity = :entity AND row_id = :row_id"),
        {"entity": row["entity"], "row_id": row["row_id"]},
    ).scalar()
    return latest


def _kept_and_other(sealer: Sealer, row: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The value that the decision left here, and the one that it gave up."""
    entity, field = Entity(row["entity"]), row["field"]
    ours, theirs, given = (plain_text(sealer, entity, field, row[name]) for name in ("ours", "theirs", "decided_value"))
    match row["decision"]:
        case "local":
            return ours, theirs
        case "national":
            return theirs, ours
        case _:
            return given, ours
