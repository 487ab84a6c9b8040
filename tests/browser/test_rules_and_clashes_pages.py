"""A schedule written as an operator does: what is forbidden put right with a press, a clash decided, with and without
a script.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page

from devices.wire.audience import Audience
from devices.wire.orders import PlayClass
from schedules.allowances import Allowance, VolumeCap
from schedules.models import AnnouncementState, Policy
from schedules.policy import Rules
from schedules.recurrence import Rule
from schedules.stored_policy import policy_to_map
from tests.browser.conftest import DESK, PHONE, SignIn
from tests.browser.looks import MOST_BYTES, fits
from tests.support.consoles import Console

COMMUNE, VILLAGE = "bao-nhai", "bn-v11"
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
FIRST = datetime.now(ZONE).date() + timedelta(days=3)
LOUD_MINUTE = VolumeCap("Giờ nghỉ trưa", Rules.of(ZONE, [["12:00", "12:01"]], "QĐ 7/2026", 50))


@pytest.fixture(scope="module")
def announcement(console: Console, bulletin_wav: Path) -> Iterator[str]:
    """One of priority, every day at 14:20 in a village; nothing loud is permitted for a minute at noon."""

    async def write() -> str:
        runtime = console.runtime
        prepared = await runtime.audio.prepare_upload(bulletin_wav, "a.wav", language="vi")
        async with runtime.database.writing() as session:
            every_hour = Allowance(Rules.of(ZONE, [], "QĐ 7/2026"), caps=(LOUD_MINUTE,))
            allowance = policy_to_map(every_hour)
            await session.merge(Policy(place_id=COMMUNE, hours=[], source="QĐ 7/2026", allowance=allowance))
            sound = await runtime.audio.save(session, prepared, commune_id=COMMUNE, title="Tin", user_id=None)
            it = await runtime.announcements.create(
                session,
                place_id=COMMUNE,
                title="Phòng chống cháy rừng",
                play_class=PlayClass.PRIORITY,
                versions={"vi": sound.id},
                user_id="tests",
            )
            it.state = AnnouncementState.APPROVED
            rule = Rule("FREQ=DAILY", FIRST, FIRST + timedelta(days=9), ("14:20",), ZONE)
            audience = Audience(places=(VILLAGE,))
            await runtime.programme.create_schedule(
                session, announcement_id=it.id, rule=rule, audience=audience, user_id="tests"
            )
            return it.id

    async def permit() -> None:
        async with console.runtime.database.writing() as session:
            await session.merge(Policy(place_id=COMMUNE, hours=[], source="tests", allowance={}))

    yield console.run(write)
    console.run(permit)


def fill(page: Page, announcement: str, time: str) -> None:
    page.goto(f"/schedules/new?announcement={announcement}")
    page.check("input[name=repeat][value=daily]")
    page.fill("#first_day", str(FIRST))
    page.fill("#last_day", str(FIRST + timedelta(days=9)))
    page.check("input[name=where][value=villages]")
    if not page.is_visible(f"input[value={VILLAGE}]"):
        page.locator("summary", has=page.locator("xpath=..//input[@name='village']")).first.click()
    page.check(f"input[name=village][value={VILLAGE}]")
    page.fill("input[name=time] >> nth=0", time)


@pytest.mark.parametrize(("size", "javascript"), [(DESK, True), (PHONE, False)], ids=["desk", "phone-no-script"])
def test_an_operator_writes_a_schedule_puts_it_right_and_decides_its_clash(
    sign_in: SignIn, announcement: str, size: dict[str, int], javascript: bool
):
    page = sign_in("admin", size=size, javascript=javascript)
    fill(page, announcement, "12:00")
    if javascript:
        page.locator("input[name=time] >> nth=0").blur()
        page.locator("#preview .note.bad").wait_for()
        fits(page)
    else:
        page.click("button[name=preview]")
    assert "QĐ 7/2026" in page.locator("#preview").inner_text()
    page.click("button[name=volume_to]")
    page.locator("#preview").wait_for()
    assert page.locator("#preview .note.bad").count() == 0
    assert page.input_value("#volume") == "50"
    page.fill("input[name=time] >> nth=0", "14:20")
    page.click("button[name=preview]")
    page.locator("#preview fieldset").first.wait_for()
    if javascript:
        fits(page)
    page.locator("#preview input[value^='queue_after.own']").first.check()
    page.click("button:not([name])[data-busy]")
    page.wait_for_url(re.compile("/schedules/[0-9A-Z]{26}"))


def test_the_page_of_clashes_and_of_one_fit_and_are_light(sign_in: SignIn, announcement: str):
    page = sign_in("admin", size=PHONE)
    fill(page, announcement, "14:20")
    page.click("button:not([name])[data-busy]")
    page.wait_for_url(re.compile("/schedules/[0-9A-Z]{26}"))
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    sizes: list[int] = []
    devtools.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    page.goto("/programme/clashes", wait_until="load")
    fits(page)
    assert sum(sizes) <= MOST_BYTES
    page.locator("a[href^='/programme/clashes/']").first.click()
    page.locator("input[name=option]").first.wait_for()
    fits(page)
