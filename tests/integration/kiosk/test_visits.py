"""From the card to the voucher: clause E2."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import perf_counter
from typing import Any

import pytest
from sqlalchemy import text
from tests.integration.kiosk.hall import Hall, Kiosk, kind_of

from national_sync.web import cards
from national_sync.web.devices import DeviceKind

HOUR = 3_600


def test_the_whole_way_from_card_to_voucher_to_till(each_hall: Hall) -> None:
    """E2."""
    hall, town = each_hall, each_hall.town
    cinema = town.cinema()
    outlet = town.outlet(cinema)
    volunteer = town.volunteer(hours=5, name="岩温香")
    town.offer(cinema, hours=2, stock=1)
    kiosk = hall.kiosk(outlet=outlet).welcome(volunteer)
    balance = kiosk.ask("GET", "/api/v1/balance").json()
    assert (balance["masked_name"], balance["usable_seconds"], balance["is_stale"]) == ("岩＊＊", 5 * HOUR, False)
    assert len(balance["lines"]) == 1
    [offer] = kiosk.offers()
    held = kiosk.hold(offer["offer"])
    assert held.status_code == 201
    assert kiosk.hold(offer["offer"]).json() == held.json()
    confirm = f"/api/v1/holds/{held.json()['hold']}/confirm"
    voucher = kiosk.ask("POST", confirm).json()
    assert kiosk.ask("POST", confirm).json() == voucher
    assert town.balance(volunteer) == 3
    till = hall.kiosk(DeviceKind.TILL, outlet)
    body = {"code": voucher["code"], "key": "handed"}
    collected = [till.ask("POST", "/api/v1/vouchers/collect", body).json() for _ in range(2)]
    assert collected == [{"title": "电影票", "seconds": 2 * HOUR}] * 2
    again = till.ask("POST", "/api/v1/vouchers/collect", body | {"key": "another"})
    assert kind_of(again) == "already_collected"


def test_offers_that_cannot_be_had_come_with_the_reason(hall: Hall) -> None:
    town = hall.town
    cinema = town.cinema()
    for terms in ({"hours": 9}, {"hours": 1, "minimum_star": 5}, {"hours": 1, "minimum_age": 99}, {"hours": 1}):
        town.offer(cinema, **terms)  # type: ignore[arg-type]
    town.offer(town.cinema(), hours=1, outlets=[])
    kiosk = hall.kiosk(outlet=town.outlet(cinema)).welcome(town.volunteer(hours=5))
    offers = kiosk.offers()
    assert [offer["refusal"] for offer in offers] == [None, "not_enough_hours", "star_too_low", "too_young"]
    assert all(offer["reason"] for offer in offers[1:])
    assert not any(offer["offer"].isdigit() for offer in offers)
    assert kind_of(kiosk.hold(offers[1]["offer"])) == "not_enough_hours"


def test_a_person_who_lost_the_slip_sees_the_voucher_again_until_it_is_collected(each_hall: Hall) -> None:
    hall, town = each_hall, each_hall.town
    cinema = town.cinema()
    volunteer, offer = town.volunteer(hours=5), town.offer(cinema)
    code = town.redeemed(volunteer, offer).code
    town.redeemed(town.volunteer(hours=5), offer)
    kiosk = hall.kiosk().welcome(volunteer)
    [voucher] = kiosk.ask("GET", "/api/v1/vouchers").json()["vouchers"]
    assert (voucher["code"], voucher["title"], voucher["seconds"]) == (code, "电影票", 2 * HOUR)
    assert code in kiosk.tap("vouchers").text
    town.collect(code, cinema)
    assert kiosk.ask("GET", "/api/v1/vouchers").json() == {"vouchers": []}


def test_a_hold_can_be_given_back(hall: Hall) -> None:
    volunteer, _offer = hall.town.volunteer(hours=2), hall.town.offer()
    kiosk = hall.kiosk().welcome(volunteer)
    held = kiosk.hold(kiosk.offers()[0]["offer"]).json()["hold"]
    assert hall.town.held(volunteer) == 2
    assert kiosk.ask("POST", f"/api/v1/holds/{held}/release").status_code == 204
    assert (hall.town.held(volunteer), hall.town.balance(volunteer)) == (0, 2)


def test_another_persons_hold_is_as_unknown_as_one_that_never_was(hall: Hall) -> None:
    first, _offer = hall.town.volunteer(hours=2), hall.town.offer()
    kiosk = hall.kiosk().welcome(first)
    held = kiosk.hold(kiosk.offers()[0]["offer"]).json()["hold"]
    other = hall.kiosk().welcome(hall.town.volunteer(hours=2))
    names = hall.desk._names
    answers = [
        other.ask("POST", f"/api/v1/holds/{name}/confirm")
        for name in (held, names.outside("redemption", 999), "a" * 26)
    ]
    assert {kind_of(answer) for answer in answers} == {"unknown_redemption"}
    assert len({answer.content for answer in answers}) == 1
    assert hall.town.held(first) == 2


def test_a_key_of_one_person_is_nothing_to_another(hall: Hall) -> None:
    hall.town.offer()
    kiosks = [hall.kiosk().welcome(hall.town.volunteer(hours=2)) for _ in range(2)]
    answers = [kiosk.hold(kiosk.offers()[0]["offer"], "same") for kiosk in kiosks]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["hold"] != answers[1].json()["hold"]


def test_a_key_used_for_another_wish_is_refused(hall: Hall) -> None:
    for hours in (1, 2):
        hall.town.offer(hours=hours)
    kiosk = hall.kiosk().welcome(hall.town.volunteer(hours=5))
    first, second = (offer["offer"] for offer in kiosk.offers())
    assert kiosk.hold(first, "same").status_code == 201
    answer = kiosk.hold(second, "same")
    assert (kind_of(answer), answer.status_code) == ("key_reused", 422)


def test_two_kiosks_race_for_the_last_ticket_and_one_wins(hall: Hall) -> None:
    town = hall.town
    town.offer(town.cinema(), hours=1, stock=1)
    kiosks = [hall.kiosk().welcome(town.volunteer(hours=2)) for _ in range(2)]
    wanted = [kiosk.offers()[0]["offer"] for kiosk in kiosks]
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda kiosk, offer: kiosk.hold(offer), kiosks, wanted))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert {kind_of(answer) for answer in answers if answer.status_code == 409} == {"sold_out"}


def test_hours_of_a_stale_mirror_are_shown_and_not_spent(hall: Hall) -> None:
    hall.town.offer()
    volunteer = hall.town.volunteer(hours=2)
    hall.nightly(hall.town.clock.now() - 72 * HOUR - 1)
    kiosk = hall.kiosk().welcome(volunteer)
    balance = kiosk.ask("GET", "/api/v1/balance").json()
    assert (balance["usable_seconds"], balance["is_stale"]) == (2 * HOUR, True)
    assert kind_of(kiosk.hold(kiosk.offers()[0]["offer"])) == "mirror_stale"


def test_a_kiosk_works_while_a_run_writes_into_the_same_database(hall: Hall) -> None:
    hall.town.offer(hours=1)
    kiosk = hall.kiosk().welcome(hall.town.volunteer(hours=9))
    offer, stop = kiosk.offers()[0]["offer"], Event()

    def run() -> int:
        chunks = 0
        while not stop.is_set():
            with hall.town.database.write() as connection:
                connection.execute(text("UPDATE volunteer SET sync_rev = sync_rev WHERE id > 0"))
            chunks += 1
        return chunks

    with ThreadPoolExecutor(1) as thread:
        written = thread.submit(run)
        try:
            for number in range(8):
                held = kiosk.hold(offer, f"wish-{number}")
                assert held.status_code == 201
                assert kiosk.ask("POST", f"/api/v1/holds/{held.json()['hold']}/confirm").status_code == 200
        finally:
            stop.set()
    assert written.result() > 0


# Who is there


def refusals(kiosk: Kiosk, *tried: tuple[str, str]) -> list[Any]:
    answers = [kiosk.come(code, pin) for code, pin in tried]
    assert {kind_of(answer) for answer in answers} == {"person_refused"}
    return answers


def test_five_wrong_pins_on_all_kiosks_lock_the_pin_and_not_the_hours(each_hall: Hall) -> None:
    hall = each_hall
    hall.town.offer()
    volunteer = hall.town.volunteer(hours=2)
    card, kiosks = hall.card(volunteer), [hall.kiosk(), hall.kiosk()]
    wrong = "1" * 6 if card.pin != "1" * 6 else "2" * 6
    for number in range(5):
        refusals(kiosks[number % 2], (card.code, wrong))
    refusals(kiosks[0], (card.code, card.pin))
    assert kiosks[0].come(hall.shown(card)).status_code == 201
    assert kiosks[0].hold(kiosks[0].offers()[0]["offer"]).status_code == 201
    with hall.town.database.write() as connection:
        pin = cards.new_pin(connection, hall.desk.sealer, card.card_id)
    assert kiosks[1].come(card.code, pin).status_code == 201


def test_a_right_pin_forgives_the_wrong_ones_before_it(hall: Hall) -> None:
    card, kiosk = hall.card(hall.town.volunteer()), hall.kiosk()
    refusals(kiosk, *[(card.code, "")] * 3)
    assert kiosk.come(card.code, card.pin).status_code == 201
    refusals(kiosk, *[(card.code, "")] * 3)
    assert kiosk.come(card.code, card.pin).status_code == 201


def test_unknown_and_forbidden_persons_get_the_same_answer(hall: Hall) -> None:
    town = hall.town
    revoked, card, withdrawn = town.volunteer(), hall.card(town.volunteer()), town.volunteer()
    lost, gone = hall.card(revoked), hall.card(withdrawn)
    with town.database.write() as connection:
        cards.revoke_cards(connection, revoked)
    town.nationally("volunteer", withdrawn, withdrawn_at=1)
    forged = card.code[:-1] + ("A" if card.code[-1] != "A" else "B")
    answers = refusals(
        hall.kiosk(), (card.code, "0000000"), (lost.code, lost.pin), (gone.code, gone.pin), (forged, card.pin),
        ("https://example.org/pay?x=1", ""), ("NSC1.A", ""),
    )  # fmt: skip
    assert len({answer.content for answer in answers}) == 1


def test_refusing_an_unknown_person_takes_as_long_as_refusing_a_known_one(hall: Hall) -> None:
    town = hall.town
    card, gone = hall.card(town.volunteer()), hall.card(town.volunteer(account_state="disabled"))
    wrong = "000000" if card.pin != "000000" else "111111"
    tries = {
        "known": (card.code, wrong), "gone": (gone.code, gone.pin), "forged": (card.code[:-1] + "2", wrong),
        "other": ("https://example.org/", wrong),
    }  # fmt: skip
    kiosk, seconds = hall.kiosk(), dict.fromkeys(tries, 9.0)
    for _round in range(2):
        for name, (code, pin) in tries.items():
            began = perf_counter()
            refusals(kiosk, (code, pin))
            seconds[name] = min(seconds[name], perf_counter() - began)
    assert max(seconds.values()) < 3 * min(seconds.values()), seconds


def test_a_shown_code_counts_once_and_for_a_minute(each_hall: Hall) -> None:
    hall = each_hall
    card, kiosk = hall.card(hall.town.volunteer()), hall.kiosk()
    code = hall.shown(card)
    assert kiosk.come(code).status_code == 201
    refusals(kiosk, (code, ""))
    photographed = hall.shown(card)
    hall.town.clock.time += 61
    refusals(kiosk, (photographed, ""))


def test_a_new_card_ends_the_earlier_one(hall: Hall) -> None:
    volunteer, kiosk = hall.town.volunteer(), hall.kiosk()
    first, second = hall.card(volunteer), hall.card(volunteer)
    refusals(kiosk, (first.code, first.pin))
    assert kiosk.come(second.code, second.pin).status_code == 201


def test_two_registrations_of_one_person_show_the_same_hours(hall: Hall) -> None:
    town = hall.town
    gone, kept = town.volunteer(), town.volunteer(hours=2)
    with town.database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO volunteer_merge (kept_id, gone_id, state, merged_at, merged_by)"
            f" VALUES ({kept}, {gone}, 'merged', 0, 'operator:chen')"
        )
    kiosk = hall.kiosk().welcome(gone)
    assert kiosk.ask("GET", "/api/v1/balance").json()["usable_seconds"] == 2 * HOUR


# Leaving


def test_who_goes_away_is_signed_out_and_gets_back_what_was_held(each_hall: Hall) -> None:
    hall = each_hall
    volunteer, _offer = hall.town.volunteer(hours=2), hall.town.offer()
    kiosk = hall.kiosk().welcome(volunteer)
    assert kiosk.hold(kiosk.offers()[0]["offer"]).status_code == 201
    hall.town.clock.time += 69
    assert kiosk.ask("GET", "/api/v1/balance").status_code == 200
    hall.desk.clear_up()
    assert hall.town.held(volunteer) == 2
    hall.town.clock.time += 70
    assert kind_of(kiosk.ask("GET", "/api/v1/balance")) == "signed_out"
    hall.desk.clear_up()
    assert (hall.town.held(volunteer), hall.town.balance(volunteer)) == (0, 2)
    assert hall.town.sql("SELECT * FROM kiosk_session") == []


def test_a_visit_ends_after_a_quarter_of_an_hour_whatever_is_tapped(hall: Hall) -> None:
    kiosk = hall.kiosk().welcome(hall.town.volunteer())
    for _minute in range(15):
        assert kiosk.ask("GET", "/api/v1/balance").status_code == 200
        hall.town.clock.time += 60
    assert kind_of(kiosk.ask("GET", "/api/v1/balance")) == "signed_out"


def test_signing_out_gives_back_what_was_held_and_the_next_person_starts_anew(hall: Hall) -> None:
    volunteer, _offer = hall.town.volunteer(hours=2), hall.town.offer()
    kiosk = hall.kiosk().welcome(volunteer)
    held = kiosk.hold(kiosk.offers()[0]["offer"]).json()["hold"]
    assert kiosk.ask("DELETE", "/api/v1/visit").status_code == 204
    assert hall.town.held(volunteer) == 0
    assert kind_of(kiosk.ask("POST", f"/api/v1/holds/{held}/confirm")) == "signed_out"
    kiosk.welcome(hall.town.volunteer())
    assert kind_of(kiosk.ask("POST", f"/api/v1/holds/{held}/confirm")) == "unknown_redemption"


def test_a_session_counts_at_its_own_device_only(hall: Hall) -> None:
    kiosk, other = hall.kiosk().welcome(hall.town.volunteer()), hall.kiosk()
    other.session = kiosk.session
    assert kind_of(other.ask("GET", "/api/v1/balance")) == "signed_out"


def test_a_person_cannot_hold_without_end(hall: Hall) -> None:
    hall.town.offer(hours=9)
    kiosk = hall.kiosk().welcome(hall.town.volunteer())
    offer = kiosk.offers()[0]["offer"]
    kinds = [kind_of(kiosk.hold(offer, f"wish-{number}")) for number in range(31)]
    assert kinds == ["not_enough_hours"] * 30 + ["too_many_tries"]


def test_no_pin_code_or_token_is_stored_readable(hall: Hall) -> None:
    card = hall.card(hall.town.volunteer(hours=2))
    kiosk = hall.kiosk()
    kiosk.come(card.code, card.pin)
    stored = str(hall.town.sql("SELECT * FROM kiosk_card")) + str(hall.town.sql("SELECT * FROM kiosk_session"))
    assert card.pin not in stored
    assert kiosk.session not in stored


@pytest.mark.parametrize("key", ["", "with blank", "x" * 101])
def test_a_key_has_its_form(hall: Hall, key: str) -> None:
    kiosk = hall.kiosk().welcome(hall.town.volunteer())
    assert kind_of(kiosk.hold("a" * 26, key)) == "request_malformed"
