"""Writing to the national side, in single calls and in batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from national_sync.errors import NationalSideError, ProtocolBroken
from national_sync.i18n import N_
from national_sync.national.port import (
    Capabilities,
    Done,
    Operation,
    Outcome,
    Pending,
    RefusalKind,
    Refused,
    Reject,
    Unknown,
    Verb,
)
from national_sync.records import NATURAL_KEYS, Entity, HourRecord, Team
from national_sync_adapters.nvsi.calls import at_once, decoded_data, is_nothing, path
from national_sync_adapters.nvsi.envelope import Code
from national_sync_adapters.nvsi.reader import Reader
from national_sync_adapters.nvsi.sending import (
    Answered,
    Ticket,
    Unsettled,
    Unwritable,
    before_sending,
    echo,
    fate_after,
    outcome_of,
    outcomes_of,
    refusal,
    request_of,
    review_refusal,
    ticket_of,
)
from national_sync_adapters.nvsi.session import Session

NOT_WRITABLE: Final = "unwritable"
"""The code of a refusal that is our own: the value has no form on the wire."""
REFUSED_FOR_ONE: Final = (Code.MALFORMED, Code.UNKNOWN_FIELD, Code.INVALID_VALUE, Code.BATCH_TOO_LARGE)
"""A whole batch refused with these has had no effect, and one item may be the cause: they are sent one by one."""
BATCHED: Final = {Verb.CREATE: "createBatch", Verb.UPDATE: "updateBatch"}

T = TypeVar("T")
R = TypeVar("R")


class Writer:
    """The writing half of the port, for a side with these capabilities."""

    def __init__(self, session: Session, reader: Reader, capabilities: Capabilities) -> None:
        self._session = session
        self._reader = reader
        self._capabilities = capabilities
        self._team_areas: dict[str, str] = {}

    def send(self, operations: Sequence[Operation]) -> list[Outcome]:
        if len(operations) > 1:
            entity, verb = operations[0].entity, operations[0].verb
            if verb in BATCHED and (entity, verb) in self._capabilities.batch_write:
                return self._send_batch(operations)
        return self._at_once(self._send_one, operations)

    def _send_one(self, operation: Operation) -> Outcome:
        request = self._prepared(operation)
        if not isinstance(request, dict):
            return request
        try:
            reply = self._session.write(path(operation.entity, operation.verb), request)
        except NationalSideError as error:
            return fate_after(error)
        return outcome_of(operation, reply)

    def _prepared(self, operation: Operation) -> dict[str, Any] | Outcome:
        """What is to be sent, or why it is not sent at all."""
        try:
            return request_of(operation, self._capabilities, team_area_id=self._team_area_id(operation))
        except NationalSideError as error:
            return before_sending(error)
        except Unwritable as error:
            return Refused(RefusalKind.INVALID, NOT_WRITABLE, str(error))

    def _team_area_id(self, operation: Operation) -> str | None:
        """Deleting service hours takes the area of their team; asked once a team."""
        record = operation.record
        if operation.verb is not Verb.DELETE or not isinstance(record, HourRecord):
            return None
        team_id = record.team_national_id
        if team_id not in self._team_areas:
            team = self._reader.get_one(Entity.TEAM, team_id)
            if not isinstance(team, Team):
                return None
            self._team_areas[team_id] = team.area_id
        return self._team_areas[team_id]

    def _send_batch(self, operations: Sequence[Operation]) -> list[Outcome]:
        prepared = [self._prepared(operation) for operation in operations]
        sent = [index for index, request in enumerate(prepared) if isinstance(request, dict)]
        outcomes = self._batch_outcomes([operations[index] for index in sent], [prepared[index] for index in sent])
        by_index = dict(zip(sent, outcomes, strict=True))
        return [by_index[index] if isinstance(request, dict) else request for index, request in enumerate(prepared)]

    def _batch_outcomes(self, operations: Sequence[Operation], items: Sequence[Any]) -> list[Outcome]:
        if not operations:
            return []
        entity, verb = operations[0].entity, operations[0].verb
        try:
            reply = self._session.write(path(entity, BATCHED[verb]), {"items": items})
        except NationalSideError as error:
            return [fate_after(error) for _ in operations]
        if reply.code in REFUSED_FOR_ONE:
            return self._at_once(self._send_one, operations)
        if not reply.is_ok:
            return [refusal(reply.code, reply.words) for _ in operations]
        return self._settled(operations, outcomes_of(operations, reply))

    def _settled(self, operations: Sequence[Operation], answered: Mapping[int, Outcome | Unsettled]) -> list[Outcome]:
        """The outcomes of a batch, with what it has left open asked for or sent again."""
        again = [index for index, outcome in answered.items() if outcome is Unsettled.ANOTHER_CALL]
        sent_again = dict(zip(again, self._again([operations[index] for index in again], operations), strict=True))
        outcomes: list[Outcome] = []
        for index, operation in enumerate(operations):
            outcome = answered.get(index, Unknown("the answer to the batch does not name it"))
            if outcome is Unsettled.WAITS_AT_TEAM:
                outcome = self._of_waiting(operation)
            outcomes.append(sent_again[index] if isinstance(outcome, Unsettled) else outcome)
        return outcomes

    def _again(self, left: Sequence[Operation], operations: Sequence[Operation]) -> list[Outcome]:
        """Send what a batch had no room for; one by one when it had room for none."""
        return self.send(left) if len(left) < len(operations) else self._at_once(self._send_one, left)

    def _of_waiting(self, operation: Operation) -> Outcome:
        """An application that waits at its team is a record of its own; the reply to a batch does not show it."""
        key = {name: getattr(operation.record, name) for name in NATURAL_KEYS[operation.entity]}
        try:
            found = self._reader.find(operation.entity, key)
        except NationalSideError as error:
            return Unknown(str(error))
        if not found:
            return Unknown("it waits at the team, and no application is shown")
        return Done(found[0].national_id, found[0])

    def result(self, ticket: str) -> Outcome:
        known = ticket_of(ticket)
        if known is None:
            return Unknown("a ticket that this adapter has not given out")
        reply = self._session.read("/result", {"ticket": known.ticket}, missing_is_none=True)
        if is_nothing(reply):
            return Unknown("the national side no longer knows the ticket")
        answered = decoded_data(reply, _ResultData, N_("the result of a review"))
        match answered.state:
            case "pending":
                return Pending(ticket)
            case "passed":
                return self._passed(known, answered)
            case "refused":
                return review_refusal(answered)
            case _:
                raise ProtocolBroken(reason="a review in a state that is not known")

    def _passed(self, ticket: Ticket, answered: Answered) -> Outcome:
        national_id = answered.id or ticket.national_id
        if ticket.verb is Verb.DELETE:
            return Done(national_id, None)
        record = echo(ticket.entity, answered.record)
        if record is None and national_id:
            asked = self._reader.get_one(ticket.entity, national_id)
            record = None if isinstance(asked, Reject) else asked
        if record is None:
            return Unknown("passed, but the record cannot be read")
        return Done(record.national_id, record)

    def _at_once(self, call: Callable[[T], R], arguments: Sequence[T]) -> list[R]:
        return at_once(call, arguments, self._capabilities.concurrency)


class _ResultData(Answered):
    state: str = ""
