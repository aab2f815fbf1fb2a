"""After a redemption: vouchers that nobody collects, refunds, persons who leave or are one, settlement, review."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from tests.integration.exchange.town import HOUR, TODAY, Town

from national_sync.errors import AlreadySettled, KeyReused, SecondPersonNeeded, UsageError
from national_sync.exchange.accounts import FORFEITED, exchangeable, spent
from national_sync.exchange.aftermath import Cause, approve_refund, reject_refund, request_refund
from national_sync.exchange.keeping_up import keep_up
from national_sync.exchange.lives import close_account, follow_merges, follow_volunteers, reopen_account
from national_sync.exchange.outcomes import Outcome, Refusal, State
from national_sync.exchange.settlement import city_totals, close_period, is_unchanged, lines_of
from national_sync.exchange.statement import SENTENCES, line_in_words, page
from national_sync.exchange.suspicions import look_for_suspicions
from national_sync.exchange.sweep import sweep
from national_sync.exchange.verifying import rebuild
from national_sync.puer_time import midnight


def swept(town: Town) -> None:
    sweep(town.database, town.ledger, town.steps, town.clock)


def state_of(town: Town, outcome: Outcome) -> str:
    [[state]] = town.sql("SELECT state FROM redemption WHERE id = :id", id=outcome.redemption_id)
    return str(state)


@pytest.mark.parametrize(("uncollected", "balance", "lost"), [("returned", 4, 0), ("forfeited", 2, 2)])
def test_hours_of_an_uncollected_voucher_are_back_or_lost_by_agreement(
    town: Town, uncollected: str, balance: int, lost: int
) -> None:
    """Shengzhou: to be collected within a year."""
    from national_sync.exchange.merchants import Uncollected

    cinema = town.cinema(uncollected=Uncollected(uncollected))
    volunteer, offer = town.volunteer(hours=4), town.offer(cinema, collect_days=365, stock=1)
    confirmed = town.redeemed(volunteer, offer)
    town.clock.time += 365 * 86400
    assert town.collect(confirmed.code, cinema).refusal is Refusal.VOUCHER_EXPIRED
    swept(town)
    swept(town)
    assert (state_of(town, confirmed), town.balance(volunteer), town.account(FORFEITED)) == (uncollected, balance, lost)
    assert town.account(spent(cinema)) == 0
    assert town.hold(volunteer, offer).is_granted


# Refunds


def ask(town: Town, outcome: Outcome, hours: float | None = None, **named: Any) -> int:
    asked: dict[str, Any] = {"key": next(town.keys), "cause": Cause.REFUND, "actor": "operator:chen"} | named
    seconds = None if hours is None else int(hours * HOUR)
    assert outcome.redemption_id is not None
    redemption_id = outcome.redemption_id
    return town.ledger.run(
        lambda book, now: request_refund(
            book, now, redemption_id=redemption_id, seconds=seconds, reason="停电", **asked
        )
    )


def approve(town: Town, refund_id: int, actor: str = "operator:li") -> int:
    return town.ledger.run(lambda book, now: approve_refund(book, now, refund_id, actor=actor))


def test_a_refund_takes_two_persons_and_never_exceeds_what_was_paid(town: Town) -> None:
    cinema = town.cinema()
    volunteer, offer = town.volunteer(hours=5), town.offer(cinema, hours=2, stock=1)
    confirmed = town.redeemed(volunteer, offer)
    part = ask(town, confirmed, 0.5)
    with pytest.raises(SecondPersonNeeded):
        approve(town, part, actor="operator:chen")
    assert approve(town, part) == HOUR // 2
    with pytest.raises(AlreadySettled):
        approve(town, part)
    with pytest.raises(UsageError, match="At most"):
        ask(town, confirmed, 1.6)
    rest = ask(town, confirmed)
    with pytest.raises(UsageError, match="At most 0"):
        ask(town, confirmed, 0.5)
    approve(town, rest)
    assert (town.balance(volunteer), town.account(spent(cinema)), state_of(town, confirmed)) == (5, 0, "refunded")
    assert town.collect(confirmed.code, cinema).refusal is Refusal.VOUCHER_CANCELLED
    assert town.hold(volunteer, offer).is_granted


def test_a_refund_is_asked_for_once_under_its_key(town: Town) -> None:
    confirmed = town.redeemed(town.volunteer(hours=2), town.offer())
    first = ask(town, confirmed, 1, key="wish")
    assert ask(town, confirmed, 1, key="wish") == first
    with pytest.raises(KeyReused):
        ask(town, confirmed, 2, key="wish")
    town.ledger.run(lambda book, now: reject_refund(book, now, first, actor="operator:li"))
    assert ask(town, confirmed, 2)


def test_failed_delivery_is_made_good_once_even_where_refunds_are_excluded(town: Town) -> None:
    """Huangshan: no refund."""
    from national_sync.exchange.merchants import Refunds

    cinema = town.cinema(refunds=Refunds.EXCLUDED)
    volunteer = town.volunteer(hours=4)
    confirmed = town.redeemed(volunteer, town.offer(cinema, hours=4))
    with pytest.raises(UsageError, match="excludes refunds"):
        ask(town, confirmed)
    approve(town, ask(town, confirmed, 1, cause=Cause.NOT_FULFILLED))
    with pytest.raises(UsageError, match="made good before"):
        ask(town, confirmed, 1, cause=Cause.NOT_FULFILLED)
    assert town.balance(volunteer) == 1


# Lives


def test_who_is_withdrawn_keeps_the_hours_and_gets_back_what_was_held(town: Town) -> None:
    volunteer, offer = town.volunteer(hours=5), town.offer()
    town.hold(volunteer, offer)
    town.nationally("volunteer", volunteer, withdrawn_at=1)
    assert follow_volunteers(town.database, town.steps, town.clock) == 1
    assert (town.balance(volunteer), town.held(volunteer)) == (5, 0)
    town.nationally("volunteer", volunteer, withdrawn_at=None)
    assert follow_volunteers(town.database, town.steps, town.clock) == 1
    assert town.hold(volunteer, offer).is_granted


def test_a_closed_account_redeems_nothing_and_loses_nothing(town: Town) -> None:
    cinema = town.cinema()
    volunteer, offer = town.volunteer(hours=5), town.offer(cinema)
    code = town.redeemed(volunteer, offer).code
    town.ledger.run(lambda book, now: close_account(book, town.steps, now, volunteer, "died"))
    follow_volunteers(town.database, town.steps, town.clock)
    assert town.hold(volunteer, offer).refusal is Refusal.ACCOUNT_CLOSED
    assert town.collect(code, cinema).is_granted
    town.ledger.run(lambda book, now: reopen_account(book, volunteer))
    assert town.hold(volunteer, offer).is_granted


def merged(town: Town, gone: int, kept: int, state: str) -> None:
    with town.database.write() as connection:
        connection.execute(text("DELETE FROM volunteer_merge WHERE gone_id = :gone"), {"gone": gone})
        connection.execute(
            text(
                "INSERT INTO volunteer_merge (kept_id, gone_id, state, merged_at, merged_by)"
                " VALUES (:kept, :gone, :state, 0, 'operator:chen')"
            ),
            {"kept": kept, "gone": gone, "state": state},
        )
    follow_merges(town.database, town.steps, town.clock)


def test_two_registrations_of_one_person_have_one_balance(town: Town) -> None:
    gone, kept, offer = town.volunteer(hours=5), town.volunteer(hours=2), town.offer(hours=3)
    record = town.record(gone, 1)
    town.follow()
    town.redeemed(gone, offer)
    town.hold(gone, offer)
    merged(town, gone, kept, "merged")
    assert (town.balance(gone), town.held(gone), town.balance(kept)) == (0, 0, 5)
    held = town.hold(gone, offer)
    assert (held.is_granted, town.balance(kept)) == (True, 2)
    town.release(held.redemption_id)
    town.nationally("hour_record", record, withdrawn_at=1)
    town.follow()
    assert town.balance(kept) == 4
    merged(town, gone, kept, "undone")
    assert (town.balance(gone), town.balance(kept)) == (2, 2)
    town.nationally("hour_record", record, withdrawn_at=None)
    town.follow()
    assert (town.balance(gone), town.balance(kept)) == (3, 2)


def test_a_deficit_moves_along_with_a_merge(town: Town) -> None:
    gone, kept, offer = town.volunteer(), town.volunteer(hours=2), town.offer(hours=3)
    record = town.record(gone, 3)
    town.follow()
    town.redeemed(gone, offer)
    town.nationally("hour_record", record, withdrawn_at=1)
    town.follow()
    merged(town, gone, kept, "merged")
    assert (town.balance(gone), town.balance(kept)) == (0, -1)


# Statements


def test_every_line_of_a_statement_is_told_in_words(town: Town) -> None:
    volunteer, offer = town.volunteer(hours=5), town.offer()
    confirmed = town.redeemed(volunteer, offer)
    approve(town, ask(town, confirmed))
    with town.database.read() as connection:
        lines = page(connection, exchangeable(volunteer))
        assert [line["kind"] for line in lines] == ["refunded", "held", "credited"]
        assert "停电" in line_in_words(lines[0])
        assert page(connection, exchangeable(volunteer), before=2, limit=9) == lines[2:]
    assert set(SENTENCES) >= {line["kind"] for line in lines}


def test_balances_are_rebuilt_from_the_entries_byte_for_byte(town: Town) -> None:
    volunteer, offer = town.volunteer(hours=5), town.offer()
    town.redeemed(volunteer, offer)
    before = town.sql("SELECT * FROM account ORDER BY id")
    with town.database.write() as connection:
        connection.execute(text("UPDATE account SET balance = balance + 7, version = 0"))
    assert {fault.split(":")[0] for fault in town.faults()} >= {"balance", "lots", "held", "spent"}
    with town.database.write() as connection:
        assert rebuild(connection) > 0
    assert town.sql("SELECT * FROM account ORDER BY id") == before


def test_a_closed_period_never_changes_and_later_corrections_land_in_the_open_one(town: Town) -> None:
    """Chibi adds up at the end of the year; here it is the month."""
    cinema = town.cinema()
    volunteer, offer = town.volunteer(hours=9), town.offer(cinema, hours=2)
    confirmed = town.redeemed(volunteer, offer)
    with pytest.raises(UsageError, match="can be settled after that"), town.database.write() as connection:
        close_period(connection, int(town.clock.now()), cinema, TODAY, actor="operator:chen")
    town.clock.time = midnight(date(2026, 4, 1)) + 10
    town.redeemed(volunteer, offer)
    with town.database.write() as connection:
        march = close_period(connection, int(town.clock.now()), cinema, TODAY, actor="operator:chen")
        with pytest.raises(AlreadySettled):
            close_period(connection, int(town.clock.now()), cinema, TODAY, actor="operator:chen")
    approve(town, ask(town, confirmed))
    town.clock.time = midnight(date(2026, 5, 2))
    with town.database.write() as connection:
        april = close_period(connection, int(town.clock.now()), cinema, date(2026, 4, 9), actor="operator:chen")
        assert is_unchanged(connection, march)
        assert [line["kind"] for line in lines_of(connection, march)] == ["confirmed"]
        assert [line["kind"] for line in lines_of(connection, april)] == ["confirmed", "refunded"]
        [total] = city_totals(connection, midnight(date(2026, 1, 1)), midnight(date(2027, 1, 1)))
    assert (total["redemptions"], total["redeemed_seconds"], total["returned_seconds"]) == (2, 4 * HOUR, 2 * HOUR)
    assert town.sql("SELECT opening_seconds, closing_seconds FROM settlement ORDER BY id") == [
        (0, 2 * HOUR),
        (2 * HOUR, 2 * HOUR),
    ]


def test_what_looks_wrong_is_noted_once(town: Town) -> None:
    cinema, other = town.cinema(), town.cinema()
    near, far = town.outlet(cinema), town.outlet(other, area_id="530829")
    volunteer = town.volunteer(hours=50)
    with town.database.write() as connection:
        connection.execute(
            text("UPDATE merchant SET representative_id = :v WHERE id = :m"), {"v": volunteer, "m": cinema}
        )
    town.hold(volunteer, town.offer(cinema), outlet_id=near)
    town.clock.time += 60
    town.hold(volunteer, town.offer(other), 11, outlet_id=far)
    for _ in range(town.policy.wrong_codes):
        town.collect("0000", cinema)
    for found in (4, 0):
        assert look_for_suspicions(town.database, town.policy, 0, int(town.clock.now())) == found
    kinds = [kind for (kind,) in town.sql("SELECT kind FROM suspicion ORDER BY kind")]
    assert kinds == ["burst", "far_apart", "guessed_codes", "own_merchant"]


def test_keeping_up_twice_does_nothing_the_second_time(town: Town) -> None:
    volunteer, offer = town.volunteer(hours=5), town.offer()
    town.hold(volunteer, offer)
    town.clock.time += timedelta(days=1).total_seconds()
    assert keep_up(town.database, town.ledger, town.steps, town.clock).swept.holds == 1
    again = keep_up(town.database, town.ledger, town.steps, town.clock).to_json()
    assert set(again.values()) == {0}


def test_state_words_are_those_of_the_table() -> None:
    assert {state.value for state in State} == {
        "refused", "held", "released", "expired", "confirmed", "refunded", "returned", "forfeited"
    }  # fmt: skip
