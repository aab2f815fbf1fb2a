"""Records that no rule would let be: each is kept aside with its reason, and nothing else suffers."""

from __future__ import annotations

from typing import Final

import pytest
from tests.acceptance.events import Corrupt, Event, Heal, Night, create_there, edit_there, fault
from tests.acceptance.scenario import After, Before, what_differs
from tests.acceptance.stage import Stage
from tests.acceptance.world import SIMAO, volunteer_fields

from national_sync_mocks.nvsi_server.distortions import VARIANTS

REASONS: Final[dict[str, tuple[str, str]]] = {
    "impossible-id-number": ("V1", "bad_id_number"),
    "31-february": ("H12", "bad_date"),
    "negative-hours": ("H12", "bad_hours"),
    "nan-hours": ("H12", "bad_hours"),
    "nan-text-hours": ("H12", "bad_hours"),
    "1e9-hours": ("H12", "bad_hours"),
    "end-before-start": ("H12", "end_before_start"),
    "unknown-code": ("V1", "unknown_code"),
    "unknown-field": ("M1", "unknown_field"),
    "missing-id": ("H12", "missing_id"),
    "long-string": ("T1", "too_long"),
    "lone-surrogates": ("P1", "bad_text"),
    "nul": ("H12", "bad_text"),
    "right-to-left": ("P1", "bad_text"),
}
"""By variant: the record that shows it, and the reason given."""
HARMLESS: Final = frozenset({"full-width-digits"})
"""Read as what they mean."""
ON_A_PAGE: Final = frozenset({"two-records-one-id"})


def test_every_variant_of_the_mock_is_looked_at() -> None:
    assert {*REASONS, *HARMLESS, *ON_A_PAGE} == {*VARIANTS}


@pytest.mark.parametrize("variant", REASONS)
def test_bad_record_waits_in_quarantine_and_comes_in_once_it_is_corrected(stage: Stage, variant: str) -> None:
    label, reason = REASONS[variant]
    stage.begin(Before())
    stage.do([_changed(label), Corrupt(label, variant), edit_there("V2", albp0039="02"), Night()])
    meanwhile = what_differs(
        After(here={label: {"is_withdrawn": False}, "V2": {"skills": "02"}}, quarantine={reason: 1}), stage.both_sides
    )
    unexplained = stage.unexplained()

    stage.do([Heal(label), Night()])

    assert (meanwhile, unexplained) == ([], [])
    left = {} if variant != "missing-id" else {reason: 1}
    assert what_differs(After(here={label: _changed_here(label)}, quarantine=left), stage.both_sides) == []
    assert stage.broken_invariants() == []
    assert stage.written_by(Night()) == []


@pytest.mark.parametrize("variant", HARMLESS)
def test_odd_but_clear_record_is_read_as_what_it_means(stage: Stage, variant: str) -> None:
    stage.begin(Before())

    stage.do([Corrupt("V1", variant), Night()])

    assert what_differs(After(here={"V1": {"id_number": "530802199004121012"}}), stage.both_sides) == []


def test_text_of_ten_million_characters_is_kept_aside(sqlite_stage: Stage) -> None:
    sqlite_stage.begin(Before())
    both = sqlite_stage.both_sides
    sqlite_stage.national.corrupt("team", both.national_id("T1"), "long-string", length=10_000_000)

    sqlite_stage.do([edit_there("T2", albe0018="黄河"), Night()])

    after = After(here={"T1": {"name": "青松志愿服务队"}, "T2": {"contact_name": "黄河"}}, quarantine={"too_long": 1})
    assert what_differs(after, sqlite_stage.both_sides) == []


def test_two_records_with_one_id_are_both_kept_aside(stage: Stage) -> None:
    stage.begin(Before())
    pairs = fault("bad-record", {"path": "/training/list"}, variant="two-records-one-id", position=1)

    stage.do([edit_there("R1", organiser="团委"), edit_there("R2", organiser="团委"), pairs, Night()])
    kept = what_differs(After(quarantine={"two_records_one_id": 1}), stage.both_sides)
    stage.do([Night()])

    assert kept == []
    after = After(here={"R1": {"organiser": "团委"}, "R2": {"organiser": "团委"}})
    assert what_differs(after, stage.both_sides) == []


def test_new_record_that_is_bad_comes_in_once_it_is_corrected(stage: Stage) -> None:
    person = volunteer_fields("白茶", "1992-03-08", 709) | {"albp0029": "V5308022603000777V"}
    stage.begin(Before())
    stage.do([create_there("V7", person), Corrupt("V7", "31-february"), Night()])
    meanwhile = what_differs(After(here={"V7": None}, quarantine={"bad_date": 1}), stage.both_sides)

    stage.do([Heal("V7"), Night()])

    assert meanwhile == []
    assert what_differs(After(here={"V7": {"service_area_id": SIMAO}}), stage.both_sides) == []


def test_page_that_repeats_for_ever_ends_the_run_and_loses_nothing(stage: Stage) -> None:
    for_ever = fault("page-repeats-for-ever", {"path": "/hour/list", "nth": 2, "times": 1000}, page=1)
    stage.begin(Before())

    stage.do([edit_there("H12", remark="一"), for_ever])
    stage.do([Night(full=True, adapter={"page_size": 5}, raises="protocol_broken")])
    stage.do([fault("latency", seconds=0), Night()])

    assert what_differs(After(here={"H12": {"remark": "一"}, "H1": {"is_withdrawn": False}}), stage.both_sides) == []
    assert stage.unexplained() == []


def test_totals_that_lie_withdraw_nothing(stage: Stage) -> None:
    lie = fault("totals-lie", {"path": "*/totals", "every": 1, "times": 1000}, by=7)
    stage.begin(Before())

    stage.do([lie, Night(), Night(), fault("latency", seconds=0), Night()])

    assert what_differs(After(here={"H1": {"is_withdrawn": False}}), stage.both_sides) == []
    assert stage.unexplained() == []


def _changed(label: str) -> Event:
    """An edit that is to come in with the correction."""
    fields = {"V": ("albp0039", "02"), "H": ("remark", "一"), "T": ("albe0018", "黄河"), "P": ("albx0003", "思亭路1号")}
    name, value = fields.get(label[0], ("albe0136", "2025-02-01 10:00:00.0"))
    return edit_there(label, **{name: value})


def _changed_here(label: str) -> dict[str, object]:
    columns = {
        "V": ("skills", "02"),
        "H": ("remark", "一"),
        "T": ("contact_name", "黄河"),
        "P": ("address", "思亭路1号"),
    }
    name, value = columns.get(label[0], ("state", "member"))
    return {name: value}
