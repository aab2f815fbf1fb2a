"""`kiosk demo`: from the demo's database to a kiosk with three people's cards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.testclient import TestClient
from tests.integration.kiosk.hall import Kiosk

from national_sync.demo import Sizes, run_demo
from national_sync.demo.kiosk import open_demo_kiosk
from national_sync.errors import UsageError
from national_sync.web.app import kiosk_app
from national_sync.web.serving import open_desk, public_key

pytestmark = pytest.mark.xdist_group("demo")  # One demo at a time has the usual port.

SMALL = Sizes(volunteers=400, teams=20, projects=40, hours=1_500)


def test_three_people_of_the_demo_come_with_their_cards_and_one_takes_something(tmp_path: Path) -> None:
    run_demo(tmp_path / "demo", seed=3, sizes=SMALL, edits=60)
    made = open_demo_kiosk(tmp_path / "demo", sizes=SMALL)
    assert made.sheet.read_bytes().startswith(b"%PDF")
    assert len(made.people) == 3
    with open_desk(made.bootstrap) as desk:
        app = kiosk_app(desk, public_key=public_key(made.bootstrap))
        app.state.gate._earliest = 0
        hall: Any = type("", (), {"client": TestClient(app), "town": type("", (), {"clock": made.bootstrap.clock})})
        kiosk = Kiosk(hall, 0, ec.generate_private_key(ec.SECP256R1()))
        kiosk.device = kiosk.pair(made.kiosk_code).json()["device"]
        for person in reversed(made.people):
            assert kiosk.come(person["code"], person["pin"]).status_code == 201
            balance = kiosk.ask("GET", "/api/v1/balance").json()
            assert (balance["is_stale"], balance["masked_name"][0]) == (False, person["name"][0])
            assert f"{balance['usable_seconds'] / 3_600:.2f}" == person["hours"]
        free = [offer["offer"] for offer in kiosk.offers() if offer["refusal"] is None]
        held = kiosk.hold(free[0]).json()["hold"]
        assert kiosk.ask("POST", f"/api/v1/holds/{held}/confirm").status_code == 200


def test_without_a_demo_the_next_step_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no demo"):
        open_demo_kiosk(tmp_path)
