"""What is printed: nothing that steers a terminal, volunteer numbers only for whoever decides, codes in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Terminal

from national_sync.cli.mismatch_words import page_in_words
from national_sync.operators.rights import Operator
from national_sync.prose.codes import code_word
from national_sync.prose.layout import readable, width
from national_sync.store.database import Database

NUMBER = "V5308022601000001V"
ESCAPES = "\x1b[31m\x07\u202e"
PEOPLE = (
    "UPDATE mark SET value = '1' WHERE name = 'sync_rev'",
    "INSERT INTO mark (name, value) SELECT 'sync_rev', '1' WHERE NOT EXISTS (SELECT 1 FROM mark WHERE name = 'sync_rev')",
    "INSERT INTO volunteer (id, name, number, id_number, id_number_hash, sex, birth_date, service_area_id, national_id,"
    f" sync_rev) VALUES (1, '岩温' || char(27) || '[31m' || char(8238), '{NUMBER}', 'x', X'01', 'male', '1990-01-01',"
    " '530802000000000000', 'a1', 1), (2, '白茶', 'V5308022601000002V', 'y', X'02', 'female', '1991-01-01',"
    " '530822000000000000', 'a2', 1)",
    "INSERT INTO run (id, kind, state, holder, lease_until, started_at) VALUES (1, 'nightly', 'failed', 'x:1', 1, 1)",
)


@pytest.fixture
def people(store: Database) -> Database:
    with store.write() as connection:
        for statement in PEOPLE:
            connection.exec_driver_sql(statement)
    return store


def add(store: Database, *statements: str) -> None:
    with store.write() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_what_steers_a_terminal_is_replaced_and_spaces_stay() -> None:
    assert readable(f"a{ESCAPES}b\nc\u3000d\u00a0e\t") == "a?[31m??b\nc\u3000d\u00a0e?"
    assert width(readable("岩温\x1b")) == 5


def test_answers_and_errors_in_words_hold_no_escapes(national_sync: Terminal, people: Database, chen: Operator) -> None:
    shown = national_sync("volunteer", "merge", "1", "2", "--dry-run")
    assert "岩温?[31m?" in shown.out
    assert not {"\x1b", "\u202e"} & set(shown.out)
    refused = national_sync("volunteer", "merge", f"x{ESCAPES}", "2", "--dry-run")
    assert (refused.exit_code, not {"\x1b", "\x07", "\u202e"} & set(refused.err)) == (2, True)
    as_json = national_sync("volunteer", "merge", "1", "2", "--dry-run", "--json")
    assert "\x1b" not in as_json.out
    assert as_json.json["plan"]["kept"]["name"] == "岩温\x1b[31m\u202e"


def test_a_volunteer_number_is_whole_for_who_decides_and_masked_for_who_reads(
    national_sync: Terminal, people: Database, chen: Operator
) -> None:
    ask = ("volunteer", "merge", "1", "2", "--dry-run")
    assert NUMBER in national_sync(*ask).out
    add(people, "UPDATE operator SET role = 'viewer'")
    assert "V53*************1V" in national_sync(*ask).out
    assert national_sync(*ask, "--json").json["plan"]["kept"]["number"] == "V53*************1V"


def test_accounts_are_listed_for_administrators_only(national_sync: Terminal, store: Database, chen: Operator) -> None:
    assert national_sync("operator", "list").exit_code == 0
    add(store, "UPDATE operator SET role = 'city_operator'")
    assert national_sync("operator", "list", "--json").json["error"]["code"] == "not_allowed"


@pytest.mark.parametrize(
    ("action", "waits"),
    [
        (
            "update",
            "INSERT INTO observed_volunteer (national_id, updated_at_ms, is_deleted, national_hash, row_id)"
            " VALUES ('a1', 1, 0, X'01', 1), ('a2', 1, 0, X'02', 2)",
        ),
        (
            "withdraw",
            "INSERT INTO absence (entity, row_id, listings_missed, last_listing)"
            " VALUES ('volunteer', 1, 2, 1), ('volunteer', 2, 2, 1)",
        ),
        ("send_update", "UPDATE volunteer SET birth_date = '1992-02-02'"),
        ("send_delete", "DELETE FROM volunteer"),
    ],
)
def test_a_hold_shows_its_records_as_far_as_the_reader_may_see_them(
    national_sync: Terminal, people: Database, chen: Operator, action: str, waits: str
) -> None:
    hold = (
        "INSERT INTO hold (id, run_id, entity, action, reason, records, plan_hash, state) VALUES"
        f" (1, 1, 'volunteer', '{action}', 'too_many_updates', 2, 'abc', 'open')"
    )
    add(people, hold, waits)
    facts = national_sync("hold", "show", "1", "--json").json
    assert facts["by_county"] == [{"county": "530802", "records": 1}, {"county": "530822", "records": 1}]
    assert [(one["row_id"], one["national_id"], one["county"]) for one in facts["records"]] == [
        (1, "a1", "530802"),
        (2, "a2", "530822"),
    ]
    assert "白茶" in national_sync("hold", "show", "1").out
    add(people, "UPDATE operator SET role = 'county_operator', county = '530822'")
    facts = national_sync("hold", "show", "1", "--json").json
    assert [one["name"] for one in facts["records"]] == ["白茶"]
    assert facts["by_county"] == [{"county": "530822", "records": 1}]
    add(people, "UPDATE operator SET role = 'viewer', county = NULL")
    assert [one["name"] for one in national_sync("hold", "show", "1", "--json").json["records"]] == [None, None]


def test_a_rotation_that_was_cut_off_names_the_command_that_goes_on(national_sync: Terminal, store: Database) -> None:
    add(
        store,
        "INSERT INTO run (id, kind, state, holder, lease_until, started_at)"
        " VALUES (1, 'key_rotation', 'running', 'x:1', 1, 1)",
    )
    told = national_sync("sync", "status").out
    assert "national-sync key rotate" in told
    assert "national-sync sync run" not in told


def test_a_file_that_is_no_audit_is_told_in_words(national_sync: Terminal, tmp_path: Path) -> None:
    for content in ("[" * 100_000, "x", json.dumps({"id": None})):
        (tmp_path / "audit.jsonl").write_text(content + "\n")
        answer = national_sync("audit", "verify", "--file", str(tmp_path / "audit.jsonl"))
        assert (answer.exit_code, "no entry at all" in answer.out, "None" in answer.out) == (1, True, False)


def test_a_project_that_has_ended_is_told_in_the_words_of_projects() -> None:
    facts = {
        **dict.fromkeys(("county", "assigned_to", "snoozed_until", "decision", "resolution"), None),
        **{"id": 1, "kind": "both_edited", "entity": "project", "subject": "p", "state": "closed", "field": ""},
        **{"first_seen_at": 1, "times": 1, "detail": {}, "limits": {}, "others": (), "events": (), "earlier": ()},
        "record": {"state": "ended"},
        "steps": [{"at": 1, "side": "local", "actor": "-", "field": "state", "shown": "closed_by_hand"}],
    }
    told = page_in_words(facts)
    assert "closed by hand" in told or "关闭" in told
    assert f": {code_word('state', 'ended')}\n" in told
