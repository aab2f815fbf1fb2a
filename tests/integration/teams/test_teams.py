"""Teams and memberships on both stores: made, changed, joined, left, led, and what there was (clause X2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection
from tests.integration.recognition.city import City

from national_sync import audit
from national_sync.acts import find_team
from national_sync.errors import NotFound, TeamRefused, TeamUnclear
from national_sync.policy import Teams
from national_sync.sealing import Sealer
from national_sync.store.database import Database
from national_sync.teams import closing, leaders, listing, members, office

RULES = Teams(most_per_person=2)


@pytest.fixture
def city(database: Database) -> City:
    """Volunteer 1 in team 1; team 2 takes anybody, team 3 in the next county reviews."""
    city = City(database)
    city.join(city.volunteer(), city.team("白茶志愿服务队"), joined_at=city.act.now - 86_400)
    city.team("普洱志愿服务队")
    city.team("宁洱志愿服务队", county="530821")
    city.change("team", 2, join_rule="anyone")
    return city


def do(city: City, act: Callable[..., Any], *given: Any, **named: Any) -> Any:
    with city.database.write() as connection:
        return act(connection, *given, **named)


def made(city: City, sealer: Sealer, **written: str | None) -> int:
    given = {"name": "实验中学志愿服务队", "area_id": "530802", **written}
    return int(do(city, office.create, sealer, office.read_team(given), city.act))


def refusal(act: Callable[[], Any]) -> str:
    with pytest.raises(TeamRefused) as refused:
        act()
    return str(refused.value)


def states(city: City, **of: Any) -> list[tuple[int, int, str, str | None]]:
    with city.database.read() as connection:
        found = members.memberships(connection, **of)
    return [(one["volunteer_id"], one["team_id"], one["state"], one["joined_on"]) for one in found]


def test_a_team_made_here_is_a_local_row_with_its_phone_sealed(city: City, sealer: Sealer) -> None:
    team = made(city, sealer, contact_phone="13800000000", join_rule="anyone")
    [row] = city.rows(
        "SELECT state, join_rule, sync_rev, national_id, contact_phone, contact_phone_hash FROM team WHERE id = :id",
        id=team,
    )
    assert row[:4] == ("pending", "anyone", None, None)
    assert sealer.plain(row[4]) == "13800000000"
    assert bytes(row[5]) == sealer.match_hash("13800000000")
    with city.database.read() as connection:
        shown = listing.show_team(connection, team, city.act.now)
        [entry] = audit.list_entries(connection, action="team")
    assert shown["has_phone"] is True
    assert "13800000000" not in repr(shown) + repr(dict(entry))
    assert entry["action"] == "team.created"


def test_a_name_stands_for_one_team_of_a_county(city: City, sealer: Sealer) -> None:
    assert "team 1" in refusal(lambda: made(city, sealer, name="白茶志愿服务队", area_id="530802101"))
    elsewhere = made(city, sealer, name="白茶志愿服务队", area_id="530821")
    with city.database.read() as connection, pytest.raises(TeamUnclear, match=f"1, {elsewhere}"):
        find_team(connection, "白茶志愿服务队")
    with city.database.read() as connection, pytest.raises(NotFound):
        find_team(connection, "没有的队伍")


def test_a_change_writes_only_what_is_other_and_is_a_local_edit(city: City, sealer: Sealer) -> None:
    def change(**written: str | None) -> list[str]:
        read = office.read_team(written, needed=())
        changed: list[str] = do(city, office.change, sealer, 1, read, city.act)
        return changed

    assert change(name="白茶志愿服务队", contact_phone="13800000000") == ["contact_phone"]
    assert city.rows("SELECT field FROM local_change WHERE entity = 'team'") == [("contact_phone",)]
    assert "already" in refusal(lambda: change(contact_phone="13800000000"))
    assert "name" in refusal(lambda: change(name="普洱志愿服务队"))
    assert "without it" in refusal(lambda: change(name=""))
    assert change(contact_phone="", join_rule="nobody") == ["contact_phone", "join_rule"]
    city.change("team", 1, withdrawn_at=1, state="deleted")
    assert "gone" in refusal(lambda: change(name="新名"))


def test_x2_a_person_is_in_several_teams_up_to_the_limit_of_the_policy(city: City) -> None:
    joined = do(city, members.join, RULES, 1, 2, city.act)
    assert joined.needs_review is False
    assert do(city, members.join, Teams(), 1, 3, city.act).needs_review is True
    city.team("第四队")
    assert "as many teams" in refusal(lambda: do(city, members.join, RULES, 1, 4, city.act))
    assert "in the team already" in refusal(lambda: do(city, members.join, RULES, 1, 1, city.act))
    assert "has applied already" in refusal(lambda: do(city, members.join, RULES, 1, 3, city.act))


def test_x2_a_closed_or_disabled_team_takes_nobody_and_everything_is_said_at_once(city: City) -> None:
    city.change("team", 2, state="disabled", join_rule="nobody")
    city.change("volunteer", 1, real_name_state="failed")
    told = refusal(lambda: do(city, members.join, RULES, 1, 2, city.act))
    assert [words in told for words in ("disabled", "takes nobody", "real-name")] == [True, True, True]
    assert city.rows("SELECT COUNT(*) FROM membership") == [(1,)]


def test_x2_leaving_deletes_the_row_for_the_next_run_and_the_history_keeps_it(city: City) -> None:
    do(city, members.leave, 1, 1, city.act)
    assert city.rows("SELECT COUNT(*) FROM local_deletion WHERE entity = 'membership'") == [(1,)]
    assert states(city, volunteer_ids=[1]) == [(1, 1, "left", "2026-01-11")]
    assert "has not been sent" in refusal(lambda: do(city, members.join, RULES, 1, 1, city.act))
    do(city, members.join, RULES, 1, 2, city.act)
    gone = city.join(city.volunteer(), 2, joined_at=city.act.now)
    city.change("membership", gone, withdrawn_at=city.act.now)
    assert {state for _one, _team, state, _day in states(city, team_id=2)} == {"applied", "removed"}
    assert states(city, team_id=1, states=["member"]) == []
    with city.database.read() as connection:
        [left] = members.memberships(connection, team_id=1)
    assert left["ended_on"] is not None
    assert left["volunteer_name"]
    assert "not in this team" in refusal(lambda: do(city, members.leave, 1, 1, city.act))


def test_x2_nobody_leaves_while_hours_of_his_wait_for_their_check(city: City) -> None:
    city.project()
    city.serve(1, 3600, state="applying")
    assert "wait for their check" in refusal(lambda: do(city, members.leave, 1, 1, city.act))


def test_a_team_has_several_leaders_and_the_national_record_names_the_first(city: City) -> None:
    def lead(volunteer: int, day: date, **more: Any) -> int:
        return int(do(city, leaders.add_leader, 1, volunteer, day, city.act, **more))

    second = city.volunteer()
    city.join(second, 1)
    lead(1, date(2026, 1, 5))
    lead(second, date(2026, 1, 2))
    names = dict(city.rows("SELECT id, name FROM volunteer"))
    assert city.rows("SELECT leader_name FROM team WHERE id = 1") == [(names[1],)]
    assert "leads this team" in refusal(lambda: do(city, members.leave, 1, 1, city.act))
    do(city, leaders.end_leader, 1, 1, date(2026, 1, 6), city.act)
    assert city.rows("SELECT leader_name FROM team WHERE id = 1") == [(names[second],)]
    with city.database.read() as connection:
        listed = [(one["since"], one["until"], one["is_first"]) for one in leaders.leaders_of(connection, 1)]
    assert listed == [("2026-01-02", None, True), ("2026-01-05", "2026-01-06", False)]
    for wrong, words in (
        (lambda: lead(second, date(2026, 1, 9)), "already"),
        (lambda: lead(1, date(2027, 1, 1)), "future"),
        (lambda: lead(city.volunteer(), date(2026, 1, 2)), "only a member"),
        (lambda: do(city, leaders.end_leader, 1, second, date(2026, 1, 1), city.act), "before the first"),
        (lambda: do(city, leaders.end_leader, 1, second, date(2027, 1, 1), city.act), "future"),
        (lambda: do(city, leaders.end_leader, 1, 1, date(2026, 1, 9), city.act), "does not lead"),
    ):
        assert words in refusal(wrong)


def test_disabling_says_what_it_means_and_is_refused_while_work_would_be_lost(city: City) -> None:
    city.project(ended_at=city.act.now + 86_400, state="running")
    city.serve(1, 3600, state="applying")
    city.join(city.volunteer(), 1, state="applied")
    with city.database.write() as connection:
        _transfer(connection)
    told = refusal(lambda: do(city, closing.disable, 1, "并入他队", city.act))
    assert [words in told for words in ("transfers to or from it", "1 hour records")] == [True, True]
    city.change("hour_record", 1, state="effective")
    with city.database.write() as connection:
        connection.exec_driver_sql("UPDATE transfer SET state = 'called_off'")
    _order, found = do(city, closing.disable, 1, "并入他队", city.act)
    assert found.facts() == {
        "members": 1,
        "only_here": 1,
        "applications": 1,
        "open_projects": 1,
        "open_hours": 0,
        "transfers": [],
    }
    assert city.rows("SELECT state FROM team WHERE id = 1") == [("approved",)]
    assert "under way" in refusal(lambda: do(city, closing.disable, 1, "并入他队", city.act))
    assert "only a disabled team" in refusal(lambda: do(city, closing.enable, 2, "恢复", city.act))


def _transfer(connection: Connection) -> None:
    connection.exec_driver_sql(
        "INSERT INTO transfer (volunteer_id, from_team_id, to_team_id, old_row_id, reason, requested_on, due_on,"
        " requested_at, requested_by) VALUES (1, 1, 2, 1, 'address', '2026-01-01', '2026-02-01', 1, 'operator:chen')"
    )


def test_teams_are_listed_by_county_state_and_part_of_the_name(city: City) -> None:
    with city.database.read() as connection:
        of_county = listing.list_teams(connection, county="530821")
        named = listing.list_teams(connection, named="普洱")
        disabled = listing.list_teams(connection, state="disabled")
        paged = listing.list_teams(connection, limit=1, offset=1)
    assert [[one["id"] for one in found] for found in (of_county, named, disabled)] == [[3], [2], []]
    assert len(paged) == 1
