"""The exchange as an operator types it: clauses E1-E3."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.login import log_in
from tests.unit.cli.conftest import Terminal

from national_sync.cli.merchant import CATEGORIES
from national_sync.exchange.merchants import Category
from national_sync.operators.rights import Operator
from national_sync.prose.layout import width
from national_sync.store.database import Database
from national_sync.store.marks import write_mark


def test_the_categories_are_those_of_the_measures() -> None:
    """E3."""
    assert set(CATEGORIES) == {category.value for category in Category}


@pytest.fixture
def volunteer(store: Database) -> int:
    """Somebody with ten hours."""
    with store.write() as connection:
        write_mark(connection, "sync_rev", 1)
        connection.execute(
            text(
                "INSERT INTO volunteer (id, name, id_number, sex, birth_date, service_area_id, national_id, sync_rev)"
                " VALUES (1, '岩温', 'k1:x', 'male', '1990-01-01', '530802', 'v', 1)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO hour_record (volunteer_id, project_id, team_id, started_at, ended_at, service_seconds,"
                " method, state, national_id, sync_rev)"
                " VALUES (1, 1, 1, 1767222000, 1767258000, 36000, 'check_in', 'effective', 'h', 1)"
            )
        )
    return 1


def made(national_sync: Terminal, name: str, *arguments: str) -> int:
    answer = national_sync(*arguments, "--json")
    assert answer.exit_code == 0, answer.out + answer.err
    return int(answer.json[name]["id"])


def cinema_with_offer(national_sync: Terminal) -> tuple[int, int]:
    days = ("--from", "2026-01-01", "--until", "2035-12-31")
    merchant = made(
        national_sync, "merchant", "merchant", "add", "思茅影城", "--category", "cinema", "--code",
        "91530800MA6K000017", "--county", "530802",
    )  # fmt: skip
    made(national_sync, "agreement", "agreement", "sign", str(merchant), "2026-1", *days, "--scope", "both")
    offer = made(
        national_sync, "offer", "offer", "add", str(merchant), "电影票", "--hours", "2", *days, "--stock", "9",
        "--limit", "5 per offer",
    )  # fmt: skip
    return merchant, offer


def test_one_redemption_from_the_record_to_the_statement(
    national_sync: Terminal, store: Database, chen: Operator, volunteer: int
) -> None:
    """E1-E3: what each command says, in both languages, within 80 columns."""
    merchant, offer = cinema_with_offer(national_sync)
    assert national_sync("ledger", "follow", "--json").json["followed"]["credited_seconds"] == 36_000
    held = national_sync("redemption", "hold", "1", str(offer), "--key", "wish", "--json").json["redemption"]
    assert national_sync("redemption", "hold", "1", str(offer), "--key", "wish", "--json").json["redemption"] == held
    number = str(held["redemption_id"])
    code = national_sync("redemption", "confirm", number, "--json").json["redemption"]["code"]
    assert national_sync("voucher", "collect", code, "--merchant", str(merchant)).exit_code == 0
    again = national_sync("voucher", "collect", code, "--merchant", str(merchant))
    assert (again.exit_code, again.out) == (2, "This voucher has been collected already.\n")
    _refund(national_sync, store, number)
    for language in ("zh", "en"):
        _look_at_everything(national_sync, language, number, str(merchant), str(offer))
    assert national_sync("ledger", "verify", "--json").json["is_right"] is True
    assert "思茅影城" in national_sync("ledger", "statement", "1").out


def _refund(national_sync: Terminal, store: Database, number: str) -> None:
    refund = str(made(national_sync, "refund", "redemption", "refund", number, "--hours", "1", "--reason", "停电"))
    own = national_sync("redemption", "approve", refund)
    assert own.exit_code == 2
    assert "somebody else has to approve it" in own.err
    log_in(store, national_sync.environment, "li")
    assert "1.00 hours" in national_sync("redemption", "approve", refund).out


def _look_at_everything(national_sync: Terminal, language: str, number: str, merchant: str, offer: str) -> None:
    for arguments in (
        "merchant list", f"merchant show {merchant}", "agreement list", "agreement show 1", "agreement benefits",
        "offer list", "offer list --open", f"offer show {offer}", "redemption list", f"redemption show {number}",
        "redemption refunds --state approved", "voucher list", "ledger statement 1", "ledger verify",
        "ledger suspicions", "settlement list", "settlement totals --from 2026-01-01 --until 2035-12-31",
        "settlement disputes", "ledger follow",
    ):  # fmt: skip
        answer = national_sync(*arguments.split(), language=language)
        assert answer.exit_code == 0, (arguments, answer.err)
        assert answer.out.strip()
        if "show" not in arguments and arguments != "ledger follow":
            assert all(width(line) <= 80 for line in answer.out.splitlines()), answer.out


def test_nothing_is_done_without_a_login(national_sync: Terminal, store: Database) -> None:
    answer = national_sync("merchant", "suspend", "1", "--json")
    assert answer.json["error"]["code"] == "login_required"


def test_what_was_done_stands_in_the_audit(national_sync: Terminal, store: Database, chen: Operator) -> None:
    merchant, offer = cinema_with_offer(national_sync)
    for arguments in (
        f"merchant suspend {merchant}", f"merchant resume {merchant}", "agreement suspend 1", "agreement resume 1",
        "agreement benefit 1 discount 九折 --star 2", f"merchant outlet {merchant} 一号厅 --county 530802",
        f"offer pause {offer}", f"offer resume {offer}", f"offer change {offer} --hours 3 --stock 4",
        f"offer end {offer}", "ledger close 1 --cause left", "ledger reopen 1", "ledger rebuild",
        f"settlement dispute {merchant} 少算了一笔", "settlement answer 1 rejected 已核对", "agreement end 1",
        f"merchant leave {merchant}",
    ):  # fmt: skip
        answer = national_sync(*arguments.split())
        assert answer.exit_code == 0, (arguments, answer.err)
    with store.read() as connection:
        actions = connection.execute(text("SELECT action, actor FROM audit_entry ORDER BY id")).all()
    assert ("offer.added", "operator:chen") in [tuple(row) for row in actions]
    assert len(actions) >= 20


def test_a_closed_statement_can_be_written_to_a_workbook(
    national_sync: Terminal, chen: Operator, volunteer: int, tmp_path: Path, store: Database
) -> None:
    merchant, offer = cinema_with_offer(national_sync)
    national_sync("ledger", "follow")
    held = national_sync("redemption", "hold", "1", str(offer), "--json").json["redemption"]["redemption_id"]
    national_sync("redemption", "confirm", str(held))
    with store.write() as connection:
        connection.execute(text("DROP TRIGGER posting_sync_keep_update"))
        connection.execute(text("UPDATE posting SET at = 1772000000"))
    number = made(national_sync, "settlement", "settlement", "close", str(merchant), "2026-02-10")
    files = [tmp_path / "one.xlsx", tmp_path / "two.xlsx"]
    for file in files:
        answer = national_sync("settlement", "show", str(number), "--xlsx", str(file))
        assert "2.00 hours redeemed" in answer.out
    assert files[0].read_bytes() == files[1].read_bytes()
    shown: dict[str, Any] = national_sync("settlement", "show", str(number), "--json").json["settlement"]
    assert (shown["is_unchanged"], len(shown["lines"])) == (True, 1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--code", "91530800MA6K000018"], "is not a credit code"),
        (["--county", "110101"], "is no county of Puer"),
    ],
)
def test_bad_input_is_told(national_sync: Terminal, chen: Operator, arguments: list[str], words: str) -> None:
    usual = ["--category", "cinema", "--code", "91530800MA6K000017", "--county", "530802"]
    answer = national_sync("merchant", "add", "思茅影城", *usual, *arguments)
    assert answer.exit_code == 2
    assert words in answer.err


def test_agreements_do_not_overlap(national_sync: Terminal, chen: Operator) -> None:
    """Expired, future and overlapping agreements."""
    merchant, _offer = cinema_with_offer(national_sync)
    days = ["--from", "2030-01-01", "--until", "2036-01-01"]
    answer = national_sync("agreement", "sign", str(merchant), "2", *days)
    assert answer.exit_code == 2
    assert "Agreement 1 of this merchant covers some of these days." in answer.err
    backwards = ["--from", "2040-01-02", "--until", "2040-01-01"]
    assert "lies after the last day" in national_sync("agreement", "sign", str(merchant), "2", *backwards).err
