"""The touch page in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.browser.conftest import Screen, screen_of
from tests.integration.kiosk.hall import Hall

AXE = Path(__file__).with_name("axe-core-4.14.1.min.js")
"""Of the npm package axe-core; MPL 2.0."""


def pictured(screen: Screen, pictures: Path | None, name: str) -> None:
    if pictures:
        screen.page.screenshot(path=pictures / f"{name}.png")


def test_the_whole_way_from_card_to_voucher(screen: Screen, hall: Hall, pictures: Path | None) -> None:
    """E2, at a screen."""
    town = hall.town
    cinema = town.cinema()
    volunteer = town.volunteer(hours=6.5, name="岩温香")
    town.offer(cinema, hours=2, stock=3)
    town.offer(cinema, hours=20)
    pictured(screen, pictures, "start")
    screen.come(volunteer)
    screen.sees("您好，岩＊＊")
    pictured(screen, pictures, "home")
    assert "岩温香" not in screen.page.content()
    screen.tap("最近变动")
    screen.sees("+6.50")
    pictured(screen, pictures, "lines")
    screen.tap("返回")
    screen.tap("查看可兑换项目")
    screen.sees("暂不可兑换")
    pictured(screen, pictures, "offers")
    screen.page.get_by_role("button", name="兑换 电影票").first.click()
    screen.sees("确认兑换吗？")
    pictured(screen, pictures, "hold")
    screen.page.get_by_role("button", name="确认，使用时长").dblclick()
    screen.sees("兑换成功")
    pictured(screen, pictures, "voucher")
    assert screen.page.locator(".drawing svg").is_visible()
    assert town.balance(volunteer) == 4.5
    screen.tap("结束")
    screen.page.wait_for_selector("#code")
    assert screen.page.url == f"{screen.address}/"


def test_who_walks_away_is_asked_and_then_signed_out(screen: Screen, hall: Hall, pictures: Path | None) -> None:
    volunteer = hall.town.volunteer(hours=3)
    hall.town.offer(hours=2)
    screen.come(volunteer)
    screen.tap("查看可兑换项目")
    screen.page.get_by_role("button", name="兑换 电影票").first.click()
    screen.sees("确认兑换吗？")
    screen.let_pass(45)
    screen.sees("您还在吗？")
    pictured(screen, pictures, "idle")
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


def test_a_wrong_pin_is_told_in_words_with_the_next_step(screen: Screen, hall: Hall, pictures: Path | None) -> None:
    card = hall.card(hall.town.volunteer())
    screen.show_card(card.code)
    screen.page.wait_for_selector("#pin")
    screen.type_pin("000000" if card.pin != "000000" else "111111")
    screen.sees("卡片或密码未通过。")
    pictured(screen, pictures, "refused")
    screen.tap("回到开始")
    screen.page.wait_for_selector("#code")


def test_a_server_that_is_gone_is_told_and_nothing_is_lost(screen: Screen, hall: Hall, pictures: Path | None) -> None:
    screen.come(hall.town.volunteer(hours=3))
    screen.page.route("**/screen/*", lambda route: route.abort())
    screen.tap("最近变动")
    screen.sees("网络暂时中断")
    pictured(screen, pictures, "offline")
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


@pytest.mark.parametrize(
    ("width", "height", "is_large"),
    [(1280, 800, False), (1080, 1920, True), (640, 400, False)],
    ids=["landscape", "portrait, large type", "200 % zoom"],
)
def test_targets_are_large_and_nothing_is_cut_off(
    browser: Any, hall: Hall, address: str, width: int, height: int, is_large: bool, pictures: Path | None
) -> None:
    hall.town.offer(hours=1)
    with screen_of(browser, hall, address, width=width, height=height) as screen:
        screen.page.wait_for_selector("#pair-code")
        screen.set_up()
        if is_large:
            screen.page.click("#larger")
        look_at(screen)
        screen.come(hall.town.volunteer(hours=3))
        look_at(screen)
        screen.tap("查看可兑换项目")
        screen.sees("电影票")
        look_at(screen)
        pictured(screen, pictures, f"offers-{width}")


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
