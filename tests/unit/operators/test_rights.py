"""Who may do what, by role and county."""

from __future__ import annotations

import pytest

from national_sync.cli.operator import _ROLES
from national_sync.errors import NotAllowed
from national_sync.operators.rights import Operator, Right, Role, may, require

SIMAO, MOJIANG = "530802", "530822"


def person(role: Role, county: str | None = None) -> Operator:
    return Operator(1, "chen", role, county)


@pytest.mark.parametrize(
    ("role", "rights"),
    [
        (Role.VIEWER, {Right.READ}),
        (Role.CITY_OPERATOR, {Right.READ, Right.READ_PERSONAL, Right.DECIDE}),
        (Role.ADMINISTRATOR, set(Right)),
    ],
)
def test_a_role_has_its_rights_in_the_whole_city_and_no_others(role: Role, rights: set[Right]) -> None:
    for county in (None, SIMAO):
        assert {right for right in Right if may(person(role), right, county=county)} == rights


def test_a_county_operator_decides_in_the_own_county_only() -> None:
    chen = person(Role.COUNTY_OPERATOR, MOJIANG)
    require(chen, Right.DECIDE, county=MOJIANG)
    for elsewhere in (SIMAO, None):
        with pytest.raises(NotAllowed, match="bound to county 530822"):
            require(chen, Right.READ, county=elsewhere)
    assert not may(chen, Right.ADMINISTER, county=MOJIANG)


def test_who_lacks_a_right_is_told_by_name_and_role() -> None:
    with pytest.raises(NotAllowed, match=r"chen \(viewer\)"):
        require(person(Role.VIEWER), Right.DECIDE)


def test_the_audit_names_the_person() -> None:
    assert person(Role.VIEWER).actor == "operator:chen"


def test_the_command_line_offers_every_role() -> None:
    assert set(_ROLES) == {role.value for role in Role}
