from __future__ import annotations

from typing import Any

from tests.unit.mock.desk import Desk

SEGMENTS = ("team", "volunteer", "membership", "project", "hour", "training")


def pages(desk: Desk, segment: str, size: int, **body: Any) -> list[dict[str, Any]]:
    first = desk.call(f"/{segment}/list", pageNum=1, pageSize=size, **body)
    assert first["code"] == 0, first
    records = first["data"]
    for number in range(2, first["pageCount"] + 1):
        records += desk.data(f"/{segment}/list", pageNum=number, pageSize=size, **body)
    assert len(records) == first["totalCount"]
    return list(records)


def test_a_whole_list_is_sorted_by_id(city: Desk) -> None:
    for segment in SEGMENTS:
        ids = [record["id"] for record in pages(city, segment, 37)]
        assert ids == sorted(ids)
        assert len(ids) == len(city.state.tables[segment].records)


def test_a_filtered_list_is_sorted_by_update_time(city: Desk) -> None:
    times = [record["updatetime"] for record in pages(city, "hour", 100, updatedFrom="2025-10-01 00:00:00")]
    assert times == sorted(times)
    assert times[0] >= "2025-10-01"
    assert len(times) < len(city.state.tables["hour"].records)


def test_the_update_filter_is_inclusive_to_the_second_on_both_ends(city: Desk) -> None:
    record = pages(city, "hour", 500)[3]
    second = record["updatetime"][:19]
    found = pages(city, "hour", 500, updatedFrom=second, updatedTo=second)
    assert record["id"] in {each["id"] for each in found}
    assert {each["updatetime"][:19] for each in found} == {second}


def test_a_page_beyond_the_end_is_empty(city: Desk) -> None:
    assert city.data("/team/list", pageNum=99, pageSize=100) == []


def test_an_area_matches_all_that_lies_in_it(city: Desk) -> None:
    county = "530802000000000000"
    teams = pages(city, "team", 100, areaId=county)
    assert teams
    assert all(team["albe0012"].startswith("530802") for team in teams)
    inside = {team["id"] for team in teams}
    hours = pages(city, "hour", 500, areaId=county)
    assert {hour["albx0177"] for hour in hours} <= inside
    assert len(pages(city, "team", 100, areaId="530800000000000000")) == len(city.state.tables["team"].records)


def test_dates_limit_by_the_day_of_service(city: Desk) -> None:
    hours = pages(city, "hour", 500, dateFrom="2025-11-01", dateTo="2025-11-30")
    assert hours
    assert {hour["albx0181"][:7] for hour in hours} == {"2025-11"}
    totals = city.data("/hour/totals", dateFrom="2025-11-01", dateTo="2025-11-30")
    assert totals["count"] == len(hours)
    effective = sum(round(float(hour["albx0172"]) * 100) for hour in hours if hour["albx0174"] == "2")
    assert totals["hours"] == f"{effective // 100}.{effective % 100:02d}"


def test_tombstones_are_listed_until_they_are_old_or_switched_off(city: Desk) -> None:
    team = next(iter(city.state.tables["team"].records))
    city.act("withdraw", entity="team", id=team)
    listed = {record["id"]: record for record in pages(city, "team", 100)}
    assert int(listed[team]["isdelete"]) == 1
    assert team not in {record["id"] for record in pages(city, "team", 100, includeDeleted=False)}
    city.switch(tombstones=False)
    assert team not in {record["id"] for record in pages(city, "team", 100)}
    assert city.data("/team/get", id=team) is None
    city.switch(tombstones=True)
    city.act("clock", advance=40 * 86_400)
    city.sign_in()
    assert city.data("/team/get", id=team) is None
    assert team not in {record["id"] for record in pages(city, "team", 100)}


def test_keyset_paging_continues_after_a_record(city: Desk) -> None:
    city.switch(keysetPaging=True)
    whole = pages(city, "hour", 500)
    rest = city.data("/hour/list", pageSize=500, afterId=whole[400]["id"])
    assert [record["id"] for record in rest][:100] == [record["id"] for record in whole[401:501]]
    by_time = pages(city, "hour", 500, updatedFrom="2025-01-01 00:00:00")
    stamp = city.state.tables["hour"].stamp_of[by_time[10]["id"]]
    after = city.data(
        "/hour/list",
        pageSize=5,
        updatedFrom="2025-01-01 00:00:00",
        afterUpdated=stamp,
        afterId=by_time[10]["id"],
    )
    assert [record["id"] for record in after] == [record["id"] for record in by_time[11:16]]


def test_what_is_not_offered_is_an_unknown_field(city: Desk) -> None:
    city.switch(changeFilter="team", batchRead=False)
    assert city.code("/hour/list", updatedFrom="2025-01-01 00:00:00") == 40002
    assert city.code("/team/list", updatedFrom="2025-01-01 00:00:00") == 0
    assert city.code("/team/list", afterId="0" * 32) == 40002
    assert city.code("/team/get", ids=["0" * 32]) == 40002
    assert city.code("/team/create", record={}, clientReference="x") == 40002
    assert city.code("/team/update", id="0" * 32, record={}, version="1") == 40002
    for action in ("digest", "createBatch"):
        assert city.code(f"/team/{action}") == 40301


def test_wrong_questions_are_refused(city: Desk) -> None:
    for body in ({"pageNum": 0}, {"pageSize": 501}, {"pageNum": "1"}, {"pageSize": True}, {"includeDeleted": 1}):
        assert city.code("/team/list", **body) == 40001
    for body in ({"updatedFrom": "2025-01-01"}, {"dateFrom": "2025-02-30"}, {"areaId": "5308"}):
        assert city.code("/team/list", **body) == 40003


def test_records_are_found_by_their_natural_keys(city: Desk) -> None:
    for segment, names in {
        "team": ("albe0002", "albe0012"),
        "membership": ("albe0133", "teamId"),
        "project": ("albx0002", "teamId", "albx0004"),
        "hour": ("albx0175", "albx0176", "albx0181"),
        "training": ("volunteerNumber", "albx0282", "albx0284"),
    }.items():
        record = pages(city, segment, 500)[2]
        found = city.data(f"/{segment}/find", **{name: record[name] for name in names})
        assert record["id"] in [each["id"] for each in found]
    old = next(r for r in pages(city, "volunteer", 500) if len(r["albp0005"]) == 15)
    for key in ({"albp0029": old["albp0029"]}, {"albp0005": old["albp0005"]}):
        assert [each["id"] for each in city.data("/volunteer/find", **key)] == [old["id"]]
    assert city.code("/volunteer/find", albp0003=old["albp0003"]) == 40002
    assert city.code("/team/find", albe0002="x") == 40001


def test_digests_count_and_sum_what_is_not_deleted(city: Desk) -> None:
    city.switch(digest=True)
    gone = next(iter(city.state.tables["hour"].records))
    city.act("withdraw", entity="hour_record", id=gone)
    buckets = city.data("/hour/digest")
    table = city.state.tables["hour"]
    alive = [number for number, record in table.records.items() if not record.is_deleted]
    assert [bucket["bucket"] for bucket in buckets] == [f"{number:02x}" for number in range(256)]
    assert sum(bucket["count"] for bucket in buckets) == len(alive)
    assert sum(int(bucket["versionSum"]) for bucket in buckets) == sum(table.stamp_of[each] for each in alive)


def test_many_records_are_read_in_one_call(city: Desk) -> None:
    ids = [record["id"] for record in pages(city, "team", 100)][:5]
    wanted = [ids[3], "f" * 32, ids[1], ids[3]]
    assert [record["id"] for record in city.data("/team/get", ids=wanted)] == [ids[3], ids[1]]
    assert city.code("/team/get", ids=["0" * 32] * 51) == 42250


def test_update_times_never_repeat_even_when_the_clock_stands(desk: Desk) -> None:
    times = [desk.team()["updatetime"] for _ in range(5)]
    assert times == sorted(set(times))


def test_quirks_of_the_wire_are_there(city: Desk) -> None:
    forms = {type(city.call("/team/list", pageNum=number)["data"][0]["isdelete"]) for number in (1,)}
    volunteers = pages(city, "volunteer", 500)
    assert {type(record["isdelete"]) for record in volunteers} == {int, str}
    assert {"156", "156  "} == {record["albp0002"] for record in volunteers}
    assert forms <= {int, str}
