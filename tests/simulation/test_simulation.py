"""Random weeks: edits on both sides, creations, deletions, faults, decisions, and runs that are killed with SIGKILL.

When a week is over and the faults are gone, the laws of the design hold. Bounded to about a minute.
"""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.acceptance.stage import Stage
from tests.simulation.history import Step, steps
from tests.simulation.judge import Week

EVERY_EXAMPLE_BEGINS_ANEW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=EVERY_EXAMPLE_BEGINS_ANEW)
@given(history=steps(), shows_references=st.booleans())
def test_after_any_week_the_laws_hold(sqlite_stage: Stage, history: list[Step], shows_references: bool) -> None:
    week = Week(sqlite_stage)
    week.begin(shows_references=shows_references)

    for step in history:
        week.live(step)
    week.come_to_rest()

    assert week.broken_laws() == []
