"""A week is drafted for an area drawn with the pointer, published, changed with many others, and taken back."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, SignIn, barriers
from tests.browser.looks import TOO_WIDE
from tests.browser.test_way_to_air import write

CORNERS = ((0.01, 0.01), (0.5, 0.01), (0.99, 0.01), (0.99, 0.99), (0.01, 0.99), (0.01, 0.1))


def draw_around_everything(page: Page) -> None:
    page.locator(".area > summary").click()
    chart = page.locator("svg.chart")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in CORNERS]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()


def test_a_week_is_drafted_for_a_drawn_area_published_and_changed_at_once(sign_in: SignIn, bulletin_wav: Path) -> None:
    lan, boss = sign_in("lan"), sign_in("chu-tich", size=PHONE)
    path = write(lan, bulletin_wav, "Lễ hội mừng cơm mới")
    lan.goto("/programme/drafts")
    lan.fill("#name", "Tuần lễ hội")
    lan.click("button:has-text('Bắt đầu soạn')")
    lan.wait_for_url("**/programme/drafts/01**")
    draft = lan.url.split("?")[0]

    lan.locator(".dayhead a").last.click()
    lan.select_option("#announcement", label="Lễ hội mừng cơm mới")
    lan.locator("input[name=time]").first.fill("09:15")
    draw_around_everything(lan)
    expect(lan.locator("#heard")).to_contain_text("57 cụm")
    expect(lan.locator("#where-area")).to_be_checked()
    assert len(lan.input_value("#area").splitlines()) >= len(CORNERS)
    assert barriers(lan) == []
    lan.click("button:has-text('Thêm vào')")
    expect(lan.locator(".drafted li.new")).to_contain_text("chưa được duyệt")

    boss.goto(path)
    boss.click("button:has-text('Duyệt')")
    boss.goto(draft)
    assert boss.evaluate(TOO_WIDE) <= 0
    assert barriers(boss) == []
    lan.goto(draft)
    assert barriers(lan) == []
    lan.click("summary:has-text('Áp dụng…')")
    lan.click("button:has-text('Áp dụng')")
    lan.wait_for_url("**/programme?done=draft_published**")

    lan.goto("/programme/bulk")
    lan.check("label:has-text('Lễ hội mừng cơm mới') input")
    lan.fill("#shift", "30")
    lan.click("button:has-text('Xem')")
    expect(lan.locator(".rows")).to_contain_text("09:45")
    assert barriers(lan) == []
    lan.click("main form button.btn >> nth=0")
    lan.wait_for_url("**/schedules?done=bulk_done")
    lan.goto(draft)
    expect(lan.locator(".head .chip")).to_have_text(re.compile("có hiệu lực"))
