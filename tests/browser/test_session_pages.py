"""A session of three: composed, listened to as a cluster sounds it, saved; with a script and without."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import DESK, PHONE, SignIn
from tests.browser.looks import MOST_BYTES, MOST_REQUESTS, fits
from tests.support.consoles import Console

COMMUNE = "bao-nhai"
TITLES = ("Đây là Đài truyền thanh xã Bảo Nhai", "Lịch tiêm phòng cho trẻ em dưới 5 tuổi tại trạm y tế", "Họp thôn")

PLAYED = """
player => new Promise((heard, failed) => {
  player.ontimeupdate = () => { if (player.currentTime > 0.2) { player.pause(); heard(); } };
  player.onerror = () => failed(player.error.message);
  player.play();
})
"""
"""Plays until something was heard."""


@pytest.fixture(scope="module")
def written(console: Console, bulletin_wav: Path) -> dict[str, str]:
    """Title → id of three announcements of the commune."""

    async def write() -> dict[str, str]:
        runtime = console.runtime
        prepared = await runtime.audio.prepare_upload(bulletin_wav, "a.wav", language="vi")
        async with runtime.database.writing() as session:
            sound = await runtime.audio.save(session, prepared, commune_id=COMMUNE, title="Tin", user_id=None)
            made = {}
            for title in TITLES:
                announcement = await runtime.announcements.create(
                    session, place_id=COMMUNE, title=title, versions={"vi": sound.id}, user_id="tests"
                )
                made[title] = announcement.id
            return made

    return console.run(write)


def in_it(page: Page) -> list[str]:
    return page.locator(".items li > span > b").all_inner_texts()


def compose(page: Page, written: dict[str, str]) -> None:
    """Three items, the last moved to the front, one pause changed."""
    page.goto("/sessions/new")
    page.fill("#title", "Bản tin sáng")
    page.select_option("#identification", written[TITLES[0]])
    for count, title in enumerate((TITLES[1], TITLES[2], TITLES[2]), start=1):
        page.select_option("#add", written[title])
        page.click("#add-it")
        page.locator(f".items li:nth-child({count})").wait_for()
    page.click("#up-1")
    page.locator(".items li:first-child", has_text=TITLES[2]).wait_for()
    assert in_it(page) == [TITLES[2], TITLES[1], TITLES[2]]
    page.fill("#gap-1", "1.5")


def test_a_session_is_composed_and_heard_as_a_cluster_will_sound_it(sign_in: SignIn, written: dict[str, str]):
    page = sign_in("lan", size=DESK)
    compose(page, written)
    fits(page)
    page.click("button[value=listen]")
    page.wait_for_url(re.compile(r"/listen$"))
    fits(page)
    assert page.locator(".parts .speech").count() == 4
    length = page.locator(".facts dd").first.inner_text()

    page.locator("audio").evaluate(PLAYED)
    minutes, seconds = length.split("\n")[0].split(":")
    assert page.evaluate("document.querySelector('audio').duration") == pytest.approx(
        int(minutes) * 60 + int(seconds), abs=0.6
    )

    best = page.locator("#heard").inner_text()
    page.select_option("#who", "weak")
    page.locator("#heard", has_text="8 kbit/s").wait_for()
    assert page.locator("#heard").inner_text() != best
    page.check("input[name=horn]")
    page.wait_for_url(re.compile("who=weak.*horn=1"))
    page.locator("audio[src*='horn=1']").evaluate(PLAYED)


def test_without_a_script_on_a_phone_it_is_composed_and_heard_as_well(sign_in: SignIn, written: dict[str, str]):
    page = sign_in("lan", size=PHONE, language="en", javascript=False)
    compose(page, written)
    assert page.locator("#gap-1").input_value() == "1.5"
    page.click("#remove-2")
    assert in_it(page) == [TITLES[2], TITLES[1]]
    assert page.locator("#gap-1").input_value() == "1.5"
    page.click("button[value=save]")
    page.wait_for_url(re.compile(r"/announcements/\w+\?done=written$"))
    session = page.url.split("?")[0]
    page.goto(f"{session}/listen")
    page.select_option("#who", "wireless")
    page.get_by_role("button", name="Show").click()
    assert "FM carries up to 15 kHz" in page.locator("#heard").inner_text()
    assert page.locator(".parts .gap", has_text="1.5 s").count() == 1
    page.goto(f"{session}/compose")
    assert page.locator("#title").input_value() == "Bản tin sáng"


def test_the_pages_of_a_session_are_light_accessible_and_narrow(sign_in: SignIn, written: dict[str, str]):
    page = sign_in("lan", size=PHONE)
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[int] = []
    devtools.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    for path in ("/sessions/new", f"/announcements/{written[TITLES[1]]}/listen"):
        page.goto("about:blank")
        sizes.clear()
        page.goto(path, wait_until="load")
        assert sum(sizes) <= MOST_BYTES, (path, sum(sizes))
        assert len(sizes) <= MOST_REQUESTS, (path, len(sizes))
        fits(page)
