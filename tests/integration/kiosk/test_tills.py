"""A merchant's till: what a voucher is for, and handing it over once."""

from __future__ import annotations

from tests.integration.kiosk.hall import Hall, Kiosk, kind_of

from national_sync.web.devices import DeviceKind

CHECK, COLLECT = "/api/v1/vouchers/check", "/api/v1/vouchers/collect"


def till_of(hall: Hall, merchant: int) -> Kiosk:
    return hall.kiosk(DeviceKind.TILL, hall.town.outlet(merchant))


def bought(hall: Hall, merchant: int) -> str:
    """The code of a voucher for two tickets."""
    volunteer, offer = hall.town.volunteer(hours=9), hall.town.offer(merchant, hours=2)
    code = hall.town.redeemed(volunteer, offer, 2).code
    assert code
    return code


def test_a_till_sees_what_a_voucher_is_for_and_then_collects_it_once(each_hall: Hall) -> None:
    """E2."""
    hall = each_hall
    cinema = hall.town.cinema()
    code, till = bought(hall, cinema), till_of(hall, cinema)
    for _look in range(2):
        seen = till.ask("POST", CHECK, {"code": code.lower()}).json()
        assert (seen["title"], seen["pieces"], seen["seconds"]) == ("电影票", 2, 4 * 3_600)
    assert till.ask("POST", COLLECT, {"code": code, "key": "k"}).status_code == 200
    assert kind_of(till.ask("POST", CHECK, {"code": code})) == "already_collected"


def test_a_voucher_of_another_merchant_is_as_wrong_as_an_invented_one_and_counts(hall: Hall) -> None:
    code, till = bought(hall, hall.town.cinema()), till_of(hall, hall.town.cinema())
    answers = [till.ask("POST", CHECK, {"code": one}) for one in (code, "7K3M-9QWE-RT5Y-HJ2P")]
    assert [kind_of(answer) for answer in answers] == ["wrong_code"] * 2
    assert answers[0].content == answers[1].content
    for _try in range(hall.town.policy.wrong_codes):
        last = till.ask("POST", CHECK, {"code": "X"})
    assert kind_of(last) == "too_many_wrong_codes"


def test_a_voucher_that_is_over_is_told_before_anything_is_handed_over(hall: Hall) -> None:
    cinema = hall.town.cinema()
    code, till = bought(hall, cinema), till_of(hall, cinema)
    hall.town.clock.time += 31 * 86_400
    assert kind_of(till.ask("POST", CHECK, {"code": code})) == "voucher_expired"


def test_only_a_till_looks_at_vouchers(hall: Hall) -> None:
    assert kind_of(hall.kiosk().ask("POST", CHECK, {"code": "X"})) == "wrong_device"
    assert kind_of(hall.kiosk().ask("POST", COLLECT, {"code": "X", "key": "k"})) == "wrong_device"


def test_the_tills_page_leads_from_the_code_to_the_handing_over(hall: Hall) -> None:
    cinema = hall.town.cinema()
    code, till = bought(hall, cinema), till_of(hall, cinema)
    assert "Collect a voucher" in till.tap("leave").text
    asked = till.tap("voucher", code=code)
    assert "2 pieces" in asked.text
    key = asked.text.split('name="key" value="')[1].split('"')[0]
    screens = [till.tap("collect", code=code, key=key) for _tap in range(2)]
    assert [screen.status_code for screen in screens] == [200, 200]
    assert "Collected" in screens[1].text
    again = till.tap("collect", code=code, key="another")
    assert (again.status_code, "has been collected already" in again.text) == (409, True)
    assert "/screen/home" not in again.text
