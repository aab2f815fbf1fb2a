"""A value that a person types is checked like one that comes in."""

from __future__ import annotations

import pytest

from national_sync.errors import ValueRefused
from national_sync.policy import Policy
from national_sync.reconcile.values import checked
from national_sync.records import Entity

OWNERS = Policy().owners


@pytest.mark.parametrize(
    ("entity", "column", "typed", "stored"),
    [
        (Entity.VOLUNTEER, "name", " 白茶 ", "白茶"),
        (Entity.VOLUNTEER, "education", "", None),
        (Entity.VOLUNTEER, "id_number", "530802900307001", "530802199003070014"),
        (Entity.VOLUNTEER, "id_number", "５３０８０２１９６８０７１６００２ｘ", "53080219680716002X"),
        (Entity.VOLUNTEER, "birth_date", "1990-03-07", "1990-03-07"),
        (Entity.VOLUNTEER, "service_area_id", "530802", "530802000000000000"),
        (Entity.VOLUNTEER, "skills", "01,02", "01,02"),
        (Entity.TEAM, "contact_phone", "0879-2123456", "0879-2123456"),
        (Entity.TEAM, "join_rule", "anyone", "anyone"),
        (Entity.HOUR_RECORD, "service_seconds", "7200", 7200),
        (Entity.HOUR_RECORD, "started_at", "2026-03-01 09:00", 1_772_326_800),
    ],
)
def test_value_that_fits_is_taken_in_its_stored_form(
    entity: Entity, column: str, typed: str, stored: str | int | None
) -> None:
    assert checked(entity, column, typed, OWNERS[entity]) == stored


@pytest.mark.parametrize(
    ("entity", "column", "typed"),
    [
        (Entity.VOLUNTEER, "shoe_size", "43"),
        (Entity.VOLUNTEER, "star", "5"),
        (Entity.VOLUNTEER, "name", "   "),
        (Entity.VOLUNTEER, "name", "\u202e茶"),
        (Entity.VOLUNTEER, "name", "茶" * 101),
        (Entity.VOLUNTEER, "id_number", "530802199003070019"),
        (Entity.VOLUNTEER, "id_number", "53080219901345001X"),
        (Entity.VOLUNTEER, "sex", "x"),
        (Entity.VOLUNTEER, "birth_date", "1990-02-30"),
        (Entity.VOLUNTEER, "service_area_id", "5308"),
        (Entity.VOLUNTEER, "skills", "01;02"),
        (Entity.TEAM, "contact_phone", "call me"),
        (Entity.HOUR_RECORD, "service_seconds", "2.5"),
        (Entity.HOUR_RECORD, "started_at", "yesterday"),
        (Entity.HOUR_RECORD, "volunteer_id", "1"),
    ],
)
def test_value_that_does_not_fit_is_refused_without_repeating_it(entity: Entity, column: str, typed: str) -> None:
    with pytest.raises(ValueRefused) as refused:
        checked(entity, column, typed, OWNERS[entity])
    assert len(typed.strip()) < 4 or typed not in str(refused.value)
