"""`national-sync history`: what a person reads of a record's past."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text
from tests.login import log_in
from tests.outside import Outside, outside_program
from tests.unit.cli.conftest import Terminal

from national_sync.operators.rights import Role
from national_sync.prose.layout import SCREEN_WIDTH, width
from national_sync.sealing import Sealer
from national_sync.store.database import Database

PHONE = "13887900002"
MARCH = 1_772_294_400
"""The first second of March 2026 in Puer."""


@pytest.fixture
def outside(store: Database) -> Iterator[Outside]:
    with outside_program(store) as program:
        yield program


@pytest.fixture
def row(outside: Outside, sealer: Sealer) -> int:
    """A volunteer of Jingdong county, registered here in February, whose name was corrected in March."""
    row = outside.insert(
        "volunteer",
        number="5308230001",
        name="黄河",
        id_number=sealer.seal("530823197312020012"),
        phone=sealer.seal(PHONE),
        sex="male",
        birth_date="1973-12-02",
        service_area_id="530823000000",
        total_seconds=7200,
        skills=f"call {PHONE}",
    )
    outside.sql("UPDATE volunteer SET name = '黄荷', phone = ? WHERE id = ?", "13987900003", row)
    outside.sql("UPDATE row_history SET at = CASE WHEN before = 'null' THEN ? ELSE ? END", MARCH - 1, MARCH + 86_400)
    return row


def test_every_value_is_listed_with_its_moment_and_side(national_sync: Terminal, row: int) -> None:
    told = national_sync("history", "volunteer", str(row)).out

    assert "2026-02-28 23:59  name" in told
    assert any(line.split() == ["2026-03-02", "00:00", "name", "黄河", "黄荷", "here"] for line in told.splitlines())
    assert all(width(line) <= SCREEN_WIDTH for line in told.splitlines())


@pytest.mark.parametrize("more", [[], ["--as-of", "2026-03-01"]])
def test_no_secret_is_shown(more: list[str], national_sync: Terminal, row: int) -> None:
    for arguments in (more, [*more, "--json"]):
        told = national_sync("history", "volunteer", str(row), *arguments).out
        assert PHONE not in told
        assert "530823197312020012" not in told


def test_one_field_by_the_volunteers_own_number(national_sync: Terminal, row: int) -> None:
    told = national_sync("history", "volunteer", "5308230001", "--field", "name", "--json").json

    assert told["row_id"] == row
    assert [(one["old"], one["new"], one["at"], one["side"]) for one in told["changes"]] == [
        (None, "黄河", MARCH - 1, "local"),
        ("黄河", "黄荷", MARCH + 86_400, "local"),
    ]


@pytest.mark.parametrize(
    ("moment", "name"),
    [
        ("2026-02-27", None),
        ("2026-02-28", "黄河"),
        ("2026-03-01", "黄河"),
        ("2026-03-01 23:59:59", "黄河"),
        ("2026-03-02 00:00", "黄荷"),
        ("2026-03-02", "黄荷"),
    ],
)
def test_record_as_it_stood_at_the_end_of_a_day_or_at_a_moment(
    moment: str, name: str | None, national_sync: Terminal, row: int
) -> None:
    told = national_sync("history", "volunteer", str(row), "--as-of", moment, "--json").json

    assert (told["state"], (told["record"] or {}).get("name")) == ("here" if name else "not_here_yet", name)


def test_record_as_it_stood_in_words(national_sync: Terminal, row: int, outside: Outside) -> None:
    outside.sql("DELETE FROM volunteer")
    outside.sql("UPDATE row_history SET at = ? WHERE at > ?", MARCH + 2 * 86_400, MARCH + 86_400)

    told = [national_sync("history", "volunteer", str(row), "--as-of", f"2026-03-0{day}").out for day in (1, 3)]
    before = national_sync("history", "volunteer", str(row), "--as-of", "2026-01-01", language="zh").out

    assert "total hours" in told[0]
    assert "2.00" in told[0]
    assert "deleted before" in told[1]
    assert "2026-01-01" in before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["volunteer", "99"], "no volunteer 99"),
        (["team", "1"], "no team 1"),
        (["volunteer", "5308230001", "--field", "colour"], "has no field colour"),
        (["volunteer", "5308230001", "--as-of", "yesterday"], "neither a day"),
        (["person", "1"], "person"),
    ],
)
def test_what_cannot_be_answered_is_said(arguments: list[str], words: str, national_sync: Terminal, row: int) -> None:
    answer = national_sync("history", *arguments)

    assert answer.exit_code == 2
    assert words in answer.err


def test_a_county_operator_sees_the_records_of_that_county_only(
    national_sync: Terminal, store: Database, row: int
) -> None:
    for county, exit_code in (("530823", 0), ("530822", 2)):
        log_in(store, national_sync.environment, "li", Role.COUNTY_OPERATOR, county)
        assert national_sync("history", "volunteer", str(row)).exit_code == exit_code


def test_looking_writes_nothing(national_sync: Terminal, store: Database, row: int) -> None:
    with store.read() as connection:
        before = connection.execute(text("SELECT * FROM row_history")).all()

    national_sync("history", "volunteer", str(row))

    with store.read() as connection:
        assert connection.execute(text("SELECT * FROM row_history")).all() == before


def test_codes_are_in_words(national_sync: Terminal, row: int) -> None:
    told = national_sync("history", "volunteer", str(row), language="zh").out

    assert "审核中" in told
    assert "in_review" not in told
