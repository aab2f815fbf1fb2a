"""Passwords are kept as slow salted hashes."""

from __future__ import annotations

import pytest

from national_sync.errors import UsageError
from national_sync.operators.passwords import NO_PASSWORD, check_strength, hashed, matches

GOOD = "普洱茶 correct horse"


def test_only_the_password_itself_matches_and_no_two_hashes_are_alike() -> None:
    stored = hashed(GOOD)
    assert GOOD not in stored
    assert matches(GOOD, stored)
    assert not matches(GOOD + " ", stored)
    assert hashed(GOOD) != stored


def test_full_width_letters_of_an_input_method_are_the_same_keys() -> None:
    assert matches("ｃorrect　horse", hashed("correct horse"))


def test_a_name_that_nobody_has_matches_nothing_and_costs_as_much() -> None:
    assert not matches(GOOD, NO_PASSWORD)
    assert NO_PASSWORD.split("$")[:2] == hashed(GOOD).split("$")[:2]


@pytest.mark.parametrize("password", ["short", "123456789", "", "Chen-Guifang"])
def test_a_short_password_or_the_name_itself_is_refused(password: str) -> None:
    with pytest.raises(UsageError):
        check_strength(password, name="chen-guifang")


def test_ten_characters_are_enough() -> None:
    check_strength("一二三四五六七八九十", name="chen")
