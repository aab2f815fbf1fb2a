"""The sums made in SQL are those of the pure rules, whenever and however often they are made."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.integration.recognition.city import City
from tests.outside import outside_program

from national_sync import failpoint
from national_sync.errors import TallyOvertaken
from national_sync.policy import StarBasis, StarRules
from national_sync.recognition import tally
from national_sync.recognition.tally import Recipe, bring_up, settle, special, totals
from national_sync.records import HourKind
from national_sync.store.database import Database

RECIPE = Recipe(StarRules(), date(2025, 12, 31))
CREDIT_OF_THE_YEAR = Recipe(StarRules(basis=StarBasis.CALENDAR_YEAR, kinds=(HourKind.CREDIT,)), date(2025, 12, 31))
_numbers = itertools.count()

BEGINNINGS = st.sampled_from(
    ["2024-12-31 23:59:59", "2025-01-01 00:00", "2025-06-01 08:00", "2025-12-31 23:59:59", "2026-01-01 00:00"]
)
VOLUNTEERS = st.integers(1, 5)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("serve"), VOLUNTEERS, st.integers(1, 50_000), BEGINNINGS, st.sampled_from(HourKind)),
        st.tuples(st.just("withdraw"), st.integers(0, 20)),
        st.tuples(st.just("correct"), st.integers(0, 20), st.integers(1, 50_000)),
        st.tuples(st.just("move"), st.integers(0, 20), VOLUNTEERS),
        st.tuples(st.just("edit"), st.integers(0, 20), st.integers(1, 50_000)),
        st.tuples(st.just("take"), st.integers(0, 20), VOLUNTEERS),
        st.tuples(st.just("delete"), st.integers(0, 20)),
        st.tuples(st.just("invent"), VOLUNTEERS, st.integers(1, 50_000)),
        st.tuples(st.just("merge"), VOLUNTEERS, VOLUNTEERS),
        st.tuples(st.just("reckon")),
    ),
    max_size=14,
)


@given(steps=STEPS, recipe=st.sampled_from([RECIPE, CREDIT_OF_THE_YEAR]))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_tally_is_what_the_pure_rules_say_after_any_story(
    migrated_template: Path, tmp_path: Path, steps: list[tuple[Any, ...]], recipe: Recipe
) -> None:
    path = tmp_path / f"{next(_numbers)}.sqlite"
    shutil.copy(migrated_template, path)
    database = Database(f"sqlite:///{path}")
    city = City(database)
    volunteers = [city.volunteer() for _ in range(5)]
    records: list[int] = []
    for step in steps:
        _do(city, step, volunteers, records, recipe)
    assert reckoned(database, recipe) == pure(database, recipe, volunteers)
    database.close()
    path.unlink()


def _do(city: City, step: tuple[Any, ...], volunteers: list[int], records: list[int], recipe: Recipe) -> None:
    match step:
        case "serve", volunteer, seconds, begin, kind:
            records.append(city.serve(volunteers[volunteer - 1], seconds, begin, kind=kind))
        case "merge", kept, gone:
            _merge(city, volunteers[kept - 1], volunteers[gone - 1])
        case "reckon", *_:
            bring_up(city.database, recipe)
        case "invent", volunteer, seconds:
            with outside_program(city.database) as program:
                program.insert(
                    "hour_record", volunteer_id=volunteers[volunteer - 1], project_id=1, team_id=1,
                    started_at=1_750_000_000, ended_at=1_750_000_000 + seconds, service_seconds=seconds,
                    state="effective",
                )  # fmt: skip
        case verb, number, *rest if number < len(records):
            _touch(city, verb, records[number], volunteers, rest)


def _touch(city: City, verb: str, record: int, volunteers: list[int], rest: list[int]) -> None:
    with outside_program(city.database) as program:
        match verb:
            case "withdraw":
                city.withdraw(record)
            case "correct":
                city.change("hour_record", record, service_seconds=rest[0])
            case "move":
                city.change("hour_record", record, volunteer_id=volunteers[rest[0] - 1])
            case "edit":
                program.sql("UPDATE hour_record SET service_seconds = ? WHERE id = ?", rest[0], record)
            case "take":
                program.sql("UPDATE hour_record SET volunteer_id = ? WHERE id = ?", volunteers[rest[0] - 1], record)
            case "delete":
                program.sql("DELETE FROM hour_record WHERE id = ?", record)


def _merge(city: City, kept: int, gone: int) -> None:
    known = {one for pair in city.rows("SELECT kept_id, gone_id FROM volunteer_merge") for one in pair}
    gone_already = {one for (one,) in city.rows("SELECT gone_id FROM volunteer_merge")}
    if kept != gone and kept not in gone_already and gone not in known:
        city.merge(kept, gone)


def reckoned(database: Database, recipe: Recipe) -> dict[int, tuple[int, int]]:
    bring_up(database, recipe)
    with database.write() as connection:
        settle(connection, recipe)
    return stored(database)


def stored(database: Database) -> dict[int, tuple[int, int]]:
    with database.read() as connection:
        found = connection.exec_driver_sql("SELECT volunteer_id, seconds, records FROM star_tally WHERE records > 0")
        return {volunteer: (seconds, records) for volunteer, seconds, records in found}


def pure(database: Database, recipe: Recipe, volunteers: list[int]) -> dict[int, tuple[int, int]]:
    with database.read() as connection:
        found = totals(connection, recipe, volunteers, special(connection, recipe))
    return {volunteer: (total.seconds, total.records) for volunteer, total in found.items() if total.records}


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "CHUNK_VOLUNTEERS", 2)


class Killed(BaseException):
    pass


@pytest.fixture
def killing() -> Iterator[Any]:
    yield failpoint.install
    failpoint.install(None)


def after(commits: int) -> Any:
    left = itertools.count(commits, -1)

    def hook(name: str) -> None:
        if name == "before_commit" and next(left) == 0:
            raise Killed

    return hook


def test_a_run_killed_at_any_commit_goes_on_and_comes_to_the_same(city: City, small_chunks: None, killing: Any) -> None:
    volunteers = [city.volunteer(hours=hours) for hours in (100, 1, 250, 30, 700, 90, 400)]
    city.merge(volunteers[0], volunteers[4])
    expected = pure(city.database, RECIPE, volunteers)
    for commits in range(8):
        killing(after(commits))
        with pytest.raises(Killed):
            _bring_up_and_write_on(city.database)
        killing(None)
        assert set(stored(city.database).items()) <= set(expected.items())
    assert reckoned(city.database, RECIPE) == expected


def _bring_up_and_write_on(database: Database) -> None:
    """Commits that are not needed any more follow, so that the kill always comes."""
    bring_up(database, RECIPE)
    for _ in range(9):
        with database.write():
            pass


def test_a_draft_killed_before_its_commit_leaves_no_batch(city: City, killing: Any) -> None:
    city.volunteer(hours=100)
    bring_up(city.database, RECIPE)
    killing(after(2))
    with pytest.raises(Killed):
        city.draft()
    killing(None)
    assert city.rows("SELECT * FROM star_batch") == city.rows("SELECT * FROM star_award") == []
    assert city.draft()["awards"] == 1


def test_the_same_run_again_comes_to_the_same_rows(city: City) -> None:
    for hours in (100, 300, 700):
        city.volunteer(hours=hours)
    columns = "volunteer_id, volunteer_number, volunteer_name, star, seconds, records, star_before, state"
    query = f"SELECT {columns} FROM star_award ORDER BY volunteer_id"
    city.draft()
    first = city.rows(query), city.rows("SELECT cut_off, cut_off_rev, rules FROM star_batch")
    city.draft()
    assert (city.rows(query), city.rows("SELECT cut_off, cut_off_rev, rules FROM star_batch")) == first


def test_only_records_written_since_are_looked_at(city: City) -> None:
    """A wrong sum stays wrong by as much: the proof that the records behind it were not added up again."""
    richer, poorer, other = (city.volunteer(hours=100) for _ in range(3))
    record = city.serve(poorer, 50, "2025-07-01 08:00")
    moved, twice = city.volunteer(hours=100), city.volunteer(hours=100)
    wandering, hesitant = city.serve(richer, 11, "2025-08-01 08:00"), city.serve(twice, 11, "2025-08-01 08:00")
    bring_up(city.database, RECIPE)
    city.serve(richer, 60, "2025-07-01 08:00")
    city.serve(richer, 60, "2026-07-01 08:00")
    city.change("hour_record", record, service_seconds=20)
    city.withdraw(record)
    city.change("hour_record", city.serve(poorer, 9, "2025-09-01 08:00"), remark="补")
    with city.database.write() as connection:
        connection.exec_driver_sql("UPDATE star_tally SET seconds = 7")
    bring_up(city.database, RECIPE)
    # Written twice, or new and then written again: such volunteers are reckoned anew, for one entry tells too little.
    assert stored(city.database) == {
        richer: (67, 3), poorer: (360_009, 2), other: (7, 1), moved: (7, 1), twice: (7, 2)
    }  # fmt: skip
    city.change("hour_record", hesitant, state="rejected")
    city.change("hour_record", wandering, volunteer_id=moved)
    bring_up(city.database, RECIPE)
    assert stored(city.database) == {
        richer: (360_060, 2), poorer: (360_009, 2), other: (7, 1), moved: (360_011, 2), twice: (-4, 1)
    }  # fmt: skip


def test_sums_made_while_nights_wrote_are_made_again_and_not_added_to(city: City, small_chunks: None) -> None:
    volunteers = [city.volunteer(hours=100) for _ in range(6)]
    with city.database.write() as connection:
        tally._begin(connection, RECIPE)
    for volunteer in reversed(volunteers):
        city.serve(volunteer, 60, "2025-07-01 08:00")
        with city.database.write() as connection:
            tally._step(connection, RECIPE)
    assert reckoned(city.database, RECIPE) == pure(city.database, RECIPE, volunteers)
    city.serve(volunteers[0], 60, "2025-07-02 08:00")
    assert reckoned(city.database, RECIPE) == pure(city.database, RECIPE, volunteers)


def test_another_run_with_another_cut_off_takes_over_and_the_first_says_so(city: City) -> None:
    city.volunteer(hours=100)
    bring_up(city.database, RECIPE)
    bring_up(city.database, Recipe(StarRules(), date(2025, 6, 30)))
    with city.database.write() as connection, pytest.raises(TallyOvertaken):
        settle(connection, RECIPE)
