from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.mock.desk import Desk, person_fields

from national_sync_mocks.nvsi_server.saved import load, save


def test_a_saved_mock_goes_on_where_it_ended(city: Desk, tmp_path: Path) -> None:
    city.switch(digest=True)
    ticket = city.data("/volunteer/create", record=person_fields(7))["ticket"]
    city.act("withdraw", entity="team", id=city.data("/team/list")[0]["id"])
    before, sums = city.admin.dump({}), city.data("/hour/totals")
    save(city.state, tmp_path / "state")
    city.service.replace_state(load(tmp_path / "state", city.state.clock.copy()))
    assert city.admin.dump({}) == before
    assert city.data("/hour/totals") == sums
    assert city.data("/result", ticket=ticket)["state"] == "pending"
    assert len(city.data("/hour/digest")) == 256


@pytest.mark.parametrize("content", [b"", b"[]", b'{"form": 99}'])
def test_a_file_that_is_no_state_is_refused(content: bytes, tmp_path: Path, desk: Desk) -> None:
    path = tmp_path / "state"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is not a saved state"):
        load(path, desk.state.clock)
