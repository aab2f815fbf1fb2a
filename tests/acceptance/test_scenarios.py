"""The table of scenarios, played.

Each row is run plainly on both stores and its end looked at; run once more, which must write nothing on either side;
and, unless it says `kills=False` because a row beside it recovers in the same way, killed with SIGKILL at every
failpoint of every run in turn, resumed, and compared with the end of a life without kills. On PostgreSQL, where bringing
a database back takes longer, the kills are done for a fixed few rows (`KILLED_ON_POSTGRESQL`) at every third failpoint.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final

import pytest
from tests.acceptance.events import Night, fault
from tests.acceptance.kills import MOST_FAILURES_SHOWN, Killed, killed_in_turn, runs_by_scenario
from tests.acceptance.scenario import After, Before, Scenario, what_differs
from tests.acceptance.scenarios import KILLED_ON_POSTGRESQL, SCENARIOS, hours_here
from tests.acceptance.stage import Stage

KILLED: Final = [scenario for scenario in SCENARIOS if scenario.kills]
RUNS: Final = runs_by_scenario(KILLED)
FAILPOINTS_APART_ON_POSTGRESQL: Final = 3


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_scenario_ends_as_told_and_a_second_run_writes_nothing(stage: Stage, scenario: Scenario) -> None:
    stage.begin(scenario.before)

    stage.do(scenario.events)

    assert what_differs(scenario.after, stage.both_sides) == []
    assert stage.broken_invariants() == []
    assert len(stage.unexplained()) == scenario.after.unexplained
    written = stage.written_by(scenario.last_run())
    assert written == [], "\n".join(map(str, written))


@pytest.mark.parametrize("scenario", KILLED, ids=str)
def test_scenario_killed_at_every_failpoint_ends_the_same(sqlite_stage: Stage, scenario: Scenario) -> None:
    assert failures(killed_in_turn(sqlite_stage, scenario, runs=RUNS[scenario.name])) == []


@pytest.mark.parametrize("scenario", [one for one in SCENARIOS if one.name in KILLED_ON_POSTGRESQL], ids=str)
def test_scenario_killed_on_postgresql_ends_the_same(postgresql_stage: Stage, scenario: Scenario) -> None:
    kills = killed_in_turn(postgresql_stage, scenario, every=FAILPOINTS_APART_ON_POSTGRESQL)
    assert failures(kills) == []


def failures(kills: Iterable[Killed]) -> list[str]:
    failed = (f"{kill.place}: {line}" for kill in kills if kill.unlike for line in kill.unlike[:5])
    return list(islice(failed, 5 * MOST_FAILURES_SHOWN))


def test_record_whose_answer_was_lost_is_a_difference_with_an_explanation(stage: Stage) -> None:
    stage.begin(Before())

    stage.do([hours_here("H17", "V1", "2026-02-20"), fault("lost-answer", {"path": "/hour/create"}), Night()])

    assert what_differs(After(operations={"unknown": 1}, live={"hour_record": 17}), stage.both_sides) == []
    assert stage.unexplained() == []
