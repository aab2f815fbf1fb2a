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


def test_the_accounts_follow_a_run_by_themselves(national_sync: Terminal, store: Database, volunteer: int) -> None:
    run = national_sync("sync", "run")
    assert "10.00 hours credited" in run.out
    assert national_sync("ledger", "statement", "1", "--json").json["account"]["balance_seconds"] == 36_000
    assert "Accounts of hours" not in national_sync("sync", "run").out
    assert national_sync("ledger", "follow").out == "Nothing has changed since.\n"


def test_a_run_stays_done_when_the_accounts_cannot_follow(
    national_sync: Terminal, store: Database, volunteer: int, tmp_path: Path
) -> None:
    with store.write() as connection:
        connection.execute(text("ALTER TABLE credit RENAME TO elsewhere"))
    answer = national_sync("sync", "run", "--json")
    assert (answer.json["run"], answer.json["exchange"]) == (7, None)
    assert answer.exit_code != 0
    assert "at once: national-sync ledger follow" in answer.err
    assert (tmp_path / "reports/run-000007.json").exists()
    with store.write() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO credit"))
    assert national_sync("transfer", "run", "--json").json["exchange"]["credited_seconds"] == 36_000


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


def test_what_was_done_stands_in_the_audit(
    national_sync: Terminal, store: Database, chen: Operator, volunteer: int
) -> None:
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


def test_a_closed_statement_can_be_written_to_a_workbook_and_a_pdf(
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
    pdfs = [tmp_path / "one.pdf", tmp_path / "two.pdf"]
    for file in pdfs:
        assert national_sync("settlement", "show", str(number), "--pdf", str(file)).exit_code == 0
    assert pdfs[0].read_bytes() == pdfs[1].read_bytes()
    assert pdfs[0].read_bytes().startswith(b"%PDF-")
    lost = national_sync("settlement", "show", str(number), "--pdf", str(tmp_path / "nowhere" / "one.pdf"))
    assert (lost.exit_code, "cannot be written" in lost.err) == (2, True)
    shown: dict[str, Any] = national_sync("settlement", "show", str(number), "--json").json["settlement"]
    assert (shown["is_unchanged"], len(shown["lines"])) == (True, 1)


DAYS = "--from 2026-01-01 --until 2026-12-31"
BAD_INPUT = (
    ("merchant add 茶庄 --category shop --code 91530800MA6K00018M --county 530802", "is not a credit code"),
    ("merchant add 茶庄 --category shop --code 91530800ma6k000017 --county 530802", "has this credit code already"),
    ("merchant add 茶庄 --category shop --code 91530800MA6K00017T --county 110101", "is no county of Puer"),
    ("merchant add 茶庄 --category shop --code 91530800MA6K00017T --county 530802 --volunteer 9", "no volunteer 9"),
    ("merchant add @ --category shop --code 91530800MA6K00017T --county 530802", "on one line"),
    ("agreement sign 9 n --from 2027-01-01 --until 2027-12-31", "There is no merchant 9"),
    ("agreement sign 1 n --from 2036-01-01 --until 9999-12-31", "in the years 1900 to 2999"),
    ("agreement sign 1 @ --from 2036-01-01 --until 2036-12-31", "on one line"),
    ("agreement benefit 1 discount @", "on one line"),
    (f"offer add 1 票 --hours 0 {DAYS}", "is no number of hours"),
    (f"offer add 1 票 --hours 1/3 {DAYS}", "is no number of hours"),
    (f"offer add 1 票 --hours 1e999999999 {DAYS}", "is no number of hours"),
    (f"offer add 9 票 --hours 1 {DAYS}", "There is no merchant 9"),
    (f"offer add 1 @ --hours 1 {DAYS}", "on one line"),
    (f"offer add 1 票 --hours 1 {DAYS} --stock 99999999999999999999", "A stock is 0 to"),
    (f"offer add 1 票 --hours 1 {DAYS} --outlet 9", "There is no outlet 9"),
    (f"offer add 1 票 --hours 1 {DAYS} --limit 2", "is no limit such as"),
    ("offer add 1 票 --hours 1 --from 2026-02-01 --until 2026-01-01", "lies after the last day"),
    ("offer change 1 --until 2025-12-31", "would lie before its first"),
    ("offer change 1", "Nothing is to be changed"),
    ("settlement close 1 2035-01-01", "can be settled after that"),
    ("settlement totals --from 2026-02-01 --until 2026-01-01", "lies after the last day"),
    ("settlement dispute 1 @", "Please say why"),
    ("ledger close 9 --cause left", "There is no volunteer 9"),
    ("ledger reopen 1", "already settled (open)"),
    ("ledger statement 9", "There is no volunteer 9"),
    ("redemption confirm 9", "There is no redemption 9"),
    ("redemption refund 9 --reason 停电", "There is no redemption 9"),
    ("redemption refund 9 --reason @", "Please say why"),
    ("voucher collect 0000 --merchant 9", "There is no merchant 9"),
    ("voucher collect 0000 --merchant 1 --outlet 9", "There is no outlet 9"),
)


def test_bad_input_is_told_and_changes_nothing(
    national_sync: Terminal, chen: Operator, volunteer: int, store: Database
) -> None:
    """What happened and what it means; `@` stands for text that would spoil a table."""
    cinema_with_offer(national_sync)
    before = _everything(store)
    for arguments, words in BAD_INPUT:
        answer = national_sync(*("a\nb\x1b[31m" if word == "@" else word for word in arguments.split()))
        assert (answer.exit_code, words in answer.err) == (2, True), (arguments, answer.err)
        assert "unexpected" not in answer.err
    assert _everything(store) == before


def _everything(store: Database) -> list[list[Any]]:
    tables = ("merchant", "agreement", "benefit", "outlet", "offer", "redemption", "account", "wrong_code", "refund")
    with store.read() as connection:
        return [list(connection.execute(text(f"SELECT * FROM {table}"))) for table in (*tables, "audit_entry")]


def test_what_a_kiosk_holds_is_not_confirmed_at_the_office(
    national_sync: Terminal, chen: Operator, volunteer: int, store: Database
) -> None:
    _merchant, offer = cinema_with_offer(national_sync)
    national_sync("ledger", "follow")
    held = national_sync("redemption", "hold", "1", str(offer), "--json").json["redemption"]["redemption_id"]
    with store.write() as connection:
        connection.execute(text("UPDATE redemption SET device = 'kiosk-1'"))
    answer = national_sync("redemption", "confirm", str(held))
    assert "begun at kiosk-1" in answer.err
    assert f"redemption release {held}" in answer.err
    assert national_sync("redemption", "release", str(held)).exit_code == 0


def test_agreements_do_not_overlap(national_sync: Terminal, chen: Operator) -> None:
    """Expired, future and overlapping agreements."""
    merchant, _offer = cinema_with_offer(national_sync)
    days = ["--from", "2030-01-01", "--until", "2036-01-01"]
    answer = national_sync("agreement", "sign", str(merchant), "2", *days)
    assert answer.exit_code == 2
    assert "Agreement 1 of this merchant covers some of these days." in answer.err
    backwards = ["--from", "2040-01-02", "--until", "2040-01-01"]
    assert "lies after the last day" in national_sync("agreement", "sign", str(merchant), "2", *backwards).err
