"""Asking for a transfer, its due day, and the lists (clauses X1 and X3)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.integration.recognition.city import City

from national_sync import audit
from national_sync.errors import AlreadySettled, NotFound, SheetRefused, TeamUnclear, TransferRefused, UsageError
from national_sync.policy import Policy
from national_sync.reports.morning import morning_facts
from national_sync.sheets import new_book
from national_sync.transfer import requests
from national_sync.transfer.listing import list_transfers, overdue, show_transfer
from national_sync.transfer.requests import Reason, Wanted
from national_sync.transfer.sheet import Taken, take, write_template

POLICY = Policy()


def ask(city: City, volunteer: str = "1", old: str = "1", new: str = "2", **more: Any) -> int:
    wanted = Wanted(volunteer, old, new, Reason.ADDRESS, **more)
    with city.database.write() as connection:
        return requests.request(connection, POLICY, wanted, city.act).id


def do(city: City, act: Any, number: int) -> Any:
    with city.database.write() as connection:
        return act(connection, number, city.act)


def shown(city: City, number: int) -> dict[str, Any]:
    with city.database.read() as connection:
        return show_transfer(connection, number, today=city.today)


def test_x1_a_request_holds_its_reason_its_day_and_who_wrote_it_down(city: City) -> None:
    number = ask(city, requested_on=date(2026, 1, 9), service_area="530821")
    found = shown(city, number)
    assert (found["reason"], found["requested_on"], found["requested_by"]) == ("address", "2026-01-09", "operator:chen")
    assert found["areas"] == {"service_area_id": "530821000000000000", "service_area_name": "宁洱哈尼族彝族自治县"}
    with city.database.read() as connection:
        [entry] = audit.list_entries(connection, action="transfer")
    assert (entry["action"], entry["entity"]) == ("transfer.requested", "volunteer")


def test_x3_ten_working_days_are_counted_from_the_day_after_and_then_it_is_overdue(city: City) -> None:
    number = ask(city, requested_on=date(2026, 1, 9))
    assert shown(city, number)["due_on"] == "2026-01-23"
    with city.database.read() as connection:
        assert overdue(connection, date(2026, 1, 23)) == {"count": 0, "by_county": []}
        late = overdue(connection, date(2026, 1, 26))
        [listed] = list_transfers(connection, today=date(2026, 1, 26), overdue=True, county="530802")
    assert late == {"count": 1, "by_county": [{"county": "530802", "transfers": 1, "oldest_due": "2026-01-23"}]}
    assert (listed["id"], listed["days_overdue"]) == (number, 3)


def test_x3_the_morning_report_names_what_is_overdue(city: City) -> None:
    ask(city, requested_on=date(2026, 1, 9))
    with city.database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO run (kind, state, holder, lease_until, started_at, ended_at)"
            " VALUES ('nightly', 'finished', 'x:1', 1, 1, 2)"
        )
        late = overdue(connection, date(2026, 1, 26))["count"]
        facts = morning_facts(connection, run_id=None, calls_per_day=1, now=9, overdue_transfers=late)
    assert {"what": "overdue_transfers", "count": 1} in facts["to_do"]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"volunteer": "V0"}, NotFound),
        ({"new": "没有的队伍"}, NotFound),
        ({"new": "1"}, TransferRefused),
        ({"old": "2", "new": "1"}, TransferRefused),
        ({"service_area": "5308"}, TransferRefused),
        ({"service_area": "530800"}, TransferRefused),
        ({"requested_on": date(2027, 1, 1)}, TransferRefused),
    ],
)
def test_a_request_that_cannot_be_is_refused(city: City, given: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        ask(city, **given)


def test_two_teams_of_one_name_are_not_guessed_between(city: City) -> None:
    city.team("普洱志愿服务队", county="530821")
    with pytest.raises(TeamUnclear, match="2, 3"):
        ask(city, new="普洱志愿服务队")


def test_one_transfer_of_a_person_is_under_way_at_a_time(city: City) -> None:
    first = ask(city)
    with pytest.raises(TransferRefused, match=f"transfer {first}"):
        ask(city)
    assert do(city, requests.cancel, first) is True
    assert ask(city) != first


def test_what_is_settled_is_not_approved_resumed_or_called_off_again(city: City) -> None:
    number = ask(city)
    with pytest.raises(UsageError):
        do(city, requests.resume, number)
    do(city, requests.approve, number)
    do(city, requests.cancel, number)
    for act in (requests.approve, requests.resume, requests.cancel):
        with pytest.raises(AlreadySettled):
            do(city, act, number)


def test_a_transfer_shows_what_stands_in_its_way(city: City) -> None:
    number = ask(city)
    assert shown(city, number)["in_the_way"] == []
    city.change("team", 2, state="disabled", join_rule="review")
    city.change("volunteer", 1, real_name_state="failed")
    found = shown(city, number)
    assert (found["in_the_way"], found["needs_review"]) == (["real_name_not_passed", "team_not_approved"], True)


def test_a_team_that_another_program_deleted_stands_in_the_way(city: City) -> None:
    number = ask(city)
    with city.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM team WHERE id = 2")
    assert "team_not_national" in shown(city, number)["in_the_way"]


# By spreadsheet


def sheet(path: Path, *rows: list[Any]) -> Path:
    write_template(path)
    filled = path.with_name("filled.xlsx")
    with new_book(filled) as book:
        page = book.sheet("转队", _columns(path), top=("志愿者转队申请", "说明"))
        for number, row in enumerate(rows, start=3):
            book.row(page, number, row)
    return filled


def _columns(template: Path) -> list[tuple[str, int]]:
    from national_sync.books import open_book, values

    return [(heading, 10) for heading in values(open_book(template), "转队")[2]]


def row(city: City, volunteer: int, **other: Any) -> list[Any]:
    [(number, name)] = city.rows("SELECT number, name FROM volunteer WHERE id = :id", id=volunteer)
    cells = {
        "number": number,
        "name": name,
        "old": "白茶志愿服务队",
        "new": "普洱志愿服务队",
        "reason": "工作单位变动",
        "day": "2026年1月9日",
        "area": "",
        "living": "",
    }
    return list({**cells, **other}.values())


def taken(city: City, file: Path) -> list[Taken]:
    with city.database.write() as connection:
        return list(take(connection, POLICY, file, city.act))


def test_a_unit_moves_by_spreadsheet_each_person_on_its_own(city: City, tmp_path: Path) -> None:
    people = [city.volunteer() for _ in range(3)]
    for person in people[:2]:
        city.join(person, 1)
    rows = [
        row(city, people[0]),
        row(city, people[1], name="别人"),
        row(city, people[2]),
        row(city, people[0]),
        row(city, people[1], day="2026-13-40"),
        row(city, people[1], area=530821000000000001),
    ]
    results = taken(city, sheet(tmp_path / "template.xlsx", *rows))
    assert [one.row for one in results] == [4, 5, 6, 7, 8, 9]
    assert [one.transfer is not None for one in results] == [True, False, False, False, False, False]
    assert results[0].due_on == "2026-01-23"
    problems = [str(one.problem) for one in results[1:]]
    for problem, words in zip(
        problems, ["another name", "no member", "under way", "no date", "rounded the number"], strict=True
    ):
        assert words in problem


def test_a_file_that_is_no_such_sheet_is_refused(city: City, tmp_path: Path) -> None:
    with new_book(tmp_path / "other.xlsx") as book:
        book.sheet("转队", [("姓名", 10)])
    with pytest.raises(SheetRefused):
        taken(city, tmp_path / "other.xlsx")
