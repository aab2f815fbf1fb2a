"""Names by their initials in pinyin."""

from __future__ import annotations

import pytest

from national_sync.registration.initials import as_initials, initials_of
from national_sync.registration.search import _beyond


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("李文秀", ("LWX",)),
        ("岩温", ("YW", "AW")),
        ("曾单", ("CD", "ZD")),
        ("买买提·吐尔逊", ("MMTTEX",)),
        ("Anna", ("ANNA",)),
        ("·", ()),
        ("", ()),
    ],
)
def test_a_name_has_its_initials_and_a_surname_with_two_readings_both(name: str, initials: tuple[str, ...]) -> None:
    assert initials_of(name) == initials


def test_letters_alone_are_initials() -> None:
    assert as_initials(" ｌwx ") == "LWX"
    assert as_initials("李w") is None
    assert as_initials("V1") is None


@pytest.mark.parametrize(("begin", "end"), [("LW", "LX"), ("LZ", "M"), ("A", "B")])
def test_what_begins_so_ends_before_the_next_letter(begin: str, end: str) -> None:
    assert _beyond(begin) == end
