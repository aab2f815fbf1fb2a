"""A small town for the ledger: volunteers with hours, a cinema with offers, and the counter where they are redeemed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import text

from national_sync.exchange.accounts import exchangeable, held
from national_sync.exchange.codes import VoucherCodes
from national_sync.exchange.credits import Followed, follow
from national_sync.exchange.ledger import Ledger, open_ledger
from national_sync.exchange.merchants import Category, add_merchant, add_outlet, sign_agreement
from national_sync.exchange.offers import add_offer
from national_sync.exchange.outcomes import Outcome
from national_sync.exchange.steps import HoldRequest, Steps
from national_sync.exchange.verifying import verify
from national_sync.policy import Exchange
from national_sync.puer_time import midnight
from national_sync.sealing import Sealer, SealingKey
from national_sync.store.database import Database
from national_sync.store.marks import read_mark, write_mark

HOUR = 3600
TODAY = date(2026, 3, 10)
NOON = midnight(TODAY) + 12 * HOUR
FIRST_DAY, LAST_DAY = date(2026, 1, 1), date(2027, 12, 31)
CODES = VoucherCodes(Sealer([SealingKey("k1", bytes(range(32)))]))
_CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


class SetClock:
    """A clock that is set by hand; waiting moves it."""

    def __init__(self, now: float = NOON) -> None:
        self.time = now

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        self.time += seconds


def credit_code(number: int) -> str:
    """The code of an organisation that does not exist."""
    code = f"91530800MA6K{number:05d}"
    weighted = sum(_CODE_ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(code))
    return code + _CODE_ALPHABET[(31 - weighted % 31) % 31]


@dataclass
class Town:
    database: Database
    ledger: Ledger
    clock: SetClock
    policy: Exchange = field(default_factory=Exchange)
    keys: Iterator[str] = field(default_factory=lambda: (f"key-{number}" for number in itertools.count(1)))

    @property
    def steps(self) -> Steps:
        return Steps(self.policy, CODES)

    # People and their hours, as a run of the engine would write them

    def volunteer(self, hours: float = 0, **columns: Any) -> int:
        """Somebody of 30 years without a star, unless said otherwise."""
        fields = {
            "name": "岩温", "id_number": "k1:sealed", "sex": "male", "birth_date": "1996-01-01",
            "service_area_id": "530802000000000000", "star": 0,
        } | columns  # fmt: skip
        volunteer_id = self._mirror("volunteer", **fields)
        if hours:
            self.record(volunteer_id, hours)
            self.follow()
        return volunteer_id

    def record(self, volunteer_id: int, hours: float, **columns: Any) -> int:
        """An effective hour record from the volunteer's own sign-in."""
        started = columns.pop("started_at", midnight(TODAY - timedelta(days=5)) + 9 * HOUR)
        fields = {
            "volunteer_id": volunteer_id, "project_id": 1, "team_id": 1, "started_at": started,
            "ended_at": started + int(hours * HOUR), "service_seconds": int(hours * HOUR), "method": "check_in",
            "state": "effective", "kind": "credit",
        } | columns  # fmt: skip
        return self._mirror("hour_record", **fields)

    def nationally(self, table: str, row_id: int, **columns: Any) -> None:
        """The national side says something else of a row."""
        with self.database.write() as connection:
            columns["sync_rev"] = self._revision(connection)
            changes = ", ".join(f"{name} = :{name}" for name in columns)
            connection.execute(text(f"UPDATE {table} SET {changes} WHERE id = :row_id"), {**columns, "row_id": row_id})

    def _mirror(self, table: str, **columns: Any) -> int:
        with self.database.write() as connection:
            columns |= {"sync_rev": self._revision(connection), "national_id": f"{table}-{next(_numbers)}"}
            names = ", ".join(columns)
            places = ", ".join(f":{name}" for name in columns)
            statement = text(f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING id")
            return int(connection.execute(statement, columns).scalar_one())

    def _revision(self, connection: Any) -> int:
        revision = int(read_mark(connection, "sync_rev") or 0) + 1
        write_mark(connection, "sync_rev", revision)
        return revision

    def follow(self) -> Followed:
        return follow(self.database, self.policy, self.clock)

    # Merchants

    def cinema(self, **terms: Any) -> int:
        """A merchant with an agreement for two years."""
        with self.database.write() as connection:
            known = connection.execute(text("SELECT COUNT(*) FROM merchant")).scalar_one()
            merchant_id = add_merchant(
                connection, NOON, name="思茅影城", category=Category.CINEMA, credit_code=credit_code(known),
                area_id="530802",
            )  # fmt: skip
            days = {"first_day": FIRST_DAY, "last_day": LAST_DAY} | terms
            sign_agreement(connection, merchant_id=merchant_id, number="2026-1", created_by="operator:lead", **days)
            return merchant_id

    def outlet(self, merchant_id: int, area_id: str = "530802") -> int:
        with self.database.write() as connection:
            return add_outlet(connection, merchant_id=merchant_id, name="一号厅", area_id=area_id)

    def offer(self, merchant_id: int | None = None, *, hours: float = 2, **terms: Any) -> int:
        """Something for two hours, without limits; at a new cinema if no merchant is named."""
        merchant_id = merchant_id or self.cinema()
        days = {"first_day": FIRST_DAY, "last_day": LAST_DAY} | terms
        with self.database.write() as connection:
            return add_offer(
                connection, merchant_id=merchant_id, name="电影票", price_seconds=int(hours * HOUR), **days
            )

    # The counter

    def hold(self, volunteer_id: int, offer_id: int, quantity: int = 1, **named: Any) -> Outcome:
        asked = {"key": next(self.keys), "device": "kiosk-1"} | named
        request = HoldRequest(volunteer_id=volunteer_id, offer_id=offer_id, quantity=quantity, **asked)
        return self.ledger.run(lambda book, now: self.steps.hold(book, now, request))

    def confirm(self, redemption_id: int | None, quantity: int | None = None, device: str = "kiosk-1") -> Outcome:
        assert redemption_id is not None
        return self.ledger.run(lambda book, now: self.steps.confirm(book, now, redemption_id, quantity, device=device))

    def release(self, redemption_id: int | None) -> Outcome:
        assert redemption_id is not None
        return self.ledger.run(lambda book, now: self.steps.release(book, now, redemption_id, device="kiosk-1"))

    def collect(self, code: str | None, merchant_id: int, **named: Any) -> Outcome:
        asked = {"key": next(self.keys), "device": "till-1", "outlet_id": None} | named
        return self.ledger.run(
            lambda book, now: self.steps.collect(book, now, str(code), merchant_id=merchant_id, **asked)
        )

    def redeemed(self, volunteer_id: int, offer_id: int, quantity: int = 1) -> Outcome:
        return self.confirm(self.hold(volunteer_id, offer_id, quantity).redemption_id)

    # What stands in the books

    def balance(self, volunteer_id: int) -> float:
        """Exchangeable hours."""
        return self.account(exchangeable(volunteer_id))

    def held(self, volunteer_id: int) -> float:
        return self.account(held(volunteer_id))

    def account(self, number: int) -> float:
        [[seconds]] = self.sql("SELECT COALESCE(SUM(balance), 0) FROM account WHERE id = :id", id=number)
        return int(seconds) / HOUR

    def sql(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.database.read() as connection:
            return [tuple(row) for row in connection.execute(text(statement), values)]

    def faults(self) -> list[str]:
        with self.database.read() as connection:
            return [str(fault) for fault in verify(connection)]


_numbers = itertools.count(1)


@contextmanager
def town_in(database: Database, **policy: Any) -> Iterator[Town]:
    clock = SetClock()
    with open_ledger(database, clock) as ledger:
        yield Town(database, ledger, clock, Exchange(**policy))
