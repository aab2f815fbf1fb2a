from __future__ import annotations

import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from national_sync_mocks.nvsi_server.areas import counties, puer, significant_prefix, townships
from national_sync_mocks.nvsi_server.generator import id_number
from national_sync_mocks.nvsi_server.identity import check_digit, id_number_fault, normalised, record_id


@given(st.randoms(use_true_random=False), st.dates(date(1930, 1, 1), date(2020, 1, 1)))
def test_generated_id_numbers_are_sound(dice: random.Random, born: date) -> None:
    assert id_number_fault(id_number(dice, born)) is None


@pytest.mark.parametrize(
    "number",
    ["11010519491231002X", "11010519491231002x", "１１０１０５１９４９１２３１００２X", "110105491231002"],
)
def test_all_forms_of_one_id_number_are_one(number: str) -> None:
    assert normalised(number) == "11010519491231002X"


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        ("110105194912310021", "校验码错误"),
        ("530802199013450019", "中的出生日期无效"),
        ("53080219901", "须为 18 位"),
    ],
)
def test_a_wrong_id_number_is_told_why(number: str, fault: str) -> None:
    assert id_number_fault(number) == fault


def test_the_check_digit_is_that_of_the_standard() -> None:
    assert check_digit("11010519491231002") == "X"


def test_record_ids_do_not_depend_on_the_order_of_calls() -> None:
    first = record_id(1, "team", "a", 0)
    assert first == record_id(1, "team", "a", 0)
    assert len({first, record_id(1, "team", "a", 1), record_id(2, "team", "a", 0)}) == 3


def test_puer_has_ten_counties_and_103_townships() -> None:
    assert len(counties()) == 10
    assert sum(len(townships(county.id)) for county in counties()) == 103
    assert len(puer()) == 114


@pytest.mark.parametrize(
    ("area", "prefix"),
    [
        ("530000000000000000", "53"),
        ("530800000000000000", "5308"),
        ("530802000000000000", "530802"),
        ("530802102000000000", "530802102"),
    ],
)
def test_an_area_means_its_significant_digits(area: str, prefix: str) -> None:
    assert significant_prefix(area) == prefix
