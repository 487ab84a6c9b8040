"""The report of what real speakers said: played where they signed it, transmitted where a gateway did, no more."""

import csv
from collections import Counter

from playwright.sync_api import expect

from devices.wire.audience import Audience
from tests.browser.conftest import PHONE, SignIn, barriers
from tests.browser.looks import TOO_WIDE
from tests.support.consoles import Console

TITLE = "Tin có biên nhận"
VILLAGES = ("bn-v01", "bn-v02", "bn-v03", "bn-v05")
"""The last one's speaker is not running."""


async def broadcast(console: Console) -> str:
    """Broadcast a spoken bulletin until everybody who runs has told how it went; its occurrence."""
    runtime = console.runtime
    sound = await runtime.audio.prepare_text("Mời bà con họp thôn.")
    async with runtime.database.writing() as session:
        asset = await runtime.audio.save(session, sound, commune_id="bao-nhai", title=TITLE, user_id="tests")
        draft = await runtime.announcements.create(
            session, place_id="bao-nhai", title=TITLE, versions={"vi": asset.id}, user_id="tests"
        )
        await runtime.announcements.submit(session, draft.id, "tests")
        await runtime.announcements.approve(session, draft.id, "others")
        it = await runtime.programme.broadcast_now(
            session, announcement_id=draft.id, audience=Audience(places=VILLAGES), user_id="tests"
        )
    runtime.sender.kick()
    return it.id


def test_a_report_says_what_real_speakers_signed_and_of_a_silent_one_nothing(console: Console, sign_in: SignIn):
    occurrence = console.run(lambda: broadcast(console))
    lan = sign_in("lan")
    lan.goto(f"/occurrences/{occurrence}")
    expect(lan.locator("table .s.ok")).to_have_text(["✓ đã phát"] * 3, timeout=60_000)
    lan.click("text=Báo cáo ngày này")
    assert barriers(lan) == []
    lan.click("text=Nhật ký từng dòng")
    for village, said in (("bn-v05", "chưa đến giờ"), ("bn-v01", "đã phát")):
        lan.select_option("#village", village)
        lan.click("main button")
        expect(lan.locator("tbody tr", has_text=TITLE).locator(".s").first).to_contain_text(said)
    assert barriers(lan) == []
    lan.click(".crumb a")
    with lan.expect_download() as got:
        lan.click("text=Tải CSV")
    with got.value.path().open(encoding="utf-8-sig", newline="") as file:
        lines = [line for line in csv.DictReader(file) if line["Mã buổi phát"] == occurrence]
    claims = Counter(line["Đã chứng minh"] for line in lines)
    assert claims["đã phát"] == 3
    assert claims.keys() <= {"đã phát", "đã phát sóng", "chưa đến giờ"}
    assert all(int(line["Đã kêu (giây)"]) > 0 for line in lines if line["Đã chứng minh"] == "đã phát")


def test_reports_fit_a_phone_and_work_without_javascript(sign_in: SignIn):
    lan = sign_in("lan", size=PHONE, language="en", javascript=False)
    lan.goto("/reports")
    lan.click("section:first-of-type form button")
    expect(lan.locator("h1")).to_have_text("Report of the day")
    for path in ("/reports/month", "/reports/log"):
        lan.goto(path)
        assert lan.evaluate(TOO_WIDE) <= 0
