"""Codes beside the words for them, and fields by the words of either language."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from national_sync import i18n
from national_sync.policy import Policy
from national_sync.prose.fields import column_named
from national_sync.reconcile.coded import CODES, NATIONAL_LISTS, codes_to_set, with_words
from national_sync.reconcile.values import checked
from national_sync.records import Entity, mirror_columns


@pytest.fixture(autouse=True)
def _own_language() -> Iterator[None]:
    i18n.use("zh")
    yield
    i18n.use(i18n.DEFAULT_LANGUAGE)


@pytest.mark.parametrize(
    ("column", "shown", "told"),
    [
        ("occupation", "27", "27（农民）"),
        ("categories", "0001,0099", "0001,0099（社区服务、其他）"),
        ("service_area_id", "530822101000000000", "530822101000000000（墨江哈尼族自治县）"),
        ("occupation", "xx", "xx"),
        ("categories", "", ""),
        ("address", "27", "27"),
        ("phone", "138******01", "138******01"),
    ],
)
def test_a_value_is_told_with_what_it_stands_for(column: str, shown: str, told: str) -> None:
    assert with_words(column, shown) == told


def test_words_of_this_program_are_told_in_both_languages() -> None:
    i18n.use("en")
    assert with_words("sex", "female") == "female"
    assert with_words("join_rule", "application") == "application (by application)"
    i18n.use("zh")
    assert with_words("sex", "female") == "female（女）"


@pytest.mark.parametrize("entity", Entity)
def test_every_code_that_is_offered_can_be_set(entity: Entity) -> None:
    offered = [(column, code) for column in mirror_columns(entity) for code in codes_to_set(entity, column)]
    for column, code in offered:
        typed = code.split("（")[0].split()[0]
        if Policy().owners[entity][column] != "national":
            assert checked(entity, column, typed, Policy().owners[entity]) == typed


def test_the_columns_with_codes_are_columns_of_the_mirror() -> None:
    every = {column for entity in Entity for column in mirror_columns(entity)}
    assert NATIONAL_LISTS.keys() <= every
    assert all(column in mirror_columns(entity) for entity, column in CODES)


def test_a_code_of_a_national_list_can_be_given_in_words() -> None:
    assert checked(Entity.VOLUNTEER, "occupation", "农民", Policy().owners[Entity.VOLUNTEER]) == "27"


@pytest.mark.parametrize("written", ["occupation", "职业", " 职业 ", "Occupation"])
def test_a_field_is_named_by_its_code_or_in_words(written: str) -> None:
    assert column_named(written, mirror_columns(Entity.VOLUNTEER)) == "occupation"


def test_what_names_no_field_stays_as_it_was_written() -> None:
    assert column_named("无此字段", mirror_columns(Entity.VOLUNTEER)) == "无此字段"


@pytest.mark.parametrize("entity", Entity)
@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_no_two_fields_of_an_entity_have_the_same_words(entity: Entity, language: i18n.Language) -> None:
    from national_sync.prose.fields import field_name

    i18n.use(language)
    names = [field_name(column) for column in mirror_columns(entity)]
    assert len(set(names)) == len(names)
