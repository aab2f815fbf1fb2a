"""The ledger does what the model does, whatever is asked of it: clause E2."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.integration.exchange.conftest import MEMORY
from tests.integration.exchange.town import HOUR, TODAY, Town, town_in
from tests.simulation.exchange.effort import EFFORT
from tests.simulation.exchange.model import Model

from national_sync.exchange.calendar import midnight_after, months_later
from national_sync.exchange.outcomes import Outcome
from national_sync.exchange.steps import HoldRequest
from national_sync.exchange.sweep import sweep
from national_sync.puer_time import midnight
from national_sync.store.database import Database

_PEOPLE = 3
_PRICES = (1, 2)
_STOCK = 4
_LIMIT = 3
_MONTHS = 1


class Lost(Exception):
    """The process ended before the commit."""


def answer(outcome: Outcome) -> tuple[str, str | None]:
    return outcome.state.value, outcome.refusal.value if outcome.refusal else None


class LedgerMachine(RuleBasedStateMachine):
    template: ClassVar[Path]

    @initialize()
    def open(self) -> None:
        self.stack = ExitStack()
        folder = Path(mkdtemp(prefix="machine-", dir=MEMORY))
        self.stack.callback(shutil.rmtree, folder)
        shutil.copy(self.template, folder / "mirror.sqlite")
        database = Database(f"sqlite:///{folder / 'mirror.sqlite'}")
        self.stack.callback(database.close)
        self.town: Town = self.stack.enter_context(
            town_in(database, expiry="months", expiry_months=_MONTHS, at_least_days=0, limits=(f"{_LIMIT} per offer",))
        )
        self.people = [self.town.volunteer() for _ in range(_PEOPLE)]
        cinema = self.town.cinema()
        self.offers = [self.town.offer(cinema, hours=price, stock=_STOCK) for price in _PRICES]
        self.model = Model(
            prices=dict(zip(self.offers, _PRICES, strict=True)),
            stock=dict.fromkeys(self.offers, _STOCK),
            limit_per_offer=_LIMIT,
        )
        self.asked: list[tuple[str, int, int, int, int]] = []
        self.numbers: list[int] = []
        self.records: dict[int, tuple[int, int]] = {}

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            faults = self.town.faults()
            self.stack.close()
            assert faults == []

    # The mirror

    @rule(person=st.integers(0, _PEOPLE - 1), hours=st.integers(1, 4), days_ago=st.integers(0, 35))
    def serve(self, person: int, hours: int, days_ago: int) -> None:
        day = TODAY - timedelta(days=days_ago)
        volunteer = self.people[person]
        record = self.town.record(volunteer, hours, started_at=midnight(day) + 9 * HOUR)
        self.town.follow()
        expires_at = max(midnight_after(months_later(day, _MONTHS)), midnight_after(self._today()))
        self.records[record] = (volunteer, expires_at)
        self.model.record(record, volunteer, hours, expires_at)

    def _today(self) -> Any:
        from national_sync.clock import local_date

        return local_date(self.town.clock.now())

    @precondition(lambda self: self.records)
    @rule(choice=st.integers(0, 99), hours=st.integers(0, 4), is_withdrawn=st.booleans())
    def correct(self, choice: int, hours: int, is_withdrawn: bool) -> None:
        record = list(self.records)[choice % len(self.records)]
        volunteer, expires_at = self.records[record]
        withdrawn_at = 1 if is_withdrawn else None
        self.town.nationally("hour_record", record, service_seconds=hours * HOUR, withdrawn_at=withdrawn_at)
        self.town.follow()
        self.model.record(record, volunteer, 0 if is_withdrawn else hours, expires_at)

    # The counter

    @rule(
        person=st.integers(0, _PEOPLE - 1),
        offer=st.integers(0, len(_PRICES) - 1),
        quantity=st.integers(0, 3),
        fate=st.sampled_from(["told", "told", "lost_before", "lost_after"]),
    )
    def hold(self, person: int, offer: int, quantity: int, fate: str) -> None:
        self._hold((next(self.town.keys), self.people[person], self.offers[offer], quantity, 0), fate)

    @precondition(lambda self: self.asked)
    @rule(choice=st.integers(0, 99))
    def hold_again(self, choice: int) -> None:
        self._hold(self.asked[choice % len(self.asked)], "told")

    def _hold(self, asked: tuple[str, int, int, int, int], fate: str) -> None:
        """An answer that is lost leaves the outcome unknown; asking again under the key settles it."""
        key, volunteer, offer, quantity, _ = asked
        request = HoldRequest(key, volunteer, offer, quantity, "kiosk-1")
        if fate == "lost_before":
            with pytest.raises(Lost):
                self.town.ledger.run(lambda book, now: self._lose(self.town.steps.hold(book, now, request)))
        elif fate == "lost_after":
            self.town.hold(volunteer, offer, quantity, key=key)
        outcome = self.town.hold(volunteer, offer, quantity, key=key)
        assert outcome.redemption_id is not None
        expected = self.model.hold(key, outcome.redemption_id, volunteer, offer, quantity, self.town.clock.now())
        assert answer(outcome) == expected
        self.asked.append(asked)
        if outcome.redemption_id in self.model.redemptions:
            self.numbers.append(outcome.redemption_id)

    def _lose(self, _outcome: Outcome) -> Outcome:
        raise Lost

    @precondition(lambda self: self.numbers)
    @rule(choice=st.integers(0, 99), quantity=st.none() | st.integers(0, 3), is_lost=st.booleans())
    def confirm(self, choice: int, quantity: int | None, is_lost: bool) -> None:
        number = self.numbers[choice % len(self.numbers)]
        if is_lost:
            self.town.confirm(number, quantity)
        now = self.town.clock.now()
        outcome = self.town.confirm(number, quantity)
        if is_lost:
            self.model.confirm(number, quantity, now)
        assert answer(outcome) == self.model.confirm(number, quantity, now)

    @precondition(lambda self: self.numbers)
    @rule(choice=st.integers(0, 99))
    def release(self, choice: int) -> None:
        number = self.numbers[choice % len(self.numbers)]
        assert answer(self.town.release(number)) == self.model.release(number, self.town.clock.now())

    # Time

    @rule(seconds=st.sampled_from([60, 599, 600, 86_400, 7 * 86_400, -60, -700]))
    def pass_time(self, seconds: int) -> None:
        """It may step back, too."""
        self.town.clock.time += seconds

    @rule()
    def sweep(self) -> None:
        sweep(self.town.database, self.town.ledger, self.town.steps, self.town.clock)
        self.model.sweep(self.town.clock.now())

    @invariant()
    def both_agree(self) -> None:
        if hasattr(self, "town"):
            assert picture(self.town) == self.model.picture()


def picture(town: Town) -> dict[str, Any]:
    rows = town.sql("SELECT kind, owner_id, balance FROM account WHERE balance <> 0")
    return {
        "balances": {owner: balance // HOUR for kind, owner, balance in rows if kind == "exchangeable"},
        "held": {owner: balance // HOUR for kind, owner, balance in rows if kind == "held"},
        "spent": sum(balance for kind, _owner, balance in rows if kind == "spent") // HOUR,
    }


@contextmanager
def machine_on(template: Path) -> Iterator[type[LedgerMachine]]:
    yield type("Machine", (LedgerMachine,), {"template": template})


def test_the_ledger_agrees_with_the_model(template: Path) -> None:
    """Hold, confirm, release, expiry, corrections, lost answers, a clock that steps back."""
    with machine_on(template) as machine:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=12 * EFFORT,
                stateful_step_count=30,
                deadline=None,
                derandomize=True,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
