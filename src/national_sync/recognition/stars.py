"""How hours become a star: clauses A1 and A2. Pure: no database, no clock, no log.

`judge` says of each hour record whether it counts and, if not, why. The sums of a whole city are made by the same rules
in set-based SQL (`recognition.tally`); a property test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from national_sync.policy import StarBasis, StarRules
from national_sync.puer_time import midnight


class Verdict(StrEnum):
    """Whether a record counts, or why not."""

    COUNTED = "counted"
    NOT_NATIONAL = "not_national"
    """The national side does not have it (yet)."""
    WITHDRAWN = "record_withdrawn"
    STATE = "state_does_not_count"
    KIND = "kind_does_not_count"
    BEFORE_PERIOD = "before_period"
    AFTER_CUT_OFF = "after_cut_off"


@dataclass(frozen=True)
class Service:
    """An hour record as both sides agree on it: what was edited here and not yet agreed is left out of account."""

    record_id: int
    volunteer_id: int
    started_at: int
    ended_at: int | None
    service_seconds: int
    state: str
    kind: str
    is_national: bool = True
    is_withdrawn: bool = False
    sync_rev: int | None = None


@dataclass(frozen=True)
class Period:
    """The moments at which a service may begin: from `begin`, before `end`; UTC epoch seconds."""

    begin: int | None
    end: int

    def __contains__(self, moment: int) -> bool:
        return moment < self.end and (self.begin is None or moment >= self.begin)


def period_of(basis: StarBasis, cut_off: date) -> Period:
    """A service belongs to the day in Puer on which it began, also when it ends after midnight."""
    begin = midnight(date(cut_off.year, 1, 1)) if basis is StarBasis.CALENDAR_YEAR else None
    return Period(begin, midnight(cut_off + timedelta(days=1)))


def star_of(seconds: int, rules: StarRules) -> int:
    """0 to 5 stars for so many seconds of service."""
    return sum(seconds >= hours * 3600 for hours in rules.hours)


def verdict_of(service: Service, rules: StarRules, period: Period) -> Verdict:
    if not service.is_national:
        return Verdict.NOT_NATIONAL
    if service.is_withdrawn:
        return Verdict.WITHDRAWN
    if service.state not in rules.states:
        return Verdict.STATE
    if service.kind not in rules.kinds:
        return Verdict.KIND
    if period.begin is not None and service.started_at < period.begin:
        return Verdict.BEFORE_PERIOD
    return Verdict.COUNTED if service.started_at in period else Verdict.AFTER_CUT_OFF


def counted(services: Iterable[Service], rules: StarRules, period: Period) -> Sequence[Service]:
    return [service for service in services if verdict_of(service, rules, period) is Verdict.COUNTED]
