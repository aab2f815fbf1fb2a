"""Seconds that two registrations of one person both claim are counted once (clause S2)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from national_sync.persons import Span, doubled_seconds

_SPANS = st.lists(
    st.builds(
        lambda who, start, length: Span(who, start, start + length),
        st.integers(1, 3),
        st.integers(0, 60),
        st.integers(0, 20),
    ),
    max_size=8,
)


def _claimed(spans: list[Span]) -> set[tuple[int, int]]:
    """Each second under each registration that claims it."""
    return {(span.volunteer_id, second) for span in spans for second in range(span.started_at, span.ended_at)}


@given(_SPANS)
def test_every_second_of_a_person_counts_once_whoever_claims_it(spans: list[Span]) -> None:
    claimed = _claimed(spans)
    assert doubled_seconds(spans) == len(claimed) - len({second for _who, second in claimed})


def test_what_overlaps_under_one_registration_is_left_alone() -> None:
    assert doubled_seconds([Span(1, 0, 10), Span(1, 5, 15)]) == 0
    assert doubled_seconds([Span(1, 0, 10), Span(2, 10, 15)]) == 0
    assert doubled_seconds([Span(1, 0, 10), Span(2, 5, 15), Span(3, 8, 9)]) == 6
