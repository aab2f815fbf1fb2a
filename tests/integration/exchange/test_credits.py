"""Exchangeable hours follow the mirror, each change exactly once: clause E2."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import text
from tests.integration.exchange.town import HOUR, TODAY, Town, town_in

from national_sync.exchange.accounts import CORRECTED, EXPIRED, ISSUED, exchangeable
from national_sync.exchange.credits import CHUNK
from national_sync.exchange.outcomes import Refusal
from national_sync.exchange.statement import account_facts, page
from national_sync.exchange.sweep import sweep
from national_sync.puer_time import midnight
from national_sync.store.database import Database
from national_sync.store.open_kiosk import OPEN_SECONDS, say_open


def test_only_own_sign_in_counts_unless_the_policy_says_otherwise(town: Town) -> None:
    volunteer = town.volunteer()
    for method in ("check_in", "face", "forced_sign_out", "team", "application"):
        town.record(volunteer, 1, method=method)
    town.record(volunteer, 1, kind="honour")
    town.record(volunteer, 1, state="applying")
    town.record(volunteer, 1, withdrawn_at=1)
    assert town.follow().credited_seconds == 3 * HOUR
    assert town.balance(volunteer) == 3


def test_following_again_books_nothing(town: Town) -> None:
    volunteer = town.volunteer(hours=5)
    assert town.follow().records == 0
    assert town.balance(volunteer) == 5


def test_a_correction_is_one_new_entry_that_names_the_record(town: Town) -> None:
    volunteer = town.volunteer()
    record = town.record(volunteer, 5)
    town.follow()
    town.nationally("hour_record", record, service_seconds=3 * HOUR)
    assert town.follow().corrected_seconds == -2 * HOUR
    assert town.follow().corrected_seconds == 0
    with town.database.read() as connection:
        newest, first = page(connection, exchangeable(volunteer))
    assert (newest["kind"], newest["seconds"], newest["record_id"]) == ("corrected", -2 * HOUR, record)
    assert (first["kind"], first["seconds"], first["record_id"]) == ("credited", 5 * HOUR, record)
    assert (newest["balance_before"], newest["balance_after"], newest["version"]) == (5 * HOUR, 3 * HOUR, 2)


def test_spent_hours_that_are_withdrawn_leave_a_deficit_that_later_hours_pay_back(town: Town) -> None:
    volunteer, offer = town.volunteer(), town.offer(hours=2)
    record = town.record(volunteer, 3)
    town.follow()
    town.redeemed(volunteer, offer)
    town.nationally("hour_record", record, withdrawn_at=1)
    town.follow()
    assert town.balance(volunteer) == -2
    assert town.hold(volunteer, offer).refusal is Refusal.DEFICIT
    town.record(volunteer, 3)
    town.follow()
    assert town.balance(volunteer) == 1
    with town.database.read() as connection:
        assert account_facts(connection, volunteer, int(town.clock.now()))["usable_seconds"] == HOUR


def test_a_withdrawn_record_that_returns_counts_again(town: Town) -> None:
    volunteer = town.volunteer()
    record = town.record(volunteer, 3)
    town.follow()
    for withdrawn_at, hours in ((1, 0), (None, 3), (1, 0), (None, 3)):
        town.nationally("hour_record", record, withdrawn_at=withdrawn_at)
        town.follow()
        assert town.balance(volunteer) == hours
    assert (town.account(ISSUED), town.account(CORRECTED)) == (-3, 0)


def test_hours_held_while_they_are_withdrawn_can_still_be_confirmed(town: Town) -> None:
    """What is promised is kept; the deficit shows."""
    volunteer, offer = town.volunteer(), town.offer(hours=2)
    record = town.record(volunteer, 2)
    town.follow()
    held = town.hold(volunteer, offer)
    town.nationally("hour_record", record, state="deleted")
    town.follow()
    assert (town.balance(volunteer), town.held(volunteer)) == (-2, 2)
    town.release(held.redemption_id)
    assert town.balance(volunteer) == 0


def test_an_edit_made_here_does_not_count_before_both_sides_agree(town: Town) -> None:
    volunteer = town.volunteer()
    record = town.record(volunteer, 3)
    with town.database.write() as connection:
        connection.execute(text("UPDATE hour_record SET service_seconds = 90000 WHERE id = :id"), {"id": record})
    town.follow()
    assert town.balance(volunteer) == 3


def test_a_record_that_is_deleted_on_both_sides_is_withdrawn(town: Town) -> None:
    volunteer = town.volunteer()
    record = town.record(volunteer, 3)
    town.follow()
    with town.database.write() as connection:
        connection.execute(text("DELETE FROM hour_record WHERE id = :id"), {"id": record})
    town.follow()
    assert town.balance(volunteer) == 3
    with town.database.write() as connection:
        connection.execute(text("DELETE FROM local_deletion"))
    town.follow()
    assert town.balance(volunteer) == 0


def test_a_record_given_to_another_volunteer_takes_its_hours_along(town: Town) -> None:
    one, other = town.volunteer(), town.volunteer()
    record = town.record(one, 3)
    town.follow()
    town.nationally("hour_record", record, volunteer_id=other)
    town.follow()
    assert (town.balance(one), town.balance(other)) == (0, 3)


def test_many_records_of_one_revision_are_followed_in_chunks(sqlite_town: Town) -> None:
    volunteer = sqlite_town.volunteer()
    record = sqlite_town.record(volunteer, 1)
    with sqlite_town.database.write() as connection:
        connection.execute(
            text(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :copies) INSERT INTO"
                " hour_record (volunteer_id, project_id, team_id, started_at, ended_at, service_seconds, method, state,"
                " kind, national_id, sync_rev) SELECT volunteer_id, project_id, team_id, started_at, ended_at,"
                " service_seconds, method, state, kind, 'copy' || i, sync_rev FROM hour_record, n WHERE id = :id"
            ),
            {"copies": 2 * CHUNK, "id": record},
        )
    assert sqlite_town.follow().records == 2 * CHUNK + 1
    assert sqlite_town.balance(volunteer) == 2 * CHUNK + 1


def test_an_open_kiosk_gets_the_file_between_small_chunks(sqlite_town: Town) -> None:
    town = sqlite_town
    volunteer = town.volunteer()
    records = [town.record(volunteer, 1) for _ in range(40)]
    say_open(town.database, town.clock.now())
    before = town.clock.now()
    assert town.follow().records == len(records)
    assert town.clock.now() > before  # It has waited between its transactions.
    town.clock.time += OPEN_SECONDS
    for record in records:
        town.nationally("hour_record", record, service_seconds=2 * HOUR)
    before = town.clock.now()
    assert town.follow().corrected_seconds == len(records) * HOUR
    assert town.clock.now() == before


# The rules of other cities


def _served(day: date) -> dict[str, int]:
    return {"started_at": midnight(day) + 9 * HOUR}


def test_hours_live_three_years(database: Database) -> None:
    """Huangshan: three years; the recorded hours stay as they are."""
    with town_in(database, expiry="months", expiry_months=36) as town:
        volunteer, offer = town.volunteer(), town.offer(last_day=date(2030, 1, 1))
        with town.database.write() as connection:
            connection.execute(text("UPDATE agreement SET ends_at = 4000000000"))
        record = town.record(volunteer, 2, **_served(date(2026, 3, 5)))
        town.record(volunteer, 1, **_served(date(2026, 3, 6)))
        town.follow()
        town.clock.time = midnight(date(2029, 3, 6)) - 1
        assert town.hold(volunteer, offer).is_granted
        town.clock.time += 86400
        sweep(town.database, town.ledger, town.steps, town.clock)
        assert (town.balance(volunteer), town.account(EXPIRED)) == (1, 2)
        assert town.hold(volunteer, offer).refusal is Refusal.NOT_ENOUGH_HOURS
        assert town.sql("SELECT service_seconds FROM hour_record WHERE id = :id", id=record) == [(2 * HOUR,)]
        assert town.faults() == []


def test_hours_die_on_31_december_judged_when_read(database: Database) -> None:
    """Huangshi: an hour a point, own sign-in only, until the end of the year."""
    with town_in(database, expiry="year_end", at_least_days=0) as town:
        volunteer, offer = town.volunteer(hours=4), town.offer(hours=2)
        town.clock.time = midnight(date(2027, 1, 1)) - 1
        assert town.hold(volunteer, offer).is_granted
        town.clock.time += 1
        assert town.hold(volunteer, offer).refusal is Refusal.NOT_ENOUGH_HOURS
        town.clock.time += 600
        sweep(town.database, town.ledger, town.steps, town.clock)
        assert (town.balance(volunteer), town.held(volunteer), town.account(EXPIRED)) == (0, 0, 4)
        assert town.faults() == []


def test_expired_hours_that_are_withdrawn_are_not_taken_twice(database: Database) -> None:
    with town_in(database, expiry="year_end") as town:
        volunteer = town.volunteer()
        record = town.record(volunteer, 4)
        town.follow()
        town.clock.time = midnight(date(2027, 2, 1))
        sweep(town.database, town.ledger, town.steps, town.clock)
        town.nationally("hour_record", record, withdrawn_at=1)
        town.follow()
        assert (town.balance(volunteer), town.account(EXPIRED)) == (0, 0)
        assert town.faults() == []


def test_one_activity_counts_two_hours_at_most(database: Database) -> None:
    """Hailin."""
    with town_in(database, activity_cap_minutes=120) as town:
        volunteer = town.volunteer()
        first = town.record(volunteer, 1.5, project_id=7)
        town.record(volunteer, 1.5, project_id=7)
        town.record(volunteer, 1.5, project_id=8)
        town.follow()
        assert town.balance(volunteer) == 3.5
        town.nationally("hour_record", first, withdrawn_at=1)
        town.follow()
        assert town.balance(volunteer) == 3
        town.nationally("hour_record", first, withdrawn_at=None, project_id=8)
        town.follow()
        assert town.balance(volunteer) == 3.5
        assert town.faults() == []


@pytest.mark.parametrize(
    ("city", "limit", "later_days"),
    [("Jinshan", "1 per day", 1), ("Hailin", "1 per quarter", 22), ("Shengzhou", "2 per offer", None)],
)
def test_the_limits_of_other_cities(sqlite_database: Database, city: str, limit: str, later_days: int | None) -> None:
    with town_in(sqlite_database, limits=(limit,)) as town:
        volunteer, offer = town.volunteer(hours=50), town.offer()
        pieces = int(limit[0])
        town.redeemed(volunteer, offer, pieces)
        assert town.hold(volunteer, offer).refusal is Refusal.LIMIT_REACHED, city
        town.clock.time = midnight(TODAY + timedelta(days=later_days or 300))
        assert town.hold(volunteer, offer).is_granted is (later_days is not None)


def test_a_category_can_count_more_and_bulk_entries_wait(database: Database) -> None:
    with town_in(database, rates=("0017 150",), admitted_methods=("team", "check_in"), waiting_days=7) as town:
        volunteer = town.volunteer()
        with town.database.write() as connection:
            connection.execute(
                text(
                    "INSERT INTO project (id, name, team_id, started_at, ended_at, categories, area_id)"
                    " VALUES (70, '助老', 1, 0, 0, '0001,0017', '530802')"
                )
            )
        town.record(volunteer, 2, project_id=70)
        town.record(volunteer, 1, method="team", entered_at=int(town.clock.now()))
        town.follow()
        assert town.balance(volunteer) == 3
        town.clock.time = midnight(TODAY + timedelta(days=8)) - 1
        town.follow()
        assert town.balance(volunteer) == 3
        town.clock.time += 1
        town.follow()
        assert town.balance(volunteer) == 4
        assert town.faults() == []


def test_late_hours_can_be_spent_for_some_days_all_the_same(sqlite_database: Database) -> None:
    with town_in(sqlite_database, expiry="year_end", at_least_days=30) as town:
        volunteer = town.volunteer()
        town.record(volunteer, 2, **_served(date(2025, 12, 31)))
        town.follow()
        assert town.hold(volunteer, town.offer()).is_granted
