"""A mock that is ended and goes on from its file."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.mock.desk import APP_ID, NOW, SECRET, Desk, person_fields

from national_sync_mocks.nvsi_server.clock import Clock, parse_ms
from national_sync_mocks.nvsi_server.saved import load, save
from national_sync_mocks.nvsi_server.service import Service


def again(desk: Desk, path: Path) -> Desk:
    save(desk.state, path)
    clock = Clock()
    clock.set_ms(parse_ms(NOW))
    clock.freeze()
    restarted = Desk(Service(load(path, clock), APP_ID, SECRET), made=desk.made)
    restarted.sign_in()
    return restarted


def dumped(desk: Desk) -> bytes:
    return desk.admin.answer("GET", "/admin/dump", b"", b"")[1]


def test_everything_is_there_again(city: Desk, tmp_path: Path) -> None:
    restarted = again(city, tmp_path / "state.json")
    assert dumped(restarted) == dumped(city)
    assert restarted.state.sums == city.state.sums
    assert restarted.state.settings == city.state.settings


def test_the_next_write_gets_a_later_stamp(city: Desk, tmp_path: Path) -> None:
    latest = city.act("edit", entity="team", id=next(iter(city.state.tables["team"].records)), fields={})
    restarted = again(city, tmp_path / "state.json")
    later = restarted.act("edit", entity="team", id=latest["id"], fields={})
    assert later["updatetime"] > latest["updatetime"]


def test_a_review_under_way_goes_on(desk: Desk, tmp_path: Path) -> None:
    ticket = desk.data("/volunteer/create", record=person_fields(1))["ticket"]
    restarted = again(desk, tmp_path / "state.json")
    assert restarted.data("/result", ticket=ticket)["state"] == "pending"
    restarted.act("review", decision="pass", ticket=ticket)
    assert restarted.data("/result", ticket=ticket)["state"] == "passed"


def test_what_vanished_and_what_is_distorted_stays_so(desk: Desk, tmp_path: Path) -> None:
    gone, odd = desk.volunteer(), desk.volunteer()
    desk.act("purge", entity="volunteer", id=gone["id"])
    desk.act("corrupt", entity="volunteer", id=odd["id"], variant="unknown-code")
    restarted = again(desk, tmp_path / "state.json")
    assert restarted.state.graves == {gone["id"]}
    assert restarted.data("/volunteer/get", id=odd["id"])["albp0006"] == "77"


@pytest.mark.parametrize("content", [b"", b"[]", b'{"form": 99}'])
def test_another_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="not a saved state"):
        load(path, Clock())
