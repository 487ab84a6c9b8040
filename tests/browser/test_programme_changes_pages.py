"""One airing changed, a day copied, a village paused, a change undone: with a script, and without one on a phone."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page

from devices.wire.audience import Audience
from schedules.models import AnnouncementState
from schedules.recurrence import Rule
from tests.browser.conftest import DESK, PHONE, SignIn
from tests.browser.looks import MOST_BYTES, fits
from tests.support.consoles import Console

COMMUNE = "bao-nhai"
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
FIRST = datetime.now(ZONE).date() + timedelta(days=2)


@pytest.fixture(scope="module")
def schedule(console: Console, bulletin_wav: Path) -> str:
    """A daily schedule for two villages."""

    async def write() -> str:
        runtime = console.runtime
        prepared = await runtime.audio.prepare_upload(bulletin_wav, "a.wav", language="vi")
        async with runtime.database.writing() as session:
            sound = await runtime.audio.save(session, prepared, commune_id=COMMUNE, title="Tin", user_id=None)
            it = await runtime.announcements.create(
                session, place_id=COMMUNE, title="Lịch tưới lúa", versions={"vi": sound.id}, user_id="tests"
            )
            it.state = AnnouncementState.APPROVED
            made = await runtime.programme.create_schedule(
                session,
                announcement_id=it.id,
                rule=Rule("FREQ=DAILY", FIRST, FIRST + timedelta(days=9), ("14:10",), ZONE),
                audience=Audience(places=("bn-v05", "bn-v06")),
                user_id="tests",
            )
            return made.id

    return console.run(write)


@pytest.fixture
def airing(console: Console, schedule: str) -> str:
    """The page of its first airing, as it stands now."""

    async def find() -> str:
        start = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=ZONE)
        async with console.runtime.database.reading() as session:
            rows = await console.runtime.programme.upcoming(session, COMMUNE, 500)
        open_now = (row for row in rows if row.schedule_id == schedule and row.start_at >= start)
        return next(f"/occurrences/{row.id}" for row in open_now)

    return console.run(find)


def nothing(_: Page) -> None:
    """The page cannot be asked: that needs a script."""


@pytest.mark.parametrize(
    ("size", "javascript", "to"), [(DESK, True, "15:20"), (PHONE, False, "15:40")], ids=["desk", "phone-no-script"]
)
def test_an_operator_changes_copies_pauses_and_undoes(
    sign_in: SignIn, airing: str, size: dict[str, int], javascript: bool, to: str
):
    page = sign_in("admin", size=size, javascript=javascript)
    check = fits if javascript else nothing
    page.goto(airing)
    page.click(f"a[href='{airing}/change']")
    check(page)
    page.fill("#clock", to)
    page.select_option("#volume", "60")
    page.click("button[value=look]")
    page.get_by_text(to).first.wait_for()
    check(page)
    page.click("button[value=do]")
    page.wait_for_url(re.compile("done=airing_changed"))
    assert to in page.locator("main").inner_text()
    check(page)

    page.goto("/programme/undo")
    check(page)
    page.click("main form button")
    page.wait_for_url(re.compile("done=undone"))

    page.goto(f"/programme/copy?from={FIRST}&span=day")
    page.fill("#to", f"{FIRST + timedelta(days=12 if javascript else 13)}")
    page.click("button[value=look]")
    page.locator("button[value=do]").wait_for()
    assert "14:10" in page.locator("main").inner_text()
    check(page)
    page.click("button[value=do]")
    page.wait_for_url(re.compile("done=copied"))
    page.click("main form button")
    page.wait_for_url(re.compile("done=undone"))

    page.goto("/programme/pauses/new?village=bn-v05")
    check(page)
    page.fill("#begins", f"{FIRST}T12:00")
    page.fill("#ends", f"{FIRST}T18:00")
    page.fill("#note", "Gia đình ông Sìn")
    page.click("button[value=look]")
    page.locator("button[value=do]").wait_for()
    assert "14:10" in page.locator("main").inner_text()
    check(page)
    page.click("button[value=do]")
    page.wait_for_url(re.compile("done=paused"))
    check(page)
    ours = page.locator("ul.stacked > li", has_text="Gia đình ông Sìn")
    ours.locator("details.ask summary").click()
    ours.locator("details.ask[open] button").click()
    page.wait_for_url(re.compile("done=pause_ended"))


def test_the_form_of_a_change_is_light(sign_in: SignIn, airing: str):
    page = sign_in("admin")
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[int] = []
    devtools.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    page.goto("about:blank")
    sizes.clear()
    page.goto(f"{airing}/change", wait_until="load")
    assert sum(sizes) <= MOST_BYTES
    assert len(sizes) <= 10
