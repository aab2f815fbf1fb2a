"""Killing every run of a scenario at every failpoint in turn, and going on from what it left behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Final

from tests.acceptance.both_sides import Labels
from tests.acceptance.events import Event, Night, Passed
from tests.acceptance.nursery import Ended
from tests.acceptance.pictures import fork_in_the_road
from tests.acceptance.scenario import Scenario
from tests.acceptance.stage import BEYOND_SETTLING_SECONDS, HOUR, End, Stage

MOST_FAILURES_SHOWN: Final = 3


@dataclass(frozen=True)
class Crossing:
    """A run of a scenario, kept at its beginning so that it can be begun again."""

    name: str
    night: Night
    labels: Labels
    passed: Sequence[str]
    """The failpoints that it passes."""
    rest: Sequence[Event]


@dataclass(frozen=True)
class Killed:
    """One kill: where, and in what the end differs from the end without it."""

    place: str
    unlike: list[str]


def runs_by_scenario(table: Sequence[Scenario]) -> dict[str, list[int]]:
    """The runs of each scenario that are to be killed, counted from 0.

    Where two rows begin in the same way, their first runs are the same run, which one of the rows kills for both.
    """
    known: set[str] = set()
    wanted: dict[str, list[int]] = {}
    for scenario in table:
        ends = [number for number, event in enumerate(scenario.events, 1) if isinstance(event, Night)]
        stories = [repr((scenario.before, scenario.events[:end])) for end in ends]
        wanted[scenario.name] = [number for number, story in enumerate(stories) if story not in known]
        known.update(stories)
    return wanted


def killed_in_turn(
    stage: Stage, scenario: Scenario, *, first: int = 1, every: int = 1, runs: Sequence[int] | None = None
) -> Iterator[Killed]:
    """Kill at every failpoint (or every so many from the `first` on), resume, and compare with the end of a life without kills.

    Where a kill leaves both sides as an earlier one of the same run did, what follows is the same too and is not run
    again: after a commit and before the next one, say. Resumed at once and after the time in which a lost write may
    still take effect, by turns.
    """
    crossings, unkilled = _played(stage, scenario)
    for index, crossing in enumerate(crossings):
        if runs is not None and index not in runs:
            continue
        seen: set[bytes] = set()
        for number in range(first, len(crossing.passed) + 1, every):
            _begin_again(stage, crossing)
            ended = stage.run(crossing.night, kill_at=number)
            place = f"{crossing.name}, failpoint {number}, {crossing.passed[number - 1]}"
            assert ended.was_killed, f"{place}: not killed but {ended}"
            state = blake2b(fork_in_the_road(stage.database, stage.national).encode()).digest()
            if state not in seen:
                seen.add(state)
                yield Killed(place, _unlike(stage, crossing, ended, unkilled, at_once=len(seen) % 2 == 0))


def _played(stage: Stage, scenario: Scenario) -> tuple[list[Crossing], End]:
    stage.begin(scenario.before)
    crossings = []
    events = _told_of_few(scenario)
    for number, event in enumerate(events):
        if not isinstance(event, Night):
            stage.do([event])
            continue
        name, labels = f"run_{len(crossings) + 1}", stage.labels.copy()
        stage.keep(name)
        ended = stage.night(event)
        crossings.append(Crossing(name, event, labels, ended.passed, events[number + 1 :]))
    stage.until_quiet(_plain(crossings[-1].night))
    return crossings, stage.end()


def _plain(night: Night) -> Night:
    """A run of the usual kind over the same kinds of record."""
    return Night(entities=night.entities)


def _told_of_few(scenario: Scenario) -> list[Event]:
    """The events with every run limited to the kinds of record that the scenario is about: fewer calls, and none of
    the failpoints that are the same in every row."""
    about = scenario.about()
    return [_limited(event, about) if isinstance(event, Night) else event for event in scenario.events]


def _limited(night: Night, about: tuple[str, ...]) -> Night:
    meanwhile = tuple(
        replace(one, do=tuple(_limited(event, about) if isinstance(event, Night) else event for event in one.do))
        for one in night.meanwhile
    )
    return replace(night, entities=night.entities or about, meanwhile=meanwhile)


def _begin_again(stage: Stage, crossing: Crossing) -> None:
    stage.go_back(crossing.name)
    stage.labels = crossing.labels.copy()
    stage.do([Passed(crossing.night.hours_later * HOUR)])


def _unlike(stage: Stage, crossing: Crossing, ended: Ended, unkilled: End, *, at_once: bool) -> list[str]:
    left = [one for number, one in enumerate(crossing.night.meanwhile) if number not in ended.happened]
    again = replace(crossing.night, meanwhile=tuple(left))
    try:
        if crossing.rest:
            _go_on(stage, again, crossing.rest, at_once)
            stage.until_quiet(_plain(crossing.night), wanted=unkilled)
        else:
            stage.until_quiet(again, at_once=at_once, wanted=unkilled)
    except AssertionError as error:
        return [str(error)]
    return stage.broken_invariants() + stage.end().unlike(unkilled)


def _go_on(stage: Stage, night: Night, rest: Sequence[Event], at_once: bool) -> None:
    """Run once more, and once again when what was lost can be known to be lost; then what else the scenario tells.

    A run may end with an error of ours, as the killed one might have.
    """
    if at_once:
        ended = stage.run(night)
        assert "Traceback" not in ended.error, ended.error
        left = [one for number, one in enumerate(night.meanwhile) if number not in ended.happened]
        night = replace(night, meanwhile=tuple(left))
    stage.do([Passed(BEYOND_SETTLING_SECONDS)])
    ended = stage.run(night)
    assert "Traceback" not in ended.error, ended.error
    stage.do(rest)
