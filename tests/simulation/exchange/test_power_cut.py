"""What the ledger has answered survives a power cut: an acknowledgement is given after the disk has it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.integration.exchange.town import Town, town_in
from tests.simulation.exchange.power import NAME, ForgetfulDisk

from national_sync.exchange.accounts import exchangeable
from national_sync.exchange.outcomes import Outcome
from national_sync.store.database import Database


@cache
def _disk() -> ForgetfulDisk:
    try:
        return ForgetfulDisk()
    except OSError as error:  # pragma: no cover - depends on how Python was built
        pytest.skip(str(error))


@pytest.fixture
def forgetful(sqlite_database: Database) -> Iterator[tuple[Town, Path]]:
    """A town on a disk that loses what was not synced."""
    path = Path(sqlite_database.place)
    sqlite_database.close()
    disk = _disk()
    disk.watch(path)
    database = Database(f"sqlite:///file:{path}?vfs={NAME}&uri=true")
    with town_in(database) as town:
        yield town, path
    database.close()


def after_power_cut(path: Path, number: int, dice: random.Random | None) -> Database:
    into = path.with_name(f"cut-{number}.sqlite")
    _disk().cut(path, into, dice)
    return Database(f"sqlite:///{into}")


def told(town: Town, volunteer: int, offer: int) -> list[Outcome]:
    held = town.hold(volunteer, offer)
    return [held, town.confirm(held.redemption_id)]


@pytest.mark.parametrize("rest", ["all of the unsynced is lost", "some of it"])
def test_what_was_answered_survives_a_power_cut(forgetful: tuple[Town, Path], rest: str) -> None:
    """Whatever part of the unsynced writes reaches the disk, and however torn."""
    town, path = forgetful
    volunteer, offer = town.volunteer(hours=40), town.offer(hours=1)
    for turn in range(4):
        outcomes = told(town, volunteer, offer)
        dice = random.Random(turn) if rest == "some of it" else None
        database = after_power_cut(path, turn, dice)
        with town_in(database) as found:
            assert found.faults() == []
            [[state, seconds]] = found.sql(
                "SELECT r.state, a.balance FROM redemption r, account a WHERE r.id = :id AND a.id = :account",
                id=outcomes[1].redemption_id,
                account=exchangeable(volunteer),
            )
            assert (state, seconds) == ("confirmed", (39 - turn) * 3600)
        database.close()


def test_the_disk_of_this_test_does_forget(forgetful: tuple[Town, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The same without waiting for the disk loses what was answered, so the test above can fail."""
    town, path = forgetful
    volunteer, offer = town.volunteer(hours=4), town.offer(hours=1)
    town.hold(volunteer, offer)
    unsafe(town)
    told(town, volunteer, offer)
    database = after_power_cut(path, 0, None)
    with town_in(database) as found:
        assert found.sql("SELECT COUNT(*) FROM redemption WHERE state = 'confirmed'") == [(0,)]
    database.close()


def unsafe(town: Town) -> None:
    """What a ledger would be that does not wait for the disk."""

    def hurry(book: Any, _now: float) -> None:
        book._cursor.execute("COMMIT")
        book._cursor.execute("PRAGMA synchronous=NORMAL")
        book._cursor.execute("BEGIN IMMEDIATE")

    town.ledger.run(hurry)
