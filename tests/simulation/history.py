"""What may happen in a simulated week, as strategies, and what is remembered of it so that it can be judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st
from tests.acceptance.events import (
    DeleteHere,
    Event,
    Faults,
    Night,
    Passed,
    WithdrawThere,
    create_here,
    create_there,
    edit_here,
    edit_there,
)
from tests.acceptance.world import hours, training_fields

FIELDS: Final[Mapping[str, Sequence[tuple[str, str, Sequence[str]]]]] = {
    "V1": [("skills", "albp0039", ("01,02", "02", "05")), ("education", "albp0017", ("30", "40"))],
    "V2": [("skills", "albp0039", ("01,02", "02", "05")), ("name", "albp0003", ("玉光", "玉喜"))],
    "T1": [("contact_name", "albe0018", ("黄河", "长江"))],
    "P1": [("address", "albx0003", ("思亭路1号", "思亭路2号"))],
    "H9": [("remark", "remark", ("一", "二"))],
    "H12": [("remark", "remark", ("一", "二"))],
    "R1": [("organiser", "organiser", ("文明办", "团委"))],
}
"""By label: a shared field on both sides, and what may be written into it."""
MAY_GO: Final = ("M1", "M3", "R2", "H14", "V6")
LOST: Final = ("lost-answer", "lost-request", "truncated", "5xx", "html-login", "429", "undo-writes")
PATHS: Final = ("*/list", "*/create*", "*/update*", "*/delete", "*/get", "*/find", "*/totals", "*")


@dataclass(frozen=True)
class Run:
    """A run, killed at a failpoint if it comes that far."""

    kill_at: int | None


@dataclass(frozen=True)
class DecideAll:
    """The operator settles whatever can be settled in this way."""

    keep: str


Step: TypeAlias = Event | Run | DecideAll


def _edits() -> st.SearchStrategy[Event]:
    choices = [
        (label, column, wire, value)
        for label, fields in FIELDS.items()
        for column, wire, values in fields
        for value in values
    ]

    def event(choice: tuple[str, str, str, str], is_here: bool) -> Event:
        label, column, wire, value = choice
        return edit_here(label, **{column: value}) if is_here else edit_there(label, **{wire: value})

    return st.builds(event, st.sampled_from(choices), st.booleans())


def _creations() -> st.SearchStrategy[Event]:
    """Trainings and hours, of which each number is made at most once, on either side or on both."""

    def event(number: int, is_here: bool, is_training: bool) -> Event:
        day = f"2026-02-{10 + number:02d}"
        if is_training and is_here:
            training: dict[str, Any] = {"topic": f"培训{number}", "training_date": day, "training_seconds": 7200}
            return create_here(f"R{10 + number}", volunteer="V1", **training)
        if is_training:
            return create_there(f"R{20 + number}", training_fields("V1", f"培训{number}", day, "2.00"))
        times = hours(f"{day} 07:00", f"{day} 08:00")
        return create_here(f"H{20 + number}", volunteer="V2", project="P1", team="T1", **times)

    return st.builds(event, st.integers(1, 6), st.booleans(), st.booleans())


def _faults() -> st.SearchStrategy[Event]:
    def event(kind: str, path: str, nth: int) -> Event:
        parameters = {"afterCalls": 2, "silent": False} if kind == "undo-writes" else {}
        return Faults(({"match": {"path": path, "nth": nth}, "fault": kind, "parameters": parameters},))

    return st.builds(event, st.sampled_from(LOST), st.sampled_from(PATHS), st.integers(1, 3))


def steps() -> st.SearchStrategy[list[Step]]:
    runs = st.builds(Run, st.none() | st.integers(1, 70))
    step: st.SearchStrategy[Step] = st.one_of(
        _edits(),
        _edits(),
        _creations(),
        runs,
        runs,
        _faults(),
        st.sampled_from(MAY_GO).map(DeleteHere),
        st.sampled_from(MAY_GO).map(WithdrawThere),
        st.sampled_from([DecideAll("local"), DecideAll("national")]),
        st.sampled_from([Passed(30), Passed(700)]),
    )
    return st.lists(step, min_size=4, max_size=14)


A_RUN: Final = Night(kind="nightly")
