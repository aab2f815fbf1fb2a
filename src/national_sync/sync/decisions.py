"""Carrying out what a person decided about a mismatch."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from national_sync.national.port import NationalSystem, Reject
from national_sync.policy import Policy
from national_sync.records import SEALED_FIELDS, Entity
from national_sync.sync.deletions import restore_deleted
from national_sync.sync.mirror import (
    drop_base,
    load_deletion,
    load_mirrored,
    old_row_of,
    value_from_text,
    write_base,
    write_row,
)
from national_sync.sync.mismatches import close_mismatch, plain_text
from national_sync.sync.operations import absorb
from national_sync.sync.plan import MismatchKind
from national_sync.sync.transaction import Transaction, Transactions

Decide = Callable[[Transaction, "Mismatch"], None]


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


def carry_out_decisions(transactions: Transactions, national: NationalSystem, policy: Policy) -> int:
    """Carry out every decision that waits; returns how many."""
    with transactions.read() as tx:
        decided = [
            _mismatch(row)
            for row in tx.rows("SELECT * FROM mismatch WHERE state = 'open' AND decision IS NOT NULL ORDER BY id")
        ]
    for mismatch in decided:
        if mismatch.kind is MismatchKind.DELETED_HERE_EDITED_THERE and mismatch.decision == "national":
            _take_their_edit(transactions, national, policy, mismatch)
            continue
        with transactions.write() as tx:
            _CHOICES.get((mismatch.kind, mismatch.decision), _accept)(tx, mismatch)
            close_mismatch(tx, mismatch.id, mismatch.decision)
    return len(decided)


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


def _drop_edits(tx: Transaction, mismatch: Mismatch) -> None:
    """Put every edited field of the row back to what both sides agreed on."""
    assert mismatch.row_id is not None
    entity = mismatch.entity
    bases = tx.rows(
        "SELECT field, base FROM local_change WHERE entity = :entity AND row_id = :row_id",
        entity=entity.value,
        row_id=mismatch.row_id,
    )
    row: dict[str, Any] = {}
    for change in bases:
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
        _drop_edits(tx, mismatch)
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
            _drop_edits(tx, mismatch)
        case _:
            assert mismatch.row_id is not None
            if load_mirrored(tx, mismatch.entity, row_id=mismatch.row_id) is not None:
                write_row(tx, mismatch.entity, mismatch.row_id, {"withdrawn_at": tx.now})


def _take_their_edit(transactions: Transactions, national: NationalSystem, policy: Policy, mismatch: Mismatch) -> None:
    [record] = national.get(mismatch.entity, [mismatch.national_id or ""])
    with transactions.write() as tx:
        _undo_deletion(tx, mismatch)
        if record is not None and not isinstance(record, Reject):
            absorb(tx, mismatch.entity, policy.owners[mismatch.entity], [record])
        close_mismatch(tx, mismatch.id, mismatch.decision)


def _give_up_unsendable(tx: Transaction, mismatch: Mismatch) -> None:
    if mismatch.national_id is not None:
        _drop_edits(tx, mismatch)
    elif mismatch.row_id is not None and load_mirrored(tx, mismatch.entity, row_id=mismatch.row_id) is not None:
        write_row(tx, mismatch.entity, mismatch.row_id, {"withdrawn_at": tx.now})


_CHOICES: Final[Mapping[tuple[MismatchKind, str], Decide]] = {
    (MismatchKind.BOTH_EDITED, "local"): _keep_local_field,
    (MismatchKind.BOTH_EDITED, "national"): _keep_national_field,
    (MismatchKind.WRITE_UNDONE, "national"): _keep_national_field,
    (MismatchKind.AUDITED_EDIT, "national"): _keep_national_after_audit,
    (MismatchKind.DELETED_HERE_EDITED_THERE, "local"): _keep_our_deletion,
    (MismatchKind.EDITED_HERE_DELETED_THERE, "national"): _drop_edits,
    (MismatchKind.REFUSED_BY_REVIEW, "national"): _give_up_refused,
    (MismatchKind.UNSENDABLE_VALUE, "national"): _give_up_unsendable,
}
"""What else a decision does besides closing the mismatch."""
