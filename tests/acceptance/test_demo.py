"""The demo in a small city: its answer, the trouble it promises, and whether its comparison would notice a failure."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from national_sync import i18n
from national_sync.bootstrap import Bootstrap
from national_sync.demo import Sizes, is_well, run_demo
from national_sync.demo.clock import StoryClock
from national_sync.demo.comparison import duplicates, unexplained_differences
from national_sync.demo.directory import DemoDirectory
from national_sync.demo.facts import exchange_facts, facts_of, write_report
from national_sync.demo.ledger import Edit, Kind, Side, lost_edits
from national_sync.demo.mapping import ENTITIES, national_value
from national_sync.demo.server import NationalServer
from national_sync.demo.sides import Sides, read_sides
from national_sync.demo.snapshot import take_snapshot, writes_between
from national_sync.demo.story import FIRST_DAY, NIGHT, Story, Told
from national_sync.errors import UsageError
from national_sync.exchange.outcomes import State, VoucherState
from national_sync.keys import load_sealer
from national_sync.prose.causes import cause
from national_sync.prose.demo import demo_in_words
from national_sync.prose.layout import SCREEN_WIDTH, width
from national_sync.sealing import Sealer
from national_sync.sync.kinds import MismatchKind
from national_sync.sync.run import RunKind, RunRequest, Silent

pytestmark = pytest.mark.xdist_group("demo")  # One demo at a time has the usual port.

SMALL = Sizes(volunteers=400, teams=20, projects=40, hours=1_500)
EDITS = 60
SEED = 3
MOMENT = f"{FIRST_DAY} {NIGHT}"


@dataclass(frozen=True)
class Played:
    """A demo that has been played, its national side still running."""

    directory: DemoDirectory
    server: NationalServer
    sealer: Sealer
    told: Told
    facts: dict[str, Any]

    def sides(self, database: Path | None = None) -> Sides:
        return read_sides(self.server, database or self.directory.database, self.sealer)

    def made_on_purpose(self) -> dict[str, set[str]]:
        return self.told.ledger.made_on_purpose


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    directory = DemoDirectory(tmp_path_factory.mktemp("demo") / "demo")
    directory.clear()
    state = directory.national_state
    with NationalServer(seed=SEED, sizes=SMALL, moment=MOMENT, state_file=state, port=0) as server:
        directory.install(server.address)
        sealer = load_sealer(directory.path / "national-sync.key", {})
        told = Story(directory, server, StoryClock(MOMENT), sealer, SEED, EDITS, lambda _part: None).play()
        facts = facts_of(told, directory, server, SEED)
        write_report(facts, directory)
        server.tell("snapshot", name="told")
        yield Played(directory, server, sealer, told, facts)


@pytest.fixture
def server(played: Played) -> Iterator[NationalServer]:
    """The national side as the demo left it, to spoil."""
    yield played.server
    played.server.tell("restore", name="told")


@pytest.fixture
def spoilt(played: Played, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A copy of the database without its triggers: whoever writes to it now leaves no note."""
    path = tmp_path / "spoilt.db"
    shutil.copy(played.directory.database, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        yield connection


def sides_of(played: Played, spoilt: sqlite3.Connection) -> Sides:
    [(_, _, path)] = spoilt.execute("PRAGMA database_list")
    return played.sides(Path(path))


# What it answers


def test_the_answer_has_what_is_documented(played: Played) -> None:
    facts = json.loads(json.dumps(played.facts))
    assert len(facts["nights"]) == 2
    for night in facts["nights"]:
        counts = ("pulled", "pushed", "mismatches", "quarantined", "held", "duplicates_created", "lost_edits")
        assert all(isinstance(night[name], int) for name in counts)
        assert night["seconds"] > 0
    first, second = facts["nights"]
    assert first["pulled"] > SMALL.hours
    assert first["pushed"] == 0
    assert second["pushed"] > EDITS / 2
    assert second["pulled"] > EDITS / 2
    assert (second["quarantined"], second["held"]) == (1, 1)
    assert json.loads(played.directory.report.read_text(encoding="utf-8")) == facts


def test_every_promise_is_kept(played: Played) -> None:
    facts = played.facts
    assert facts["unexplained"] == facts["duplicates"] == facts["lost"] == facts["second_run_written"] == []
    assert is_well(facts)


def test_every_kind_of_mismatch_occurs(played: Played) -> None:
    of_local_duties = {MismatchKind.BOOK_DIFFERS, MismatchKind.STAR_DIFFERS, MismatchKind.TRANSFER_HALF_DONE}
    assert {mismatch["kind"] for mismatch in played.facts["mismatches"]} == set(MismatchKind) - of_local_duties


def test_the_national_side_fails_and_reviews_as_promised(played: Played) -> None:
    assert played.facts["faults"] == {"lost-answer": 1, "429": 1}
    assert all(played.facts["reviews"][state] for state in ("passed", "refused", "pending"))


def test_both_sides_are_edited_in_every_way(played: Played) -> None:
    done = {(edit.side, edit.kind, edit.entity) for edit in played.told.ledger.edits}
    assert {(side, kind) for side, kind, _ in done} == {(side, kind) for side in Side for kind in Kind}
    assert {entity for _, _, entity in done} == set(ENTITIES)
    assert min(played.facts["edits"].values()) >= EDITS


def test_the_exchange_has_ended_in_every_way(played: Played) -> None:
    """E1-E3: what an operator can look at."""
    exchange = played.facts["exchange"]
    assert set(exchange["redemption"]) == {state.value for state in State}
    assert set(exchange["voucher"]) == {state.value for state in VoucherState}
    assert set(exchange["refund"]) == {"requested", "approved", "rejected"}
    assert set(exchange["dispute"]) == {"open", "rejected"}
    assert (exchange["agreement"]["suspended"], exchange["merchant"]["left"], exchange["account"]["closed"]) == (
        1,
        1,
        1,
    )
    assert (exchange["settlement"], exchange["unbalanced"]) == (2, 0)


def test_the_accounts_of_hours_have_followed_both_nights(played: Played) -> None:
    with closing(sqlite3.connect(played.directory.database)) as connection:
        [[first]] = connection.execute("SELECT COUNT(*) FROM posting WHERE kind = 'credited'")
        wrong = connection.execute(
            "SELECT h.id FROM hour_record h LEFT JOIN credit c ON c.record_id = h.id WHERE COALESCE(c.seconds, 0) <>"
            " CASE WHEN h.state = 'effective' AND h.withdrawn_at IS NULL AND h.kind = 'credit' AND h.method IN"
            " ('check_in', 'face', 'forced_sign_out') THEN h.service_seconds ELSE 0 END"
            " AND h.id NOT IN (SELECT row_id FROM local_change WHERE entity = 'hour_record')"
        ).fetchall()
    assert first > 1
    assert wrong == []


def test_one_redemption_is_told_from_the_hours_to_the_books(played: Played) -> None:
    told = played.facts["exchange"]["told"]
    steps = [step["step"] for step in told]
    assert steps == ["person", "offer", "hold", "hold_again", "confirm", "collect", "collect_again", "proof"]
    person, offer, held, again, confirmed, collected, refused, proof = told
    assert held["usable_seconds"] == person["usable_seconds"] - offer["price_seconds"]
    assert (held["held_seconds"], confirmed["held_seconds"]) == (offer["price_seconds"], 0)
    assert confirmed["spent_seconds"] - held["spent_seconds"] == offer["price_seconds"]
    assert (again["is_same"], collected["is_granted"], refused["refusal"]) == (True, True, "already_collected")
    assert sum(entry["seconds"] for entry in proof["entries"]) == 0
    assert (len(proof["entries"]), proof["faults"]) == (4, [])


def test_books_that_do_not_add_up_are_noticed(played: Played, spoilt: sqlite3.Connection) -> None:
    assert exchange_facts(spoilt)["unbalanced"] == 0
    spoilt.execute("UPDATE account SET balance = balance + 1 WHERE kind = 'spent' AND balance > 0")
    assert exchange_facts(spoilt)["unbalanced"] > 0
    assert not is_well({**played.facts, "exchange": exchange_facts(spoilt)})


def test_the_same_seed_tells_the_same_story(played: Played, tmp_path: Path) -> None:
    again = run_demo(tmp_path / "again", seed=SEED, sizes=SMALL, edits=EDITS, port=0)
    assert _told_alike(again) == _told_alike(played.facts)


def _told_alike(facts: dict[str, Any]) -> Any:
    """Without what differs from run to run: durations, places, and what the key goes into."""
    told: dict[str, Any] = json.loads(json.dumps(facts))
    for name in ("seconds", "config", "database", "report", "national", "holds"):
        del told[name]
    for night in told["nights"]:
        del night["seconds"]
    for report in (*told["day"], *(night["report"] for night in told["nights"])):
        del report["audit_head"]
    return told


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_the_words_fit_a_screen(played: Played, language: i18n.Language) -> None:
    before = i18n.language()
    i18n.use(language)
    try:
        lines = demo_in_words(played.facts).splitlines()
    finally:
        i18n.use(before)
    # A path is as long as it is.
    prose = [line for line in lines if str(played.directory.path) not in line]
    assert max(map(width, prose)) <= SCREEN_WIDTH
    assert any(str(played.directory.database) in line for line in lines)


def test_every_kind_of_mismatch_has_a_cause() -> None:
    assert all(cause(kind) for kind in MismatchKind)


# What it leaves


@pytest.mark.parametrize("command", ["mismatch list", "quarantine list", "hold list", "sync status", "sync history"])
def test_the_directory_can_be_looked_into_without_the_national_side(played: Played, command: str) -> None:
    program = [sys.executable, "-c", "from national_sync.cli import main; main()"]
    asked = [*program, "--config", str(played.directory.config), *command.split(), "--json"]
    answered = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert json.loads(answered.stdout)


def test_another_night_can_follow(played: Played, server: NationalServer, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(played.directory.path, copy)
    moment = "2026-03-04 02:30:00"
    server.tell("clock", set=moment)
    bootstrap = Bootstrap.from_file(copy / "national-sync.toml", {})
    bootstrap.clock = StoryClock(moment)
    with bootstrap.engine(stop=lambda: False, progress=Silent()) as engine:
        report = engine.run(RunRequest(kind=RunKind.NIGHTLY))
    assert report.pending == 0
    assert unexplained_differences(played.sides(copy / "national-sync.db")) == []


def test_the_national_side_goes_on_from_its_file(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    sizes = Sizes(volunteers=20, teams=3, projects=4, hours=50)
    with NationalServer(seed=1, sizes=sizes, moment=MOMENT, state_file=state, port=0) as server:
        [first, *_] = server.ask("records", entity="hour_record")["records"]
        server.tell("edit", entity="hour_record", id=first["id"], fields={"remark": "kept"})
        dump = server.ask("dump")
    with NationalServer(seed=2, sizes=sizes, moment=MOMENT, state_file=state, port=0) as server:
        assert server.ask("dump") == dump


def test_a_directory_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(UsageError, match="other things"):
        run_demo(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_former_demo_makes_way_and_nothing_else_does(tmp_path: Path) -> None:
    directory = DemoDirectory(tmp_path / "demo")
    directory.clear()
    directory.database.write_text("old")
    (directory.path / "notes.txt").write_text("mine")
    directory.clear()
    assert not directory.database.exists()
    assert (directory.path / "notes.txt").read_text() == "mine"


def test_settings_of_the_environment_do_not_reach_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NATIONAL_SYNC__DATABASE__URL", f"sqlite:///{tmp_path / 'real.db'}")
    directory = DemoDirectory(tmp_path / "demo")
    directory.clear()
    directory.install("http://127.0.0.1:9")
    assert directory.database.exists()
    assert not (tmp_path / "real.db").exists()


# Whether the comparison would notice


def test_a_value_that_changed_unseen_is_noticed(played: Played, spoilt: sqlite3.Connection) -> None:
    spoilt.execute("UPDATE hour_record SET service_seconds = service_seconds + 36 WHERE id = 7")
    [difference] = unexplained_differences(sides_of(played, spoilt))
    assert (difference.entity, difference.row_id, difference.column) == ("hour_record", 7, "service_seconds")


def test_a_sealed_value_that_changed_unseen_is_noticed(played: Played, spoilt: sqlite3.Connection) -> None:
    sides = sides_of(played, spoilt)
    settled = next(row for row in sides.mirror["volunteer"].values() if row["phone"] and row["withdrawn_at"] is None)
    spoilt.execute("UPDATE volunteer SET phone = ? WHERE id = ?", (played.sealer.seal("13900000000"), settled["id"]))
    assert [each.column for each in unexplained_differences(sides_of(played, spoilt))] == ["phone"]


def test_a_row_that_vanished_is_noticed(played: Played, spoilt: sqlite3.Connection) -> None:
    spoilt.execute("DELETE FROM hour_record WHERE id = 7")
    [difference] = unexplained_differences(sides_of(played, spoilt))
    assert (difference.entity, difference.row_id) == ("hour_record", None)


def test_a_record_withdrawn_here_alone_is_noticed(played: Played, spoilt: sqlite3.Connection) -> None:
    spoilt.execute("UPDATE project SET withdrawn_at = 1 WHERE id = 5")
    assert [each.row_id for each in unexplained_differences(sides_of(played, spoilt))] == [5]


def test_a_creation_that_nothing_holds_back_is_noticed(played: Played, spoilt: sqlite3.Connection) -> None:
    spoilt.execute("INSERT INTO team (name, area_id) VALUES ('忘记上报的队', '530802000000000000')")
    assert [each.entity for each in unexplained_differences(sides_of(played, spoilt))] == ["team"]


@pytest.mark.parametrize(
    "kind", ["both_edited", "deleted_here_edited_there", "audited_edit", "unknown_reference", "refused_by_review"]
)
def test_a_difference_whose_open_item_is_gone_is_noticed(played: Played, spoilt: sqlite3.Connection, kind: str) -> None:
    spoilt.execute("UPDATE mismatch SET state = 'closed' WHERE kind = ?", (kind,))
    spoilt.execute("DELETE FROM local_change")
    spoilt.execute("DELETE FROM local_deletion")
    assert unexplained_differences(sides_of(played, spoilt))


def test_a_hold_or_a_quarantine_that_is_gone_is_noticed(played: Played, spoilt: sqlite3.Connection) -> None:
    spoilt.execute("UPDATE hold SET state = 'superseded'")
    spoilt.execute("UPDATE quarantine SET state = 'solved'")
    found = unexplained_differences(sides_of(played, spoilt))
    assert {each.entity for each in found} == {"training_record", "volunteer"}


def test_an_edit_from_here_that_got_lost_is_noticed(played: Played, server: NationalServer) -> None:
    edit = next(each for each in _changes(played, Side.HERE) if each.column == "skills")
    server.tell("edit", entity="volunteer", id=edit.national_id, fields={"albp0039": "99"})
    assert lost_edits(played.sides(), played.told.ledger.edits) == [edit]


def test_an_edit_from_there_that_got_lost_is_noticed(played: Played, spoilt: sqlite3.Connection) -> None:
    edit = next(each for each in _changes(played, Side.THERE) if (each.entity, each.column) == ("project", "address"))
    spoilt.execute("UPDATE project SET address = 'old' WHERE national_id = ?", (edit.national_id,))
    assert lost_edits(sides_of(played, spoilt), played.told.ledger.edits) == [edit]


def test_a_creation_and_a_deletion_that_got_lost_are_noticed(played: Played, spoilt: sqlite3.Connection) -> None:
    edits = played.told.ledger.edits
    made = next(each for each in edits if (each.side, each.kind) == (Side.THERE, Kind.CREATION))
    gone = next(
        each for each in edits if (each.side, each.kind, each.entity) == (Side.THERE, Kind.DELETION, "hour_record")
    )
    spoilt.execute(f"DELETE FROM {made.entity} WHERE national_id = ?", (made.national_id,))
    spoilt.execute("UPDATE hour_record SET withdrawn_at = NULL WHERE national_id = ?", (gone.national_id,))
    lost = lost_edits(sides_of(played, spoilt), edits)
    assert made in lost
    assert gone in lost


def test_a_record_sent_twice_is_noticed(played: Played, server: NationalServer) -> None:
    known = {entity: set(records) for entity, records in played.sides().national.items()}
    assert duplicates(played.sides(), known=known) == []
    [record, *_] = server.ask("records", entity="hour_record", isdelete="0")["records"]
    fields = {name: value for name, value in record.items() if name not in ("id", "createtime", "updatetime")}
    twin = server.tell("create", entity="hour_record", fields=fields)
    assert [each.national_id for each in duplicates(played.sides(), known=known)] == [twin["id"]]


def test_a_creation_kept_beside_its_own_echo_is_noticed(played: Played, spoilt: sqlite3.Connection) -> None:
    edits = played.told.ledger.edits
    made = next(each for each in edits if (each.side, each.kind, each.entity) == (Side.HERE, Kind.CREATION, "team"))
    spoilt.execute("INSERT INTO team (name, area_id) SELECT name, area_id FROM team WHERE id = ?", (made.row_id,))
    known = {entity: played.made_on_purpose()[entity] for entity in ENTITIES}
    assert len(duplicates(sides_of(played, spoilt), known=known)) >= 2


def test_any_write_on_either_side_is_noticed(
    played: Played, server: NationalServer, spoilt: sqlite3.Connection
) -> None:
    [(_, _, path)] = spoilt.execute("PRAGMA database_list")
    before = take_snapshot(server, Path(path))
    assert writes_between(before, take_snapshot(server, Path(path))) == []
    spoilt.execute("UPDATE mark SET value = '0' WHERE name = 'examined_rev'")
    [record, *_] = server.ask("records", entity="team")["records"]
    server.tell("edit", entity="team", id=record["id"], fields={"albe0018": "换人"})
    written = writes_between(before, take_snapshot(server, Path(path)))
    assert set(written) == {"mark", "national team"}


def _changes(played: Played, side: Side) -> list[Edit]:
    """Changes that have arrived on the other side."""
    sides = played.sides()
    return [
        edit
        for edit in played.told.ledger.edits
        if edit.side is side
        and edit.kind is Kind.CHANGE
        and national_value(edit.entity, edit.column, sides.national[edit.entity].get(edit.national_id or "", {}))
        == edit.value
    ]
