"""The national side's rules for hour records."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.mock.desk import Desk


@pytest.fixture
def scene(desk: Desk) -> dict[str, Any]:
    team = desk.team()
    return {"team": team, "project": desk.project(team), "volunteer": desk.volunteer()}


def enter(desk: Desk, scene: dict[str, Any], **fields: str) -> dict[str, Any]:
    record = desk.hour_fields(scene["volunteer"], scene["project"], **fields)
    return desk.call("/hour/create", record=record)


def test_hours_are_the_rounded_time_between_start_and_end(desk: Desk, scene: dict[str, Any]) -> None:
    record = enter(desk, scene, albx0182="2026-02-10 09:10:00.0")["data"]["record"]
    assert record["albx0172"] == "0.17"
    assert record["albx0174"] == "2"


@pytest.mark.parametrize(
    ("fields", "code", "words"),
    [
        ({"albx0182": "2026-02-11 01:00:00.0"}, 40003, "同一天"),
        ({"albx0182": "2026-02-10 08:00:00.0"}, 40003, "须晚于开始时间"),
        ({"albx0182": "2026-02-10 09:00:00.0"}, 40003, "须晚于开始时间"),
        ({"albx0182": "2026-02-10 09:00:10.0"}, 40003, "不能为零"),
        ({"albx0181": "2026-01-10 09:00:00.0", "albx0182": "2026-01-10 10:00:00.0"}, 40003, "不在项目起止日期内"),
        ({"albx0181": "2026-03-02 00:30:00.0", "albx0182": "2026-03-02 02:00:00.0"}, 40003, "不能晚于当前时间"),
        ({"albx0172": "3.00"}, 40003, "与起止时间不符"),
        ({"albx0175": "V530802260199999V"}, 40401, "所指志愿者不存在"),
        ({"albx0176": "0" * 32}, 40401, "所指项目不存在"),
        ({"remark": "长" * 501}, 40003, "过长"),
        ({"albx0181": "2026-02-31 09:00:00.0"}, 40003, "日期不存在"),
        ({"albx0187": "9"}, 40003, "代码表"),
        ({"zzzz": "1"}, 40002, "未知字段"),
        ({"remark": "a\x00b"}, 40003, "非文字字符"),
        ({"remark": "a\ud800"}, 40003, "非文字字符"),
    ],
)
def test_a_wrong_entry_is_refused_with_the_reason(
    desk: Desk, scene: dict[str, Any], fields: dict[str, str], code: int, words: str
) -> None:
    answer = enter(desk, scene, **fields)
    assert answer["code"] == code
    assert words in answer["message"]
    assert not desk.state.tables["hour"].records


def test_there_is_no_daily_maximum(desk: Desk, scene: dict[str, Any]) -> None:
    whole_day = {"albx0181": "2026-02-10 00:00:00.0", "albx0182": "2026-02-10 23:59:59.0"}
    assert enter(desk, scene, **whole_day)["data"]["record"]["albx0172"] == "24.00"


def test_records_of_one_person_may_touch_but_not_overlap_in_any_team(desk: Desk, scene: dict[str, Any]) -> None:
    first = enter(desk, scene)["data"]["id"]
    touching = {"albx0181": "2026-02-10 11:30:00.0", "albx0182": "2026-02-10 12:00:00.0"}
    assert enter(desk, scene, **touching)["code"] == 0
    elsewhere = {**scene, "project": desk.project(desk.team())}
    refused = enter(desk, elsewhere, albx0182="2026-02-10 09:20:00.0")
    assert (refused["code"], refused["data"]) == (40903, {"id": first})


def test_nothing_is_entered_while_the_person_is_signed_in(desk: Desk, scene: dict[str, Any]) -> None:
    fields = desk.hour_fields(scene["volunteer"], scene["project"])
    desk.act("create", entity="hour_record", fields={**fields, "albx0172": "0.00", "albx0174": "1"})
    later = {"albx0181": "2026-02-20 11:30:00.0", "albx0182": "2026-02-20 12:00:00.0"}
    assert enter(desk, scene, **later)["code"] == 40301


@pytest.mark.parametrize("state", ["6", "7", "9", "11"])
def test_a_closed_project_takes_no_hours(desk: Desk, scene: dict[str, Any], state: str) -> None:
    desk.act("edit", entity="project", id=scene["project"]["id"], fields={"albx0015": state})
    assert enter(desk, scene)["code"] == 40301


def test_the_team_must_be_that_of_the_project(desk: Desk, scene: dict[str, Any]) -> None:
    assert enter(desk, scene, albx0177=desk.team()["id"])["code"] == 40003


def test_deletion_needs_every_fact(desk: Desk, scene: dict[str, Any]) -> None:
    hour = enter(desk, scene)["data"]["record"]
    facts = {
        "areaId": scene["team"]["albe0012"],
        "teamId": hour["albx0177"],
        "projectId": hour["albx0176"],
        "volunteerNumber": hour["albx0175"],
        "albx0172": hour["albx0172"],
    }
    for name in facts:
        assert desk.code("/hour/delete", id=hour["id"], **{**facts, name: "x"}) == 42210
        without = {other: value for other, value in facts.items() if other != name}
        assert desk.code("/hour/delete", id=hour["id"], **without) == 42210
    assert desk.code("/hour/delete", id=hour["id"], **facts) == 0
    deleted = desk.data("/hour/get", id=hour["id"])
    assert (int(deleted["isdelete"]), deleted["albx0174"]) == (1, "3")
    assert desk.code("/hour/delete", id=hour["id"], **facts) == 40401


def test_moving_the_times_computes_the_hours_again(desk: Desk, scene: dict[str, Any]) -> None:
    hour = enter(desk, scene)["data"]["record"]
    changed = desk.data("/hour/update", id=hour["id"], record={"albx0182": "2026-02-10 10:00:00.0"})
    assert changed["record"]["albx0172"] == "1.00"
    assert desk.code("/hour/update", id=hour["id"], record={"albx0175": "V1"}) == 40003


def test_an_update_must_not_run_into_another_record(desk: Desk, scene: dict[str, Any]) -> None:
    hour = enter(desk, scene)["data"]["record"]
    enter(desk, scene, albx0181="2026-02-10 12:00:00.0", albx0182="2026-02-10 13:00:00.0")
    assert desk.code("/hour/update", id=hour["id"], record={"albx0182": "2026-02-10 12:30:00.0"}) == 40903


def test_an_update_that_changes_nothing_leaves_the_update_time(desk: Desk, scene: dict[str, Any]) -> None:
    hour = enter(desk, scene)["data"]["record"]
    again = desk.data("/hour/update", id=hour["id"], record={"remark": hour["remark"]})
    assert again["record"] == hour
