"""The kiosk as an operator types it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from tests.unit.cli.conftest import Terminal

from national_sync.operators.rights import Operator
from national_sync.prose.layout import width
from national_sync.store.database import Database
from national_sync.store.marks import write_mark


@pytest.fixture
def volunteer(store: Database) -> int:
    with store.write() as connection:
        write_mark(connection, "sync_rev", 1)
        connection.execute(
            text(
                "INSERT INTO volunteer (id, name, id_number, sex, birth_date, service_area_id, national_id, sync_rev)"
                " VALUES (1, '岩温', 'k1:x', 'male', '1990-01-01', '530802', 'v', 1)"
            )
        )
    return 1


def test_a_device_from_its_admission_to_its_end(national_sync: Terminal, store: Database, chen: Operator) -> None:
    made = national_sync("kiosk", "device", "add", "大厅", "--json").json["device"]
    number = str(made["id"])
    assert len(made["code"]) == 19
    assert national_sync("kiosk", "device", "rename", number, "二楼").out == f"Device {number}, 二楼: without a key.\n"
    assert national_sync("kiosk", "device", "suspend", number).exit_code == 2
    assert national_sync("kiosk", "device", "roll", number, "--json").json["device"]["code"] != made["code"]
    assert national_sync("kiosk", "device", "move", number, "--outlet", "9").exit_code == 2
    reader = national_sync("kiosk", "device", "reader", number, "--json").json["reader"]
    assert len(reader["key"]) == 64
    assert "Name for its helper" in national_sync("kiosk", "device", "reader", number).out
    assert "revoked" in national_sync("kiosk", "device", "revoke", number).out
    assert national_sync("kiosk", "device", "reader", number).exit_code == 2
    assert national_sync("kiosk", "device", "roll", number).exit_code == 2
    for language in ("zh", "en"):
        listed = national_sync("kiosk", "device", "list", language=language)
        assert "二楼" in listed.out
        assert all(width(line) <= 80 for line in listed.out.splitlines())
    with store.read() as connection:
        stored = str(connection.execute(text("SELECT * FROM kiosk_device")).all())
        audited = str(connection.execute(text("SELECT action, detail FROM audit_entry")).all())
    assert made["code"].replace("-", "") not in stored + audited
    assert reader["key"] not in stored + audited
    assert "kiosk_device.revoked" in audited


def test_a_code_is_printed_with_its_drawing(national_sync: Terminal, chen: Operator) -> None:
    answer = national_sync("kiosk", "device", "add", "大厅", language="zh")
    assert "十分钟内输入" in answer.out
    assert "▄" in answer.out


def test_a_till_needs_an_outlet(national_sync: Terminal, chen: Operator) -> None:
    assert "name it with --outlet" in national_sync("kiosk", "device", "add", "收银", "--kind", "till").err


def test_a_card_is_issued_once_and_its_secrets_are_in_no_audit(
    national_sync: Terminal, store: Database, chen: Operator, volunteer: int
) -> None:
    card = national_sync("kiosk", "card", "issue", "1", "--json").json["card"]
    number = str(card["id"])
    pin = national_sync("kiosk", "card", "pin", number, "--json").json["card"]["pin"]
    code = national_sync("kiosk", "card", "code", number, "--json").json["card"]["code"]
    assert (len(pin), code[:5]) == (6, "NSC1.")
    assert national_sync("kiosk", "card", "revoke", "1", "--json").json == {"revoked": 1}
    with store.read() as connection:
        audited = str(connection.execute(text("SELECT * FROM audit_entry")).all())
    assert not any(secret in audited for secret in (card["code"], card["pin"], pin, code))
    assert "PIN" in national_sync("kiosk", "card", "issue", "1").out


def test_nothing_is_done_without_a_login(national_sync: Terminal, store: Database) -> None:
    for arguments in (["device", "add", "x"], ["device", "revoke", "1"], ["card", "issue", "1"], ["card", "code", "1"]):
        assert national_sync("kiosk", *arguments, "--json").json["error"]["code"] == "login_required"


def test_without_a_certificate_only_this_machine_is_served(national_sync: Terminal, tmp_path: Path) -> None:
    answer = national_sync("kiosk", "serve", "--host", "0.0.0.0")
    assert "serves this machine only" in answer.err
    pem = tmp_path / "one.pem"
    pem.touch()
    assert "belong together" in national_sync("kiosk", "serve", "--certificate", str(pem)).err
