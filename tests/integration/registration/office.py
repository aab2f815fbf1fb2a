"""The office where people register: a desk, people with valid numbers, and what a run makes of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection
from tests.integration.reconcile.registry import NOW, Registry

from national_sync.identity import check_digit
from national_sync.operators.rights import Operator, Role
from national_sync.policy import RegistrationRules
from national_sync.registration.desk import Desk
from national_sync.registration.sheet import SHEET, headings
from national_sync.registration.submitting import submit
from national_sync.sheets import new_book

CITY: Final = Operator(1, "chen", Role.CITY_OPERATOR)
OF_MOJIANG: Final = Operator(2, "bai", Role.COUNTY_OPERATOR, "530822")
MOJIANG: Final = "墨江哈尼族自治县"


def id_number(serial: int, born: str = "19900412") -> str:
    """A valid one; an odd serial is a man's."""
    body = f"530802{born}{serial:03d}"
    return body + check_digit(body)


def form(serial: int = 2, **changes: str) -> dict[str, str | None]:
    usual = {
        "name": "李文秀",
        "id_number": id_number(serial),
        "phone": "13887901234",
        "service_area_id": "思茅区",
        "recruiting_kind": "所在单位",
        "recruiting_body": "普洱市茶叶研究所",
        "politics": "中共党员",
    }
    return {**usual, **changes}


@dataclass
class RegistrationOffice(Registry):
    """`now` is the moment by the desk's clock."""

    now: int = NOW

    @contextmanager
    def at_work(self, operator: Operator = CITY) -> Iterator[tuple[Connection, Desk]]:
        with self.database.write() as connection:
            yield connection, self.desk(operator)

    def desk(self, operator: Operator = CITY) -> Desk:
        return Desk(operator, self.sealer, RegistrationRules(), self.now)

    def submit(self, serial: int = 2, operator: Operator = CITY, **changes: str) -> int:
        with self.at_work(operator) as (connection, desk):
            return submit(connection, desk, form(serial, **changes)).id

    def state(self, registration: int) -> str:
        return str(self.rows("SELECT state FROM registration WHERE id = :id", id=registration)[0]["state"])

    def steps(self, registration: int) -> list[tuple[str, str]]:
        found = self.rows(
            "SELECT state, actor FROM registration_step WHERE registration_id = :id ORDER BY id", id=registration
        )
        return [(step["state"], step["actor"]) for step in found]


def write_sheet(
    file: Path,
    people: Sequence[Mapping[str, Any]],
    *,
    sheet: str = SHEET,
    renamed: Mapping[str, str] | None = None,
) -> Path:
    """A filled-in sheet; `renamed` gives headings other words."""
    columns = [(renamed or {}).get(name, text) for name, text in headings().items()]
    with new_book(file) as book:
        page = book.sheet(sheet, [(text, 12) for text in columns])
        for number, person in enumerate(people, 1):
            book.row(page, number, [person.get(name) for name in headings()])
    return file
