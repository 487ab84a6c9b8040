import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, SignIn, barriers

BOARD = re.compile(r"/emergency/01[0-9A-Z]{24}$")
DRILL_BOARD = re.compile(r"/drill/01[0-9A-Z]{24}$")


def to_review(page: Page) -> None:
    page.locator(".big").first.click()
    page.click("summary:has-text('Chọn thôn')")
    for village in ("bn-v01", "bn-v02", "bn-v03"):
        page.check(f"input[value={village}]")
    page.click(".btn.go")
    expect(page.locator(".hold")).to_be_visible()


def press(page: Page) -> None:
    page.locator(".hold").scroll_into_view_if_needed()
    page.locator(".hold").hover()
    page.mouse.down()


def test_on_a_phone_only_holding_broadcasts_and_the_board_follows_to_the_all_clear(sign_in: SignIn):
    truc = sign_in("truc", size=PHONE)
    truc.click(".sos")
    to_review(truc)

    press(truc)
    expect(truc.locator(".hold")).to_have_class(re.compile("holding"))
    truc.mouse.up()
    expect(truc.locator(".hold")).not_to_have_class(re.compile("holding"))
    assert "/review" in truc.url

    press(truc)
    truc.wait_for_url(BOARD)
    truc.mouse.up()
    villages = truc.locator(".villages")
    expect(villages.get_by_text("đang phát")).to_have_count(3, timeout=60_000)
    expect(truc.get_by_text("Chưa có người thứ hai ký xác nhận")).to_be_visible()
    assert barriers(truc) == []

    truc.click("text=Phát hết báo động…")
    truc.click("button:has-text('Hết báo động ngay')")
    expect(truc.get_by_text("Tin hết báo động", exact=True)).to_be_visible()
    expect(villages.get_by_text("đã phát")).to_have_count(3, timeout=60_000)


def test_a_drill_is_started_from_the_keyboard_and_looks_like_nothing_else(sign_in: SignIn):
    truc = sign_in("truc")
    truc.goto("/emergency")
    real = truc.evaluate("getComputedStyle(document.body).backgroundColor")
    truc.click(".to-drill")
    to_review(truc)
    assert truc.evaluate("getComputedStyle(document.body).backgroundColor") != real
    expect(truc.locator(".drill-mark")).to_be_visible()

    truc.focus(".hold")
    truc.keyboard.down("Space")
    truc.wait_for_url(DRILL_BOARD)
    truc.keyboard.up("Space")
    expect(truc.locator("h1")).to_contain_text("DIỄN TẬP")
    assert barriers(truc) == []
    truc.click("text=Dừng, không thông báo…")
    truc.click("button:has-text('Dừng ngay')")
    expect(truc.get_by_role("status")).to_contain_text("Lệnh dừng")


def test_a_click_by_assistive_technology_asks_on_a_page_of_its_own(sign_in: SignIn):
    truc = sign_in("truc")
    truc.goto("/drill")
    to_review(truc)
    truc.evaluate("document.querySelector('.hold').click()")
    expect(truc.locator("input[name=confirm]")).to_be_visible()
    assert truc.url.endswith("/launch")


def test_without_javascript_a_box_is_ticked_instead(sign_in: SignIn):
    truc = sign_in("truc", javascript=False)
    truc.goto("/drill")
    to_review(truc)
    truc.click(".hold")
    truc.check("input[name=confirm]")
    truc.click("button:has-text('Phát diễn tập')")
    assert DRILL_BOARD.search(truc.url)
    truc.click("summary:has-text('Dừng, không thông báo…')")
    truc.click("button:has-text('Dừng ngay')")
