"""Transfers between teams, played as the other scenarios are (`test_scenarios`): X2 and X3 end in a known state.

Every row is played on SQLite and run once more, which must write nothing. A kill costs half a second, so the row
that takes every step is killed at every failpoint. Of every other row one run is killed, at a failpoint that lies
further on from row to row. On PostgreSQL a fixed few rows are played.
"""

from __future__ import annotations

from typing import Final

import pytest
from tests.acceptance.kills import killed_in_turn, runs_by_scenario
from tests.acceptance.scenario import Scenario, what_differs
from tests.acceptance.stage import Stage
from tests.acceptance.test_scenarios import failures
from tests.acceptance.transfer_scenarios import KILLED_EVERYWHERE, ON_POSTGRESQL, TRANSFERS

KILLED: Final = [scenario for scenario in TRANSFERS if scenario.kills]
RUNS: Final = runs_by_scenario(KILLED)
APART: Final = 47
"""Failpoints between two kills of a row that is not killed at every one."""


@pytest.mark.parametrize("scenario", TRANSFERS, ids=str)
def test_transfer_ends_as_told_and_a_second_run_writes_nothing(sqlite_stage: Stage, scenario: Scenario) -> None:
    _play(sqlite_stage, scenario)


@pytest.mark.parametrize("scenario", [one for one in TRANSFERS if one.name in ON_POSTGRESQL], ids=str)
def test_transfer_ends_as_told_on_postgresql_too(postgresql_stage: Stage, scenario: Scenario) -> None:
    _play(postgresql_stage, scenario)


def _play(stage: Stage, scenario: Scenario) -> None:
    stage.begin(scenario.before)
    hours = _hours(stage)

    stage.do(scenario.events)

    assert what_differs(scenario.after, stage.both_sides) == []
    assert _hours(stage) == hours
    assert stage.broken_invariants() == []
    assert stage.unexplained() == []
    written = stage.written_by(scenario.last_run())
    assert written == [], "\n".join(map(str, written))


def _hours(stage: Stage) -> list[tuple[str, str, str, str]]:
    names = ("id", "albx0172", "albx0175", "albx0177")
    return [tuple(record[name] for name in names) for record in stage.national.records("hour_record")]


@pytest.mark.parametrize("scenario", KILLED, ids=str)
def test_transfer_killed_on_its_way_ends_the_same(sqlite_stage: Stage, scenario: Scenario) -> None:
    runs = RUNS[scenario.name]
    if scenario.name == KILLED_EVERYWHERE:
        kills = killed_in_turn(sqlite_stage, scenario, runs=runs)
    else:
        row = KILLED.index(scenario)
        one_run = [runs[row % len(runs)]]
        kills = killed_in_turn(sqlite_stage, scenario, first=1 + 3 * row % APART, every=APART, runs=one_run)
    assert failures(kills) == []
