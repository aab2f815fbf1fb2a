"""The rules by which other cities run their exchange, each as a line of `policy.toml` or a term of an agreement or offer.

The table in `docs/exchange.md` lists them; each of its cities has a test here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError
from tests.integration.exchange.town import HOUR, TODAY, Town, town_in

from national_sync.errors import UsageError
from national_sync.exchange.aftermath import Cause, request_refund
from national_sync.exchange.calendar import Period
from national_sync.exchange.merchants import Refunds, Uncollected
from national_sync.exchange.outcomes import Refusal, State
from national_sync.exchange.settlement import close_period
from national_sync.exchange.sweep import sweep
from national_sync.policy import Policy
from national_sync.puer_time import midnight
from national_sync.store.database import Database

DOCUMENTS = [Path(__file__).parents[3] / "docs" / name for name in ("exchange.md", "exchange.zh-CN.md")]
CITIES = {
    "Huangshan": "黄山",
    "Huangshi": "黄石",
    "Shengzhou": "嵊州",
    "Jinshan": "金山",
    "Hailin": "海林",
    "Chibi": "赤壁",
    "Longquanyi": "龙泉驿",
}


@contextmanager
def city(database: Database, policy_toml: str = "") -> Iterator[Town]:
    """A town whose office has written this into `policy.toml`."""
    policy = Policy.model_validate(tomllib.loads(policy_toml)).exchange
    with town_in(database, **policy.model_dump()) as town:
        yield town
        assert town.faults() == []


def test_each_city_of_the_table_has_a_test_and_each_setting_is_one_of_the_policy() -> None:
    for document, names in zip(DOCUMENTS, (CITIES.keys(), CITIES.values()), strict=True):
        rows = [line for line in document.read_text("utf-8").splitlines() if line.startswith("|")]
        for name in names:
            assert any(line.startswith(f"| {name} |") for line in rows), (document.name, name)
        cities = [line for line in rows if line.split("|")[1].strip() in names]
        for setting in re.findall(r"`(\w+) = ", "\n".join(cities)):
            assert setting in Policy().exchange.model_fields_set | set(type(Policy().exchange).model_fields) | set(
                type(Policy().stars).model_fields
            ), setting
    assert {name.lower() for name in CITIES} <= {name.split("_")[1] for name in globals() if name.startswith("test_")}


def test_huangshan_deducts_at_once_refunds_nothing_and_lets_hours_live_three_years(sqlite_database: Database) -> None:
    with city(sqlite_database, '[exchange]\nexpiry = "months"\nexpiry_months = 36\n') as town:
        volunteer, museum = town.volunteer(hours=5), town.cinema(refunds=Refunds.EXCLUDED)
        recorded = town.sql("SELECT SUM(service_seconds) FROM hour_record")
        held = town.hold(volunteer, town.offer(museum, hours=2))
        assert town.balance(volunteer) == 3
        confirmed = town.confirm(held.redemption_id)
        assert town.collect(confirmed.code, museum).is_granted
        with pytest.raises(UsageError, match="excludes refunds"):
            refund(town, confirmed.redemption_id)
        town.clock.time = midnight(date(2029, 3, 6)) - 1
        sweep(town.database, town.ledger, town.steps, town.clock)
        assert town.balance(volunteer) == 3
        town.clock.time += 1
        sweep(town.database, town.ledger, town.steps, town.clock)
        assert town.balance(volunteer) == 0
        assert town.sql("SELECT SUM(service_seconds) FROM hour_record") == recorded


def refund(town: Town, redemption: int | None) -> int:
    assert redemption is not None
    wish = {"key": "r", "redemption_id": redemption, "seconds": None, "reason": "x", "actor": "operator:li"}
    return town.ledger.run(lambda book, now: request_refund(book, now, cause=Cause.REFUND, **wish))  # type: ignore[arg-type]


def test_huangshi_counts_an_hour_as_a_point_from_own_sign_in_until_31_december(sqlite_database: Database) -> None:
    with city(sqlite_database, '[exchange]\nexpiry = "year_end"\nat_least_days = 0\n') as town:
        volunteer = town.volunteer()
        town.record(volunteer, 3)
        town.record(volunteer, 4, method="team")
        town.follow()
        assert town.balance(volunteer) == 3
        town.clock.time = midnight(date(2027, 1, 1))
        assert town.hold(volunteer, town.offer(hours=1)).refusal is Refusal.NOT_ENOUGH_HOURS


def test_shengzhou_gives_two_of_an_item_to_be_collected_within_a_year(sqlite_database: Database) -> None:
    with city(sqlite_database) as town:
        shop = town.cinema(uncollected=Uncollected.FORFEITED)
        volunteer, offer = town.volunteer(hours=50), town.offer(shop, limits="2 per offer", collect_days=365)
        first, second = town.redeemed(volunteer, offer), town.redeemed(volunteer, offer)
        assert town.hold(volunteer, offer).refusal is Refusal.LIMIT_REACHED
        town.clock.time += 365 * 86_400 - 1
        assert town.collect(first.code, shop).is_granted
        town.clock.time += 1
        assert town.collect(second.code, shop).refusal is Refusal.VOUCHER_EXPIRED


@pytest.mark.parametrize(("limit", "days"), [("1 per day", 1), ("1 per quarter", 22)])
def test_jinshan_redeems_once_a_day_and_hailin_once_a_quarter(sqlite_database: Database, limit: str, days: int) -> None:
    with city(sqlite_database, f'[exchange]\nlimits = ["{limit}"]\n') as town:
        volunteer, one, other = town.volunteer(hours=50), town.offer(), town.offer()
        town.redeemed(volunteer, one)
        town.clock.time = midnight(TODAY + timedelta(days=days)) - 1
        assert town.hold(volunteer, other).refusal is Refusal.LIMIT_REACHED
        town.clock.time += 1
        assert town.hold(volunteer, other).is_granted


def test_hailin_counts_an_activity_to_two_hours(sqlite_database: Database) -> None:
    with city(sqlite_database, "[exchange]\nactivity_cap_minutes = 120\n") as town:
        assert town.balance(town.volunteer(hours=5)) == 2


def test_chibi_adds_up_what_merchants_have_earned_at_the_end_of_the_year(sqlite_database: Database) -> None:
    with city(sqlite_database) as town:
        shop = town.cinema(settles=Period.YEAR)
        volunteer, offer = town.volunteer(hours=9), town.offer(shop)
        town.redeemed(volunteer, offer)
        town.clock.time = midnight(date(2026, 9, 1))
        town.redeemed(volunteer, offer)
        town.clock.time = midnight(date(2026, 12, 31)) + 86_399
        with town.database.write() as connection, pytest.raises(UsageError, match="ends on 2026-12-31"):
            close_period(connection, int(town.clock.now()), shop, TODAY, actor="operator:chen")
        town.clock.time += 1
        with town.database.write() as connection:
            close_period(connection, int(town.clock.now()), shop, TODAY, actor="operator:chen")
        assert town.sql("SELECT period, redeemed_seconds FROM settlement") == [("2026", 4 * HOUR)]


def test_longquanyi_would_lower_stars_and_the_setting_says_why_not_here() -> None:
    """The Measures rest stars on recorded hours: the switch is there, and only false is taken."""
    assert Policy().stars.exchange_reduces_stars is False
    with pytest.raises(ValidationError, match="stars rest on recorded hours"):
        Policy.model_validate({"stars": {"exchange_reduces_stars": True}})


def test_uncollected_hours_go_back_or_are_lost_as_agreed(sqlite_database: Database) -> None:
    with city(sqlite_database) as town:
        for uncollected, state in ((Uncollected.RETURNED, State.RETURNED), (Uncollected.FORFEITED, State.FORFEITED)):
            offer = town.offer(town.cinema(uncollected=uncollected), collect_days=1)
            redemption = town.redeemed(town.volunteer(hours=2), offer).redemption_id
            town.clock.time += 86_400
            sweep(town.database, town.ledger, town.steps, town.clock)
            assert town.sql("SELECT state FROM redemption WHERE id = :id", id=redemption) == [(state,)]
