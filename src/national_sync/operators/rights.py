"""Who may do what. Pure: no database, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from national_sync.errors import NotAllowed
from national_sync.i18n import N_


class Role(StrEnum):
    VIEWER = "viewer"
    """Reads everything, personal data starred out."""
    COUNTY_OPERATOR = "county_operator"
    """Reads and decides what belongs to one county, and sees nothing else."""
    CITY_OPERATOR = "city_operator"
    """Reads and decides everything about the records."""
    ADMINISTRATOR = "administrator"
    """A city operator who also keeps accounts, keys and standing rules."""


class Right(StrEnum):
    READ = "read_records"
    """Lists and records, personal data starred out."""
    READ_PERSONAL = "read_personal"
    """What was received, as it was received."""
    DECIDE = "decide"
    ADMINISTER = "administer"


_RIGHTS: Final[Mapping[Role, frozenset[Right]]] = {
    Role.VIEWER: frozenset({Right.READ}),
    Role.COUNTY_OPERATOR: frozenset({Right.READ, Right.READ_PERSONAL, Right.DECIDE}),
    Role.CITY_OPERATOR: frozenset({Right.READ, Right.READ_PERSONAL, Right.DECIDE}),
    Role.ADMINISTRATOR: frozenset(Right),
}


@dataclass(frozen=True)
class Operator:
    """The person at work."""

    id: int
    name: str
    role: Role
    county: str | None = None
    """The six digits of the only county that a county operator sees; None for everybody else."""

    @property
    def actor(self) -> str:
        """How the audit names this person."""
        return f"operator:{self.name}"


NOBODY: Final = Operator(0, "-", Role.VIEWER)
"""Whoever reads while there is no account at all."""


def may(operator: Operator, right: Right, *, county: str | None = None) -> bool:
    """Whether the operator has a right over something of this county; None is what concerns the whole city."""
    return right in _RIGHTS[operator.role] and (operator.county is None or operator.county == county)


def require(operator: Operator, right: Right, *, county: str | None = None) -> None:
    """Raises `NotAllowed` unless the operator may."""
    if may(operator, right, county=county):
        return
    if right in _RIGHTS[operator.role]:
        raise NotAllowed(
            N_("The account {name} is bound to county {county}; this belongs to another one or to the whole city."),
            name=operator.name,
            county=operator.county,
        )
    raise NotAllowed(name=operator.name, state=operator.role.value)
