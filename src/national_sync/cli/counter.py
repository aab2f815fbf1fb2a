"""What the commands of the exchange share: who acts, on which books, and how rows become tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from national_sync.cli.command import Option
from national_sync.cli.invocation import Invocation
from national_sync.cli.rows import more_below, row_facts
from national_sync.clock import local_text
from national_sync.i18n import N_, _
from national_sync.prose.amounts import hours
from national_sync.prose.layout import table
from national_sync.prose.words import word

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from national_sync.exchange.book import BulkBook
    from national_sync.exchange.steps import Steps

LABELS: Final[dict[str, str]] = {
    "id": N_("No."),
    "name": N_("Name"),
    "category": N_("Category"),
    "credit_code": N_("Credit code"),
    "area_id": N_("Area"),
    "address": N_("Address"),
    "state": N_("State"),
    "representative_id": N_("Run by volunteer"),
    "created_at": N_("Entered"),
    "merchant_id": N_("Partner"),
    "merchant": N_("Merchant"),
    "number": N_("Agreement no."),
    "starts_at": N_("Begins"),
    "ends_at": N_("Until before"),
    "scope": N_("About"),
    "uncollected": N_("Uncollected hours"),
    "refunds": N_("Refunds"),
    "settles": N_("Settled by"),
    "created_by": N_("By"),
    "kind": N_("Type"),
    "description": N_("Description"),
    "minimum_star": N_("From star"),
    "minimum_age": N_("From age"),
    "price_seconds": N_("Hours a piece"),
    "stock": N_("Stock"),
    "taken": N_("Taken"),
    "limits": N_("Limits"),
    "outlets": N_("Outlets"),
    "collect_days": N_("Days to collect"),
    "volunteer_id": N_("Volunteer"),
    "offer_id": N_("Offer"),
    "offer": N_("Offer"),
    "outlet_id": N_("Outlet"),
    "device": N_("Device"),
    "held_quantity": N_("Asked for"),
    "quantity": N_("Pieces"),
    "refunded_seconds": N_("Hours given back"),
    "refusal": N_("Refused because"),
    "expires_at": N_("Expires"),
    "resolved_at": N_("Settled at"),
    "redemption_id": N_("Redemption"),
    "collected_at": N_("Collected on"),
    "seconds": N_("Hours"),
    "cause": N_("Cause"),
    "reason": N_("Reason"),
    "requested_by": N_("Asked by"),
    "requested_at": N_("Asked at"),
    "decided_by": N_("Decided by"),
    "decided_at": N_("Decided at"),
    "period": N_("Period"),
    "opening_seconds": N_("Hours before"),
    "redeemed_seconds": N_("Redeemed"),
    "returned_seconds": N_("Given back"),
    "closing_seconds": N_("Hours after"),
    "closed_at": N_("Closed at"),
    "closed_by": N_("Closed by"),
    "redemptions": N_("Redemptions"),
    "words": N_("Objection"),
    "answer": N_("Answer"),
    "opened_at": N_("Opened at"),
    "opened_by": N_("Opened by"),
    "occurrence": N_("Occurrence"),
    "found_at": N_("Found at"),
    "note": N_("Note"),
    "settlement_id": N_("Settlement"),
    "seen_at": N_("Seen last"),
    "first_version": N_("First entry"),
    "last_version": N_("Last entry"),
    "digest": N_("Digest"),
}
"""Headings by the names of columns."""

key_option = click.option(
    "--key", cls=Option, metavar="KEY", help=N_("A key made for this one wish; repeating the command with it is safe.")
)


@dataclass(frozen=True)
class Counter:
    """The books, opened for somebody who may act."""

    connection: Connection
    book: BulkBook
    steps: Steps
    actor: str
    now: int


@contextmanager
def at_counter(invocation: Invocation, action: str, **about: Any) -> Iterator[Counter]:
    """A transaction of an operator who may decide for the whole city; what was done stands in the audit.

    Raises LoginRequired, NotAllowed.
    """
    from national_sync.exchange.book import BulkBook, Stale
    from national_sync.exchange.codes import VoucherCodes
    from national_sync.exchange.steps import Steps

    bootstrap = invocation.open()
    steps = Steps(bootstrap.loaded.policy.exchange, VoucherCodes(bootstrap.sealer()))
    with bootstrap.database() as database, database.write(durable=True) as connection:
        actor = _acting(invocation, connection)
        try:
            yield Counter(connection, BulkBook(connection), steps, actor, invocation.now)
        except Stale as error:
            from national_sync.errors import StillRunning

            raise StillRunning() from error
        _note(connection, invocation.now, actor, action, about)


def _acting(invocation: Invocation, connection: Connection) -> str:
    from national_sync.operators.rights import Right, require

    operator = invocation.operator(connection)
    require(operator, Right.DECIDE)
    return operator.actor


def _note(connection: Connection, now: int, actor: str, action: str, about: Mapping[str, Any]) -> None:
    from national_sync import audit

    entity, row_id = action.partition(".")[0], about.get("id")
    detail = {name: value for name, value in about.items() if name != "id" and value is not None}
    audit.append(connection, audit.Entry(now, actor, action, entity, row_id, detail=detail))


@contextmanager
def looking(invocation: Invocation) -> Iterator[Connection]:
    """One moment of the database, for whoever may look. Raises LoginRequired, NotAllowed."""
    from national_sync.operators.rights import NOBODY, Right, require

    with invocation.open().database() as database, database.read() as connection:
        reader = invocation.reader(connection)
        if reader is not NOBODY:
            require(reader, Right.READ)
        yield connection


def tell(invocation: Invocation, name: str, row: Mapping[str, Any], sentence: str) -> None:
    """What was made or changed: the row as JSON, or a sentence."""
    facts = row_facts(row)
    invocation.answer({name: facts}, lambda: _(sentence, **_in_sentence(facts)))


def _in_sentence(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _shown(name, value) for name, value in facts.items()}


def tell_rows(
    invocation: Invocation,
    name: str,
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    limit: int = 0,
) -> None:
    """A list: JSON objects, or a table of these columns."""
    facts = [row_facts(row) for row in rows]

    def in_words() -> str:
        if not facts:
            return _(N_("Nothing to show."))
        cells = [[_shown(column, one[column]) for column in columns] for one in facts]
        headings = [_(LABELS[column]) for column in columns]
        return "\n".join(filter(None, [table(headings, cells), more_below(len(facts), limit)]))

    invocation.answer({name: facts}, in_words)


def tell_one(invocation: Invocation, name: str, row: Mapping[str, Any]) -> None:
    """Everything about one row."""
    facts = row_facts(row)

    def in_words() -> str:
        shown = {column: value for column, value in facts.items() if column in LABELS and value not in (None, "")}
        return "\n".join(f"{_(LABELS[column])}: {_shown(column, value)}" for column, value in shown.items())

    invocation.answer({name: facts}, in_words)


def _shown(column: str, value: Any) -> Any:
    if value is None:
        return "-"
    if column.endswith("_at"):
        return local_text(value)
    if column == "seconds" or column.endswith("_seconds"):
        return hours(int(value))
    return word(value) if isinstance(value, str) else value
