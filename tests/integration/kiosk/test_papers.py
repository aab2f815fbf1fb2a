"""Whether a card or a certificate is genuine, asked at a kiosk: clause R8."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import text
from tests.integration.kiosk.hall import SIGNER, Hall, Kiosk, kind_of

from national_sync.divisions import COUNTIES
from national_sync.signing import Facts


def asked(kiosk: Kiosk, code: str) -> Any:
    return kiosk.ask("POST", "/api/v1/verifications", {"code": code})


def registered(hall: Hall, **columns: Any) -> int:
    """Somebody who can have a volunteer card."""
    usual = {"number": "530802000123", "name": "岩温香", "real_name_state": "passed", "account_state": "enabled"}
    return hall.town.volunteer(**usual | columns)


def test_a_card_is_verified_with_what_is_on_it_and_whether_it_still_counts(hall: Hall) -> None:
    """R8."""
    volunteer, kiosk = registered(hall), hall.kiosk()
    code = hall.volunteer_card(volunteer)
    assert asked(kiosk, code).json() == {
        "kind": "card",
        "number": "5308＊＊＊＊0123",
        "masked_name": "岩＊＊",
        "certified": f"{COUNTIES['530802']}, registered on 2025-03-05",
        "counts": "valid",
        "words": "Genuine, and valid today.",
    }
    hall.town.nationally("volunteer", volunteer, account_state="disabled")
    assert asked(kiosk, code).json()["counts"] == "ended"
    unknown = SIGNER.code(Facts("card", "530802999999", "岩温香", "530802", "2025-03-05"))
    assert asked(kiosk, unknown).json()["counts"] == "unknown"


def test_a_certificate_of_a_star_ends_when_it_is_revoked(hall: Hall) -> None:
    award(hall, "X2026-000001", "certified")
    code = SIGNER.code(Facts("star", "X2026-000001", "岩温香", "3", "2025-12-31"))
    kiosk = hall.kiosk()
    found = asked(kiosk, code).json()
    assert (found["counts"], found["number"], found["certified"]) == (
        "valid", "X2026-000001", "3 stars, hours up to 2025-12-31",
    )  # fmt: skip
    with hall.town.database.write() as connection:
        connection.execute(text("UPDATE star_award SET state = 'revoked'"))
    assert asked(kiosk, code).json()["counts"] == "ended"


def award(hall: Hall, number: str, state: str) -> None:
    with hall.town.database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO star_award (batch_id, volunteer_id, volunteer_number, volunteer_name, county, star, seconds,"
                " records, state, number) VALUES (1, 1, '1', '岩温香', '530802', 3, 1, 1, :state, :number)"
            ),
            {"state": state, "number": number},
        )


def test_a_certificate_of_service_is_found_by_its_number(hall: Hall) -> None:
    with hall.town.database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO service_certificate (number, volunteer_id, content, issued_at, issued_by)"
                " VALUES ('FW2026-000001', 1, :content, 0, 'operator:chen')"
            ),
            {"content": json.dumps({})},
        )
    code = SIGNER.code(Facts("service", "FW2026-000001", "岩温香", "7200", "2026-03-01"))
    found = asked(hall.kiosk(), code).json()
    assert (found["counts"], found["certified"]) == ("valid", "2.00 hours, issued on 2026-03-01")


@pytest.mark.parametrize("change", ["name", "cut", "other", "kind"])
def test_what_is_not_genuine_is_refused_in_one_way(hall: Hall, change: str) -> None:
    code = SIGNER.code(Facts("card", "530802000123", "岩温香", "530802", "2025-03-05"))
    forged = {
        "name": code.replace("岩温香", "岩温叫"),
        "cut": code[:-3],
        "other": "https://example.org/",
        "kind": SIGNER.code(Facts("ticket", "1", "岩温香", "1", "2025-03-05")),
    }[change]
    answer = asked(hall.kiosk(), forged)
    assert (kind_of(answer), answer.status_code) == ("not_genuine", 409)


def test_without_the_offices_key_nothing_is_called_genuine_or_forged(hall: Hall) -> None:
    hall.client.app.state.public_key = None  # type: ignore[attr-defined]
    assert kind_of(asked(hall.kiosk(), "x")) == "nothing_to_verify_with"


def test_a_kiosk_cannot_try_codes_without_end(hall: Hall) -> None:
    kiosk = hall.kiosk()
    kinds = [kind_of(asked(kiosk, "x")) for _ in range(101)]
    assert set(kinds[:100]) == {"not_genuine"}
    assert kinds[100] == "too_many_tries"


def test_the_page_shows_what_was_found_and_never_the_whole_name(hall: Hall) -> None:
    kiosk = hall.kiosk()
    code = hall.volunteer_card(registered(hall))
    for screen in (kiosk.tap("verify", code=code), kiosk.tap("card", code=code)):
        assert 'data-counts="valid"' in screen.text
        assert "岩＊＊" in screen.text
        assert "岩温香" not in screen.text
