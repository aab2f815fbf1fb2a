"""Writes: operations -> wire, and what the national side says about them -> outcomes.

What a reply means is decided by `outcome_of`, a pure function. No answer that can be trusted gives `Unknown`; only what
certainly had no effect gives `NotSent`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from national_sync.errors import (
    CertificateRefused,
    CircuitOpen,
    ClockSkewed,
    CredentialsRefused,
    NationalSideError,
    QuotaSpent,
)
from national_sync.national.port import (
    Capabilities,
    Done,
    NotSent,
    Operation,
    Outcome,
    Pending,
    RefusalKind,
    Refused,
    Reject,
    Unknown,
    Verb,
)
from national_sync.records import Entity, HourRecord, Record, Value
from national_sync_adapters.nvsi.envelope import NOT_DECODED, Code, Reply, masked
from national_sync_adapters.nvsi.mapping import ENTITIES, ID, VERSION, column
from national_sync_adapters.nvsi.reading import read_record
from national_sync_adapters.nvsi.session import was_not_carried_out

REFUSALS: Final[Mapping[int, RefusalKind]] = {
    Code.NOT_ALLOWED: RefusalKind.NOT_ALLOWED,
    Code.NOT_FOUND: RefusalKind.NOT_FOUND,
    Code.VERSION_CONFLICT: RefusalKind.CHANGED_MEANWHILE,
    Code.ALREADY_EXISTS: RefusalKind.EXISTS,
    Code.FACTS_DIFFER: RefusalKind.CHANGED_MEANWHILE,
    Code.REVIEW_REFUSED: RefusalKind.REVIEW,
}
"""Every other code refuses the content. When the facts of a deletion differ, the record is no longer what we saw."""

STOPPING: Final = (QuotaSpent, CircuitOpen, CredentialsRefused, CertificateRefused, ClockSkewed)
"""Whatever is sent next in this run would fail in the same way, and none of it reached the national side's records."""


class Answered(msgspec.Struct):
    """What the national side says about one operation: the data of a single call, or an item of a batch."""

    code: int | str = 0
    message: str | None = None
    id: str | None = None
    record: msgspec.Raw = msgspec.Raw(b"null")
    ticket: str | None = None
    index: int | None = None


class Unsettled(Enum):
    """What a batch leaves open about an item."""

    WAITS_AT_TEAM = auto()
    """The application was there already; the reply does not show it."""
    ANOTHER_CALL = auto()
    """Not done, for the batch held too many of its kind."""


class BatchAnswered(msgspec.Struct):
    results: list[Answered] = []
    already: list[int] = []
    pending: list[int] = []


class Unwritable(Exception):
    """The value of a field has no form on the wire."""

    def __init__(self, field: str) -> None:
        super().__init__(f"the value of {field} cannot be written in the national system's form")


# Operations -> wire


def wire_of(entity: Entity, fields: Mapping[str, Value], *, is_whole: bool) -> dict[str, str]:
    """Content fields in the wire's names and forms. In a whole record what is empty is left out; in a change it is
    sent as empty text, which clears it."""
    wire: dict[str, str] = {}
    for name, value in fields.items():
        if value is None and is_whole:
            continue
        try:
            line = column(entity, name)
            wire[line.wire] = "" if value is None else line.kind.write(value)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise Unwritable(name) from error
    for original, copy in ENTITIES[entity].echoed:
        if original in wire:
            wire[copy] = wire[original]
    return wire


def request_of(operation: Operation, capabilities: Capabilities, *, team_area_id: str | None = None) -> dict[str, Any]:
    """The body of a single call, or of an item of a batch."""
    request: dict[str, Any] = {}
    match operation.verb:
        case Verb.CREATE:
            request["record"] = wire_of(operation.entity, operation.fields, is_whole=True)
        case Verb.UPDATE:
            request[ID] = operation.record.national_id
            request["record"] = wire_of(operation.entity, operation.fields, is_whole=False)
            if capabilities.conditional_write:
                request[VERSION] = str(operation.record.updated_at_ms)
        case Verb.DELETE:
            request[ID] = operation.record.national_id
            if isinstance(operation.record, HourRecord):
                request |= _facts_of(operation.record, team_area_id)
    if capabilities.idempotency_key:
        request["idempotencyKey"] = operation.reference
    if capabilities.client_reference and operation.verb is Verb.CREATE:
        request["clientReference"] = operation.reference
    return request


def _facts_of(record: HourRecord, team_area_id: str | None) -> dict[str, str]:
    """Deleting service hours takes their facts as well as their id (section 3 of the national rules)."""
    facts = wire_of(Entity.HOUR_RECORD, {"service_seconds": record.service_seconds}, is_whole=True)
    facts |= {
        "volunteerNumber": record.volunteer_number,
        "teamId": record.team_national_id,
        "projectId": record.project_national_id,
    }
    return facts if team_area_id is None else {**facts, "areaId": team_area_id}


# Replies -> outcomes


def outcome_of(operation: Operation, reply: Reply) -> Outcome:
    """The outcome of an operation that was sent alone."""
    answered = _answered(reply)
    if not reply.is_ok:
        return _refusal_or_review(operation, reply.code, reply.words, answered)
    if answered is None:
        return Unknown("the answer says done, but not what")
    return done_or_pending(operation, answered)


def _answered(reply: Reply) -> Answered | None:
    try:
        return msgspec.json.decode(reply.data, type=Answered | None) or Answered()
    except NOT_DECODED:
        return None


def _refusal_or_review(operation: Operation, code: int, words: str, answered: Answered | None) -> Outcome:
    """A record that exists because its review is still under way is the one that we have sent before."""
    if code == Code.ALREADY_EXISTS and answered is not None and answered.ticket:
        return Pending(ticket_text(operation, answered.ticket))
    return refusal(code, words)


def outcomes_of(operations: Sequence[Operation], reply: Reply) -> dict[int, Outcome | Unsettled]:
    """Outcomes of a batch by position. Positions that the reply does not name are missing."""
    try:
        answered = msgspec.json.decode(reply.data, type=BatchAnswered)
    except NOT_DECODED:
        return {}
    found: dict[int, Outcome | Unsettled] = {}
    for index in answered.already:
        found[index] = Refused(RefusalKind.EXISTS, str(int(Code.ALREADY_EXISTS)), "already a member")
    found.update(dict.fromkeys(answered.pending, Unsettled.WAITS_AT_TEAM))
    for item in answered.results:
        if item.index is not None and 0 <= item.index < len(operations):
            found[item.index] = _item_outcome(operations[item.index], item)
    return found


def _item_outcome(operation: Operation, item: Answered) -> Outcome | Unsettled:
    try:
        code = int(item.code)
    except ValueError:
        return Unknown("an item without a code")
    if code == Code.BATCH_TOO_LARGE:
        return Unsettled.ANOTHER_CALL
    if code == Code.OK:
        return done_or_pending(operation, item)
    return _refusal_or_review(operation, code, masked(item.message or ""), item)


def done_or_pending(operation: Operation, answered: Answered) -> Outcome:
    if answered.ticket:
        return Pending(ticket_text(operation, answered.ticket))
    national_id = answered.id or operation.record.national_id
    if operation.verb is Verb.DELETE:
        return Done(national_id, None)
    record = echo(operation.entity, answered.record)
    if record is not None:
        return Done(record.national_id, record)
    if not national_id:
        return Unknown("created, but the answer does not say under which id")
    return Done(national_id, replace(operation.record, national_id=national_id))


def echo(entity: Entity, row: msgspec.Raw) -> Record | None:
    """The record as the national side has it now. None when it is not given, or not in a form that is understood: the
    next pull will meet it and say so."""
    if bytes(row) == b"null":
        return None
    found = read_record(entity, row)
    return None if isinstance(found, Reject) else found


def refusal(code: int, words: str) -> Outcome:
    """What a code other than 0 means for the operation it answers."""
    match code:
        case Code.TOO_FAST | Code.MAINTENANCE | Code.BAD_TOKEN:
            return NotSent(f"refused for now (code {code})")
        case Code.QUOTA_SPENT:
            return NotSent("today's quota is spent", stops_the_run=True)
        case Code.INTERNAL:
            return Unknown("internal error on the national side")
        case _:
            return Refused(REFUSALS.get(code, RefusalKind.INVALID), str(code), words)


def review_refusal(answered: Answered) -> Refused:
    """The outcome of an operation that the review has refused."""
    try:
        code = int(answered.code) or int(Code.REVIEW_REFUSED)
    except ValueError:
        code = int(Code.REVIEW_REFUSED)
    return Refused(REFUSALS.get(code, RefusalKind.REVIEW), str(code), masked(answered.message or ""))


def before_sending(error: NationalSideError) -> NotSent:
    """The fate of a write for which something had to be asked first, and that failed."""
    return NotSent(str(error), stops_the_run=isinstance(error, STOPPING))


def fate_after(error: NationalSideError) -> Outcome:
    """What is known of a write whose call ended with this error."""
    if isinstance(error, STOPPING):
        return NotSent(str(error), stops_the_run=True)
    if was_not_carried_out(error):
        return NotSent(str(error))
    return Unknown(str(error))


# Tickets


class Ticket(msgspec.Struct, array_like=True, frozen=True):
    """What must be known to read the result of a review on a later night. Its text is the port's ticket."""

    entity: Entity
    verb: Verb
    national_id: str
    ticket: str


def ticket_text(operation: Operation, ticket: str) -> str:
    return msgspec.json.encode(Ticket(operation.entity, operation.verb, operation.record.national_id, ticket)).decode()


def ticket_of(text: str) -> Ticket | None:
    try:
        return msgspec.json.decode(text, type=Ticket)
    except msgspec.MsgspecError:
        return None
