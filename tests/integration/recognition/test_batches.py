"""From hours to certified stars: clauses A1 and A2."""

from __future__ import annotations

from datetime import date

import pytest
from tests.integration.recognition.city import HOUR, City
from tests.outside import Outside

from national_sync.errors import AlreadySettled, NotFound, StarsRefused
from national_sync.policy import Policy
from national_sync.recognition import batches
from national_sync.recognition.batches import Body


def test_a2_the_highest_band_is_given_at_once_and_no_lower_star_is_made_up(city: City) -> None:
    expected = {city.volunteer(hours=hours): star for star, hours in enumerate([99.99, 100, 300, 600, 1000, 1500])}
    batch = city.draft()
    assert city.stars(batch["id"]) == {volunteer: star for volunteer, star in expected.items() if star}
    assert batch["by_star"] == {"1": 1, "2": 1, "3": 1, "4": 1, "5": 1}


def test_a1_a_batch_goes_from_draft_over_the_notice_and_three_signatures_to_publication(city: City) -> None:
    low, high = city.volunteer(hours=100), city.volunteer(hours=650)
    batch_id = city.draft()["id"]
    with city.database.write() as connection:
        last = batches.give_notice(connection, Policy(), batch_id, first=None, act=city.act)
    assert last == (date(2026, 1, 16), False)
    city.later(4)
    with city.database.write() as connection, pytest.raises(StarsRefused, match="runs until 2026-01-16"):
        batches.sign(connection, batch_id, Body.FEDERATION, city.act)
    city.later(1)
    for body, is_last in [(Body.FEDERATION, False), (Body.GUIDANCE_CENTRE, False), (Body.CIVILISATION_OFFICE, True)]:
        with city.database.write() as connection:
            assert batches.sign(connection, batch_id, body, city.act) is is_last
    assert city.rows("SELECT number, volunteer_id, state FROM star_award ORDER BY number") == [
        ("202501-000001", high, "certified"),
        ("202501-000002", low, "certified"),
    ]
    with city.database.write() as connection:
        batches.publish(connection, batch_id, city.act)
    assert city.rows("SELECT state FROM star_batch") == [("published",)]
    actions = city.rows("SELECT action FROM audit_entry ORDER BY id")
    assert [action for (action,) in actions] == [
        "star.drafted", "star.notice_given", *["star.signed"] * 3, "star.published",
    ]  # fmt: skip


def test_no_body_signs_twice(sqlite_city: City) -> None:
    sqlite_city.volunteer(hours=100)
    batch_id = sqlite_city.draft()["id"]
    sqlite_city.notice(batch_id)
    sqlite_city.later(10)
    with sqlite_city.database.write() as connection:
        batches.sign(connection, batch_id, Body.FEDERATION, sqlite_city.act)
    with sqlite_city.database.write() as connection, pytest.raises(AlreadySettled):
        batches.sign(connection, batch_id, Body.FEDERATION, sqlite_city.act)


def test_an_objection_freezes_the_person_and_not_the_batch(city: City) -> None:
    accused, other = city.volunteer(hours=100), city.volunteer(hours=100)
    batch_id = city.draft()["id"]
    city.notice(batch_id)
    with city.database.write() as connection:
        objection = batches.raise_objection(connection, batch_id, str(accused), "时长存疑", city.act)
    city.later(10)
    city.sign(batch_id)
    assert dict(city.rows("SELECT volunteer_id, state FROM star_award")) == {accused: "set_aside", other: "certified"}
    assert city.draft() is None
    with city.database.write() as connection:
        batches.settle_objection(connection, objection, is_upheld=False, answer="已核实", act=city.act)
    supplement = city.draft()
    assert supplement["batch"] == 2
    assert city.stars(supplement["id"]) == {accused: 1}


def test_an_objection_dismissed_in_time_lets_the_star_go_on(sqlite_city: City) -> None:
    accused = sqlite_city.volunteer(hours=100)
    batch_id = sqlite_city.draft()["id"]
    sqlite_city.notice(batch_id)
    with sqlite_city.database.write() as connection:
        objection = batches.raise_objection(connection, batch_id, str(accused), "时长存疑", sqlite_city.act)
        batches.settle_objection(connection, objection, is_upheld=False, answer="已核实", act=sqlite_city.act)
        with pytest.raises(AlreadySettled):
            batches.settle_objection(connection, objection, is_upheld=True, answer="又议", act=sqlite_city.act)
    sqlite_city.later(10)
    sqlite_city.sign(batch_id)
    assert sqlite_city.rows("SELECT state FROM star_award") == [("certified",)]


def test_an_upheld_objection_bars_the_person_for_that_year(sqlite_city: City) -> None:
    accused = sqlite_city.volunteer(hours=100)
    sqlite_city.volunteer(hours=100)
    batch_id = sqlite_city.draft()["id"]
    sqlite_city.notice(batch_id)
    with sqlite_city.database.write() as connection:
        objection = batches.raise_objection(connection, batch_id, str(accused), "时长存疑", sqlite_city.act)
        batches.settle_objection(connection, objection, is_upheld=True, answer="属实", act=sqlite_city.act)
    sqlite_city.later(10)
    sqlite_city.sign(batch_id)
    assert sqlite_city.draft() is None


def test_objections_are_taken_during_the_notice_only(sqlite_city: City) -> None:
    volunteer = sqlite_city.volunteer(hours=100)
    batch_id = sqlite_city.draft()["id"]
    sqlite_city.notice(batch_id)
    sqlite_city.later(5)
    with sqlite_city.database.write() as connection, pytest.raises(StarsRefused, match="2026-01-12 to 2026-01-16"):
        batches.raise_objection(connection, batch_id, str(volunteer), "时长存疑", sqlite_city.act)
    with sqlite_city.database.write() as connection, pytest.raises(NotFound):
        batches.raise_objection(connection, 99, str(volunteer), "时长存疑", sqlite_city.act)


# Later hours


def test_a_record_of_last_year_that_arrives_late_makes_a_supplementary_batch(city: City) -> None:
    late, raised = city.volunteer(hours=99), city.volunteer(hours=100)
    first = city.certified()
    city.serve(late, HOUR, "2025-12-31 20:00")
    city.serve(raised, 200 * HOUR, "2025-12-31 08:00")
    city.serve(raised, 700 * HOUR, "2026-01-01 00:00")
    supplement = city.draft()
    assert (supplement["year"], supplement["batch"]) == (2025, 2)
    assert city.stars(supplement["id"]) == {late: 1, raised: 2}
    assert city.stars(first) == {raised: 1}
    before = "SELECT star_before FROM star_award WHERE batch_id = :id ORDER BY star"
    assert city.rows(before, id=supplement["id"]) == [(0,), (1,)]


def test_next_year_only_those_who_rose_are_certified_again(sqlite_city: City) -> None:
    same, risen = sqlite_city.volunteer(hours=100), sqlite_city.volunteer(hours=100)
    sqlite_city.certified()
    sqlite_city.serve(risen, 200 * HOUR, "2026-03-05 08:00")
    sqlite_city.serve(same, 100 * HOUR, "2026-03-05 08:00")
    sqlite_city.today = date(2027, 1, 11)
    assert sqlite_city.stars(sqlite_city.draft(2026)["id"]) == {risen: 2}


def test_a2_by_calendar_year_each_year_stands_for_itself(sqlite_city: City) -> None:
    policy = Policy.model_validate({"stars": {"rules": {"2020-07-15": {"basis": "calendar_year"}}}})
    volunteer = sqlite_city.volunteer(hours=100)
    sqlite_city.serve(volunteer, 100 * HOUR, "2024-12-31 23:59:59")
    assert sqlite_city.stars(sqlite_city.draft(policy=policy)["id"]) == {volunteer: 1}
    assert sqlite_city.rows("SELECT seconds FROM star_award") == [(100 * HOUR,)]
    sqlite_city.notice(1)
    sqlite_city.later(10)
    sqlite_city.sign(1)
    sqlite_city.serve(volunteer, 100 * HOUR, "2026-05-01 08:00")
    sqlite_city.today = date(2027, 1, 11)
    assert sqlite_city.stars(sqlite_city.draft(2026, policy)["id"]) == {volunteer: 1}


def test_rules_apply_from_their_day_on(sqlite_city: City) -> None:
    later = {"2020-07-15": {}, "2025-07-01": {"hours": [50, 300, 600, 1000, 1500]}}
    policy = Policy.model_validate({"stars": {"rules": later}})
    volunteer = sqlite_city.volunteer(hours=60)
    with pytest.raises(StarsRefused, match="Nobody reaches a star"):
        sqlite_city.draft(policy=policy, cut_off=date(2025, 6, 30))
    assert sqlite_city.stars(sqlite_city.draft(policy=policy, cut_off=date(2025, 7, 1))["id"]) == {volunteer: 1}
    with pytest.raises(StarsRefused, match="no star rules"):
        sqlite_city.draft(2020, policy, cut_off=date(2020, 7, 14))


# Who counts


@pytest.mark.parametrize(
    "columns",
    [{"withdrawn_at": 1}, {"real_name_state": "in_review"}, {"real_name_state": "failed"}, {"national_id": None}],
    ids=str,
)
def test_whoever_is_no_verified_volunteer_gets_no_star(sqlite_city: City, columns: dict[str, object]) -> None:
    sqlite_city.volunteer(hours=100)
    sqlite_city.volunteer(hours=2000, **columns)
    assert sqlite_city.draft()["awards"] == 1


def test_hours_edited_here_make_no_star(city: City, outside: Outside) -> None:
    cheat, honest = city.volunteer(hours=1), city.volunteer(hours=100)
    [(record,)] = city.rows("SELECT id FROM hour_record WHERE volunteer_id = :id", id=cheat)
    outside.sql("UPDATE hour_record SET service_seconds = ? WHERE id = ?", 1_000_000, record)
    outside.insert(
        "hour_record", volunteer_id=cheat, project_id=1, team_id=1, started_at=1_750_000_000,
        ended_at=1_750_400_000, service_seconds=400_000, state="effective",
    )  # fmt: skip
    [(moved,)] = city.rows("SELECT id FROM hour_record WHERE volunteer_id = :id", id=honest)
    outside.sql("UPDATE hour_record SET volunteer_id = ? WHERE id = ?", cheat, moved)
    assert city.stars(city.draft()["id"]) == {honest: 1}


def test_hours_deleted_here_count_until_the_national_side_agrees(city: City, outside: Outside) -> None:
    volunteer = city.volunteer(hours=100)
    outside.sql("DELETE FROM hour_record WHERE volunteer_id = ?", volunteer)
    assert city.stars(city.draft()["id"]) == {volunteer: 1}


def test_a_person_registered_twice_counts_once(city: City) -> None:
    kept, gone = city.volunteer(hours=60), city.volunteer(hours=50)
    city.merge(kept, gone)
    with pytest.raises(StarsRefused):
        city.draft()
    city.serve(gone, 50 * HOUR, "2025-08-01 08:00")
    assert city.stars(city.draft()["id"]) == {kept: 1}
    assert city.rows("SELECT seconds, records FROM star_award") == [(110 * HOUR, 3)]


def test_a_merge_after_certification_gives_nobody_the_same_star_twice(city: City) -> None:
    kept, gone = city.volunteer(hours=100), city.volunteer()
    city.serve(gone, 150 * HOUR, "2025-08-01 08:00")
    city.certified()
    city.merge(kept, gone)
    assert city.draft() is None
    city.serve(kept, 50 * HOUR, "2025-10-01 08:00")
    supplement = city.draft()
    assert city.stars(supplement["id"]) == {kept: 2}
    assert city.rows("SELECT star_before FROM star_award WHERE batch_id = :id", id=supplement["id"]) == [(1,)]


# Bad input


def test_a_cut_off_that_is_not_over_or_of_another_year_is_refused(sqlite_city: City) -> None:
    sqlite_city.volunteer(hours=100)
    with pytest.raises(StarsRefused, match="is not over"):
        sqlite_city.draft(2026)
    with pytest.raises(StarsRefused, match="is not over"):
        sqlite_city.draft(2026, cut_off=sqlite_city.today)
    with pytest.raises(StarsRefused, match="does not lie in 2025"):
        sqlite_city.draft(2025, cut_off=date(2024, 12, 31))
    assert sqlite_city.rows("SELECT COUNT(*) FROM star_batch") == [(0,)]


def test_an_empty_year_is_refused(sqlite_city: City) -> None:
    sqlite_city.volunteer()
    with pytest.raises(StarsRefused, match="0 hour records count"):
        sqlite_city.draft()
    assert sqlite_city.rows("SELECT COUNT(*) FROM star_batch") == [(0,)]


def test_a_batch_in_notice_is_followed_by_none(sqlite_city: City) -> None:
    sqlite_city.volunteer(hours=100)
    batch_id = sqlite_city.draft()["id"]
    sqlite_city.notice(batch_id)
    with pytest.raises(StarsRefused, match="in its public notice"):
        sqlite_city.draft()
    with sqlite_city.database.write() as connection, pytest.raises(StarsRefused):
        batches.publish(connection, batch_id, sqlite_city.act)


def test_a_supplementary_batch_keeps_to_the_years_cut_off(sqlite_city: City) -> None:
    sqlite_city.volunteer(hours=100)
    sqlite_city.certified()
    with pytest.raises(StarsRefused, match="keeps to it"):
        sqlite_city.draft(cut_off=date(2025, 11, 30))
