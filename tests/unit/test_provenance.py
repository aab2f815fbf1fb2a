"""Reading a record's history backwards: pure, on notes as the triggers leave them."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from national_sync.provenance import NOT_KEPT, Note, Stored, states_before

_TEXTS = st.sampled_from([None, "", "a", "b"])
_STATES = st.none() | st.fixed_dictionaries({"name": _TEXTS, "phone": _TEXTS, "sync_rev": st.sampled_from(["1", "2"])})


def note(before: dict[str, str | bool | None] | None) -> Note:
    return Note(1, 0, None, None, before)


def kept(before: Stored | None, after: Stored | None) -> dict[str, str | bool | None] | None:
    """What the triggers keep when one state takes the place of another."""
    if before is None or after is None:
        return None if before is None else dict(before)
    return {name: value for name, value in before.items() if value != after[name]}


@given(st.lists(_STATES, min_size=1))
def test_every_state_is_found_again(states: list[Stored | None]) -> None:
    notes = [note(kept(before, after)) for before, after in pairwise(states)]

    assert states_before(states[-1], notes) == states


def test_a_record_without_notes_has_always_been_as_it_is() -> None:
    assert states_before({"name": "a"}, []) == [{"name": "a"}]


def test_sealing_a_plain_value_is_no_change_of_it() -> None:
    sealed = {"phone": "k1:new"}

    states = states_before(sealed, [note({"phone": "k1:old"}), note({"phone": True})])

    assert states == [{"phone": "k1:old"}, sealed, sealed]


def test_a_plain_value_that_was_replaced_before_it_was_sealed_is_not_kept() -> None:
    states = states_before({"phone": "k1:new"}, [note({"phone": None}), note({"phone": False}), note({"phone": True})])

    assert [state and state["phone"] for state in states] == [None, NOT_KEPT, "k1:new", "k1:new"]
