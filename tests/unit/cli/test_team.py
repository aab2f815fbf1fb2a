"""`team`, `training` and `station` as they are typed (clauses T1, S6 and X2)."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.recognition.city import City
from tests.login import log_in
from tests.unit.cli.conftest import Terminal

from national_sync.cli import station as station_commands
from national_sync.cli import team as team_commands
from national_sync.cli import training as training_commands
from national_sync.operators.rights import Role
from national_sync.prose.layout import width
from national_sync.records import TeamState, TeamType, TrainingKind, TrainingMode
from national_sync.stations.rules import KINDS
from national_sync.store.database import Database
from national_sync.teams.rules import JOIN_RULES
from national_sync.training.rules import Form, OrganisedBy

TRAINING = ("training", "session", "add", "急救", "--on", "2026-01-05", "--hours", "1.5", "--form", "lecture")
GIVEN = ("--by", "centre", "--organiser", "普洱市志愿服务发展指导中心")


@pytest.fixture
def city(store: Database) -> City:
    city = City(store)
    city.join(city.volunteer(), city.team("白茶志愿服务队"), joined_at=city.act.now)
    city.volunteer()
    city.change("team", 1, join_rule="anyone")
    return city


def number_of(city: City, volunteer: int) -> str:
    [(number,)] = city.rows("SELECT number FROM volunteer WHERE id = :id", id=volunteer)
    return str(number)


def test_the_commands_offer_what_the_rules_know() -> None:
    assert set(TeamType) == set(team_commands._TYPES)
    assert set(TeamState) == set(team_commands._STATES)
    assert set(JOIN_RULES) == set(team_commands._RULES)
    assert station_commands._KINDS == KINDS
    assert tuple(Form) == training_commands.FORMS
    assert tuple(OrganisedBy) == training_commands.ORGANISED_BY
    assert set(TrainingKind) == set(training_commands.KINDS)
    assert set(TrainingMode) == set(training_commands.MODES)


@pytest.mark.usefixtures("chen", "city")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_clerk_types_the_whole_way_and_every_line_fits_the_screen(
    national_sync: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.chdir(tmp_path)
    sheet = "sheet.xlsx"
    typed = [
        (
            "team",
            "create",
            "普洱市实验中学志愿服务队",
            "--area",
            "思茅区",
            "--body",
            "教育事业单位",
            "--phone",
            "0879-2120000",
        ),
        ("team", "change", "2", "--name", "实验中学志愿服务队", "--joining", "anyone"),
        ("team", "list"),
        ("team", "join", "1", "2"),
        ("team", "members", "1"),
        ("team", "leader", "add", "1", "1", "--since", "2026-01-02"),
        ("team", "leader", "end", "1", "1", "--until", "2026-01-05"),
        ("team", "leave", "1", "1"),
        ("team", "memberships", "1"),
        ("team", "disable", "1", "--reason", "队员已全部转出", "--dry-run"),
        ("team", "disable", "1", "--reason", "队员已全部转出"),
        ("team", "show", "1"),
        (*TRAINING, *GIVEN),
        ("training", "session", "list"),
        ("training", "attendance", "export", "1", sheet, "--county", "530802"),
        ("training", "attendance", "import", "1", sheet, "--dry-run"),
        ("training", "coverage", "--by", "county", "--since", "2026-01-01"),
        ("training", "coverage", "--by", "team"),
        ("training", "coverage"),
        ("training", "uncovered"),
        ("station", "create", "倒生根公园站", "--area", "530802", "--team", "1", "--opened", "2026-01-01"),
        ("station", "change", "1", "--hours-a-day", "7.5"),
        ("station", "hours", "1", "--from", "2026-01-01", "--until", "2026-01-03"),
        ("station", "list"),
        ("station", "close", "1"),
    ]
    for arguments in typed:
        answer = national_sync(*arguments, language=language)
        print(answer.out, answer.err)
        assert (answer.exit_code, answer.err) == (0, ""), arguments
        assert answer.out
        assert max(map(width, answer.out.splitlines())) <= 80, answer.out


@pytest.mark.usefixtures("city")
def test_who_decides_needs_a_login_and_a_county_acts_on_its_own_teams_only(
    national_sync: Terminal, store: Database
) -> None:
    asked = ("team", "join", "1", "2")
    assert "needs a login" in national_sync(*asked).err
    log_in(store, national_sync.environment, "li", Role.COUNTY_OPERATOR, "530821")
    for elsewhere in (
        asked,
        ("team", "create", "新队", "--area", "530802"),
        ("team", "disable", "1", "--reason", "x"),
        ("team", "leader", "add", "1", "1"),
        ("team", "members", "1"),
        ("station", "create", "新站", "--area", "530802"),
        (*TRAINING, *GIVEN, "--county", "530802"),
        ("training", "uncovered", "--county", "530802"),
    ):
        refused = national_sync(*elsewhere)
        assert (refused.exit_code, "bound to county 530821" in refused.err) == (2, True), elsewhere
    assert national_sync("team", "list", "--json").json == {"teams": []}
    assert national_sync("team", "join", "99", "2").exit_code == 2
