"""Walking through lists: windows, cursors, shifts, totals that lie, and lists that never end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.nvsi.side import NOON_MS, record_id, team, unhurried

from national_sync.clock import local_text
from national_sync.errors import ProtocolBroken
from national_sync.national.port import Page, PullRequest, Reject, RejectReason
from national_sync.records import Entity, Record
from national_sync_adapters.nvsi.paging import Listed, Walk
from national_sync_adapters.nvsi.reading import Content

SIZE = 10


@dataclass
class NationalList:
    """A list as the national side keeps it, with hooks for what happens between two calls."""

    records: list[Record]
    now_ms: int = NOON_MS
    before_call: Callable[[int, NationalList], None] = lambda number, side: None
    lie: Callable[[int, int], int | None] = lambda number, total: total
    payloads: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, payload: Mapping[str, object], /) -> Listed:
        number = len(self.payloads)
        self.before_call(number, self)
        self.payloads.append(dict(payload))
        chosen = self._chosen(payload)
        page, size = payload["pageNum"], payload["pageSize"]
        assert isinstance(page, int)
        assert isinstance(size, int)
        total = len(chosen)
        if "afterId" in payload:
            chosen = [record for record in chosen if self._key(record, payload) > self._after(payload)]
            page = 1
        shown = chosen[(page - 1) * size : page * size]
        last = (shown[-1].national_id, shown[-1].updated_at_ms) if shown else None
        return Listed(Content(shown, (), last), self.lie(number, total), self.now_ms)

    def _chosen(self, payload: Mapping[str, object]) -> list[Record]:
        start, end = payload.get("updatedFrom"), payload.get("updatedTo")
        kept = [
            record
            for record in self.records
            if (start is None or local_text(record.updated_at_ms // 1000) >= str(start))
            and (end is None or local_text(record.updated_at_ms // 1000) <= str(end))
        ]
        return sorted(kept, key=lambda record: self._key(record, payload))

    def _key(self, record: Record, payload: Mapping[str, object]) -> tuple[int, str]:
        return (record.updated_at_ms if "updatedFrom" in payload else 0), record.national_id

    def _after(self, payload: Mapping[str, object]) -> tuple[int, str]:
        after_ms = payload.get("afterUpdated", 0)
        assert isinstance(after_ms, int)
        return after_ms, str(payload["afterId"])


def teams(count: int, apart_ms: int = 1000) -> list[Record]:
    start = NOON_MS - 10_000_000
    return [team(number, updated_at_ms=start + number * apart_ms) for number in range(1, count + 1)]


def walk(side: NationalList, *, since_ms: int | None = None, keys: bool = False, resume: str | None = None) -> Walk:
    request = PullRequest(Entity.TEAM, changed_since_ms=since_ms, resume=resume)
    return Walk(request, {}, page_size=SIZE, uses_keys=keys, call=side)


def ids(pages: list[Page]) -> set[str]:
    return {record.national_id for page in pages for record in page.records}


all_modes = pytest.mark.parametrize(
    ("since_ms", "keys"),
    [(None, False), (None, True), (0, False), (0, True)],
    ids=["all", "all-keys", "new", "new-keys"],
)


@all_modes
@unhurried
@given(count=st.integers(0, 45), apart_ms=st.sampled_from([0, 1, 300, 5000]))
def test_everything_comes_once_and_in_the_end_exactly(
    since_ms: int | None, keys: bool, count: int, apart_ms: int
) -> None:
    side = NationalList(teams(count, apart_ms))
    pages = list(walk(side, since_ms=since_ms, keys=keys))
    found = [record.national_id for page in pages for record in page.records]
    assert sorted(found) == [record_id(number) for number in range(1, count + 1)]
    assert pages[-1].is_exact
    assert [page.is_last for page in pages] == [False] * (len(pages) - 1) + [True]


@all_modes
def test_a_pull_may_be_resumed_after_any_page(since_ms: int | None, keys: bool) -> None:
    pages = list(walk(NationalList(teams(35)), since_ms=since_ms, keys=keys))
    for number, page in enumerate(pages[:-1]):
        rest = list(walk(NationalList(teams(35)), since_ms=since_ms, keys=keys, resume=page.resume))
        assert rest == pages[number + 1 :]


def test_a_resume_that_is_not_ours_starts_anew() -> None:
    assert len(ids(list(walk(NationalList(teams(15)), resume="{broken")))) == 15


def test_a_short_list_takes_one_call() -> None:
    side = NationalList(teams(3))
    list(walk(side, since_ms=0))
    assert len(side.payloads) == 1


# Windows and cursors


def test_the_window_begins_on_the_whole_second_and_ends_at_the_clock_of_the_first_answer() -> None:
    side = NationalList(teams(15))
    list(walk(side, since_ms=NOON_MS - 9_999_999 + 999))
    first, second = side.payloads
    assert first["updatedFrom"] == second["updatedFrom"] == local_text(NOON_MS // 1000 - 9_999)
    assert "updatedTo" not in first
    assert second["updatedTo"] == local_text(NOON_MS // 1000)


def test_changes_are_covered_page_by_page_up_to_the_last_one_delivered() -> None:
    pages = list(walk(NationalList(teams(25)), since_ms=0))
    assert [page.covered_until_ms for page in pages] == [page.records[-1].updated_at_ms for page in pages]


def test_a_listing_covers_nothing_before_its_last_page() -> None:
    pages = list(walk(NationalList(teams(25))))
    newest = max(record.updated_at_ms for record in teams(25))
    assert [page.covered_until_ms for page in pages] == [None, None, newest]


def test_a_record_from_the_future_does_not_move_the_cursor() -> None:
    ahead = team(99, updated_at_ms=NOON_MS + 86_400_000)
    pages = list(walk(NationalList([*teams(5), ahead])))
    assert pages[-1].covered_until_ms == teams(5)[-1].updated_at_ms


def test_a_night_without_changes_leaves_the_cursor_alone() -> None:
    [page] = walk(NationalList([]), since_ms=NOON_MS)
    assert page.covered_until_ms is None
    assert page.is_exact


def test_pages_out_of_order_are_covered_only_when_all_have_come() -> None:
    class Unordered(NationalList):
        def _chosen(self, payload: Mapping[str, object]) -> list[Record]:
            return list(reversed(super()._chosen(payload)))

    pages = list(walk(Unordered(teams(25)), since_ms=0))
    assert len(ids(pages)) == 25
    assert [page.covered_until_ms for page in pages] == [None, None, teams(25)[-1].updated_at_ms]
    assert not pages[-1].is_exact


# Lists that move


def _touch(side: NationalList, *numbers: int) -> None:
    """These records are changed now, and so leave the window."""
    touched = {record_id(number) for number in numbers}
    side.now_ms += 2000
    side.records = [
        team(int(record.national_id, 16), updated_at_ms=side.now_ms) if record.national_id in touched else record
        for record in side.records
    ]


@unhurried
@given(at=st.integers(1, 4), numbers=st.sets(st.integers(1, 45), max_size=12))
def test_records_changed_during_a_pull_of_changes_hide_no_other(at: int, numbers: set[int]) -> None:
    side = NationalList(teams(45), before_call=lambda call, s: _touch(s, *numbers) if call == at else None)
    found = ids(list(walk(side, since_ms=0)))
    assert found >= {record_id(number) for number in range(1, 46)} - {record_id(number) for number in numbers}


@unhurried
@given(at=st.integers(1, 4), numbers=st.sets(st.integers(1, 45), max_size=12))
def test_records_that_vanish_during_a_listing_hide_no_other(at: int, numbers: set[int]) -> None:
    def vanish(call: int, side: NationalList) -> None:
        if call == at:
            gone = {record_id(number) for number in numbers}
            side.records = [record for record in side.records if record.national_id not in gone]

    side = NationalList(teams(45), before_call=vanish)
    found = ids(list(walk(side)))
    assert found >= {record_id(number) for number in range(1, 46)} - {record_id(number) for number in numbers}


def test_a_listing_in_which_records_vanished_is_not_exact() -> None:
    def vanish(call: int, side: NationalList) -> None:
        if call == 3:
            del side.records[0]

    pages = list(walk(NationalList(teams(45), before_call=vanish)))
    assert not pages[-1].is_exact


def test_a_record_inserted_during_a_listing_costs_exactness() -> None:
    def insert(call: int, side: NationalList) -> None:
        if call == 2:
            side.records.insert(0, team(0))

    pages = list(walk(NationalList(teams(45), before_call=insert)))
    assert len(ids(pages)) >= 45
    assert not pages[-1].is_exact


def test_a_list_that_never_stops_moving_is_still_walked_to_its_end() -> None:
    def shrink(call: int, side: NationalList) -> None:
        if side.records and call % 2:
            side.records.pop(0)

    pages = list(walk(NationalList(teams(200), before_call=shrink)))
    assert pages[-1].is_last
    assert not pages[-1].is_exact


# Totals and pages that lie


@all_modes
@pytest.mark.parametrize("lie", [lambda _, total: total + 7, lambda _, total: max(0, total - 7), lambda *_: None])
def test_the_data_decides_when_a_list_ends(
    since_ms: int | None, keys: bool, lie: Callable[[int, int], int | None]
) -> None:
    pages = list(walk(NationalList(teams(25), lie=lie), since_ms=since_ms, keys=keys))
    assert len(ids(pages)) == 25
    assert not pages[-1].is_exact


def test_a_side_that_gives_fewer_records_a_page_than_asked_is_read_to_its_end() -> None:
    side = NationalList(teams(25))

    def small(payload: Mapping[str, object], /) -> Listed:
        return side({**payload, "pageSize": 4})

    pages = list(Walk(PullRequest(Entity.TEAM), {}, page_size=SIZE, uses_keys=False, call=small))
    assert len(ids(pages)) == 25
    assert pages[-1].is_exact


@all_modes
def test_the_same_page_for_ever_ends_in_an_error(since_ms: int | None, keys: bool) -> None:
    listed = NationalList(teams(25))({"pageNum": 1, "pageSize": SIZE})
    calls: list[object] = []

    def stuck(payload: Mapping[str, object], /) -> Listed:
        calls.append(payload)
        return listed

    request = PullRequest(Entity.TEAM, changed_since_ms=since_ms)
    with pytest.raises(ProtocolBroken, match="again and again"):
        list(Walk(request, {}, page_size=SIZE, uses_keys=keys, call=stuck))
    assert len(calls) < 10


def test_a_page_of_rejects_only_is_delivered_like_any_other() -> None:
    reject = Reject(None, RejectReason.MISSING_ID, "national_id", "is missing", b"{}")

    def nameless(payload: Mapping[str, object], /) -> Listed:
        return Listed(Content([], [reject]), 1, NOON_MS)

    [page] = Walk(PullRequest(Entity.TEAM, changed_since_ms=0), {}, page_size=SIZE, uses_keys=True, call=nameless)
    assert page.rejects == [reject]
    assert page.covered_until_ms is None
    assert not page.is_exact
