"""ID-card readers: one that types, one with a helper; and that a card alone is not enough."""

from __future__ import annotations

import importlib.util
import threading
import urllib.error
import urllib.request
from http.server import HTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.integration.kiosk.hall import SEALER, Hall, Kiosk, kind_of, served

from national_sync.registration.search import hash_of_number
from national_sync.web import readers

ID_NUMBER = "530802199003072474"
STRANGER = "110101199003070011"
"""Of nobody."""
HELPER = Path(__file__).parents[3] / "docs" / "kiosk" / "id_reader.py"


def person(hall: Hall, hours: float = 2) -> int:
    return hall.town.volunteer(hours=hours, id_number_hash=hash_of_number(SEALER, ID_NUMBER))


def with_reader(hall: Hall) -> tuple[Kiosk, str]:
    kiosk = hall.kiosk()
    with hall.town.database.write() as connection:
        return kiosk, readers.admit_reader(connection, SEALER, kiosk.number)


def read(hall: Hall, kiosk: Kiosk, key: str, *, ago: float = 0, **other: Any) -> Any:
    """What a helper posts."""
    time_ms = int((hall.town.clock.now() - ago) * 1_000)
    seal = readers.token_seal(key, readers.token_message(kiosk.device, time_ms, ID_NUMBER))
    body = {"device": kiosk.device, "id_number": ID_NUMBER, "time_ms": time_ms, "seal": seal} | other
    return hall.client.post("/api/v1/readings", json=body)


def code_on(screen: Any) -> str:
    code: str = screen.text.split('name="code" value="')[1].split('"')[0]
    return code


def test_an_id_card_and_the_pin_open_the_account(each_hall: Hall) -> None:
    hall = each_hall
    card = hall.card(person(hall))
    kiosk, key = with_reader(hall)
    assert read(hall, kiosk, key).status_code == 204
    screen = kiosk.tap("reading")
    assert ID_NUMBER not in screen.text
    assert kiosk.tap("reading").status_code == 204, "a card is given to the page once"
    assert ID_NUMBER not in str(hall.town.sql("SELECT * FROM kiosk_reading"))
    assert kiosk.tap("pin", code=code_on(screen), pin="000000" if card.pin != "000000" else "111111").status_code == 403
    welcome = kiosk.tap("pin", code=code_on(screen), pin=card.pin)
    assert (welcome.status_code, "岩＊" in welcome.text) == (200, True)


def test_a_reader_that_types_works_where_the_office_has_admitted_one(hall: Hall) -> None:
    card = hall.card(person(hall))
    kiosk, _key = with_reader(hall)
    screen = kiosk.tap("card", code=ID_NUMBER)
    assert ID_NUMBER not in screen.text
    assert kiosk.tap("pin", code=code_on(screen), pin=card.pin).status_code == 200
    assert hall.kiosk().tap("card", code=ID_NUMBER).status_code == 403


def test_five_wrong_pins_lock_it_for_the_id_card_and_the_printed_card_alike(hall: Hall) -> None:
    card = hall.card(person(hall))
    kiosk, _key = with_reader(hall)
    code = code_on(kiosk.tap("card", code=ID_NUMBER))
    for _try in range(5):
        assert kiosk.tap("pin", code=code, pin="x").status_code == 403
    assert kiosk.tap("pin", code=code, pin=card.pin).status_code == 403
    assert hall.kiosk().come(card.code, card.pin).status_code == 403
    assert hall.kiosk().come(hall.shown(card)).status_code == 201


def test_an_unknown_person_and_a_wrong_pin_get_one_answer(hall: Hall) -> None:
    hall.card(person(hall))
    kiosk, _key = with_reader(hall)
    codes = [readers.code_of(SEALER, number, int(hall.town.clock.now())) for number in (ID_NUMBER, STRANGER)]
    answers = [kiosk.tap("pin", code=code, pin="x") for code in (*codes, codes[0][:-4], "NSI1.k1:" + "A" * 60)]
    assert {answer.status_code for answer in answers} == {403}
    assert len({answer.content for answer in answers}) == 1


def test_what_a_reader_read_is_over_after_a_minute(hall: Hall) -> None:
    card = hall.card(person(hall))
    kiosk, key = with_reader(hall)
    read(hall, kiosk, key)
    hall.town.clock.time += 61
    assert kiosk.tap("reading").status_code == 204
    read(hall, kiosk, key)
    screen = kiosk.tap("reading")
    hall.town.clock.time += 61
    assert kiosk.tap("pin", code=code_on(screen), pin=card.pin).status_code == 403
    read(hall, kiosk, key)
    hall.town.clock.time += 61
    hall.desk.clear_up()
    assert hall.town.sql("SELECT sealed FROM kiosk_reading") == [("",)]


def test_tokens_that_are_repeated_late_or_forged_are_refused(hall: Hall) -> None:
    kiosk, key = with_reader(hall)
    other = hall.kiosk()
    assert read(hall, kiosk, key).status_code == 204
    assert kind_of(read(hall, kiosk, key)) == "request_repeated"
    assert kind_of(read(hall, kiosk, key, ago=31)) == "request_untimely"
    assert kind_of(read(hall, kiosk, key, ago=-6)) == "request_untimely"
    forged = [read(hall, kiosk, "0" * 64), read(hall, other, key), read(hall, kiosk, key, id_number=STRANGER)]
    assert [kind_of(answer) for answer in forged] == ["request_not_signed"] * 3
    assert len({answer.content for answer in forged}) == 1
    with hall.town.database.write() as connection:
        readers.admit_reader(connection, SEALER, kiosk.number)
    hall.town.clock.time += 1
    assert kind_of(read(hall, kiosk, key)) == "request_not_signed"


def test_a_reader_dies_with_its_kiosk(hall: Hall) -> None:
    from national_sync.web.devices import suspend_device

    kiosk, key = with_reader(hall)
    with hall.town.database.write() as connection:
        suspend_device(connection, kiosk.number)
    assert kind_of(read(hall, kiosk, key)) == "request_not_signed"


def test_the_helper_of_the_documentation_works(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location("id_reader", HELPER)
    assert spec
    assert spec.loader
    helper = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(helper)
    kiosk, key = with_reader(hall)
    with served(hall) as address:
        monkeypatch.setenv("KIOSK_SERVER", address)
        monkeypatch.setenv("KIOSK_DEVICE", kiosk.device)
        monkeypatch.setenv("KIOSK_READER_KEY", key)
        monkeypatch.setattr(helper.time, "time", hall.town.clock.now)
        loopback = HTTPServer(("127.0.0.1", 0), helper.Reader)
        thread = threading.Thread(target=loopback.serve_forever, daemon=True)
        thread.start()
        try:
            assert posted(loopback, {}) == 204
            assert posted(loopback, {"Origin": "https://example.org"}) == 403
        finally:
            loopback.shutdown()
            loopback.server_close()
            thread.join()
    assert kiosk.tap("reading").status_code == 200


def posted(server: HTTPServer, headers: dict[str, str]) -> int:
    """As the reader's own software does."""
    request = urllib.request.Request(f"http://127.0.0.1:{server.server_port}/", f"{ID_NUMBER}\n".encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            status: int = answer.status
    except urllib.error.HTTPError as error:
        status = error.code
        error.close()
    return status


@pytest.mark.parametrize("seal", ["", "é", "\U000b9ec4", "A" * 43])
def test_a_seal_of_any_letters_is_just_a_wrong_one(hall: Hall, seal: str) -> None:
    kiosk, key = with_reader(hall)
    assert kind_of(read(hall, kiosk, key, seal=seal)) == "request_not_signed"
