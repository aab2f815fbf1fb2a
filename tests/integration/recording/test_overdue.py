"""What is recorded late or not at all (clause S2)."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.integration.recognition.city import moment
from tests.integration.recording.office import RecordingOffice

from national_sync.policy import Calendar, Recording
from national_sync.recording.overdue import count_missing, late, missing
from national_sync.reports.morning import morning_facts

RULES: dict[str, Any] = {"rules": Recording(), "calendar": Calendar()}


def test_an_activity_without_hours_is_missing_from_the_day_after_its_due_day(office: RecordingOffice) -> None:
    city = office.city
    one = city.project(state="ended", day="2026-03-05", name="无记录")
    served = city.project(state="ended", day="2026-03-05", name="有记录")
    city.serve(1, 3600, "2026-03-05 08:00", project_id=served)
    for number, gone in enumerate(("rejected", "deleted")):
        only = city.project(state="ended", day="2026-03-04", name=f"只有{gone}")
        city.serve(1, 3600, f"2026-03-04 {8 + number:02}:00", project_id=only, state=gone)
    city.project(day="2026-03-05", name="作废", state="void")
    city.project(state="ended", day="2026-03-06", name="尚未到期")
    elsewhere = city.project(city.team("墨江队", "530822"), state="ended", day="2026-03-05", name="墨江")
    city.project(day="2026-03-05", name="未开始", state="waiting")
    with city.database.read() as connection:
        assert [row["id"] for row in missing(connection, today=date(2026, 3, 19), **RULES)] == [served + 1, served + 2]
        found = missing(connection, today=date(2026, 3, 20), **RULES)
        assert [row["id"] for row in found] == [served + 1, served + 2, one, elsewhere]
        assert found[2] == {
            "id": one,
            "name": "无记录",
            "team_id": 1,
            "team": "白茶志愿服务队",
            "county": "530802",
            "served_on": "2026-03-05",
            "due_on": "2026-03-19",
            "is_guessed": False,
            "days_overdue": 1,
        }
        of_mojiang = missing(connection, today=date(2026, 3, 20), county="530822", **RULES)
        assert [row["id"] for row in of_mojiang] == [elsewhere]
        assert missing(connection, today=date(2026, 3, 20), since=date(2026, 3, 6), **RULES) == []
        count = count_missing(connection, today=date(2026, 3, 20), **RULES)
        assert count == 4
    with city.database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO run (kind, state, holder, lease_until, started_at, ended_at)"
            " VALUES ('nightly', 'finished', 'x', 0, 0, 1)"
        )
    with city.database.read() as connection:
        facts = morning_facts(connection, run_id=None, calls_per_day=1, now=9, missing_hours=count)
    assert {"what": "missing_hours", "count": 4} in facts["to_do"]


def test_records_entered_after_their_due_day_are_counted_by_day_team_and_project(office: RecordingOffice) -> None:
    city = office.city
    city.serve(1, 3600, "2026-03-05 08:00", entered_at=moment("2026-03-19 23:59:59"))
    city.serve(1, 3600, "2026-03-05 10:00", entered_at=moment("2026-03-20 00:00"))
    city.serve(2, 3600, "2026-03-05 10:00", entered_at=moment("2026-03-24 09:00"))
    city.serve(2, 3600, "2026-03-09 10:00", entered_at=moment("2026-04-01 09:00"), state="rejected")
    with city.database.read() as connection:
        [found] = late(connection, today=date(2026, 4, 2), **RULES)
        assert (found["records"], found["served_on"], found["due_on"]) == (2, "2026-03-05", "2026-03-19")
        assert (found["project"], found["days_overdue"]) == ("清洁家园", 5)
        assert late(connection, today=date(2026, 4, 2), since=date(2026, 3, 6), **RULES) == []
        assert late(connection, today=date(2026, 4, 2), county="530822", **RULES) == []
        assert late(connection, today=date(2026, 4, 2), since=date(2026, 4, 2), **RULES) == []
