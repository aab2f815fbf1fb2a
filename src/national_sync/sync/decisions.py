"""Carrying out what a person or a standing rule decided about mismatches."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from national_sync import audit
from national_sync.national.port import NationalSystem, Reject
from national_sync.policy import Policy
from national_sync.records import SEALED_FIELDS, Entity, Record
from national_sync.sync.deletions import restore_deleted
from national_sync.sync.grounds import digest_of, grounds_of, has_moved
from national_sync.sync.kinds import ACCEPT_KINDS, FIELD_KINDS, MismatchKind
from national_sync.sync.mirror import (
    drop_base,
    load_deletion,
    load_mirrored,
    old_row_of,
    sealed_row,
    set_columns,
    value_from_text,
    write_base,
    write_row,
)
from national_sync.sync.mismatches import (
    add_events,
    among,
    plain_text,
    stored_text,
    update_facts,
    withdraw_decision,
)
from national_sync.sync.operations import absorb, column_of
from national_sync.sync.slices import slices
from national_sync.sync.transaction import Transaction, Transactions

Decide = Callable[[Transaction, "Mismatch"], None]

CARRIED_TOGETHER: Final = 100
"""Decisions of one transaction."""
_DECIDED: Final = "state = 'open' AND decision IS NOT NULL"
_ACCEPTED: Final = ", ".join(f"'{kind}'" for kind in sorted(ACCEPT_KINDS))
_ACCEPTED_AS_MANY: Final = f"{_DECIDED} AND decided_facts IS NULL AND kind IN ({_ACCEPTED})"
"""Nothing is written for them on either side, and nobody said which facts they rest on."""


@dataclass(frozen=True)
class Mismatch:
    """An open mismatch with a decision."""

    id: int
    kind: MismatchKind
    entity: Entity
    row_id: int | None
    national_id: str | None
    field: str
    base: str | None
    theirs: str | None
    detail: Mapping[str, Any]
    decision: str
    decided_field: str | None
    decided_value: str | None


def carry_out_decisions(transactions: Transactions, national: NationalSystem, policy: Policy) -> int:
    """Carry out every decision that waits; returns how many. One whose facts have changed is withdrawn instead."""
    with transactions.read() as tx:
        decided = list(tx.execute(f"SELECT id FROM mismatch WHERE {_DECIDED} ORDER BY id").scalars())
    if not decided:
        return 0
    carried = _accept_as_many(transactions)
    accepted = set(carried)
    for some in slices([one for one in decided if one not in accepted], CARRIED_TOGETHER):
        edits = _their_edits(transactions, national, some)
        with transactions.write() as tx:
            done = [one for one in some if _carry_out(tx, policy, one, edits)]
            _audit(tx, done)
        carried += done
    return len(carried)


def _accept_as_many(transactions: Transactions) -> list[int]:
    with transactions.write() as tx:
        if tx.locking:  # In the order in which everybody else locks them.
            tx.execute(f"SELECT id FROM mismatch WHERE {_ACCEPTED_AS_MANY} ORDER BY id{tx.locking}")
        closed = tx.execute(
            "UPDATE mismatch SET state = 'closed', resolution = decision, closed_run_id = :run"
            f" WHERE {_ACCEPTED_AS_MANY} RETURNING id",
            run=tx.run_id,
        )
        ids = sorted(closed.scalars())
        _note_carried_out(tx, ids, {"decision": "national"})
        _audit(tx, ids)
    return ids


def _note_carried_out(tx: Transaction, ids: Sequence[int], detail: Mapping[str, Any]) -> None:
    actor = f"run:{tx.run_id}"
    add_events(tx.connection, ids, at=tx.now, event="carried_out", actor=actor, run_id=tx.run_id, detail=detail)


def _audit(tx: Transaction, ids: Sequence[int]) -> None:
    if ids:
        detail = {"count": len(ids), "first": ids[0], "digest": audit.digest_of(f"{one}" for one in ids)}
        entry = audit.Entry(tx.now, f"run:{tx.run_id}", "mismatch.carried_out", run_id=tx.run_id, detail=detail)
        audit.append(tx.connection, entry)


def _their_edits(
    transactions: Transactions, national: NationalSystem, ids: Sequence[int]
) -> dict[tuple[Entity, str], Record | None]:
    """What the national side has of the records that were deleted here and are to come back as they are there."""
    with transactions.read() as tx:
        wanted = tx.rows(
            f"SELECT entity, national_id FROM mismatch WHERE {among(tx.connection, ids)} AND {_DECIDED}"
            f" AND kind = '{MismatchKind.DELETED_HERE_EDITED_THERE}' AND decision = 'national' ORDER BY id"
        )
    edits: dict[tuple[Entity, str], Record | None] = {}
    for row in wanted:
        entity, national_id = Entity(row["entity"]), row["national_id"]
        [record] = national.get(entity, [national_id])
        edits[entity, national_id] = None if isinstance(record, Reject) else record
    return edits


def _carry_out(
    tx: Transaction, policy: Policy, mismatch_id: int, edits: Mapping[tuple[Entity, str], Record | None]
) -> bool:
    """Carry out one decision exactly once: it is read again under a lock, and what it rests on is compared."""
    rows = tx.rows(f"SELECT * FROM mismatch WHERE id = :id AND {_DECIDED}{tx.locking}", id=mismatch_id)
    if not rows or not _still_holds(tx, rows[0]):
        return False
    mismatch = _mismatch(rows[0])
    before = tx.last_revision
    if mismatch.kind is MismatchKind.DELETED_HERE_EDITED_THERE and mismatch.decision == "national":
        if (mismatch.entity, mismatch.national_id or "") not in edits:
            return False
        _take_their_edit(tx, policy, mismatch, edits[mismatch.entity, mismatch.national_id or ""])
    else:
        _CHOICES.get((mismatch.kind, mismatch.decision), _accept)(tx, mismatch)
    tx.execute(
        "UPDATE mismatch SET state = 'closed', resolution = decision, closed_run_id = :run"
        " WHERE id = :id AND state = 'open'",
        run=tx.run_id,
        id=mismatch.id,
    )
    written = {"sync_rev": tx.last_revision} if tx.last_revision != before else {}
    _note_carried_out(tx, [mismatch.id], {"decision": mismatch.decision, **written})
    return True


def _still_holds(tx: Transaction, row: Mapping[str, Any]) -> bool:
    """Whether the facts are those that were decided about; otherwise the decision is withdrawn, and a person asked anew."""
    grounds = grounds_of(tx.connection, tx.sealer, row)
    if has_moved(tx.sealer, row, grounds) and grounds.is_here:
        ours = stored_text(tx.sealer, Entity(row["entity"]), row["field"], grounds.values[row["field"]])
        update_facts(tx, Entity(row["entity"]), row["field"], row, {"ours": ours})
        return False
    seen = row["decided_facts"]
    if has_moved(tx.sealer, row, grounds) or (seen is not None and seen != digest_of(tx.sealer, row, grounds)):
        withdraw_decision(tx, row["id"], row["decision"], "facts_changed")
        return False
    return True


def _mismatch(row: Mapping[str, Any]) -> Mismatch:
    return Mismatch(
        row["id"],
        MismatchKind(row["kind"]),
        Entity(row["entity"]),
        row["row_id"],
        row["national_id"],
        row["field"],
        row["base"],
        row["theirs"],
        json.loads(row["detail"]),
        row["decision"],
        row["decided_field"],
        row["decided_value"],
    )


def _accept(_tx: Transaction, _mismatch: Mismatch) -> None:
    """Nothing changes; the difference is known and accepted."""


def _keep_local_field(tx: Transaction, mismatch: Mismatch) -> None:
    """Our value becomes an edit of theirs, and so goes out."""
    assert mismatch.row_id is not None
    theirs = plain_text(tx.sealer, mismatch.entity, mismatch.field, mismatch.theirs)
    write_base(tx, mismatch.entity, mismatch.row_id, mismatch.field, theirs)


def _keep_national_field(tx: Transaction, mismatch: Mismatch) -> None:
    assert mismatch.row_id is not None
    column = mismatch.field
    theirs = plain_text(tx.sealer, mismatch.entity, column, mismatch.theirs)
    row: dict[str, Any] = {column: value_from_text(mismatch.entity, column, theirs)}
    if column in SEALED_FIELDS[mismatch.entity]:
        row[column] = None if theirs is None else tx.sealer.seal(theirs)
        row[f"{column}_hash"] = None if theirs is None else tx.sealer.match_hash(theirs)
    write_row(tx, mismatch.entity, mismatch.row_id, row)
    drop_base(tx, mismatch.entity, mismatch.row_id, column)


def _drop_edits(tx: Transaction, mismatch: Mismatch, columns: Collection[str] | None = None) -> None:
    """Put the edited fields of the row, or those named of them, back to what both sides agreed on."""
    assert mismatch.row_id is not None
    entity = mismatch.entity
    bases = tx.rows(
        "SELECT field, base FROM local_change WHERE entity = :entity AND row_id = :row_id",
        entity=entity.value,
        row_id=mismatch.row_id,
    )
    row: dict[str, Any] = {}
    for change in bases:
        if columns is not None and change["field"] not in columns:
            continue
        column, base = change["field"], value_from_text(entity, change["field"], change["base"])
        row[column] = base
        if column in SEALED_FIELDS[entity]:
            plain = plain_text(tx.sealer, entity, column, change["base"])
            row[f"{column}_hash"] = None if plain is None else tx.sealer.match_hash(plain)
        drop_base(tx, entity, mismatch.row_id, column)
    if row:
        write_row(tx, entity, mismatch.row_id, row)


def _keep_national_after_audit(tx: Transaction, mismatch: Mismatch) -> None:
    if not mismatch.detail.get("deleted"):
        _drop_edits(tx, mismatch, {mismatch.field})
    elif mismatch.national_id is not None:
        _undo_deletion(tx, mismatch)


def _undo_deletion(tx: Transaction, mismatch: Mismatch) -> None:
    deletion = load_deletion(tx, mismatch.entity, mismatch.national_id or "")
    if deletion is not None:
        restore_deleted(tx, mismatch.entity, deletion)


def _keep_our_deletion(tx: Transaction, mismatch: Mismatch) -> None:
    """Delete there what was edited there, knowing the edit: it becomes the version our deletion is based on."""
    deletion = load_deletion(tx, mismatch.entity, mismatch.national_id or "")
    if deletion is not None:
        old_row = {**old_row_of(deletion), **mismatch.detail}
        tx.execute(
            "UPDATE local_deletion SET old_row = :old_row WHERE id = :id",
            old_row=json.dumps(old_row, ensure_ascii=False),
            id=deletion["id"],
        )


def _give_up_refused(tx: Transaction, mismatch: Mismatch) -> None:
    """Drop what the national side refused: an edit, a deletion, or a whole creation."""
    match mismatch.detail.get("verb"):
        case "delete":
            _undo_deletion(tx, mismatch)
        case "update":
            _drop_edits(tx, mismatch, {column_of(mismatch.entity, name) for name in mismatch.detail["fields"]})
        case _:
            assert mismatch.row_id is not None
            if load_mirrored(tx, mismatch.entity, row_id=mismatch.row_id) is not None:
                write_row(tx, mismatch.entity, mismatch.row_id, {"withdrawn_at": tx.now})


def _take_their_edit(tx: Transaction, policy: Policy, mismatch: Mismatch, record: Record | None) -> None:
    _undo_deletion(tx, mismatch)
    if record is not None:
        absorb(tx, mismatch.entity, policy.owners[mismatch.entity], [record])


def _set_value(tx: Transaction, mismatch: Mismatch) -> None:
    """A third value takes the place of ours, as an edit of what the national side has."""
    entity, column = mismatch.entity, mismatch.decided_field or mismatch.field
    mirrored = None if mismatch.row_id is None else load_mirrored(tx, entity, row_id=mismatch.row_id)
    if mirrored is None:
        return
    plain = plain_text(tx.sealer, entity, column, mismatch.decided_value)
    value = value_from_text(entity, column, plain)
    row = sealed_row(tx.sealer, entity, {column: value})
    if mirrored.is_new:
        set_columns(tx, entity, mirrored.row_id, row)
        return
    write_row(tx, entity, mirrored.row_id, row)
    base = mirrored.bases.get(column, mirrored.values[column])
    if mismatch.kind in FIELD_KINDS:
        base = value_from_text(entity, column, plain_text(tx.sealer, entity, column, mismatch.theirs))
    if value == base:
        drop_base(tx, entity, mirrored.row_id, column)
    else:
        write_base(tx, entity, mirrored.row_id, column, base)


def _give_up_unsendable(tx: Transaction, mismatch: Mismatch) -> None:
    if mismatch.national_id is not None:
        _drop_edits(tx, mismatch, {mismatch.field})
    elif mismatch.row_id is not None and load_mirrored(tx, mismatch.entity, row_id=mismatch.row_id) is not None:
        write_row(tx, mismatch.entity, mismatch.row_id, {"withdrawn_at": tx.now})


_CHOICES: Final[Mapping[tuple[MismatchKind, str], Decide]] = {
    (MismatchKind.BOTH_EDITED, "local"): _keep_local_field,
    (MismatchKind.BOTH_EDITED, "national"): _keep_national_field,
    (MismatchKind.WRITE_UNDONE, "national"): _keep_national_field,
    (MismatchKind.AUDITED_EDIT, "national"): _keep_national_after_audit,
    (MismatchKind.DELETED_HERE_EDITED_THERE, "local"): _keep_our_deletion,
    (MismatchKind.DELETED_WITH_RECORDS, "national"): _undo_deletion,
    (MismatchKind.EDITED_HERE_DELETED_THERE, "national"): _drop_edits,
    (MismatchKind.REFUSED_BY_REVIEW, "national"): _give_up_refused,
    (MismatchKind.UNSENDABLE_VALUE, "national"): _give_up_unsendable,
    (MismatchKind.BOTH_EDITED, "set"): _set_value,
    (MismatchKind.WRITE_UNDONE, "set"): _set_value,
    (MismatchKind.UNSENDABLE_VALUE, "set"): _set_value,
    (MismatchKind.REFUSED_BY_REVIEW, "set"): _set_value,
}
"""What else a decision does besides closing the mismatch."""
