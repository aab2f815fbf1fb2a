"""What the city decides, from `config/policy.toml`: who owns which field, when a guard stops, how wide windows are."""

from __future__ import annotations

import itertools
import re
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from national_sync.i18n import N_, Phrase
from national_sync.records import Entity, HourKind, HourMethod, HourState, mirror_columns


class Owner(StrEnum):
    """Whose value counts for a field."""

    NATIONAL = "national"
    LOCAL = "local"
    SHARED = "shared"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class FieldOwners(_Table):
    """The fields of one entity by owner (mirror column names); what is not listed is shared."""

    national: tuple[str, ...] = ()
    local: tuple[str, ...] = ()


class Fields(_Table):
    """Field ownership, entity by entity."""

    team: FieldOwners = FieldOwners(national=("state", "member_count", "total_seconds"))
    volunteer: FieldOwners = FieldOwners(
        national=(
            "number",
            "star",
            "registered_at",
            "real_name_state",
            "total_seconds",
            "account_state",
            "migration_state",
            "is_valid",
        ),
        local=("phone", "living_area_id", "living_area_name"),
    )
    membership: FieldOwners = FieldOwners(national=("state", "joined_at"))
    project: FieldOwners = FieldOwners(national=("number", "state"))
    hour_record: FieldOwners = FieldOwners(national=("state", "method", "kind", "entered_at", "applied_at"))
    training_record: FieldOwners = FieldOwners()

    @model_validator(mode="after")
    def _only_known_fields(self) -> Fields:
        for entity in Entity:
            owners: FieldOwners = getattr(self, entity)
            known = set(mirror_columns(entity))
            for name in (*owners.national, *owners.local):
                if name not in known:
                    words = N_("{entity} has no field {name}; it has: {known}")
                    raise ValueError(Phrase(words, entity=entity.value, name=name, known=", ".join(sorted(known))))
            for name in set(owners.national) & set(owners.local):
                raise ValueError(
                    Phrase(N_("{entity}.{name} is listed under both owners"), entity=entity.value, name=name)
                )
        return self


class Guards(_Table):
    """When a class of actions is held until a person approves it (percent of the entity's rows, and a number)."""

    withdrawals_percent: float = Field(5.0, ge=0, le=100)
    withdrawals_count: int = Field(20, ge=0)
    updates_percent: float = Field(20.0, ge=0, le=100)
    updates_count: int = Field(200, ge=0)
    """A small table may change wholly without harm; below this number updates are never held."""
    total_drop_percent: float = Field(10.0, ge=0, le=100)


class Windows(_Table):
    """How far to look back and how long to wait."""

    overlap_seconds: int = Field(600, ge=0)
    """A stale replica may show changes this late; every pull starts this much before the cursor."""
    settle_seconds: int = Field(600, ge=0)
    """A write without an answer may still take effect for this long; only then is it sent again."""
    reread_nights: int = Field(7, ge=1)
    """Where the national side offers no digest, every record is read again within this many nights."""
    full_listing_every_days: int = Field(7, ge=1)


class Push(_Table):
    """Limits on what is sent."""

    undone_after: int = Field(3, ge=1)
    """A value the national side has undone this many times is not sent again; a mismatch says so."""


class Checks(_Table):
    """Limits of the rules that records are examined by."""

    rounding_seconds: int = Field(18, ge=0)
    """Recorded hours lie on a grid of 36 s, so they may differ from the span by half of it."""


class StarBasis(StrEnum):
    """Which hours make a star: all since registration, or those of one calendar year."""

    ACCUMULATED = "accumulated"
    CALENDAR_YEAR = "calendar_year"


_MAY_COUNT: Final = (HourState.EFFECTIVE, HourState.APPLYING)


class StarRules(_Table):
    """How hours become stars, from one day on: clause A2."""

    basis: StarBasis = StarBasis.ACCUMULATED
    hours: tuple[int, int, int, int, int] = (100, 300, 600, 1000, 1500)
    """Reached for one to five stars."""
    states: tuple[HourState, ...] = (HourState.EFFECTIVE,)
    kinds: tuple[HourKind, ...] = (HourKind.CREDIT, HourKind.HONOUR)

    @field_validator("hours")
    @classmethod
    def _hours_rise(cls, hours: tuple[int, ...]) -> tuple[int, ...]:
        if hours[0] < 1 or any(lower >= higher for lower, higher in itertools.pairwise(hours)):
            raise ValueError(N_("the hours for one to five stars must be positive and rise"))
        return hours

    @field_validator("states")
    @classmethod
    def _states_may_count(cls, states: tuple[HourState, ...]) -> tuple[HourState, ...]:
        if not states or not set(states) <= set(_MAY_COUNT):
            raise ValueError(Phrase(N_("only these states can count: {states}"), states=", ".join(_MAY_COUNT)))
        return states

    @field_validator("kinds")
    @classmethod
    def _some_kind_counts(cls, kinds: tuple[HourKind, ...]) -> tuple[HourKind, ...]:
        if not kinds:
            raise ValueError(N_("at least one kind of hours must count"))
        return kinds


_ISSUED: Final = date(2020, 7, 15)


class Stars(_Table):
    """Certification of stars: clauses A1 and A2."""

    notice_working_days: int = Field(5, ge=1, le=60)
    """How long the public notice lasts."""
    exchange_reduces_stars: bool = False
    rules: dict[date, StarRules] = Field(default_factory=lambda: {_ISSUED: StarRules()})
    """By the day from which they hold; a run takes those in force at its cut-off."""

    @field_validator("exchange_reduces_stars")
    @classmethod
    def _recorded_hours_stay(cls, reduces: bool) -> bool:
        if reduces:
            raise ValueError(N_("stars rest on recorded hours, which spending does not touch; only false is possible"))
        return reduces

    def in_force(self, day: date) -> StarRules | None:
        begun = [since for since in self.rules if since <= day]
        return self.rules[max(begun)] if begun else None


class Calendar(_Table):
    """Days on which the office's calendar differs from, or goes beyond, the national one."""

    holidays: tuple[date, ...] = ()
    workdays: tuple[date, ...] = ()


class RegistrationQuota(_Table):
    """Clause R3: how much of a unit's head count registers, in percent."""

    government: int = Field(100, ge=0, le=100)
    institution: int = Field(100, ge=0, le=100)
    college: int = Field(100, ge=0, le=100)
    school: int = Field(100, ge=0, le=100)
    company: int = Field(50, ge=0, le=100)


class YearlyHours(_Table):
    """Clause S5: the average of a unit's volunteers in a year."""

    city_unit: int = Field(100, ge=0)
    city_company: int = Field(50, ge=0)
    other_county: int = Field(50, ge=0)


class Assessment(_Table):
    """What units and stations are measured against: clauses R3, S5-S7."""

    city_counties: tuple[str, ...] = ("530802",)
    """Where the built-up city lies."""
    registration_percent: RegistrationQuota = RegistrationQuota()
    yearly_hours: YearlyHours = YearlyHours()


class RegistrationRules(_Table):
    """Who may register, and who approves it: clauses R2 and R5."""

    youngest: int = Field(14, ge=0, le=150)
    oldest: int = Field(70, ge=0, le=150)
    federation_counties: tuple[str, ...] = ("530802",)
    """Whose registrations the federation approves itself."""


class Expiry(StrEnum):
    """When exchangeable hours expire: never, some months after the service, or at the end of its year."""

    NONE = "none"
    MONTHS = "months"
    YEAR_END = "year_end"


REDEMPTION_LIMIT: Final = re.compile(
    r"(?P<pieces>[1-9]\d{0,5})(?=.)(?: per (?P<scope>offer|merchant))?(?: per (?P<period>day|month|quarter|year))?"
)
"""`2 per offer`, `1 per day`, `3 per merchant per month`."""
_RATE: Final = re.compile(r"(?P<category>\w{1,12}) (?P<percent>\d{1,3})")


class Exchange(_Table):
    """Which hours can be spent, until when, and how often: clause E2."""

    admitted_methods: tuple[HourMethod, ...] = (HourMethod.CHECK_IN, HourMethod.FACE, HourMethod.FORCED_SIGN_OUT)
    """How the hours came about: by default the volunteer's own sign-in only."""
    admitted_kinds: tuple[HourKind, ...] = (HourKind.CREDIT,)
    counts_from: date = date(2020, 7, 15)
    waiting_days: int = Field(7, ge=0, le=366)
    """Hours that were entered afterwards can be objected to for so long."""
    rates: tuple[str, ...] = ()
    """`category percent`, such as `0017 150`."""
    activity_cap_minutes: int = Field(0, ge=0)
    """What all hours of a person in one activity count at most; 0 without a cap."""
    expiry: Expiry = Expiry.NONE
    expiry_months: int = Field(36, ge=1, le=1_200)
    at_least_days: int = Field(30, ge=0, le=366)
    """Hours that arrive late can be spent for so many days all the same."""
    limits: tuple[str, ...] = ()
    """For each person, beside the limits of an offer."""
    hold_seconds: int = Field(600, ge=10, le=86_400)
    wrong_codes: int = Field(10, ge=1)
    """So many codes that do not exist close a device for the rest of ten minutes."""
    stale_hours: int = Field(72, ge=1, le=8_760)
    """A kiosk lets nobody spend hours when the last complete run is older."""
    far_apart_minutes: int = Field(30, ge=1)
    burst_pieces: int = Field(10, ge=1)

    @field_validator("limits")
    @classmethod
    def _limits_are_understood(cls, limits: tuple[str, ...]) -> tuple[str, ...]:
        for limit in limits:
            if not REDEMPTION_LIMIT.fullmatch(limit):
                raise ValueError(Phrase(N_("{limit} is no limit such as '2 per offer' or '1 per day'"), limit=limit))
        return limits

    @field_validator("rates")
    @classmethod
    def _rates_are_understood(cls, rates: tuple[str, ...]) -> tuple[str, ...]:
        for rate in rates:
            if not _RATE.fullmatch(rate):
                raise ValueError(Phrase(N_("{rate} is no rate such as '0017 150'"), rate=rate))
        return rates

    @cached_property
    def percent_by_category(self) -> dict[str, int]:
        return {category: int(percent) for category, percent in (rate.split(" ") for rate in self.rates)}


class Transfer(_Table):
    """Transfers between teams: clauses X1-X3."""

    working_days: int = Field(10, ge=1, le=250)
    """In which a transfer is to be done, counted from the day after the request."""
    tries: int = Field(3, ge=1, le=20)
    """Refusals by the national side, one a run, after which a person decides."""


class Recording(_Table):
    """Entering hours, and until when: clause S2."""

    due_working_days: int = Field(10, ge=1, le=250)
    """In which hours are to be recorded, counted from the day after the service."""
    shortest_minutes: int = Field(1, ge=1, le=1_440)
    longest_hours: int = Field(24, ge=1, le=24)
    """Of one stretch; 24 is what a calendar day allows."""
    most_periods: int = Field(10, ge=1, le=100)
    """Stretches of one person on one day that can wait here to be sent."""


class Teams(_Table):
    """Teams and memberships."""

    most_per_person: int = Field(5, ge=1, le=1_000)
    """Teams in which one person can be at a time, applications included."""


class Stations(_Table):
    """Stations: clause S6."""

    hours_a_day: int = Field(5, ge=1, le=24)
    """At least so many hours are recorded on a day on which a station is open."""


class Policy(_Table):
    """`config/policy.toml`. Clause Z1: a version carries the date from which it holds."""

    effective_from: date = date(2020, 7, 15)
    fields: Fields = Fields()
    guards: Guards = Guards()
    windows: Windows = Windows()
    push: Push = Push()
    checks: Checks = Checks()
    stars: Stars = Stars()
    calendar: Calendar = Calendar()
    registration: RegistrationRules = RegistrationRules()
    assessment: Assessment = Assessment()
    exchange: Exchange = Exchange()
    transfer: Transfer = Transfer()
    recording: Recording = Recording()
    teams: Teams = Teams()
    stations: Stations = Stations()

    @cached_property
    def owners(self) -> dict[Entity, dict[str, Owner]]:
        """Owner by entity and mirror column."""
        return {entity: self._owners_of(entity) for entity in Entity}

    def _owners_of(self, entity: Entity) -> dict[str, Owner]:
        listed: FieldOwners = getattr(self.fields, entity)
        owners = dict.fromkeys(mirror_columns(entity), Owner.SHARED)
        owners.update(dict.fromkeys(listed.national, Owner.NATIONAL))
        owners.update(dict.fromkeys(listed.local, Owner.LOCAL))
        return owners
