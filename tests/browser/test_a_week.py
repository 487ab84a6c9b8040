"""A whole week as an operator does it: written, planned, a clash decided, approved, copied, changed, paused, proved."""

import re
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, SignIn
from tests.browser.looks import fits
from tests.support.consoles import Console

FIRE, FLOOD = "Phòng chống cháy rừng", "Phòng chống lũ quét"
VILLAGE, HEARD = "bn-v09", "bn-v01"
TODAY = datetime.now(ZoneInfo("Asia/Ho_Chi_Minh")).date()
MONDAY = TODAY + timedelta(days=14 - TODAY.weekday() if TODAY.weekday() == 6 else 7 - TODAY.weekday())
"""Of a week that lies ahead as a whole, and whose copy a fortnight later lies within the thirty days planned."""
DAYS = 5


def write(page: Page, recording: Path, title: str) -> str:
    """A priority bulletin from a recording, its approval asked for; its id."""
    page.goto("/announcements/new")
    page.set_input_files("#file", recording)
    page.click("button:has-text('Tải lên')")
    page.wait_for_url("**/details**")
    page.fill("#title", title)
    page.select_option("#play_class", "2")
    page.click("button:has-text('Lưu bản tin')")
    page.wait_for_url(re.compile(r"/announcements/01"))
    page.click("button:has-text('Trình duyệt')")
    expect(page.get_by_role("status")).to_contain_text("Đã trình duyệt")
    return page.url.split("?", maxsplit=1)[0].rsplit("/", maxsplit=1)[1]


def schedule(page: Page, announcement: str, time: str) -> None:
    """Every working day of the week, in one village; the preview is what it comes to."""
    page.goto(f"/schedules/new?announcement={announcement}")
    page.check("input[name=repeat][value=daily]")
    page.fill("#first_day", MONDAY.isoformat())
    page.fill("#last_day", (MONDAY + timedelta(days=DAYS - 1)).isoformat())
    page.check("#where-villages")
    page.locator("summary", has=page.locator("xpath=..//input[@name='village']")).first.click()
    page.check(f"input[name=village][value={VILLAGE}]")
    page.fill("input[name=time] >> nth=0", time)
    page.locator("input[name=time] >> nth=0").blur()
    expect(page.locator("#preview time").first).to_contain_text(time)


def save(page: Page) -> None:
    page.click("button:has-text('Lưu lịch phát')")
    page.wait_for_url(re.compile("/schedules/[0-9A-Z]{26}"))


def in_week(page: Page, monday: date, title: str) -> list[str]:
    """The times at which it stands in a week."""
    page.goto(f"/programme?from={monday}&village={VILLAGE}")
    shown = page.locator(".week li", has=page.locator("a", has_text=title)).filter(has_not=page.locator("s"))
    return shown.locator("b").all_inner_texts()


@pytest.mark.usefixtures("console")
def test_an_operator_makes_a_week_and_proves_what_of_it_was_heard(
    sign_in: SignIn, bulletin_wav: Path, console: Console
):
    lan, boss = sign_in("lan"), sign_in("chu-tich", size=PHONE)

    # Composed and scheduled before anybody approved it; the second meets the first, and one has to wait.
    fire = write(lan, bulletin_wav, FIRE)
    schedule(lan, fire, "15:00")
    save(lan)
    flood = write(lan, bulletin_wav, FLOOD)
    schedule(lan, flood, "15:00")
    met = lan.locator("#preview fieldset", has_text=FIRE)
    expect(met).to_contain_text("39/2020")
    met.locator("input[value^='queue_after.own']").first.check()
    fits(lan)
    save(lan)
    lan.goto("/programme/clashes")
    decided = lan.locator("section", has=lan.get_by_role("heading", name="Đã quyết định"))
    expect(decided).to_contain_text(FLOOD)
    fits(lan)

    # The week says what it waits for, until it is approved.
    assert in_week(lan, MONDAY, FIRE) == ["15:00"] * DAYS
    expect(lan.locator(".week li", has_text=FIRE).first).to_contain_text("chưa duyệt")
    for announcement in (fire, flood):
        boss.goto(f"/announcements/{announcement}")
        boss.click("button:has-text('Duyệt')")
        expect(boss.get_by_role("status")).to_contain_text("Đã duyệt")
    assert in_week(lan, MONDAY, FIRE) == ["15:00"] * DAYS
    expect(lan.locator(".week")).not_to_contain_text("chưa duyệt")
    fits(lan)

    # The week once more, a fortnight later; one airing of it at another time.
    lan.goto(f"/programme/copy?from={MONDAY}&span=week")
    copied = MONDAY + timedelta(days=14)
    lan.fill("#to", copied.isoformat())
    lan.click("button[value=look]")
    lan.click("button[value=do]")
    lan.wait_for_url(re.compile("done=copied"))
    assert in_week(lan, copied, FLOOD) == ["15:00"] * DAYS
    lan.locator(".week li a", has_text=FLOOD).first.click()
    lan.click("a[href$='/change']")
    lan.fill("#clock", "16:10")
    lan.click("button[value=look]")
    lan.click("button[value=do]")
    lan.wait_for_url(re.compile("done=airing_changed"))
    assert in_week(lan, copied, FLOOD) == ["16:10", *["15:00"] * (DAYS - 1)]

    # A funeral on the second day: the village is left in peace, which its week says.
    second = MONDAY + timedelta(days=1)
    lan.goto(f"/programme/pauses/new?village={VILLAGE}")
    lan.fill("#begins", f"{second}T12:00")
    lan.fill("#ends", f"{second}T18:00")
    lan.fill("#note", "Gia đình ông Vàng")
    lan.click("button[value=look]")
    expect(lan.locator("main")).to_contain_text(FIRE)
    lan.click("button[value=do]")
    lan.wait_for_url(re.compile("done=paused"))
    lan.goto(f"/programme/day?day={second}&village={VILLAGE}")
    expect(lan.locator("main")).to_contain_text("đám tang")
    cluster = "bn-s09"
    lan.goto(f"/clusters/{cluster}/hear?day={second}")
    expect(lan.locator("main")).to_contain_text("đám tang")
    fits(lan)
    lan.goto(f"/clusters/{cluster}/hear?day={MONDAY}")
    expect(lan.locator("main")).to_contain_text(FIRE)

    # Heard today in one village, by a real speaker; its receipt stands in the report.
    lan.goto(f"/announcements/{fire}/broadcast?where=villages&village={HEARD}")
    lan.click("button:has-text('Phát ngay')")
    lan.wait_for_url("**/occurrences/**")
    expect(lan.locator("table .s.ok").first).to_contain_text("đã phát", timeout=60_000)
    boss.goto("/reports/day")
    fits(boss)
    boss.goto(f"/reports/log?day={TODAY}&village={HEARD}")
    expect(boss.locator("tbody tr", has_text=FIRE).locator(".s").first).to_contain_text("đã phát")
    fits(boss)
