"""Asynchronous review: a creation becomes a ticket, the ticket a record or a refusal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

from national_sync_mocks.nvsi_server import refusal
from national_sync_mocks.nvsi_server.refusal import Refusal
from national_sync_mocks.nvsi_server.state import State, Ticket
from national_sync_mocks.nvsi_server.wire import KINDS

HOUR_MS = 3_600_000
Store = Callable[[State, Ticket], Any]


@dataclass(frozen=True)
class Review:
    """How long a review lasts by the mock's clock, and the words if it ends in a refusal."""

    hours: float
    refuse: str = ""


def open_ticket(state: State, segment: str, record: Any, review: Review, client_reference: str) -> str:
    key = f"{state.seed}|ticket|{segment}|{KINDS[segment].natural_key(record)}"
    occurrence = 0
    while (ticket := blake2b(f"{key}|{occurrence}".encode(), digest_size=16).hexdigest()) in state.tickets:
        occurrence += 1
    now = state.clock.now_ms()
    state.tickets[ticket] = Ticket(
        ticket,
        segment,
        record,
        decide_at_ms=now + int(review.hours * HOUR_MS),
        message=review.refuse,
        client_reference=client_reference or None,
        opened_at_ms=now,
    )
    return ticket


def decide_due(state: State, store: Store) -> None:
    """Decide what has been reviewed long enough, in the order in which it was handed in."""
    if not state.tickets:
        return
    now = state.clock.now_ms()
    due = [t for t in state.tickets.values() if t.state == "pending" and t.decide_at_ms <= now]
    for ticket in sorted(due, key=lambda t: (t.decide_at_ms, t.ticket)):
        decide(state, ticket, not ticket.message, ticket.message, store)


def decide(state: State, ticket: Ticket, passed: bool, words: str, store: Store) -> Ticket:
    """Pass or refuse a pending ticket. What has become impossible meanwhile is refused in the end."""
    if not passed:
        decided = replace(ticket, state="refused", message=words or "审核未通过")
    else:
        state.tickets[ticket.ticket] = replace(ticket, state="passed")
        try:
            record = store(state, ticket)
            decided = replace(ticket, state="passed", record_id=record.id, message="")
        except Refusal as refused:
            decided = replace(ticket, state="refused", message=refused.message)
    state.tickets[ticket.ticket] = decided
    return decided


def result(state: State, number: str) -> dict[str, Any]:
    """What the result call says of a ticket."""
    ticket = state.tickets.get(number)
    if ticket is None:
        raise Refusal(refusal.NOT_FOUND, "没有这个受理编号")
    match ticket.state:
        case "passed":
            record = state.get(ticket.segment, ticket.record_id or "")
            return {"state": "passed", "id": ticket.record_id, "record": record, "code": 0, "message": ""}
        case "refused":
            return {"state": "refused", "code": refusal.REVIEW_REFUSED, "message": ticket.message}
        case _:
            return {"state": "pending", "code": 0, "message": "审核中"}
