"""The touch page in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.browser.conftest import Screen, screen_of
from tests.integration.kiosk.hall import SEALER, Hall

from national_sync.registration.search import hash_of_number
from national_sync.web import readers
from national_sync.web.devices import DeviceKind

AXE = Path(__file__).with_name("axe-core-4.14.1.min.js")
"""Of the npm package axe-core; MPL 2.0."""
ID_NUMBER = "530802199003072474"
"""Of nobody."""


def pictured(screen: Screen, pictures: Path | None, name: str) -> None:
    if pictures:
        screen.page.screenshot(path=pictures / f"{name}.png")


def test_the_whole_way_from_card_to_voucher(screen: Screen, hall: Hall) -> None:
    """E2, at a screen."""
    town = hall.town
    cinema = town.cinema()
    volunteer = town.volunteer(hours=6.5, name="岩温香")
    town.offer(cinema, hours=2, stock=3)
    town.offer(cinema, hours=20)
    screen.come(volunteer)
    screen.sees("您好，岩＊＊")
    assert "岩温香" not in screen.page.content()
    screen.tap("最近变动")
    screen.sees("+6.50")
    screen.tap("返回")
    screen.tap("查看可兑换项目")
    screen.sees("暂不可兑换")
    screen.page.get_by_role("button", name="兑换 电影票").first.click()
    screen.sees("确认兑换吗？")
    screen.page.get_by_role("button", name="确认，使用时长").dblclick()
    screen.sees("兑换成功")
    assert screen.page.locator(".drawing svg").is_visible()
    assert town.balance(volunteer) == 4.5
    screen.tap("结束")
    screen.page.wait_for_selector("#code")
    assert screen.page.url == f"{screen.address}/"


def test_who_walks_away_is_asked_and_then_signed_out(screen: Screen, hall: Hall) -> None:
    volunteer = hall.town.volunteer(hours=3)
    hall.town.offer(hours=2)
    screen.come(volunteer)
    screen.tap("查看可兑换项目")
    screen.page.get_by_role("button", name="兑换 电影票").first.click()
    screen.sees("确认兑换吗？")
    screen.let_pass(45)
    screen.sees("您还在吗？")
    screen.tap("我还在")
    screen.page.wait_for_selector("#idle", state="hidden")
    screen.let_pass(45)
    screen.sees("您还在吗？")
    screen.let_pass(20)
    screen.page.wait_for_selector("#code")
    assert hall.town.held(volunteer) == 0
    assert hall.town.sql("SELECT * FROM kiosk_session") == []


def test_the_back_button_and_a_reload_show_nothing_of_the_person_before(screen: Screen, hall: Hall) -> None:
    screen.come(hall.town.volunteer(hours=3))
    assert screen.page.evaluate("sessionStorage.length + localStorage.length") == 0
    screen.page.reload()
    screen.page.wait_for_selector("#code")
    assert hall.town.sql("SELECT * FROM kiosk_session") == []
    screen.page.goto("about:blank")
    screen.page.go_back()
    screen.page.wait_for_selector("#code")
    assert "您好" not in screen.page.content()


def test_a_wrong_pin_is_told_in_words_with_the_next_step(screen: Screen, hall: Hall) -> None:
    card = hall.card(hall.town.volunteer())
    screen.show_card(card.code)
    screen.page.wait_for_selector("#pin")
    screen.type_pin("000000" if card.pin != "000000" else "111111")
    screen.sees("卡片或密码未通过。")
    screen.tap("回到开始")
    screen.page.wait_for_selector("#code")


def test_a_server_that_is_gone_is_told_and_nothing_is_lost(screen: Screen, hall: Hall) -> None:
    screen.come(hall.town.volunteer(hours=3))
    screen.page.route("**/screen/*", lambda route: route.abort())
    screen.tap("最近变动")
    screen.sees("网络暂时中断")
    screen.page.unroute("**/screen/*")
    screen.tap("最近变动")
    screen.sees("+3.00")
    assert not screen.page.locator("#offline").is_visible()


def test_a_device_whose_clock_is_wrong_reckons_with_the_servers(screen: Screen, hall: Hall) -> None:
    hall.town.clock.time += 3_600
    hall.nightly()
    screen.come(hall.town.volunteer(hours=1))


def test_a_revoked_device_shows_nothing_any_more(screen: Screen, hall: Hall) -> None:
    from national_sync.web.devices import revoke_device

    screen.come(hall.town.volunteer(hours=1))
    with hall.town.database.write() as connection:
        [[number]] = hall.town.sql("SELECT id FROM kiosk_device")
        revoke_device(connection, number)
    screen.tap("最近变动")
    screen.sees("这个请求不是来自本处已登记的设备。")


SIZES = {"1280x800": (1280, 800), "1080x1920": (1080, 1920), "zoom": (640, 400)}
"""Landscape; portrait, where the large type is looked at too; 200 % zoom in landscape."""


@pytest.mark.parametrize("size", SIZES)
def test_on_every_screen_targets_are_large_and_nothing_is_cut_off(
    browser: Any, hall: Hall, address: str, size: str, pictures: Path | None
) -> None:
    town = hall.town
    cinema = town.cinema()
    for terms in ({"stock": 3}, {"hours": 20}, {"minimum_star": 4}):
        town.offer(cinema, **terms)  # type: ignore[arg-type]
    volunteer = town.volunteer(
        hours=6.5, name="岩温香", number="530802000123", real_name_state="passed", account_state="enabled"
    )
    width, height = SIZES[size]
    with screen_of(browser, hall, address, width=width, height=height) as screen:

        def seen(name: str, words: str) -> None:
            screen.sees(words)
            look_at(screen)
            pictured(screen, pictures, f"{name}-{size}")
            if size == "1080x1920":
                with large_type(screen):
                    look_at(screen)
                    pictured(screen, pictures if name == "offers" else None, f"{name}-large")

        seen("pair", "登记本设备")
        screen.set_up()
        seen("start", "请出示您的志愿者卡")
        screen.tap("核验证卡或证书")
        seen("papers", "证书核验")
        screen.page.fill("#paper", hall.volunteer_card(volunteer))
        screen.page.press("#paper", "Enter")
        seen("verified", "真实有效")
        screen.tap("结束")
        screen.show_card("https://example.org/")
        seen("problem", "卡片或密码未通过")
        screen.tap("回到开始")
        card = hall.card(volunteer)
        screen.show_card(card.code)
        seen("pin", "请输入密码")
        screen.type_pin(card.pin)
        seen("home", "您好，岩＊＊")
        screen.tap("最近变动")
        seen("lines", "+6.50")
        screen.tap("返回")
        screen.tap("查看可兑换项目")
        seen("offers", "暂不可兑换")
        screen.page.get_by_role("button", name="兑换 电影票").first.click()
        seen("hold", "确认兑换吗？")
        screen.let_pass(45)
        seen("idle", "您还在吗？")
        screen.tap("我还在")
        screen.page.route("**/screen/*", lambda route: route.abort())
        screen.tap("确认，使用时长")
        seen("offline", "网络暂时中断")
        screen.page.unroute("**/screen/*")
        screen.tap("确认，使用时长")
        seen("voucher", "兑换成功")
        screen.tap("返回")
        screen.tap("我的兑换凭证")
        seen("vouchers", "有效期至")


def test_at_a_till_a_voucher_is_collected_once(browser: Any, hall: Hall, address: str, pictures: Path | None) -> None:
    town = hall.town
    cinema = town.cinema()
    code = town.redeemed(town.volunteer(hours=9), town.offer(cinema), 2).code or ""
    with screen_of(browser, hall, address) as screen:
        screen.set_up(DeviceKind.TILL, town.outlet(cinema))
        for name, words in (("till", "核销兑换凭证"), ("collect", "现在交付吗？"), ("collected", "已核销")):
            screen.sees(words)
            look_at(screen)
            find_nothing(screen)
            pictured(screen, pictures, f"{name}-1280x800")
            if name == "till":
                screen.show_card(code)
            elif name == "collect":
                screen.page.get_by_role("button", name="确认，已交付").dblclick()
        screen.tap("下一张")
        screen.sees("核销兑换凭证")
        screen.show_card(code)
        screen.sees("该兑换凭证已领取")
        screen.tap("回到开始")
        screen.page.wait_for_selector("#code")


def test_two_kiosks_race_for_the_last_ticket_and_the_other_is_told(browser: Any, hall: Hall, address: str) -> None:
    town = hall.town
    town.offer(stock=1)
    with screen_of(browser, hall, address) as first, screen_of(browser, hall, address) as second:
        for screen in (first, second):
            screen.set_up()
            screen.come(town.volunteer(hours=3))
            screen.tap("查看可兑换项目")
            screen.sees("剩余 1")
        wanted = [screen.page.get_by_role("button", name="兑换 电影票").first for screen in (first, second)]
        for button in wanted:
            button.click(no_wait_after=True)
        for screen in (first, second):
            screen.page.wait_for_selector(".problem, .huge")
        told = [screen.page.locator("#screen").inner_text() for screen in (first, second)]
    assert sum("确认兑换吗？" in words for words in told) == 1
    assert sum("该项目已兑完。" in words for words in told) == 1


def test_a_lost_answer_and_a_reload_never_spend_hours_twice(screen: Screen, hall: Hall) -> None:
    volunteer = hall.town.volunteer(hours=5)
    hall.town.offer(hours=2)
    screen.come(volunteer)
    screen.tap("查看可兑换项目")
    screen.page.get_by_role("button", name="兑换 电影票").first.click()
    screen.sees("确认兑换吗？")

    def lose(route: Any) -> None:
        route.fetch()
        route.abort()

    screen.page.route("**/screen/confirm", lose, times=1)
    screen.tap("确认，使用时长")
    screen.sees("网络暂时中断")
    screen.tap("确认，使用时长")
    screen.sees("兑换成功")
    screen.page.reload()
    screen.page.wait_for_selector("#code")
    assert (hall.town.balance(volunteer), hall.town.held(volunteer)) == (3, 0)


def test_an_id_card_on_the_reader_asks_for_the_pin(screen: Screen, hall: Hall) -> None:
    card = hall.card(hall.town.volunteer(hours=3, id_number_hash=hash_of_number(SEALER, ID_NUMBER)))
    [(number, device)] = hall.town.sql("SELECT id, public_id FROM kiosk_device")
    with hall.town.database.write() as connection:
        key = readers.admit_reader(connection, SEALER, number)
    screen.page.reload()
    screen.sees("身份证")
    time_ms = int(hall.town.clock.now() * 1_000)
    seal = readers.token_seal(key, readers.token_message(device, time_ms, ID_NUMBER))
    body = {"device": device, "id_number": ID_NUMBER, "time_ms": time_ms, "seal": seal}
    assert hall.client.post("/api/v1/readings", json=body).status_code == 204
    screen.let_pass(3)
    screen.page.wait_for_selector("#pin")
    assert ID_NUMBER not in screen.page.content()
    screen.type_pin(card.pin)
    screen.page.wait_for_selector(".number")


def test_a_page_older_than_the_server_loads_itself_anew(screen: Screen, hall: Hall) -> None:
    def as_an_older_page(route: Any) -> None:
        route.continue_(headers=route.request.headers | {"kiosk-page": "older"})

    screen.page.route("**/screen/*", as_an_older_page, times=1)
    screen.tap("核验证卡或证书")
    screen.sees("页面版本较旧")
    with screen.page.expect_navigation():
        screen.let_pass(5)
    screen.page.wait_for_selector("#code")


def test_what_is_printed_is_the_slip_alone(screen: Screen, hall: Hall) -> None:
    hall.town.offer(hours=1)
    screen.come(hall.town.volunteer(hours=3))
    screen.tap("查看可兑换项目")
    screen.page.get_by_role("button", name="兑换 电影票").first.click()
    screen.tap("确认，使用时长")
    screen.page.wait_for_selector(".slip")
    screen.page.evaluate("window.print = () => { window.printed = true; }")
    screen.page.locator("[data-print]").click()
    assert screen.page.evaluate("window.printed")
    screen.page.emulate_media(media="print")
    assert not any(screen.page.locator(part).first.is_visible() for part in ("header", ".ways", ".steps"))
    assert screen.page.locator(".voucher-code").is_visible()
    assert screen.page.locator(".drawing svg").is_visible()


@contextmanager
def large_type(screen: Screen) -> Iterator[None]:
    """Switched as the button does it, which the question for idle people covers."""
    for is_large in (True, False):
        screen.page.evaluate("document.getElementById('larger').click()")
        assert screen.page.get_attribute("#larger", "aria-pressed") == str(is_large).lower()
        if is_large:
            yield


def look_at(screen: Screen) -> None:
    """Every target at least 60 by 60, all text at least 18 px, nothing wider than the screen."""
    facts = screen.page.evaluate(
        """() => ({
          small: [...document.querySelectorAll("button, input:not([type=hidden])")].filter((one) => one.checkVisibility())
            .map((one) => [one.textContent || one.id, one.getBoundingClientRect()])
            .filter(([, box]) => box.width && (box.width < 60 || box.height < 60)).map(([name]) => name),
          fine: [...document.querySelectorAll("body *")].filter((one) => one.childNodes.length && one.checkVisibility()
            && [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())
            && parseFloat(getComputedStyle(one).fontSize) < 18).map((one) => one.outerHTML),
          wide: document.documentElement.scrollWidth > innerWidth,
        })"""
    )
    assert facts == {"small": [], "fine": [], "wide": False}


def test_the_first_screen_weighs_little(screen: Screen) -> None:
    weights: dict[str, int] = {}
    screen.page.on("response", lambda answer: weights.update({answer.url: int(answer.headers["content-length"])}))
    screen.page.reload()
    screen.page.wait_for_selector("#code")
    screen.page.evaluate("document.fonts.ready")
    assert any("kiosk-sans.woff2" in address for address in weights)
    assert not any("kiosk-sans-more.woff2" in address for address in weights), "run: python -m tools.kiosk_font"
    assert sum(weights.values()) < 600_000


def test_axe_finds_nothing_on_any_screen(screen: Screen, hall: Hall) -> None:
    """Contrast, names of targets, order of headings and more."""
    hall.town.offer(hours=1)
    hall.town.offer(hours=99)
    find_nothing(screen)
    screen.tap("核验证卡或证书")
    screen.page.wait_for_selector("#paper")
    find_nothing(screen)
    screen.page.fill("#paper", hall.volunteer_card(hall.town.volunteer(number="530802000123")))
    screen.page.press("#paper", "Enter")
    screen.page.wait_for_selector("[data-counts]")
    find_nothing(screen)
    screen.tap("结束")
    screen.show_card("x")
    screen.page.wait_for_selector(".problem")
    find_nothing(screen)
    screen.tap("回到开始")
    card = hall.card(hall.town.volunteer(hours=3))
    screen.show_card(card.code)
    screen.page.wait_for_selector("#pin")
    find_nothing(screen)
    screen.type_pin(card.pin)
    for selector in (".number", ".offers", ".wanted", ".slip"):
        screen.page.wait_for_selector(selector)
        find_nothing(screen)
        if selector != ".slip":
            screen.page.click("#screen button.main")


def find_nothing(screen: Screen) -> None:
    if not screen.page.evaluate("'axe' in window"):
        screen.page.evaluate(AXE.read_text(encoding="utf-8"))
    found = screen.page.evaluate("axe.run().then((all) => all.violations.map((one) => [one.id, one.nodes[0].html]))")
    assert found == []


def test_the_page_speaks_english_too(screen: Screen, hall: Hall) -> None:
    screen.page.click("#language")
    screen.page.wait_for_url("**/en")
    screen.sees("Please show your card")
    screen.come(hall.town.volunteer(hours=1))
    screen.sees("hours you can spend")
