"""What stands on the full screen: as wide as it is, aligned, and filters as they are typed."""

from __future__ import annotations

from typing import Any

import pytest

from national_sync import i18n
from national_sync.cli.review.app import moment_of
from national_sync.cli.review.wording import KEYS, heading, listed, retyped, title, typed_filter
from national_sync.errors import UsageError
from national_sync.i18n import _
from national_sync.prose.layout import width
from national_sync.reconcile.search import Filter

NOW = 1_772_400_000


def row(**changed: Any) -> dict[str, Any]:
    facts = {
        "id": 42,
        "first_seen_at": NOW - 3 * 86_400,
        "county": "530822",
        "kind": "both_edited",
        "field": "service_area_name",
        "ours": "普洱市思茅区茶城大道一百二十号",
        "theirs": "思茅",
        "state": "open",
        "decision": None,
        "resolution": None,
    }
    return {**facts, **changed}


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize("columns", [40, 60, 80, 81, 132, 200])
def test_every_line_is_as_wide_as_the_screen(language: i18n.Language, columns: int) -> None:
    i18n.use(language)
    for changed in ({}, {"ours": None, "theirs": ""}, {"decision": "national"}, {"county": None, "field": ""}):
        assert width(listed(row(**changed), "*", NOW, columns)) == columns
    assert width(heading(columns)) == columns
    assert width(title(Filter(county="530822", text="双胞"), 1, "10000+", 3, columns)) == columns


def test_nothing_in_a_value_steers_the_terminal() -> None:
    line = listed(row(ours="a\x1b[2Jb\u202ec"), "", NOW, 80)
    assert line.isprintable()
    assert "a?[2Jb?c" in line


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_the_keys_fit_eighty_columns(language: i18n.Language) -> None:
    i18n.use(language)
    assert max(width(_(keys)) for keys in KEYS) <= 80


def test_the_sides_begin_in_one_column_whatever_stands_before() -> None:
    i18n.use("zh")
    lines = [listed(row(ours=ours), "", NOW, 80) for ours in ("a", "宽", "普洱市思茅区茶城大道")]
    assert len({width(line[: line.rindex("思茅")]) for line in lines}) == 1


def test_a_filter_means_what_was_typed_and_is_typed_back() -> None:
    i18n.use("zh")
    before = Filter(text="茶")
    wanted = typed_filter("530822 两边改了同一字段 志愿者 >7 @chen V530802260100001V", before)
    assert wanted == Filter(
        text="茶",
        county="530822",
        kind="both_edited",
        entity="volunteer",
        min_age_days=7,
        assigned_to="chen",
        volunteer="V530802260100001V",
    )
    assert typed_filter(retyped(wanted), before) == wanted
    assert typed_filter("", wanted) == Filter(text="茶")
    for unknown in (">", "@", "53082", "nonsense", ">x"):
        with pytest.raises(UsageError):
            typed_filter(unknown, before)


def test_a_time_to_put_off_is_a_number_of_days_or_a_date() -> None:
    assert moment_of(" 7 ", NOW) == NOW + 7 * 86_400
    assert moment_of("2026-03-10", NOW) == 1_773_072_000
    for unknown in ("", "soon", "-1", "2026-02-30", "１"):
        with pytest.raises(UsageError):
            moment_of(unknown, NOW)
