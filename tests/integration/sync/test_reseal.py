"""Rotating the key: everything is sealed again, nothing looks like an edit, and a kill in the middle costs nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.outside import Outside
from tests.unit.cli.conftest import Answer, Terminal

from national_sync import i18n
from national_sync.bootstrap import Bootstrap
from national_sync.clock import SystemClock
from national_sync.keys import load_sealer
from national_sync.records import Entity, TeamState
from national_sync.sealing import Sealer, SealingKey
from national_sync.store.database import Database, write_many
from national_sync.store.marks import write_mark
from national_sync.store.sealed import SEALED_PLACES, count_sealed_with
from national_sync.sync import lease as leases
from national_sync.sync.reseal import CHUNK_ROWS, reseal
from national_sync.sync.transaction import Transactions

OLD = SealingKey("k1", bytes(range(32)))
NEW = SealingKey("k2", bytes(range(1, 33)))
PHONE = "13887900002"
VOLUNTEERS = CHUNK_ROWS * 2 + 100


def fill(database: Database, sealer: Sealer, *, volunteers: int) -> None:
    """A mirror whose people were mirrored with the old key."""
    rows = [
        (number, f"V{number}", sealer.seal(f"53270119731202{number:04d}"), sealer.seal(PHONE), f"{number:032x}")
        for number in range(1, volunteers + 1)
    ]
    columns = "id, name, id_number, phone, national_id, sex, birth_date, service_area_id, sync_rev"
    with database.write() as connection:
        write_mark(connection, "sync_rev", 1)
        write_many(
            connection,
            f"INSERT INTO volunteer ({columns}) VALUES (?, ?, ?, ?, ?, 'male', '1973-12-02', '530802000000000000', 1)",
            rows,
        )


def keep_one_of_each(outside: Outside, sealer: Sealer) -> None:
    """A value in every other place."""
    sealed = sealer.seal(PHONE)
    outside.insert("team", name="黄河队", area_id="530802000000000000", contact_phone=sealed, state=TeamState.APPROVED)
    outside.sql("UPDATE volunteer SET phone = '13900000001' WHERE id = 1")
    outside.sql("DELETE FROM volunteer WHERE id = 2")
    outside.insert(
        "operation",
        reference="r",
        entity="volunteer",
        row_id=1,
        verb="update",
        fields=json.dumps({"phone": sealed, "skills": "k1:02"}),
        before=json.dumps({"phone": sealed}),
        record=json.dumps(["V1", sealed, None]),
        state="done",
        run_id=1,
    )
    outside.insert(
        "quarantine",
        entity="volunteer",
        identity="i",
        reason="malformed",
        payload=sealer.seal_bytes(b"{}"),
        first_run_id=1,
        last_run_id=1,
    )
    outside.insert(
        "mismatch",
        kind="both_edited",
        entity="volunteer",
        subject="x",
        row_id=1,
        field="phone",
        base=sealed,
        ours=sealed,
        theirs=sealed,
        state="open",
    )


def left_with_old_key(database: Database) -> int:
    with database.read() as connection:
        return count_sealed_with(connection, ["k1"])


def test_everything_is_sealed_again_and_nothing_looks_like_an_edit(database: Database, outside: Outside) -> None:
    before = Sealer([OLD])
    fill(database, before, volunteers=3)
    keep_one_of_each(outside, before)
    edits = outside.sql("SELECT row_id, field FROM local_change ORDER BY row_id, field")
    deletions = outside.one("SELECT COUNT(*) FROM local_deletion")
    histories = outside.one("SELECT COUNT(*) FROM row_history")
    revisions = outside.sql("SELECT id, sync_rev FROM volunteer ORDER BY id")
    sealer = Sealer([NEW, OLD])
    lease = leases.acquire(database, SystemClock(), holder="test:1", kind="key_rotation")
    reseal(Transactions(lease, sealer), stop=lambda: False)

    # What only looks like a sealed value stays.
    assert left_with_old_key(database) == 1
    assert json.loads(outside.one("SELECT fields FROM operation"))["skills"] == "k1:02"
    assert outside.sql("SELECT row_id, field FROM local_change ORDER BY row_id, field") == edits
    assert outside.one("SELECT COUNT(*) FROM local_deletion") == deletions
    assert outside.one("SELECT COUNT(*) FROM row_history") == histories
    assert outside.sql("SELECT id, sync_rev FROM volunteer ORDER BY id") == revisions
    alone = Sealer([NEW])
    assert alone.open(outside.one("SELECT phone FROM volunteer WHERE id = 3")) == PHONE
    assert alone.open(outside.one("SELECT contact_phone FROM team")) == PHONE
    assert alone.open(outside.one("SELECT base FROM local_change WHERE field = 'phone'")) == PHONE
    assert alone.open(json.loads(outside.one("SELECT old_row FROM local_deletion"))["phone"]) == PHONE
    assert alone.open(json.loads(outside.one("SELECT fields FROM operation"))["phone"]) == PHONE
    assert alone.open(json.loads(outside.one("SELECT record FROM operation"))[1]) == PHONE
    assert alone.open_bytes(bytes(outside.one("SELECT payload FROM quarantine"))) == b"{}"
    assert alone.open(outside.one("SELECT theirs FROM mismatch")) == PHONE
    assert reseal(Transactions(lease, sealer), stop=lambda: False) == 0

    outside.sql("UPDATE volunteer SET phone = '13900000002' WHERE id = 3")
    assert outside.one("SELECT COUNT(*) FROM local_change WHERE row_id = 3") == 1
    assert outside.one("SELECT COUNT(*) FROM row_history") == histories + 1


def test_a_local_creation_stays_one(database: Database, outside: Outside) -> None:
    sealer = Sealer([OLD])
    outside.insert("team", name="黄河队", area_id="530802000000000000", contact_phone=sealer.seal(PHONE))
    lease = leases.acquire(database, SystemClock(), holder="test:1", kind="key_rotation")
    reseal(Transactions(lease, Sealer([NEW, OLD])), stop=lambda: False)
    assert Sealer([NEW]).open(outside.one("SELECT contact_phone FROM team")) == PHONE
    assert outside.one("SELECT sync_rev FROM team") is None


def test_every_sealed_column_is_a_known_place() -> None:
    """A table that is added with sealed values must be added there, or a rotation would leave it behind."""
    assert {place.table for place in SEALED_PLACES} >= {
        entity.value for entity in Entity if entity in (Entity.TEAM, Entity.VOLUNTEER)
    }
    assert len({(place.table, place.column) for place in SEALED_PLACES}) == len(SEALED_PLACES)


# The command

_KILLED = """
import os, signal, sys
from national_sync import failpoint
left = int(sys.argv.pop(1))
def hook(name):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
failpoint.install(hook)
from national_sync.cli import main
main()
"""


@pytest.fixture
def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.chdir(tmp_path)
    terminal = Terminal(Bootstrap.from_file, {})
    assert terminal("init").exit_code == 0
    yield terminal
    i18n.use(i18n.DEFAULT_LANGUAGE)


def store_of(folder: Path) -> Database:
    return Database(f"sqlite:///{folder / 'national-sync.db'}")


def killed_at(folder: Path, failpoint: int) -> int:
    ended = subprocess.run(
        [sys.executable, "-c", _KILLED, str(failpoint), "key", "rotate"],
        cwd=folder,
        env=os.environ,
        capture_output=True,
        check=False,
    )
    return ended.returncode


def keys(answer: Answer) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer.json["keys"]
    return found


def test_a_rotation_killed_in_the_middle_goes_on_with_the_same_key(city: Terminal, tmp_path: Path) -> None:
    store = store_of(tmp_path)
    fill(store, load_sealer(tmp_path / "national-sync.key", {}), volunteers=VOLUNTEERS)
    for failpoint in (3, 8):
        assert killed_at(tmp_path, failpoint) == -signal.SIGKILL
    halfway = keys(city("key", "list", "--json"))
    assert [one["id"] for one in halfway] == ["k2", "k1"]
    assert all(one["rows"] > 0 for one in halfway)
    assert "rows hold values of older keys" in city("doctor").out

    answer = city("key", "rotate", "--json")
    assert answer.exit_code == 0, answer.err
    assert (answer.json["key"], answer.json["left"]) == ("k2", 0)
    newest, oldest = keys(city("key", "list", "--json"))
    assert newest["rows"] >= VOLUNTEERS * 2
    assert (oldest["id"], oldest["rows"]) == ("k1", 0)
    sealer = load_sealer(tmp_path / "national-sync.key", {})
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM local_change").scalar_one() == 0
        phones = connection.exec_driver_sql("SELECT phone FROM volunteer").scalars()
        assert {sealer.open(phone) for phone in phones} == {PHONE}
    store.close()
    states = [run["state"] for run in city("sync", "history", "--json").json["runs"]]
    assert states == ["finished", "interrupted", "interrupted"]


def test_a_second_rotation_takes_a_third_key_and_the_oldest_goes_on_matching(city: Terminal, tmp_path: Path) -> None:
    store = store_of(tmp_path)
    fill(store, load_sealer(tmp_path / "national-sync.key", {}), volunteers=2)
    store.close()
    before = load_sealer(tmp_path / "national-sync.key", {})
    assert [city("key", "rotate", "--json").json["key"] for _ in range(2)] == ["k2", "k3"]
    listed = keys(city("key", "list", "--json"))
    assert [(one["id"], one["seals"], one["matches"], one["rows"] > 0) for one in listed] == [
        ("k3", True, False, True),
        ("k2", False, False, False),
        ("k1", False, True, False),
    ]
    assert load_sealer(tmp_path / "national-sync.key", {}).match_hash("x") == before.match_hash("x")


def test_a_key_that_was_added_waits_for_the_rotation(city: Terminal, tmp_path: Path) -> None:
    store = store_of(tmp_path)
    fill(store, load_sealer(tmp_path / "national-sync.key", {}), volunteers=1)
    store.close()
    assert city("key", "add", "--json").json == {"key": "k2"}
    assert "national-sync key rotate" in city("key", "list").out
    rotated = city("key", "rotate", "--json").json
    assert (rotated["key"], rotated["left"], rotated["resealed"] >= 2) == ("k2", 0, True)


def test_keys_of_the_environment_are_not_changed_by_a_command(tmp_path: Path, city: Terminal) -> None:
    line = (tmp_path / "national-sync.key").read_text().splitlines()[-1]
    terminal = Terminal(Bootstrap.from_file, {"NATIONAL_SYNC_KEYS": line})
    refused = terminal("key", "rotate")
    assert refused.exit_code == 2
    assert "NATIONAL_SYNC_KEYS" in refused.err
