"""Deciding on the full screen: keys pressed by textual's pilot, on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import Connection
from tests.integration.reconcile.registry import CHEN, NOW, Registry
from textual._xterm_parser import XTermParser
from textual.pilot import Pilot
from textual.widgets import Input

from national_sync import i18n
from national_sync.cli.review.app import Review
from national_sync.cli.review.dialogs import Confirm
from national_sync.cli.review.docket import SLICE, Docket
from national_sync.errors import LoginExpired
from national_sync.operators.rights import Operator
from national_sync.policy import Policy
from national_sync.prose.layout import width
from national_sync.reconcile import resolving
from national_sync.reconcile.resolving import Choice
from national_sync.reconcile.search import Filter
from national_sync.sealing import Sealer
from national_sync.store.database import Database

OWNERS = Policy().owners


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    i18n.use("en")
    yield
    i18n.use(i18n.DEFAULT_LANGUAGE)


@dataclass
class Sitting:
    """An operator in front of the screen."""

    registry: Registry
    who: Callable[[Connection], Operator] = lambda _connection: CHEN
    wanted: Filter = field(default_factory=Filter)

    def docket(self) -> Docket:
        return Docket(self.registry.database, self.registry.sealer, self.who, self.wanted, lambda: NOW, OWNERS)

    def look(self, act: Callable[[Review, Pilot[None]], Awaitable[None]], *, size: tuple[int, int] = (80, 24)) -> None:
        async def sit() -> None:
            app = Review(self.docket())
            async with app.run_test(size=size) as pilot:
                await pilot.pause()
                await act(app, pilot)

        asyncio.run(sit())

    def decisions(self) -> dict[int, Any]:
        return {
            row["id"]: row["decision"] for row in self.registry.rows("SELECT id, decision FROM mismatch ORDER BY id")
        }

    def elsewhere(self, mismatch_id: int, keep: str) -> None:
        """Somebody else decides, at another machine."""
        other = Operator(9, "bai", CHEN.role)
        with self.registry.database.write() as connection:
            resolving.resolve(connection, self.registry.sealer, other, Choice(mismatch_id, keep), NOW)


@pytest.fixture
def sitting(sqlite_database: Database, sealer: Sealer) -> Sitting:
    return Sitting(Registry(sqlite_database, sealer))


def status(app: Review) -> str:
    return str(app.status.render())


def page(app: Review) -> str:
    return str(app.words.render())


def lines(app: Review) -> list[str]:
    """The screen as it is drawn."""
    return ["".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()]


def test_each_key_is_a_choice_and_u_takes_the_latest_back(sitting: Sitting) -> None:
    one, two, three, four = (sitting.registry.clash() for _ in range(4))

    async def act(app: Review, pilot: Pilot[None]) -> None:
        assert "Ours says what theirs says, and more." in page(app)
        await pilot.press("1", "2", "p", "3")
        app.screen.query_one(Input).value = "茶城路 2 号"
        await pilot.press("enter")
        await pilot.pause()
        assert sitting.decisions() == {one: "local", two: "national", three: "local", four: "set"}
        assert "Nothing is left" in status(app)
        await pilot.press("u", "u")
        assert sitting.decisions() == {one: "local", two: "national", three: None, four: None}
        assert app.listing.current is not None
        assert app.listing.current["id"] == three

    sitting.look(act)


def test_fifty_ordinary_mismatches_are_settled_with_at_most_sixty_key_presses(sitting: Sitting) -> None:
    for number in range(50):
        longer = number % 2
        sitting.registry.clash(*(("茶城路 1 号", "茶城路") if longer else ("茶城路", "茶城路 1 号")))
    pressed = 0

    async def act(_app: Review, pilot: Pilot[None]) -> None:
        nonlocal pressed
        for keys in (["p"] * 6, ["P", "y"], ["P", "y"]):
            for key in keys:
                await pilot.press(key)
                pressed += 1
            await pilot.pause()

    sitting.look(act)
    assert list(sitting.decisions().values()).count("local") == 25
    assert list(sitting.decisions().values()).count("national") == 25
    assert pressed <= 60


def test_all_alike_are_taken_back_at_once(sitting: Sitting) -> None:
    numbers = [sitting.registry.clash() for _ in range(3)]

    async def act(app: Review, pilot: Pilot[None]) -> None:
        await pilot.press("P", "n")
        assert set(sitting.decisions().values()) == {None}
        await pilot.press("P", "y")
        await pilot.pause()
        assert sitting.decisions() == dict.fromkeys(numbers, "local")
        await pilot.press("u")
        assert sitting.decisions() == dict.fromkeys(numbers)
        assert len(app.listing.rows) == 3

    sitting.look(act)


def test_facts_that_have_changed_are_shown_and_not_decided_on(sitting: Sitting) -> None:
    number = sitting.registry.clash()

    async def act(app: Review, pilot: Pilot[None]) -> None:
        await pilot.pause(0.2)
        sitting.registry.execute("UPDATE volunteer SET service_area_name = '石屏路'")
        await pilot.press("1")
        assert "no longer as it was shown" in status(app)
        assert "石屏路" in page(app)
        assert sitting.decisions() == {number: None}
        await pilot.press("1")
        assert sitting.decisions() == {number: "local"}

    sitting.look(act)


def test_what_somebody_else_decided_or_settled_meanwhile_shows_and_stands(sitting: Sitting) -> None:
    decided, settled = sitting.registry.clash(), sitting.registry.clash()

    async def act(app: Review, pilot: Pilot[None]) -> None:
        sitting.elsewhere(decided, "national")
        await pilot.press("1")
        assert "has just been decided by bai" in status(app)
        assert lines(app)[2].startswith("!")
        sitting.registry.execute(
            "UPDATE mismatch SET state = 'closed', resolution = 'cause_gone' WHERE id = :id", id=settled
        )
        await pilot.press("down", "1")
        assert "already settled" in status(app)

    sitting.look(act)
    assert sitting.decisions() == {decided: "national", settled: None}


def test_a_login_that_has_ended_is_said_and_nothing_is_decided(sitting: Sitting) -> None:
    number = sitting.registry.clash()

    def expired(_connection: Connection) -> Operator:
        raise LoginExpired(name="chen")

    sitting.who = expired

    async def act(app: Review, pilot: Pilot[None]) -> None:
        await pilot.press("p")
        assert "has expired" in status(app)

    sitting.look(act)
    assert sitting.decisions() == {number: None}


def test_searching_filtering_and_putting_off_narrow_the_list(sitting: Sitting) -> None:
    sitting.registry.clash()
    mojiang = sitting.registry.clash("双胞大道 1 号", "双胞大道", service_area_id="530822000000000000")

    async def typed(app: Review, pilot: Pilot[None], key: str, words: str) -> list[int]:
        await pilot.press(key)
        app.screen.query_one(Input).value = words
        await pilot.press("enter")
        await pilot.pause()
        return [row["id"] for row in app.listing.rows]

    async def act(app: Review, pilot: Pilot[None]) -> None:
        assert await typed(app, pilot, "slash", "双胞") == [mojiang]
        assert len(await typed(app, pilot, "slash", "")) == 2
        assert await typed(app, pilot, "f", "530822 both_edited") == [mojiang]
        assert "530822" in lines(app)[0]
        await typed(app, pilot, "f", "nonsense")
        assert "does not know nonsense" in status(app)
        await typed(app, pilot, "n", "问过队长")
        assert "问过队长" in page(app)
        await typed(app, pilot, "s", "yesterday")
        assert "A number of days" in status(app)
        await typed(app, pilot, "s", "7")
        await pilot.press("r")
        assert app.listing.rows == []
        await typed(app, pilot, "f", "")
        assert len(app.listing.rows) == 1

    sitting.look(act)


def test_the_list_reads_some_at_a_time_and_never_what_nobody_scrolls_to(sitting: Sitting) -> None:
    first = sitting.registry.clash()
    sitting.registry.execute(
        "INSERT INTO mismatch (kind, entity, subject, row_id, national_id, field, detail, state, first_seen_at)"
        " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)"
        " SELECT 'real_name_failed', 'volunteer', 'n' || i, 1, NULL, '', '{}', 'open', 0 FROM n"
    )

    async def act(app: Review, pilot: Pilot[None]) -> None:
        assert len(app.listing.rows) == SLICE
        assert "1/401" in lines(app)[0]
        await pilot.press(*["pagedown"] * 5)
        assert len(app.listing.rows) == 2 * SLICE
        await pilot.press("o")
        assert app.listing.rows[0]["id"] == first + 400

    sitting.look(act)


def test_wide_characters_stand_in_line_at_eighty_columns_in_chinese(sitting: Sitting) -> None:
    i18n.use("zh")
    for ours in ("普洱市思茅区茶城大道一百二十号", "a", "ｆｕｌｌ宽ａ"):
        sitting.registry.clash(ours, "思茅")

    async def act(app: Review, _pilot: Pilot[None]) -> None:
        drawn = lines(app)
        assert [width(line) for line in drawn] == [80] * 24
        assert drawn[0].startswith("差异 1/3")
        ends = {
            width(line.partition("思茅")[0] if "区" not in line else line[: line.rindex("思茅")]) for line in drawn[2:5]
        }
        assert len(ends) == 1
        assert "本地" in drawn[-2]

    sitting.look(act)


def test_a_small_or_a_large_window_is_filled(sitting: Sitting) -> None:
    sitting.registry.clash()

    async def act(app: Review, pilot: Pilot[None]) -> None:
        columns = app.size.width
        assert {width(line) for line in lines(app)} == {columns}
        await pilot.press("enter", "space", "backspace", "question_mark", "escape", "enter")
        assert {width(line) for line in lines(app)} == {columns}

    sitting.look(act, size=(60, 16))
    sitting.look(act, size=(132, 43))


def test_an_empty_list_says_so_and_every_key_is_harmless(sitting: Sitting) -> None:
    async def act(app: Review, pilot: Pilot[None]) -> None:
        await pilot.press("1", "p", "P", "3", "u", "down", "pagedown", "home", "k", "enter", "space", "r")
        assert "Nothing is left" in status(app)

    sitting.look(act)


async def burst(app: Review, pilot: Pilot[None], typed: str) -> None:
    """Keys that the terminal hands over in one go, and what they do."""
    assert app._driver is not None
    for event in XTermParser().feed(typed):
        app._driver.process_message(event)
    await pilot.pause(0.02)
    while app._typed or app._under_way:
        await pilot.pause(0.02)


def test_keys_that_come_in_one_go_are_meant_for_what_the_first_of_them_brings_up(sitting: Sitting) -> None:
    one, two, three = (sitting.registry.clash() for _ in range(3))

    async def act(app: Review, pilot: Pilot[None]) -> None:
        await burst(app, pilot, "3王五\r")
        assert sitting.registry.rows("SELECT decided_value FROM mismatch WHERE decision = 'set'") == [
            {"decided_value": "王五"}
        ]
        await burst(app, pilot, "n2 p\r")
        assert "2 p" in page(app)
        await burst(app, pilot, "s30\r")
        assert sitting.registry.rows("SELECT snoozed_until FROM mismatch WHERE id = :id", id=two) == [
            {"snoozed_until": NOW + 30 * 86_400}
        ]
        await burst(app, pilot, "f\x15530822\r1")
        assert (app.docket.wanted.county, app.listing.rows) == ("530822", [])
        assert sitting.decisions() == {one: "set", two: None, three: None}

    sitting.look(act)


def test_what_is_asked_for_safety_takes_a_key_that_was_pressed_when_it_could_be_read(sitting: Sitting) -> None:
    numbers = [sitting.registry.clash() for _ in range(2)]

    async def act(app: Review, pilot: Pilot[None]) -> None:
        for keys in ("Py", "P\r", "3\r\r", "3\r"):
            await burst(app, pilot, keys)
            assert isinstance(app.screen, Confirm)
            await pilot.press("n")
        assert sitting.decisions() == dict.fromkeys(numbers)
        await pilot.press("3", "enter", "y")
        await pilot.pause()
        assert sitting.decisions() == {numbers[0]: "set", numbers[1]: None}

    sitting.look(act)
