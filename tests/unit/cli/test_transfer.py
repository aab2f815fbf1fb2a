"""`transfer`: from the request to the report of a spreadsheet (clauses X1-X3)."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.recognition.city import City
from tests.integration.transfer.test_requests import row, sheet
from tests.login import log_in
from tests.unit.cli.conftest import FakeEngine, Terminal

from national_sync.cli import transfer as commands
from national_sync.operators.rights import Role
from national_sync.prose.layout import width
from national_sync.store.database import Database
from national_sync.sync.run import RunKind
from national_sync.transfer.requests import Reason

ASK = ("transfer", "request", "1", "--from", "1", "--to", "2", "--reason", "address")


@pytest.fixture
def city(store: Database) -> City:
    city = City(store)
    city.join(city.volunteer(), city.team("白茶志愿服务队"))
    city.team("普洱志愿服务队")
    return city


def test_no_transfers_is_said(national_sync: Terminal) -> None:
    assert national_sync("transfer", "list").out == "No transfers.\n"
    assert national_sync("transfer", "list", "--json").json == {"transfers": []}


@pytest.mark.usefixtures("chen", "city")
def test_x1_a_transfer_from_the_request_to_calling_it_off(national_sync: Terminal) -> None:
    asked = national_sync(*ASK, "--on", "2026-01-09")
    assert "due by 2026-01-23" in asked.out
    assert "national-sync transfer approve 1" in asked.out
    assert "Transfer 1 is not" not in national_sync("transfer", "approve", "1").out
    [listed] = national_sync("transfer", "list", "--overdue", "--json").json["transfers"]
    assert (listed["state"], listed["reason"]) == ("approved", "address")
    assert "2026-01-23 !" in national_sync("transfer", "list").out
    assert "goes on" in national_sync("transfer", "resume", "1").out
    assert "is called off" in national_sync("transfer", "cancel", "1").out
    shown = national_sync("transfer", "show", "1").out
    assert "State: called off" in shown
    assert "(operator:chen)" in shown
    assert national_sync("transfer", "approve", "1").exit_code == 2


@pytest.mark.usefixtures("city")
def test_asking_needs_a_login(national_sync: Terminal) -> None:
    assert "needs a login" in national_sync(*ASK).err


def test_a_county_decides_within_itself_and_the_city_between_counties(
    national_sync: Terminal, city: City, store: Database
) -> None:
    elsewhere = city.team("宁洱志愿服务队", county="530821")
    log_in(store, national_sync.environment, "li", Role.COUNTY_OPERATOR, "530802")
    assert national_sync(*ASK).exit_code == 0
    city.join(city.volunteer(), 1)
    between = [str(elsewhere) if argument == "2" else argument for argument in ASK]
    assert "whole city" in national_sync(*between).err


@pytest.mark.usefixtures("chen")
def test_a_workbook_is_taken_whole_or_not_at_all_unless_asked(
    national_sync: Terminal, city: City, tmp_path: Path
) -> None:
    second = city.volunteer()
    file = sheet(tmp_path / "template.xlsx", row(city, 1), row(city, second))
    refused = national_sync("transfer", "import", str(file))
    assert (refused.exit_code, "Nothing was written down." in refused.out) == (2, True)
    assert "Row 5: the volunteer is no member of the old team" in refused.out
    taken = national_sync("transfer", "import", str(file), "--only-valid", "--approve", "--json").json
    assert [one["transfer"] for one in taken["rows"]] == [1, None]
    assert city.rows("SELECT volunteer_id, state FROM transfer") == [(1, "approved")]


def test_run_takes_the_steps_now(national_sync: Terminal, engine: FakeEngine) -> None:
    assert national_sync("transfer", "run").exit_code == 0
    assert [request.kind for request in engine.requests] == [RunKind.LIGHT]


@pytest.mark.usefixtures("chen", "city")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_line_fits_eighty_columns(national_sync: Terminal, language: str) -> None:
    for arguments in (ASK, ("transfer", "list"), ("transfer", "show", "1"), ("transfer", "approve", "1")):
        told = national_sync(*arguments, language=language).out
        assert told
        assert max(map(width, told.splitlines())) <= 80


def test_the_reasons_are_those_of_the_duty() -> None:
    assert tuple(Reason) == commands._REASONS
