"""Who approves a registration: clause R5. Pure."""

from __future__ import annotations

from enum import StrEnum

from national_sync.policy import RegistrationRules


class Approver(StrEnum):
    FEDERATION = "federation"
    """City bodies, and everybody in Simao district with its townships."""
    COUNTY_OFFICE = "county_office"
    """The civilisation office of any other county, on the federation's behalf."""


def approver(unit_level: str, county: str, rules: RegistrationRules) -> Approver:
    """`unit_level`: city or county; `county`: the six-digit division."""
    if unit_level == "city" or county in rules.federation_counties:
        return Approver.FEDERATION
    return Approver.COUNTY_OFFICE
