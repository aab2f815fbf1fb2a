"""Batches, idempotency keys, client references, versions, reviews, encryption, quota."""

from __future__ import annotations

import json

from tests.unit.mock.desk import APP_ID, SECRET, Desk, person_fields

from national_sync_mocks.nvsi_server import signing
from national_sync_mocks.nvsi_server.service import Call

TEAM = {"albe0002": "同心队", "albe0003": "1", "albe0005": "09", "albe0012": "530802000000000000"}


def test_a_batch_can_succeed_in_part(desk: Desk) -> None:
    volunteer, project = desk.volunteer(), desk.project(desk.team())
    good = desk.hour_fields(volunteer, project)
    later = {**good, "albx0181": "2026-02-11 09:00:00.0", "albx0182": "2026-02-11 10:00:00.0"}
    items = [{"record": good}, {"record": good}, {"record": {**good, "albx0187": "9"}}, {"record": later}]
    results = desk.data("/hour/createBatch", items=items)["results"]
    assert [each["index"] for each in results] == [0, 1, 2, 3]
    assert [each["code"] for each in results] == [0, 40903, 40003, 0]
    assert results[1]["id"] == results[0]["id"]
    updates = [{"id": results[0]["id"], "record": {"remark": "ok"}}, {"id": "0" * 32, "record": {}}]
    assert [each["code"] for each in desk.data("/hour/updateBatch", items=updates)["results"]] == [0, 40401]


def test_more_than_fifty_are_refused_as_a_whole(desk: Desk) -> None:
    assert desk.code("/hour/createBatch", items=[{"record": {}}] * 51) == 42250
    assert desk.code("/hour/createBatch", items=[]) == 40001


def test_at_most_ten_periods_of_one_person_and_project_in_a_submission(desk: Desk) -> None:
    volunteer, project = desk.volunteer(), desk.project(desk.team())
    items = [
        {
            "record": desk.hour_fields(
                volunteer,
                project,
                albx0181=f"2026-02-{day:02d} 09:00:00.0",
                albx0182=f"2026-02-{day:02d} 10:00:00.0",
            )
        }
        for day in range(1, 13)
    ]
    codes = [each["code"] for each in desk.data("/hour/createBatch", items=items)["results"]]
    assert codes == [0] * 10 + [42250] * 2


def test_a_membership_batch_splits_out_members_and_applicants(desk: Desk) -> None:
    open_team, strict_team = desk.team()["id"], desk.team(albe0028="1")["id"]
    first, second = desk.volunteer()["albp0029"], desk.volunteer()["albp0029"]
    desk.data("/membership/create", record={"albe0133": first, "teamId": open_team})
    desk.data("/membership/create", record={"albe0133": first, "teamId": strict_team})
    pairs = [(first, open_team), (second, open_team), (first, strict_team), (second, strict_team)]
    items = [{"record": {"albe0133": number, "teamId": team}} for number, team in pairs]
    answer = desk.data("/membership/createBatch", items=items)
    assert (answer["already"], answer["pending"]) == ([0], [2])
    states = [(each["index"], each["record"]["albe0134"]) for each in answer["results"]]
    assert states == [(1, "1"), (3, "2")]


def test_an_idempotency_key_takes_effect_once(desk: Desk) -> None:
    desk.switch(idempotencyKey=True)
    first = desk.data("/team/create", record=TEAM, idempotencyKey="k")
    assert desk.data("/team/create", record=TEAM, idempotencyKey="k") == first
    assert desk.code("/team/create", record={**TEAM, "albe0003": "2"}, idempotencyKey="k") == 40902


def test_a_record_is_found_by_the_reference_it_was_sent_with(desk: Desk) -> None:
    desk.switch(clientReference=True)
    made = desk.data("/team/create", record=TEAM, clientReference="ref-1")
    assert [each["id"] for each in desk.data("/team/find", clientReference="ref-1")] == [made["id"]]
    assert desk.data("/volunteer/find", clientReference="ref-1") == []
    assert desk.code("/team/create", record={**TEAM, "albe0002": "x"}, clientReference="ref-1") == 40902


def test_a_write_on_an_old_version_is_refused(desk: Desk) -> None:
    desk.switch(etag=True)
    made = desk.data("/team/create", record=TEAM)
    version = made["record"]["version"]
    assert version == str(desk.state.tables["team"].stamp_of[made["id"]])
    assert desk.code("/team/update", id=made["id"], record={"albe0018": "李云"}, version=version) == 0
    assert desk.code("/team/update", id=made["id"], record={"albe0018": "王山"}, version=version) == 40901
    assert desk.code("/team/delete", id=made["id"], version=version) == 40901


def test_a_registration_waits_for_review(desk: Desk) -> None:
    person = person_fields(7)
    ticket = desk.data("/volunteer/create", record=person)["ticket"]
    assert desk.data("/result", ticket=ticket)["state"] == "pending"
    assert desk.data("/volunteer/find", albp0005=person["albp0005"]) == []
    again = desk.call("/volunteer/create", record=person)
    assert (again["code"], again["data"]) == (40902, {"ticket": ticket})
    desk.act("clock", advance=25 * 3600)
    desk.sign_in()
    result = desk.data("/result", ticket=ticket)
    assert result["state"] == "passed"
    assert result["record"]["albp0063"] == "1"
    assert [each["id"] for each in desk.data("/volunteer/find", albp0005=person["albp0005"])] == [result["id"]]


def test_a_review_can_be_refused_with_words(desk: Desk) -> None:
    ticket = desk.data("/volunteer/create", record=person_fields(7))["ticket"]
    desk.act("review", ticket=ticket, decision="refuse", message="照片不清")
    result = desk.data("/result", ticket=ticket)
    assert (result["state"], result["code"], result["message"]) == ("refused", 46000, "照片不清")
    assert desk.code("/volunteer/create", record=person_fields(7)) == 0
    assert desk.code("/result", ticket="x") == 40401


def test_what_has_become_impossible_meanwhile_is_refused_in_the_end(desk: Desk) -> None:
    person = person_fields(7)
    ticket = desk.data("/volunteer/create", record=person)["ticket"]
    desk.volunteer(**person)
    desk.act("review", ticket=ticket, decision="pass")
    assert desk.data("/result", ticket=ticket)["state"] == "refused"


def test_totals_follow_the_hours_on_the_next_day(desk: Desk) -> None:
    team, volunteer = desk.team(), desk.volunteer()
    desk.data("/hour/create", record=desk.hour_fields(volunteer, desk.project(team)))
    assert desk.data("/volunteer/get", id=volunteer["id"])["albp0089"] == "0.00"
    desk.act("clock", advance=86_400)
    desk.sign_in()
    assert desk.data("/volunteer/get", id=volunteer["id"])["albp0089"] == "2.50"
    assert desk.data("/team/get", id=team["id"])["albe0069"] == "2.50"


def test_totals_can_follow_at_once_or_never(desk: Desk) -> None:
    desk.switch(totalsRefresh="immediate")
    volunteer = desk.volunteer()
    desk.data("/hour/create", record=desk.hour_fields(volunteer, desk.project(desk.team())))
    assert desk.data("/volunteer/get", id=volunteer["id"])["albp0089"] == "2.50"


def test_bodies_travel_encrypted_where_that_is_wanted(desk: Desk) -> None:
    made = desk.data("/team/create", record=TEAM)
    desk.switch(encryptedBodies="required")
    assert desk.code("/team/get", id=made["id"]) == 40005
    plain = json.dumps({"id": made["id"]}).encode()
    body = json.dumps({"encrypted": signing.encrypt(SECRET, plain)}).encode()
    answer = desk.service.answer(Call("/team/get", desk.token, body)).body
    opened = signing.decrypt(SECRET, json.loads(answer)["encrypted"])
    assert opened["data"]["id"] == made["id"]
    desk.switch(encryptedBodies="off")
    refused = json.loads(desk.service.answer(Call("/team/get", desk.token, body)).body)
    assert int(refused["code"]) == 40002


def test_a_garbled_encrypted_body_is_malformed(desk: Desk) -> None:
    for text in ("", "AAAA", "not base64", "A" * 64):
        assert desk.code("/team/get", encrypted=text) == 40001


def test_token_calls_are_signed_fresh_and_timely(desk: Desk) -> None:
    def ask(**changes: object) -> int:
        now = desk.state.shown_now_ms()
        body = {"appId": APP_ID, "timestamp": now, "nonce": "f" * 32, **changes}
        body.setdefault("sign", signing.signature(SECRET, APP_ID, int(str(body["timestamp"])), str(body["nonce"])))
        return desk.code("/token", **body)

    now = desk.state.shown_now_ms()
    assert ask(sign="0" * 64) == 40101
    assert ask(appId="x") == 40101
    assert ask(timestamp=now - 301_000) == 40103
    assert ask() == 0
    assert ask() == 40104


def test_a_token_ends(desk: Desk) -> None:
    assert desk.code("/system/info") == 0
    desk.act("clock", advance=7200)
    assert desk.code("/system/info") == 40102
    desk.sign_in()
    assert desk.code("/system/info") == 0


def test_the_quota_of_a_day_is_spent_and_comes_back(desk: Desk) -> None:
    desk.switch(perDay=2)
    assert [desk.code("/team/list") for _ in range(3)] == [0, 0, 42902]
    assert desk.data("/system/info")["quota"] == {"perDay": 2, "used": 2}
    desk.act("clock", advance=86_400)
    desk.sign_in()
    assert desk.code("/team/list") == 0


def test_too_many_calls_a_second_are_refused(desk: Desk) -> None:
    desk.switch(perSecond=1)
    codes = [desk.code("/team/list") for _ in range(4)]
    assert 42901 in codes
