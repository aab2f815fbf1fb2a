"""The national side's rules for teams, volunteers, memberships, projects and training."""

from __future__ import annotations

import pytest
from tests.unit.mock.desk import AREA, Desk, person_fields

YUNNAN_OTHER, SICHUAN = "530102000000000000", "510104000000000000"


def test_joining_an_open_team_makes_a_member(desk: Desk) -> None:
    team, volunteer = desk.team(), desk.volunteer()
    asked = {"albe0133": volunteer["albp0029"], "teamId": team["id"]}
    assert desk.data("/membership/create", record=asked)["record"]["albe0134"] == "1"
    again = desk.call("/membership/create", record=asked)
    assert again["code"] == 40902
    assert again["data"]["id"] in desk.state.tables["membership"].records


def test_joining_a_team_that_reviews_ends_in_applied(desk: Desk) -> None:
    team, volunteer = desk.team(albe0028="1"), desk.volunteer()
    made = desk.data(
        "/membership/create", record={"albe0133": volunteer["albp0029"], "teamId": team["id"], "albe0134": "1"}
    )
    assert made["record"]["albe0134"] == "2"
    assert desk.code("/membership/update", id=made["id"], record={"albe0134": "1"}) == 0
    assert desk.code("/membership/update", id=made["id"], record={"albe0134": "2"}) == 40003


@pytest.mark.parametrize(
    ("team", "volunteer", "words"),
    [
        ({"albe0026": "3"}, {}, "停用"),
        ({"albe0026": "2"}, {}, "未通过审核"),
        ({"albe0028": "3"}, {}, "不接受加入申请"),
        ({"albe0028": "4"}, {}, "不接受加入申请"),
        ({}, {"albp0063": "0"}, "实名认证"),
        ({}, {"albp0063": "2"}, "实名认证"),
        ({}, {"albp0090": "0"}, "停用"),
        ({"albe0012": SICHUAN}, {}, "其他省份"),
    ],
)
def test_joining_is_refused_with_the_reason(
    desk: Desk, team: dict[str, str], volunteer: dict[str, str], words: str
) -> None:
    record = {"albe0133": desk.volunteer(**volunteer)["albp0029"], "teamId": desk.team(**team)["id"]}
    answer = desk.call("/membership/create", record=record)
    assert answer["code"] == 40301
    assert words in answer["message"]


def test_a_second_membership_depends_on_the_switch(desk: Desk) -> None:
    number = desk.volunteer()["albp0029"]
    assert desk.code("/membership/create", record={"albe0133": number, "teamId": desk.team()["id"]}) == 0
    desk.switch(twoMemberships=False)
    second = {"albe0133": number, "teamId": desk.team()["id"]}
    assert desk.code("/membership/create", record=second) == 40301
    desk.switch(twoMemberships=True)
    assert desk.code("/membership/create", record=second) == 0


def test_leaving_a_team_deletes_neither_hours_nor_other_memberships(desk: Desk) -> None:
    volunteer, teams = desk.volunteer(), [desk.team(), desk.team()]
    ids = [
        desk.data("/membership/create", record={"albe0133": volunteer["albp0029"], "teamId": team["id"]})["id"]
        for team in teams
    ]
    hour = desk.data("/hour/create", record=desk.hour_fields(volunteer, desk.project(teams[0])))
    assert desk.code("/membership/delete", id=ids[0]) == 0
    assert desk.data("/hour/get", id=hour["id"])["albx0174"] == "2"
    assert int(desk.data("/membership/get", id=ids[1])["isdelete"]) == 0


def test_who_was_refused_may_apply_again(desk: Desk) -> None:
    team, volunteer = desk.team(albe0028="1"), desk.volunteer()
    asked = {"albe0133": volunteer["albp0029"], "teamId": team["id"]}
    first = desk.data("/membership/create", record=asked)["id"]
    desk.act("review", membership=first, decision="refuse")
    second = desk.data("/membership/create", record=asked)["id"]
    assert second != first
    assert [found["id"] for found in desk.data("/membership/find", **asked)] == [second]


def test_team_names_are_unique_in_an_area(desk: Desk) -> None:
    record = {"albe0002": "向阳队", "albe0003": "1", "albe0005": "09", "albe0012": AREA}
    first = desk.data("/team/create", record=record)
    refused = desk.call("/team/create", record=record)
    assert (refused["code"], refused["data"]) == (40902, {"id": first["id"]})
    assert desk.code("/team/create", record={**record, "albe0012": YUNNAN_OTHER}) == 0
    assert desk.code("/team/delete", id=first["id"]) == 0
    assert desk.data("/team/get", id=first["id"])["albe0026"] == "4"
    assert desk.code("/team/create", record=record) == 0


@pytest.mark.parametrize(
    "form",
    [
        lambda number: number,
        lambda number: number[:6] + number[8:17],
    ],
)
def test_one_id_number_registers_once_in_whatever_form(desk: Desk, form) -> None:  # type: ignore[no-untyped-def]
    desk.switch(asyncResults=False)
    person = person_fields(7)
    first = desk.data("/volunteer/create", record=person)
    refused = desk.call("/volunteer/create", record={**person, "albp0005": form(person["albp0005"])})
    assert (refused["code"], refused["data"]) == (40902, {"id": first["id"]})
    assert "已注册" in refused["message"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"albp0005": "530802199005170010"}, "校验码"),
        ({"albp0014": "1990-05-18"}, "albp0014"),
        ({"albp0006": "9"}, "albp0006"),
        ({"albp0020": "530800000000000000"}, "县级"),
        ({"albp0020": "530899000000000000"}, "不是有效的区划编号"),
        ({"albp0021": "0001,0002,0003,0004,0005"}, "最多填 4 类"),
        ({"albp0003": ""}, "不能为空"),
        ({"albp0010": "12345"}, "电话号码"),
    ],
)
def test_a_wrong_registration_is_refused_with_the_reason(desk: Desk, change: dict[str, str], words: str) -> None:
    answer = desk.call("/volunteer/create", record={**person_fields(7), **change})
    assert answer["code"] == 40003
    assert words in answer["message"]


def test_what_the_national_side_gives_cannot_be_set(desk: Desk) -> None:
    desk.switch(asyncResults=False)
    made = desk.data("/volunteer/create", record={**person_fields(7), "albp0089": "900.00", "albp0063": "0"})
    assert (made["record"]["albp0089"], made["record"]["albp0063"]) == ("0.00", "1")
    assert desk.code("/volunteer/update", id=made["id"], record={"albp0089": "900.00"}) == 40003
    assert desk.code("/volunteer/update", id=made["id"], record={"albp0089": "0.00"}) == 0
    assert desk.code("/volunteer/update", id=made["id"], record={"updatetime": "x"}) == 40003


def test_the_volunteer_number_names_area_and_month(desk: Desk) -> None:
    desk.switch(asyncResults=False)
    number = desk.data("/volunteer/create", record=person_fields(7))["record"]["albp0029"]
    assert number.startswith("V5308022603")
    assert (len(number), number[-1]) == (18, "V")


def test_regional_categories_are_dropped_on_a_move_to_another_region(desk: Desk) -> None:
    volunteer = desk.volunteer(albp0021="0001,530801")
    moved = desk.data("/volunteer/update", id=volunteer["id"], record={"albp0020": YUNNAN_OTHER})
    assert moved["record"]["albp0021"] == "0001"


def test_a_star_is_exactly_the_band_of_the_hours_and_only_rises(desk: Desk) -> None:
    volunteer = desk.volunteer(albp0089="320.00")
    for star, code in (("1", 40003), ("3", 40003), ("2", 0), ("1", 40003)):
        assert desk.code("/volunteer/update", id=volunteer["id"], record={"albp0026": star}) == code


PROJECT = {
    "albx0002": "护林",
    "albx0004": "2026-03-02 00:00:00.0",
    "albx0005": "2026-03-20 23:59:59.0",
    "albx0009": "0006",
    "albx0021": AREA,
}
PAST = {"albx0004": "2026-01-02 00:00:00.0", "albx0005": "2026-01-20 23:59:59.0"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (PAST, "不能早于今天"),
        ({**PAST, "albx0024": "5"}, "albx0047"),
        ({"albx0024": "5", "albx0047": "scan.pdf"}, "须已结束"),
        ({"albx0002": "长" * 51}, "过长"),
        ({"albx0004": "2026-03-02 09:00:00.0"}, "00:00:00"),
        ({"albx0005": "2026-03-20 18:00:00.0"}, "23:59:59"),
        ({"albx0005": "2026-03-01 23:59:59.0"}, "须晚于开始时间"),
        ({"albx0006": "2026-03-01 00:00:00.0"}, "同时填写"),
        ({"albx0006": "2026-03-05 00:00:00.0", "albx0007": "2026-03-21 00:00:00.0"}, "不能晚于项目结束时间"),
        ({"albx0015": "12"}, "补录"),
    ],
)
def test_a_wrong_project_is_refused_with_the_reason(desk: Desk, change: dict[str, str], words: str) -> None:
    answer = desk.call("/project/create", record={**PROJECT, "teamId": desk.team()["id"], **change})
    assert answer["code"] == 40003
    assert words in answer["message"]


def test_ordinary_and_back_fill_projects_are_made(desk: Desk) -> None:
    team = desk.team()["id"]
    ordinary = desk.data("/project/create", record={**PROJECT, "teamId": team})
    past = {**PROJECT, **PAST, "teamId": team, "albx0024": "5", "albx0047": "scan.pdf"}
    assert ordinary["record"]["albx0015"] == "0"
    assert desk.data("/project/create", record=past)["record"]["albx0015"] == "12"
    assert desk.code("/project/create", record={**PROJECT, "teamId": team}) == 40902
    assert desk.code("/project/update", id=ordinary["id"], record={"albx0015": "4"}) == 0
    assert desk.code("/project/update", id=ordinary["id"], record={"albx0015": "12"}) == 40003


def test_training_is_recorded_once_and_not_ahead_of_time(desk: Desk) -> None:
    number = desk.volunteer()["albp0029"]
    record = {"volunteerNumber": number, "albx0282": "急救", "albx0284": "2026-02-01", "albx0288": "2.5"}
    assert desk.data("/training/create", record=record)["record"]["albx0288"] == "2.50"
    assert desk.code("/training/create", record=record) == 40902
    assert desk.code("/training/create", record={**record, "albx0284": "2026-03-03"}) == 40003
    assert desk.code("/training/create", record={**record, "albx0282": "y", "albx0288": "0.00"}) == 40003
