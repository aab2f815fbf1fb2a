"""The engine's codes have words; what is missing here would reach an operator as a code."""

from __future__ import annotations

from enum import StrEnum

import pytest

from national_sync import i18n
from national_sync.national.port import RejectReason
from national_sync.prose.words import word
from national_sync.records import Entity
from national_sync.sync.guard import ActionClass, GuardReason
from national_sync.sync.kinds import MismatchKind
from national_sync.sync.run import RunKind


@pytest.mark.parametrize("codes", [Entity, MismatchKind, RejectReason, GuardReason, ActionClass, RunKind])
def test_every_code_has_words(codes: type[StrEnum]) -> None:
    i18n.use("zh")
    assert [code.value for code in codes if word(code.value).isascii()] == []


def test_a_code_without_words_stands_for_itself() -> None:
    assert word("brand_new") == "brand_new"
    assert word(None) == ""
