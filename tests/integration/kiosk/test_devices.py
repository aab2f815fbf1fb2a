"""Which devices and which of their requests are let in."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.integration.kiosk.hall import Hall, Kiosk, kind_of, signature_by

from national_sync.web import devices
from national_sync.web.app import kiosk_app
from national_sync.web.devices import DeviceKind
from national_sync.web.signing import pairing_message

HEARTBEAT = "/api/v1/heartbeat"


def beat(kiosk: Kiosk) -> int:
    status: int = kiosk.ask("POST", HEARTBEAT, {"version": "1"}).status_code
    return status


def test_a_code_admits_one_device_once(hall: Hall) -> None:
    _number, code = hall.new_code()
    first, second = (Kiosk(hall, 0, ec.generate_private_key(ec.SECP256R1())) for _ in range(2))
    answer = first.pair(code)
    first.device = answer.json()["device"]
    assert beat(first) == 200
    assert kind_of(second.pair(code)) == "device_code_refused"
    assert beat(first) == 200


def test_a_code_is_good_for_ten_minutes(hall: Hall) -> None:
    _number, code = hall.new_code()
    hall.town.clock.time += 600
    assert kind_of(Kiosk(hall, 0, ec.generate_private_key(ec.SECP256R1())).pair(code)) == "device_code_refused"


def test_a_key_is_taken_only_from_who_has_its_private_half(hall: Hall) -> None:
    _number, code = hall.new_code()
    thief = ec.generate_private_key(ec.SECP256R1())
    kiosk = Kiosk(hall, 0, ec.generate_private_key(ec.SECP256R1()))
    stolen = kiosk.pair(code, proof=signature_by(thief, pairing_message(code)))
    assert kind_of(stolen) == "device_code_refused"
    assert kiosk.pair(code).status_code == 201


def test_codes_cannot_be_guessed_from_one_address(hall: Hall) -> None:
    kiosk = Kiosk(hall, 0, ec.generate_private_key(ec.SECP256R1()))
    kinds = [kind_of(kiosk.pair("WRONG")) for _ in range(11)]
    assert kinds == ["device_code_refused"] * 10 + ["too_many_tries"]
    hall.town.clock.time += 600
    _number, code = hall.new_code()
    assert kiosk.pair(code).status_code == 201


# Requests


def test_a_repeated_request_is_refused(hall: Hall) -> None:
    kiosk = hall.kiosk()
    headers = kiosk.signed("POST", HEARTBEAT, b'{"version":"1"}')
    answers = [hall.client.post(HEARTBEAT, content=b'{"version":"1"}', headers=headers) for _ in range(2)]
    assert answers[0].status_code == 200
    assert kind_of(answers[1]) == "request_repeated"


@pytest.mark.parametrize("seconds", [-31, 6])
def test_a_request_of_another_time_is_refused(hall: Hall, seconds: int) -> None:
    kiosk = hall.kiosk()
    hall.town.clock.time += 60
    at = str(int((hall.town.clock.now() + seconds) * 1_000))
    answer = hall.client.post(HEARTBEAT, content=b"{}", headers=kiosk.signed("POST", HEARTBEAT, b"{}", at=at))
    assert kind_of(answer) == "request_untimely"


def test_a_service_that_starts_anew_takes_nothing_that_was_sent_to_the_one_before(hall: Hall) -> None:
    from starlette.testclient import TestClient

    kiosk = hall.kiosk()
    headers = kiosk.signed("POST", HEARTBEAT, b'{"version":"1"}')
    with_memory, without = hall.client, TestClient(kiosk_app(hall.desk))
    assert with_memory.post(HEARTBEAT, content=b'{"version":"1"}', headers=headers).status_code == 200
    assert kind_of(without.post(HEARTBEAT, content=b'{"version":"1"}', headers=headers)) == "request_untimely"
    assert without.get("/readyz").status_code == 503
    hall.town.clock.time += 6
    assert without.get("/readyz").status_code == 200


@pytest.mark.parametrize("header", ["Kiosk-Device", "Kiosk-Time", "Kiosk-Nonce", "Kiosk-Session", "Kiosk-Signature"])
def test_whatever_is_wrong_with_a_signature_the_answer_is_the_same(hall: Hall, header: str) -> None:
    kiosk = hall.kiosk()
    headers = kiosk.signed("POST", HEARTBEAT, b"{}")
    wrong = [headers | {header: "A" * 22}, {name: value for name, value in headers.items() if name != header}]
    if header == "Kiosk-Session":
        wrong.pop()
    bodies = [hall.client.post(HEARTBEAT, content=b"{}", headers=one) for one in wrong]
    assert {kind_of(answer) for answer in bodies} == {"request_not_signed"}
    assert {answer.content for answer in bodies} == {bodies[0].content}


def test_a_changed_body_and_a_foreign_key_are_refused(hall: Hall) -> None:
    kiosk = hall.kiosk()
    headers = kiosk.signed("POST", HEARTBEAT, b'{"version":"1"}')
    assert kind_of(hall.client.post(HEARTBEAT, content=b'{"version":"2"}', headers=headers)) == "request_not_signed"
    kiosk.key = ec.generate_private_key(ec.SECP256R1())
    assert beat(kiosk) == 401


def test_a_device_that_asks_too_often_is_slowed_down(hall: Hall) -> None:
    kiosk = hall.kiosk()
    gate = hall.client.app.state.gate  # type: ignore[attr-defined]
    for number in range(299):
        gate._remember(kiosk.number, str(number), hall.town.clock.now())
    assert [beat(kiosk), beat(kiosk)] == [200, 429]
    hall.town.clock.time += 61
    assert beat(kiosk) == 200


def test_a_version_with_letters_that_a_database_refuses_is_malformed(each_hall: Hall) -> None:
    kiosk = each_hall.kiosk()
    assert kind_of(kiosk.ask("POST", HEARTBEAT, {"version": "1\0"})) == "request_malformed"
    assert beat(kiosk) == 200


# What the office does


def test_a_suspended_or_revoked_device_is_dead_at_once(each_hall: Hall) -> None:
    hall, kiosk = each_hall, each_hall.kiosk()
    assert beat(kiosk) == 200
    for act, status in ((devices.suspend_device, 401), (devices.resume_device, 200), (devices.revoke_device, 401)):
        with hall.town.database.write() as connection:
            act(connection, kiosk.number)
        assert beat(kiosk) == status
    stored = hall.town.sql("SELECT public_key, code_hash FROM kiosk_device WHERE id = :id", id=kiosk.number)
    assert stored == [(None, None)]


def test_whoever_stands_before_a_revoked_device_is_signed_out(hall: Hall) -> None:
    volunteer, _offer = hall.town.volunteer(hours=2), hall.town.offer()
    kiosk = hall.kiosk().welcome(volunteer)
    assert kiosk.hold(kiosk.offers()[0]["offer"]).status_code == 201
    with hall.town.database.write() as connection:
        devices.suspend_device(connection, kiosk.number)
        devices.resume_device(connection, kiosk.number)
    assert kind_of(kiosk.ask("GET", "/api/v1/balance")) == "signed_out"
    hall.desk.clear_up()
    assert hall.town.held(volunteer) == 0


def test_a_rolled_device_gets_a_new_key_and_the_old_one_ends(hall: Hall) -> None:
    kiosk = hall.kiosk()
    with hall.town.database.write() as connection:
        code = devices.roll_device(connection, hall.desk.sealer, kiosk.number, now=int(hall.town.clock.now()))
    assert beat(kiosk) == 200
    other = Kiosk(hall, kiosk.number, ec.generate_private_key(ec.SECP256R1()))
    other.device = other.pair(code).json()["device"]
    assert (other.device, beat(other), beat(kiosk)) == (kiosk.device, 200, 401)


def test_a_till_serves_no_volunteers_and_a_kiosk_collects_nothing(hall: Hall) -> None:
    town = hall.town
    till = hall.kiosk(DeviceKind.TILL, town.outlet(town.cinema()))
    card = hall.card(town.volunteer())
    assert kind_of(till.come(card.code, card.pin)) == "wrong_device"
    collected = hall.kiosk().ask("POST", "/api/v1/vouchers/collect", {"code": "X", "key": "k"})
    assert kind_of(collected) == "wrong_device"
