"""`star`, `certificate`, `statistics` and `assessment` as they are typed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.integration.recognition.city import HOUR, City
from tests.integration.recognition.stars_side import Stars
from tests.login import log_in
from tests.unit.cli.conftest import Terminal

from national_sync.cli.star import _BODIES
from national_sync.operators.rights import Role
from national_sync.policy import Policy
from national_sync.prose.layout import width
from national_sync.recognition.batches import Body
from national_sync.recognition.statistics_form import SHEET
from national_sync.sealing import Sealer
from national_sync.store.database import Database


@dataclass
class OfficeBootstrap:
    city: City
    sealing: Sealer
    signing_key_file: Path
    stars: Stars = field(default_factory=Stars)

    @property
    def loaded(self) -> Any:
        return SimpleNamespace(policy=Policy())

    @property
    def clock(self) -> Any:
        return SimpleNamespace(now=lambda: self.city.act.now)

    @contextmanager
    def database(self) -> Iterator[Database]:
        yield self.city.database

    def meter(self, _database: Database) -> None: ...

    def national(self, **_connected: Any) -> Stars:
        return self.stars

    def sealer(self) -> Sealer:
        return self.sealing


@pytest.fixture
def city(sqlite_database: Database) -> City:
    return City(sqlite_database)


@pytest.fixture
def typed(city: City, sealer: Sealer, tmp_path: Path) -> Terminal:
    environment = {"XDG_STATE_HOME": str(tmp_path / "state")}
    bootstrap = OfficeBootstrap(city, sealer, tmp_path / "certificates.key")
    log_in(city.database, environment, now=city.act.now)
    return Terminal(lambda _config, _environment: bootstrap, environment)


def again(city: City, typed: Terminal) -> None:
    """Log in anew, days later."""
    log_in(city.database, typed.environment, now=city.act.now)


def test_the_command_knows_the_three_bodies() -> None:
    assert tuple(Body) == _BODIES


def test_a1_the_whole_way_of_a_batch_is_typed(city: City, typed: Terminal, tmp_path: Path) -> None:
    first, second = city.volunteer(hours=100), city.volunteer(hours=650)
    drafted = typed("star", "run", "--year", "2025", "--json").json["batch"]
    assert (drafted["state"], drafted["by_star"]) == ("draft", {"1": 1, "3": 1})
    assert "星级 1" not in typed("star", "run", "--year", "2025", language="zh").out
    noticed = typed("star", "notice", "1", "--json").json["notice"]
    assert noticed == {"id": 1, "notice_until": "2026-01-16", "is_guessed": False}
    objected = typed("star", "object", "1", str(first), "--reason", "时长存疑", "--json").json["objection"]
    assert typed("star", "answer", str(objected["id"]), "--dismiss", "--reason", "属实", "--json").json == {
        "objection": {"id": 1, "state": "dismissed"}
    }
    city.later(7)
    again(city, typed)
    refused = typed("star", "certify", "1", "--body", "federation")
    assert (refused.exit_code, "certificate key --create" in refused.err) == (2, True)
    assert city.rows("SELECT COUNT(*) FROM star_signature") == [(0,)]
    public = typed("certificate", "key", "--create", "--json").json["key"]["public_key"]
    for body in _BODIES:
        assert typed("star", "certify", "1", "--body", body).exit_code == 0
    assert typed("star", "publish", "1").exit_code == 0
    shown = typed("star", "show", "1", "--json").json["batch"]
    assert (shown["state"], len(shown["signatures"]), shown["by_state"]) == ("published", 3, {"certified": 2})
    assert typed("star", "list", "--json").json["batches"][0]["awards"] == 2

    file = tmp_path / "stars.pdf"
    assert typed("certificate", "stars", "1", str(file), "--json").json["certificates"]["count"] == 2
    assert typed("certificate", "reprint", "202501-000001", str(tmp_path / "one.pdf")).exit_code == 0
    assert typed("star", "roster", "1", str(tmp_path / "roster.xlsx"), "--json").json["roster"]["people"] == 2
    assert typed("star", "applications", str(tmp_path / "a.xlsx"), "--json").json["applications"]["people"] == 2
    assert typed("star", "compare", "--json").json["stars"] == {"opened": 2, "closed": 0, "open": 2}
    shown = typed("mismatch", "show", "1", "--json").json["mismatch"]
    assert (shown["kind"], shown.get("choices", ["national"])) == ("star_differs", ["national"])
    assert typed("mismatch", "explain", "star_differs").exit_code == 0
    assert typed("mismatch", "resolve", "1", "--keep", "national").exit_code == 0
    assert typed("star", "review", "--json").json == {"reviews": []}

    facts = typed("star", "explain", str(second), "--json").json
    assert (facts["star"], facts["records"][0]["verdict"]) == (3, "counted")
    assert "650.00 hours in 1 records, 3 stars" in typed("star", "explain", str(second)).out
    assert typed("star", "revoke", "1", "--reason", "误", "--json").json["award"]["state"] == "revoked"
    assert typed("certificate", "show", "202501-000001", "--json").json["certificate"]["state"] == "revoked"
    assert public


def test_stars_are_applied_for_nationally(city: City, typed: Terminal) -> None:
    team = city.team()
    for hours_shown in (100, 300):
        city.join(city.volunteer(hours=100, total_seconds=hours_shown * HOUR), team)
    city.certified()
    again(city, typed)
    shown = typed("star", "apply", "--dry-run", "--json").json
    assert [one["obstacle"] for one in shown["people"]] == [None, "not_exact_band"]
    assert (shown["applications"], shown["is_dry_run"]) == ([], True)
    assert city.rows("SELECT * FROM star_application") == []
    assert "1 would be applied for" in typed("star", "apply", "--dry-run").out
    told = typed("star", "apply", language="zh").out
    assert "等待全国审核: 1" in told
    assert all(width(line) <= 80 for line in told.splitlines())
    compared = typed("star", "compare", "--json").json
    assert (compared["asked"], compared["stars"]["open"]) == (1, 2)


def test_a_code_is_verified_without_a_database(city: City, typed: Terminal, tmp_path: Path) -> None:
    from national_sync.signing import Facts, load_signer

    typed("certificate", "key", "--create")
    signer = load_signer(tmp_path / "certificates.key")
    code = signer.code(Facts("star", "202501-000001", "白茶", "3", "2025-12-31"))
    nowhere = Terminal(lambda _config, _environment: pytest.fail("opened"), {})
    answer = nowhere("certificate", "verify", code, "--public-key", signer.public_key, "--json")
    assert answer.json["certificate"]["name"] == "白茶"
    assert typed("certificate", "verify", code, language="zh").out.startswith("真实")
    forged = typed("certificate", "verify", code.replace("|3|", "|5|"))
    assert (forged.exit_code, "is not genuine" in forged.err) == (1, True)


def test_a_service_certificate_is_issued(city: City, typed: Terminal, tmp_path: Path) -> None:
    volunteer = city.volunteer(hours=3)
    typed("certificate", "key", "--create")
    days = ("--from", "2025-01-01", "--until", "2025-12-31")
    answer = typed("certificate", "service", str(volunteer), str(tmp_path / "s.pdf"), *days, "--json")
    assert answer.json["certificate"]["number"] == "FW2026-000001"
    assert (tmp_path / "s.pdf").read_bytes().startswith(b"%PDF-")


def test_deciding_needs_a_login_and_a_right_to_the_whole_city(city: City, typed: Terminal) -> None:
    city.volunteer(hours=100)
    stranger = Terminal(typed.bootstrap, {"XDG_STATE_HOME": "/nonexistent"})
    assert stranger("star", "run", "--year", "2025").exit_code == 2
    assert stranger("star", "list").exit_code == 2
    assert city.rows("SELECT COUNT(*) FROM star_batch") == [(0,)]


def test_statistics_and_assessment_are_typed(city: City, typed: Terminal, tmp_path: Path) -> None:
    team = city.team("一队")
    one = city.volunteer(hours=120)
    city.join(one, team)
    city.serve(one, HOUR, "2026-01-02 08:00")
    units = tmp_path / "units.json"
    unit = {"name": "市文明办", "kind": "government", "county": "530802", "head_count": 2, "teams": ["一队"]}
    units.write_text(json.dumps([unit]), encoding="utf-8")
    assert typed("assessment", "units", str(units), "--json").json == {"units": {"added": 1, "changed": 0}}
    assert typed("assessment", "template", str(tmp_path / "t.xlsx"), "--json").json["units"]["count"] == 1

    files = [str(tmp_path / name) for name in ("a.xlsx", "a.html")]
    outputs = [part for file in files for part in ("--output", file)]
    found = typed("assessment", "run", "--year", "2025", *outputs, "--evidence", "--json").json["assessment"]
    assert (found["units"][0]["registration_percent"], found["files"]) == (50.0, files)
    assert typed("assessment", "run", "--year", "2027").exit_code == 2
    assert typed("assessment", "run", "--year", "2025", "--output", "a.doc").exit_code == 2

    city.today = date(2026, 9, 10)
    again(city, typed)
    form = tmp_path / "form.xlsx"
    assert typed("statistics", "build", "市文明办", str(form), "--year", "2026").exit_code == 0
    assert typed("statistics", "receive", str(form), "--json").json["received"][0]["is_late"] is False
    assert typed("statistics", "status", "--year", "2026", "--json").json["units"][0]["received_on"] == "2026-09-10"
    total = tmp_path / "county.xlsx"
    assert typed("statistics", "collect", str(total), "--year", "2026", "--county", "530802").exit_code == 0
    assert typed("statistics", "collect", str(total), "--year", "2026", "--county", "110000").exit_code == 2
    assert typed("statistics", "build", "市文明办", "form.pdf", "--year", "2026").exit_code == 2
    from python_calamine import CalamineWorkbook

    assert CalamineWorkbook.from_path(str(total)).get_sheet_by_name(SHEET).to_python()[4][3] == 1.0


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_table_fits_a_screen(city: City, typed: Terminal, tmp_path: Path, language: str) -> None:
    name = "一支名字特别特别特别特别特别特别特别长的志愿服务队"
    team = city.team(name)
    one = city.volunteer(hours=120, name="阿卜杜拉·艾山江·买买提")
    city.join(one, team)
    unit = {"name": "普洱市某某某某某某某某某某某某某某某某局机关", "kind": "government", "county": "530802"}
    (tmp_path / "u.json").write_text(json.dumps([{**unit, "teams": [name]}]))
    typed("assessment", "units", str(tmp_path / "u.json"))
    city.certified()
    [(record,)] = city.rows("SELECT id FROM hour_record WHERE volunteer_id = :id", id=one)
    city.withdraw(record)
    again(city, typed)
    for command in (
        "star list", "star show 1", "star review", f"star explain {one}", "assessment run --year 2025",
        "statistics status --year 2025",
    ):  # fmt: skip
        answer = typed(*command.split(), language=language)
        assert answer.exit_code == 0, answer.err
        assert max(map(width, answer.out.splitlines())) <= 80, command


def test_years_are_compared(city: City, typed: Terminal, tmp_path: Path) -> None:
    city.volunteer(hours=120)
    answer = typed("statistics", "years", "--from", "2024", "--until", "2025", "--output", str(tmp_path / "y.html"))
    assert answer.exit_code == 0, answer.err
    assert "120.00" in answer.out
    for years in (("2025", "2024"), ("2010", "2025"), ("2026", "2027")):
        assert typed("statistics", "years", "--from", years[0], "--until", years[1]).exit_code == 2


def test_a_county_operator_keeps_to_the_county(city: City, typed: Terminal, tmp_path: Path) -> None:
    here, there = city.volunteer(hours=120, county="530828"), city.volunteer(hours=120)
    units = tmp_path / "units.json"
    usual = {"kind": "government", "head_count": 2}
    units.write_text(json.dumps([{**usual, "name": name, "county": name} for name in ("530828", "530802")]))
    assert typed("assessment", "units", str(units)).exit_code == 0
    city.draft()
    city.today = date(2026, 9, 10)
    again(city, typed)
    for number in ("1", "2"):
        assert typed("statistics", "build", number, str(tmp_path / f"{number}.xlsx"), "--year", "2026").exit_code == 0
    log_in(city.database, typed.environment, "li", Role.COUNTY_OPERATOR, "530828", now=city.act.now)
    allowed = [
        ("star", "explain", str(here)),
        ("star", "roster", "1", str(tmp_path / "r.xlsx"), "--county", "530828"),
        ("statistics", "receive", str(tmp_path / "1.xlsx")),
    ]
    refused = [
        ("star", "explain", str(there)),
        ("star", "roster", "1", str(tmp_path / "r.xlsx")),
        ("star", "notice", "1"),
        ("statistics", "receive", str(tmp_path / "2.xlsx")),
        ("certificate", "key", "--create"),
    ]
    assert [typed(*command).exit_code for command in allowed] == [0, 0, 0]
    assert [typed(*command, "--json").json["error"]["code"] for command in refused] == ["not_allowed"] * 5
    assert city.rows("SELECT COUNT(*) FROM statistics_return") == [(1,)]
    assert not (tmp_path / "certificates.key").exists()
