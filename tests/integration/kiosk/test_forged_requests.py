"""Requests that were listened to, held back, changed or made by somebody else change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.testclient import TestClient
from tests.integration.kiosk.hall import SEALER, Hall, Kiosk, kind_of

from national_sync.store.database import Database
from national_sync.web.app import kiosk_app
from national_sync.web.desk import Desk
from national_sync.web.names import Names

HOLDS, BALANCE = "/api/v1/holds", "/api/v1/balance"


@pytest.fixture
def kiosk(hall: Hall) -> Kiosk:
    """Somebody with five hours stands before it."""
    volunteer = hall.town.volunteer(hours=5)
    hall.town.offer()
    return hall.kiosk().welcome(volunteer)


@pytest.fixture
def wish(kiosk: Kiosk) -> bytes:
    return b'{"offer":"%s","key":"wish"}' % kiosk.offers()[0]["offer"].encode()


def sent(hall: Hall, headers: dict[str, str], body: bytes) -> Any:
    return hall.client.post(HOLDS, content=body, headers=headers)


def holds(hall: Hall) -> int:
    [(count,)] = hall.town.sql("SELECT COUNT(*) FROM redemption")
    return int(count)


def flipped(text: str) -> Iterator[str]:
    """Each character with its lowest bit turned over."""
    for place, character in enumerate(text):
        yield text[:place] + chr(ord(character) ^ 1) + text[place + 1 :]


@pytest.mark.parametrize("header", ["Kiosk-Device", "Kiosk-Time", "Kiosk-Nonce", "Kiosk-Session", "Kiosk-Signature"])
def test_a_flipped_bit_of_a_header_is_refused(hall: Hall, kiosk: Kiosk, wish: bytes, header: str) -> None:
    headers = kiosk.signed("POST", HOLDS, wish)
    answers = [sent(hall, headers | {header: value}, wish) for value in flipped(headers[header])]
    assert {kind_of(answer) for answer in answers} == {"request_not_signed"}
    assert holds(hall) == 0
    assert sent(hall, headers, wish).status_code == 201


def test_a_flipped_bit_of_the_body_is_refused(hall: Hall, kiosk: Kiosk, wish: bytes) -> None:
    headers = kiosk.signed("POST", HOLDS, wish)
    answers = [sent(hall, headers, body.encode("latin-1")) for body in flipped(wish.decode("latin-1"))]
    # What is no JSON any more is told so.
    assert {kind_of(answer) for answer in answers} == {"request_not_signed", "request_malformed"}
    assert holds(hall) == 0


def test_a_signature_counts_for_one_path_and_one_method(hall: Hall, kiosk: Kiosk, wish: bytes) -> None:
    headers = kiosk.signed("POST", HOLDS, wish)
    elsewhere = [("POST", HOLDS + "?a=1"), ("POST", "/api/v1/heartbeat"), ("GET", BALANCE), ("DELETE", "/api/v1/visit")]
    for method, path in elsewhere:
        assert kind_of(hall.client.request(method, path, content=wish, headers=headers)) == "request_not_signed"


def test_a_request_that_was_held_back_is_refused(hall: Hall, kiosk: Kiosk, wish: bytes) -> None:
    headers = kiosk.signed("POST", HOLDS, wish)
    hall.town.clock.time += 31
    assert kind_of(sent(hall, headers, wish)) == "request_untimely"
    assert holds(hall) == 0


def test_another_devices_signature_is_refused(hall: Hall, kiosk: Kiosk, wish: bytes) -> None:
    """One that was never admitted, and one that was: neither speaks for this device or for who stands before it."""
    stranger = Kiosk(hall, 0, ec.generate_private_key(ec.SECP256R1()), kiosk.device, kiosk.session)
    assert kind_of(sent(hall, stranger.signed("POST", HOLDS, wish), wish)) == "request_not_signed"
    admitted = hall.kiosk()
    admitted.session = kiosk.session
    assert kind_of(sent(hall, admitted.signed("POST", HOLDS, wish), wish)) == "signed_out"
    assert holds(hall) == 0


# More than one service on one database


@pytest.fixture
def other(each_hall: Hall) -> Iterator[TestClient]:
    """A second service, which has been open for a while."""
    town = each_hall.town
    database = Database(town.database.url.render_as_string(hide_password=False))
    desk = Desk(
        database=database, ledger=town.ledger, steps=town.steps, sealer=SEALER, clock=town.clock, names=Names(SEALER)
    )
    with closing(desk.looks), TestClient(kiosk_app(desk), base_url="http://kiosk") as client:
        town.clock.time += 10
        yield client
    database.close()


def test_what_one_service_has_taken_no_other_takes(each_hall: Hall, other: TestClient) -> None:
    """Neither a request that notes its number by itself nor one that does so together with its hold."""
    hall, volunteer = each_hall, each_hall.town.volunteer(hours=5)
    hall.town.offer()
    kiosk = hall.kiosk().welcome(volunteer)
    wish = b'{"offer":"%s","key":"wish"}' % kiosk.offers()[0]["offer"].encode()
    for path, body in ((HOLDS, wish), ("/api/v1/heartbeat", b'{"version":"1"}')):
        headers = kiosk.signed("POST", path, body)
        assert hall.client.post(path, content=body, headers=headers).is_success
        assert kind_of(other.post(path, content=body, headers=headers)) == "request_repeated"


def test_the_number_of_a_request_is_forgotten_when_it_would_be_too_old(hall: Hall, kiosk: Kiosk, wish: bytes) -> None:
    assert sent(hall, kiosk.signed("POST", HOLDS, wish), wish).status_code == 201
    assert hall.town.sql("SELECT COUNT(*) > 0 FROM kiosk_nonce") == [(True,)]
    hall.town.clock.time += 61
    hall.desk.clear_up()
    assert hall.town.sql("SELECT COUNT(*) FROM kiosk_nonce") == [(0,)]
