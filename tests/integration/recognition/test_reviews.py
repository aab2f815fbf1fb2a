"""What happens to certified stars whose hours change afterwards, and how they compare with the national ones."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.integration.recognition.city import HOUR, City
from tests.outside import Outside

from national_sync.errors import AlreadySettled, NotFound, StarsRefused
from national_sync.policy import Policy, StarRules
from national_sync.recognition import national_stars, reviews
from national_sync.recognition.explain import explain
from national_sync.recognition.tally import Recipe


def look_again(city: City) -> list[tuple[Any, ...]]:
    reviews.look_again(city.database, city.act)
    with city.database.read() as connection:
        found = reviews.list_reviews(connection, limit=50, offset=0)
    return [(one["volunteer_id"], one["cause"], one["star"], one["star_now"]) for one in found]


def awards(city: City) -> dict[int, str]:
    return dict(city.rows("SELECT volunteer_id, state FROM star_award"))


def test_hours_withdrawn_after_certification_go_to_the_review_list_and_nothing_changes_by_itself(city: City) -> None:
    fallen, firm = city.volunteer(hours=250), city.volunteer(hours=100)
    record = city.serve(fallen, 60 * HOUR, "2025-09-01 08:00")
    city.certified()
    city.withdraw(record)
    assert look_again(city) == [(fallen, "hours_fell", 2, 1)]
    assert awards(city) == {fallen: "certified", firm: "certified"}
    with city.database.write() as connection:
        [award] = [one["award_id"] for one in reviews.list_reviews(connection, limit=9, offset=0)]
        reviews.revoke(connection, award, "时长被撤回", city.act)
        with pytest.raises(AlreadySettled):
            reviews.revoke(connection, award, "又一次", city.act)
    assert awards(city) == {fallen: "revoked", firm: "certified"}
    assert look_again(city) == []
    [(action, actor)] = city.rows("SELECT action, actor FROM audit_entry ORDER BY id DESC LIMIT 1")
    assert (action, actor) == ("star.revoked", "operator:chen")
    assert city.stars(city.draft()["id"]) == {fallen: 1}


def test_a_star_that_was_kept_is_asked_about_again_only_when_its_hours_change_again(city: City) -> None:
    volunteer = city.volunteer(hours=99)
    first, second = (city.serve(volunteer, HOUR, f"2025-09-0{day} 08:00") for day in (1, 2))
    city.certified()
    city.withdraw(first)
    assert look_again(city) == []
    city.withdraw(second)
    [(_volunteer, cause, *_stars)] = look_again(city)
    assert cause == "hours_fell"
    with city.database.write() as connection:
        [award] = [one["award_id"] for one in reviews.list_reviews(connection, limit=9, offset=0)]
        reviews.keep(connection, award, "组织已补证", city.act)
        with pytest.raises(NotFound):
            reviews.keep(connection, award, "组织已补证", city.act)
    assert look_again(city) == []
    third = city.serve(volunteer, 60, "2025-10-01 08:00")
    city.withdraw(third)
    assert look_again(city) == []
    [(record,)] = city.rows("SELECT id FROM hour_record WHERE volunteer_id = :id ORDER BY id LIMIT 1", id=volunteer)
    city.change("hour_record", record, service_seconds=HOUR)
    assert len(look_again(city)) == 1


def test_hours_that_come_back_take_the_star_off_the_list(sqlite_city: City) -> None:
    city = sqlite_city
    volunteer = city.volunteer(hours=99)
    record = city.serve(volunteer, HOUR, "2025-09-01 08:00")
    city.certified()
    city.withdraw(record)
    assert len(look_again(city)) == 1
    city.change("hour_record", record, state="effective", withdrawn_at=None)
    assert look_again(city) == []


def test_hours_served_later_do_not_hold_up_an_earlier_star(sqlite_city: City) -> None:
    city = sqlite_city
    volunteer = city.volunteer(hours=99)
    record = city.serve(volunteer, HOUR, "2025-09-01 08:00")
    city.certified()
    city.withdraw(record)
    city.serve(volunteer, 50 * HOUR, "2026-01-02 08:00")
    assert [one[0] for one in look_again(city)] == [volunteer]


def test_a_record_edited_or_deleted_here_puts_nobody_on_the_list(city: City, outside: Outside) -> None:
    volunteer = city.volunteer(hours=100)
    city.certified()
    outside.sql("UPDATE hour_record SET service_seconds = 1 WHERE volunteer_id = ?", volunteer)
    assert look_again(city) == []
    outside.sql("DELETE FROM hour_record WHERE volunteer_id = ?", volunteer)
    assert look_again(city) == []


def test_a_person_merged_away_or_gone_is_on_the_list(sqlite_city: City) -> None:
    city = sqlite_city
    kept, double, gone = (city.volunteer(hours=100) for _ in range(3))
    city.certified()
    city.merge(kept, double)
    city.change("volunteer", gone, withdrawn_at=1)
    assert {one[:2] for one in look_again(city)} == {(double, "merged_away"), (gone, "volunteer_gone")}


def test_a_star_revoked_by_the_office_is_not_given_again_before_the_next_year(city: City) -> None:
    volunteer = city.volunteer(hours=120)
    city.volunteer(hours=100)
    city.certified()
    [(award,)] = city.rows("SELECT id FROM star_award WHERE volunteer_id = :id", id=volunteer)
    with city.database.write() as connection:
        reviews.revoke(connection, award, "时长系虚报", city.act)
    assert city.draft() is None
    city.serve(volunteer, HOUR, "2026-03-01 08:00")
    city.today = date(2027, 1, 11)
    assert city.stars(city.draft(2026)["id"]) == {volunteer: 1}


def test_only_a_certified_star_can_be_revoked(sqlite_city: City) -> None:
    sqlite_city.volunteer(hours=100)
    sqlite_city.draft()
    with sqlite_city.database.write() as connection, pytest.raises(StarsRefused, match="is not certified"):
        reviews.revoke(connection, 1, "误", sqlite_city.act)


# Evidence


def test_every_record_is_counted_or_left_out_with_its_reason(city: City, outside: Outside) -> None:
    volunteer = city.volunteer(hours=99)
    withdrawn = city.serve(volunteer, HOUR, "2025-09-01 08:00")
    applying = city.serve(volunteer, HOUR, "2025-09-02 08:00", state="applying")
    too_late = city.serve(volunteer, HOUR, "2026-01-01 00:00:00")
    honour = city.serve(volunteer, HOUR, "2025-12-31 23:59:59", kind="honour")
    city.withdraw(withdrawn)
    invented = outside.insert(
        "hour_record", volunteer_id=volunteer, project_id=1, team_id=1, started_at=1_750_000_000,
        ended_at=1_750_003_600, service_seconds=3_600, state="effective",
    )  # fmt: skip
    batch = city.draft()
    changed = city.serve(volunteer, 60, "2025-10-01 08:00")
    with city.database.read() as connection:
        recipe = Recipe(StarRules(), date(2025, 12, 31))
        facts = explain(connection, volunteer, recipe, revision=batch["cut_off_rev"])
    verdicts = {one["record_id"]: one["verdict"] for one in facts["records"]}
    assert verdicts | {} == {
        1: "counted", withdrawn: "record_withdrawn", applying: "state_does_not_count", too_late: "after_cut_off",
        honour: "counted", invented: "not_national", changed: "counted",
    }  # fmt: skip
    assert [one["record_id"] for one in facts["records"] if one["changed_since"]] == [changed]
    assert (facts["seconds"], facts["star"], facts["records_counted"]) == (100 * HOUR + 60, 1, 3)
    assert facts["seconds_to_next_star"] == 200 * HOUR - 60
    assert [one["star"] for one in facts["awards"]] == [1]


def test_hours_claimed_under_two_registrations_are_counted_once(sqlite_city: City) -> None:
    city = sqlite_city
    kept, gone = city.volunteer(), city.volunteer()
    city.serve(kept, 60 * HOUR, "2025-06-01 08:00")
    city.serve(gone, 60 * HOUR, "2025-06-01 08:00")
    city.serve(gone, 45 * HOUR, "2025-07-01 08:00")
    city.merge(kept, gone)
    assert city.stars(city.draft()["id"]) == {kept: 1}
    with city.database.read() as connection:
        facts = explain(
            connection, gone, Recipe(Policy().stars.rules[date(2020, 7, 15)], date(2025, 12, 31)), revision=None
        )
    assert (facts["seconds"], facts["doubled_seconds"]) == (105 * HOUR, 60 * HOUR)
    assert facts["registrations"] == [kept, gone]


# The national stars


def test_a_national_star_that_differs_is_a_mismatch_until_it_agrees(city: City) -> None:
    behind, same, ahead = (
        city.volunteer(hours=300),
        city.volunteer(hours=100, star=1),
        city.volunteer(hours=100, star=4),
    )
    city.volunteer(hours=3, star=2)
    city.certified()
    assert compare(city) == {"opened": 2, "closed": 0, "open": 2}
    assert compare(city) == {"opened": 0, "closed": 0, "open": 2}
    found = city.rows("SELECT row_id, ours, theirs, county FROM mismatch WHERE kind = 'star_differs' ORDER BY row_id")
    assert found == [(behind, "2", None, "530802"), (ahead, "1", "4", "530802")]
    city.change("volunteer", behind, star=2)
    assert compare(city) == {"opened": 0, "closed": 1, "open": 1}
    assert same not in [one[0] for one in found]


def compare(city: City) -> dict[str, int]:
    with city.database.write() as connection:
        return national_stars.compare(connection, city.act)


def test_only_the_exact_band_is_applied_for_and_never_a_lower_one(city: City) -> None:
    risen = city.volunteer(hours=650, star=1)
    city.volunteer(hours=100, star=4)
    city.certified()
    with city.database.read() as connection:
        found = list(national_stars.applications(connection))
    [(number,)] = city.rows("SELECT number FROM volunteer WHERE id = :id", id=risen)
    assert [(one["number"], one["star"], one["national_star"]) for one in found] == [(number, 3, 1)]
