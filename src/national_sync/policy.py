"""What the city decides, from `config/policy.toml`: who owns which field, when a guard stops, how wide windows are."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from functools import cached_property

from pydantic import BaseModel, ConfigDict, Field, model_validator

from national_sync.i18n import N_, Phrase
from national_sync.records import Entity, mirror_columns


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


class Policy(_Table):
    """`config/policy.toml`. Clause Z1: a version carries the date from which it holds."""

    effective_from: date = date(2020, 7, 15)
    fields: Fields = Fields()
    guards: Guards = Guards()
    windows: Windows = Windows()
    push: Push = Push()
    checks: Checks = Checks()

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
