"""The morning report: its numbers, its page and its words, from nights that were really recorded."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest
from click.testing import CliRunner
from sqlalchemy import text
from tests.integration.reports.nights import DAY, Nights

from national_sync import i18n
from national_sync.cli.invocation import Invocation
from national_sync.cli.root import cli
from national_sync.errors import NotFound
from national_sync.policy import Policy
from national_sync.prose.layout import SCREEN_WIDTH, width
from national_sync.reports.morning import NIGHTS, morning_facts
from national_sync.reports.page import morning_page
from national_sync.reports.words import morning_in_words
from national_sync.sealing import Sealer, SealingKey
from national_sync.store.database import Database
from national_sync.sync.mismatches import add_events

QUOTA: Final = 20_000
PULLED: Final = {"hour_record": {"seen": 90, "created": 40, "updated": 5, "withdrawn": 1, "waiting": 0}}
PUSHED: Final = {
    "hour_record": {"create": 7, "update": 2, "delete": 0},
    "team": {"create": 0, "update": 0, "delete": 1},
}


@pytest.fixture(autouse=True)
def _own_language() -> Iterator[None]:
    """The language of one test is not that of the next."""
    i18n.use("zh")
    yield
    i18n.use(i18n.DEFAULT_LANGUAGE)


@pytest.fixture
def nights(database: Database, sealer: Sealer) -> Nights:
    return Nights(database, sealer)


@pytest.fixture(scope="module")
def month(_migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    """Thirty-three nights, only to be looked at."""
    path = tmp_path_factory.mktemp("month") / "mirror.sqlite"
    shutil.copy(_migrated_sqlite, path)
    database = Database(f"sqlite:///{path}")
    nights = Nights(database, Sealer([SealingKey("k1", bytes(range(32)))]))
    a_month(nights)
    yield nights
    database.close()


@pytest.fixture
def sqlite_nights(sqlite_database: Database, sealer: Sealer) -> Nights:
    return Nights(sqlite_database, sealer)


def facts_of(nights: Nights, run_id: int | None = None) -> dict[str, Any]:
    with nights.database.read() as connection:
        now = int(nights.clock.now())
        return morning_facts(connection, run_id=run_id, calls_per_day=QUOTA, now=now)


def a_month(nights: Nights) -> None:
    """Thirty-three nights: mismatches come and go, one night fails."""
    for number in range(33):
        if number == 20:
            nights.play(state="failed", stopped="national_unavailable", took=30, calls=3)
        else:
            opened = {"both_edited": number % 3, "total_not_sum": 2}
            nights.play(opened=opened, closes=2, pulled=PULLED, pushed=PUSHED, county=f"5308{22 + number % 3}")


# The numbers


def test_before_the_first_run_the_report_says_how_to_begin(sqlite_nights: Nights) -> None:
    facts = facts_of(sqlite_nights)
    assert facts["run"] is None
    assert facts["to_do"] == [{"what": "first_run", "count": 1}]
    assert "sync plan" in morning_in_words(facts)
    assert "sync plan" in morning_page(facts)


def test_one_run_is_told_with_what_came_in_and_went_out(nights: Nights) -> None:
    nights.play(opened={"both_edited": 2}, pulled=PULLED, pushed=PUSHED, took=372)
    facts = facts_of(nights)
    assert facts["came_in"] == {"hour_record": 46}
    assert facts["went_out"] == {"hour_record": 9, "team": 1}
    assert len(facts["nights"]) == NIGHTS
    assert [night["state"] for night in facts["nights"]] == [None] * (NIGHTS - 1) + ["finished"]
    assert facts["nights"][-1]["opened"] == {"both_edited": 2}
    assert facts["nights"][-1]["seconds"] == 372


def test_thirty_nights_add_up(nights: Nights) -> None:
    a_month(nights)
    facts = facts_of(nights)
    opened = sum(sum(night["opened"].values()) for night in facts["nights"])
    with nights.database.read() as connection:
        first = connection.execute(text("SELECT MIN(id) FROM run WHERE id > 3")).scalar_one()
        found = connection.execute(text("SELECT COUNT(*) FROM mismatch WHERE first_run_id >= :first"), {"first": first})
        still_open = connection.execute(text("SELECT COUNT(*) FROM mismatch WHERE state = 'open'")).scalar_one()
    assert opened == found.scalar_one()
    assert facts["mismatches"]["waiting"] == still_open == sum(row["waiting"] for row in facts["counties"])
    assert {night["calls"] for night in facts["nights"]} == {1_000, 3}
    assert [night["state"] for night in facts["nights"]].count("failed") == 1


def test_each_county_names_the_one_that_has_waited_longest(nights: Nights) -> None:
    nights.play(opened={"both_edited": 1}, county="530822")
    nights.play(opened={"both_edited": 2}, county="530822")
    nights.play(opened={"total_not_sum": 1}, county="530829")
    mojiang, ximeng = facts_of(nights)["counties"]
    assert (mojiang["county"], mojiang["waiting"], mojiang["oldest"]["days"]) == ("530822", 3, 2)
    assert (ximeng["county"], ximeng["waiting"], ximeng["oldest"]["days"]) == ("530829", 1, 0)


def test_the_report_of_an_earlier_run_does_not_know_what_came_later(nights: Nights) -> None:
    first = nights.play(opened={"both_edited": 3})
    before = morning_page(facts_of(nights, first))
    nights.play(opened={"total_not_sum": 1}, closes=2)
    assert facts_of(nights, first)["mismatches"]["waiting"] == 3
    assert morning_page(facts_of(nights, first)) == before
    assert facts_of(nights)["mismatches"]["waiting"] == 2


def test_what_is_decided_or_put_off_no_longer_waits(nights: Nights) -> None:
    nights.play(opened={"both_edited": 3})
    with nights.database.write() as connection:
        ended = connection.execute(text("SELECT ended_at FROM run")).scalar_one()
        first = connection.execute(text("SELECT MIN(id) FROM mismatch")).scalar_one()
        connection.execute(
            text("UPDATE mismatch SET decision = 'local', decided_at = :at WHERE id = :id"), {"at": ended, "id": first}
        )
        connection.execute(
            text("UPDATE mismatch SET snoozed_until = :until WHERE id = :id"), {"until": ended + DAY, "id": first + 1}
        )
    counts = facts_of(nights)["mismatches"]
    assert (counts["waiting"], counts["decided"], counts["snoozed"]) == (1, 1, 1)


def test_yesterdays_decisions_are_told_by_whom_they_were_made(nights: Nights) -> None:
    nights.play(opened={"both_edited": 3})
    moment = int(nights.clock.now())
    with nights.database.write() as connection:
        ids = list(connection.execute(text("SELECT id FROM mismatch ORDER BY id")).scalars())
        for actor, some, at in (
            ("operator:chen", ids[:2], moment - 60),
            ("rule:3", ids[2:], moment),
            ("rule:3", ids, 0),
        ):
            add_events(connection, some, at=at, event="decided", actor=actor)
    nights.play()
    assert facts_of(nights)["decisions"] == {"people": 2, "rules": 1}


def test_the_hourly_runs_belong_to_the_day_and_are_not_the_night(sqlite_nights: Nights) -> None:
    nightly = sqlite_nights.play(pulled=PULLED, calls=500, took=400)
    sqlite_nights.clock.seconds += 3600 - DAY
    sqlite_nights.play(kind="light", pulled=PULLED, calls=20, took=5)
    facts = facts_of(sqlite_nights)
    assert facts["run"]["id"] == nightly
    assert facts["nights"][-1]["calls"] == 500
    facts = facts_of(sqlite_nights, nightly + 1)
    last = facts["nights"][-1]
    assert (last["runs"], last["calls"], last["came_in"], last["seconds"]) == (2, 520, 92, 400)


def test_a_failed_night_is_the_first_thing_to_do(nights: Nights) -> None:
    nights.play(opened={"both_edited": 1})
    nights.play(state="failed", stopped="national_unavailable")
    facts = facts_of(nights)
    assert [entry["what"] for entry in facts["to_do"]] == ["failed_run", "mismatches"]
    i18n.use("en")
    assert "failed: the national system cannot be reached" in " ".join(morning_in_words(facts).split())


def test_a_night_that_is_still_at_work_is_told_as_such(nights: Nights) -> None:
    nights.play(opened={"both_edited": 1})
    nights.play(state="running")
    facts = facts_of(nights)
    assert (facts["run"]["state"], facts["run"]["seconds"], facts["report"]) == ("running", None, None)
    i18n.use("en")
    assert "is still at work" in morning_in_words(facts)
    assert 'class="state running"' in morning_page(facts)


def test_holds_and_quarantine_are_told(nights: Nights) -> None:
    run = nights.play()
    with nights.database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO hold (run_id, entity, action, reason, records, plan_hash, state)"
                " VALUES (:run, 'hour_record', 'withdraw', 'too_many_withdrawals', 128, 'ab12', 'open')"
            ),
            {"run": run},
        )
        for identity in ("a", "b"):
            connection.execute(
                text(
                    "INSERT INTO quarantine (entity, identity, reason, state, first_run_id, last_run_id)"
                    " VALUES ('volunteer', :identity, 'bad_id_number', 'open', :run, :run)"
                ),
                {"identity": identity, "run": run},
            )
    facts = facts_of(nights)
    assert [hold["records"] for hold in facts["holds"]] == [128]
    assert facts["quarantine"] == [{"entity": "volunteer", "reason": "bad_id_number", "records": 2}]
    assert [(entry["what"], entry["count"]) for entry in facts["to_do"]] == [("holds", 1), ("quarantine", 2)]


def test_a_run_that_never_was_is_not_found(sqlite_nights: Nights) -> None:
    with pytest.raises(NotFound):
        facts_of(sqlite_nights, 99)


# The page

_VOID: Final = {"meta", "br", "line", "rect"}


class _Page(HTMLParser):
    """Well-formedness, attributes and the text of an HTML page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.tags: set[str] = set()
        self.words = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def test_the_page_stands_alone_and_is_small(month: Nights) -> None:
    page = morning_page(facts_of(month))
    parsed = _Page(page)
    names = {name for name, _value in parsed.attributes}
    assert len(page.encode()) < 200_000
    assert not parsed.tags & {"script", "img", "link", "iframe", "object", "form", "a"}
    assert not names & {"src", "href", "srcset", "onload", "onclick", "style"}
    assert "://" not in page
    assert "url(" not in page
    assert "@import" not in page


def test_the_page_is_chinese_first_and_each_picture_has_words_and_a_table(month: Nights) -> None:
    page = morning_page(facts_of(month))
    assert '<html lang="zh-CN">' in page
    assert page.index("昨夜的同步") < page.index("Last night's run".replace("'", "&#39;"))
    figures = re.findall(r"<figure>.*?</figure>", page, re.DOTALL)
    assert len(figures) == 4
    for figure in figures:
        assert figure.count('<svg viewBox="0 0 720') == figure.count('role="img" aria-label=')
        assert "<table>" in figure
        assert '<th scope="row">' in figure


def test_the_page_and_the_json_tell_the_same_numbers(month: Nights) -> None:
    facts = facts_of(month)
    words = "".join(_Page(morning_page(facts)).words.split())
    assert f"{facts['mismatches']['waiting']:,}条差异待处理" in words
    for night in facts["nights"]:
        opened, closed = sum(night["opened"].values()), sum(night["closed"].values())
        numbers = (night["came_in"], night["went_out"], opened, closed, night["calls"])
        state = {"finished": "已完成finished", "failed": "失败failed"}[night["state"]]
        assert night["date"] + state + "".join(f"{number:,}" for number in numbers) in words


def test_the_same_facts_give_the_same_bytes(month: Nights) -> None:
    month.clock.seconds += DAY
    first = morning_page(facts_of(month))
    month.clock.seconds += DAY
    assert morning_page(facts_of(month)) == first


def test_a_hostile_team_name_is_only_text(nights: Nights) -> None:
    run = nights.play()
    name = '</td><script src="http://evil.example/x.js">alert(1)</script> & "队"'
    with nights.database.write() as connection:
        team = connection.execute(
            text("INSERT INTO team (name, area_id) VALUES (:name, '530822') RETURNING id"),
            {"name": name},
        ).scalar_one()
        ended = connection.execute(text("SELECT ended_at FROM run")).scalar_one()
        connection.execute(
            text(
                "INSERT INTO mismatch (kind, entity, subject, row_id, county, first_seen_at, first_run_id)"
                " VALUES ('both_edited', 'team', 'T1', :team, '530822', :at, :run)"
            ),
            {"team": team, "at": ended, "run": run},
        )
    facts = facts_of(nights)
    assert facts["counties"][0]["oldest"]["team"] == name
    page = _Page(morning_page(facts))
    assert "script" not in page.tags
    assert name in page.words


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_the_words_fit_on_a_screen(month: Nights, language: i18n.Language) -> None:
    i18n.use(language)
    words = morning_in_words(facts_of(month))
    assert max(map(width, words.splitlines())) <= SCREEN_WIDTH
    assert "national-sync mismatch list" in words


# The command


class _Bootstrap:
    """What the command needs of the program, around a database that is there already."""

    def __init__(self, nights: Nights, folder: Path) -> None:
        self.clock = nights.clock
        self.reports_directory = folder / "reports"
        self.loaded = SimpleNamespace(national=SimpleNamespace(calls_per_day=QUOTA), policy=Policy())
        self._database = nights.database

    def database(self) -> Any:
        import contextlib

        return contextlib.nullcontext(self._database)


def test_the_command_leaves_a_page_and_prints_where(month: Nights, tmp_path: Path) -> None:
    bootstrap = _Bootstrap(month, tmp_path)

    def typed(*arguments: str) -> Any:
        environment = {"XDG_STATE_HOME": str(tmp_path / "state")}
        invocation = Invocation(environment=environment, bootstrap=lambda _config, _environment: bootstrap)
        return CliRunner().invoke(cli, ["--lang", "en", "report", "morning", *arguments], obj=invocation)

    told = typed()
    page = tmp_path / "reports" / "morning-000033.html"
    assert told.exit_code == 0
    assert told.stdout.endswith(f"The page: {page}\n")
    answer = json.loads(typed("--json", "--run", "5", "--output", str(tmp_path / "five.html")).stdout)
    assert answer["run"]["id"] == 5
    assert (tmp_path / "five.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    refused = typed("--output", str(tmp_path / "reports" / "morning-000033.html" / "x.html"))
    assert refused.exit_code == 2
    assert "cannot be written" in refused.stderr


def test_every_name_of_the_answer_is_documented(month: Nights) -> None:
    document = (Path(__file__).parents[3] / "docs" / "cli.md").read_text(encoding="utf-8")
    section = document.partition("**The morning report**")[2].partition("\n\n**")[0]
    facts = facts_of(month)
    named = {
        *facts,
        *facts["run"],
        *facts["nights"][0],
        *facts["mismatches"],
        *facts["mismatches"]["by_kind"][0],
        *facts["decisions"],
    }
    named |= {*facts["counties"][0], *facts["counties"][0]["oldest"], *facts["to_do"][0]}
    assert named <= set(re.findall("`([a-z_]+)`", section))


# For one county


def test_the_report_of_a_county_tells_of_that_county_alone(month: Nights) -> None:
    with month.database.read() as connection:
        city, own = (
            morning_facts(
                connection, run_id=None, calls_per_day=QUOTA, now=int(month.clock.now()), county=county, missing_hours=2
            )
            for county in (None, "530823")
        )
    [mine] = [row for row in city["counties"] if row["county"] == "530823"]
    assert own["counties"] == [mine]
    assert 0 < own["mismatches"]["waiting"] == mine["waiting"] < city["mismatches"]["waiting"]
    opened = [sum(sum(night["opened"].values()) for night in facts["nights"]) for facts in (city, own)]
    assert 0 < opened[1] < opened[0]
    assert (own["report"], own["came_in"], own["went_out"], own["calls_per_day"]) == (None, {}, {}, None)
    assert {night["came_in"] for night in own["nights"]} == {None}
    assert [entry["what"] for entry in own["to_do"]] == ["mismatches", "missing_hours"]
    words, page = morning_in_words(own), morning_page(own)
    for told in (words, page):
        assert "530822" not in told
        assert "墨江" not in told
        assert "景东" in told
    assert "进入隔离" not in page
    assert "None" not in words + page
    assert max(width(line) for line in words.splitlines()) <= SCREEN_WIDTH
