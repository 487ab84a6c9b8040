"""Recording in a real browser whose microphone hears a voice: take, pause, cut, take again, use."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from audio.files import inspect_file
from audio.limits import AudioLimits
from audio.progress import Progress
from server.sound_work import Work, WorkState
from tests.browser import recorder
from tests.browser.conftest import CHROMIUM, DESK, PHONE, QUIETLY, SignIn, barriers
from tests.browser.looks import SMALL_TARGETS, TOO_WIDE
from tests.support.consoles import Console
from tests.support.microphones import HOST, at_peak, hearing
from tests.support.until import until

TICKS = """
count => new Promise(done => new MutationObserver((_, it) => { if (--count <= 0) { it.disconnect(); done(); } })
  .observe(document.getElementById('level'), { attributes: true }))
"""
"""Until the level was drawn so many times, ten times a second."""
NO_WEBM = """
const real = MediaRecorder.isTypeSupported;
MediaRecorder.isTypeSupported = (type) => !type.includes('webm') && real.call(MediaRecorder, type);
"""
"""A browser like Safari, which is asked for WebM in vain."""


@pytest.fixture(scope="module")
def browser(console: Console, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium with a voice before its microphone that peaks at -8 dBFS."""
    from audio.speech.espeak import Espeak

    assert CHROMIUM is not None, "These tests need Chromium: apt install chromium"
    folder = tmp_path_factory.mktemp("voice")
    console.run(lambda: Espeak().speak(recorder.TEXT, "vi", 1.0, folder / "spoken.wav"))
    with hearing(CHROMIUM, QUIETLY, at_peak(folder / "spoken.wav", folder / "voice.wav", -8)) as opened:
        yield opened


def signed_in(browser: Browser, console: Console) -> BrowserContext:
    """A browser of its own whose complaints are expected."""
    context = browser.new_context(base_url=console.url, extra_http_headers={"Accept-Language": "en"})
    _sign_in(context, console)
    return context


def test_what_is_kept_of_a_take_goes_on_air_mastered_and_as_long_as_it_was_cut(sign_in: SignIn, console: Console):
    page = recorder.allow_and_open(sign_in("lan"))
    recorder.record(page, 4)
    assert recorder.length_s(page) == pytest.approx(recorder.shown_s(page, "#list"), abs=0.7)

    page.focus("#start")
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    page.focus("#end")
    for _ in range(12):
        page.keyboard.press("ArrowLeft")
    assert recorder.shown_s(page, "#start-at") == pytest.approx(0.8)
    kept_s = recorder.shown_s(page, "#kept")
    assert kept_s == pytest.approx(recorder.shown_s(page, "#end-at") - 0.8, abs=0.11)
    expect(page.locator("#start")).to_have_attribute("aria-valuetext", "0:00,8")

    sound = recorder.use(page, console)
    assert sound.source == "recording"
    assert sound.original_name.endswith(".webm")
    assert sound.duration_ms / 1000 == pytest.approx(kept_s, abs=0.4)
    assert sound.lufs == pytest.approx(-14, abs=0.7)
    assert sound.true_peak_dbtp <= -3


def test_a_pause_is_not_in_the_recording(sign_in: SignIn):
    page = recorder.allow_and_open(sign_in("lan", language="en"))
    page.click("#record")
    recorder.running(page, 1)
    expect(page.locator("#word")).to_have_text("● good")
    page.click("#pause")
    expect(page.locator("#state")).to_have_text("Paused. Nothing is being recorded.")
    before = page.inner_text("#elapsed")
    page.evaluate(TICKS, 15)
    assert page.inner_text("#elapsed") == before
    page.click("#pause")
    recorder.running(page, 2)
    recorder.stop(page)
    assert recorder.length_s(page) == pytest.approx(recorder.shown_s(page, "#list"), abs=0.7)


def test_a_take_stays_until_it_is_deleted_on_purpose_and_leaving_asks(sign_in: SignIn):
    page = recorder.allow_and_open(sign_in("lan", language="en"))
    recorder.record(page, 2)
    first = page.get_attribute("#save", "href")
    page.select_option("#microphone", index=1)
    recorder.record(page, 1)
    expect(page.locator("#list label")).to_have_count(2)
    expect(page.get_by_label("Take 2")).to_be_checked()
    page.get_by_label("Take 1").check()
    expect(page.locator("#save")).to_have_attribute("href", str(first))
    recorder.reviewed(page)

    with page.expect_event("dialog") as asked:
        page.evaluate("setTimeout(() => { location.href = '/'; })")
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    page.get_by_label("Take 2").check()
    page.click("summary:has-text('Delete this take')")
    page.click("#drop")
    expect(page.locator("#list label")).to_have_count(1)
    expect(page.get_by_label("Take 1")).to_be_checked()


def test_at_the_longest_the_recording_stops_by_itself_and_is_kept(sign_in: SignIn, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("server.web.sound_record.longest_s", lambda _: 2)
    page = recorder.allow_and_open(sign_in("lan", language="en"))
    expect(page.locator("#left")).to_have_text("0:02 left")
    page.click("#record")
    expect(page.locator("#state")).to_have_text(
        "The longest recording is reached. It was stopped and is kept.", timeout=recorder.PATIENT_MS
    )
    recorder.reviewed(page)
    assert recorder.length_s(page) == pytest.approx(2, abs=1)


def test_only_what_is_kept_is_played(sign_in: SignIn):
    page = recorder.allow_and_open(sign_in("lan"))
    recorder.record(page, 2)
    page.evaluate("document.getElementById('player').currentTime = 1")
    page.click("#start-here")
    assert recorder.shown_s(page, "#start-at") == 1
    page.focus("#end")
    for _ in range(9):
        page.keyboard.press("ArrowLeft")
    ends_s = recorder.shown_s(page, "#end-at")
    page.click("#play")
    expect(page.locator("#play")).to_contain_text("■")
    expect(page.locator("#play")).to_contain_text("▶", timeout=recorder.PATIENT_MS)
    assert ends_s <= page.evaluate("document.getElementById('player').currentTime") < recorder.length_s(page)


def test_a_lost_network_loses_no_take_and_a_second_try_sends_it(browser: Browser, console: Console):
    context = signed_in(browser, console)
    page = recorder.allow_and_open(context.new_page())
    recorder.record(page, 2)
    context.set_offline(True)
    page.click("#send")
    expect(page.locator("#failed")).to_contain_text("The take is still here", timeout=recorder.PATIENT_MS)
    expect(page.locator("#send")).to_have_text("Try again")
    context.set_offline(False)
    context.clear_cookies()
    page.click("#send")
    expect(page.locator("#failed")).to_contain_text("You are signed out by now", timeout=recorder.PATIENT_MS)
    _sign_in(context, console)
    assert recorder.use(page, console).source == "recording"
    context.close()


def test_while_the_server_works_the_take_stays_and_what_ended_there_can_be_sent_again(
    sign_in: SignIn, console: Console, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("server.web.sound_upload.AT_ONCE_S", 0.0)
    works, gate = _held(console, monkeypatch)
    page = recorder.allow_and_open(sign_in("lan", language="en"))
    recorder.record(page, 2)
    page.click("#send")
    expect(page.locator("#sent")).to_have_attribute("value", "0.5", timeout=recorder.PATIENT_MS)
    expect(page.locator("#sent-text")).to_contain_text("Uploaded.")
    expect(page.locator("#away")).to_have_attribute("href", re.compile(f"/announcements/new/work/{works[0].id}$"))
    page.click("#cancel")
    expect(page.locator("#sending")).to_be_hidden()
    expect(page.locator("#failed")).to_be_hidden()
    _until_ended(console, works[0])
    assert works[0].state is WorkState.CANCELLED

    page.click("#send")
    expect(page.locator("#sent")).to_have_attribute("value", "0.5", timeout=recorder.PATIENT_MS)
    console.loop.call_soon_threadsafe(console.runtime.sound_work.cancel, works[1].id)
    expect(page.locator("#failed")).to_contain_text("The take is still here", timeout=recorder.PATIENT_MS)

    console.loop.call_soon_threadsafe(gate.set)
    assert recorder.use(page, console).source == "recording"


def test_the_saved_file_is_one_the_server_takes_though_its_header_names_no_length(
    sign_in: SignIn, console: Console, tmp_path: Path
):
    page = recorder.allow_and_open(sign_in("lan", language="en"))
    recorder.record(page, 2)
    path = recorder.save(page, tmp_path)
    assert re.fullmatch(r"Recording 1, \d\d-\d\d-\d{4} \d\dh\d\d\.webm", path.name)
    assert b"\x44\x89" not in path.read_bytes()[:400]  # the element Duration of WebM
    found = console.run(lambda: inspect_file(path, AudioLimits()))
    assert found.figures.duration_ms / 1000 == pytest.approx(recorder.length_s(page), abs=0.15)
    assert found.figures.lufs > -40


def test_a_browser_that_records_mp4_is_taken_too(sign_in: SignIn, console: Console):
    page = sign_in("lan")
    page.add_init_script(NO_WEBM)
    recorder.allow_and_open(page)
    recorder.record(page, 2)
    sound = recorder.use(page, console)
    assert sound.original_name.endswith(".m4a")
    assert sound.duration_ms > 1500


@pytest.mark.parametrize(("size", "language"), [(DESK, "vi"), (PHONE, "en")], ids=["desk-vi", "phone-en"])
def test_every_state_is_accessible_narrow_enough_and_easy_to_hit(sign_in: SignIn, size: dict[str, int], language: str):
    page = recorder.allow_and_open(sign_in("lan", size=size, language=language))
    _well_made(page)
    page.click("#record")
    recorder.running(page, 1)
    _well_made(page)
    page.click("#pause")
    expect(page.locator("#pause")).to_contain_text("●")
    _well_made(page)
    page.click("#stop")
    recorder.reviewed(page)
    page.click("details.ask > summary")
    _well_made(page)


def test_without_the_permission_the_page_says_what_to_do_and_offers_the_phones_recorder(sign_in: SignIn):
    page = sign_in("lan", language="en")
    page.goto(recorder.RECORDER)
    expect(page.locator("#otherwise")).to_be_hidden()
    page.click("#record")
    expect(page.get_by_role("alert")).to_contain_text("The browser does not let this page use the microphone")
    expect(page.locator("#otherwise")).to_be_visible()
    expect(page.locator("#record")).to_be_enabled()
    _well_made(page)


def test_over_plain_http_from_another_machine_the_page_explains_https(browser: Browser, console: Console):
    context = signed_in(browser, console)
    cookies = [{**each, "domain": HOST} for each in context.cookies()]
    context.add_cookies(cookies)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(console.url.replace("127.0.0.1", HOST) + recorder.RECORDER)
    expect(page.get_by_role("alert")).to_contain_text("Browsers give the microphone only to pages opened with https://")
    expect(page.locator("#recorder")).to_be_hidden()
    expect(page.locator("#file")).to_be_visible()
    _well_made(page)
    context.close()


def _well_made(page: Page) -> None:
    assert barriers(page) == []
    assert page.evaluate(TOO_WIDE) <= 0
    assert page.evaluate(SMALL_TARGETS) == []


def _sign_in(context: BrowserContext, console: Console) -> None:
    form: dict[str, str | float | bool] = {"login": "lan", "password": console.password, "next": "/"}
    assert context.request.post("/sign-in", form=form).ok


def _held(console: Console, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Work], asyncio.Event]:
    """From now on work on sounds stands at its half until the gate opens; the pieces that were begun."""
    works: list[Work] = []
    gate = asyncio.Event()
    begin = console.runtime.sound_work.start

    def start(work: Work, make: Callable[[Progress], Awaitable[Any]], *rest: Any) -> Work:
        async def held(progress: Progress) -> Any:
            progress(0.5)
            await gate.wait()
            return await make(progress)

        works.append(work)
        return begin(work, held, *rest)

    monkeypatch.setattr(console.runtime.sound_work, "start", start)
    return works, gate


def _until_ended(console: Console, work: Work) -> None:
    console.run(lambda: until(lambda: work.ended))
