"""Teams, memberships and trainings go out to the national side and come back, over a real socket (X2, T1, S3)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.office import Office

from national_sync import i18n
from national_sync.sheets import new_book
from national_sync.training.attendance import COLUMNS, SHEET
from national_sync_mocks.nvsi_server.process import MockServer

NAME = "实验中学志愿服务队"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with MockServer(seed=21, volunteers=6, teams=1, projects=1, hours=1) as national:
        national.admin.set_capabilities(totalsRefresh="never")
        office = Office.furnished(tmp_path / "office", national)
        office.log_in()
        yield office
    i18n.use(i18n.DEFAULT_LANGUAGE)


def _run(office: Office) -> None:
    assert office.national_sync("sync", "run").exit_code in (0, 1)


def _typed(office: Office, *arguments: str) -> None:
    told = office.national_sync(*arguments)
    assert (told.exit_code, told.err) == (0, ""), told


def test_a_team_its_members_and_a_training_reach_the_national_side(office: Office) -> None:
    admin = office.mock.admin
    _run(office)
    _typed(office, "team", "create", NAME, "--area", "530802", "--joining", "anyone")
    assert office.national_sync("team", "disable", NAME, "--reason", "x").exit_code == 2
    _run(office)
    [there] = admin.records("team", albe0002=NAME)
    assert (there["albe0026"], there["albe0028"]) == ("1", "2")
    [person, name, number] = office.sql(
        "SELECT id, name, number FROM volunteer WHERE real_name_state = 'passed' AND account_state = 'enabled'"
        " AND service_area_id LIKE '53%' ORDER BY id LIMIT 1"
    )[0]

    _typed(office, "team", "join", NAME, number)
    _attended(office, number, name)
    _run(office)
    assert [one["albx0288"] for one in admin.records("training", volunteerNumber=number, albx0282="急救")] == ["1.50"]
    assert office.national_sync("training", "session", "list", "--json").json["trainings"][0]["agreed"] == 1
    assert [one["albe0134"] for one in admin.records("membership", teamId=there["id"])] == ["1"]
    _typed(office, "team", "leader", "add", NAME, number)
    _typed(office, "team", "disable", NAME, "--reason", "并入他队")
    _run(office)
    [there] = admin.records("team", albe0002=NAME)
    assert (there["albe0026"], there["albe0022"], there["albe0024"]) == ("3", name, number)
    assert office.sql("SELECT state FROM team WHERE name = ?", NAME) == [("disabled",)]
    assert office.sql("SELECT wanted, state FROM team_order") == [("disabled", "done")]
    assert office.sql("SELECT kind FROM mismatch WHERE entity = 'team'") == []
    _run(office)
    assert office.sql("SELECT COUNT(*) FROM operation WHERE entity = 'team' AND verb = 'update'") == [(2,)]

    assert "停用" in office.national_sync("team", "join", NAME, "1").err
    _typed(office, "team", "enable", NAME, "--reason", "恢复活动")
    _typed(office, "team", "leader", "end", NAME, number)
    _typed(office, "team", "leave", NAME, number)
    _run(office)
    [there] = admin.records("team", albe0002=NAME)
    assert there["albe0026"] == "1"
    assert [one for one in admin.records("membership", teamId=there["id"]) if one["isdelete"] == "0"] == []
    [past] = [
        one
        for one in office.national_sync("team", "memberships", str(person), "--json").json["memberships"]
        if one["team"] == NAME
    ]
    assert (past["state"], past["ended_on"] is not None) == ("left", True)


def _attended(office: Office, number: str, name: str) -> None:
    given = ("--hours", "1.5", "--form", "lecture", "--by", "centre", "--organiser", "指导中心")
    _typed(office, "training", "session", "add", "急救", "--on", "2026-01-05", *given)
    file = office.folder / "attended.xlsx"
    with new_book(file) as book:
        book.row(book.sheet(SHEET, COLUMNS), 1, ["1", number, name, "是", ""])
    _typed(office, "training", "attendance", "import", "1", str(file))
