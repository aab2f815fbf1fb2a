"""Taking back a filled-in spreadsheet: every row is judged first, and all of them are applied or none.

Judging only reads, so it holds nobody up however long the sheet is; the rows are then decided in one transaction, which
refuses when somebody else was faster.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, text

from national_sync import audit
from national_sync.errors import UsageError, ValueRefused
from national_sync.i18n import N_, Phrase
from national_sync.operators.rights import Operator, Right, may, require
from national_sync.policy import Owner
from national_sync.prose.words import word
from national_sync.reconcile.resolving import DEFAULT_OWNERS, Choice, note, resolve
from national_sync.reconcile.sheet_reading import SheetRow, rows_of
from national_sync.reconcile.sheets import Name, choices_in_sheet, chosen, is_untouched, label
from national_sync.reconcile.showing import Names, shown, without_numbers
from national_sync.reconcile.values import checked
from national_sync.records import Entity
from national_sync.sealing import Sealer
from national_sync.store.database import write_many
from national_sync.sync.grounds import Grounds, as_text, digest_of, grounds_among, has_moved
from national_sync.sync.kinds import MismatchKind
from national_sync.sync.mismatches import add_events, among, lock_mismatches, plain_text

Owners: TypeAlias = Mapping[Entity, Mapping[str, Owner]]
_AT_ONCE: Final = 500


class Outcome(StrEnum):
    DECIDED = "decided"
    ALREADY_DECIDED = "already_decided"
    """As this row wants it: the same file was given before, or somebody decided alike."""
    SETTLED = "settled"
    """It has closed by itself since."""
    LEFT_OPEN = "left_open"
    """Nothing was chosen."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one row."""

    row: int
    id: int | None
    outcome: Outcome
    choice: str | None = None
    reason: Phrase | None = None


@dataclass(frozen=True, slots=True)
class _Accepted:
    """A row to be decided."""

    choice: Choice
    kind: MismatchKind
    is_plain: bool
    """Whether one of the two values stays as it was shown; otherwise the row is decided by itself."""


@dataclass
class Judged:
    """A whole sheet."""

    exports: set[str] = field(default_factory=set)
    digest: str = ""
    """Of the file."""
    verdicts: list[Verdict] = field(default_factory=list)
    accepted: list[_Accepted] = field(default_factory=list)
    notes: list[tuple[int, str]] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(verdict.outcome.value for verdict in self.verdicts)
        return {outcome.value: found[outcome.value] for outcome in Outcome}

    @property
    def is_refused(self) -> bool:
        return any(verdict.outcome is Outcome.REFUSED for verdict in self.verdicts)


# Judging


def judge(
    connection: Connection, sealer: Sealer, operator: Operator, path: Path, *, owners: Owners = DEFAULT_OWNERS
) -> Judged:
    """Look at every row. Raises SheetRefused for a file that is no such sheet, NotAllowed for a mere reader."""
    require(operator, Right.DECIDE, county=operator.county)
    judge_ = _Judge(connection, sealer, operator, owners)
    rows = rows_of(path)
    judged = Judged()
    while some := list(islice(rows, _AT_ONCE)):
        judge_.look_at(some, judged)
    judged.digest = _digest_of_file(path)
    return judged


def _digest_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Refused(Exception):
    """A row that cannot be taken."""

    def __init__(self, template: str, **facts: object) -> None:
        self.reason = Phrase(template, **facts)


class _Judge:
    def __init__(self, connection: Connection, sealer: Sealer, operator: Operator, owners: Owners) -> None:
        self.connection = connection
        self.sealer = sealer
        self.operator = operator
        self.owners = owners
        self.names = Names(connection)
        self.seen: dict[int, int] = {}
        """By mismatch: the row it stood in first."""
        self.grounds: Mapping[int, Grounds] = {}
        """Of the mismatches that the rows at hand decide about."""

    def look_at(self, rows: Sequence[SheetRow], judged: Judged) -> None:
        ids = [number for row in rows if (number := _number(row)) is not None]
        known = self._stored(ids)
        decided = {_number(row) for row in rows if row.cells.get(Name.DECISION)}
        self.grounds = grounds_among(
            self.connection, self.sealer, [stored for number, stored in known.items() if number in decided]
        )
        noted = self._noted(ids)
        for row in rows:
            number = _number(row)
            try:
                stored = self._checked(row, number, known)
                verdict, accepted = self._judged(row, stored)
            except _Refused as refused:
                judged.verdicts.append(Verdict(row.number, number, Outcome.REFUSED, reason=refused.reason))
                continue
            judged.verdicts.append(verdict)
            judged.exports.add(row.cells[Name.CHECKSUM].partition("-")[0])
            if accepted is not None:
                judged.accepted.append(accepted)
            words = without_numbers(row.cells[Name.NOTE])
            if words and (stored["id"], words) not in noted:
                judged.notes.append((stored["id"], words))

    def _stored(self, ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
        rows = self.connection.execute(text(f"SELECT * FROM mismatch WHERE {among(self.connection, ids)}"))
        return {row["id"]: dict(row) for row in rows.mappings()}

    def _noted(self, ids: Sequence[int]) -> set[tuple[int, str]]:
        """The remarks that are kept already."""
        these = f"SELECT id FROM mismatch WHERE {among(self.connection, ids)}"
        rows = self.connection.execute(
            text(f"SELECT mismatch_id, detail FROM mismatch_event WHERE event = 'noted' AND mismatch_id IN ({these})")
        )
        return {(row.mismatch_id, json.loads(row.detail)["note"]) for row in rows}

    def _checked(self, row: SheetRow, number: int | None, known: Mapping[int, Mapping[str, Any]]) -> Mapping[str, Any]:
        """The mismatch of a row that is as it was exported."""
        if row.fault is not None:
            raise _Refused("{reason}", reason=row.fault)
        if number is None:
            raise _Refused(N_("the number is none"))
        if not is_untouched(self.sealer, row.cells):
            raise _Refused(N_("a grey cell was changed, or the row comes from elsewhere; export anew"))
        if number in self.seen:
            raise _Refused(N_("the same mismatch stands in row {other}"), other=self.seen[number])
        self.seen[number] = row.number
        stored = known.get(number)
        if stored is None:
            raise _Refused(N_("there is no such mismatch"))
        if not may(self.operator, Right.DECIDE, county=stored["county"]):
            raise _Refused(N_("it belongs to another county"))
        return stored

    def _judged(self, row: SheetRow, stored: Mapping[str, Any]) -> tuple[Verdict, _Accepted | None]:
        written, kind = row.cells[Name.DECISION], MismatchKind(stored["kind"])
        if not written:
            _refuse_a_value_alone(row)
            return Verdict(row.number, stored["id"], Outcome.LEFT_OPEN), None
        keep = chosen(kind, stored["field"], written)
        if keep is None:
            listed = ", ".join(label(kind, choice) for choice in choices_in_sheet(kind, stored["field"]))
            raise _Refused(N_("this decision cannot be chosen here; possible: {choices}"), choices=listed or "-")
        value = self._value(row, stored, keep)
        if stored["state"] != "open" or stored["decision"] is not None:
            return self._already(row, stored, keep, value), None
        return self._fresh(row, stored, keep)

    def _value(self, row: SheetRow, stored: Mapping[str, Any], keep: str) -> str | None:
        """The value to set, as the mirror would hold it."""
        if keep != "set":
            _refuse_a_value_alone(row)
            return None
        entity = Entity(stored["entity"])
        if not row.cells[Name.VALUE]:
            raise _Refused(N_("another value is wanted, but none is given"))
        try:
            value = checked(entity, stored["field"], row.cells[Name.VALUE], self.owners[entity])
        except ValueRefused as refused:
            raise _Refused(N_("the new value cannot be taken: {reason}"), reason=refused.facts["reason"]) from refused
        return None if value is None else str(value)

    def _already(self, row: SheetRow, stored: Mapping[str, Any], keep: str, value: str | None) -> Verdict:
        """Somebody was there before: in the same sense, or the row is refused."""
        if stored["state"] != "open" and stored["resolution"] != stored["decision"]:
            reason = Phrase(N_("it has closed: {how}"), how=word(stored["resolution"]))
            return Verdict(row.number, stored["id"], Outcome.SETTLED, keep, reason)
        given = plain_text(self.sealer, Entity(stored["entity"]), stored["field"], stored["decided_value"])
        if stored["decision"] == keep and given == value:
            return Verdict(row.number, stored["id"], Outcome.ALREADY_DECIDED, keep)
        how = word(f"keep_{stored['decision']}")
        raise _Refused(N_("it was decided otherwise by {actor}: {how}"), actor=stored["decided_by"] or "-", how=how)

    def _fresh(self, row: SheetRow, stored: Mapping[str, Any], keep: str) -> tuple[Verdict, _Accepted]:
        grounds = self.grounds[stored["id"]]
        if digest_of(self.sealer, stored, grounds) != row.cells[Name.FACTS]:
            raise self._stale(stored, grounds)
        has_moved_ = has_moved(self.sealer, stored, grounds)
        choice = Choice(stored["id"], keep, row.cells[Name.VALUE] or None, row.cells[Name.FACTS])
        is_plain = keep != "set" and not has_moved_
        verdict = Verdict(row.number, stored["id"], Outcome.DECIDED, keep)
        return verdict, _Accepted(choice, MismatchKind(stored["kind"]), is_plain)

    def _stale(self, stored: Mapping[str, Any], grounds: Grounds) -> _Refused:
        entity, field_ = Entity(stored["entity"]), stored["field"]
        if not field_:
            return _Refused(N_("its facts have changed since the export"))
        sides = as_text(grounds.values.get(field_)), plain_text(self.sealer, entity, field_, stored["theirs"])
        ours, theirs = (shown(self.names, entity, field_, plain) for plain in sides)
        words = N_("its facts have changed since the export: now {ours} here and {theirs} nationally")
        return _Refused(words, ours=ours or "-", theirs=theirs or "-")


def _number(row: SheetRow) -> int | None:
    written = row.cells.get(Name.ID, "")
    return int(written) if written.isascii() and written.isdigit() and len(written) <= 18 else None


def _refuse_a_value_alone(row: SheetRow) -> None:
    if row.cells[Name.VALUE]:
        raise _Refused(N_("a new value is given, but the decision is another one"))


# Applying


def apply(
    connection: Connection,
    sealer: Sealer,
    operator: Operator,
    judged: Judged,
    *,
    now: int,
    owners: Owners = DEFAULT_OWNERS,
) -> None:
    """Decide every accepted row. Raises UsageError, and nothing is decided, when one was decided in the meantime."""
    _lock(connection, judged)
    for (keep, kind), choices in _alike(judged.accepted).items():
        _decide_alike(connection, operator, keep, kind, choices, now)
    for accepted in judged.accepted:
        if not accepted.is_plain:
            resolve(connection, sealer, operator, accepted.choice, now, owners=owners)
    for number, words in judged.notes:
        note(connection, operator, number, words, now)
    if judged.accepted or judged.notes:
        counts = {name: count for name, count in judged.counts.items() if count}
        detail = {"exports": sorted(judged.exports), "file": judged.digest, **counts}
        audit.append(connection, audit.Entry(now, operator.actor, "mismatch.imported", detail=detail))


def _lock(connection: Connection, judged: Judged) -> None:
    """Keep everybody else away from what was judged, if it still waits for a decision."""
    to_decide = [accepted.choice.mismatch_id for accepted in judged.accepted]
    lock_mismatches(connection, {*to_decide, *(number for number, _words in judged.notes)})
    waiting = lock_mismatches(connection, to_decide, "state = 'open' AND decision IS NULL")
    if len(waiting) < len(to_decide):
        raise UsageError(
            N_("Somebody decided about one of these mismatches while the file was read; nothing of it was taken."),
            hint=N_("Give the same file once more."),
        )


def _alike(accepted: Sequence[_Accepted]) -> dict[tuple[str, MismatchKind], list[Choice]]:
    groups: dict[tuple[str, MismatchKind], list[Choice]] = {}
    for one in accepted:
        if one.is_plain:
            groups.setdefault((one.choice.keep, one.kind), []).append(one.choice)
    return groups


def _decide_alike(
    connection: Connection, operator: Operator, keep: str, kind: MismatchKind, choices: Sequence[Choice], now: int
) -> None:
    """One choice about many: each keeps the digest of what was shown, which the next run compares again."""
    write_many(
        connection,
        "UPDATE mismatch SET decision = ?, decided_facts = ?, decided_by = ?, decided_at = ? WHERE id = ?",
        [(keep, choice.facts, operator.actor, now, choice.mismatch_id) for choice in choices],
    )
    ids = [choice.mismatch_id for choice in choices]
    add_events(connection, ids, at=now, event="decided", actor=operator.actor, detail={"decision": keep})
    facts = {"decision": keep, "kind": kind, "count": len(ids), "digest": audit.digest_of(str(one) for one in ids)}
    audit.append(connection, audit.Entry(now, operator.actor, "mismatch.decided", detail=facts))
