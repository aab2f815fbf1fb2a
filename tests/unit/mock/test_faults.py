from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.mock.desk import Desk

from national_sync_mocks.nvsi_server.distortions import VARIANTS
from national_sync_mocks.nvsi_server.faults import PARAMETERS, FaultScript, every_fault, read_script
from national_sync_mocks.nvsi_server.service import Call

TEAM = {"albe0002": "同心队", "albe0003": "1", "albe0005": "09", "albe0012": "530802000000000000"}


def script(desk: Desk, fault: str, parameters: dict[str, Any] | None = None, **match: Any) -> None:
    desk.act("faults", faults=[{"match": match, "fault": fault, "parameters": parameters or {}}])


def fired(faults: FaultScript, calls: int, path: str = "/team/list") -> list[int]:
    segment, action = path.strip("/").split("/")
    return [number for number in range(1, calls + 1) if faults.pick(path, segment, action)]


@pytest.mark.parametrize(
    ("match", "calls"),
    [
        ({"nth": 3}, [3]),
        ({"nth": 3, "times": 2}, [3, 4]),
        ({"every": 4, "times": 2}, [4, 8]),
        ({"after": 2, "every": 3}, [5, 8]),
        ({"times": 2}, [1, 2]),
        ({"path": "/hour/*"}, []),
        ({"path": "*/list", "nth": 9}, [9]),
        ({"entity": "volunteer"}, []),
        ({"entity": "team", "nth": 1}, [1]),
    ],
)
def test_an_entry_fires_when_it_says(match: dict[str, Any], calls: list[int]) -> None:
    assert fired(FaultScript.of([{"match": match, "fault": "5xx"}], 1), 10) == calls


def test_chance_follows_the_seed() -> None:
    source = [{"match": {"probability": 0.3}, "fault": "5xx"}]
    first, second, other = (fired(FaultScript.of(source, seed), 200) for seed in (1, 1, 2))
    assert first == second != other
    assert 30 < len(first) < 90


def test_an_entry_that_loses_its_turn_fires_later() -> None:
    faults = FaultScript.of([{"match": {"nth": 2}, "fault": "429"}, {"match": {"nth": 2}, "fault": "5xx"}], 1)
    picked = [faults.pick("/team/list", "team", "list") for _ in range(4)]
    assert [fault and fault.kind for fault in picked] == [None, "429", "5xx", None]


def test_faults_of_lists_spare_other_calls() -> None:
    faults = FaultScript.of([{"fault": "duplicate-page"}], 1)
    assert faults.pick("/team/get", "team", "get") is None
    assert faults.pick("/team/list", "team", "list") is not None


def test_the_script_that_comes_along_has_every_fault_and_ends() -> None:
    source = every_fault()
    assert {entry["fault"] for entry in source} == set(PARAMETERS)
    variants = {e["parameters"]["variant"] for e in source if e["fault"] == "bad-record"}
    assert variants == set(VARIANTS)
    faults = FaultScript.of(source, 1)
    assert all(entry.times is not None for entry in faults.entries)
    for _ in range(4000):
        for segment in ("team", "volunteer", "membership", "project", "hour", "training"):
            for action in ("list", "get", "totals", "create", "createBatch", "update", "updateBatch", "delete"):
                faults.pick(f"/{segment}/{action}", segment, action)
        faults.pick("/token", None, "token")
        faults.pick("/system/info", None, "info")
    assert [entry.times for entry in faults.entries] == faults.fired


def test_a_script_is_read_from_toml_too(tmp_path: Any) -> None:
    path = tmp_path / "faults.toml"
    path.write_text('[[faults]]\nfault = "429"\nmatch = { nth = 2 }\n')
    assert read_script(path) == [{"fault": "429", "match": {"nth": 2}}]


@pytest.mark.parametrize(
    ("fault", "status"),
    [("429", 429), ("429-date", 429), ("429-no-header", 429), ("5xx", 503), ("redirect", 302), ("html-login", 200)],
)
def test_some_faults_answer_before_anything_happens(desk: Desk, fault: str, status: int) -> None:
    script(desk, fault, nth=1)
    body = json.dumps({"record": TEAM}).encode()
    answer = desk.service.answer(Call("/team/create", desk.token, body))
    assert answer.status == status
    assert not desk.state.tables["team"].records
    retry_after = dict(answer.headers).get("Retry-After")
    assert (retry_after is not None) == (fault in ("429", "429-date"))


def test_a_lost_answer_has_had_its_effect_and_a_lost_request_has_not(desk: Desk) -> None:
    for fault, count in (("lost-request", 0), ("lost-answer", 1)):
        script(desk, fault, nth=1)
        desk.call("/team/create", record=TEAM) if fault == "lost-answer" else desk.service.answer(
            Call("/team/create", desk.token, json.dumps({"record": TEAM}).encode())
        )
        assert len(desk.state.tables["team"].records) == count


def test_pages_come_twice_shifted_or_for_ever(city: Desk) -> None:
    def page(number: int) -> list[str]:
        return [record["id"] for record in city.data("/hour/list", pageNum=number, pageSize=100)]

    first, second, third = page(1), page(2), page(3)
    script(city, "duplicate-page", nth=2)
    assert [page(1), page(2), page(2)] == [first, first, second]
    script(city, "shifted-page", {"by": 1}, nth=2)
    assert [page(1), page(2)] == [first, second[1:] + third[:1]]
    script(city, "page-repeats-for-ever", {"page": 2}, nth=1, times=3)
    assert [page(1), page(2), page(99)] == [second] * 3


def test_totals_lie_and_records_disappear_for_a_while(city: Desk) -> None:
    true = city.call("/volunteer/list", pageSize=500)
    script(city, "totals-lie", {"by": 7}, times=1)
    assert city.call("/volunteer/list", pageSize=500)["totalCount"] == true["totalCount"] + 7
    script(city, "mass-disappearance", {"share": 0.6}, path="/volunteer/*", times=3)
    thinned = city.call("/volunteer/list", pageSize=500)
    assert thinned["totalCount"] == len(thinned["data"]) < 0.7 * true["totalCount"]
    gone = {r["id"] for r in true["data"]} - {r["id"] for r in thinned["data"]}
    assert city.data("/volunteer/get", id=min(gone)) is None
    assert city.data("/volunteer/totals")["count"] == thinned["totalCount"]
    assert city.call("/volunteer/list", pageSize=500)["totalCount"] == true["totalCount"]


def test_a_replica_that_lags_shows_the_past(desk: Desk) -> None:
    team = desk.team(albe0018="李云")
    desk.act("clock", advance=60)
    desk.act("edit", entity="team", id=team["id"], fields={"albe0018": "王山"})
    added = desk.team()
    script(desk, "stale-replica", {"seconds": 30}, times=2)
    assert [r["albe0018"] for r in desk.data("/team/list")] == ["李云"]
    assert desk.data("/team/get", id=added["id"]) is None
    assert len(desk.data("/team/list")) == 2
    script(desk, "stale-replica", {"writes": 1}, times=1)
    assert [r["albe0018"] for r in desk.data("/team/list")] == ["王山"]


@pytest.mark.parametrize("silent", [True, False])
def test_an_acknowledged_write_is_reverted_later(desk: Desk, silent: bool) -> None:
    team = desk.team(albe0018="李云")
    script(desk, "undo-writes", {"afterCalls": 2, "silent": silent}, path="*/update", nth=1)
    changed = desk.data("/team/update", id=team["id"], record={"albe0018": "王山"})["record"]
    assert desk.data("/team/get", id=team["id"]) == changed
    reverted = desk.data("/team/get", id=team["id"])
    assert reverted["albe0018"] == "李云"
    assert (reverted["updatetime"] == team["updatetime"]) == silent
    assert (reverted["updatetime"] > changed["updatetime"]) != silent


def test_a_reverted_creation_vanishes_or_leaves_a_tombstone(desk: Desk) -> None:
    for silent, left in ((True, []), (False, [1])):
        script(desk, "undo-writes", {"afterCalls": 1, "silent": silent}, path="*/create", nth=1)
        desk.data("/team/create", record=TEAM)
        assert [int(record["isdelete"]) for record in desk.data("/team/list")] == left


def test_items_of_a_batch_fail_and_creations_wait(desk: Desk) -> None:
    volunteer, project = desk.volunteer(), desk.project(desk.team())
    record = desk.hour_fields(volunteer, project)
    script(desk, "partial-batch", {"every": 2}, nth=1)
    items = [
        {"record": {**record, "albx0181": f"2026-02-1{n} 11:00:00.0", "albx0182": f"2026-02-1{n} 12:00:00.0"}}
        for n in range(4)
    ]
    codes = [each["code"] for each in desk.data("/hour/createBatch", items=items)["results"]]
    assert codes == [0, 50001, 0, 50001]
    script(desk, "asynchronous-review", {"hours": 0, "refuse": "资料不全"}, nth=1)
    later = {**record, "albx0181": "2026-02-20 11:00:00.0", "albx0182": "2026-02-20 12:00:00.0"}
    ticket = desk.data("/hour/create", record=later)["ticket"]
    assert desk.data("/result", ticket=ticket)["message"] == "资料不全"


def test_a_token_expires_and_a_clock_is_wrong_for_one_call(desk: Desk) -> None:
    script(desk, "expired-token", nth=1)
    assert [desk.code("/team/list") for _ in range(2)] == [40102, 40102]
    desk.sign_in()
    assert desk.code("/team/list") == 0
    now = desk.state.shown_now_ms()
    script(desk, "clock-skew", {"seconds": 600}, nth=1)
    shown = [desk.data("/system/info")["serverTime"] for _ in range(2)]
    assert shown == [now + 600_000, now]


@pytest.mark.parametrize("variant", sorted(VARIANTS))
def test_every_bad_record_differs_from_the_true_one_and_goes_away(city: Desk, variant: str) -> None:
    for segment in ("team", "volunteer", "membership", "project", "hour", "training"):
        true = city.data(f"/{segment}/list", pageSize=20)
        script(city, "bad-record", {"variant": variant, "position": 3, "length": 1000}, nth=1)
        bad = city.data(f"/{segment}/list", pageSize=20)
        assert json.dumps(bad) != json.dumps(true)
        assert bad[:2] == true[:2]
        assert city.data(f"/{segment}/list", pageSize=20) == true


def test_a_sticky_bad_record_stays_until_it_is_healed(city: Desk) -> None:
    script(city, "bad-record", {"variant": "nul", "sticky": True}, nth=1)
    shown = [city.data("/project/list", pageSize=5)[0]["albx0002"] for _ in range(2)]
    assert all(name.endswith("\x00") for name in shown)
    city.act("heal")
    assert "\x00" not in city.data("/project/list", pageSize=5)[0]["albx0002"]


def test_the_same_calls_meet_the_same_night(city: Desk) -> None:
    city.act("faults", faults="every", seed=5)
    city.act("snapshot", name="start")
    nights = []
    for _ in range(2):
        city.act("restore", name="start")
        city.sign_in()
        nights.append([_shown(city, number) for number in range(120)])
    assert nights[0] == nights[1]
    assert len({night[0] for night in nights[0]}) > 8


def _shown(desk: Desk, number: int) -> tuple[str, int, bytes]:
    segment = ("team", "volunteer", "membership", "project", "hour")[number % 5]
    body = json.dumps({"pageNum": number % 3 + 1, "pageSize": 50}).encode()
    answer = desk.service.answer(Call(f"/{segment}/list", desk.token, body))
    return (answer.fault.kind if answer.fault else str(answer.status), answer.status, answer.body)
