"""The way of a registration: submitted -> approved | rejected -> filed -> sent -> under review -> registered | refused.

Up to `sent` people decide: clauses R5 and R6. To send is to make a row of the mirror's table `volunteer`, which the next
run reports like any row made here; a person who is a volunteer already is adopted instead. From then on the national
side decides, and every run writes down what it said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.acts import rows
from national_sync.errors import NotFound, RegistrationRefused, WrongStep
from national_sync.national.port import Capabilities
from national_sync.operators.rights import Right, require
from national_sync.prose.words import word
from national_sync.registration.desk import KNOWN_AS, Desk, add_step, in_lines
from national_sync.registration.eligibility import what_is_lacking
from national_sync.registration.routing import Approver
from national_sync.registration.submitting import STANDS
from national_sync.registration.validation import FIELDS
from national_sync.sync.slices import slices
from national_sync.sync.transaction import Transactions


class State(StrEnum):
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    FILED = "filed"
    SENT = "sent"
    UNDER_REVIEW = "under_review"
    REGISTERED = "registered"
    REFUSED = "refused"


BEFORE: Final[Mapping[State, State]] = {
    State.APPROVED: State.SUBMITTED,
    State.REJECTED: State.SUBMITTED,
    State.FILED: State.APPROVED,
    State.SENT: State.FILED,
}
"""From what a person's decision leads to what."""
NATIONAL: Final = "national"
"""Who decides after `sent`."""
_AT_A_TIME: Final = 500
_TO_VOLUNTEER: Final = ", ".join(
    [
        *(name for name in FIELDS[: FIELDS.index("recruiting_kind")]),
        "id_number_hash",
        "phone_hash",
    ]
)


def chosen(
    connection: Connection, desk: Desk, to: State, ids: Sequence[int] = (), sheet: str | None = None
) -> list[int]:
    """Which registrations are meant: these, or all of a sheet, or every one of the operator's that is ready."""
    if ids:
        return sorted(set(ids))
    conditions = {"state = :state": BEFORE[to].value, "county = :county": desk.operator.county, "sheet = :sheet": sheet}
    given = {condition: value for condition, value in conditions.items() if value is not None}
    found = connection.execute(
        text(f"SELECT id FROM registration WHERE {' AND '.join(given)} ORDER BY id"),
        {condition.split()[0]: value for condition, value in given.items()},
    )
    return list(found.scalars())


def decide(connection: Connection, desk: Desk, ids: Sequence[int], to: State, reason: str | None = None) -> None:
    """Approve, reject or file these, all or none. Raises WrongStep, NotAllowed, NotFound, RegistrationRefused."""
    for some in slices(ids, _AT_A_TIME):
        for registration in _ready(connection, desk, some, to):
            if to is State.APPROVED:
                _check_still_eligible(desk, registration)
        condition = f"id IN ({', '.join(map(str, some))})"
        connection.execute(text(f"UPDATE registration SET state = :state WHERE {condition}"), {"state": to.value})
        add_step(connection, desk, to.value, condition, reason)
    desk.write_down(connection, to.value, ids)


def send(connection: Connection, desk: Desk, ids: Sequence[int]) -> dict[str, int]:
    """Make volunteers of filed registrations; how many were made, and how many adopted."""
    adopted = 0
    for some in slices(ids, _AT_A_TIME):
        _ready(connection, desk, some, State.SENT)
        adopted += _send(connection, desk, f"id IN ({', '.join(map(str, some))})")
    desk.write_down(connection, "sent", ids, adopted=adopted)
    return {"made": len(ids) - adopted, "adopted": adopted}


def _send(connection: Connection, desk: Desk, condition: str) -> int:
    known = KNOWN_AS.format(hash="registration.id_number_hash")
    already = connection.execute(text(f"SELECT id FROM registration WHERE {condition} AND {known} IS NOT NULL"))
    adopted = list(already.scalars())
    connection.execute(
        text(
            f"INSERT INTO volunteer ({_TO_VOLUNTEER}) SELECT {_TO_VOLUNTEER} FROM registration"
            f" WHERE {condition} AND {known} IS NULL ORDER BY id"
        )
    )
    connection.execute(
        text(f"UPDATE registration SET state = 'sent', volunteer_id = {known} WHERE {condition}"),
    )
    add_step(connection, desk, State.SENT.value, condition)
    if adopted:
        add_step(connection, desk, "adopted", f"id IN ({', '.join(map(str, adopted))})")
    return len(adopted)


def _ready(connection: Connection, desk: Desk, ids: Sequence[int], to: State) -> list[Mapping[str, Any]]:
    """The rows, made sure to be in the state before and within the operator's rights."""
    locked = "" if connection.dialect.name == "sqlite" else " FOR UPDATE"
    found = rows(connection, f"SELECT * FROM registration WHERE id IN ({', '.join(map(str, ids))}) ORDER BY id{locked}")
    missing = set(ids) - {row["id"] for row in found}
    if missing:
        raise NotFound(noun="registration", id=min(missing))
    for row in found:
        decides = to in (State.APPROVED, State.REJECTED)
        is_federations = decides and row["approver"] == Approver.FEDERATION
        require(desk.operator, Right.DECIDE, county=None if is_federations else row["county"])
        if row["state"] != BEFORE[to]:
            raise WrongStep(id=row["id"], state=word(row["state"]), wanted=word(to.value))
    return found


def _check_still_eligible(desk: Desk, registration: Mapping[str, Any]) -> None:
    """Birthdays pass between the form and its approval."""
    lacking = what_is_lacking(registration, desk.today, desk.rules)
    if lacking:
        raise RegistrationRefused(problems=in_lines(lacking))


# What the national side says

_LATEST_CREATION: Final = (
    "(SELECT o.{column} FROM operation o WHERE o.entity = 'volunteer' AND o.row_id = r.volunteer_id"
    " AND o.verb = 'create' ORDER BY o.id DESC LIMIT 1)"
)
_STATE_NOW: Final = f"""
    CASE
        WHEN v.id IS NULL OR v.withdrawn_at IS NOT NULL THEN r.state
        WHEN v.national_id IS NOT NULL AND v.real_name_state = 'passed' THEN 'registered'
        WHEN v.national_id IS NOT NULL AND v.real_name_state = 'failed' THEN 'refused'
        WHEN v.national_id IS NOT NULL THEN 'under_review'
        WHEN {_LATEST_CREATION.format(column="state")} = 'pending' THEN 'under_review'
        WHEN {_LATEST_CREATION.format(column="state")} = 'refused' THEN 'refused'
        ELSE 'sent'
    END"""
_MOVED: Final = f"""
    SELECT now.id, now.state_now FROM (
        SELECT r.id, r.state, r.id_number_hash, {_STATE_NOW} AS state_now
        FROM registration r LEFT JOIN volunteer v ON v.id = r.volunteer_id
        WHERE r.state IN ('sent', 'under_review', 'refused') AND r.volunteer_id IS NOT NULL
    ) now WHERE now.state_now <> now.state AND (now.state <> 'refused' OR NOT EXISTS (
        SELECT 1 FROM registration other WHERE other.id_number_hash = now.id_number_hash
        AND other.id <> now.id AND other.{STANDS}))
    ORDER BY now.id"""


def follow(connection: Connection, now: int) -> dict[str, int]:
    """Write down what has become of those that were sent; how many came to what."""
    moved = connection.execute(text(_MOVED)).all()
    for state in sorted({state for _id, state in moved}):
        for some in slices([row_id for row_id, found in moved if found == state], _AT_A_TIME):
            condition = f"id IN ({', '.join(map(str, some))})"
            connection.execute(text(f"UPDATE registration SET state = :state WHERE {condition}"), {"state": state})
            connection.execute(
                text(
                    "INSERT INTO registration_step (registration_id, state, at, actor)"
                    f" SELECT id, :state, :now, '{NATIONAL}' FROM registration WHERE {condition} ORDER BY id"
                ),
                {"state": state, "now": now},
            )
    return dict(sorted(Counter(state for _id, state in moved).items()))


def follow_in_run(transactions: Transactions, capabilities: Capabilities) -> bool:
    """The duty that a run carries along (`sync.run.Duty`): it looks, writes down what is new, and sends nothing."""
    with transactions.read() as tx:
        is_news = tx.connection.execute(text(f"{_MOVED} LIMIT 1")).first() is not None
    if is_news:
        with transactions.write(durable=True) as tx:
            follow(tx.connection, tx.now)
    return False


# Looking


def list_registrations(
    connection: Connection,
    *,
    state: str | None = None,
    county: str | None = None,
    sheet: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[Mapping[str, Any]]:
    """The newest first, without personal numbers."""
    given = {
        name: value for name, value in {"state": state, "county": county, "sheet": sheet}.items() if value is not None
    }
    where = f" WHERE {' AND '.join(f'{name} = :{name}' for name in given)}" if given else ""
    return rows(
        connection,
        "SELECT id, name, birth_date, county, state, approver, recruiting_body, volunteer_id, sheet, submitted_at"
        f" FROM registration{where} ORDER BY id DESC LIMIT :limit OFFSET :offset",
        **given,
        limit=limit,
        offset=offset,
    )


def load(connection: Connection, registration_id: int) -> Mapping[str, Any]:
    """The whole row, sealed values sealed. Raises NotFound."""
    found = rows(connection, "SELECT * FROM registration WHERE id = :id", id=registration_id)
    if not found:
        raise NotFound(noun="registration", id=registration_id)
    return found[0]


def steps_of(connection: Connection, registration_id: int) -> list[Mapping[str, Any]]:
    return rows(
        connection,
        "SELECT state, at, actor, reason FROM registration_step WHERE registration_id = :id ORDER BY id",
        id=registration_id,
    )


def national_words(connection: Connection, registration: Mapping[str, Any]) -> str | None:
    """What the national side said when it refused."""
    if registration["state"] != State.REFUSED:
        return None
    return connection.execute(
        text(f"SELECT {_LATEST_CREATION.format(column='outcome')} FROM registration r WHERE r.id = :id"),
        {"id": registration["id"]},
    ).scalar_one_or_none()
