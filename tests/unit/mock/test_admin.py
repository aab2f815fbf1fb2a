from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.mock.desk import Desk


def dump(desk: Desk, **query: Any) -> Any:
    return json.loads(desk.admin.answer("GET", "/admin/dump", b"stamps=0" if query else b"", b"")[1])


def test_a_snapshot_brings_everything_back(city: Desk) -> None:
    city.act("snapshot", name="start")
    before = dump(city)
    hour = next(iter(city.state.tables["hour"].records))
    team = next(iter(city.state.tables["team"].records))
    city.act("edit", entity="hour_record", id=hour, fields={"remark": "x"})
    city.act("purge", entity="team", id=team)
    city.act("clock", advance=3600)
    city.switch(tombstones=False)
    assert dump(city) != before
    for _ in range(2):
        city.act("restore", name="start")
        assert dump(city) == before
        assert city.state.settings.capabilities.tombstones
        city.act("edit", entity="hour_record", id=hour, fields={"remark": "y"})


def test_two_runs_from_one_snapshot_end_alike_down_to_the_ids(city: Desk) -> None:
    team = {"albe0002": "同心队", "albe0003": "1", "albe0005": "09", "albe0012": "530802000000000000"}
    ends = []
    city.act("snapshot", name="start")
    for names in (("甲", "乙"), ("乙", "甲")):
        city.act("restore", name="start")
        for name in names:
            city.data("/team/create", record={**team, "albe0002": name})
        ends.append(dump(city, stamps=0))
    assert ends[0] == ends[1]


def test_two_persons_become_one(desk: Desk) -> None:
    team, loser, winner = desk.team(), desk.volunteer(), desk.volunteer()
    project = desk.project(team)
    other = desk.project(team)
    lost = desk.data("/hour/create", record=desk.hour_fields(loser, project))["id"]
    desk.data("/hour/create", record=desk.hour_fields(winner, other))
    for person in (loser, winner):
        desk.data("/membership/create", record={"albe0133": person["albp0029"], "teamId": team["id"]})
    desk.act("merge", **{"from": loser["id"], "into": winner["id"]})
    assert desk.data("/hour/get", id=lost)["albx0175"] == winner["albp0029"]
    assert int(desk.data("/volunteer/get", id=loser["id"])["isdelete"]) == 1
    assert desk.data("/volunteer/get", id=winner["id"])["albp0089"] == "5.00"
    pair = {"albe0133": winner["albp0029"], "teamId": team["id"]}
    assert len(desk.data("/membership/find", **pair)) == 1


def test_purged_records_leave_no_trace_and_their_ids_are_not_used_again(desk: Desk) -> None:
    record = {"albe0002": "同心队", "albe0003": "1", "albe0005": "09", "albe0012": "530802000000000000"}
    first = desk.data("/team/create", record=record)["id"]
    desk.act("purge", entity="team", id=first)
    assert desk.data("/team/get", id=first) is None
    assert desk.data("/team/create", record=record)["id"] != first


def test_a_total_set_by_hand_stays_off_by_as_much(desk: Desk) -> None:
    volunteer = desk.volunteer()
    desk.switch(totalsRefresh="immediate")
    desk.act("edit", entity="volunteer", id=volunteer["id"], fields={"albp0089": "1.00"})
    desk.data("/hour/create", record=desk.hour_fields(volunteer, desk.project(desk.team())))
    assert desk.data("/volunteer/get", id=volunteer["id"])["albp0089"] == "3.50"


def test_a_record_shown_distorted_can_be_healed(desk: Desk) -> None:
    team = desk.team()
    desk.act("corrupt", entity="team", id=team["id"], variant="unknown-field")
    assert "zzzz9999" in desk.data("/team/get", id=team["id"])
    assert "zzzz9999" in desk.data("/team/list")[0]
    assert desk.act("heal") == {"healed": 1}
    assert "zzzz9999" not in desk.data("/team/get", id=team["id"])


def test_the_log_of_calls_holds_no_personal_data(desk: Desk) -> None:
    volunteer = desk.volunteer()
    since = desk.service.log_count
    desk.call("/volunteer/find", albp0005=volunteer["albp0005"])
    desk.call("/volunteer/update", id=volunteer["id"], record={"albp0010": "13812345678"})
    calls = desk.admin.calls({"since": since})["calls"]
    assert [(call["path"], call["writes"], call["code"]) for call in calls] == [
        ("/volunteer/find", 0, 0),
        ("/volunteer/update", 1, 0),
    ]
    assert calls[1]["ids"] == [volunteer["id"]]
    text = json.dumps(calls)
    assert volunteer["albp0005"] not in text
    assert "13812345678" not in text
    assert desk.admin.calls({"since": since, "summary": "1"})["writes"] == 1


def test_reset_makes_a_new_city(city: Desk) -> None:
    city.act("reset", seed=9, volunteers=30, teams=3, projects=4, hours=50)
    assert len(city.state.tables["hour"].records) == 50
    assert city.state.seed == 9


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("edit", {"entity": "team", "id": "0" * 32, "fields": {}}, "no such record"),
        ("edit", {"entity": "nothing", "id": "x", "fields": {}}, "nothing"),
        ("create", {"entity": "team", "fields": {"zzzz": "1"}}, "unknown field zzzz"),
        ("create", {"entity": "team", "fields": {}}, "Missing required"),
        ("capabilities", {"tombstone": True}, "no capability is called 'tombstone'"),
        ("capabilities", {"batchSize": "many"}, "must be a number"),
        ("capabilities", {"changeFilter": "people"}, "no entity is called 'people'"),
        ("faults", {"faults": [{"fault": "flood"}]}, "no fault is called 'flood'"),
        ("faults", {"faults": [{"fault": "429", "match": {"pth": "x"}}]}, "unknown pth"),
        ("faults", {"faults": [{"fault": "bad-record", "parameters": {"variant": "x"}}]}, "variants are"),
        ("clock", {"forward": 3}, "unknown: forward"),
        ("restore", {"name": "x"}, "no snapshot"),
        ("review", {"decision": "maybe"}, "pass or refuse"),
        ("real-name", {"id": "x", "state": "1"}, "no such volunteer"),
        ("reset", {"hours": -1}, "sizes lie"),
    ],
)
def test_a_wrong_admin_call_is_told_why(desk: Desk, name: str, body: dict[str, Any], words: str) -> None:
    status, content = desk.admin.answer("POST", f"/admin/{name}", b"", json.dumps(body).encode())
    assert status == 400
    assert words in json.loads(content)["error"]


def test_unknown_admin_calls_are_refused(desk: Desk) -> None:
    assert desk.admin.answer("GET", "/admin/nothing", b"", b"")[0] == 404
    assert desk.admin.answer("GET", "/admin/reset", b"", b"")[0] == 405


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("tombstones", "off", False),
        ("changeFilter", "none", []),
        ("changeFilter", "team,volunteer", ["team", "volunteer"]),
        ("batchWrite", "hour_record:create", [["hour_record", "create"]]),
        ("encryptedBodies", "required", "required"),
        ("reviewHours", "0.5", 0.5),
        ("batchSize", "10", 10),
    ],
)
def test_switches_are_set_by_text(desk: Desk, name: str, value: str, stored: Any) -> None:
    assert desk.act("capabilities", **{name: value})[name] == stored


def test_the_clock_is_set_advanced_frozen_and_let_run(desk: Desk) -> None:
    at = desk.act("clock", set="2026-03-05 08:00:00")
    assert (at["text"], at["frozen"]) == ("2026-03-05 08:00:00.000", True)
    assert desk.act("clock", advance=90)["text"] == "2026-03-05 08:01:30.000"
    skewed = desk.act("clock", skew=600)
    assert skewed["shown"] - skewed["now"] == 600_000
    running = desk.act("clock", frozen=False)
    assert not running["frozen"]
    assert running["now"] >= skewed["now"]
