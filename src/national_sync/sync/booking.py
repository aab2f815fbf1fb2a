"""Booking the outcomes of operations, whether they come as a reply or from looking up what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeGuard

from national_sync.national.port import Done, NotSent, Operation, Outcome, RefusalKind, Refused, Reject, Unknown, Verb
from national_sync.policy import Owner
from national_sync.records import NATURAL_KEYS, Entity, Record, Value
from national_sync.sync.operations import StoredOperation, absorb, record_outcome, supersede
from national_sync.sync.transaction import Transaction


@dataclass
class Pushed:
    """What went out, by entity and verb."""

    done: dict[tuple[Entity, Verb], int] = field(default_factory=dict)
    refused: int = 0
    unknown: int = 0
    pending: int = 0
    not_sent: int = 0
    stopped: str = ""
    """Why nothing more is sent today, if so."""

    def count(self, operation: Operation, outcome: Outcome) -> None:
        match outcome:
            case Done():
                key = (operation.entity, operation.verb)
                self.done[key] = self.done.get(key, 0) + 1
            case Refused():
                self.refused += 1
            case Unknown():
                self.unknown += 1
            case NotSent(reason, stops_the_run):
                self.not_sent += 1
                self.stopped = self.stopped or (reason if stops_the_run else "")
            case _:
                self.pending += 1


def book(
    tx: Transaction,
    owners: Mapping[Entity, Mapping[str, Owner]],
    pushed: Pushed,
    stored: StoredOperation,
    outcome: Outcome,
    found: Sequence[Record] = (),
) -> bool:
    """Book one outcome; true when the record must be planned or sent again.

    `found`: what the national side showed when it refused because something exists or has changed.
    """
    operation = stored.operation
    if isinstance(outcome, Refused) and outcome.kind is RefusalKind.CHANGED_MEANWHILE:
        supersede(tx, stored, "changed nationally before it was sent")
        absorb(tx, operation.entity, owners[operation.entity], found)
        return True
    if len(found) == 1:
        absorb(tx, operation.entity, owners[operation.entity], found)
        state = tx.execute("SELECT state FROM operation WHERE id = :id", id=stored.id).scalar_one()
        if state == "done":
            pushed.count(operation, Done(found[0].national_id, found[0]))
            return False
    record_outcome(tx, owners, stored, outcome)
    pushed.count(operation, outcome)
    return isinstance(outcome, NotSent)


def natural_key(operation: Operation) -> dict[str, Value]:
    return {name: getattr(operation.record, name) for name in NATURAL_KEYS[operation.entity]}


def is_record(answer: Record | Reject | None) -> TypeGuard[Record]:
    return answer is not None and not isinstance(answer, Reject)
