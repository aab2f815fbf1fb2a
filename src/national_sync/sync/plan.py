"""What to do with one record, given what the mirror holds and what the national side said. Pure.

`plan_record` states the rules in full. The bulk cases of a run (a record nobody edited here: create it, update it,
withdraw it) are decided by the same rules in set-based SQL (`sync.bulk`); a property test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from national_sync.policy import Owner
from national_sync.records import Entity, HourState, Value
from national_sync.sync.kinds import MismatchKind
from national_sync.sync.merge import Conflict, Merge, merge_fields


@dataclass(frozen=True)
class Mirrored:
    """What the mirror holds of one record. Values by mirror column, personal data in plain."""

    row_id: int
    values: Mapping[str, Value]
    bases: Mapping[str, Value] = field(default_factory=dict)
    """Base by locally edited column."""
    is_new: bool = False
    """Created here, not yet linked to a national record."""
    is_deleted_here: bool = False
    is_withdrawn: bool = False
    replaced: Mapping[str, Value] = field(default_factory=dict)
    """By column: what stood on the national side before our last accepted write of the present value."""


@dataclass(frozen=True)
class Observed:
    """What the national side said of one record. References are already local row ids."""

    national_id: str
    values: Mapping[str, Value]
    is_deleted: bool = False
    unresolved: tuple[str, ...] = ()
    """Columns whose referenced record the mirror does not have."""


@dataclass(frozen=True)
class CreateRow:
    pass


@dataclass(frozen=True)
class UpdateRow:
    """Take the national values and keep the bases as the merge says. `adopts` links a local creation."""

    merge: Merge
    adopts: bool = False
    returns: bool = False
    """The row had been withdrawn and is back."""


@dataclass(frozen=True)
class WithdrawRow:
    """The national side deleted it: the row stays and no longer counts."""


@dataclass(frozen=True)
class SettleDeletion:
    """Both sides deleted it: nothing is left to send."""


@dataclass(frozen=True)
class Skip:
    """Nothing to do here: a tombstone of something we never had, or a deletion of ours that is still to be sent."""


@dataclass(frozen=True)
class Wait:
    """It names a record the mirror does not have yet; it stays staged."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class ReportMismatch:
    kind: MismatchKind
    conflict: Conflict | None = None
    is_settled: bool = False
    """Already settled by a rule; recorded so that nobody's edit vanishes unseen."""


Action: TypeAlias = CreateRow | UpdateRow | WithdrawRow | SettleDeletion | Skip | Wait | ReportMismatch


def plan_record(
    entity: Entity,
    owners: Mapping[str, Owner],
    mirrored: Mirrored | None,
    observed: Observed,
    *,
    version_moved: bool,
) -> list[Action]:
    """The actions for one observed record. `version_moved`: the national record is another than last planned on."""
    if observed.is_deleted:
        return _plan_tombstone(entity, mirrored)
    if mirrored is not None and mirrored.is_deleted_here:
        return [ReportMismatch(MismatchKind.DELETED_HERE_EDITED_THERE)] if version_moved else [Skip()]
    if observed.unresolved:
        return [Wait(observed.unresolved), ReportMismatch(MismatchKind.UNKNOWN_REFERENCE)]
    if mirrored is None:
        return [CreateRow()]
    return _plan_merge(entity, owners, mirrored, observed)


def _plan_tombstone(entity: Entity, mirrored: Mirrored | None) -> list[Action]:
    if mirrored is None:
        return [Skip()]
    if mirrored.is_deleted_here:
        return [SettleDeletion()]
    if mirrored.is_withdrawn:
        return [Skip()]
    actions: list[Action] = [WithdrawRow()]
    if mirrored.bases:
        actions.append(ReportMismatch(MismatchKind.EDITED_HERE_DELETED_THERE))
    if counts_as_service(entity, mirrored.values):
        actions.append(ReportMismatch(MismatchKind.HOURS_WITHDRAWN))
    return actions


def _plan_merge(entity: Entity, owners: Mapping[str, Owner], mirrored: Mirrored, observed: Observed) -> list[Action]:
    bases = mirrored.bases
    if mirrored.is_new:
        # No common past: every value that differs is an edit of ours, unless we left the field empty.
        bases = {
            column: None for column, ours in mirrored.values.items() if ours is not None and column in observed.values
        }
    merge = _merge_with_undone(owners, bases, mirrored, observed)
    actions: list[Action] = [UpdateRow(merge, adopts=mirrored.is_new, returns=mirrored.is_withdrawn)]
    actions.extend(ReportMismatch(MismatchKind.BOTH_EDITED, conflict) for conflict in merge.conflicts)
    if not mirrored.is_new:
        actions.extend(
            ReportMismatch(MismatchKind.NATIONAL_FIELD_EDITED, conflict, is_settled=True) for conflict in merge.restored
        )
    if counts_as_service(entity, mirrored.values) and not counts_as_service(entity, observed.values):
        actions.append(ReportMismatch(MismatchKind.HOURS_WITHDRAWN))
    return actions


def _merge_with_undone(
    owners: Mapping[str, Owner], bases: Mapping[str, Value], mirrored: Mirrored, observed: Observed
) -> Merge:
    """Where what we had replaced stands there again, our write was undone: it is still our edit, not theirs."""
    undone = {
        column: before
        for column, before in mirrored.replaced.items()
        if owners[column] is Owner.SHARED
        and column not in bases
        and observed.values[column] == before != mirrored.values[column]
    }
    merge = merge_fields(owners, {**undone, **bases}, mirrored.values, observed.values)
    return replace(merge, rebase={**undone, **merge.rebase})


def counts_as_service(entity: Entity, values: Mapping[str, Value]) -> bool:
    """Whether a record's hours count: stars and exchange may have been built on them."""
    return entity is Entity.HOUR_RECORD and values.get("state") == HourState.EFFECTIVE


def is_frozen(entity: Entity, base_values: Mapping[str, Value]) -> bool:
    """After the national audit an hour record is not edited any more; a correction is a request (clause S2, I9)."""
    return counts_as_service(entity, base_values)
