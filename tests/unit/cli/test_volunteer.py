"""`volunteer`: who is registered twice, and making two registrations one."""

from __future__ import annotations

import pytest
from tests.integration.reconcile.registry import Registry
from tests.unit.cli.conftest import Terminal

from national_sync.prose.layout import width
from national_sync.sealing import Sealer
from national_sync.store.database import Database


@pytest.fixture
def registry(store: Database, sealer: Sealer) -> Registry:
    return Registry(store, sealer)


@pytest.fixture
def pair(registry: Registry) -> tuple[int, int]:
    kept, gone = registry.person(), registry.person()
    registry.known("membership", volunteer_id=gone, team_id=registry.team(), state="member")
    registry.hours(kept, 0)
    registry.hours(gone, 1800)
    return kept, gone


def test_nobody_twice_is_said(national_sync: Terminal) -> None:
    assert "Nobody seems to be registered twice." in national_sync("volunteer", "duplicates").out
    assert national_sync("volunteer", "duplicates", "--json").json == {"duplicates": []}
    assert "No merges." in national_sync("volunteer", "merges").out


@pytest.mark.usefixtures("chen")
def test_a_merge_from_finding_to_taking_back(
    national_sync: Terminal, registry: Registry, pair: tuple[int, int]
) -> None:
    kept, gone = map(str, pair)
    found = national_sync("volunteer", "duplicates").out
    assert "the same ID number (certain)" in found
    shown = national_sync("volunteer", "merge", kept, gone, "--dry-run").out
    assert "Hours of the person: 1.00 now, 1.50 together" in shown
    assert "Overlapping records of the two: 1, by 0.50 hours, which count once." in shown
    assert "moves: entered anew, deleted there" in shown
    assert shown.endswith("Nothing was done.\n")

    refused = national_sync("volunteer", "merge", kept, gone)
    assert (refused.exit_code, registry.rows("SELECT id FROM volunteer_merge")) == (2, [])
    done = national_sync("volunteer", "merge", kept, gone, "--yes", "--json").json
    assert done["plan"]["effect"]["seconds_after"] == 5400
    assert national_sync("volunteer", "merges", "--json").json["merges"][0]["nationally"] == "waiting"
    assert "not merged yet" in national_sync("volunteer", "merges").out
    assert national_sync("volunteer", "duplicates", "--json").json == {"duplicates": []}
    assert "is taken back" in national_sync("volunteer", "unmerge", str(done["merge"])).out
    assert national_sync("volunteer", "unmerge", str(done["merge"])).exit_code == 2


@pytest.mark.usefixtures("chen")
def test_a_volunteer_is_named_by_number_too(national_sync: Terminal, registry: Registry, pair: tuple[int, int]) -> None:
    numbers = [row["number"] for row in registry.rows("SELECT number FROM volunteer ORDER BY id")]
    plan = national_sync("volunteer", "merge", *numbers, "--dry-run", "--json").json["plan"]
    assert (plan["kept"]["id"], plan["gone"]["id"]) == pair
    unknown = national_sync("volunteer", "merge", "V0", numbers[1], "--dry-run")
    assert unknown.exit_code == 2
    assert "There is no volunteer V0." in unknown.err


def test_merging_needs_a_login(national_sync: Terminal, pair: tuple[int, int]) -> None:
    answer = national_sync("volunteer", "merge", *map(str, pair), "--yes")
    assert answer.exit_code == 2
    assert "needs a login" in answer.err


@pytest.mark.usefixtures("chen")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_line_fits_eighty_columns(national_sync: Terminal, pair: tuple[int, int], language: str) -> None:
    for arguments in (["duplicates"], ["merge", *map(str, pair), "--yes"], ["merges"]):
        told = national_sync("volunteer", *arguments, language=language).out
        assert max(map(width, told.splitlines())) <= 80


@pytest.mark.usefixtures("chen")
def test_the_full_screen_wants_a_terminal(national_sync: Terminal) -> None:
    answer = national_sync("mismatch", "review")
    assert answer.exit_code == 2
    assert "needs a terminal" in answer.err
