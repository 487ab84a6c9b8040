"""What a person does on the recorder's page."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from audio.models import AudioAsset
from tests.support.consoles import Console

RECORDER = "/announcements/new/record"
TEXT = "Mời bà con trong thôn đến họp tối nay lúc bảy giờ rưỡi tại nhà văn hóa để bàn việc làm đường và kè suối"
PATIENT_MS = 20_000
"""Recording takes its time, and more on a busy machine."""
_LENGTH = "() => document.getElementById('player').duration"


def allow_and_open(page: Page, path: str = RECORDER) -> Page:
    """The recorder, with the permission to use the microphone."""
    page.context.grant_permissions(["microphone"])
    page.goto(path)
    return page


def record(page: Page, seconds: int) -> None:
    """Press Record and stop once the running time shows so many seconds (at most 9)."""
    page.click("#record")
    running(page, seconds)
    stop(page)


def running(page: Page, seconds: int) -> None:
    """Until the running time shows so many seconds or more."""
    expect(page.locator("#elapsed")).to_have_text(re.compile(f"0:0[{seconds}-9]"), timeout=PATIENT_MS)


def stop(page: Page) -> None:
    page.click("#stop")
    reviewed(page)


def reviewed(page: Page) -> None:
    """Once the chosen take can be listened to."""
    expect(page.locator("#review")).to_have_attribute("aria-busy", "false", timeout=PATIENT_MS)


def length_s(page: Page) -> float:
    """How long the player says the chosen take is."""
    return float(page.evaluate(_LENGTH))


def shown_s(page: Page, css: str) -> float:
    """The time in a text of the page, like 0:03.2 or 0:03,2."""
    shown = re.search(r"(\d+):(\d\d(?:[.,]\d)?)", page.inner_text(css))
    assert shown is not None
    return int(shown[1]) * 60 + float(shown[2].replace(",", "."))


def use(page: Page, console: Console) -> AudioAsset:
    """Send the chosen take and go on to its details; what the server made of it."""
    page.click("#send")
    page.wait_for_url("**/announcements/new/details?**")
    asset_id = re.search(r"asset=(\w+)", page.url)
    assert asset_id is not None

    async def read() -> AudioAsset:
        async with console.runtime.database.reading() as session:
            return await console.runtime.audio.get(session, asset_id[1])

    return console.run(read)


def save(page: Page, folder: Path) -> Path:
    """Save the chosen take to this device; the file."""
    with page.expect_download() as saved:
        page.click("#save")
    path = folder / saved.value.suggested_filename
    saved.value.save_as(path)
    return path
