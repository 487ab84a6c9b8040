"""A sound sent in a real browser: watched while it is prepared, then its report."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from audio import codec
from audio.limits import AudioLimits
from server.web import sound_upload
from tests.browser.conftest import PHONE, SignIn, barriers
from tests.browser.looks import MOST_BYTES, MOST_REQUESTS, SMALL_TARGETS, TOO_WIDE
from tests.support.consoles import Console

Release = Callable[[], None]


@pytest.fixture
def held(console: Console, monkeypatch: pytest.MonkeyPatch) -> Iterator[Release]:
    """Every place at which sounds are worked on is taken until this is called, and nobody waits for a short sound."""
    monkeypatch.setattr(sound_upload, "AT_ONCE_S", 0)
    places = console.runtime.audio._places
    taken = AudioLimits().workers
    for _ in range(taken):
        console.run(places.acquire)

    def release() -> None:
        nonlocal taken
        while taken:
            console.loop.call_soon_threadsafe(places.release)
            taken -= 1

    yield release
    release()


@pytest.fixture(scope="session")
def shouted_flac(bulletin_wav: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """From a phone: a quiet voice, a long pause, a shout."""
    speech = np.concatenate(list(codec.decode(bulletin_wav))).astype(np.float32)
    shout = np.clip(speech * 30, -32768, 32767)
    whole = np.concatenate((speech, np.zeros(6 * codec.RATE_HZ, np.float32), shout)).astype(np.int16)
    out = tmp_path_factory.mktemp("shouted") / "ghi_am.flac"
    with out.open("wb") as file:
        codec.encode_flac(codec.pieces(whole), out=file)
    return out


def test_it_is_watched_without_loading_the_page_again_and_ends_at_the_report(
    sign_in: SignIn, held: Release, shouted_flac: Path
):
    page = sign_in("lan", language="en", size=PHONE)
    page.goto("/announcements/new")
    page.set_input_files("#file", shouted_flac)
    page.click("button:has-text('Upload')")
    page.wait_for_url(re.compile("/announcements/new/work/"))
    page.evaluate("document.body.dataset.mine = 'the same page'")
    with page.expect_response("**/progress"):
        pass
    expect(page.locator("body[data-mine]")).to_be_attached()
    expect(page.get_by_role("progressbar", name="How much is done")).to_be_visible()
    assert barriers(page) == []
    assert page.evaluate(TOO_WIDE) <= 0
    assert page.evaluate(SMALL_TARGETS) == []

    held()
    page.wait_for_url(re.compile("asset="))
    report = page.locator("figure.report")
    expect(report).to_contain_text("Recorded too loud")
    expect(report).to_contain_text("A long silence")
    expect(report.locator("svg rect.bad").first).to_be_attached()
    report.locator("summary").click()
    expect(report.locator("tbody tr", has_text="Loudness")).to_have_text(re.compile(r"-14\.\d LUFS|-13\.\d LUFS"))
    assert barriers(page) == []
    assert page.evaluate(TOO_WIDE) <= 0
    assert page.evaluate(SMALL_TARGETS) == []


@pytest.mark.usefixtures("held")
def test_cancelling_leads_back_to_the_ways_to_a_sound(sign_in: SignIn, shouted_flac: Path):
    page = sign_in("lan", language="en")
    page.goto("/announcements/new")
    page.set_input_files("#file", shouted_flac)
    page.click("button:has-text('Upload')")
    page.wait_for_url(re.compile("/announcements/new/work/"))
    page.click("button:has-text('Cancel')")
    expect(page.get_by_role("status").first).to_contain_text("Nothing of that sound was kept")
    expect(page.get_by_role("link", name="Record now")).to_be_visible()


def test_without_javascript_the_page_looks_again_by_itself(sign_in: SignIn, held: Release, bulletin_wav: Path):
    page = sign_in("lan", language="vi", javascript=False)
    page.goto("/announcements/new")
    page.set_input_files("#file", bulletin_wav)
    page.click("button:has-text('Tải lên')")
    page.wait_for_url(re.compile("/announcements/new/work/"))
    held()
    page.wait_for_url(re.compile("asset="))
    expect(page.locator("figure.report")).to_contain_text("Không thấy lỗi nào")


def test_watching_and_the_report_are_light(sign_in: SignIn, held: Release, shouted_flac: Path):
    page = sign_in("lan")
    page.goto("/announcements/new")
    page.set_input_files("#file", shouted_flac)
    page.click("main form[enctype] button")
    page.wait_for_url(re.compile("/announcements/new/work/"))
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[int] = []
    devtools.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    page.reload(wait_until="load")
    assert (sum(sizes) <= MOST_BYTES, len(sizes) <= MOST_REQUESTS) == (True, True), sizes
    held()
    page.wait_for_url(re.compile("asset="))
    page.wait_for_load_state("load")
    sizes.clear()
    page.reload(wait_until="load")
    assert (sum(sizes) <= MOST_BYTES, len(sizes) <= MOST_REQUESTS) == (True, True), sizes
