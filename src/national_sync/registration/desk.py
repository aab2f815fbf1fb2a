"""Who takes registrations, and by what rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync import audit
from national_sync.clock import local_date
from national_sync.i18n import N_, Lines, Phrase
from national_sync.operators.rights import Operator, Right, may
from national_sync.policy import RegistrationRules
from national_sync.prose.fields import field_name
from national_sync.registration.eligibility import what_is_lacking
from national_sync.registration.validation import Checked, Fault, check
from national_sync.sealing import Sealer

KNOWN_AS: Final = (
    "(SELECT v.id FROM volunteer v WHERE v.id_number_hash = {hash} AND v.withdrawn_at IS NULL AND NOT EXISTS"
    " (SELECT 1 FROM volunteer_merge g WHERE g.gone_id = v.id AND g.state = 'merged')"
    " ORDER BY v.national_id IS NULL, v.id LIMIT 1)"
)
"""SQL for the volunteer row that a person has already; format it with what holds the hash of the ID number."""


@dataclass(frozen=True)
class Desk:
    """The operator at work with what the work needs; `now` in UTC epoch seconds."""

    operator: Operator
    sealer: Sealer
    rules: RegistrationRules
    now: int

    @cached_property
    def today(self) -> date:
        return local_date(self.now)

    def judge(self, written: Mapping[str, str | None]) -> Checked:
        """Whether this form can be taken, here and today."""
        checked = check(written, self.today)
        if checked.faults:
            return checked
        faults = what_is_lacking(checked.values, self.today, self.rules)
        if not may(self.operator, Right.DECIDE, county=checked.county):
            faults.append(Fault("service_area_id", Phrase(N_("is not for this account to register"))))
        return Checked(checked.values, tuple(faults)) if faults else checked

    def write_down(self, connection: Connection, action: str, ids: Iterable[int], **detail: Any) -> None:
        """One entry of the audit for what was done to these registrations; the steps name each of them."""
        every = list(ids)
        entry = audit.Entry(
            self.now,
            self.operator.actor,
            f"registration.{action}",
            "registration",
            every[0] if len(every) == 1 else None,
            detail={"count": len(every), "digest": audit.digest_of(map(str, every)), **detail},
        )
        audit.append(connection, entry)


def in_lines(faults: Iterable[Fault]) -> Lines:
    return Lines(
        Phrase(N_("{field}: {reason}"), field=field_name(fault.field), reason=fault.reason) for fault in faults
    )


def add_step(
    connection: Connection, desk: Desk, state: str, condition: str, reason: str | None = None, **given: Any
) -> None:
    """Write down that the registrations that fit the condition have come so far."""
    connection.execute(
        text(
            "INSERT INTO registration_step (registration_id, state, at, actor, reason)"
            f" SELECT id, :state, :now, :actor, :reason FROM registration WHERE {condition} ORDER BY id"
        ),
        {"state": state, "now": desk.now, "actor": desk.operator.actor, "reason": reason, **given},
    )
