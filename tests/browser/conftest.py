"""A real browser before a real console: Debian's Chromium, Mosquitto, the server and a few speakers."""

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from server.broker import find_mosquitto
from server.web import sound_upload
from tests.support.consoles import Console, running_console

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIETLY = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-sync",
    "--no-first-run",
)
DESK = {"width": 1280, "height": 860}
PHONE = {"width": 360, "height": 740}
SPEAKERS = 6
"""The three gateways, which are in bn-v04, bn-v17 and bn-v29, and the speakers of bn-v01, bn-v02 and bn-v03."""

SignIn = Callable[..., Page]


@pytest.fixture(scope="session")
def console() -> Iterator[Console]:
    """One console for all the tests of this folder."""
    if find_mosquitto() is None:
        pytest.fail("These tests need Mosquitto: apt install mosquitto")
    folder = Path(tempfile.mkdtemp(prefix="loa-browser-"))
    try:
        with running_console(folder, speakers=SPEAKERS) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy this machine is, a short sound is ready when its upload is answered."""
    monkeypatch.setattr(sound_upload, "AT_ONCE_S", 60)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. Playwright keeps an event loop running in this thread, so it must end before others' tests."""
    if CHROMIUM is None:
        pytest.fail("These tests need Chromium: apt install chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIETLY))
        yield opened
        opened.close()


@pytest.fixture
def sign_in(browser: Browser, console: Console) -> Iterator[SignIn]:
    """Signs somebody of the demo in, in a browser of their own; what the browser complains about fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_for(login: str, *, size: dict[str, int] = DESK, language: str = "vi", javascript: bool = True) -> Page:
        context = browser.new_context(
            viewport=size,  # type: ignore[arg-type]
            locale=f"{language}-VN",
            java_script_enabled=javascript,
            base_url=console.url,
            extra_http_headers={"Accept-Language": language},
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if _is_complaint(said) else None)
        page.goto("/sign-in")
        page.fill("#login", login)
        page.fill("#password", console.password)
        page.click("main button")
        page.wait_for_url(re.compile(r"/$"))
        return page

    yield open_for
    for context in contexts:
        context.close()
    assert complaints == []


expect.set_options(timeout=30_000)
"""What a page shows after a request may take this long on a loaded machine."""


def barriers(page: Page) -> list[str]:
    """What axe finds, one line each."""
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {node['html'][:120]}" for each in found for node in each["nodes"]]


def _is_complaint(said: ConsoleMessage) -> bool:
    """A refused form (422) is an answer; anything else the browser calls an error is one."""
    return said.type == "error" and "status of 422" not in said.text


@pytest.fixture(scope="session")
def bulletin_wav(console: Console, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short spoken bulletin."""
    from audio.speech.espeak import Espeak

    out = tmp_path_factory.mktemp("bulletin") / "hop_thon.wav"
    console.run(lambda: Espeak().speak("Mời bà con họp thôn.", "vi", 1.0, out))
    return out
